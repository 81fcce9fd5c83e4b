//! The main network's supply by the month: CSV, a table by the year, and a picture. What `docs/supply.md` shows is made here.

use credo_primitives::spec::supply::{Month, SUPPLY, VESTING_MONTHS, liquid, schedule};

use super::date;

/// Month by month, in IOST.
pub(super) fn csv() -> String {
    let mut out = String::from("month,from,reward_pool,foundation,available_votes\n");
    for month in schedule() {
        let Month {
            month,
            from_ms,
            pool,
            foundation,
            available,
        } = month;
        out.push_str(&format!(
            "{month},{},{pool},{foundation},{available}\n",
            date::text(from_ms)
        ));
    }
    out
}

/// By the year, as a table of Markdown.
pub(super) fn table() -> String {
    let mut out = String::from(
        "| from | month | reward pool received | foundation received | available for votes | of the supply |\n|---|---|---|---|---|---|\n",
    );
    for month in schedule().iter().step_by(12) {
        let share = u128::from(month.available.units()) * 10_000 / u128::from(SUPPLY.units());
        out.push_str(&format!(
            "| {} | {} | {} | {} | {} | {}.{:02} % |\n",
            date::day(month.from_ms),
            month.month,
            grouped(&month.pool.to_string()),
            grouped(&month.foundation.to_string()),
            grouped(&month.available.to_string()),
            share / 100,
            share % 100,
        ));
    }
    out
}

/// Groups a number's digits by thousands.
pub(super) fn grouped(number: &str) -> String {
    let (whole, fraction) = number
        .split_once('.')
        .map_or((number, None), |(w, f)| (w, Some(f)));
    let mut out = String::new();
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    if let Some(fraction) = fraction {
        out.push('.');
        out.push_str(fraction);
    }
    out
}

/// The year in which the schedule begins.
const FIRST_YEAR: u32 = 2026;
const LEFT: u64 = 60;
const TOP: u64 = 30;
const WIDTH: u64 = 640;
const HEIGHT: u64 = 300;

/// Where so many units stand, in the picture's height.
fn y(units: u64) -> u64 {
    let up = u128::from(units) * u128::from(HEIGHT) / u128::from(SUPPLY.units());
    TOP + HEIGHT - u64::try_from(up).unwrap_or(HEIGHT)
}

fn x(month: u32) -> u64 {
    LEFT + WIDTH * u64::from(month) / u64::from(VESTING_MONTHS)
}

/// A picture: what is available for votes over the months, by where it comes from.
pub(super) fn svg() -> String {
    let months = schedule();
    type Layer = (&'static str, &'static str, fn(&Month) -> u64);
    let layers: [Layer; 3] = [
        ("#94d2bd", "reward pool: treasury and community", |m| {
            m.available.units()
        }),
        ("#ee9b00", "foundation: business and marketing", |m| {
            liquid().units() + m.foundation.units()
        }),
        ("#0a9396", "liquid at genesis", |_| liquid().units()),
    ];
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 760 430\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <title>Supply available for votes, 2026 to 2036</title>\n\
         <rect width=\"760\" height=\"430\" fill=\"#ffffff\"/>\n\
         <text x=\"{LEFT}\" y=\"18\" fill=\"#333333\">billions of IOST available for votes</text>\n"
    );
    for (color, _, of) in layers {
        let mut points = format!("{},{} ", LEFT, TOP + HEIGHT);
        for month in months.iter().step_by(12) {
            points.push_str(&format!("{},{} ", x(month.month), y(of(month))));
        }
        points.push_str(&format!("{},{}", LEFT + WIDTH, TOP + HEIGHT));
        out.push_str(&format!("<polygon points=\"{points}\" fill=\"{color}\"/>\n"));
    }
    for billions in (0..=21u64).step_by(3) {
        let at = y(billions * 100_000_000_000_000_000);
        out.push_str(&format!(
            "<line x1=\"{LEFT}\" x2=\"{}\" y1=\"{at}\" y2=\"{at}\" stroke=\"#333333\" stroke-opacity=\"0.15\"/>\
             <text x=\"{}\" y=\"{}\" text-anchor=\"end\" fill=\"#333333\">{billions}</text>\n",
            LEFT + WIDTH,
            LEFT - 8,
            at + 4
        ));
    }
    for month in months.iter().step_by(12) {
        out.push_str(&format!(
            "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\" fill=\"#333333\">{}</text>\n",
            x(month.month),
            TOP + HEIGHT + 18,
            FIRST_YEAR + month.month / 12,
        ));
    }
    for (place, (color, title, _)) in (0u64..).zip(layers) {
        let at = TOP + HEIGHT + 38 + 18 * place;
        out.push_str(&format!(
            "<rect x=\"{LEFT}\" y=\"{}\" width=\"12\" height=\"12\" fill=\"{color}\"/>\
             <text x=\"{}\" y=\"{}\" fill=\"#333333\">{title}</text>\n",
            at - 10,
            LEFT + 20,
            at
        ));
    }
    out.push_str("</svg>\n");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_schedule_is_the_code_s() {
        assert_eq!(csv(), include_str!("../../../docs/supply.csv"));
        assert_eq!(svg(), include_str!("../../../docs/img/supply.svg"));
        assert!(include_str!("../../../docs/supply.md").contains(&table()));
        assert_eq!(csv().lines().count(), 122);
        assert_eq!(
            csv().lines().last(),
            Some("120,2036-01-01T12:00:00Z,8400000000,525000000,21000000000")
        );
    }

    #[test]
    fn digits_are_grouped_by_thousands() {
        for (number, shown) in [
            ("0", "0"),
            ("999", "999"),
            ("1000", "1,000"),
            ("21000000000", "21,000,000,000"),
            ("1234.56789", "1,234.56789"),
        ] {
            assert_eq!(grouped(number), shown);
        }
    }
}
