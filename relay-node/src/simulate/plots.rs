//! The three plots: who sits when, share of seats against share of votes, distinct producers per day.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::human::grouped;
use super::map::SeatMap;
use super::report::Report;
use super::svg::{Anchor, LEFT, Plot, RIGHT, TOP, ordinals, step};

/// The plots and the ends of their files' names.
pub(super) fn all(report: &Report, map: &SeatMap) -> [(&'static str, String); 3] {
    [
        ("seats", seat_map(report, map)),
        ("shares", shares(report)),
        ("producers", producers(report)),
    ]
}

fn subtitle(report: &Report) -> String {
    let setting = &report.setting;
    let start = match setting.warm_up {
        0 => "from the first on".to_owned(),
        warm_up => format!("after {} others", grouped(warm_up)),
    };
    format!(
        "{} candidates, {}; {} seats, {} rounds {start}, {} rounds a day ({})",
        grouped(setting.candidates as u64),
        setting.pool,
        setting.seats,
        grouped(setting.rounds),
        grouped(setting.rounds_per_day),
        setting.preset,
    )
}

/// Shades of a seat map.
const SHADES: u64 = 5;

fn seat_map(report: &Report, map: &SeatMap) -> String {
    let rows = map.members.len().max(1);
    let alone = rows == report.candidates.len();
    let height = (rows as f64 * 26.0).clamp(140.0, 600.0);
    let title = if map.rounds == report.setting.rounds {
        "Who sits when"
    } else {
        "Who sits when, in the first day"
    };
    let mut plot = Plot::new(title, &subtitle(report), height);
    let (wide, high) = ((RIGHT - LEFT) / map.columns.max(1) as f64, height / rows as f64);
    let gap = if alone && wide > 8.0 { 1.0 } else { 0.0 };
    let mut shades = vec![String::new(); SHADES as usize];
    for row in 0..rows {
        for column in 0..map.columns {
            let (seats, most) = map.cell(row, column);
            if seats > 0 {
                // Somebody sits: at least the lightest shade.
                let shade = (u64::from(seats) * SHADES).div_ceil(most.max(1)).clamp(1, SHADES);
                let (x, y) = (LEFT + column as f64 * wide, TOP + row as f64 * high);
                let path = &mut shades[shade as usize - 1];
                let (w, h) = (wide - gap, high - gap);
                let written = write!(path, "M{x:.1} {y:.1}h{w:.1}v{h:.1}h-{w:.1}z");
                debug_assert!(written.is_ok(), "a string takes everything");
            }
        }
    }
    for (shade, path) in (1..).zip(&shades) {
        if !path.is_empty() {
            let opacity = f64::from(shade) / SHADES as f64;
            plot.path("one", &format!(" fill-opacity=\"{opacity:.1}\""), path);
        }
    }
    let by_votes = by_votes(report);
    let every = rows.div_ceil(30);
    let mut first = 0;
    for (row, members) in map.members.iter().enumerate() {
        let members = *members as usize;
        if row.is_multiple_of(every) {
            let label = if members == 1 {
                by_votes[first].chars().take(13).collect()
            } else {
                format!(
                    "{}–{}",
                    grouped(first as u64 + 1),
                    grouped((first + members) as u64)
                )
            };
            plot.tick_y(TOP + (row as f64 + 0.5) * high, &label, false);
        }
        first += members;
    }
    for round in ordinals(map.rounds, 16) {
        let x = LEFT + (round as f64 - 0.5) / map.rounds as f64 * (RIGHT - LEFT);
        plot.tick_x(x, &grouped(round), false);
    }
    let rows_show = if alone {
        "candidates by votes"
    } else {
        "rank by votes; darker: more of them sit"
    };
    plot.axes("round", rows_show);
    plot.finish()
}

/// Names by votes, most first; the earlier candidacy first among equals.
fn by_votes(report: &Report) -> Vec<&str> {
    let mut lines: Vec<_> = report.candidates.iter().collect();
    lines.sort_by_key(|line| std::cmp::Reverse(line.votes));
    lines.into_iter().map(|line| line.name.as_str()).collect()
}

/// A logarithmic axis over whole decades.
struct Decades {
    low: i32,
    high: i32,
}

impl Decades {
    fn of(values: impl Iterator<Item = f64>) -> Self {
        let (mut least, mut most) = (f64::MAX, f64::MIN_POSITIVE);
        for value in values.filter(|v| *v > 0.0) {
            (least, most) = (least.min(value), most.max(value));
        }
        let low = least.min(most).log10().floor() as i32;
        Self {
            low,
            high: (most.log10().ceil() as i32).max(low + 1),
        }
    }

    /// 0 at the lower end, 1 at the upper.
    fn place(&self, value: f64) -> f64 {
        (value.log10() - f64::from(self.low)) / f64::from(self.high - self.low)
    }

    /// Each decade and its name in percent.
    fn ticks(&self) -> impl Iterator<Item = (f64, String)> + use<> {
        (self.low..=self.high).map(|power| {
            let digits = (-2 - power).max(0) as usize;
            (10f64.powi(power), format!("{:.digits$} %", 10f64.powi(power + 2)))
        })
    }
}

fn shares(report: &Report) -> String {
    let ceiling = report.proportion.ceiling;
    let mut plot = Plot::new("Share of seats against share of votes", &subtitle(report), 520.0);
    let lines = &report.candidates;
    let votes = Decades::of(lines.iter().map(|l| l.votes_share).chain([ceiling]));
    let seats = Decades::of(lines.iter().map(|l| l.seats_share).chain([ceiling]));
    // Under the lowest decade lies a strip for those who had no seat.
    let strip = 26.0;
    let bottom = plot.bottom() - strip;
    let x = |share: f64| LEFT + votes.place(share) * (RIGHT - LEFT);
    let y = |share: f64| bottom - seats.place(share) * (bottom - TOP);
    for (share, label) in votes.ticks() {
        plot.tick_x(x(share), &label, true);
    }
    for (share, label) in seats.ticks() {
        plot.tick_y(y(share), &label, true);
    }
    plot.tick_y(plot.bottom() - strip / 2.0, "no seat", false);
    // A point that lies on another isn't drawn twice.
    let (mut drawn, mut dots) = (BTreeSet::new(), String::new());
    for line in lines.iter().filter(|l| l.votes > 0) {
        let high = if line.seats == 0 {
            plot.bottom() - strip / 2.0
        } else {
            y(line.seats_share)
        };
        let at = (x(line.votes_share).round() as i64, high.round() as i64);
        if drawn.insert(at) {
            let written = write!(dots, "M{} {}h0", at.0, at.1);
            debug_assert!(written.is_ok(), "a string takes everything");
        }
    }
    // The line y = slope × x, from where both axes begin to the ceiling.
    let mut diagonal = |slope: f64, class: &str| {
        let from = 10f64.powi(votes.low).max(10f64.powi(seats.low) / slope);
        let to = ceiling / slope;
        if from < to {
            plot.line(class, (x(from), y(from * slope)), (x(to), y(ceiling)));
        }
    };
    diagonal(1.0, "line-two");
    let slope = report.proportion.slope;
    if slope > 1.01 {
        diagonal(slope, "line-two dash");
    }
    plot.line(
        "line-two",
        (x(ceiling / slope.max(1.0)), y(ceiling)),
        (RIGHT, y(ceiling)),
    );
    let label = format!("one seat's share: {:.2} %", ceiling * 100.0);
    plot.text_at(RIGHT - 8.0, y(ceiling) - 8.0, Anchor::End, "two", &label);
    let label = if slope > 1.01 {
        format!("line: seats = votes; dashed: seats = {slope:.2} × votes, since none can hold two")
    } else {
        "line: seats = votes".into()
    };
    plot.text_at(LEFT + 12.0, TOP + 18.0, Anchor::Start, "two", &label);
    plot.path("dots", "", &dots);
    plot.axes("share of votes", "share of seats");
    plot.finish()
}

fn producers(report: &Report) -> String {
    let days = &report.producers.per_day;
    let candidates = report.setting.candidates as u32;
    let mut plot = Plot::new("Distinct producers per day", &subtitle(report), 320.0);
    let most = days.iter().copied().chain([1]).max().unwrap_or(1);
    // All candidates are shown as a line where that doesn't flatten the rest.
    let show_all = candidates <= most.saturating_mul(2);
    let top = if show_all { candidates.max(most) } else { most };
    let scale = f64::from(top) * 1.08;
    let bottom = plot.bottom();
    let y = |value: f64| bottom - value / scale * (bottom - TOP);
    let step_y = step(u64::from(top), 6);
    for value in (0..=u64::from(top)).step_by(step_y as usize) {
        plot.tick_y(y(value as f64), &grouped(value), true);
    }
    let wide = (RIGHT - LEFT) / days.len().max(1) as f64;
    if days.len() <= 200 {
        let bar = (wide * 0.8).min(60.0);
        for (day, value) in days.iter().enumerate() {
            let x = LEFT + (day as f64 + 0.5) * wide - bar / 2.0;
            let high = y(f64::from(*value));
            plot.rect("one", x, high, bar, bottom - high);
        }
    } else {
        let mut path = String::new();
        // No more points than can be told apart.
        for (day, value) in days.iter().enumerate().step_by(days.len().div_ceil(800)) {
            let command = if path.is_empty() { 'M' } else { 'L' };
            let x = LEFT + (day as f64 + 0.5) * wide;
            let written = write!(path, "{command}{x:.1} {:.1}", y(f64::from(*value)));
            debug_assert!(written.is_ok(), "a string takes everything");
        }
        plot.path("line-one", "", &path);
    }
    if show_all {
        plot.line(
            "line-two dash",
            (LEFT, y(f64::from(candidates))),
            (RIGHT, y(f64::from(candidates))),
        );
        let label = format!("all {} candidates", grouped(u64::from(candidates)));
        plot.text_at(
            RIGHT - 8.0,
            y(f64::from(candidates)) - 8.0,
            Anchor::End,
            "two",
            &label,
        );
    }
    for day in ordinals(days.len() as u64, 16) {
        plot.tick_x(LEFT + (day as f64 - 0.5) * wide, &grouped(day), false);
    }
    plot.axes("day", "candidates that sat");
    plot.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_covers_whole_decades() {
        let axis = Decades::of([0.0, 0.003, 0.2].into_iter());
        assert_eq!((axis.low, axis.high), (-3, 0));
        let labels: Vec<String> = axis.ticks().map(|(_, label)| label).collect();
        assert_eq!(labels, ["0.1 %", "1 %", "10 %", "100 %"]);
        assert!((axis.place(0.1) - 2.0 / 3.0).abs() < 1e-9);
        let one = Decades::of([0.01].into_iter());
        assert_eq!((one.low, one.high), (-2, -1), "never empty");
    }
}
