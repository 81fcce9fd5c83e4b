//! The worker over a real little chain, with honest and lying relays: what is shown is what is proved.

use std::sync::Arc;

use credo_light::testing::{Lie, TestChain, TestRelay};
use credo_primitives::hash::digest_to_base58;
use credo_primitives::spec::consensus_key;
use credo_primitives::{Algorithm, SecretKey, Transaction};
use credo_wire::Message;
use wasm_bindgen_test::wasm_bindgen_test;

use super::activity::{Activity, Record};
use super::core::Core;
use super::parts::{Done, Job, Loaded};
use super::storage::key;
use crate::protocol::{
    Command, Face, FromWorker, Intent, Reply, Secret, Stage, Sync, ToWorker, Transport, View,
};

const PASSWORD: &str = "orbit velvet canoe mango";
const START: u64 = 6;

/// A page: one worker and one relay.
struct Page {
    core: Core,
    relay: TestRelay,
    now: f64,
    view: View,
    list: usize,
    replies: Vec<(u32, Result<Reply, String>)>,
    closed: Option<(String, bool)>,
    jobs: Vec<Job>,
    next: u32,
}

impl Page {
    fn new(relay: TestRelay, loaded: Loaded) -> Self {
        let chain = Arc::clone(&relay.chain);
        let time = chain.block(relay.height).map_or(0, |block| block.header.time_ms);
        let mut page = Self {
            core: Core::new(time as f64),
            relay,
            now: time as f64,
            view: View::default(),
            list: 0,
            replies: Vec::new(),
            closed: None,
            jobs: Vec::new(),
            next: 0,
        };
        page.tell(ToWorker::Start {
            pinned: None,
            relays: vec!["/ip4/127.0.0.1".into()],
        });
        page.core.done(Done::Loaded(Box::new(loaded)), page.now);
        page.settle();
        page
    }

    fn connect(&mut self) {
        self.relay.subscribed = false;
        self.tell(ToWorker::Connected {
            relay: 0,
            transport: Transport::WebRtc,
            dial_ms: 100.0,
        });
    }

    fn tell(&mut self, message: ToWorker) {
        self.now += 10.0;
        self.core.hear(message, self.now);
        self.settle();
    }

    /// Lets messages go to and fro until nothing more is said.
    fn settle(&mut self) {
        for _ in 0..200 {
            self.core.view_now(self.now);
            let (messages, jobs) = self.core.take();
            self.jobs.extend(jobs);
            let mut answers = Vec::new();
            for message in messages {
                match message {
                    FromWorker::View(view) => self.view = *view,
                    FromWorker::Candidates(shown) => self.list = shown.value.list.len(),
                    FromWorker::Reply { id, result } => self.replies.push((id, result)),
                    FromWorker::Close { reason, for_good, .. } => self.closed = Some((reason, for_good)),
                    FromWorker::Send { bytes, .. } => {
                        let message =
                            Message::from_bytes(bytes.into()).expect("the worker speaks the protocol");
                        answers.extend(self.relay.receive(message));
                    }
                    FromWorker::Ready => {}
                }
            }
            if answers.is_empty() {
                return;
            }
            for answer in answers {
                self.frame(&answer);
            }
        }
        panic!("the worker and the relay never come to rest");
    }

    fn frame(&mut self, message: &Message) {
        self.now += 1.0;
        let bytes = message.to_bytes().to_vec();
        self.core.hear(ToWorker::Frame { relay: 0, bytes }, self.now);
    }

    fn wait(&mut self, ms: f64) {
        let until = self.now + ms;
        while self.now < until {
            self.now += 250.0;
            self.core.tick(self.now);
            self.settle();
        }
    }

    /// The relay's next block.
    fn block(&mut self) {
        let pushed = self.relay.advance();
        self.now += 500.0;
        if let Some(pushed) = pushed {
            self.frame(&pushed);
        }
        self.core.tick(self.now);
        self.settle();
    }

    fn command(&mut self, command: Command) -> Result<Reply, String> {
        self.next += 1;
        let id = self.next;
        self.tell(ToWorker::Command { id, command });
        for _ in 0..20 {
            if let Some(at) = self.replies.iter().position(|(reply, _)| *reply == id) {
                return self.replies.remove(at).1;
            }
            self.wait(250.0);
        }
        panic!("command {id} was never answered");
    }

    fn import(&mut self) {
        let secret = SecretKey::from_seed(Algorithm::Ed25519, &[7; 32]).expect("seed");
        let secret = Secret::Base58(secret.to_base58().to_string());
        let done = self.command(Command::SetUp {
            secret,
            password: PASSWORD.into(),
        });
        assert!(matches!(done, Ok(Reply::Done)), "{done:?}");
    }

    fn balance(&self) -> Option<(String, Face)> {
        let shown = self.view.account.as_ref()?.balance.clone()?;
        Some((shown.value, shown.face))
    }
}

fn chain() -> Arc<TestChain> {
    Arc::new(TestChain::fixture())
}

/// The newest height up to `height` that is certified itself: what a relay there serves.
fn served(chain: &TestChain, height: u64) -> u64 {
    (1..=height)
        .rev()
        .find(|height| {
            chain
                .block(*height)
                .is_some_and(|block| !block.certificate.is_empty())
        })
        .expect("some block is certified")
}

#[wasm_bindgen_test]
fn an_honest_relay_gives_a_proved_wallet() {
    let chain = chain();
    let mut page = Page::new(TestRelay::new(&chain, START), Loaded::default());
    page.connect();
    assert_eq!(page.view.sync, Sync::Synced);
    let shown = page.view.chain.clone().expect("the chain is known");
    assert_eq!(shown.spec_hash, chain.spec.hash().to_string());
    let first = served(&chain, START);
    assert_eq!(shown.head.as_ref().map(|head| head.height), Some(first));
    assert_eq!(shown.committee.len(), 4);
    assert_eq!(shown.committee.iter().filter(|seat| seat.turn).count(), 1);
    assert_eq!(shown.hand_overs, 1);

    // The key's account is found, and what it holds is proved; nobody told the wallet its name.
    page.import();
    page.wait(1_500.0);
    let (balance, face) = page.balance().expect("a balance");
    assert_eq!(balance, format!("{}", 1_000 + first));
    assert!(
        matches!(face, Face::Proved { height, signatures, seats: 4, .. } if height == first && signatures >= 3)
    );
    let account = page.view.account.clone().expect("an account");
    assert_eq!(account.name, "marlow");
    assert_eq!(account.voting.map(|v| v.value), Some("250".to_owned()));
    // What is frozen and a vote whose node lost its candidacy, each with its date.
    let dates: Vec<(&str, f64, &str)> = account
        .unlocking
        .iter()
        .map(|one| {
            (
                one.amount.as_str(),
                one.until_ms - chain.spec.time_ms as f64,
                one.why.as_str(),
            )
        })
        .collect();
    assert_eq!(dates, [("5", 60_000.0, ""), ("40", 120_000.0, "from servi_006")]);
    let void = account.votes[1].void.as_ref().expect("it counts no longer");
    assert!(void.reason.contains("no block"), "{}", void.reason);
    let gas = account.gas.expect("gas").value;
    assert_eq!(
        (gas.limit, gas.earned, gas.per_day),
        (96_000_000.0, 123.0, 32_000_000.0)
    );
    assert!(gas.now >= 50_123.0, "{gas:?}");
    let staked = account.staked.expect("stakes").value;
    assert_eq!((staked.votes.as_str(), staked.pledges.as_str()), ("290", "30"));
    assert_eq!(account.rewards.expect("rewards").value.total, "20.625001");
    assert!(account.owner && account.alone);
    let proposals = account.proposals.expect("proposals");
    assert!(matches!(proposals.face, Face::Proved { .. }));
    let proposal = &proposals.value[0];
    assert_eq!(
        (proposal.proposer.as_str(), proposal.name.as_str()),
        ("servi_001", "chairs")
    );
    let marks: Vec<(bool, bool)> = proposal.approvals.iter().map(|a| (a.given, a.mine)).collect();
    assert_eq!(marks, [(true, false), (false, true)]);
    assert_eq!((proposal.needs[0].weight, proposal.needs[0].threshold), (0, 100));

    // Blocks come, also over an epoch's end, and the balance follows.
    for _ in 0..6 {
        page.block();
        page.wait(1_000.0);
    }
    let (balance, face) = page.balance().expect("a balance");
    assert_eq!(balance, format!("{}", 1_000 + served(&chain, START + 6)));
    assert!(matches!(face, Face::Proved { .. }));

    // The list, a look-up of each kind, a vote in words.
    page.command(Command::WatchCandidates { on: true })
        .expect("the list");
    page.wait(500.0);
    assert_eq!(page.list, 256, "the first part");
    page.command(Command::MoreCandidates).expect("the rest");
    page.wait(500.0);
    assert_eq!(page.list, 300);
    page.command(Command::MoreCandidates).expect("nothing more");
    let node = page.command(Command::FindNode {
        name: "servi_001".into(),
    });
    assert!(
        matches!(&node, Ok(Reply::Node(Some(node))) if node.account == "servi_001" && node.rank > 0),
        "{node:?}"
    );
    let nobody = page.command(Command::FindNode {
        name: "marlow".into(),
    });
    assert!(matches!(&nobody, Ok(Reply::Node(None))), "{nobody:?}");
    let block = page.command(Command::LookUp { query: "#3".into() });
    assert!(
        matches!(&block, Ok(Reply::Found(found)) if found.title == "Block 3"),
        "{block:?}"
    );
    let beyond = page.command(Command::LookUp {
        query: "9,999".into(),
    });
    assert!(matches!(beyond, Err(why) if why.contains("no block 9,999 yet")));
    let node = consensus_key::to_base58(&chain.committee(2).keys()[0]);
    let node = page.command(Command::LookUp { query: node });
    assert!(
        matches!(&node, Ok(Reply::Found(found)) if found.title.starts_with("Node servi_")),
        "{node:?}"
    );
    let hash = chain
        .block(7)
        .and_then(|block| block.transactions.first().map(|tx| digest_to_base58(&tx.hash())));
    if let Some(hash) = hash {
        let found = page.command(Command::LookUp { query: hash });
        assert!(
            matches!(&found, Ok(Reply::Found(found)) if found.title == "Transaction"),
            "{found:?}"
        );
    }
    let wrong = page.command(Command::Prepare(Intent::Vote {
        candidate: "marlow".into(),
        amount: "1".into(),
    }));
    assert!(
        matches!(&wrong, Err(why) if why.contains("isn't a registered Servi node")),
        "{wrong:?}"
    );
    let rich = page.command(Command::Prepare(Intent::Vote {
        candidate: "servi_001".into(),
        amount: "5000".into(),
    }));
    assert!(
        matches!(&rich, Err(why) if why.contains("more than you have")),
        "{rich:?}"
    );
    let claim = page.command(Command::Prepare(Intent::Claim));
    assert!(
        matches!(&claim, Ok(Reply::Review(review)) if review.title == "Claim 20.625001 IOST of rewards"),
        "{claim:?}"
    );
    let lost = page.command(Command::Prepare(Intent::Vote {
        candidate: "servi_006".into(),
        amount: "1".into(),
    }));
    assert!(
        matches!(&lost, Err(why) if why.contains("lost its candidacy")),
        "{lost:?}"
    );
    let review = page.command(Command::Prepare(Intent::Vote {
        candidate: "servi_001".into(),
        amount: "12.5".into(),
    }));
    let Ok(Reply::Review(review)) = review else {
        panic!("{review:?}")
    };
    assert_eq!(review.title, "Vote for servi_001 with 12.5 IOST");
    page.jobs.clear();
    let sent = page.command(Command::Confirm { review: review.id });
    let Ok(Reply::Sent(hash)) = sent else {
        panic!("{sent:?}")
    };
    assert_eq!(page.view.activity[0].hash, hash);
    assert_eq!(page.view.activity[0].stage, Stage::Sent);
    let stored = page.jobs.iter().any(|job| {
        matches!(job, Job::Store { writes, .. } if writes.iter().any(|(name, _)| name == key::ACTIVITY))
    });
    assert!(stored, "a transaction is stored when it is sent");
    let again = page.command(Command::Confirm { review: review.id });
    assert!(
        matches!(again, Err(why) if why.contains("nothing was signed")),
        "a review is signed once"
    );
    page.command(Command::Lock).expect("locked");
    let locked = page.command(Command::Prepare(Intent::Unvote {
        candidate: "servi_001".into(),
        amount: "1".into(),
    }));
    assert!(matches!(locked, Err(why) if why.contains("locked")));
}

/// Starts with a transaction of an earlier session that stands in the block at `height`; its stage after a second.
fn follow_up(chain: &Arc<TestChain>, height: u64) -> (Option<Stage>, Page, String) {
    let tx = chain
        .block(height)
        .and_then(|block| block.transactions.first().cloned())
        .expect("the block has a transaction");
    let hash = digest_to_base58(&tx.hash());
    let parsed = Transaction::decode(&tx.transaction).expect("a transaction");
    let mut activity = Activity::default();
    activity.add(Record::new(
        hash.clone(),
        "Sent 1 to harbor_cafe".into(),
        String::new(),
        &tx.transaction,
        parsed.time as f64 / 1e6,
        parsed.dead_at() as f64 / 1e6,
    ));
    let loaded = Loaded {
        activity: Some(activity.to_bytes()),
        ..Loaded::default()
    };
    let mut page = Page::new(TestRelay::new(chain, chain.height()), loaded);
    page.connect();
    page.wait(1_000.0);
    let stage = page.view.activity.first().map(|record| record.stage.clone());
    (stage, page, hash)
}

fn with_transactions(chain: &TestChain) -> Vec<u64> {
    let holds = |height: &u64| {
        chain
            .block(*height)
            .is_some_and(|block| !block.transactions.is_empty())
    };
    (1..=served(chain, chain.height())).filter(holds).collect()
}

#[wasm_bindgen_test]
fn a_transaction_of_an_earlier_session_is_proved() {
    let chain = chain();
    let height = *with_transactions(&chain).last().expect("a transaction");
    let (stage, page, hash) = follow_up(&chain, height);
    assert_eq!(stage, Some(Stage::Proved { height, failed: None }));
    let proof = page.jobs.iter().any(|job| {
        let Job::Store { writes, .. } = job else {
            return false;
        };
        writes
            .iter()
            .any(|(name, value)| *name == key::proof(&hash) && value.is_some())
    });
    assert!(proof, "its proof is stored");
}

/// Committees of three epochs are kept: what lies further back is a relay's word, and said to be.
#[wasm_bindgen_test]
fn a_transaction_too_far_back_is_only_claimed() {
    let chain = chain();
    let height = *with_transactions(&chain).first().expect("a transaction");
    let (stage, page, _) = follow_up(&chain, height);
    assert_eq!(stage, Some(Stage::Believable));
    assert!(page.view.activity[0].detail.contains("can't be proved here"));
}

#[wasm_bindgen_test]
fn silence_makes_it_stale_and_a_return_heals_it() {
    let chain = chain();
    let mut page = Page::new(TestRelay::new(&chain, START), Loaded::default());
    page.connect();
    page.import();
    page.wait(1_500.0);
    assert!(matches!(page.balance(), Some((_, Face::Proved { .. }))));
    page.relay.silent = true;
    page.wait(6_000.0);
    assert!(
        matches!(page.view.sync, Sync::Stale { .. }),
        "{:?}",
        page.view.sync
    );
    assert!(matches!(page.balance(), Some((_, Face::Stale { .. }))));
    page.wait(2_000.0);
    assert!(page.closed.as_ref().is_some_and(|(_, for_good)| !for_good));
    let early = page.command(Command::CheckName {
        name: "harbor_cafe".into(),
    });
    assert!(early.is_err());
    page.relay.silent = false;
    page.relay.height += 1;
    page.connect();
    page.wait(1_500.0);
    assert_eq!(page.view.sync, Sync::Synced);
    assert!(matches!(page.balance(), Some((_, Face::Proved { .. }))));
}

#[wasm_bindgen_test]
fn a_warm_start_shows_what_was_proved_as_stale() {
    let chain = chain();
    let mut page = Page::new(TestRelay::new(&chain, START), Loaded::default());
    page.connect();
    page.import();
    page.wait(7_000.0);
    let mut loaded = Loaded {
        pinned: Some(chain.spec.hash().to_string()),
        ..Loaded::default()
    };
    for job in &page.jobs {
        let Job::Store { writes, .. } = job else { continue };
        for (name, value) in writes {
            match name.as_str() {
                key::KEYSTORE => loaded.keystore.clone_from(value),
                key::CHECKPOINT => loaded.checkpoint.clone_from(value),
                key::PROVED => loaded.proved.clone_from(value),
                _ => {}
            }
        }
    }
    assert!(loaded.keystore.is_some() && loaded.checkpoint.is_some() && loaded.proved.is_some());
    let mut warm = Page::new(TestRelay::new(&chain, START + 6), loaded);
    let (balance, face) = warm.balance().expect("the last balance");
    assert_eq!(balance, format!("{}", 1_000 + served(&chain, START)));
    assert!(matches!(face, Face::Stale { .. }));
    assert!(warm.view.chain.is_some(), "the chain is known offline");
    warm.connect();
    warm.wait(1_000.0);
    let (balance, face) = warm.balance().expect("a balance");
    assert_eq!(balance, format!("{}", 1_000 + served(&chain, START + 6)));
    assert!(matches!(face, Face::Proved { .. }));
}

#[wasm_bindgen_test]
fn another_chain_is_a_stop_and_a_devnet_can_start_over() {
    let chain = chain();
    let mut page = Page::new(TestRelay::new(&chain, START), Loaded::default());
    page.connect();
    page.import();
    page.wait(1_000.0);
    page.relay = TestRelay::lying(&chain, START, Lie::Greeting);
    page.tell(ToWorker::Disconnected {
        relay: 0,
        reason: "gone".into(),
    });
    page.connect();
    let Sync::WrongChain {
        expected,
        got,
        can_start_over,
    } = page.view.sync.clone()
    else {
        panic!("{:?}", page.view.sync)
    };
    assert_eq!(expected, chain.spec.hash().to_string());
    assert!(got != expected && can_start_over);
    page.jobs.clear();
    page.next += 1;
    let id = page.next;
    page.tell(ToWorker::Command {
        id,
        command: Command::StartOver,
    });
    // The key goes over to the new chain before the old chain's database is emptied.
    let stores = page.jobs.iter().position(
        |job| matches!(job, Job::Store { spec, writes, .. } if *spec == got && writes.iter().any(|(name, _)| name == key::KEYSTORE)),
    );
    let erases = page
        .jobs
        .iter()
        .position(|job| matches!(job, Job::Erase { spec, .. } if *spec == expected));
    assert!(stores.is_some() && stores < erases, "{:?}", page.jobs);
    assert!(page.view.account.is_none());
}

/// Whatever one lie is told about, nothing wrong is ever shown as proved.
#[wasm_bindgen_test]
fn lies_are_never_shown() {
    let chain = chain();
    for lie in Lie::ALL {
        let mut page = Page::new(TestRelay::new(&chain, START), Loaded::default());
        page.connect();
        page.import();
        page.wait(1_500.0);
        page.relay = TestRelay::lying(&chain, START + 2, lie);
        page.tell(ToWorker::Disconnected {
            relay: 0,
            reason: "gone".into(),
        });
        page.connect();
        page.next += 1;
        let id = page.next;
        page.tell(ToWorker::Command {
            id,
            command: Command::WatchCandidates { on: true },
        });
        for _ in 0..4 {
            page.block();
            page.wait(1_200.0);
            if let Some((balance, Face::Proved { height, .. })) = page.balance() {
                assert_eq!(balance, format!("{}", 1_000 + height), "{lie:?}");
            }
            if let Some(head) = page.view.chain.as_ref().and_then(|chain| chain.head.clone()) {
                let honest = chain
                    .block(head.height)
                    .expect("a block")
                    .header
                    .digest()
                    .to_string();
                assert_eq!(head.digest, honest, "{lie:?}");
            }
            if let Some(view) = &page.view.chain {
                assert_eq!(view.spec_hash, chain.spec.hash().to_string(), "{lie:?}");
            }
        }
    }
}
