//! What the user asks for.

use crate::protocol::{Command, NameStatus, Reply, Secret};
use credo_light::Query;
use credo_primitives::hash::digest_to_base58;
use credo_primitives::{AccountName, StateKey};
use credo_wallet::Intent as Wanted;
use zeroize::Zeroizing;

use super::activity::{MAX_OPEN, Record};
use super::core::Core;
use super::keys::{capital, new_words};
use super::parts::{ForList, Job, Purpose};
use super::storage::{Write, key, meta};

pub(super) const NO_CHAIN: &str =
    "The chain isn't known yet: no relay has been reached. Check the connection and try again.";
const NOT_SYNCED: &str = "No verified head yet. Wait until the wallet is in sync, then try again.";
pub(super) const TOO_MUCH: &str = "Too much is under way at once. Wait a moment and try again.";

type Outcome = Result<Reply, String>;

impl Core {
    /// Does what the user asks for, now or once the relays have answered.
    pub(super) fn command(&mut self, id: u32, command: Command) {
        let outcome = match command {
            Command::CreateWords => Some(Ok(Reply::Words(new_words()))),
            Command::SetUp { secret, password } => Some(self.set_up(secret, &Zeroizing::new(password))),
            Command::Unlock { password } => {
                let password = Zeroizing::new(password);
                Some(self.keys.unlock(&password, self.now).map(|()| Reply::Done))
            }
            Command::Lock => {
                self.keys.lock();
                self.reviews.clear();
                Some(Ok(Reply::Done))
            }
            Command::Erase => self.erase(id),
            Command::StartOver => self.start_over(id),
            Command::FaucetAccount { name } => self.faucet_account(id, &name).err().map(Err),
            Command::FaucetTokens => self.faucet_tokens(id).err().map(Err),
            Command::ChooseAccount { name } => Some(self.choose(&name)),
            Command::CheckName { name } => self.check_name(id, &name),
            Command::Prepare(intent) => self.prepare(id, &intent).err().map(Err),
            Command::Confirm { review } => Some(self.confirm(review)),
            Command::LookUp { query } => self.look_up(id, &query).err().map(Err),
            Command::WatchCandidates { on } => self.watch(id, on),
            Command::MoreCandidates => self.more(id),
            Command::FindNode { name } => self.find_node(id, &name).err().map(Err),
            Command::ExportBackup => Some(self.backup()),
        };
        if let Some(outcome) = outcome {
            self.reply(id, outcome);
        }
    }

    fn set_up(&mut self, secret: Secret, password: &str) -> Outcome {
        let Some(spec) = self.chain.hash() else {
            return Err(NO_CHAIN.into());
        };
        let keystore = self.keys.seal(secret, password, self.now)?;
        self.storage_lost = None;
        self.facts.forget();
        self.refresh_soon = true;
        self.store_with_meta(
            vec![(key::KEYSTORE.into(), Some(keystore.to_json().into_bytes()))],
            vec![(
                meta::has_key(&spec),
                Some(keystore.public_key().to_base58().into_bytes()),
            )],
        );
        Ok(Reply::Done)
    }

    fn erase(&mut self, id: u32) -> Option<Outcome> {
        let Some(spec) = self.chain.hash() else {
            self.keys.loaded(None);
            return Some(Ok(Reply::Done));
        };
        self.forget_wallet();
        let mark: Vec<Write> = vec![(meta::has_key(&spec), None)];
        self.job(Job::Erase {
            spec,
            meta: mark,
            command: Some(id),
        });
        None
    }

    fn forget_wallet(&mut self) {
        self.keys.unload();
        self.keys.loaded(None);
        self.facts.forget();
        self.activity = Default::default();
        self.reviews.clear();
        self.storage_lost = None;
    }

    /// Forgets the old devnet and pins the one that the relay serves now. The key, which isn't the chain's, stays.
    fn start_over(&mut self, id: u32) -> Option<Outcome> {
        let Some((old, new)) = self.chain.start_over(self.now) else {
            return Some(Err(
                "There is nothing to start over: the relay serves the chain that is pinned.".into(),
            ));
        };
        self.facts.forget();
        self.facts = Default::default();
        self.activity = Default::default();
        self.reviews.clear();
        self.asks.clear();
        self.list = None;
        self.coming = None;
        self.list_view = None;
        self.refresh_soon = true;
        let mut marks: Vec<Write> = vec![(meta::has_key(&old), None)];
        if let Some(keystore) = self.keys.keystore() {
            let bytes = keystore.to_json().into_bytes();
            let mark = keystore.public_key().to_base58().into_bytes();
            marks.push((meta::has_key(&new), Some(mark)));
            // Written first: whatever happens in between, the key stands in one of the two.
            self.job(Job::Store {
                spec: new.clone(),
                writes: vec![(key::KEYSTORE.into(), Some(bytes))],
                meta: Vec::new(),
            });
        }
        marks.push((meta::PINNED.into(), Some(new.into_bytes())));
        self.job(Job::Erase {
            spec: old,
            meta: marks,
            command: Some(id),
        });
        None
    }

    fn backup(&self) -> Outcome {
        match self.keys.keystore() {
            Some(keystore) => Ok(Reply::Backup(keystore.to_json())),
            None => Err("There is no key here to back up.".into()),
        }
    }

    fn choose(&mut self, name: &str) -> Outcome {
        let name = Wanted::name(name).map_err(|e| capital(&e.to_string()))?;
        if !self.facts.accounts.iter().flatten().any(|known| known == &name) {
            return Err(format!("{name} isn't an account of this key."));
        }
        self.facts.choose(name.clone());
        self.refresh_soon = true;
        self.store(vec![(key::ACCOUNT.into(), Some(name.to_string().into_bytes()))]);
        Ok(Reply::Done)
    }

    fn check_name(&mut self, id: u32, name: &str) -> Option<Outcome> {
        let name = match Wanted::name(name) {
            Ok(name) => name,
            Err(error) => return Some(Ok(Reply::Name(NameStatus::Invalid(capital(&error.to_string()))))),
        };
        let keys = vec![StateKey::account(&name)];
        self.question(Query::State(keys), Purpose::Name { command: id, name })
            .err()
            .map(Err)
    }

    /// Asks on behalf of a command; the error is for the user.
    pub(super) fn question(&mut self, query: Query, purpose: Purpose) -> Result<(), String> {
        if !self.chain.synced() {
            return Err(if self.chain.hash().is_none() {
                NO_CHAIN
            } else {
                NOT_SYNCED
            }
            .into());
        }
        if self.ask(query, purpose) {
            Ok(())
        } else {
            Err(TOO_MUCH.into())
        }
    }

    fn faucet_account(&mut self, id: u32, name: &str) -> Result<(), String> {
        let name = Wanted::new_name(name).map_err(|e| capital(&e.to_string()))?;
        self.faucet(id, &name, true)
    }

    fn faucet_tokens(&mut self, id: u32) -> Result<(), String> {
        let Some(name) = self.facts.chosen.clone() else {
            return Err("There is no account to give tokens to yet. Ask for an account first.".into());
        };
        self.faucet(id, &name, false)
    }

    fn faucet(&mut self, command: u32, name: &AccountName, account: bool) -> Result<(), String> {
        let Some(public_key) = self.keys.public_key().map(|key| key.to_base58()) else {
            return Err("There is no key here yet. Create or import one first.".into());
        };
        match self.chain.spec() {
            None => Err(NO_CHAIN.into()),
            Some(spec) if !spec.is_devnet() => Err("Only a devnet has a faucet.".into()),
            Some(_) => {
                self.job(Job::Faucet {
                    command,
                    name: name.to_string(),
                    public_key: account.then_some(public_key),
                });
                Ok(())
            }
        }
    }

    /// The faucet promised; what it promised is followed up to its proof.
    pub(super) fn faucet_answered(
        &mut self,
        command: u32,
        name: String,
        account: bool,
        result: Result<String, String>,
    ) {
        let hash = match result {
            Ok(hash) if credo_primitives::hash::digest_from_base58(&hash).is_some() => hash,
            Ok(_) => return self.reply(command, Err("The faucet's answer names no transaction.".into())),
            Err(why) => return self.reply(command, Err(why)),
        };
        let title = if account {
            format!("Account {name} from the faucet")
        } else {
            "Tokens from the faucet".into()
        };
        let dead_at = self.chain.clock_ms(self.now) + 90_000.0;
        self.add_record(Record::new(
            hash.clone(),
            title,
            String::new(),
            &[],
            self.now,
            dead_at,
        ));
        let account = account.then(|| AccountName::new(name).ok()).flatten();
        self.await_proof(command, account, hash);
    }

    fn add_record(&mut self, record: Record) {
        let gone = self.activity.add(record);
        let mut writes: Vec<Write> = gone.iter().map(|hash| (key::proof(hash), None)).collect();
        writes.push((key::ACTIVITY.into(), Some(self.activity.to_bytes())));
        self.store(writes);
    }

    fn watch(&mut self, id: u32, on: bool) -> Option<Outcome> {
        self.watching = on;
        if !on {
            return Some(Ok(Reply::Done));
        }
        if self.list.is_some() {
            self.list_view_dirty = true;
            return Some(Ok(Reply::Done));
        }
        self.with_list(ForList::Watch(id)).err().map(Err)
    }

    /// The next part of the ranking, while there is one.
    fn more(&mut self, id: u32) -> Option<Outcome> {
        let done = self.coming.is_none()
            && self
                .list
                .as_ref()
                .is_some_and(|list| list.ranking.next().is_none());
        if done {
            return Some(Ok(Reply::Done));
        }
        self.with_list(ForList::More(id)).err().map(Err)
    }

    /// A node by its name: its own record, proved.
    fn find_node(&mut self, id: u32, name: &str) -> Result<(), String> {
        let name = AccountName::any(name.trim()).map_err(|error| capital(&error.to_string()))?;
        let key = StateKey::candidate(&name);
        self.question(Query::State(vec![key]), Purpose::Node { command: id, name })
    }

    /// Does something once another part of the ranking is here.
    pub(super) fn with_list(&mut self, then: ForList) -> Result<(), String> {
        if self.for_list.len() >= 16 {
            return Err(TOO_MUCH.into());
        }
        if !self.list_pending() {
            self.question(Query::Ranking(self.wanted_part()), Purpose::List)?;
            self.list_asked = self.now;
        }
        self.for_list.push(then);
        Ok(())
    }

    /// Signs what was reviewed, stores it, then sends it.
    fn confirm(&mut self, review: u32) -> Outcome {
        if self.keys.secret().is_none() {
            return Err("The wallet is locked. Unlock it and review again.".into());
        }
        if !self.chain.synced() {
            return Err(NOT_SYNCED.into());
        }
        if !self.activity.has_room() {
            return Err(format!(
                "{MAX_OPEN} transactions are under way already. Wait for them first."
            ));
        }
        let Some((draft, _)) = self.reviews.remove(&review) else {
            return Err(
                "This review is too old or was used already. Review again; nothing was signed.".into(),
            );
        };
        let time_ns = self.chain.transaction_time_ns(self.now);
        let secret = self
            .keys
            .secret()
            .ok_or("The wallet is locked. Unlock it and review again.")?;
        let signed = draft.sign(secret, time_ns).map_err(|e| capital(&e.to_string()))?;
        let hash = digest_to_base58(&signed.hash);
        let detail = match draft.intent() {
            Wanted::Transfer { memo, .. } => memo.clone(),
            _ => String::new(),
        };
        let title = draft.intent().done_title();
        let dead_at = signed.dead_at as f64 / 1e6;
        self.add_record(Record::new(
            hash.clone(),
            title,
            detail,
            &signed.bytes,
            self.now,
            dead_at,
        ));
        self.send(hash.clone(), signed.bytes);
        Ok(Reply::Sent(hash))
    }
}
