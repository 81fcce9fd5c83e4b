//! The command, from its arguments to what it prints and writes.

use clap::Parser as _;
use serde_json::Value;

use super::servi::{self, ServiArgs};
use super::{capture_command, human};

#[derive(clap::Parser)]
struct Line {
    #[command(flatten)]
    servi: ServiArgs,
}

fn parsed(line: &str) -> ServiArgs {
    let words = ["servi"].into_iter().chain(line.split_whitespace());
    Line::try_parse_from(words)
        .unwrap_or_else(|e| panic!("{e}"))
        .servi
}

fn json(line: &str) -> Value {
    let printed = servi::run(&parsed(&format!("{line} --json"))).unwrap();
    serde_json::from_str(&printed).unwrap()
}

fn refused(line: &str) -> String {
    let words = ["servi"].into_iter().chain(line.split_whitespace());
    match Line::try_parse_from(words) {
        Ok(line) => servi::run(&line.servi).unwrap_err().to_string(),
        Err(error) => error.to_string(),
    }
}

fn numbers(value: &Value) -> Vec<u64> {
    value
        .as_array()
        .unwrap()
        .iter()
        .map(|v| v.as_u64().unwrap())
        .collect()
}

/// P-12.
#[test]
fn the_worked_example_comes_out_as_json() {
    let report = json("--votes 10,8,5,4,1 --seats 3 --rounds 9");
    let rounds = report["rounds"].as_array().unwrap();
    assert_eq!(rounds.len(), 9);
    let before: Vec<Vec<u64>> = rounds.iter().map(|r| numbers(&r["servi_before"])).collect();
    let after: Vec<Vec<u64>> = rounds.iter().map(|r| numbers(&r["servi_after"])).collect();
    let committees: Vec<String> = rounds
        .iter()
        .map(|r| {
            r["committee"]
                .as_array()
                .unwrap()
                .iter()
                .map(|n| n.as_str().unwrap())
                .collect()
        })
        .collect();
    assert_eq!(before[0], [10, 8, 5, 4, 1]);
    assert_eq!(after[0], [5, 3, 0, 4, 1]);
    assert_eq!(before[1], [15, 11, 5, 8, 2]);
    assert_eq!(after[1], [7, 3, 5, 0, 2]);
    assert_eq!(before[2], [17, 11, 10, 4, 3]);
    assert_eq!(before[8], [26, 8, 5, 12, 9]);
    assert_eq!(after[8], [17, 8, 5, 3, 0]);
    assert_eq!(committees[..3], ["ABC", "ABD", "ABC"]);
    assert_eq!(committees[8], "ADE");
    let votes = [10, 8, 5, 4, 1];
    for (after, before) in after.iter().zip(&before[1..]) {
        let earned: Vec<u64> = after
            .iter()
            .zip(votes)
            .map(|(servi, votes)| servi + votes)
            .collect();
        assert_eq!(*before, earned, "nothing is lost between two rounds");
    }
    assert_eq!(
        (rounds[8]["round"].as_u64(), rounds[8]["epoch"].as_u64()),
        (Some(9), Some(8))
    );
    let names: Vec<&str> = report["candidates"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| c["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["A", "B", "C", "D", "E"]);
    let seats: Vec<u64> = report["candidates"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| c["seats"].as_u64().unwrap())
        .collect();
    let counted: Vec<u64> = "ABCDE"
        .chars()
        .map(|n| committees.iter().filter(|c| c.contains(n)).count() as u64)
        .collect();
    assert_eq!(seats, counted);
    assert_eq!(seats.iter().sum::<u64>(), 27);
}

#[test]
fn shares_add_up_and_follow_the_votes() {
    let report = json("--pool 300 --distribution pareto --seed 3 --days 3 --warm-up 500");
    assert!(
        report.get("rounds").is_none(),
        "what is large isn't listed unless asked for"
    );
    let candidates = report["candidates"].as_array().unwrap();
    let sum = |field: &str| candidates.iter().map(|c| c[field].as_f64().unwrap()).sum::<f64>();
    assert!((sum("votes_share") - 1.0).abs() < 1e-9);
    assert!((sum("seats_share") - 1.0).abs() < 1e-9);
    let rounds = report["setting"]["rounds"].as_u64().unwrap();
    assert_eq!(rounds, 432);
    assert_eq!(sum("seats"), (rounds * 17) as f64);
    assert!((sum("expected_seats") - sum("seats")).abs() < 1e-3);
    for candidate in candidates {
        let seats = candidate["seats"].as_u64().unwrap();
        assert!(seats <= rounds);
        let off = (seats as f64 - candidate["expected_seats"].as_f64().unwrap()).abs();
        assert!(off < 6.0, "{candidate}");
    }
    assert_eq!(report["producers"]["per_day"].as_array().unwrap().len(), 3);
}

#[test]
fn a_seed_gives_the_same_run_and_another_another() {
    let line = "--pool 60 --distribution pareto --rounds 40";
    assert_eq!(
        json(&format!("{line} --seed 4")),
        json(&format!("{line} --seed 4"))
    );
    assert_ne!(
        json(&format!("{line} --seed 4")),
        json(&format!("{line} --seed 5"))
    );
}

#[test]
fn equal_votes_let_over_a_thousand_produce_in_a_day() {
    let report = json("--pool 1200 --distribution equal --days 1");
    assert_eq!(report["setting"]["seats"], 17);
    assert_eq!(report["producers"]["least"], 1_200);
    assert_eq!(
        (
            report["seats"]["least"].as_u64(),
            report["seats"]["most"].as_u64()
        ),
        (Some(2), Some(3))
    );
}

#[test]
fn plots_and_csv_are_written_and_the_csv_can_be_read_again() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("out.csv");
    let folder = directory.path().join("plots");
    let line = format!(
        "--pool 1300 --distribution uniform --rounds 200 --svg {} --out-csv {}",
        folder.display(),
        path.display()
    );
    let printed = servi::run(&parsed(&line)).unwrap();
    assert!(printed.contains("1,300 candidates"), "{printed}");
    for name in ["seats", "shares", "producers"] {
        let plot = std::fs::read_to_string(folder.join(format!("servi-uniform-{name}.svg"))).unwrap();
        assert!(plot.starts_with("<svg ") && plot.ends_with("</svg>\n"));
        assert!(
            plot.contains("prefers-color-scheme:dark") && plot.len() < 150_000,
            "{}",
            plot.len()
        );
        assert!(!plot.contains("NaN") && !plot.contains("inf"), "{name}");
    }
    let lines = std::fs::read_to_string(&path).unwrap();
    assert_eq!(lines.lines().count(), 1_301);
    let pool: Vec<String> = lines
        .lines()
        .map(|l| l.split(',').take(2).collect::<Vec<_>>().join(","))
        .collect();
    let again = directory.path().join("pool.csv");
    std::fs::write(&again, pool.join("\n")).unwrap();
    let line = format!("--csv {} --rounds 200", again.display());
    let (_, report, _) = servi::simulate(&parsed(&line)).unwrap();
    let seats: u64 = report.candidates.iter().map(|c| c.seats).sum();
    assert_eq!((report.candidates.len(), seats), (1_300, 200 * 17));
    let rows: Vec<String> = report
        .candidates
        .iter()
        .map(|c| format!("{},{},{}", c.name, c.votes, c.seats))
        .collect();
    for (row, line) in rows.iter().zip(lines.lines().skip(1)) {
        assert!(
            line.starts_with(row),
            "the same pool has the same run: {row} {line}"
        );
    }
}

#[test]
fn the_smallest_pools_can_be_drawn() {
    let directory = tempfile::tempdir().unwrap();
    for votes in ["1", "0", "0,0,0", "5,0"] {
        let line = format!("--votes {votes} --rounds 1 --svg {}", directory.path().display());
        servi::run(&parsed(&line)).unwrap();
        let plot = std::fs::read_to_string(directory.path().join("servi-votes-shares.svg")).unwrap();
        assert!(!plot.contains("NaN") && !plot.contains("inf"), "{votes}: {plot}");
    }
}

#[test]
fn people_see_each_round_of_a_small_run() {
    let (_, report, _) = servi::simulate(&parsed("--votes 10,8,5,4,1 --seats 3 --rounds 2")).unwrap();
    let text = human::report(&report, human::Paint(false));
    assert!(
        text.contains("    2  A B D      15→7  11→3    5  8→0  2\n"),
        "{text}"
    );
    assert!(!text.contains('\u{1b}'));
    assert!(human::report(&report, human::Paint(true)).contains("\u{1b}[32m15→7\u{1b}[0m"));
}

#[test]
fn what_cannot_be_simulated_is_refused_in_a_sentence() {
    assert_eq!(
        refused(""),
        "say whose votes are simulated: --votes 10,8,5, --csv FILE or --pool N"
    );
    assert_eq!(
        refused("--votes 92233720368,1"),
        "the votes come to more than there can be: 92233720368"
    );
    assert_eq!(
        refused("--votes 18446744073709551615,1"),
        "the votes come to more than there can be: 92233720368"
    );
    for wrong in ["x", "-1", "1.5", "18446744073709551616"] {
        let sentence = refused(&format!("--votes 1,{wrong}"));
        let why = format!("invalid value '{wrong}' for '--votes <VOTES>': votes are whole numbers from 0 to");
        assert!(sentence.contains(&why), "{sentence}");
    }
    assert!(refused("--votes -1").contains("votes are whole numbers"));
    assert!(refused("--votes 1 --pool 3").contains("cannot be used with"));
    assert!(refused("--votes 1 --seats 0").contains("0 is not in 1..=128"));
    assert!(refused("--votes 1 --rounds 0").contains("0 is not in"));
    assert!(refused("--pool 20001").contains("20001 is not in 1..=20000"));
    assert!(refused("--votes 1 --capture --rounds 5").contains("cannot be used with"));
    assert_eq!(
        refused("--pool 20000 --rounds 501 --every-round"),
        "every round of 501 with the Servi of 20000 candidates is too much: at most 20000000 numbers are kept; \
         leave --every-round out or simulate fewer rounds"
    );
    assert_eq!(
        refused("--votes 0,0 --capture"),
        "a pool without votes can't be entered by a share of its votes"
    );
}

#[test]
fn whoever_enters_with_more_holds_more_and_the_lowest_share_is_one_that_holds() {
    let line = "--capture --pool 40 --distribution pareto --seats 4 --entrants 4 --pools 2 --warm-up 300 --horizon 300";
    let captures = capture_command::captures(&parsed(line)).unwrap();
    assert_eq!(captures.pools.len(), 2);
    for pool in &captures.pools {
        let [stops, signs] = pool.found.targets.as_slice() else {
            panic!("a third and two thirds")
        };
        assert_eq!((stops.seats, signs.seats), (2, 3));
        let (stops, signs) = (stops.lowest.as_ref().unwrap(), signs.lowest.as_ref().unwrap());
        assert!(stops.share <= signs.share, "three seats are two, too");
        let trials = &pool.found.trials;
        for lowest in [stops, signs] {
            let trial = trials.iter().find(|t| t.share == lowest.share).unwrap();
            assert!(trial.most >= 2 && lowest.rounds >= 1 && lowest.rounds <= trial.rounds);
        }
        let before = trials.iter().filter(|t| t.share < stops.share);
        assert!(before.clone().all(|t| t.most < 2), "nothing below the lowest did");
        assert!(stops.is_least || before.count() > 0);
        // Half of all votes hold two of four seats, whatever the pool.
        assert!(trials.last().unwrap().most >= 2);
        assert!(trials.windows(2).all(|pair| pair[0].share < pair[1].share));
    }
    let equal = capture_command::captures(&parsed(line)).unwrap();
    let rounds = |c: &capture_command::Captures| c.pools.iter().map(|p| p.warm_up).collect::<Vec<_>>();
    assert_eq!(rounds(&equal), rounds(&captures));
    let printed = servi::run(&parsed(line)).unwrap();
    assert!(printed.contains("3 seats with"), "{printed}");
}
