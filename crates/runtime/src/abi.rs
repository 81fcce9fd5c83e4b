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
        // IOST takes a comma after the last argument.
        let cut = data.strip_suffix(",]").map(|start| format!("{start}]"));
        let data = cut.as_deref().unwrap_or(data);
        let value: Value =
            serde_json::from_str(data).map_err(|error| format!("error in data: {error}, {data}"))?;
        let Value::Array(values) = value else {
            return Err(format!(
                "error args should be array, type assertion to []interface {{}} failed, {}",
                go_shown(&value)
            ));
        };
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
            let (kind, why) = match kind {
                Kind::Text | Kind::MaybeText if !value.is_string() => {
                    ("string", "type assertion to string failed".to_owned())
                }
                Kind::Flag if !value.is_boolean() => ("bool", "type assertion to bool failed".to_owned()),
                Kind::Number if value.as_i64().is_none() => ("number", not_whole(value)),
                _ => continue,
            };
            return Err(format!("error parse {kind} arg {}, {why}", go_shown(value)));
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

/// A value that an argument can't be, as Go prints it.
fn go_shown(value: &Value) -> String {
    match value {
        Value::Null => "&{<nil>}".into(),
        Value::String(text) => format!("&{{{text}}}"),
        Value::Array(_) | Value::Object(_) => format!("&{value}"),
        Value::Bool(_) | Value::Number(_) => format!("&{{{value}}}"),
    }
}

/// Why a value is no whole number of 64 bits, in Go's words.
fn not_whole(value: &Value) -> String {
    match value {
        Value::Number(number) => {
            let why = if number.is_f64() {
                "invalid syntax"
            } else {
                "value out of range"
            };
            format!("strconv.ParseInt: parsing \"{number}\": {why}")
        }
        _ => "invalid value type".into(),
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

/// Most characters of a number that [`big_number`] reads.
const MAX_NUMBER: usize = 64;
/// Largest exponent that it reads; beyond it the number is nothing or more than any amount.
const MAX_EXPONENT: i32 = 64;

/// An amount as JavaScript's BigNumber reads it (`1e3`, `2000.0`, `+.5`), cut to `decimals` decimals. It must be above zero.
pub(crate) fn big_number(text: &str, decimals: u32) -> Result<Amount, String> {
    let not_a_number = || AmountError::NotANumber(text.chars().take(MAX_NUMBER).collect()).to_string();
    let number = text.trim();
    let number = number.strip_prefix('+').unwrap_or(number);
    let (negative, number) = match number.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, number),
    };
    if number.len() > MAX_NUMBER {
        return Err(not_a_number());
    }
    let (mantissa, exponent) = match number.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().map_err(|_| not_a_number())?),
        None => (number, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) || exponent.abs() > MAX_EXPONENT {
        return Err(not_a_number());
    }
    let digits = digits.trim_start_matches('0');
    // Where the point stands after all digits that count in units.
    let end = digits.len() as i64 - fraction.len() as i64 + i64::from(exponent) + i64::from(decimals);
    let units = match usize::try_from(end) {
        Err(_) => "",
        Ok(end) if end <= digits.len() => &digits[..end],
        Ok(end) => &format!("{digits:0<end$}"),
    };
    let units = units.trim_start_matches('0');
    if negative || units.is_empty() {
        return Err("amount must be positive".into());
    }
    let amount = units.parse().ok().and_then(Amount::from_units);
    amount.ok_or_else(|| AmountError::Overflow.to_string())
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
