//! What the four stages of a transaction mean.

use yew::prelude::*;

use super::{Card, Shape, Tag};

#[component]
pub(crate) fn StagesHelp() -> Html {
    let stage = |shape: Shape, words: &'static str, meaning: &'static str| {
        html! { <li><Tag {shape} {words} /><p class="faint">{ meaning }</p></li> }
    };
    html! {
        <Card title="On its way">
            <ul class="stages">
                { stage(Shape::Ring, "sent", "Signed here and given to the relays.") }
                { stage(Shape::Ring, "believable", "In a block that its proposer has signed. It can still change.") }
                { stage(Shape::Ring, "final", "The committee has certified that block. It can't change any more.") }
                { stage(Shape::Seal, "proved", "Certificate and place in the block were checked in this browser.") }
            </ul>
            <p class="faint">{ "A signed transaction lives 90 seconds: if no block takes it by then, nothing has happened." }</p>
        </Card>
    }
}
