//! What follows from verified answers.

use crate::protocol::{CandidatesView, NameStatus, Reply, Shown, Stage};
use credo_light::{Query, Ranking, RankingInfo};
use credo_pob::Candidate;
use credo_primitives::AccountName;
use credo_primitives::hash::digest_from_base58;

use super::activity::Trace;
use super::chain::TOO_FAR_BACK;
use super::commands::NO_CHAIN;
use super::core::Core;
use super::facts::{Proof, decode};
use super::parts::{ForList, List, Purpose};
use super::storage::key;
use super::verified::Answer;

/// The ranking again after a change of it, at most this often.
const LIST_MS: f64 = 1_000.0;
/// More of the ranking than this isn't drawn anew with every block's turns.
const LARGE: usize = 256 * 1024;
const STRANGE: &str = "The relay answered something else than was asked. Try again.";

impl Core {
    /// Goes on with whatever a question was asked for.
    pub(super) fn answered(&mut self, purpose: Purpose, result: Result<Answer, String>) {
        match purpose {
            Purpose::Refresh(refresh) => {
                if let Ok(Answer::State { proof, entries }) = result {
                    let own = self.keys.public_key().cloned();
                    let before = self.facts.round.as_ref().map(|round| round.epoch);
                    match self.facts.learn(&refresh, proof, &entries, own.as_ref()) {
                        Ok(again) => self.refresh_soon = again,
                        Err(why) => self.chain.note_problem(why),
                    }
                    if self.facts.round.as_ref().map(|round| round.epoch) != before {
                        self.list_view_dirty = true;
                    }
                    let small = self.list.as_ref().is_some_and(|list| list.ranking.bytes <= LARGE);
                    if self.watching && small {
                        // Turns move with every block.
                        self.list_view_dirty = true;
                    }
                    self.store_soon = true;
                }
            }
            Purpose::Name { command, name } => {
                let outcome = match result {
                    Ok(Answer::State { proof, entries }) => Ok(Reply::Name(match entries.first() {
                        Some(Some(_)) => NameStatus::Exists { height: proof.height },
                        // The system's contracts have no entry of their own.
                        _ if name.is_system_contract() => NameStatus::Exists { height: proof.height },
                        _ => NameStatus::Free { height: proof.height },
                    })),
                    Ok(_) => Err(STRANGE.to_owned()),
                    Err(why) => Err(why),
                };
                self.reply(command, outcome);
            }
            Purpose::Prepare {
                command,
                intent,
                query,
            } => {
                let outcome = match result {
                    Ok(Answer::State { proof, entries }) => self.reviewed(intent, &query, proof, &entries),
                    Ok(_) => Err(STRANGE.to_owned()),
                    Err(why) => Err(why),
                };
                self.reply(command, outcome.map(Reply::Review));
            }
            Purpose::Proposals(asked) => {
                if let Ok(Answer::State { proof, entries }) = result {
                    self.proposals_came(&asked, proof, &entries);
                }
            }
            Purpose::List => self.listed(result),
            Purpose::Node { command, name } => {
                let outcome = match result {
                    Ok(Answer::State { entries, .. }) => self.node_found(&name, &entries),
                    Ok(_) => Err(STRANGE.to_owned()),
                    Err(why) => Err(why),
                };
                self.reply(command, outcome);
            }
            Purpose::Trace { hash } => self.traced(&hash, result),
            Purpose::Submit { hash } => match result {
                Ok(_) => self.activity.taken(&hash),
                Err(why) => {
                    let relays = self.chain.connected_relays().len();
                    if self.activity.refused(&hash, &why, relays) {
                        self.store_activity();
                    }
                }
            },
            Purpose::LookUp { command, what } => self.looked_up(command, what, result),
        }
    }

    fn traced(&mut self, hash: &str, result: Result<Answer, String>) {
        let (trace, included) = match result {
            Ok(Answer::Trace { trace, included }) => (trace, included),
            Err(why) if why == TOO_FAR_BACK => (Trace::TooFarBack, None),
            _ => return self.activity.unanswered(hash),
        };
        let chain_ms = self.chain.clock_ms(self.now);
        if !self.activity.traced(hash, trace, self.now, chain_ms) {
            return;
        }
        if let Some(included) = included {
            self.store(vec![(key::proof(hash), included.evidence)]);
            // What it changed should show at once.
            self.refresh_soon = true;
        }
        self.store_activity();
    }

    fn listed(&mut self, result: Result<Answer, String>) {
        let waiting = std::mem::take(&mut self.for_list);
        let outcome = match result {
            Ok(Answer::Ranking { proof, info }) => {
                if info.round.is_some() {
                    self.facts.round.clone_from(&info.round);
                }
                if let Some(turns) = &info.turns {
                    self.facts.turns = Some((turns.clone(), proof.height));
                }
                self.facts.ranking = Some(info.head);
                self.take_part(proof, &info);
                Ok(())
            }
            Ok(_) => Err(STRANGE.to_owned()),
            Err(why) => Err(why),
        };
        for then in waiting {
            let command = match &then {
                ForList::Watch(id) | ForList::More(id) | ForList::LookUp(id, _) => *id,
            };
            let went_on = outcome.clone().and_then(|()| match then {
                // Until as many parts of a newer ranking are here as there were.
                then @ (ForList::Watch(_) | ForList::More(_)) if self.coming.is_some() => {
                    self.with_list(then)
                }
                ForList::Watch(id) | ForList::More(id) => {
                    self.reply(id, Ok(Reply::Done));
                    Ok(())
                }
                ForList::LookUp(id, what) => self.look_up_in_list(id, what),
            });
            if let Err(why) = went_on {
                self.reply(command, Err(why));
            }
        }
        if self.coming.is_some() {
            self.ask_list();
        }
    }

    /// Puts a proved part where it belongs: to the ranking that is shown, or to a newer one that takes its place once as
    /// much of it is here.
    fn take_part(&mut self, proof: Proof, info: &RankingInfo) {
        if let Some(list) = self.list.as_mut().filter(|list| list.ranking.head == info.head) {
            if list.ranking.add(info) {
                list.proof = proof;
                self.list_view_dirty = true;
            }
            return;
        }
        let added = self.coming.as_mut().is_some_and(|coming| coming.add(info));
        if !added {
            // Of yet another epoch; what isn't its first part is asked for again from there.
            self.coming = Ranking::begin(info);
        }
        let shown = self.list.as_ref().map_or(0, |list| list.ranking.nodes.len());
        let whole = |coming: &Ranking| coming.nodes.len() >= shown || coming.next().is_none();
        if let Some(ranking) = self.coming.take_if(|coming| whole(coming)) {
            self.list = Some(List { proof, ranking });
            self.list_view_dirty = true;
        }
    }

    /// The part that is to be asked for now.
    pub(super) fn wanted_part(&self) -> u32 {
        match (&self.coming, &self.list) {
            (Some(coming), _) => coming.next().unwrap_or(0),
            (None, Some(list)) if !self.list_is_old() => list.ranking.next().unwrap_or(0),
            _ => 0,
        }
    }

    /// True when the state has a newer ranking than the one that is shown.
    fn list_is_old(&self) -> bool {
        let newest = self.facts.ranking;
        self.list
            .as_ref()
            .is_some_and(|list| newest.is_some_and(|newest| newest != list.ranking.head))
    }

    /// True while a part is being asked for.
    pub(super) fn list_pending(&self) -> bool {
        self.asks
            .values()
            .any(|(purpose, _)| matches!(purpose, Purpose::List))
    }

    /// A node's own record came, or that there is none.
    fn node_found(&self, name: &AccountName, entries: &[Option<Vec<u8>>]) -> Result<Reply, String> {
        let entry = entries.first().and_then(Option::as_deref);
        let node = decode::<Candidate>(entry)?.filter(|node| node.account == *name);
        let around = self.surroundings().ok_or(NO_CHAIN)?;
        let ranking = self.list.as_ref().map(|list| &list.ranking);
        Ok(Reply::Node(
            node.map(|node| Box::new(around.single(&node, ranking))),
        ))
    }

    /// While the Vote screen is open: fetches the ranking again when an epoch began with a new one.
    pub(super) fn watch_list(&mut self) {
        if !self.watching || self.now - self.list_asked < LIST_MS {
            return;
        }
        let missing = self.list.is_none() && self.now - self.list_asked > 2.0 * LIST_MS;
        if missing || self.list_is_old() {
            self.ask_list();
        }
    }

    fn ask_list(&mut self) {
        if !self.list_pending() && self.ask(Query::Ranking(self.wanted_part()), Purpose::List) {
            self.list_asked = self.now;
        }
    }

    /// The list as the page draws it, if it changed since it was last posted.
    pub(super) fn changed_list(&mut self) -> Option<Shown<CandidatesView>> {
        let list = self.list.as_ref()?;
        let fresh = self.chain.synced();
        let face = list.proof.face(fresh);
        let face_changed = self.list_view.as_ref().is_none_or(|shown| shown.face != face);
        if !self.list_view_dirty && !face_changed {
            return None;
        }
        let value = match &self.list_view {
            Some(shown) if !self.watching && face_changed => shown.value.clone(),
            _ => self.surroundings()?.list(&list.ranking),
        };
        self.list_view_dirty = false;
        let shown = Shown { value, face };
        if self.list_view.as_ref() == Some(&shown) {
            return None;
        }
        self.list_view = Some(shown.clone());
        Some(shown)
    }

    /// Answers faucet commands whose promise is proved, failed, or took too long.
    pub(super) fn settle_awaited(&mut self) {
        if self.awaited.is_empty() {
            return;
        }
        let mut still = Vec::new();
        for waiting in std::mem::take(&mut self.awaited) {
            let stage = self.activity.stage(&waiting.hash).cloned();
            let there = waiting
                .account
                .as_ref()
                .is_none_or(|name| self.facts.accounts.iter().flatten().any(|known| known == name));
            let outcome = match stage.clone() {
                Some(Stage::Proved {
                    failed: Some(why), ..
                }) => Some(Err(format!("The faucet's transaction failed: {why}"))),
                Some(Stage::Refused(why)) => Some(Err(why)),
                Some(Stage::Proved { .. }) if there => Some(Ok(Reply::Done)),
                _ if self.now > waiting.until => Some(Err(
                    "The faucet's transaction isn't proved yet. It may still come: look at the activity."
                        .into(),
                )),
                _ => None,
            };
            match outcome {
                Some(outcome) => {
                    if let (Ok(_), Some(name)) = (&outcome, &waiting.account) {
                        self.facts.choose(name.clone());
                        self.store(vec![(key::ACCOUNT.into(), Some(name.to_string().into_bytes()))]);
                        self.refresh_soon = true;
                    }
                    self.reply(waiting.command, outcome);
                }
                None => {
                    if waiting.account.is_some() && !there && matches!(stage, Some(Stage::Proved { .. })) {
                        self.refresh_soon = true;
                    }
                    still.push(waiting);
                }
            }
        }
        self.awaited = still;
    }
}

/// The digest in a base58 text, for a transaction that this wallet knows by it.
pub(super) fn is_hash(text: &str) -> bool {
    (40..=44).contains(&text.len()) && digest_from_base58(text).is_some()
}
