//! Tokens on their way back: from voting, from pledges, from a node's deposit, with their dates.

use credo_web::protocol::{Face, ReturnView};
use yew::prelude::*;

use super::Stat;
use crate::clock::use_now;
use crate::format;

/// Dates shown one by one.
const SHOWN: usize = 3;

#[derive(Properties, PartialEq)]
pub(crate) struct Props {
    pub(crate) unlocking: Vec<ReturnView>,
    /// That of the balance: one proof covers both.
    pub(crate) face: Option<Face>,
}

/// When something returns, in words: soon as a countdown, else as a date.
pub(crate) fn when(at: f64, time: f64) -> String {
    let left = at - time;
    if left <= 0.0 {
        "free now: folded in at your next action".to_owned()
    } else if left < 3_600_000.0 {
        format!("in {}", format::countdown(left))
    } else {
        format!("on {}", format::date(at))
    }
}

#[component]
pub(crate) fn UnlockingStat(props: &Props) -> Html {
    let time = use_now(1_000);
    let with = |words: String, one: &ReturnView| {
        if one.why.is_empty() {
            words
        } else {
            format!("{words}, {}", one.why)
        }
    };
    let (value, lines) = match props.unlocking.as_slice() {
        [] => ("0".to_owned(), vec!["nothing on its way back".to_owned()]),
        [one] => (
            format::amount(&one.amount),
            vec![with(when(one.until_ms, time), one)],
        ),
        many => {
            let mut lines: Vec<String> = many
                .iter()
                .take(SHOWN)
                .map(|one| {
                    let words = format!("{} {}", format::amount(&one.amount), when(one.until_ms, time));
                    with(words, one)
                })
                .collect();
            if many.len() > SHOWN {
                lines.push(format!("and {} more", many.len() - SHOWN));
            }
            (format!("{} returns", many.len()), lines)
        }
    };
    html! {
        <Stat label="Unlocking" {value} face={props.face}>
            { for lines.into_iter().map(|line| html! { <span class="faint">{ line }</span> }) }
        </Stat>
    }
}
