//! Whose a fee is (P-22).
//!
//! The Servi node that invited who pays has the part that it set; the owner of the app through whose contract it passed has
//! the chain's `app_share` of it; the rest is nobody's. Parts are rounded down, so that they never make more than the
//! whole. A node that isn't registered any more has no part.
//!
//! - A fee in IOST (the RAM market's) is paid out at once, and the rest is burnt.
//! - Gas has no price: of what a transaction is charged the parts are credited as gas that has no limit
//!   ([`Gas::earned`]), gathered over a block and written once for each account at its end. The rest is gone.
//!
//! The app is that of the outermost contract that people deployed. Such contracts don't run yet, and the system's have no
//! owner, so for now every caller names no app, and no part goes to one.

use std::collections::BTreeMap;

use credo_pob::{CandidateStatus, Candidates};
use credo_primitives::entry::{Gas, IOST};
use credo_primitives::spec::Ratio;
use credo_primitives::{AccountName, Amount, Parameters, StateKey};

use crate::RuntimeError;
use crate::host::{Host, Stop};
use crate::moves;
use crate::view::View;

/// The Servi node that invited an account, with its part of fees.
pub(crate) struct Inviter {
    account: AccountName,
    share: Ratio,
}

/// Who invited `payer`, if that is a Servi node.
pub(crate) fn inviter(
    view: &View<'_>,
    candidates: &Candidates,
    payer: &AccountName,
) -> Result<Option<Inviter>, RuntimeError> {
    let Some(account) = view.account(payer)? else {
        return Ok(None);
    };
    let referrer = account.referrer.as_ref();
    let node = referrer.and_then(|referrer| candidates.find(referrer));
    Ok(node
        .filter(|node| {
            matches!(
                node.status,
                CandidateStatus::Registered | CandidateStatus::Candidate
            )
        })
        .map(|node| Inviter {
            account: node.account.clone(),
            share: Ratio {
                numerator: u64::from(node.fee_share),
                denominator: 100,
            },
        }))
}

/// A fee in its parts, which are all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Parts {
    inviter: u64,
    app: u64,
    rest: u64,
}

/// Splits a fee.
fn split(fee: u64, inviter: Option<Ratio>, app: Option<Ratio>) -> Parts {
    let part = |share: Option<Ratio>, of: u64| share.map_or(0, |share| share.of(fee)).min(of);
    let to_inviter = part(inviter, fee);
    let to_app = part(app, fee - to_inviter);
    Parts {
        inviter: to_inviter,
        app: to_app,
        rest: fee - to_inviter - to_app,
    }
}

/// Hands out a fee in IOST that `payer` paid to the contract `by`, and burns the rest.
pub(crate) fn hand_out(
    host: &mut Host<'_, '_>,
    by: &AccountName,
    payer: &AccountName,
    fee: Amount,
    app: Option<&AccountName>,
) -> Result<(), Stop> {
    host.charge(crate::gas::Op::Read, 1)?;
    let inviter = inviter(host.view, host.ledger.candidates(), payer)?;
    let app_share = app.map(|_| host.parameters().app_share);
    let parts = split(fee.units(), inviter.as_ref().map(|i| i.share), app_share);
    let shares = [
        (inviter.map(|i| i.account), parts.inviter),
        (app.cloned(), parts.app),
    ];
    for (account, units) in shares {
        let (Some(account), Some(amount)) = (account, Amount::from_units(units)) else {
            continue;
        };
        moves::pay(host, by, &account, amount)?;
    }
    // No part is larger than the fee.
    let rest = Amount::from_units(parts.rest).unwrap_or_default();
    moves::destroy(host, IOST, credo_primitives::amount::IOST_DECIMALS, by, rest)
}

/// Parts of the gas that a block's transactions were charged.
#[derive(Debug, Default)]
pub(crate) struct GasShares(BTreeMap<AccountName, u64>);

impl GasShares {
    /// Splits what a transaction of `payer`'s was charged.
    pub(crate) fn add(
        &mut self,
        view: &View<'_>,
        candidates: &Candidates,
        parameters: &Parameters,
        payer: &AccountName,
        charged: u64,
        app: Option<&AccountName>,
    ) -> Result<(), RuntimeError> {
        if charged == 0 {
            return Ok(());
        }
        let inviter = inviter(view, candidates, payer)?;
        let app_share = app.map(|_| parameters.app_share);
        let parts = split(charged, inviter.as_ref().map(|i| i.share), app_share);
        let shares = [
            (inviter.map(|i| i.account), parts.inviter),
            (app.cloned(), parts.app),
        ];
        for (account, gas) in shares {
            if let (Some(account), 1..) = (account, gas) {
                let sum = self.0.entry(account).or_default();
                *sum = sum.saturating_add(gas);
            }
        }
        Ok(())
    }

    /// Credits the parts, at the block's end.
    pub(crate) fn write(&mut self, view: &mut View<'_>) -> Result<(), RuntimeError> {
        for (account, gas) in std::mem::take(&mut self.0) {
            let key = StateKey::gas(&account);
            let mut record: Gas = view.get(&key)?.unwrap_or_default();
            record.earned = record.earned.saturating_add(gas);
            view.put(key, &record);
        }
        Ok(())
    }
}

#[cfg(test)]
#[cfg(not(target_arch = "wasm32"))]
mod tests {
    use super::*;
    use commonware_cryptography::{Signer as _, ed25519::PrivateKey};
    use credo_pob::{Candidate, Ledger, Rules};
    use credo_primitives::entry::{Balance, Pool, TokenInfo};
    use credo_primitives::hash::ZERO_DIGEST;
    use credo_primitives::spec::SPEC_VERSION;
    use credo_primitives::{ChainSpec, Preset, PublicKey, Text};
    use credo_state::{ReadError, StateRead};
    use proptest::prelude::*;
    use std::sync::Arc;

    use crate::BlockContext;
    use crate::authority::Authority;
    use crate::gas::Meter;
    use crate::limits::Limits;
    use crate::ram_usage::RamCharges;

    struct Empty;

    impl StateRead for Empty {
        fn get(&self, _: &StateKey) -> Result<Option<Vec<u8>>, ReadError> {
            Ok(None)
        }
    }

    fn name(text: &str) -> AccountName {
        AccountName::any(text).unwrap()
    }

    fn node(account: &str, status: CandidateStatus, fee_share: u8) -> Candidate {
        Candidate {
            account: name(account),
            key: PrivateKey::from_seed(account.bytes().map(u64::from).sum()).public_key(),
            location: Text::default(),
            url: Text::default(),
            net_id: Text::default(),
            generation: 0,
            registered: 0,
            status,
            order: 0,
            votes: Amount::ZERO,
            voted: Amount::ZERO,
            servi: 0,
            available: 0,
            missed: 0,
            aside_until: 0,
            leaving: false,
            loss: None,
            deposit: Amount::ZERO,
            lock: Amount::ZERO,
            deposit_until_ms: 0,
            fee_share,
            earned: Amount::ZERO,
            voters_pot: Amount::ZERO,
            voter_coef: 0,
        }
    }

    /// A state with an account of each inviter's, named like it with a 2 at its end.
    fn invited<'a>(view: &mut View<'a>, inviters: &[&str]) {
        let key = credo_primitives::SecretKey::from_seed(credo_primitives::Algorithm::Ed25519, &[7; 32]);
        let key: PublicKey = key.unwrap().public_key();
        for inviter in inviters {
            let account = name(&format!("{inviter}2"));
            let record = crate::contracts::new_account(&account, Some(name(inviter)), 0, &key, &key);
            view.put(StateKey::account(&account), &record);
        }
    }

    #[test]
    fn only_a_registered_servi_node_is_an_inviter() {
        let mut view = View::new(&Empty);
        invited(&mut view, &["first", "other", "third", "fourth", "fifth"]);
        let list = vec![
            node("first", CandidateStatus::Candidate, 30),
            node("other", CandidateStatus::Registered, 10),
            node("third", CandidateStatus::Lost, 10),
            node("fourth", CandidateStatus::Requested, 10),
        ];
        let candidates = Candidates::of(list);
        let found = |account: &str| {
            let inviter = inviter(&view, &candidates, &name(account)).unwrap();
            inviter.map(|i| (i.account.to_string(), i.share.of(1_000)))
        };
        assert_eq!(found("first2"), Some(("first".into(), 300)));
        assert_eq!(found("other2"), Some(("other".into(), 100)));
        for nobody in ["third2", "fourth2", "fifth2", "first", "ram.iost"] {
            assert_eq!(found(nobody), None, "{nobody}");
        }
    }

    #[test]
    fn gas_is_credited_to_inviter_and_app_once_for_a_block() {
        let mut view = View::new(&Empty);
        invited(&mut view, &["first"]);
        let stands = Gas {
            stock: 5,
            earned: 7,
            updated_ms: 9,
            ..Gas::default()
        };
        view.put(StateKey::gas(&name("first")), &stands);
        let candidates = Candidates::of(vec![node("first", CandidateStatus::Candidate, 25)]);
        let parameters = Parameters::preset(Preset::Main);
        let (payer, app) = (name("first2"), name("owner"));
        let mut shares = GasShares::default();
        for charged in [0, 1_001, 3, 2_000] {
            shares
                .add(&view, &candidates, &parameters, &payer, charged, Some(&app))
                .unwrap();
        }
        let of = |view: &View<'_>, account: &str| -> Option<Gas> {
            view.get(&StateKey::gas(&name(account))).unwrap()
        };
        assert_eq!(
            of(&view, "first"),
            Some(stands),
            "nothing is written before the end"
        );
        shares.write(&mut view).unwrap();
        let expected = Gas {
            earned: 7 + 250 + 500,
            ..stands
        };
        assert_eq!(of(&view, "first"), Some(expected));
        // The main preset's apps have a fifth.
        assert_eq!(of(&view, "owner").unwrap().earned, 200 + 400);
        assert_eq!(of(&view, "first2"), None);
    }

    fn chain_spec(key: &credo_primitives::ConsensusKey) -> ChainSpec {
        ChainSpec {
            version: SPEC_VERSION,
            preset: Preset::Main,
            name: Text::default(),
            parameters: Parameters::preset(Preset::Main),
            salt: ZERO_DIGEST,
            time_ms: 1,
            allocations: ZERO_DIGEST,
            state: credo_primitives::block::StateCommitment::ZERO.into(),
            servi_digest: ZERO_DIGEST,
            committee: vec![key.clone()],
        }
    }

    #[test]
    fn a_fee_goes_to_inviter_and_app_and_the_rest_is_burnt() {
        let mut view = View::new(&Empty);
        invited(&mut view, &["first"]);
        let token = |supply: u64| TokenInfo {
            issuer: name("issue.iost"),
            full_name: Text::default(),
            total_supply: Amount::MAX,
            supply: Amount::from_units(supply).unwrap(),
            decimals: 8,
            can_transfer: true,
            only_issuer_can_transfer: false,
        };
        view.put(StateKey::token(IOST), &token(5_000));
        let candidates = Candidates::of(vec![node("first", CandidateStatus::Candidate, 25)]);
        let key = candidates.list[0].key.clone();
        let spec = chain_spec(&key);
        let committee = spec.genesis_committee().unwrap();
        let ctx = BlockContext {
            spec: &spec,
            epoch: 0,
            height: 1,
            time_ms: 2,
            proposer: key,
            committee: &committee,
            view: 1,
            parent_view: 0,
            previous_msb: None,
        };
        let rules = Rules::of(&spec.parameters, Amount::MAX);
        let mut host = Host {
            view: &mut view,
            ledger: &mut Ledger::new(Arc::new(candidates)),
            authority: &Authority::default(),
            limits: &mut Limits::default(),
            meter: &mut Meter::new(100_000_000, 100, 1_000_000),
            rules: &rules,
            ctx: &ctx,
            now_ms: 2,
            publisher: "first2",
            receipts: Vec::new(),
            ram: RamCharges::default(),
            depth: 0,
        };
        let fee = Amount::from_units(1_001).unwrap();
        let market = name("ram.iost");
        host.credit(&market, IOST, fee).unwrap();
        hand_out(&mut host, &market, &name("first2"), fee, Some(&name("owner"))).unwrap();
        let receipts: Vec<_> = host.receipts.iter().map(|r| r.content.as_str()).collect();
        assert_eq!(
            receipts,
            [
                r#"["iost","ram.iost","first","0.0000025",""]"#,
                r#"["iost","ram.iost","owner","0.000002",""]"#,
                r#"["iost","ram.iost","0.00000551"]"#,
            ]
        );
        let units = |account: &str| -> u64 {
            let balance: Option<Balance> = view.get(&StateKey::balance(&name(account), IOST)).unwrap();
            balance.unwrap_or_default().available.units()
        };
        assert_eq!((units("first"), units("owner"), units("first2")), (250, 200, 0));
        let now: Option<TokenInfo> = view.get(&StateKey::token(IOST)).unwrap();
        assert_eq!(now, Some(token(5_000 - 551)));
        let pool: Option<Pool> = view.get(&StateKey::pool()).unwrap();
        assert_eq!(pool.unwrap().burnt.units(), 551);
    }

    fn ratio() -> impl Strategy<Value = Ratio> {
        (0..=u64::MAX, 1..=u64::MAX).prop_map(|(a, b)| Ratio {
            numerator: a.min(b),
            denominator: a.max(b).max(1),
        })
    }

    proptest! {
        #[test]
        fn the_parts_are_the_whole(
            fee in any::<u64>(), inviter in prop::option::of(ratio()), app in prop::option::of(ratio()),
        ) {
            let parts = split(fee, inviter, app);
            let sum = u128::from(parts.inviter) + u128::from(parts.app) + u128::from(parts.rest);
            prop_assert_eq!(sum, u128::from(fee));
            prop_assert_eq!(parts.inviter, inviter.map_or(0, |share| share.of(fee)));
            prop_assert!(parts.app <= app.map_or(0, |share| share.of(fee)));
            if inviter.is_none() {
                prop_assert_eq!(parts.app, app.map_or(0, |share| share.of(fee)));
            }
        }
    }
}
