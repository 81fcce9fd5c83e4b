//! The last verified blocks as a strip: the taller, the more signatures; the Micro State Block in ink; the next one
//! dashed, since nobody has proved it yet.

use credo_web::protocol::HeadView;
use yew::prelude::*;

use crate::format;
use crate::route::{Route, go};

const SHOWN: usize = 26;
const STEP: f64 = 13.0;
const WIDTH: f64 = 10.0;
const TALL: f64 = 44.0;

#[derive(Properties, PartialEq)]
pub(crate) struct Props {
    pub(crate) blocks: Vec<HeadView>,
}

#[component]
pub(crate) fn Blocks(props: &Props) -> Html {
    let shown = props
        .blocks
        .get(props.blocks.len().saturating_sub(SHOWN)..)
        .unwrap_or_default();
    let wide = STEP * (SHOWN + 1) as f64 - (STEP - WIDTH);
    let from = SHOWN - shown.len();
    let label = match shown.last() {
        Some(last) => format!(
            "The last {} blocks, up to {}",
            shown.len(),
            format::count(last.height)
        ),
        None => "No block verified yet".to_owned(),
    };
    html! {
        <svg class="blocks" viewBox={format!("0 0 {wide} {TALL}")} role="img" aria-label={label}>
            { for shown.iter().enumerate().map(|(i, block)| {
                let least = (f64::from(block.seats) * 2.0 / 3.0).floor();
                let above = (f64::from(block.signatures) - least).max(0.0) / (f64::from(block.seats) - least).max(1.0);
                let high = 18.0 + 22.0 * above.min(1.0);
                let x = STEP * (from + i) as f64;
                let place = Route::Chain(Some(block.height.to_string()));
                let open = Callback::from(move |_: MouseEvent| go(&place));
                html! {
                    <rect key={block.height} class={block.is_msb.then_some("msb")} x={x.to_string()}
                        y={format!("{:.1}", TALL - high)} width="10" height={format!("{high:.1}")} rx="3" onclick={open}>
                        <title>
                            { format!("Block {} by {}: {} of {} signatures{}", format::count(block.height),
                                format::short(&block.proposer), block.signatures, block.seats,
                                if block.is_msb { ", Micro State Block" } else { "" }) }
                        </title>
                    </rect>
                }
            }) }
            <rect class="awaited" x={(STEP * SHOWN as f64 + 0.75).to_string()} y="25.25" width="8.5" height="18" rx="3">
                <title>{ "The next block" }</title>
            </rect>
        </svg>
    }
}
