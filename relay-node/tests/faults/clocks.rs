//! P-3 and P-15 with the main network's slot, `max_ahead`, time-outs and `missed_epochs`, and epochs of 60 blocks.
//!
//! A fifth candidate stands without a node and is never elected, so that losing candidacy isn't put off (P-13).

use std::path::Path;
use std::time::Duration;

use credo_primitives::{Parameters, Preset};
use relay_node::devnet::node_name;
use serde_json::json;

use crate::network::Network;

const NODES: u16 = 4;
const EPOCH: u64 = 60;
/// Longer than the silence after which a leader is passed over (P-2).
const STANDSTILL: Duration = Duration::from_secs(8);

fn network(data: &Path, nth: u16) -> Network {
    Network::prepare(data, nth, NODES, &["--candidates", "1"], |genesis| {
        let parameters = &mut genesis["parameters"];
        parameters["missed_epochs"] = json!(1);
        let main = Parameters::preset(Preset::Main);
        assert_eq!(parameters["slot_ms"], json!(main.slot_ms));
        assert_eq!(parameters["max_ahead_ms"], json!(main.max_ahead_ms));
        assert_eq!(parameters["missed_epochs"], json!(main.missed_epochs));
        assert_eq!(parameters["epoch_length"], json!(EPOCH));
    })
}

/// Starts all, with one's trial: name and value.
fn run(network: &mut Network, trials: &[(u16, &str, &str)]) {
    for node in 0..NODES {
        let trial = trials.iter().find(|(of, ..)| *of == node);
        let options = trial.map_or(vec![], |(_, name, value)| vec![*name, *value]);
        network.run(&node_name(node), &options);
    }
}

#[track_caller]
fn assert_candidates(network: &Network, nodes: impl Iterator<Item = u16>) {
    for node in nodes {
        let status = network.status(&node_name(node));
        assert_eq!(status["status"], "candidate", "{status}");
    }
}

/// A busy machine may cost somebody a turn; a date that costs turns costs them all.
#[track_caller]
fn assert_turns(network: &mut Network, nodes: impl Iterator<Item = u16>) {
    network.stop_all();
    let turns = network.turns(&node_name(0));
    for node in nodes {
        let (taken, missed) = turns[&node_name(node)];
        assert!(taken > 2 * missed, "{}: {turns:?}", node_name(node));
    }
}

#[test]
fn clocks_that_differ_cost_nobody_a_turn_but_the_one_that_is_far_off() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut network = network(&folder.path().join("devnet"), 0);
    // Any two of the first three are at most 250 ms apart; the fourth is four seconds fast.
    const OFFSET: &str = "--trial-clock-offset-ms";
    run(
        &mut network,
        &[(1, OFFSET, "250"), (2, OFFSET, "125"), (3, OFFSET, "4000")],
    );
    network.wait_above(EPOCH);
    assert_candidates(&network, 0..3);
    let far = network.status(&node_name(3));
    assert_eq!(far["status"], "lost its candidacy", "{far}");
    assert_turns(&mut network, 0..3);
}

#[test]
fn a_leader_that_dates_its_blocks_ahead_costs_the_next_no_turn() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut network = network(&folder.path().join("devnet"), 1);
    run(&mut network, &[(2, "--trial-date-ahead-ms", "990")]);
    network.wait_above(EPOCH);
    assert_candidates(&network, 0..NODES);
    assert_turns(&mut network, 0..NODES);
}

#[test]
fn a_standstill_of_the_whole_network_costs_nobody_its_candidacy() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut network = network(&folder.path().join("devnet"), 2);
    run(&mut network, &[]);
    network.wait_above(10);
    network.signal_all("-STOP");
    std::thread::sleep(STANDSTILL);
    network.signal_all("-CONT");
    network.wait_above(25);
    network.stop_all();
    run(&mut network, &[]);
    network.wait_above(EPOCH);
    assert_candidates(&network, 0..NODES);
    assert_turns(&mut network, 0..NODES);
}

#[test]
fn no_other_chain_than_a_devnet_runs_with_a_wrong_clock() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut network = Network::prepare(&folder.path().join("devnet"), 3, 1, &[], |genesis| {
        genesis["preset"] = json!("private");
    });
    let name = node_name(0);
    network.run(&name, &["--trial-date-ahead-ms", "1"]);
    let said = crate::network::until("a refusal", || {
        let log = network.log(&name);
        log.contains("are for tests on a devnet").then_some(log)
    });
    assert!(!said.contains("epoch begins"), "{said}");
}
