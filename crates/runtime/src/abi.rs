//! Actions' names and arguments, and the texts that go in and out: JSON, amounts, symbols.

use credo_primitives::{Amount, AmountError};
use serde_json::Value;

/// Kind of an argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Flag,
    /// A whole number of 64 bits with sign.
    Number,
    /// Any JSON value.
    Json,
    /// A text that may be left out: the last argument alone.
    MaybeText,
}

/// Arguments that fit their action's kinds.
#[derive(Debug)]
pub(crate) struct Args(Vec<Value>);

impl Args {
    /// Reads the data of the action `name` as the text of a JSON array that fits `kinds`; the error is for the receipt.
    pub(crate) fn parse(name: &str, data: &str, kinds: &[Kind]) -> Result<Self, String> {
        let values: Vec<Value> = serde_json::from_str(data)
            .map_err(|error| format!("error parse data, it should be a JSON array: {error}"))?;
        let least = kinds.len() - usize::from(kinds.last() == Some(&Kind::MaybeText));
        if !(least..=kinds.len()).contains(&values.len()) {
            return Err(format!(
                "args length unmatched to abi {}. need {}, got {}",
                name,
                least,
                values.len()
            ));
        }
        for (value, kind) in values.iter().zip(kinds) {
            match kind {
                Kind::Text | Kind::MaybeText if value.is_string() => {}
                Kind::Flag if value.is_boolean() => {}
                Kind::Number if value.as_i64().is_some() => {}
                Kind::Json => {}
                Kind::Text | Kind::MaybeText => return Err(format!("error parse string arg {value}")),
                Kind::Flag => return Err(format!("error parse bool arg {value}")),
                Kind::Number => return Err(format!("error parse number arg {value}")),
            }
        }
        Ok(Self(values))
    }

    /// The text at `index`.
    pub(crate) fn text(&self, index: usize) -> &str {
        self.0.get(index).and_then(Value::as_str).unwrap_or_default()
    }

    /// The flag at `index`.
    pub(crate) fn flag(&self, index: usize) -> bool {
        self.0.get(index).and_then(Value::as_bool).unwrap_or_default()
    }

    /// The number at `index`.
    pub(crate) fn number(&self, index: usize) -> i64 {
        self.0.get(index).and_then(Value::as_i64).unwrap_or_default()
    }

    /// The JSON value at `index`.
    pub(crate) fn value(&self, index: usize) -> &Value {
        self.0.get(index).unwrap_or(&Value::Null)
    }

    /// The first arguments as JSON text, for a receipt that has no more.
    pub(crate) fn first_to_json(&self, count: usize) -> String {
        json(&self.0.get(..count).unwrap_or(&self.0))
    }

    /// All arguments as JSON text, as IOST's contracts in JavaScript write it.
    pub(crate) fn to_json(&self) -> String {
        json(&self.0)
    }
}

/// JSON text of a value.
pub(crate) fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// JSON text as Go writes it, which IOST's native contracts use: `<`, `>`, `&` and the two line separators escaped.
pub(crate) fn go_json(value: &impl serde::Serialize) -> String {
    let mut out = String::new();
    for c in json(value).chars() {
        match c {
            '<' => out.push_str("\\u003c"),
            '>' => out.push_str("\\u003e"),
            '&' => out.push_str("\\u0026"),
            '\u{2028}' => out.push_str("\\u2028"),
            '\u{2029}' => out.push_str("\\u2029"),
            other => out.push(other),
        }
    }
    out
}

/// Standard base64, as Go shows bytes in JSON.
pub(crate) fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let byte = |at: usize| u32::from(chunk.get(at).copied().unwrap_or(0));
        let bits = (byte(0) << 16) | (byte(1) << 8) | byte(2);
        for place in 0..4 {
            let sextet = (bits >> (18 - 6 * place)) & 63;
            let shown = if place <= chunk.len() {
                char::from(ALPHABET[sextet as usize])
            } else {
                '='
            };
            out.push(shown);
        }
    }
    out
}

/// Checks a permission's, group's or proposal's name: 1 to 32 characters `a-z A-Z 0-9 _`; the error is IOST's text.
pub(crate) fn check_label(text: &str) -> Result<(), String> {
    if !(1..=32).contains(&text.len()) {
        let shown: String = text.chars().take(64).collect();
        return Err(format!("id invalid. id length should be between 1,32 > {shown}"));
    }
    match text.chars().find(|c| !c.is_ascii_alphanumeric() && *c != '_') {
        Some(c) => Err(format!("id invalid. id contains invalid character > {c}")),
        None => Ok(()),
    }
}

/// True for a token's symbol: 2 to 16 characters `a-z 0-9 _`.
pub(crate) fn is_symbol(text: &str) -> bool {
    (2..=16).contains(&text.len())
        && text
            .bytes()
            .all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_'))
}

/// Checks a symbol for a new token; the error is IOST's text, which gives a character by its number.
pub(crate) fn check_symbol(text: &str) -> Result<(), String> {
    if !(2..=16).contains(&text.len()) {
        let shown: String = text.chars().take(64).collect();
        return Err(format!(
            "token symbol invalid. token symbol length should be between 2,16 got {shown}"
        ));
    }
    match text.chars().find(|c| !matches!(c, 'a'..='z' | '0'..='9' | '_')) {
        Some(c) => Err(format!(
            "token symbol invalid. token symbol contains invalid character {}",
            u32::from(c)
        )),
        None => Ok(()),
    }
}

/// True for plain decimal text: `12`, `0.5`; no sign, no exponent.
pub(crate) fn is_decimal(text: &str) -> bool {
    let digits = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
    match text.split_once('.') {
        Some((whole, fraction)) => digits(whole) && digits(fraction),
        None => digits(text),
    }
}

/// Cuts plain decimal text to `decimals` decimals.
pub(crate) fn truncate(text: &str, decimals: u32) -> &str {
    match text.split_once('.') {
        Some((whole, _)) if decimals == 0 => whole,
        Some((whole, fraction)) if fraction.len() > decimals as usize => {
            &text[..whole.len() + 1 + decimals as usize]
        }
        _ => text,
    }
}

/// Reads an amount, cut to the token's decimals.
pub(crate) fn parse_truncated(text: &str, decimals: u32) -> Result<Amount, AmountError> {
    let text = if is_decimal(text) {
        truncate(text, decimals)
    } else {
        text
    };
    Amount::parse_decimals(text, decimals)
}

/// Units as decimal text.
pub(crate) fn format_units(units: u128, decimals: u32) -> String {
    let digits = format!("{units:0>width$}", width = decimals as usize + 1);
    let (whole, fraction) = digits.split_at(digits.len() - decimals as usize);
    let fraction = fraction.trim_end_matches('0');
    if fraction.is_empty() {
        whole.to_owned()
    } else {
        format!("{whole}.{fraction}")
    }
}
