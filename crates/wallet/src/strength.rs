//! How hard a password is to guess: a rough estimate, on the low side.
//!
//! No dictionary is shipped (a good one is larger than the rest of the wallet), so a sentence of common words is
//! counted by its letters and a lone common word is not recognised beyond a short list. What is counted: every
//! character is worth the bits of the classes in use (lower 4.7, upper, digits 3.3, others), and less when it only
//! continues what stood before, i.e. repeats it (`aaa`), counts on (`abc`, `321`) or runs along a keyboard row
//! (`qwerty`); a digit or sign that only ends a word adds little. The keystore's Argon2id makes each guess cost about
//! a quarter of a second, which is worth another 18 bits or so that the estimate leaves out.

/// Fewest characters of a password.
pub const MIN_PASSWORD: usize = 8;

/// How good a password is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum StrengthLevel {
    /// Refused: shorter than [`MIN_PASSWORD`] or guessed at once.
    Refused,
    /// Guessable by somebody who has the file and some days.
    Weak,
    /// Enough against most.
    Fair,
    /// Out of reach.
    Strong,
}

/// An estimate with a word of advice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Strength {
    /// Estimated bits.
    pub bits: u32,
    /// What that means.
    pub level: StrengthLevel,
    /// What to say beside the meter.
    pub advice: &'static str,
}

const ROWS: [&str; 4] = ["qwertyuiop", "asdfghjkl", "zxcvbnm", "1234567890"];
const COMMON: [&str; 16] = [
    "password", "passwort", "letmein", "welcome", "iloveyou", "monkey", "dragon", "football", "baseball",
    "master", "superman", "sunshine", "princess", "trustno1", "bitcoin", "credo",
];

/// True when `b` only continues `a`.
fn continues(a: char, b: char) -> bool {
    let step = i64::from(u32::from(b)) - i64::from(u32::from(a));
    let along = |row: &str| match (row.find(a), row.find(b)) {
        (Some(x), Some(y)) => x.abs_diff(y) == 1,
        _ => false,
    };
    step.abs() <= 1 || ROWS.iter().any(|row| along(row))
}

/// Estimates a password's strength.
pub fn strength(password: &str) -> Strength {
    let lower = password.to_lowercase();
    let chars: Vec<char> = password.chars().take(256).collect();
    let folded: Vec<char> = lower.chars().take(256).collect();
    let any = |test: fn(&char) -> bool| chars.iter().any(test);
    let (small, capital, digit) = (
        any(char::is_ascii_lowercase),
        any(char::is_ascii_uppercase),
        any(char::is_ascii_digit),
    );
    let other = any(|c: &char| !c.is_ascii_alphanumeric());
    let alphabet = 26.0 * f64::from(u8::from(small))
        + 26.0 * f64::from(u8::from(capital))
        + 10.0 * f64::from(u8::from(digit))
        + 30.0 * f64::from(u8::from(other));
    let each = if alphabet > 0.0 { f64::log2(alphabet) } else { 0.0 };
    let mut bits = 0.0;
    for (i, c) in folded.iter().enumerate() {
        // Something repeated from anywhere before is worth little, too.
        let again = i >= 3
            && folded[..i]
                .windows(3)
                .rev()
                .skip(1)
                .any(|w| w == &folded[i - 2..=i]);
        let follows = i > 0 && continues(folded[i - 1], *c);
        bits += if follows || again { 0.8 } else { each };
    }
    for word in COMMON {
        if lower.contains(word) {
            bits -= (word.len() as f64 - 2.0) * each;
        }
    }
    // A digit or sign tacked on at the end widens the alphabet for a cracker's list hardly at all.
    let tail = chars
        .iter()
        .rev()
        .take_while(|c| !c.is_ascii_alphabetic())
        .count();
    if tail > 0 && tail <= 2 && chars.len() > tail {
        bits -= each;
    }
    let bits = bits.max(0.0) as u32;
    let level = match bits {
        _ if chars.len() < MIN_PASSWORD => StrengthLevel::Refused,
        0..20 => StrengthLevel::Refused,
        20..45 => StrengthLevel::Weak,
        45..65 => StrengthLevel::Fair,
        _ => StrengthLevel::Strong,
    };
    let advice = match level {
        StrengthLevel::Refused if chars.len() < MIN_PASSWORD => "At least 8 characters.",
        StrengthLevel::Refused => "This would be among the first guesses. Try four or five unrelated words.",
        StrengthLevel::Weak => "Weak. Longer helps most: four or five unrelated words.",
        StrengthLevel::Fair => "Fair. A few more characters make it strong.",
        StrengthLevel::Strong => "Strong. Write it down; nobody can reset it.",
    };
    Strength { bits, level, advice }
}
