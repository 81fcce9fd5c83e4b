//! The largest values of the system contracts' records fit into the state and come back from their bytes.

use std::fmt::Debug;

use commonware_codec::{Copying, DecodeExt as _, Encode, Read};
use credo_primitives::entry::{
    Approval, Domain, MAX_ACCOUNT_BYTES, MAX_METADATA, MAX_PLEDGES, MAX_PROPOSAL_ACTIONS, MAX_PROPOSAL_BYTES,
    MAX_PROPOSALS, MAX_REQUESTED, MAX_RETIRED, MAX_VOTED_OPTIONS, MAX_VOTING_DESCRIPTION, MAX_VOTING_OPTION,
    MAX_VOTING_OPTIONS, MAX_WAITING, Pledge, Pledges, Principal, Proposal, Proposals, ProposedAction,
    Requested, Retired, Token721, Token721Info, Voting, VotingOption, VotingOptions, VotingVote, VotingVotes,
    Waiting, WaitingProposal,
};
use credo_primitives::state_key::MAX_STATE_VALUE;
use credo_primitives::{AccountName, Algorithm, Amount, Digest, PublicKey, SecretKey, StateKey, Text};

/// The longest name there is.
fn longest_name() -> AccountName {
    AccountName::any(format!("Contract{}", "x".repeat(56))).unwrap()
}

fn text<const MAX: usize>() -> Text<MAX> {
    Text::new("x".repeat(MAX)).unwrap()
}

/// The longest key there is.
fn key() -> PublicKey {
    SecretKey::from_seed(Algorithm::Secp256k1, &[7; 32])
        .unwrap()
        .public_key()
}

fn fits<T: Encode + Read<Cfg = ()> + PartialEq + Debug>(value: &T) {
    let bytes = value.encode();
    assert!(bytes.len() <= MAX_STATE_VALUE, "{} bytes", bytes.len());
    assert_eq!(T::decode(Copying(&bytes)).unwrap(), *value);
}

#[test]
fn the_largest_records_fit_into_a_value() {
    let name = longest_name();
    let principal = Principal::Account {
        account: name.clone(),
        permission: text(),
    };
    fits(&Pledges {
        to: vec![
            Pledge {
                account: name.clone(),
                amount: Amount::MAX
            };
            MAX_PLEDGES
        ],
    });
    fits(&Domain {
        owner: name.clone(),
        contract: name.clone(),
        payer: name.clone(),
    });
    fits(&Token721Info {
        issuer: name.clone(),
        total_supply: u64::MAX,
        supply: u64::MAX,
    });
    fits(&Token721 {
        owner: name.clone(),
        index: u64::MAX,
        payer: name.clone(),
        metadata: text::<MAX_METADATA>(),
    });
    fits(&Waiting {
        proposals: vec![
            WaitingProposal {
                proposer: name.clone(),
                name: text(),
                expires_ms: u64::MAX
            };
            MAX_WAITING
        ],
    });
    fits(&Proposals {
        open: vec![text(); MAX_PROPOSALS],
        retired: vec![
            Retired {
                name: text(),
                until_ms: u64::MAX
            };
            MAX_RETIRED
        ],
    });
    // All bytes in one action's data, and as many actions as there can be beside it, with the longest names.
    let action = |data: String| ProposedAction {
        contract: name.clone(),
        action: text(),
        data: Text::new(data).unwrap(),
    };
    let mut actions = vec![action("x".repeat(MAX_PROPOSAL_BYTES))];
    actions.resize(MAX_PROPOSAL_ACTIONS, action(String::new()));
    fits(&Proposal {
        proposer: name.clone(),
        name: text(),
        created_ms: u64::MAX,
        expires_ms: u64::MAX,
        requested: vec![
            Requested {
                who: principal,
                approval: Some(Approval {
                    authority: Digest([1; 32]),
                    withdrawals: u64::MAX
                })
            };
            MAX_REQUESTED
        ],
        actions,
    });
    fits(&Voting {
        owner: name,
        deleted: false,
        description: text::<MAX_VOTING_DESCRIPTION>(),
        result_number: u32::MAX,
        min_vote: Amount::MAX,
        any_option: true,
        freeze_s: u64::MAX,
        deposit: Amount::MAX,
        options: u32::MAX,
        can_vote: true,
        generations: u32::MAX,
    });
    let option = VotingOption {
        name: text::<MAX_VOTING_OPTION>(),
        votes: Amount::MAX,
        deleted: true,
        generation: u32::MAX,
        cleared_at: u64::MAX,
    };
    fits(&VotingOptions {
        options: vec![option; MAX_VOTING_OPTIONS],
    });
    let vote = VotingVote {
        option: text::<MAX_VOTING_OPTION>(),
        amount: Amount::MAX,
        cleared: Amount::MAX,
        generation: u32::MAX,
        height: u64::MAX,
        freeze_s: u64::MAX,
    };
    fits(&VotingVotes {
        votes: vec![vote; MAX_VOTED_OPTIONS],
    });
    const { assert!(MAX_ACCOUNT_BYTES <= MAX_STATE_VALUE) };
}

#[test]
fn the_longest_keys_of_the_state_can_be_typed() {
    let name = longest_name();
    let symbol = "x".repeat(16);
    let keys = [
        StateKey::token721(&symbol),
        StateKey::token721_token(&symbol, u64::MAX),
        StateKey::token721_balance(&symbol, &name),
        StateKey::token721_owned(&symbol, &name, u64::MAX),
        StateKey::domain(&symbol),
        StateKey::proposal(&name, &"x".repeat(32)),
        StateKey::proposals(&name),
        StateKey::proposals_for(&name),
        StateKey::proposals_for_key(&key()),
        StateKey::withdrawals(&name),
        StateKey::withdrawals_of_key(&key()),
        StateKey::last_voting(),
        StateKey::voting(u64::MAX),
        StateKey::voting_options(u64::MAX),
        StateKey::voting_votes(u64::MAX, &name),
    ];
    for key in &keys {
        assert_eq!(StateKey::parse(key.as_str()).as_ref(), Some(key));
    }
    let different: std::collections::BTreeSet<_> = keys.iter().collect();
    assert_eq!(different.len(), keys.len());
}

#[test]
fn a_full_list_of_what_waits_hides_nobodys_newest() {
    let entry = |proposer: &str, n: usize, expires_ms: u64| WaitingProposal {
        proposer: AccountName::new(proposer).unwrap(),
        name: Text::new(format!("p{n}")).unwrap(),
        expires_ms,
    };
    let count = |list: &Waiting, proposer: &str| {
        let of = list
            .proposals
            .iter()
            .filter(|one| one.proposer.as_str() == proposer);
        of.count()
    };
    let mut list = Waiting::default();
    for n in 0..32 {
        for proposer in ["alice", "bobby", "carol", "david"] {
            list.add(entry(proposer, n, 100), 0);
        }
    }
    assert_eq!(list.proposals.len(), MAX_WAITING);
    // The oldest of the first that has most gives way, one after the other.
    list.add(entry("erica", 0, 100), 0);
    list.add(entry("erica", 0, 100), 0);
    assert_eq!(list.proposals.len(), MAX_WAITING, "once");
    assert_eq!((count(&list, "alice"), count(&list, "erica")), (31, 1));
    assert_eq!(list.proposals[0], entry("bobby", 0, 100));
    for n in 0..1_000 {
        list.add(entry("mallory", n, 100), 0);
    }
    assert_eq!(list.proposals.len(), MAX_WAITING);
    assert_eq!(count(&list, "erica"), 1, "many of one displace that one's");
    assert!(count(&list, "mallory") <= MAX_WAITING / 5 + 1);
    // What has expired goes first.
    let mut list = Waiting::default();
    for n in 0..MAX_WAITING {
        list.add(entry("alice", n, if n == 7 { 10 } else { 100 }), 0);
    }
    list.add(entry("alice", 999, 100), 10);
    assert_eq!(list.proposals.len(), MAX_WAITING);
    assert!(list.proposals.iter().all(|one| one.expires_ms == 100));
    // One entry each: the oldest goes.
    let mut list = Waiting::default();
    for n in 0..MAX_WAITING + 1 {
        list.add(entry(&format!("user{n:03}"), 0, 100), 0);
    }
    assert_eq!(list.proposals.len(), MAX_WAITING);
    assert_eq!(list.proposals[0].proposer.as_str(), "user001");
}
