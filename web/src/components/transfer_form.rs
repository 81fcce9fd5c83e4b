//! Who is paid, how much, and a memo.

use credo_web::protocol::{AccountView, Intent};
use yew::prelude::*;

use super::amount_field::fits;
use super::{AmountField, Button, Field, Form, Layout, NameField, Want, Weight};
use crate::store::use_store;

/// IOST's limit on a memo, in bytes.
const MEMO: usize = 512;

#[derive(Properties, PartialEq)]
pub(crate) struct Props {
    pub(crate) account: AccountView,
    /// What was typed before, on the way back from the review.
    pub(crate) draft: Option<Intent>,
    pub(crate) onready: Callback<Intent>,
}

#[component]
pub(crate) fn TransferForm(props: &Props) -> Html {
    let store = use_store();
    let (before_to, before_amount, before_memo) = match &props.draft {
        Some(Intent::Transfer { to, amount, memo }) => (to.clone(), amount.clone(), memo.clone()),
        _ => Default::default(),
    };
    let to = use_state(|| before_to);
    let amount = use_state(|| before_amount);
    let memo = use_state(|| before_memo);
    let exists = use_state_eq(|| false);
    let most = props
        .account
        .balance
        .as_ref()
        .map(|balance| balance.value.clone());
    let itself = **to == *props.account.name;
    let long = memo.len() > MEMO;
    let ready = *exists && !itself && !long && fits(&amount, most.as_deref());
    let set = |state: &UseStateHandle<String>| {
        let state = state.clone();
        Callback::from(move |text| state.set(text))
    };
    let onfit = {
        let exists = exists.clone();
        Callback::from(move |fit| exists.set(fit))
    };
    let onsubmit = {
        let (to, amount, memo, onready) = (to.clone(), amount.clone(), memo.clone(), props.onready.clone());
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            if ready {
                let (to, amount, memo) = ((*to).clone(), amount.trim().to_owned(), (*memo).clone());
                onready.emit(Intent::Transfer { to, amount, memo });
            }
        })
    };
    // Whom one paid before: the last word of "Sent 12.5 to harbor_cafe".
    let mut known: Vec<AttrValue> = store
        .view
        .activity
        .iter()
        .filter_map(|entry| {
            entry
                .title
                .split_once(" to ")
                .map(|(_, name)| AttrValue::from(name.to_owned()))
        })
        .collect();
    known.sort();
    known.dedup();
    html! {
        <form class="stack" {onsubmit}>
            <NameField id="send-to" label="To" want={Want::Existing} value={(*to).clone()} onchange={set(&to)} {onfit} focus=true suggest={known} />
            if itself && !to.is_empty() { <p class="objection" role="status">{ "That is you." }</p> }
            <AmountField id="send-amount" label="Amount" value={(*amount).clone()} onchange={set(&amount)}
                most={most.map(AttrValue::from)} purpose="to send" />
            <Field id="send-memo" label="Memo" value={(*memo).clone()} onchange={set(&memo)}
                hint={html! { "Optional. Anyone can read it on the chain." }}
                wrong={long.then_some("Too long: 512 bytes at most.")} />
            <Layout form={Form::Row}>
                <Button weight={Weight::Main} submit=true disabled={!ready}>{ "Review" }</Button>
            </Layout>
        </form>
    }
}
