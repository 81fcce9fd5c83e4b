//! The worker's one state: what came in, what follows from it, and what goes out.
//!
//! No JavaScript is touched here: messages and the clock come in as arguments, messages and [`Job`]s go out in
//! [`Core::take`]. Bounds: [`MAX_ASKS`] questions to relays are under way at a time, [`MAX_REVIEWS`] drafts await their
//! signature, [`MAX_AWAITED`] faucet requests await their proof.

use std::collections::BTreeMap;

use crate::protocol::{CandidatesView, Environment, FromWorker, Reply, Shown, ToWorker, View};
use credo_light::{Query, Ranking};
use credo_primitives::AccountName;
use credo_wallet::{Draft, Keystore};

use super::activity::Activity;
use super::chain::Chain;
use super::facts::Facts;
use super::keys::Keys;
use super::parts::{Awaited, Done, ForList, Job, List, Loaded, Purpose};
use super::storage::{Write, key, meta};
use super::verified::{AskId, Happening};

const MAX_ASKS: usize = 64;
const MAX_REVIEWS: usize = 8;
const MAX_AWAITED: usize = 4;
/// A question that hasn't ended by then never will: the light client itself ends them sooner.
const ASK_LIMIT_MS: f64 = 45_000.0;
/// A relay that hasn't answered to a transaction by then is taken for silent.
const SUBMIT_LIMIT_MS: f64 = 10_000.0;
/// Account data at most this often.
const REFRESH_MS: f64 = 1_000.0;
/// A reviewed draft must be confirmed within this time; afterwards what it was based on is too old.
pub(super) const REVIEW_MS: f64 = 10.0 * 60_000.0;
/// The view at most this often.
const VIEW_MS: f64 = 100.0;
/// The checkpoint and the last proved values are stored at most this often.
const STORE_MS: f64 = 5_000.0;
/// How long the faucet's promise may take to be proved.
const AWAIT_MS: f64 = 30_000.0;

/// The state. See the [module's documentation](self).
pub(super) struct Core {
    pub(super) now: f64,
    pub(super) chain: Chain,
    pub(super) keys: Keys,
    pub(super) facts: Facts,
    pub(super) activity: Activity,
    pub(super) list: Option<List>,
    /// A newer ranking than the one that is shown, until as many parts of it are here.
    pub(super) coming: Option<Ranking>,
    pub(super) list_view: Option<Shown<CandidatesView>>,
    pub(super) list_view_dirty: bool,
    pub(super) watching: bool,
    pub(super) list_asked: f64,
    pub(super) for_list: Vec<ForList>,
    pub(super) asks: BTreeMap<AskId, (Purpose, f64)>,
    pub(super) reviews: BTreeMap<u32, (Draft, f64)>,
    pub(super) next_review: u32,
    pub(super) awaited: Vec<Awaited>,
    pub(super) storage_lost: Option<String>,
    pub(super) offline: bool,
    pinned: Option<String>,
    refreshed: f64,
    pub(super) refresh_soon: bool,
    stored: f64,
    pub(super) store_soon: bool,
    last_view: Option<View>,
    viewed: f64,
    changed: bool,
    out: Vec<FromWorker>,
    jobs: Vec<Job>,
}

impl Core {
    /// A worker that has heard nothing yet.
    pub(super) fn new(now: f64) -> Self {
        Self {
            now,
            chain: Chain::default(),
            keys: Keys::default(),
            facts: Facts::default(),
            activity: Activity::default(),
            list: None,
            coming: None,
            list_view: None,
            list_view_dirty: false,
            watching: false,
            list_asked: 0.0,
            for_list: Vec::new(),
            asks: BTreeMap::new(),
            reviews: BTreeMap::new(),
            next_review: 1,
            awaited: Vec::new(),
            storage_lost: None,
            offline: false,
            pinned: None,
            refreshed: 0.0,
            refresh_soon: false,
            stored: 0.0,
            store_soon: false,
            last_view: None,
            viewed: 0.0,
            changed: true,
            out: Vec::new(),
            jobs: Vec::new(),
        }
    }

    /// A message of the page.
    pub(super) fn hear(&mut self, message: ToWorker, now: f64) {
        self.clock(now);
        match message {
            ToWorker::Start { pinned, relays } => {
                self.chain.start(relays);
                self.jobs.push(Job::Load { pinned });
            }
            ToWorker::Connected {
                relay,
                transport,
                dial_ms: _,
            } => {
                self.chain.connected(relay, transport, now);
                self.activity.reconnected();
                self.refresh_soon = true;
            }
            ToWorker::Disconnected { relay, reason } => self.chain.disconnected(relay, reason, now),
            ToWorker::Frame { relay, bytes } => self.chain.frame(relay, bytes, now),
            ToWorker::Environment(change) => self.environment(change),
            ToWorker::Command { id, command } => {
                // Whatever the user asks for shows that somebody is there.
                self.keys.activity(now);
                self.command(id, command);
            }
        }
        self.follow();
    }

    /// The clock moved on.
    pub(super) fn tick(&mut self, now: f64) {
        self.clock(now);
        self.chain.tick(now);
        self.expire();
        self.follow();
    }

    /// A job was done.
    pub(super) fn done(&mut self, done: Done, now: f64) {
        self.clock(now);
        match done {
            Done::Loaded(loaded) => self.loaded(*loaded),
            Done::Revisited(loaded) if loaded.keystore.is_some() && self.keys.keystore().is_none() => {
                self.wallet_loaded(&loaded);
                self.refresh_soon = true;
            }
            Done::Revisited(_) => {}
            Done::StorageFailed(why) => self.storage_lost = Some(why),
            Done::Erased(command, result) => self.reply(command, result.map(|()| Reply::Done)),
            Done::Faucet {
                command,
                name,
                account,
                result,
            } => self.faucet_answered(command, name, account, result),
        }
        self.follow();
    }

    /// What is to be posted and done.
    pub(super) fn take(&mut self) -> (Vec<FromWorker>, Vec<Job>) {
        self.show();
        (std::mem::take(&mut self.out), std::mem::take(&mut self.jobs))
    }

    fn clock(&mut self, now: f64) {
        self.now = now;
        self.changed = true;
        if self.keys.tick(now) {
            self.reviews.clear();
        }
    }

    fn environment(&mut self, change: Environment) {
        match change {
            Environment::Online => self.offline = false,
            Environment::Offline => self.offline = true,
            Environment::Hidden => self.keys.hidden(true, self.now),
            Environment::Visible => self.keys.hidden(false, self.now),
            Environment::Resumed => self.refresh_soon = true,
            Environment::Activity => self.keys.activity(self.now),
        }
        self.chain.environment(change, self.now);
    }

    fn wallet_loaded(&mut self, loaded: &Loaded) {
        if let Some(why) = &loaded.failed {
            self.storage_lost = Some(why.clone());
        }
        let keystore = loaded.keystore.as_deref().map(|bytes| {
            let text = String::from_utf8_lossy(bytes);
            Keystore::from_json(&text)
                .map_err(|e| format!("The stored key can't be read: {e}. Import your words or a backup."))
        });
        let keystore = match keystore {
            Some(Ok(keystore)) => Some(keystore),
            Some(Err(why)) => {
                self.storage_lost = Some(why);
                None
            }
            None if loaded.had_key => {
                self.storage_lost = Some(
                    "This browser has dropped the stored key. Import it again from your words or a backup."
                        .into(),
                );
                None
            }
            None => None,
        };
        self.keys.loaded(keystore);
        self.facts.forget();
        if self.keys.public_key().is_some() {
            if let Some(bytes) = &loaded.proved {
                self.facts.load(bytes);
            }
            let name = loaded
                .account
                .clone()
                .and_then(|bytes| String::from_utf8(bytes).ok());
            if let Some(name) = name.and_then(|name| AccountName::any(name).ok()) {
                self.facts.choose(name);
            }
        }
        match Activity::load(loaded.activity.as_deref()) {
            Ok(activity) => self.activity = activity,
            Err(_) => {
                self.storage_lost = Some(
                    "The stored list of transactions can't be read; what happened on the chain is untouched."
                        .into(),
                );
            }
        }
    }

    fn loaded(&mut self, loaded: Loaded) {
        self.wallet_loaded(&loaded);
        self.pinned = loaded.pinned.clone();
        let checkpoint = loaded.checkpoint.as_deref();
        let pinned = self
            .chain
            .pin(loaded.pinned.as_deref(), loaded.given, checkpoint, self.now);
        if let Err(why) = pinned {
            self.chain.note_problem(why);
        }
        self.refresh_soon = true;
    }

    /// Follows up on what the light client says, until it says nothing more.
    fn follow(&mut self) {
        self.listen();
        self.go_on();
        self.listen();
    }

    fn listen(&mut self) {
        while let Some(happening) = self.chain.take() {
            match happening {
                Happening::Post(message) => self.out.push(message),
                Happening::Store { hash, checkpoint } => self.trusted(hash, checkpoint),
                Happening::Head => self.new_head(),
                Happening::Answered(ask, result) => {
                    if let Some((purpose, _)) = self.asks.remove(&ask) {
                        self.answered(purpose, result);
                    }
                }
            }
        }
    }

    /// What is trusted now, to be stored; the chain's hash is pinned with it.
    fn trusted(&mut self, hash: String, checkpoint: Vec<u8>) {
        if self.pinned.is_none() {
            // The small database may be gone while this chain's own still holds a key.
            self.jobs.push(Job::Revisit { spec: hash.clone() });
        }
        let marks = if self.pinned.as_deref() == Some(&hash) {
            Vec::new()
        } else {
            vec![(meta::PINNED.into(), Some(hash.clone().into_bytes()))]
        };
        self.pinned = Some(hash.clone());
        self.jobs.push(Job::Store {
            spec: hash,
            writes: vec![(key::CHECKPOINT.into(), Some(checkpoint))],
            meta: marks,
        });
    }

    fn new_head(&mut self) {
        self.store_soon = true;
        // Believable to final takes less than a second: each head may bring the proof.
        for hash in self.activity.ask_about() {
            self.trace(hash);
        }
    }

    pub(super) fn trace(&mut self, hash: String) {
        let digest = credo_primitives::hash::digest_from_base58(&hash);
        let asked = digest.is_some_and(|hash_bytes| {
            self.ask(
                Query::Transaction(hash_bytes),
                Purpose::Trace { hash: hash.clone() },
            )
        });
        if !asked {
            self.activity.unanswered(&hash);
        }
    }

    /// What is due by the clock: refreshes, sending again, storing.
    fn go_on(&mut self) {
        if self.chain.synced() {
            let due = self.now - self.refreshed >= REFRESH_MS || self.refresh_soon;
            let pending = self
                .asks
                .values()
                .any(|(purpose, _)| matches!(purpose, Purpose::Refresh(_)));
            let moved = self.chain.head().is_some_and(|head| {
                self.facts
                    .holding
                    .as_ref()
                    .is_none_or(|held| held.proof.height < head.proof.height)
            });
            if due && !pending && (moved || self.refresh_soon) {
                self.refresh();
            }
            let chain_ms = self.chain.clock_ms(self.now);
            for (hash, bytes) in self.activity.send_again(self.now, chain_ms) {
                self.send(hash, bytes);
            }
            self.watch_list();
            self.follow_proposals();
        }
        self.settle_awaited();
        if self.store_soon && self.now - self.stored >= STORE_MS {
            self.store_progress();
        }
    }

    fn refresh(&mut self) {
        let (refresh, keys) = self.facts.refresh(self.keys.public_key());
        if self.ask(Query::State(keys), Purpose::Refresh(refresh)) {
            self.refreshed = self.now;
            self.refresh_soon = false;
        }
    }

    fn store_progress(&mut self) {
        let mut writes: Vec<Write> = Vec::new();
        if let Some(bytes) = self.facts.to_bytes() {
            writes.push((key::PROVED.into(), Some(bytes)));
        }
        self.stored = self.now;
        self.store_soon = false;
        self.store(writes);
    }

    /// Stores into the present chain's database; without a chain there is nothing to store into.
    pub(super) fn store(&mut self, writes: Vec<Write>) {
        self.store_with_meta(writes, Vec::new());
    }

    pub(super) fn store_with_meta(&mut self, writes: Vec<Write>, meta: Vec<Write>) {
        if let Some(spec) = self.chain.hash()
            && !(writes.is_empty() && meta.is_empty())
        {
            self.jobs.push(Job::Store { spec, writes, meta });
        }
    }

    pub(super) fn store_activity(&mut self) {
        let bytes = self.activity.to_bytes();
        self.store(vec![(key::ACTIVITY.into(), Some(bytes))]);
    }

    /// Asks the relays; false when that can't be.
    pub(super) fn ask(&mut self, query: Query, purpose: Purpose) -> bool {
        if self.asks.len() >= MAX_ASKS {
            return false;
        }
        match self.chain.ask(query, self.now) {
            Some(id) => {
                self.asks.insert(id, (purpose, self.now));
                true
            }
            None => false,
        }
    }

    /// Sends a transaction to every connected relay.
    pub(super) fn send(&mut self, hash: String, bytes: Vec<u8>) {
        for relay in self.chain.connected_relays() {
            if let Some(id) = self.chain.submit(relay, bytes.clone()) {
                self.asks
                    .insert(id, (Purpose::Submit { hash: hash.clone() }, self.now));
            }
        }
    }

    fn expire(&mut self) {
        let now = self.now;
        let limit = |purpose: &Purpose| match purpose {
            Purpose::Submit { .. } => SUBMIT_LIMIT_MS,
            _ => ASK_LIMIT_MS,
        };
        let late: Vec<AskId> = self
            .asks
            .iter()
            .filter(|(_, (purpose, at))| now - at > limit(purpose))
            .map(|(id, _)| *id)
            .collect();
        for id in late {
            match self.asks.remove(&id) {
                // Silence is no refusal: it is sent again and asked after.
                None | Some((Purpose::Submit { .. }, _)) => {}
                Some((purpose, _)) => {
                    let why = "No relay answers. Check the connection and try again.".to_owned();
                    self.answered(purpose, Err(why));
                }
            }
        }
        self.reviews.retain(|_, (_, at)| now - *at <= REVIEW_MS);
    }

    pub(super) fn keep_review(&mut self, draft: Draft) -> u32 {
        let id = self.next_review;
        self.next_review = self.next_review.wrapping_add(1);
        while self.reviews.len() >= MAX_REVIEWS {
            self.reviews.pop_first();
        }
        self.reviews.insert(id, (draft, self.now));
        id
    }

    pub(super) fn job(&mut self, job: Job) {
        self.jobs.push(job);
    }

    pub(super) fn reply(&mut self, id: u32, result: Result<Reply, String>) {
        self.out.push(FromWorker::Reply { id, result });
    }

    pub(super) fn await_proof(&mut self, command: u32, account: Option<AccountName>, hash: String) {
        if self.awaited.len() >= MAX_AWAITED {
            let why = "Several faucet requests are under way already. Wait for them first.";
            self.reply(command, Err(why.into()));
            return;
        }
        let until = self.now + AWAIT_MS;
        self.awaited.push(Awaited {
            command,
            account,
            hash,
            until,
        });
    }

    /// Something happened since the last view, which was too recent to follow it with another.
    pub(super) fn view_due(&self) -> bool {
        self.changed
    }

    /// The timer for a held-back view has run down.
    pub(super) fn view_now(&mut self, now: f64) {
        self.now = now;
        self.viewed = 0.0;
    }

    /// Posts the view if it changed and enough time has passed.
    fn show(&mut self) {
        if !self.changed || (self.now - self.viewed).abs() < VIEW_MS {
            return;
        }
        self.viewed = self.now;
        self.changed = false;
        let view = self.view();
        if self.last_view.as_ref() != Some(&view) {
            self.out.push(FromWorker::View(Box::new(view.clone())));
            self.last_view = Some(view);
        }
        if let Some(shown) = self.changed_list() {
            self.out.push(FromWorker::Candidates(Box::new(shown)));
        }
    }
}
