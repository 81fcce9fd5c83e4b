//! Proposals that wait for this account, or that it made: what they would do, how far the approvals go, and the next step.

use credo_web::protocol::{ApprovalView, Intent, ProposalView};
use yew::prelude::*;

use super::deed::Deed;
use super::{Button, Empty, Form, Layout, Meter, Weight};
use crate::clock::use_now;
use crate::format;

#[derive(Properties, PartialEq)]
pub(crate) struct Props {
    /// The present account's name.
    pub(crate) own: AttrValue,
    pub(crate) list: Vec<ProposalView>,
    pub(crate) ondeed: Callback<Deed>,
}

#[component]
pub(crate) fn Proposals(props: &Props) -> Html {
    let time = use_now(1_000);
    if props.list.is_empty() {
        return html! { <Empty words="Nothing waits for your approval. What others propose to you, and what you propose, appears here, proved." /> };
    }
    html! {
        <ul class="proposals">
            { for props.list.iter().map(|proposal| html! {
                <li key={format!("{}/{}", proposal.proposer, proposal.name)}>{ one(proposal, props, time) }</li>
            }) }
        </ul>
    }
}

fn direct(ondeed: &Callback<Deed>, title: String, intent: Intent) -> Callback<()> {
    let ondeed = ondeed.clone();
    Callback::from(move |()| ondeed.emit(Deed::direct(title.clone(), intent.clone())))
}

/// Enough approvals as far as can be seen.
fn ready(proposal: &ProposalView) -> bool {
    let all = proposal.approvals.iter().all(|approval| approval.given);
    let enough = proposal
        .needs
        .iter()
        .all(|need| need.weight >= u64::from(need.threshold));
    all || (enough && !proposal.needs.is_empty())
}

fn standing(approval: &ApprovalView) -> &'static str {
    match (approval.void, approval.given) {
        (true, _) => "approved before its permission changed or it was withdrawn: doesn't count",
        (false, true) => "approved",
        (false, false) => "not yet",
    }
}

fn one(proposal: &ProposalView, props: &Props, time: f64) -> Html {
    let ProposalView { proposer, name, .. } = proposal;
    let given = proposal
        .approvals
        .iter()
        .filter(|approval| approval.given)
        .count();
    let deadline = if proposal.expired {
        "its time is over".to_owned()
    } else {
        format!("stands for {}", format::countdown(proposal.expires_ms - time))
    };
    let ready = ready(proposal);
    let approve = |approval: &ApprovalView| {
        let (proposer, name, who) = (proposer.clone(), name.clone(), approval.who.clone());
        let title = format!("Approve · {name}");
        direct(&props.ondeed, title, Intent::Approve { proposer, name, who })
    };
    let revoke = |approval: &ApprovalView| {
        let (proposer, name, who) = (proposer.clone(), name.clone(), approval.who.clone());
        let title = format!("Take back · {name}");
        direct(
            &props.ondeed,
            title,
            Intent::RevokeApproval { proposer, name, who },
        )
    };
    let execute = direct(
        &props.ondeed,
        format!("Execute · {name}"),
        Intent::Execute {
            proposer: proposer.clone(),
            name: name.clone(),
        },
    );
    let cancel = direct(
        &props.ondeed,
        format!("Cancel · {name}"),
        Intent::CancelProposal { name: name.clone() },
    );
    let clear = direct(
        &props.ondeed,
        format!("Clear · {proposer}"),
        Intent::ClearProposals {
            proposer: proposer.clone(),
        },
    );
    let mine = |given: bool| {
        proposal
            .approvals
            .iter()
            .filter(move |approval| approval.mine && approval.given == given)
    };
    html! {
        <section class="permission" aria-label={format!("Proposal {name} of {proposer}")}>
            <div class="row between">
                <h3>{ name }{ " " }<span class="faint">{ format!("proposed by {proposer} · {deadline}") }</span></h3>
                <span class="num">{ format!("{given} of {} approved", proposal.approvals.len()) }</span>
            </div>
            <ol class="deeds">
                { for proposal.actions.iter().map(|action| html! { <li title={action.raw.clone()}>{ &action.words }</li> }) }
            </ol>
            { for proposal.needs.iter().map(|need| {
                let percent = 100.0 * need.weight as f64 / f64::from(need.threshold.max(1));
                html! {
                    <div class="need">
                        <span class="faint">{ format!("{}: {} of the {} that its active permission needs", need.account, need.weight, need.threshold) }</span>
                        <Meter {percent} label={format!("Approvals for {}", need.account)} weak={percent < 100.0} />
                    </div>
                }
            }) }
            <ul class="asked">
                { for proposal.approvals.iter().map(|approval| {
                    let who = if approval.who.contains('@') { approval.who.clone() } else { format::short(&approval.who) };
                    html! {
                        <li key={approval.who.clone()}>
                            <span class={if approval.given { "given" } else { "open" }} aria-hidden="true"></span>
                            <span class="break" title={approval.who.clone()}>{ who }</span>
                            <span class="faint">{ standing(approval) }</span>
                        </li>
                    }
                }) }
            </ul>
            <Layout form={Form::Row}>
                if !proposal.expired {
                    { for mine(false).map(|approval| html! {
                        <Button weight={if ready { Weight::Plain } else { Weight::Main }} onpress={approve(approval)}
                            label={format!("Approve {name} as {}", approval.who)}>{ "Approve…" }</Button>
                    }) }
                    <Button weight={if ready { Weight::Main } else { Weight::Plain }} disabled={!ready} onpress={execute}
                        label={format!("Execute {name}")}>{ "Execute…" }</Button>
                    { for mine(true).map(|approval| html! {
                        <Button onpress={revoke(approval)} label={format!("Take back the approval of {name} as {}", approval.who)}>{ "Take back…" }</Button>
                    }) }
                }
                if props.own != *proposer {
                    <Button onpress={clear} label={format!("Clear the proposals of {proposer} from the list")}>{ "Clear…" }</Button>
                }
                if props.own == *proposer {
                    <Button onpress={cancel} label={format!("Cancel {name}")}>{ "Cancel…" }</Button>
                }
            </Layout>
        </section>
    }
}

#[cfg(test)]
mod tests {
    use credo_web::protocol::NeedView;
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    fn proposal(given: [bool; 3], weight: Option<u64>) -> ProposalView {
        ProposalView {
            proposer: "alice".into(),
            name: "chairs".into(),
            actions: Vec::new(),
            approvals: given
                .iter()
                .enumerate()
                .map(|(i, given)| ApprovalView {
                    who: format!("member{i}@active"),
                    given: *given,
                    void: false,
                    mine: false,
                })
                .collect(),
            needs: weight
                .map(|weight| NeedView {
                    account: "treasury".into(),
                    weight,
                    threshold: 2,
                })
                .into_iter()
                .collect(),
            expires_ms: 0.0,
            expired: false,
        }
    }

    #[wasm_bindgen_test]
    fn an_approval_that_does_not_count_says_so() {
        let mut approvals = proposal([true, false, false], None).approvals;
        assert_eq!(
            approvals.iter().map(standing).collect::<Vec<_>>(),
            ["approved", "not yet", "not yet"]
        );
        (approvals[0].given, approvals[0].void) = (false, true);
        assert!(standing(&approvals[0]).contains("doesn't count"));
    }

    #[wasm_bindgen_test]
    fn two_of_three_are_enough_where_the_threshold_says_so() {
        assert!(!ready(&proposal([true, false, false], Some(1))));
        assert!(ready(&proposal([true, true, false], Some(2))));
        assert!(
            !ready(&proposal([true, true, false], None)),
            "nothing is known of what it needs"
        );
        assert!(ready(&proposal([true, true, true], None)));
    }
}
