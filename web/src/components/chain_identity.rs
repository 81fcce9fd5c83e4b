//! Which chain this page follows: its name and the hash that pins it.

use yew::prelude::*;

use super::facts::Facts;
use super::{Card, CopyButton};
use crate::format;
use crate::store::use_store;

#[component]
pub(crate) fn ChainIdentity() -> Html {
    let store = use_store();
    let Some(chain) = &store.view.chain else {
        return html! {
            <Card title="The chain"><p class="quiet">{ "Its identity is read as soon as a relay answers." }</p></Card>
        };
    };
    let built_in = option_env!("CREDO_SPEC").is_some_and(|hash| !hash.is_empty());
    let facts: Vec<(AttrValue, Html)> = vec![
        ("Name".into(), html! { { named(&chain.name, chain.devnet) } }),
        (
            "Spec hash".into(),
            html! {
                <>
                    <span class="mono break">{ &chain.spec_hash }</span>
                    <CopyButton text={chain.spec_hash.clone()} label="Copy the spec hash" />
                </>
            },
        ),
        (
            "Anchored in genesis".into(),
            html! { <span class="mono" title="The first signs of the hash, for two people to compare">{ code(&chain.spec_hash) }</span> },
        ),
        (
            "Verified".into(),
            html! { { hand_overs(chain.hand_overs, chain.hand_overs_ms) } },
        ),
    ];
    html! {
        <Card title="The chain">
            <Facts {facts} />
            <p class="faint">
                { if built_in {
                    "This hash is compiled into this page: it follows no other chain."
                } else {
                    "This hash was learnt from the relay at first use, as only a devnet's may be, and is pinned in this browser: a changed hash is a stop."
                } }
            </p>
        </Card>
    }
}

fn named(name: &str, devnet: bool) -> String {
    if devnet {
        format!("{name} · a devnet: its tokens are for trying out")
    } else {
        name.to_owned()
    }
}

/// Twelve signs in groups, easy to read out.
fn code(hash: &str) -> String {
    let signs: Vec<char> = hash.chars().take(12).collect();
    signs
        .chunks(4)
        .map(|group| group.iter().collect::<String>())
        .collect::<Vec<_>>()
        .join(" ")
}

fn hand_overs(count: u64, ms: f64) -> String {
    let all = format::plural(count, "hand-over");
    if count == 0 {
        all
    } else {
        format!("{all} in {}", format::span(ms))
    }
}
