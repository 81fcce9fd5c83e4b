//! Staking for gas: pledge IOST for one's own gas or somebody's, or take a pledge back.

use credo_web::protocol::{AccountView, ChainView, Intent};
use web_sys::HtmlSelectElement;
use yew::prelude::*;

use super::amount_field::{fits, units};
use super::{AmountField, Button, Choice, Dialog, Form, Layout, NameField, Signing, Want, Weight};
use crate::clock::use_now;
use crate::format;

/// What stays of a pledge for oneself (`gas.iost`), in units of 10⁻⁸ IOST.
const KEPT: u128 = 10 * 100_000_000;

#[derive(Properties, PartialEq)]
pub(crate) struct Props {
    pub(crate) account: AccountView,
    pub(crate) chain: ChainView,
    pub(crate) onclose: Callback<()>,
}

/// What can be taken back of a pledge.
fn free(account: &AccountView, to: &str) -> Option<String> {
    let pledge = account.pledges.iter().find(|pledge| pledge.to == to)?;
    let pledged = units(&pledge.amount).ok()?;
    let kept = if to == account.name { KEPT } else { 0 };
    let free = pledged.saturating_sub(kept);
    Some(format!("{}.{:08}", free / 100_000_000, free % 100_000_000))
}

#[component]
pub(crate) fn StakeDialog(props: &Props) -> Html {
    let Props { account, chain, .. } = props;
    let back = use_state(|| false);
    let to = use_state(|| account.name.clone());
    let exists = use_state_eq(|| false);
    let amount = use_state(String::new);
    let intent = use_state(|| None::<Intent>);
    let time = use_now(1_000);
    let taking = *back && !account.pledges.is_empty();
    if let Some(signed) = &*intent {
        let onback = {
            let intent = intent.clone();
            Callback::from(move |()| intent.set(None))
        };
        return html! {
            <Dialog title="Stake for gas" onclose={props.onclose.clone()}>
                <Signing intent={signed.clone()} {onback} ondone={props.onclose.clone()} done_label="Done" />
            </Dialog>
        };
    }
    let whose = if taking && !account.pledges.iter().any(|pledge| pledge.to == *to) {
        account
            .pledges
            .first()
            .map(|pledge| pledge.to.clone())
            .unwrap_or_default()
    } else {
        (*to).clone()
    };
    let most = if taking {
        free(account, &whose)
    } else {
        account.balance.as_ref().map(|balance| balance.value.clone())
    };
    let ready = fits(&amount, most.as_deref()) && (taking || whose == account.name || *exists);
    let onsubmit = {
        let (intent, amount, whose) = (intent.clone(), amount.clone(), whose.clone());
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            let (to, amount) = (whose.clone(), (*amount).trim().to_owned());
            if ready {
                intent.set(Some(if taking {
                    Intent::Unpledge { to, amount }
                } else {
                    Intent::Pledge { to, amount }
                }));
            }
        })
    };
    let onchoose = {
        let (back, amount) = (back.clone(), amount.clone());
        Callback::from(move |i: usize| {
            back.set(i == 1);
            amount.set(String::new());
        })
    };
    let set = |state: &UseStateHandle<String>| {
        let state = state.clone();
        Callback::from(move |text| state.set(text))
    };
    let onselect = {
        let to = to.clone();
        Callback::from(move |event: Event| {
            to.set(event.target_unchecked_into::<HtmlSelectElement>().value());
        })
    };
    let onfit = {
        let exists = exists.clone();
        Callback::from(move |fits| exists.set(fits))
    };
    let brings = units(&amount)
        .map(|units| units as f64 / 1e8 * chain.gas_per_iost_day)
        .unwrap_or(0.0);
    let words = if taking {
        format!(
            "The gas that is above the new limit goes at once. The tokens return {} later: on {}.",
            format::period(chain.pledge_lock_ms),
            format::date(time + chain.pledge_lock_ms)
        )
    } else if brings >= 1.0 {
        let brings = format::count(brings as u64);
        format!("Brings {brings} gas at once and as much every day, up to three days' worth.")
    } else {
        format!(
            "Every IOST staked brings {} gas at once and as much every day. It stays yours: taken back, it returns in {}.",
            format::count(chain.gas_per_iost_day as u64),
            format::period(chain.pledge_lock_ms)
        )
    };
    html! {
        <Dialog title="Stake for gas" onclose={props.onclose.clone()}>
            <form class="stack" {onsubmit}>
                if !account.pledges.is_empty() {
                    <Choice name="stake" label="What to do" options={vec![AttrValue::from("Pledge"), AttrValue::from("Take back")]}
                        chosen={usize::from(taking)} {onchoose} />
                }
                if taking {
                    <div class="field">
                        <label for="stake-from">{ "Pledged for" }</label>
                        <select id="stake-from" onchange={onselect}>
                            { for account.pledges.iter().map(|pledge| html! {
                                <option value={pledge.to.clone()} selected={pledge.to == whose}>
                                    { format!("{} · {} IOST", pledge.to, format::amount(&pledge.amount)) }
                                </option>
                            }) }
                        </select>
                    </div>
                } else {
                    <NameField id="stake-to" label="Whose gas" want={Want::Existing} value={(*to).clone()} onchange={set(&to)} {onfit} />
                }
                <AmountField id="stake-amount" label="Amount" value={(*amount).clone()} onchange={set(&amount)}
                    most={most.map(AttrValue::from)} purpose={if taking { "to take back" } else { "to stake" }} focus=true />
                <p class="faint">{ words }</p>
                <Layout form={Form::Row}>
                    <Button weight={Weight::Main} submit=true disabled={!ready}>{ "Review" }</Button>
                    <Button onpress={props.onclose.clone()}>{ "Cancel" }</Button>
                </Layout>
            </form>
        </Dialog>
    }
}
