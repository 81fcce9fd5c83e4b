//! The view: everything that the page draws, made from what is proved.

use crate::protocol::{ChainView, Sync, View};
use credo_primitives::spec::consensus_key;

use super::core::Core;
use super::servi::Surroundings;

impl Core {
    /// The view as of now. The ranking of Servi nodes travels apart (`Core::changed_list`): it can be a megabyte.
    pub(super) fn view(&self) -> View {
        View {
            sync: self.sync(),
            relays: self.chain.relay_views(),
            chain: self.chain_view(),
            keys: self.keys.view(&self.facts.names()),
            account: self.account_view(),
            candidates: None,
            activity: self.activity.view(),
        }
    }

    fn sync(&self) -> Sync {
        match self.chain.sync(self.offline) {
            // What stops the chain is more pressing than what is missing here.
            sync @ (Sync::Conflict { .. } | Sync::WrongChain { .. } | Sync::UpdateNeeded { .. }) => sync,
            sync => match &self.storage_lost {
                Some(detail) => Sync::StorageLost {
                    detail: detail.clone(),
                },
                None => sync,
            },
        }
    }

    fn chain_view(&self) -> Option<ChainView> {
        let spec = self.chain.spec()?;
        let turns = self.facts.turns.as_ref().map(|(turns, height)| (turns, *height));
        Some(ChainView {
            name: spec.name.to_string(),
            spec_hash: self.chain.hash()?,
            devnet: spec.is_devnet(),
            slot_ms: spec.parameters.slot_ms as f64,
            epoch_length: spec.parameters.epoch_length,
            vote_lock_ms: spec.parameters.vote_lock_ms as f64,
            pledge_lock_ms: spec.parameters.pledge_lock_ms as f64,
            gas_per_iost_day: spec.parameters.gas_per_iost_day as f64,
            availability_epochs: spec.parameters.availability_epochs,
            missed_epochs: spec.parameters.missed_epochs,
            aside_epochs: spec.parameters.aside_epochs,
            deposit: spec.parameters.deposit.to_string(),
            put_off: self.facts.round.as_ref().map_or(0, |round| round.put_off),
            removed: self.facts.round.as_ref().map_or(0, |round| round.removed),
            head: self.chain.head().map(|head| head.view()),
            blocks: self.chain.blocks().map(|head| head.view()).collect(),
            committee: self.chain.seats(turns, |key| self.node_name(key)),
            committee_epoch: self.chain.committee().map_or(0, |committee| committee.epoch()),
            hand_overs: self.chain.hand_overs().0,
            hand_overs_ms: self.chain.hand_overs().1,
            agreeing: self.chain.agreeing(),
        })
    }

    /// What Servi nodes are seen against.
    pub(super) fn surroundings(&self) -> Option<Surroundings<'_>> {
        let parameters = &self.chain.spec()?.parameters;
        Some(Surroundings {
            round: self.facts.round.as_ref(),
            turns: self.facts.turns.as_ref().map(|(turns, _)| turns),
            committee: self.chain.committee().map(|c| c.keys()).unwrap_or_default(),
            epoch: self.chain.epoch(),
            parameters,
        })
    }

    /// The account of the node with this consensus key (base58), by the proved record of the last election or ranking.
    pub(super) fn node_name(&self, key: &str) -> Option<String> {
        let seats = self.facts.round.iter().flat_map(|round| &round.seats);
        let elected = seats
            .into_iter()
            .find(|seat| consensus_key::to_base58(&seat.key) == key);
        elected.map(|seat| seat.account.to_string()).or_else(|| {
            let ranking = &self.list.as_ref()?.ranking;
            let node = ranking.find_key(&consensus_key::from_base58(key)?)?;
            Some(node.account.to_string())
        })
    }
}
