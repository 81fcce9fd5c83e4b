//! The countdown to the next election: the end of the epoch.

use credo_web::protocol::ChainView;
use yew::prelude::*;

use super::{Meter, Stat};
use crate::clock::use_now;
use crate::format;

#[derive(Properties, PartialEq)]
pub(crate) struct Props {
    pub(crate) chain: Option<ChainView>,
}

/// Milliseconds to the epoch's end at the pace of the slots, and how much of it has passed, in per cent.
pub(crate) fn election(chain: &ChainView, now: f64) -> Option<(f64, f64)> {
    let head = chain.head.as_ref()?;
    let length = chain.epoch_length.max(1);
    // Heights run on from genesis at 0: epoch e ends with block (e + 1) × length.
    let ends = head
        .epoch
        .saturating_add(u64::from(head.is_msb))
        .saturating_add(1)
        .saturating_mul(length);
    let left = ends.saturating_sub(head.height).min(length);
    let passed = (now - head.time_ms).max(0.0).min(chain.slot_ms * 4.0);
    let ms = (left as f64 * chain.slot_ms - passed).max(0.0);
    Some((ms, 100.0 * (1.0 - left as f64 / length as f64)))
}

#[component]
pub(crate) fn ElectionStat(props: &Props) -> Html {
    let time = use_now(500);
    let Some((left, percent)) = props.chain.as_ref().and_then(|chain| election(chain, time)) else {
        return html! { <Stat label="Next election in" value={None::<AttrValue>} /> };
    };
    html! {
        <Stat label="Next election in" value={format::countdown(left)}>
            <Meter {percent} label="Of this epoch" />
        </Stat>
    }
}

#[cfg(test)]
mod tests {
    use credo_web::protocol::HeadView;
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    fn chain(height: u64, epoch: u64, is_msb: bool) -> ChainView {
        let head = HeadView {
            height,
            epoch,
            view: 0,
            digest: String::new(),
            time_ms: 1_000.0,
            proposer: String::new(),
            signatures: 3,
            seats: 4,
            is_msb,
        };
        ChainView {
            name: String::new(),
            spec_hash: String::new(),
            devnet: true,
            slot_ms: 500.0,
            epoch_length: 60,
            vote_lock_ms: 0.0,
            pledge_lock_ms: 0.0,
            gas_per_iost_day: 100_000.0,
            availability_epochs: 6,
            missed_epochs: 1,
            aside_epochs: 144,
            deposit: "1000".into(),
            put_off: 0,
            removed: 0,
            head: Some(head),
            blocks: Vec::new(),
            committee: Vec::new(),
            committee_epoch: epoch,
            hand_overs: 0,
            hand_overs_ms: 0.0,
            agreeing: 1,
        }
    }

    #[wasm_bindgen_test]
    fn an_epoch_ends_with_its_last_block() {
        // Epoch 1 of 60 blocks ends with block 120.
        assert_eq!(election(&chain(90, 1, false), 1_000.0), Some((15_000.0, 50.0)));
        assert_eq!(election(&chain(90, 1, false), 1_200.0), Some((14_800.0, 50.0)));
        // After the Micro State Block the next epoch is what is awaited.
        assert_eq!(election(&chain(120, 1, true), 1_000.0), Some((30_000.0, 0.0)));
    }
}
