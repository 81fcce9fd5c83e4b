//! The command against real public planes that serve the light client's test chain, honestly or not.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use clap::Parser as _;
use credo_light::testing::{Lie, TestBlock, TestChain, TestRelay};
use credo_msb::HandOver;
use credo_primitives::hash::digest_to_base58;
use credo_primitives::{CertifiedHeader, ChainSpec, Digest, StateKey};
use credo_wire::{BlockAnswer, CandidatesAnswer, Message, Request, Response, StateAnswer, TransactionAnswer};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use tokio::sync::watch;

use super::show::Shown;
use super::{Failure, LightArgs, answer};
use crate::http::{self, HttpConfig, RelayInfo, Relays};
use crate::public::{Limits, PublicConfig, PublicHandle, serve};
use crate::service::{ChainService, ServiceError};

/// The test chain as a node's answers.
struct Served {
    spec: Arc<ChainSpec>,
    relay: Mutex<TestRelay>,
    heads: watch::Sender<Option<Arc<CertifiedHeader>>>,
}

impl Served {
    fn new(chain: &Arc<TestChain>, lie: Option<Lie>) -> Self {
        let height = chain.height();
        let mut relay = match lie {
            Some(lie) => TestRelay::lying(chain, height, lie),
            None => TestRelay::new(chain, height),
        };
        let Some(Message::Response {
            response: Response::Head(head),
            ..
        }) = relay.receive(Message::Request {
            id: 1,
            request: Request::Subscribe,
        })
        else {
            panic!("the chain has a head")
        };
        Self {
            spec: Arc::new(chain.spec.clone()),
            relay: Mutex::new(relay),
            heads: watch::channel(Some(Arc::new(head))).0,
        }
    }

    fn ask<T: Send + 'static>(
        &self,
        request: Request,
        pick: impl FnOnce(Response) -> Option<T>,
    ) -> BoxFuture<'_, Result<T, ServiceError>> {
        let message = self
            .relay
            .lock()
            .unwrap()
            .receive(Message::Request { id: 1, request });
        let result = match message {
            Some(Message::Response {
                response: Response::Refused(why),
                ..
            }) => Err(ServiceError::Refused(why.as_str().to_owned())),
            Some(Message::Response { response, .. }) => pick(response).ok_or(ServiceError::NotReady),
            _ => Err(ServiceError::NotReady),
        };
        async { result }.boxed()
    }
}

macro_rules! pick {
    ($variant:ident) => {
        |response| match response {
            Response::$variant(value) => Some(value),
            _ => None,
        }
    };
}

impl ChainService for Served {
    fn spec(&self) -> &Arc<ChainSpec> {
        &self.spec
    }
    fn heads(&self) -> watch::Receiver<Option<Arc<CertifiedHeader>>> {
        self.heads.subscribe()
    }
    fn hand_overs(&self, from: u64, max: usize) -> BoxFuture<'_, Result<Vec<HandOver>, ServiceError>> {
        self.ask(
            Request::HandOvers {
                from,
                max: max as u32,
            },
            pick!(HandOvers),
        )
    }
    fn state(&self, keys: Vec<StateKey>) -> BoxFuture<'_, Result<StateAnswer, ServiceError>> {
        self.ask(Request::State { keys }, pick!(State))
    }
    fn candidates(&self) -> BoxFuture<'_, Result<CandidatesAnswer, ServiceError>> {
        self.ask(Request::Candidates, pick!(Candidates))
    }
    fn submit(&self, transaction: Vec<u8>) -> BoxFuture<'_, Result<Digest, ServiceError>> {
        self.ask(Request::Submit { transaction }, pick!(Submitted))
    }
    fn transaction(&self, hash: Digest) -> BoxFuture<'_, Result<TransactionAnswer, ServiceError>> {
        self.ask(Request::Transaction { hash }, pick!(Transaction))
    }
    fn block(&self, height: u64) -> BoxFuture<'_, Result<BlockAnswer, ServiceError>> {
        self.ask(Request::Block { height }, pick!(Block))
    }
}

struct Relay {
    service: Arc<Served>,
    handle: PublicHandle,
    _dir: tempfile::TempDir,
}

async fn relay(chain: &Arc<TestChain>, lie: Option<Lie>) -> Relay {
    let dir = tempfile::tempdir().unwrap();
    let config = PublicConfig {
        data_dir: dir.path().to_owned(),
        ip: IpAddr::V4(Ipv4Addr::LOCALHOST),
        webrtc_port: 0,
        ws_port: 0,
        webrtc: false,
        limits: Limits::default(),
    };
    let service = Arc::new(Served::new(chain, lie));
    Relay {
        handle: serve(service.clone(), config).await.unwrap(),
        service,
        _dir: dir,
    }
}

#[derive(clap::Parser)]
struct Line {
    #[command(flatten)]
    args: LightArgs,
}

async fn light(relays: &[&str], spec: Option<Digest>, question: &[&str]) -> Result<Shown, Failure> {
    let mut line = vec!["light".to_owned()];
    for relay in relays {
        line.extend(["--relay".to_owned(), (*relay).to_owned()]);
    }
    if let Some(spec) = spec {
        line.extend(["--spec".to_owned(), spec.to_string()]);
    }
    line.extend(question.iter().map(|q| (*q).to_owned()));
    answer(&Line::try_parse_from(line).unwrap().args).await
}

/// The light client keeps the committees of three epochs.
fn newest_with_transactions(chain: &TestChain) -> &TestBlock {
    let found = (chain.blocks.iter()).rfind(|b| !b.transactions.is_empty() && !b.certificate.is_empty());
    found.expect("the fixture has transactions")
}

fn fixture() -> (Arc<TestChain>, Option<Digest>) {
    let chain = Arc::new(TestChain::fixture());
    let spec = Some(chain.spec.hash());
    (chain, spec)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_it_shows_is_proved_and_two_relays_are_held_against_each_other() {
    let (chain, spec) = fixture();
    let (one, two) = (relay(&chain, None).await, relay(&chain, None).await);
    let relays = [one.handle.addresses[0].as_str(), two.handle.addresses[0].as_str()];

    let head = light(&relays, spec, &["head"]).await.unwrap().json;
    let newest = one.service.heads.borrow().as_ref().unwrap().header.clone();
    assert_eq!(head["height"], newest.height);
    assert_eq!(head["digest"], newest.digest().to_string());
    assert_eq!(head["relays"]["agreeing"], 2);
    assert!(head["proof"]["signatures"].as_u64().unwrap() >= 3, "{head}");

    let hand_overs = light(&relays, spec, &["hand-overs"]).await.unwrap().json;
    assert_eq!(hand_overs["verified"], newest.epoch);
    assert_eq!(hand_overs["anchor"], "genesis");

    let list = light(&relays[..1], spec, &["candidates"]).await.unwrap().json;
    assert_eq!(list["count"], list["candidates"].as_array().unwrap().len());
    let servi = |n: usize| {
        list["candidates"][n]["servi"]
            .as_str()
            .unwrap()
            .parse::<f64>()
            .unwrap()
    };
    assert!(servi(0) >= servi(1), "by rank");

    let block = newest_with_transactions(&chain);
    let hash = block.transactions[0].hash();
    let shown = light(&relays[..1], spec, &["transaction", &digest_to_base58(&hash)])
        .await
        .unwrap();
    assert!(shown.missing.is_none());
    assert_eq!(shown.json["status"], "final");
    assert_eq!(shown.json["proof"]["block"], block.header.height);
    let old = chain
        .blocks
        .iter()
        .find(|b| b.header.epoch == 0 && !b.transactions.is_empty())
        .unwrap();
    let old = digest_to_base58(&old.transactions[0].hash());
    let result = light(&relays[..1], spec, &["transaction", &old]).await;
    assert!(matches!(&result, Err(Failure::Other(why)) if why.contains("three epochs")));
    let unknown = "11".repeat(32);
    let shown = light(&relays[..1], spec, &["transaction", &unknown])
        .await
        .unwrap();
    assert!(
        shown.missing.is_some() && shown.json["claimed"] == true,
        "{}",
        shown.json
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_s_own_address_names_its_relays_and_a_checkpoint_spares_the_way_from_genesis() {
    let (chain, spec) = fixture();
    let one = relay(&chain, None).await;
    let relays = Relays::new(vec![RelayInfo {
        name: "aurora".into(),
        addresses: one.handle.addresses.clone(),
    }]);
    let endpoint = http::serve(HttpConfig {
        listen: ([127, 0, 0, 1], 0).into(),
        web_dir: None,
        service: one.service.clone(),
        relays: relays.clone(),
        faucet: None,
    })
    .await
    .unwrap();
    let url = format!("http://{}", endpoint.address);
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("checkpoint");
    let question = ["--checkpoint", file.to_str().unwrap(), "hand-overs"];
    let first = light(&[&url], spec, &question).await.unwrap().json;
    assert!(first["verified"].as_u64().unwrap() > 0);
    let second = light(&[&url], spec, &question).await.unwrap().json;
    assert_eq!(second["verified"], 0);
    assert_eq!((&second["msb"], &second["code"]), (&first["msb"], &first["code"]));

    let other = Some(Digest::from([9; 32]));
    assert!(matches!(
        light(&[&url], other, &question).await,
        Err(Failure::AnotherChain(_))
    ));
    relays.set(Vec::new());
    let none = light(&[&url], spec, &["head"]).await;
    assert!(matches!(&none, Err(Failure::NoRelay(why)) if why.contains("knows no relay")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_that_is_not_there_is_told_within_seconds() {
    let start = Instant::now();
    for address in ["/ip4/127.0.0.1/tcp/9/ws", "http://127.0.0.1:9"] {
        let result = light(&[address], Some(Digest::from([1; 32])), &["head"]).await;
        assert!(
            matches!(&result, Err(Failure::NoRelay(why)) if why.contains(address)),
            "{address}"
        );
    }
    assert!(start.elapsed() < Duration::from_secs(10));
}

#[tokio::test(flavor = "multi_thread")]
async fn another_chain_is_refused_and_a_devnet_without_a_spec_is_learnt_aloud() {
    let (chain, spec) = fixture();
    let one = relay(&chain, None).await;
    let relays = [one.handle.addresses[0].as_str()];
    let result = light(&relays, Some(Digest::from([1; 32])), &["head"]).await;
    let Err(Failure::AnotherChain(why)) = result else {
        panic!()
    };
    assert!(why.contains(&spec.unwrap().to_string()), "{why}");

    let result = light(&relays, None, &["head"]).await;
    if chain.spec.is_devnet() {
        assert_eq!(result.unwrap().json["trust"], "first use");
    } else {
        assert!(matches!(result, Err(Failure::AnotherChain(_))));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lying_relay_is_named_and_nothing_it_said_is_shown() {
    let (chain, spec) = fixture();
    let hash = newest_with_transactions(&chain).transactions[0].hash();
    let hash = digest_to_base58(&hash);
    for (lie, question) in [
        (Lie::Certificate, vec!["head"]),
        (Lie::Header, vec!["head"]),
        (Lie::Committee, vec!["hand-overs"]),
        (Lie::List, vec!["candidates"]),
        (Lie::Receipt, vec!["transaction", hash.as_str()]),
    ] {
        let liar = relay(&chain, Some(lie)).await;
        let result = light(&[&liar.handle.addresses[0]], spec, &question).await;
        assert!(matches!(result, Err(Failure::Lie(_))), "{lie:?}");
        // An honest relay beside it answers, and the liar is named.
        let honest = relay(&chain, None).await;
        let both = [
            liar.handle.addresses[0].as_str(),
            honest.handle.addresses[0].as_str(),
        ];
        let shown = light(&both, spec, &question)
            .await
            .unwrap_or_else(|e| panic!("{lie:?}: {e}"));
        assert!(shown.json["proof"]["signatures"].as_u64().is_some(), "{lie:?}");
    }
}
