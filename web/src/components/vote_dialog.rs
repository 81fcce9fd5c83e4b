//! Vote for a node, move votes to or from it, or take them back; then review and sign.

use credo_web::protocol::{AccountView, CandidateView, Intent};
use web_sys::HtmlSelectElement;
use yew::prelude::*;

use super::amount_field::fits;
use super::{AmountField, Button, Choice, Dialog, Form, Layout, Signing, Weight};
use crate::clock::use_now;
use crate::format;

/// Names offered to move to.
const OFFERED: usize = 200;

#[derive(Properties, PartialEq)]
pub(crate) struct Props {
    pub(crate) node: CandidateView,
    pub(crate) account: AccountView,
    pub(crate) vote_lock_ms: f64,
    /// Other nodes, best first.
    pub(crate) others: Vec<AttrValue>,
    pub(crate) onclose: Callback<()>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Deed {
    Vote,
    MoveHere,
    MoveAway,
    Unvote,
}

impl Deed {
    fn label(self) -> &'static str {
        match self {
            Self::Vote => "Vote",
            Self::MoveHere => "Move here",
            Self::MoveAway => "Move away",
            Self::Unvote => "Unvote",
        }
    }
}

#[component]
pub(crate) fn VoteDialog(props: &Props) -> Html {
    let Props { node, account, .. } = props;
    // What counts no longer can't be moved or taken back: it returns by itself.
    let counting = || account.votes.iter().filter(|vote| vote.void.is_none());
    let mine = counting().find(|vote| vote.candidate == node.account);
    let elsewhere: Vec<_> = counting().filter(|vote| vote.candidate != node.account).collect();
    let mut deeds = vec![Deed::Vote];
    if !elsewhere.is_empty() {
        deeds.push(Deed::MoveHere);
    }
    if mine.is_some() {
        deeds.extend([Deed::MoveAway, Deed::Unvote]);
    }
    let deed = use_state(|| Deed::Vote);
    let amount = use_state(String::new);
    let other = use_state(|| None::<String>);
    let intent = use_state(|| None::<Intent>);
    let time = use_now(1_000);
    let chosen = if deeds.contains(&deed) { *deed } else { Deed::Vote };

    // The other node of a move: one of one's own votes, or any other node.
    let sources: Vec<AttrValue> = match chosen {
        Deed::MoveHere => elsewhere
            .iter()
            .map(|vote| vote.candidate.clone().into())
            .collect(),
        Deed::MoveAway => props
            .others
            .iter()
            .filter(|name| ***name != *node.account)
            .take(OFFERED)
            .cloned()
            .collect(),
        Deed::Vote | Deed::Unvote => Vec::new(),
    };
    let partner = (*other)
        .clone()
        .filter(|name| sources.iter().any(|source| **source == **name))
        .or_else(|| sources.first().map(|name| name.to_string()));
    let most = match chosen {
        Deed::Vote => account.balance.as_ref().map(|balance| balance.value.clone()),
        Deed::MoveHere => elsewhere
            .iter()
            .find(|vote| Some(&vote.candidate) == partner.as_ref())
            .map(|vote| vote.amount.clone()),
        Deed::MoveAway | Deed::Unvote => mine.map(|vote| vote.amount.clone()),
    };
    if let Some(signed) = &*intent {
        let onback = {
            let intent = intent.clone();
            Callback::from(move |()| intent.set(None))
        };
        return html! {
            <Dialog title={format!("{} · {}", chosen.label(), node.account)} onclose={props.onclose.clone()}>
                <Signing intent={signed.clone()} {onback} ondone={props.onclose.clone()} done_label="Done" />
            </Dialog>
        };
    }
    let onchoose = {
        let (deed, deeds, amount, other) = (deed.clone(), deeds.clone(), amount.clone(), other.clone());
        Callback::from(move |i: usize| {
            if let Some(chosen) = deeds.get(i) {
                deed.set(*chosen);
                amount.set(String::new());
                other.set(None);
            }
        })
    };
    let ready = fits(&amount, most.as_deref()) && (sources.is_empty() || partner.is_some());
    let onsubmit = {
        let (intent, amount, here, partner) = (
            intent.clone(),
            amount.clone(),
            node.account.clone(),
            partner.clone(),
        );
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            let (amount, here) = ((*amount).trim().to_owned(), here.clone());
            let partner = partner.clone().unwrap_or_default();
            if ready {
                intent.set(Some(match chosen {
                    Deed::Vote => Intent::Vote {
                        candidate: here,
                        amount,
                    },
                    Deed::MoveHere => Intent::Move {
                        from: partner,
                        to: here,
                        amount,
                    },
                    Deed::MoveAway => Intent::Move {
                        from: here,
                        to: partner,
                        amount,
                    },
                    Deed::Unvote => Intent::Unvote {
                        candidate: here,
                        amount,
                    },
                }));
            }
        })
    };
    let onother = {
        let other = other.clone();
        Callback::from(move |event: Event| {
            other.set(Some(event.target_unchecked_into::<HtmlSelectElement>().value()));
        })
    };
    let onamount = {
        let amount = amount.clone();
        Callback::from(move |text| amount.set(text))
    };
    let words = match chosen {
        Deed::Vote => format!(
            "One token, one vote. The tokens are locked while they vote; after unvoting they return in {}.",
            format::period(props.vote_lock_ms)
        ),
        Deed::MoveHere | Deed::MoveAway => {
            "Votes move at once and stay locked. They count for the next round.".to_owned()
        }
        Deed::Unvote => format!(
            "The votes end at once. The tokens return {} later: on {}.",
            format::period(props.vote_lock_ms),
            format::date(time + props.vote_lock_ms)
        ),
    };
    let purpose = match chosen {
        Deed::Vote => "free to vote",
        Deed::MoveHere => "to move here",
        Deed::MoveAway => "to move away",
        Deed::Unvote => "to take back",
    };
    html! {
        <Dialog title={format!("Votes · {}", node.account)} onclose={props.onclose.clone()}>
            <form class="stack" {onsubmit}>
                if deeds.len() > 1 {
                    <Choice name="deed" label="What to do" options={deeds.iter().map(|deed| AttrValue::from(deed.label())).collect::<Vec<_>>()}
                        chosen={deeds.iter().position(|deed| *deed == chosen).unwrap_or(0)} {onchoose} />
                }
                if !sources.is_empty() {
                    <div class="field">
                        <label for="vote-other">{ if chosen == Deed::MoveHere { "From" } else { "To" } }</label>
                        <select id="vote-other" onchange={onother}>
                            { for sources.iter().map(|name| html! {
                                <option value={name.clone()} selected={partner.as_deref() == Some(&**name)}>{ name }</option>
                            }) }
                        </select>
                    </div>
                }
                <AmountField id="vote-amount" label="Amount" value={(*amount).clone()} onchange={onamount}
                    most={most.map(AttrValue::from)} {purpose} focus=true />
                <p class="faint">{ words }</p>
                <Layout form={Form::Row}>
                    <Button weight={Weight::Main} submit=true disabled={!ready}>{ "Review" }</Button>
                    <Button onpress={props.onclose.clone()}>{ "Cancel" }</Button>
                </Layout>
            </form>
        </Dialog>
    }
}
