//! How hard a password is to guess, in bars and a word.

use yew::prelude::*;

use super::Meter;

/// The fewest characters that are accepted.
pub(crate) const SHORTEST: usize = 8;

/// A rough count of the guesses in bits: characters that add something new, times what their kinds leave open.
/// Runs ("aaaa", "1234") and repeats of what came before count little.
fn bits(password: &str) -> f64 {
    let chars: Vec<char> = password.chars().collect();
    let any = |test: fn(&char) -> bool| chars.iter().any(test);
    let mut kinds = 0.0;
    for (there, size) in [
        (any(char::is_ascii_lowercase), 26.0),
        (any(char::is_ascii_uppercase), 26.0),
        (any(char::is_ascii_digit), 10.0),
        (any(|c| c.is_ascii() && !c.is_ascii_alphanumeric()), 33.0),
        (any(|c| !c.is_ascii()), 100.0),
    ] {
        if there {
            kinds += size;
        }
    }
    if kinds == 0.0 {
        return 0.0;
    }
    let mut fresh = 0.0;
    for (i, c) in chars.iter().enumerate() {
        let before = i.checked_sub(1).and_then(|i| chars.get(i));
        let step = before.map(|before| i64::from(u32::from(*c)) - i64::from(u32::from(*before)));
        let seen = chars.iter().take(i).filter(|other| *other == c).count();
        fresh += match step {
            Some(-1..=1) => 0.25,
            _ => 1.0 / (1.0 + 0.5 * seen as f64),
        };
    }
    let easy = [
        "password", "qwert", "letmein", "iloveyou", "welcome", "admin", "credo", "iost",
    ];
    let lower = password.to_lowercase();
    let known: usize = easy
        .iter()
        .filter(|word| lower.contains(**word))
        .map(|word| word.len())
        .sum();
    (fresh - 0.85 * known as f64).max(0.0) * f64::log2(kinds)
}

/// Per cent and a word.
fn judge(password: &str) -> (u32, &'static str) {
    let length = password.chars().count();
    match bits(password) {
        _ if length == 0 => (0, "At least 8 characters; a sentence is best."),
        _ if length < SHORTEST => (10, "Too short: at least 8 characters."),
        b if b < 30.0 => (25, "Weak: easily guessed."),
        b if b < 45.0 => (50, "Fair. A few more words make it good."),
        b if b < 65.0 => (75, "Good."),
        _ => (100, "Strong."),
    }
}

#[derive(Properties, PartialEq)]
pub(crate) struct Props {
    pub(crate) password: AttrValue,
}

#[component]
pub(crate) fn Strength(props: &Props) -> Html {
    let (percent, words) = judge(&props.password);
    html! {
        <div class="stack tight">
            <Meter percent={f64::from(percent)} label="Strength of the password" weak={percent <= 25} />
            <span class="faint">{ words }</span>
        </div>
    }
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    #[wasm_bindgen_test]
    fn what_is_easily_guessed_is_called_weak() {
        for weak in ["password1", "aaaaaaaaaaaaaaaa", "12345678901", "abcdefghij"] {
            assert!(judge(weak).0 <= 25, "{weak}");
        }
        assert!(judge("correct horse battery staple").0 >= 75);
        assert!(judge("short").1.contains("Too short"));
    }
}
