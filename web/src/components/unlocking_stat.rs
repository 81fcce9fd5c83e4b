//! Tokens on their way back from voting, with their dates.

use credo_web::protocol::Face;
use yew::prelude::*;

use super::Stat;
use crate::clock::use_now;
use crate::format;

/// Dates shown one by one.
const SHOWN: usize = 3;

#[derive(Properties, PartialEq)]
pub(crate) struct Props {
    /// Amount and date.
    pub(crate) unlocking: Vec<(String, f64)>,
    /// That of the balance: one proof covers both.
    pub(crate) face: Option<Face>,
}

#[component]
pub(crate) fn UnlockingStat(props: &Props) -> Html {
    let time = use_now(1_000);
    let mut list: Vec<&(String, f64)> = props.unlocking.iter().collect();
    list.sort_by(|a, b| a.1.total_cmp(&b.1));
    let words = |at: f64| {
        let left = at - time;
        if left <= 0.0 {
            "free now: folded in at your next action".to_owned()
        } else if left < 3_600_000.0 {
            format!("in {}", format::countdown(left))
        } else {
            format!("on {}", format::date(at))
        }
    };
    let (value, lines) = match list.as_slice() {
        [] => ("0".to_owned(), vec!["nothing on its way back".to_owned()]),
        [(amount, at)] => (format::amount(amount), vec![words(*at)]),
        many => {
            let mut lines: Vec<String> = many
                .iter()
                .take(SHOWN)
                .map(|(amount, at)| format!("{} {}", format::amount(amount), words(*at)))
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
