//! An amount, with "all" beside it, checked against what is there.

use yew::prelude::*;

use super::{Button, Field, Weight, field::Kind};
use crate::format;

const DECIMALS: usize = 8;

/// Units of 10⁻⁸ in decimal text; the error says what is wrong with it.
pub(crate) fn units(text: &str) -> Result<u128, &'static str> {
    let text = text.trim();
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    if text.is_empty() || (whole.is_empty() && decimals.is_empty()) {
        return Err("Type an amount.");
    }
    if decimals.len() > DECIMALS {
        return Err("IOST has eight decimals at most.");
    }
    if !whole.chars().chain(decimals.chars()).all(|c| c.is_ascii_digit()) {
        return Err("Digits and one point only.");
    }
    let padded = format!("{whole}{decimals:0<DECIMALS$}");
    padded.parse().map_err(|_| "That is more than there can be.")
}

/// What is wrong with it, given what there is.
pub(crate) fn objection(text: &str, most: Option<&str>) -> Option<String> {
    if text.trim().is_empty() {
        return None;
    }
    match (
        units(text),
        most.and_then(|most| units(&most.replace(',', "")).ok()),
    ) {
        (Err(why), _) => Some(why.to_owned()),
        (Ok(0), _) => Some("More than nothing, please.".to_owned()),
        (Ok(wanted), Some(there)) if wanted > there => Some(format!(
            "More than there is: {} IOST.",
            format::amount(most.unwrap_or_default())
        )),
        _ => None,
    }
}

/// Can it be used as it stands?
pub(crate) fn fits(text: &str, most: Option<&str>) -> bool {
    !text.trim().is_empty() && objection(text, most).is_none()
}

#[derive(Properties, PartialEq)]
pub(crate) struct Props {
    pub(crate) id: AttrValue,
    pub(crate) label: AttrValue,
    pub(crate) value: AttrValue,
    pub(crate) onchange: Callback<String>,
    /// What there is at most, where it is known.
    pub(crate) most: Option<AttrValue>,
    /// "to send", "to vote with".
    pub(crate) purpose: AttrValue,
    #[prop_or_default]
    pub(crate) focus: bool,
}

#[component]
pub(crate) fn AmountField(props: &Props) -> Html {
    let all = props.most.clone().map(|most| {
        let onpress = props.onchange.reform(move |()| most.replace(',', ""));
        html! { <Button weight={Weight::Small} {onpress} label={format!("All there is {}", props.purpose)}>{ "All" }</Button> }
    });
    let hint = match &props.most {
        Some(most) => html! { { format!("{} IOST {}", format::amount(most), props.purpose) } },
        None => html! { "How much there is isn't proved yet." },
    };
    // A comma is how many people write the point.
    let onchange = props.onchange.reform(|text: String| text.replace(',', "."));
    html! {
        <Field id={props.id.clone()} label={props.label.clone()} kind={Kind::Amount} value={props.value.clone()}
            {onchange} {hint} placeholder="0.00" end={all.unwrap_or_default()} focus={props.focus}
            wrong={objection(&props.value, props.most.as_deref()).map(AttrValue::from)} />
    }
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    #[wasm_bindgen_test]
    fn amounts_are_read_exactly_or_refused() {
        assert_eq!(units("12.5"), Ok(1_250_000_000));
        assert_eq!(units(".00000001"), Ok(1));
        assert_eq!(units("21000000000"), Ok(2_100_000_000_000_000_000));
        for wrong in ["", ".", "1.123456789", "1e3", "-1", "1.2.3", "٣"] {
            assert!(units(wrong).is_err(), "{wrong}");
        }
    }

    #[wasm_bindgen_test]
    fn more_than_there_is_doesnt_fit() {
        assert!(fits("12480.5", Some("12,480.50")));
        assert!(!fits("12480.50000001", Some("12480.50")));
        assert!(!fits("0", Some("1")));
        assert!(!fits("", Some("1")));
        assert_eq!(objection("", Some("1")), None);
    }
}
