//! Numbers, times and names as people read them. Amounts stay decimal text: nothing here feeds back into a transaction.

/// `1234567` as `1,234,567`.
pub(crate) fn group(digits: &str) -> String {
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

/// A whole number, grouped.
pub(crate) fn count(number: u64) -> String {
    group(&number.to_string())
}

/// Whole part (grouped) and decimals of an amount, at least two decimals where there are any.
pub(crate) fn split(amount: &str) -> (String, String) {
    let clean: String = amount.chars().filter(|c| *c != ',').collect();
    let (whole, decimals) = clean.split_once('.').unwrap_or((&clean, ""));
    let decimals = decimals.trim_end_matches('0');
    let decimals = if decimals.len() == 1 {
        format!("{decimals}0")
    } else {
        decimals.to_owned()
    };
    (group(whole), decimals)
}

/// An amount, grouped: `12,480.50`.
pub(crate) fn amount(amount: &str) -> String {
    let (whole, decimals) = split(amount);
    if decimals.is_empty() {
        whole
    } else {
        format!("{whole}.{decimals}")
    }
}

/// An amount in three or four figures: `41.2 M`. For tables only.
pub(crate) fn compact(text: &str) -> String {
    let value: f64 = text.replace(',', "").parse().unwrap_or(0.0);
    let (scaled, unit) = if value >= 1e9 {
        (value / 1e9, " B")
    } else if value >= 1e6 {
        (value / 1e6, " M")
    } else if value >= 1e5 {
        (value / 1e3, " k")
    } else {
        let (whole, decimals) = split(text);
        let short: String = decimals.chars().take(2).collect();
        return if short.is_empty() {
            whole
        } else {
            format!("{whole}.{short}")
        };
    };
    if scaled >= 100.0 {
        format!("{scaled:.0}{unit}")
    } else {
        format!("{scaled:.1}{unit}")
    }
}

/// A span of milliseconds, short: `38 ms`, `1.2 s`, `4 min 12 s`, `3 h 5 min`, `6 days`.
pub(crate) fn span(ms: f64) -> String {
    let ms = ms.max(0.0);
    if ms < 1.0 {
        return "under 1 ms".to_owned();
    }
    if ms < 1_000.0 {
        return format!("{ms:.0} ms");
    }
    if ms < 10_000.0 {
        return format!("{:.1} s", ms / 1_000.0);
    }
    countdown(ms)
}

/// A span in whole seconds and above, for what counts down.
pub(crate) fn countdown(ms: f64) -> String {
    let seconds = (ms.max(0.0) / 1_000.0).round() as u64;
    let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / 86_400);
    if seconds < 60 {
        format!("{seconds} s")
    } else if hours == 0 && minutes < 10 {
        format!("{minutes} min {} s", seconds % 60)
    } else if hours == 0 {
        format!("{minutes} min")
    } else if days == 0 {
        format!("{hours} h {} min", minutes % 60)
    } else {
        format!("{days} {}", if days == 1 { "day" } else { "days" })
    }
}

/// Minutes and seconds as a clock shows them: `12:44`.
pub(crate) fn clock(ms: f64) -> String {
    let seconds = (ms.max(0.0) / 1_000.0).round() as u64;
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

/// A round span, as in "returns 7 days after unvoting".
pub(crate) fn period(ms: f64) -> String {
    let seconds = (ms.max(0.0) / 1_000.0).round() as u64;
    let (number, unit) = if seconds >= 86_400 && seconds.is_multiple_of(86_400) {
        (seconds / 86_400, "day")
    } else if seconds >= 3_600 && seconds.is_multiple_of(3_600) {
        (seconds / 3_600, "hour")
    } else if seconds >= 60 && seconds.is_multiple_of(60) {
        (seconds / 60, "minute")
    } else {
        (seconds, "second")
    };
    plural(number, unit)
}

/// `1 node`, `2 nodes`.
pub(crate) fn plural(number: u64, word: &str) -> String {
    format!("{} {word}{}", count(number), if number == 1 { "" } else { "s" })
}

/// How long ago, roughly: `just now`, `12 s ago`, `4 min ago`, `yesterday`, or a date.
pub(crate) fn ago(time_ms: f64, now_ms: f64) -> String {
    let passed = (now_ms - time_ms).max(0.0);
    match passed {
        p if p < 1_500.0 => "just now".into(),
        p if p < 60_000.0 => format!("{:.0} s ago", p / 1_000.0),
        p if p < 3_600_000.0 => format!("{:.0} min ago", (p / 60_000.0).floor()),
        p if p < 43_200_000.0 => format!("{:.0} h ago", (p / 3_600_000.0).floor()),
        _ => date(time_ms),
    }
}

/// An age for a badge: `12 s old`.
pub(crate) fn age(time_ms: f64, now_ms: f64) -> String {
    let passed = (now_ms - time_ms).max(0.0);
    match passed {
        p if p < 60_000.0 => format!("{:.0} s old", p / 1_000.0),
        p if p < 3_600_000.0 => format!("{:.0} min old", (p / 60_000.0).floor()),
        p if p < 86_400_000.0 => format!("{:.0} h old", (p / 3_600_000.0).floor()),
        p => format!("{} old", plural((p / 86_400_000.0) as u64, "day")),
    }
}

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// The user's own date and time: `26 Nov, 14:10`, with the year when it isn't this one.
pub(crate) fn date(time_ms: f64) -> String {
    let at = js_sys::Date::new(&time_ms.into());
    let month = MONTHS.get(at.get_month() as usize).copied().unwrap_or("?");
    let year = if at.get_full_year() == js_sys::Date::new_0().get_full_year() {
        String::new()
    } else {
        format!(" {}", at.get_full_year())
    };
    format!(
        "{} {month}{year}, {:02}:{:02}",
        at.get_date(),
        at.get_hours(),
        at.get_minutes()
    )
}

/// The user's own time of day, to the second.
pub(crate) fn time(time_ms: f64) -> String {
    let at = js_sys::Date::new(&time_ms.into());
    format!(
        "{:02}:{:02}:{:02}",
        at.get_hours(),
        at.get_minutes(),
        at.get_seconds()
    )
}

/// The ends of a long text: `9f2c41…e1a0`.
pub(crate) fn short(text: &str) -> String {
    let length = text.chars().count();
    if length <= 16 {
        return text.to_owned();
    }
    let head: String = text.chars().take(8).collect();
    let tail: String = text.chars().skip(length - 4).collect();
    format!("{head}…{tail}")
}

/// Two signs for a node in the ring: its number where it has one, else its first letters.
pub(crate) fn initials(name: &str) -> String {
    let mut letters = name.chars().filter(|c| c.is_alphanumeric());
    let first = letters.next().map(|c| c.to_ascii_uppercase()).unwrap_or('?');
    let digits: Vec<char> = name.chars().rev().take_while(char::is_ascii_digit).collect();
    if digits.is_empty() || digits.len() == name.chars().count() {
        return letters
            .next()
            .map_or(first.to_string(), |second| format!("{first}{second}"));
    }
    let number: String = digits.iter().rev().collect();
    let number = number.trim_start_matches('0');
    let number = if number.is_empty() { "0" } else { number };
    let tail = number.len().saturating_sub(2);
    format!("{first}{}", &number[tail..])
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    #[wasm_bindgen_test]
    fn amounts_are_grouped_and_keep_every_decimal() {
        assert_eq!(amount("12480.50000000"), "12,480.50");
        assert_eq!(amount("0.00000001"), "0.00000001");
        assert_eq!(amount("1000000"), "1,000,000");
        assert_eq!(amount("999"), "999");
        assert_eq!(split("7.5"), ("7".to_owned(), "50".to_owned()));
    }

    #[wasm_bindgen_test]
    fn tables_show_three_or_four_figures() {
        assert_eq!(compact("41234567.00000000"), "41.2 M");
        assert_eq!(compact("812345678"), "812 M");
        assert_eq!(compact("2500"), "2,500");
        assert_eq!(compact("21000000000"), "21.0 B");
        assert_eq!(compact("0"), "0");
    }

    #[wasm_bindgen_test]
    fn spans_read_as_people_say_them() {
        assert_eq!(span(38.4), "38 ms");
        assert_eq!(span(1_240.0), "1.2 s");
        assert_eq!(countdown(252_000.0), "4 min 12 s");
        assert_eq!(clock(764_000.0), "12:44");
        assert_eq!(period(120_000.0), "2 minutes");
        assert_eq!(period(604_800_000.0), "7 days");
        assert_eq!(countdown(-5.0), "0 s");
    }

    #[wasm_bindgen_test]
    fn a_ring_tells_numbered_nodes_apart() {
        assert_eq!(initials("aurora"), "Au");
        assert_eq!(initials("producer000"), "P0");
        assert_eq!(initials("producer012"), "P12");
        assert_eq!(initials(""), "?");
    }

    #[wasm_bindgen_test]
    fn long_texts_keep_their_ends() {
        assert_eq!(short("abc"), "abc");
        assert_eq!(short("9f2c41d0aa0b7714d2e1"), "9f2c41d0…d2e1");
    }
}
