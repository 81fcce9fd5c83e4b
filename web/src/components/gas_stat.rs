//! Gas: what is there, how full that is, and when it is full again. It grows with time, so the page counts on.

use credo_web::protocol::{ChainView, GasView, Shown};
use yew::prelude::*;

use super::{Meter, Stat};
use crate::clock::use_now;
use crate::format;

const DAY_MS: f64 = 86_400_000.0;

#[derive(Properties, PartialEq)]
pub(crate) struct Props {
    pub(crate) gas: Option<Shown<GasView>>,
    pub(crate) chain: Option<ChainView>,
}

/// The chain's clock: its head's time and what has passed since, as long as blocks come.
pub(crate) fn chain_ms(chain: Option<&ChainView>, now: f64) -> f64 {
    let head = chain.and_then(|chain| Some((chain.head.as_ref()?.time_ms, chain.slot_ms)));
    head.map_or(now, |(time, slot)| time + (now - time).clamp(0.0, 4.0 * slot))
}

/// Gas at a time.
pub(crate) fn at(gas: &GasView, time_ms: f64) -> f64 {
    let stock = (gas.now - gas.earned).max(0.0);
    let grown = gas.per_day * (time_ms - gas.at_ms).max(0.0) / DAY_MS;
    (stock + grown).min(gas.limit.max(stock)).floor() + gas.earned
}

#[component]
pub(crate) fn GasStat(props: &Props) -> Html {
    let now = use_now(1_000);
    let Some(shown) = &props.gas else {
        return html! { <Stat label="Gas" value={None::<AttrValue>} /> };
    };
    let gas = &shown.value;
    let time = chain_ms(props.chain.as_ref(), now);
    let there = at(gas, time);
    let words = match gas.full_at_ms {
        _ if gas.limit < 1.0 => "no IOST staked: stake some to act".to_owned(),
        Some(full) if full > time => format!(
            "of {} · full in {}",
            format::compact(&format!("{:.0}", gas.limit)),
            format::countdown(full - time)
        ),
        _ => format!("of {} · full", format::compact(&format!("{:.0}", gas.limit))),
    };
    let percent = if gas.limit < 1.0 {
        0.0
    } else {
        100.0 * (there - gas.earned) / gas.limit
    };
    html! {
        <Stat label="Gas" value={format::count(there as u64)} face={shown.face}>
            <Meter {percent} label="Of what staked IOST fills it to" />
            <span class="faint">{ words }</span>
            if gas.earned >= 1.0 {
                <span class="faint">{ format!("{} of it earned from fees", format::count(gas.earned as u64)) }</span>
            }
        </Stat>
    }
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    #[wasm_bindgen_test]
    fn gas_grows_to_its_limit_and_what_was_earned_stays() {
        let gas = GasView {
            at_ms: 1_000.0,
            now: 150.0,
            limit: 300.0,
            earned: 50.0,
            per_day: 100.0,
            full_at_ms: Some(1_000.0 + 2.0 * DAY_MS),
        };
        assert_eq!(at(&gas, 0.0), 150.0);
        assert_eq!(at(&gas, 1_000.0 + DAY_MS / 2.0), 200.0);
        assert_eq!(at(&gas, 1_000.0 + 9.0 * DAY_MS), 350.0);
    }
}
