//! What follows from verified answers.

use crate::protocol::{CandidatesView, NameStatus, Reply, Shown, Stage};
use credo_light::Query;
use credo_primitives::hash::digest_from_base58;

use super::activity::Trace;
use super::chain::TOO_FAR_BACK;
use super::core::Core;
use super::parts::{ForList, List, Purpose};
use super::storage::key;
use super::verified::Answer;

/// The list again after a change of it, at most this often.
const LIST_MS: f64 = 1_000.0;
/// The list for an account whose nodes aren't in the one that is here, at most this often.
const ACCOUNT_LIST_MS: f64 = 10_000.0;
/// A list over this size only every five seconds.
const LARGE: u64 = 256 * 1024;
const STRANGE: &str = "The relay answered something else than was asked. Try again.";

impl Core {
    /// Goes on with whatever a question was asked for.
    pub(super) fn answered(&mut self, purpose: Purpose, result: Result<Answer, String>) {
        match purpose {
            Purpose::Refresh(refresh) => {
                if let Ok(Answer::State { proof, entries }) = result {
                    let own = self.keys.public_key().cloned();
                    let before = self.facts.round.as_ref().map(|round| round.epoch);
                    let list = self.list.as_ref().map(|list| &list.candidates);
                    match self.facts.learn(&refresh, proof, &entries, own.as_ref(), list) {
                        Ok(again) => self.refresh_soon = again,
                        Err(why) => self.chain.note_problem(why),
                    }
                    if self.facts.round.as_ref().map(|round| round.epoch) != before {
                        self.list_view_dirty = true;
                    }
                    let small = self.list.as_ref().is_some_and(|list| list.bytes <= LARGE);
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
                        // Contracts have no entry of their own.
                        _ if name.is_contract() => NameStatus::Exists { height: proof.height },
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
            Ok(Answer::Candidates {
                proof,
                candidates,
                round,
                turns,
                bytes,
            }) => {
                if round.is_some() {
                    self.facts.round = round;
                }
                if let Some(turns) = turns {
                    self.facts.turns = Some((turns, proof.height));
                }
                let digest = candidates.digest();
                self.facts.digest = Some(digest);
                self.facts.listed(&candidates);
                // What it tells of votes may be worth asking for.
                self.refresh_soon = true;
                self.list = Some(List {
                    proof,
                    candidates: *candidates,
                    digest,
                    bytes,
                });
                self.list_view_dirty = true;
                Ok(())
            }
            Ok(_) => Err(STRANGE.to_owned()),
            Err(why) => Err(why),
        };
        for then in waiting {
            let command = match &then {
                ForList::Watch(id) | ForList::Prepare(id, _) | ForList::LookUp(id, _) => *id,
            };
            let went_on = outcome.clone().and_then(|()| match then {
                ForList::Watch(id) => {
                    self.reply(id, Ok(Reply::Done));
                    Ok(())
                }
                ForList::Prepare(id, intent) => self.prepare_on_state(id, intent),
                ForList::LookUp(id, what) => self.look_up_in_list(id, what),
            });
            if let Err(why) = went_on {
                self.reply(command, Err(why));
            }
        }
    }

    /// While the Vote screen is open: fetches the list again when its proved digest says that it changed.
    pub(super) fn watch_list(&mut self) {
        let Some(list) = &self.list else {
            if self.watching && self.now - self.list_asked > 2_000.0 {
                self.ask_list();
            }
            return;
        };
        let every = if list.bytes > LARGE {
            5.0 * LIST_MS
        } else {
            LIST_MS
        };
        let changed = self.facts.digest.is_some_and(|digest| digest != list.digest);
        if self.watching && changed && self.now - self.list_asked >= every {
            self.ask_list();
        }
    }

    /// Fetches the list once for an account that votes or has a node: its rewards and its dates rest on it.
    pub(super) fn list_for_account(&mut self) {
        let wanted = self
            .facts
            .holding
            .as_ref()
            .is_some_and(|holding| holding.held.needs_list());
        if wanted && self.now - self.list_asked > ACCOUNT_LIST_MS {
            self.ask_list();
        }
    }

    fn ask_list(&mut self) {
        let pending = self
            .asks
            .values()
            .any(|(purpose, _)| matches!(purpose, Purpose::List));
        if !pending && self.ask(Query::Candidates, Purpose::List) {
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
            _ => self.surroundings()?.list(&list.candidates, list.bytes),
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
