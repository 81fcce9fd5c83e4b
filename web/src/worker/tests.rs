//! The worker's own rules, in a browser (IndexedDB and randomness are the real ones).

use credo_primitives::{Algorithm, SecretKey};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

use super::activity::{Activity, Record, Trace};
use super::core::Core;
use super::keys::{Keys, new_words};
use super::lookup::utc;
use super::parts::{Done, Job, Loaded};
use super::servi::wide;
use super::storage::Storage;
use crate::protocol::{
    Command, FromWorker, Intent, KeysView, NameStatus, Reply, Secret, Stage, Sync, ToWorker, View,
};

wasm_bindgen_test_configure!(run_in_browser);

const T0: f64 = 1_700_000_000_000.0;
const MINUTE: f64 = 60_000.0;
const PASSWORD: &str = "orbit velvet canoe mango";

fn base58() -> Secret {
    let key = SecretKey::from_seed(Algorithm::Ed25519, &[5; 32]).expect("key");
    Secret::Base58(key.to_base58().to_string())
}

fn unlocked(keys: &Keys) -> bool {
    matches!(keys.view(&[]), KeysView::Unlocked { .. })
}

#[wasm_bindgen_test]
fn keys_lock_by_themselves() {
    let mut keys = Keys::default();
    assert_eq!(keys.view(&[]), KeysView::Unknown);
    keys.loaded(None);
    assert_eq!(keys.view(&[]), KeysView::None);
    assert!(keys.seal(base58(), "short", T0).is_err());
    let keystore = keys.seal(base58(), PASSWORD, T0).expect("sealed");
    assert!(unlocked(&keys));
    assert!(
        keys.seal(base58(), PASSWORD, T0).is_err(),
        "a stored key is never overwritten"
    );
    // Ticks as they come, with a sign of the user now and then: no lock.
    let mut now = T0;
    for minute in 0..30 {
        for _ in 0..60 {
            now += 1_000.0;
            assert!(!keys.tick(now));
        }
        if minute % 9 == 8 {
            keys.activity(now);
        }
    }
    // Ten minutes without: locked.
    for _ in 0..11 * 60 {
        now += 1_000.0;
        keys.tick(now);
    }
    assert!(!unlocked(&keys) && keys.secret().is_none());
    assert!(keys.unlock("wrong password", now).is_err());
    assert!(!unlocked(&keys));
    keys.unlock(PASSWORD, now).expect("unlocked");
    // Hidden for five minutes: locked, however recent the last sign.
    keys.hidden(true, now);
    for _ in 0..6 * 60 {
        now += 1_000.0;
        keys.activity(now);
        keys.tick(now);
    }
    assert!(!unlocked(&keys));
    keys.hidden(false, now);
    keys.unlock(PASSWORD, now).expect("unlocked");
    keys.tick(now);
    // A timer that didn't tick for more than a minute has slept.
    assert!(keys.tick(now + 1.5 * MINUTE));
    assert_eq!(keys.view(&[]), KeysView::Locked);
    // What was stored opens elsewhere, with its words in no message of the worker.
    let mut again = Keys::default();
    again.loaded(Some(keystore));
    again.unlock(PASSWORD, now).expect("opened");
    assert_eq!(again.public_key(), keys.public_key());
}

#[wasm_bindgen_test]
fn words_and_backups_are_imported() {
    let words = new_words();
    assert_eq!(words.len(), 24);
    let mut keys = Keys::default();
    keys.loaded(None);
    let keystore = keys
        .seal(Secret::Words(words.join(" ")), PASSWORD, T0)
        .expect("sealed");
    let mut other = Keys::default();
    other.loaded(None);
    let backup = |password: &str| Secret::Backup {
        file: keystore.to_json(),
        password: password.into(),
    };
    assert!(other.seal(backup("wrong"), "another good password", T0).is_err());
    other
        .seal(backup(PASSWORD), "another good password", T0)
        .expect("imported");
    assert_eq!(other.public_key(), keys.public_key());
    let mut wrong: Vec<String> = words.clone();
    wrong[3] = "nonsense".into();
    let mut third = Keys::default();
    third.loaded(None);
    let why = third
        .seal(Secret::Words(wrong.join(" ")), PASSWORD, T0)
        .expect_err("refused");
    assert!(why.contains("Word 4") && why.contains("nonsense"), "{why}");
}

fn record(hash: &str) -> Record {
    Record::new(
        hash.into(),
        "Sent 1 to somebody".into(),
        String::new(),
        &[1, 2, 3],
        T0,
        T0 + 90_000.0,
    )
}

#[wasm_bindgen_test]
fn a_transaction_is_followed_to_its_proof() {
    let mut activity = Activity::default();
    assert!(activity.add(record("a")).is_empty());
    assert_eq!(activity.ask_about(), ["a"]);
    assert!(activity.ask_about().is_empty(), "one question at a time");
    assert!(!activity.traced("a", Trace::Pending, T0 + 100.0, T0));
    assert!(activity.traced("a", Trace::Believable, T0 + 300.0, T0));
    assert_eq!(activity.stage("a"), Some(&Stage::Believable));
    let proved = Trace::Proved {
        height: 7,
        failed: None,
    };
    assert!(activity.traced("a", proved.clone(), T0 + 700.0, T0));
    assert!(!activity.traced("a", proved, T0 + 900.0, T0), "proved once");
    let view = &activity.view()[0];
    let times: Vec<&str> = view.times_ms.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(times, ["sent", "believable", "final", "proved"]);
    assert_eq!(view.times_ms[3].1, 700.0);
    assert!(activity.ask_about().is_empty() && activity.send_again(T0 + 20_000.0, T0).is_empty());
    let stored = activity.to_bytes();
    let read = Activity::load(Some(&stored)).expect("read");
    assert_eq!(read.view(), activity.view());
    assert!(Activity::load(Some(b"{")).is_err());
}

#[wasm_bindgen_test]
fn an_unseen_transaction_is_sent_again_and_expires() {
    let mut activity = Activity::default();
    activity.add(record("a"));
    assert!(activity.send_again(T0 + 1_000.0, T0 + 1_000.0).is_empty());
    let again = activity.send_again(T0 + 6_000.0, T0 + 6_000.0);
    assert_eq!(again, [("a".to_owned(), vec![1, 2, 3])]);
    // The chain stands still: by its clock the transaction lives, however long this browser waits.
    assert!(!activity.traced("a", Trace::Unknown, T0 + 900_000.0, T0 + 80_000.0));
    assert_eq!(activity.stage("a"), Some(&Stage::Sent));
    assert!(activity.traced("a", Trace::Unknown, T0 + 900_000.0, T0 + 94_000.0));
    assert!(matches!(activity.stage("a"), Some(Stage::Refused(why)) if why.contains("expired")));
    assert!(activity.ask_about().is_empty());
}

#[wasm_bindgen_test]
fn a_refusal_is_a_relays_word_only() {
    let mut activity = Activity::default();
    activity.add(record("a"));
    assert!(!activity.refused("a", "no", 2), "the other relay may take it");
    assert!(activity.refused("a", "no", 2));
    assert!(matches!(activity.stage("a"), Some(Stage::Refused(_))));
    // It was taken all the same: the proof counts, not what relays said.
    assert_eq!(activity.ask_about(), ["a"]);
    let proved = Trace::Proved {
        height: 9,
        failed: Some("balance not enough".into()),
    };
    assert!(activity.traced("a", proved, T0, T0));
    assert!(matches!(
        activity.stage("a"),
        Some(Stage::Proved {
            height: 9,
            failed: Some(_)
        })
    ));
    let mut other = Activity::default();
    other.add(record("b"));
    assert!(
        !other.refused("b", "tx exists in pending", 1),
        "another relay was quicker"
    );
    assert!(!other.refused("b", "no", 1), "and so it is on its way");
}

#[wasm_bindgen_test]
fn records_are_bounded() {
    let mut activity = Activity::default();
    for i in 0..300 {
        let gone = activity.add(record(&format!("{i}")));
        assert_eq!(gone.len(), usize::from(i >= 200));
    }
    assert_eq!(activity.view().len(), 200);
    assert_eq!(activity.view()[0].hash, "299");
    assert!(!activity.has_room());
}

/// A core with what it posted last.
struct Bench {
    core: Core,
    now: f64,
    view: View,
    replies: Vec<(u32, Result<Reply, String>)>,
    jobs: Vec<Job>,
    next: u32,
}

impl Bench {
    fn new() -> Self {
        let mut bench = Self {
            core: Core::new(T0),
            now: T0,
            view: View::default(),
            replies: Vec::new(),
            jobs: Vec::new(),
            next: 0,
        };
        bench.tell(ToWorker::Start {
            pinned: None,
            relays: vec!["/ip4/127.0.0.1".into()],
        });
        bench
    }

    fn collect(&mut self) {
        let (messages, jobs) = self.core.take();
        self.jobs.extend(jobs);
        for message in messages {
            match message {
                FromWorker::View(view) => self.view = *view,
                FromWorker::Reply { id, result } => self.replies.push((id, result)),
                _ => {}
            }
        }
    }

    fn tell(&mut self, message: ToWorker) {
        self.now += 200.0;
        self.core.hear(message, self.now);
        self.collect();
    }

    fn done(&mut self, done: Done) {
        self.now += 200.0;
        self.core.done(done, self.now);
        self.collect();
    }

    fn command(&mut self, command: Command) -> Option<Result<Reply, String>> {
        self.next += 1;
        let id = self.next;
        self.tell(ToWorker::Command { id, command });
        let at = self.replies.iter().position(|(reply, _)| *reply == id)?;
        Some(self.replies.remove(at).1)
    }
}

#[wasm_bindgen_test]
fn a_first_start_is_welcomed() {
    let mut bench = Bench::new();
    assert_eq!(bench.jobs, [Job::Load { pinned: None }]);
    assert_eq!(bench.view.keys, KeysView::Unknown);
    bench.done(Done::Loaded(Box::default()));
    assert_eq!(bench.view.keys, KeysView::None);
    assert!(bench.view.chain.is_none());
    let words = bench.command(Command::CreateWords);
    assert!(matches!(words, Some(Ok(Reply::Words(words))) if words.len() == 24));
    let early = bench.command(Command::SetUp {
        secret: base58(),
        password: PASSWORD.into(),
    });
    assert!(
        matches!(early, Some(Err(why)) if why.contains("no relay")),
        "there is no chain to store under yet"
    );
    let refusals = [
        Command::Unlock {
            password: PASSWORD.into(),
        },
        Command::FaucetAccount {
            name: "somebody".into(),
        },
        Command::FaucetTokens,
        Command::ChooseAccount {
            name: "somebody".into(),
        },
        Command::CheckName {
            name: "somebody".into(),
        },
        Command::Prepare(Intent::Transfer {
            to: "somebody".into(),
            amount: "1".into(),
            memo: String::new(),
        }),
        Command::Confirm { review: 1 },
        Command::LookUp { query: "1".into() },
        Command::WatchCandidates { on: true },
        Command::MoreCandidates,
        Command::FindNode {
            name: "somebody".into(),
        },
        Command::ExportBackup,
        Command::StartOver,
    ];
    for command in refusals {
        let text = format!("{command:?}");
        let outcome = bench.command(command);
        let Some(Err(why)) = outcome else {
            panic!("{text} gave {outcome:?}")
        };
        assert!(why.len() > 15 && why.ends_with('.'), "{why}");
    }
    let invalid = bench.command(Command::CheckName { name: "Bob".into() });
    assert!(matches!(invalid, Some(Ok(Reply::Name(NameStatus::Invalid(_))))));
}

const SPEC: &str = "00000000000000000000000000000000000000000000000000000000000000aa";

#[wasm_bindgen_test]
fn a_dropped_keystore_is_said() {
    let mut bench = Bench::new();
    bench.done(Done::Loaded(Box::new(Loaded {
        pinned: Some(SPEC.into()),
        had_key: true,
        ..Loaded::default()
    })));
    assert!(matches!(&bench.view.sync, Sync::StorageLost { detail } if detail.contains("dropped")));
    assert_eq!(bench.view.keys, KeysView::None);
    let mut broken = Bench::new();
    broken.done(Done::Loaded(Box::new(Loaded {
        pinned: Some(SPEC.into()),
        had_key: true,
        keystore: Some(b"{\"version\":1}".to_vec()),
        ..Loaded::default()
    })));
    assert!(matches!(&broken.view.sync, Sync::StorageLost { detail } if detail.contains("can't be read")));
    let mut failing = Bench::new();
    failing.done(Done::Loaded(Box::default()));
    failing.done(Done::StorageFailed("The disk is full.".into()));
    assert!(matches!(&failing.view.sync, Sync::StorageLost { detail } if detail.contains("full")));
}

#[wasm_bindgen_test]
fn keys_are_stored_before_their_mark_and_erased() {
    let mut bench = Bench::new();
    bench.done(Done::Loaded(Box::new(Loaded {
        pinned: Some(SPEC.into()),
        ..Loaded::default()
    })));
    bench.jobs.clear();
    let made = bench.command(Command::SetUp {
        secret: base58(),
        password: PASSWORD.into(),
    });
    assert!(matches!(made, Some(Ok(Reply::Done))));
    assert!(matches!(&bench.view.keys, KeysView::Unlocked { .. }));
    let [Job::Store { spec, writes, meta }] = bench.jobs.as_slice() else {
        panic!("{:?}", bench.jobs)
    };
    assert_eq!((spec.as_str(), writes.len(), meta.len()), (SPEC, 1, 1));
    let backup = bench.command(Command::ExportBackup);
    assert!(matches!(backup, Some(Ok(Reply::Backup(text))) if text.contains("argon2id")));
    bench.command(Command::Lock);
    assert_eq!(bench.view.keys, KeysView::Locked);
    let wrong = bench.command(Command::Unlock {
        password: "not it".into(),
    });
    assert!(matches!(wrong, Some(Err(why)) if why.contains("wrong")));
    bench.jobs.clear();
    assert!(
        bench.command(Command::Erase).is_none(),
        "answered once storage is empty"
    );
    assert!(matches!(bench.jobs.as_slice(), [Job::Erase { .. }]));
    let id = bench.next;
    bench.done(Done::Erased(id, Ok(())));
    assert!(matches!(bench.replies.as_slice(), [(reply, Ok(Reply::Done))] if *reply == id));
    assert_eq!(bench.view.keys, KeysView::None);
}

#[wasm_bindgen_test]
async fn storage_keeps_and_forgets() {
    let storage = Storage::chain("test-of-storage").await.expect("open");
    storage.clear().await.expect("clear");
    assert_eq!(storage.get("a").await.expect("get"), None);
    let large = vec![7u8; 1 << 20];
    let writes = vec![
        ("a".to_owned(), Some(vec![1, 2, 3])),
        ("b".to_owned(), Some(large.clone())),
        ("c".to_owned(), None),
    ];
    storage.write(&writes).await.expect("write");
    drop(storage);
    let again = Storage::chain("test-of-storage").await.expect("open again");
    assert_eq!(again.get("a").await.expect("get"), Some(vec![1, 2, 3]));
    assert_eq!(again.get("b").await.expect("get"), Some(large));
    let other = Storage::chain("test-of-another").await.expect("open");
    assert_eq!(other.get("a").await.expect("get"), None, "chains are apart");
    again.write(&[("a".to_owned(), None)]).await.expect("delete");
    assert_eq!(again.get("a").await.expect("get"), None);
    again.clear().await.expect("clear");
    assert_eq!(again.get("b").await.expect("get"), None);
}

#[wasm_bindgen_test]
fn texts() {
    assert_eq!(utc(0.0), "1970-01-01 00:00:00 UTC");
    assert_eq!(utc(951_782_400_000.0), "2000-02-29 00:00:00 UTC");
    assert_eq!(utc(1_732_379_045_999.0), "2024-11-23 16:24:05 UTC");
    assert_eq!(wide(150_000_000), "1.5");
    assert_eq!(wide(u128::from(u64::MAX) * 10), "1844674407370.9551615");
}
