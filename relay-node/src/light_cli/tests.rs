//! The command against real public planes that serve the light client's test chain, honestly or not.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use clap::Parser as _;
use credo_light::testing::{Lie, TestBlock, TestChain, TestRelay};
use credo_msb::HandOver;
use credo_primitives::hash::digest_to_base58;
use credo_primitives::{CertifiedHeader, ChainSpec, Digest, StateKey};
use credo_wire::{BlockAnswer, Message, RankingAnswer, Request, Response, StateAnswer, TransactionAnswer};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use tokio::sync::watch;

use super::show::{Shown, visible};
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
    fn ranking(&self, part: u32) -> BoxFuture<'_, Result<RankingAnswer, ServiceError>> {
        self.ask(Request::Ranking { part }, pick!(Ranking))
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
        webrtc: crate::public::WebRtc::Off,
        limits: Limits::default(),
        budget: crate::public::strangers(),
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
    let shown = |list: &serde_json::Value| list["candidates"].as_array().unwrap().len();
    assert_eq!((&list["count"], &list["shown"]), (&300.into(), &256.into()));
    assert_eq!(shown(&list), 256, "the first part");
    let all = light(&relays[..1], spec, &["candidates", "--all"])
        .await
        .unwrap()
        .json;
    assert_eq!((shown(&all), &all["shown"]), (300, &300.into()));
    assert_eq!(all["candidates"][255], list["candidates"][255]);
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
async fn an_account_is_shown_with_its_stakes_dates_rewards_and_gas() {
    let (chain, spec) = fixture();
    let one = relay(&chain, None).await;
    let relays = [one.handle.addresses[0].as_str()];
    let shown = light(&relays, spec, &["account", "marlow"]).await.unwrap();
    let json = &shown.json;
    let start = chain.spec.time_ms;
    assert_eq!(json["exists"], true);
    assert_eq!(json["staked"]["votes"], "290");
    assert_eq!(json["staked"]["pledges"], "30");
    assert_eq!(json["staked"]["total"], "320");
    assert_eq!(json["rewards"]["votes"], "17.625");
    assert_eq!(json["rewards"]["contribution"], "3.000001");
    assert_eq!(json["ram"]["total"], 300);
    // 320 IOST bring 32 million gas a day, up to three days' worth.
    assert_eq!(json["gas"]["limit"], 96_000_000);
    assert!(json["gas"]["now"].as_u64().unwrap() >= 50_123, "{json}");
    let votes = json["votes"].as_array().unwrap();
    assert_eq!(
        (&votes[0]["counts"], &votes[0]["rewards"]),
        (&true.into(), &"15.625".into())
    );
    assert_eq!(votes[1]["counts"], false);
    assert_eq!(votes[1]["returns_ms"], start + 120_000);
    assert_eq!(votes[1]["reason"], "It had turns and produced no block.");
    let locked = json["locked"].as_array().unwrap();
    let dates: Vec<_> = locked
        .iter()
        .map(|l| l["until_ms"].as_u64().unwrap() - start)
        .collect();
    assert_eq!(dates, [60_000, 120_000]);
    assert_eq!(json["permissions"][0]["items"][0]["weight"], 100);
    assert!(json["proof"]["signatures"].as_u64().unwrap() >= 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn candidates_proposals_and_supply_are_shown() {
    let (chain, spec) = fixture();
    let one = relay(&chain, None).await;
    let relays = [one.handle.addresses[0].as_str()];
    let list = light(&relays, spec, &["candidates", "--all"]).await.unwrap().json;
    let find = |name: &str| {
        let mut all = list["candidates"].as_array().unwrap().iter();
        all.find(|node| node["account"] == name).unwrap().clone()
    };
    let lost = find("servi_006");
    assert_eq!(lost["status"], "lost");
    assert_eq!(lost["loss"]["reason"], "It had turns and produced no block.");
    assert_eq!(lost["loss"]["until_ms"], chain.spec.time_ms + 120_000);
    let node = find("servi_001");
    assert_eq!(
        (&node["status"], &node["fee_share"]),
        (&"candidate".into(), &10.into())
    );
    assert_eq!(
        (&node["deposit"], &node["voters_percent"]),
        (&"1000".into(), &50.into())
    );
    assert_eq!(node["epochs_unproved"], list["epoch"]);
    assert_eq!(list["put_off"], 0);

    let proposals = light(&relays, spec, &["proposals", "marlow"]).await.unwrap();
    assert!(proposals.missing.is_none());
    let one = &proposals.json["proposals"][0];
    assert_eq!(
        (&one["proposer"], &one["name"]),
        (&"servi_001".into(), &"chairs".into())
    );
    assert_eq!(
        one["actions"][0]["words"],
        "marlow sends 250 IOST to harbor_cafe (\u{201c}for chairs\u{201d})"
    );
    let asked = one["requested"].as_array().unwrap();
    assert_eq!(
        (&asked[0]["approved"], &asked[1]["approved"]),
        (&true.into(), &false.into())
    );
    assert_eq!(
        (&asked[0]["standing"], &asked[1]["standing"]),
        (&"counts".into(), &"open".into())
    );

    let supply = light(&relays, spec, &["supply"]).await.unwrap().json;
    assert_eq!(supply["supply"], "20999999990");
    assert_eq!(supply["burnt"], "10");
    assert_eq!(supply["available_votes"], "100000");
    assert_eq!(supply["candidacy_threshold"], "20");
    assert_eq!(supply["unvested"], "1200");
    assert_eq!(supply["vesting"][0]["months"], 12);
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
        webrtc: None,
        budget: crate::public::strangers(),
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
        (Lie::Part, vec!["candidates"]),
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

#[test]
fn what_others_wrote_cannot_pass_for_lines_of_ours() {
    assert_eq!(visible("for lunch ✓", 4), "for lunch ✓");
    assert_eq!(
        visible("running action\n error: why\n", 4),
        "running action\n     error: why"
    );
    let lie = visible("a\r\u{1b}[1A✓ proved by\tme\n✓ proved by  me", 4);
    assert_eq!(lie, "a\\r\\u{1b}[1A✓ proved by\\tme\n    ✓ proved by  me");
}
