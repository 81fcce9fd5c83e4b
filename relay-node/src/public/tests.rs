//! Real clients against a real public plane over both ways in, with a small chain of the test's own behind it.

use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use credo_primitives::{Digest, StateKey, sha256};
use credo_wire::{Message, Request, Response, WIRE_VERSION};

use super::client::{Client, ClientError, DialError, dial};
use super::fake::{Fake, transaction};
use super::{Limits, PublicConfig, PublicHandle, STRANGERS, WebRtc, serve};
use crate::budget::{Budget, Clocks, Share};

const LIMIT: Duration = Duration::from_secs(10);

fn config(dir: &Path, limits: Limits) -> PublicConfig {
    PublicConfig {
        data_dir: dir.to_owned(),
        ip: IpAddr::V4(Ipv4Addr::LOCALHOST),
        webrtc_port: 0,
        ws_port: 0,
        webrtc: WebRtc::Direct,
        limits,
        // What one may compute is tested where it is meant.
        budget: Arc::new(Budget::new(
            Share::ms(100_000, 100_000),
            Share::ms(100_000, 100_000),
        )),
    }
}

async fn relay(limits: Limits) -> (Arc<Fake>, PublicHandle, tempfile::TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let fake = Arc::new(Fake::new());
    let handle = serve(fake.clone(), config(dir.path(), limits)).await.unwrap();
    (fake, handle, dir)
}

fn by<'a>(handle: &'a PublicHandle, way: &str) -> &'a str {
    handle.addresses.iter().find(|a| a.contains(way)).unwrap()
}

async fn response(client: &mut Client, id: u64) -> Response {
    loop {
        let message = tokio::time::timeout(LIMIT, client.next())
            .await
            .expect("an answer in time");
        match message.unwrap() {
            Message::Response { id: got, response } if got == id => return response,
            Message::Head(_) | Message::Response { .. } => {}
            other => panic!("unexpected {other:?}"),
        }
    }
}

async fn ask(client: &mut Client, id: u64, request: Request) -> Response {
    client.send(&Message::Request { id, request }).await.unwrap();
    response(client, id).await
}

/// Dials as users' programs do: the stock WebRTC end loses a connection's first channel now and then, and they try
/// again.
async fn dialed(address: &str) -> Client {
    for _ in 0..3 {
        if let Ok(client) = dial(address, LIMIT).await {
            return client;
        }
    }
    dial(address, LIMIT).await.unwrap()
}

async fn hello(address: &str) -> Client {
    let mut client = dialed(address).await;
    let hello = Request::Hello {
        version: WIRE_VERSION,
    };
    let Response::Welcome(welcome) = ask(&mut client, 1, hello).await else {
        panic!("no welcome");
    };
    assert_eq!(welcome.version, WIRE_VERSION);
    client
}

async fn ends(client: &mut Client) {
    let ended = tokio::time::timeout(LIMIT, async {
        loop {
            match client.next().await {
                Ok(_) => {}
                Err(error) => return error,
            }
        }
    });
    ended.await.expect("the relay ends the session");
}

async fn until(what: &str, condition: impl Fn() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < LIMIT, "{what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn serves_over(way: &str) {
    let (fake, handle, _dir) = relay(Limits::default()).await;
    let mut client = hello(by(&handle, way)).await;

    // The spec comes whole and hashes to what the welcome named.
    let Response::Spec(bytes) = ask(&mut client, 2, Request::Spec).await else {
        panic!()
    };
    assert_eq!(
        credo_primitives::ChainSpec::from_bytes(&bytes).unwrap(),
        *fake.spec
    );

    // A part of the ranking as large as there can be arrives whole, twice, and was made once.
    for id in [3, 4] {
        let Response::Ranking(answer) = ask(&mut client, id, Request::Ranking { part: 0 }).await else {
            panic!()
        };
        assert!(answer.part.len() == credo_wire::MAX_PART);
        assert_eq!(sha256(&[&answer.part]), fake.part_digest());
    }
    assert_eq!(
        fake.parts_made.load(Ordering::Relaxed),
        1,
        "encoded once per head"
    );

    // A transaction near the limit goes up whole.
    let transaction: Vec<u8> = (0..60_000u32).map(|n| n as u8).collect();
    let digest = sha256(&[&transaction]);
    let answer = ask(&mut client, 5, Request::Submit { transaction }).await;
    assert_eq!(answer, Response::Submitted(digest));

    // Heads: the present one in the answer, later ones pushed; a new head makes a new answer.
    let Response::Head(first) = ask(&mut client, 6, Request::Subscribe).await else {
        panic!()
    };
    fake.advance();
    let Ok(Ok(Message::Head(pushed))) = tokio::time::timeout(LIMIT, client.next()).await else {
        panic!("no push");
    };
    assert_eq!(pushed.header.height, first.header.height + 1);
    ask(&mut client, 7, Request::Ranking { part: 0 }).await;
    assert_eq!(fake.parts_made.load(Ordering::Relaxed), 2);
    // Another part is another answer.
    ask(&mut client, 70, Request::Ranking { part: 1 }).await;
    assert_eq!(fake.parts_made.load(Ordering::Relaxed), 3);

    // An error of the node is a refusal in its words, and the session goes on.
    let refusal = ask(&mut client, 8, Request::Block { height: 99 }).await;
    let Response::Refused(why) = refusal else { panic!() };
    assert_eq!(why.as_str(), "there is no final block 99");
    let keys = vec![StateKey::parse("a").unwrap()];
    assert!(matches!(
        ask(&mut client, 9, Request::State { keys }).await,
        Response::State(_)
    ));

    assert_eq!(handle.sessions(), 1);
    client.goodbye().await;
    until("a goodbye ends the session", || handle.sessions() == 0).await;
    handle.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn serves_over_websocket() {
    serves_over("/ws/").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn serves_over_webrtc() {
    serves_over("/webrtc-direct/").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hand_overs_are_cut_to_what_is_asked_and_kept_per_head() {
    let (fake, handle, _dir) = relay(Limits::default()).await;
    let mut client = hello(by(&handle, "/ws/")).await;
    for id in 2..5 {
        let answer = ask(
            &mut client,
            id,
            Request::HandOvers {
                from: 7,
                max: u32::MAX,
            },
        )
        .await;
        assert_eq!(answer, Response::HandOvers(Vec::new()));
    }
    assert_eq!(
        *fake.ranges.lock().unwrap(),
        vec![(7, credo_wire::MAX_HAND_OVERS)]
    );
    fake.advance();
    ask(&mut client, 5, Request::HandOvers { from: 7, max: 3 }).await;
    assert_eq!(fake.ranges.lock().unwrap().last(), Some(&(7, 3)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_keeps_the_address() {
    let (fake, handle, dir) = relay(Limits::default()).await;
    let port = |way: &str, name: &str| -> u16 {
        let address = by(&handle, way);
        let mut parts = address.split('/').skip_while(|p| *p != name);
        parts.nth(1).unwrap().parse().unwrap()
    };
    let again = PublicConfig {
        webrtc_port: port("/webrtc-direct/", "udp"),
        ws_port: port("/ws/", "tcp"),
        ..config(dir.path(), Limits::default())
    };
    let addresses = handle.addresses.clone();
    let mut open = hello(by(&handle, "/ws/")).await;
    handle.shutdown().await;
    let end = tokio::time::timeout(Duration::from_secs(2), open.next())
        .await
        .expect("a goodbye at once");
    assert!(matches!(end, Err(ClientError::Closed)));

    let handle = serve(fake, again).await.unwrap();
    assert_eq!(handle.addresses, addresses);
    for address in &addresses {
        hello(address).await.goodbye().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_has_used_its_share_is_read_on_when_it_has_earned_it_back() {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    static PASSED: AtomicU64 = AtomicU64::new(0);
    let clocks = Clocks {
        now: || *START + Duration::from_millis(PASSED.load(Ordering::Relaxed)),
        computed: || Duration::ZERO,
    };
    let dir = tempfile::tempdir().unwrap();
    let fake = Arc::new(Fake::new());
    let budget = Arc::new(Budget::with_clocks(STRANGERS.0, STRANGERS.1, clocks));
    let config = PublicConfig {
        budget: budget.clone(),
        ..config(dir.path(), Limits::default())
    };
    let handle = serve(fake.clone(), config).await.unwrap();
    for (n, way) in (1..).zip(["/ws/", "/webrtc-direct/"]) {
        let mut client = hello(by(&handle, way)).await;
        budget.charge(&IpAddr::V4(Ipv4Addr::LOCALHOST), Duration::from_secs(1));
        let request = Request::Submit {
            transaction: transaction(),
        };
        client.send(&Message::Request { id: 7, request }).await.unwrap();
        // Time stands still for the budget, so however long this lasts, nothing is computed.
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert_eq!(fake.submitted.lock().unwrap().len(), n - 1);
        assert_eq!(handle.sessions(), 1);
        PASSED.fetch_add(60_000, Ordering::Relaxed);
        assert!(matches!(response(&mut client, 7).await, Response::Submitted(_)));
        assert_eq!(fake.submitted.lock().unwrap().len(), n);
        client.goodbye().await;
        until("the session ends", || handle.sessions() == 0).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_wait_hold_no_more_than_so_many_bytes() {
    let (fake, handle, _dir) = relay(Limits {
        asked_bytes: 100,
        ..Limits::default()
    })
    .await;
    let mut client = hello(by(&handle, "/ws/")).await;
    let submit = |size: usize| Request::Submit {
        transaction: vec![0; size],
    };
    let Response::Refused(why) = ask(&mut client, 2, submit(101)).await else {
        panic!()
    };
    assert!(why.as_str().starts_with("too much of what you asked"), "{why}");
    // What was answered makes room again.
    for id in 3..10 {
        let response = ask(&mut client, id, submit(60)).await;
        assert!(matches!(response, Response::Submitted(_)), "{response:?}");
    }
    assert!(
        fake.submitted.lock().unwrap().is_empty(),
        "zeroes are no transaction"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_that_is_taken_is_said() {
    let dir = tempfile::tempdir().unwrap();
    let taken = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let config = PublicConfig {
        webrtc_port: taken.local_addr().unwrap().port(),
        ..config(dir.path(), Limits::default())
    };
    let error = serve(Arc::new(Fake::new()), config)
        .await
        .unwrap_err()
        .to_string();
    assert!(error.contains("in use"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nonsense_ends_the_session() {
    let (_fake, handle, _dir) = relay(Limits::default()).await;
    let nonsense: [(&str, Vec<u8>); 4] = [
        ("bytes that are no message", credo_wire::frame_body(&[0xff; 40])),
        ("a length over the limit", (200u32 * 1024).to_be_bytes().to_vec()),
        (
            "what only a relay sends",
            credo_wire::encode_frame(&Message::Response {
                id: 1,
                response: Response::Spec(Vec::new()),
            }),
        ),
        (
            "a request that can't be told apart from a push",
            credo_wire::encode_frame(&Message::Request {
                id: 0,
                request: Request::Spec,
            }),
        ),
    ];
    for way in ["/ws/", "/webrtc-direct/"] {
        for (what, bytes) in &nonsense {
            let mut client = hello(by(&handle, way)).await;
            client.send_raw(bytes.clone()).await.unwrap();
            ends(&mut client).await;
            until(what, || handle.sessions() == 0).await;
        }
    }
    hello(by(&handle, "/ws/")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_must_introduce_itself() {
    let (_fake, handle, _dir) = relay(Limits::default()).await;
    let mut client = dialed(by(&handle, "/ws/")).await;
    let Response::Refused(why) = ask(&mut client, 1, Request::Spec).await else {
        panic!()
    };
    assert_eq!(why.as_str(), "the first request must be a hello");
    let Response::Refused(why) = ask(&mut client, 2, Request::Hello { version: 9 }).await else {
        panic!()
    };
    assert!(why.as_str().contains("version 9"), "{why}");
    ends(&mut client).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_over_the_limits_are_refused_in_words() {
    let (fake, handle, _dir) = relay(Limits {
        requests_at_once: 4,
        ..Limits::default()
    })
    .await;
    let mut client = hello(by(&handle, "/ws/")).await;
    fake.slow.store(300, Ordering::Relaxed);
    for id in 10..20 {
        let request = Request::Transaction {
            hash: Digest::from([id as u8; 32]),
        };
        client.send(&Message::Request { id, request }).await.unwrap();
    }
    let mut refused = 0;
    for _ in 10..20 {
        let Ok(Message::Response { response, .. }) = client.next().await else {
            panic!()
        };
        if let Response::Refused(why) = response {
            assert!(why.as_str().starts_with("too many requests at once"), "{why}");
            refused += 1;
        }
    }
    assert_eq!(refused, 6);

    let (_fake, handle, _dir) = relay(Limits {
        request_rate: (1.0, 5.0),
        ..Limits::default()
    })
    .await;
    let mut client = hello(by(&handle, "/ws/")).await;
    let mut answers = Vec::new();
    for id in 2..12 {
        answers.push(ask(&mut client, id, Request::Spec).await);
    }
    let refused = answers
        .iter()
        .filter(|a| matches!(a, Response::Refused(_)))
        .count();
    assert!((5..=7).contains(&refused), "{refused} refused");
    // Whoever goes on regardless is shown the door.
    for id in 100..1_000 {
        if client
            .send(&Message::Request {
                id,
                request: Request::Spec,
            })
            .await
            .is_err()
        {
            break;
        }
    }
    ends(&mut client).await;
    until("the flood ends the session", || handle.sessions() == 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_does_not_read_ends_only_its_own_session() {
    let (_fake, handle, _dir) = relay(Limits {
        stall: Duration::from_millis(700),
        ..Limits::default()
    })
    .await;
    let address = by(&handle, "/ws/");
    let mut reader = hello(address).await;
    // Takes nothing from its queue, so its reading task stops and the relay's bytes have nowhere to go.
    let lazy = hello(address).await;
    for id in 2..100 {
        lazy.send(&Message::Request {
            id,
            request: Request::Ranking { part: 0 },
        })
        .await
        .unwrap();
    }
    assert_eq!(handle.sessions(), 2);
    until("the slow reader's session ends", || handle.sessions() == 1).await;
    assert!(matches!(
        ask(&mut reader, 2, Request::Spec).await,
        Response::Spec(_)
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_source_gets_only_so_many_connections() {
    let (_fake, handle, _dir) = relay(Limits {
        connections_per_source: 2,
        ..Limits::default()
    })
    .await;
    let address = by(&handle, "/ws/");
    let (first, _second) = (hello(address).await, hello(address).await);
    let third = dial(address, Duration::from_secs(3)).await;
    assert!(matches!(third, Err(DialError::Unreachable { .. })), "{third:?}");
    first.goodbye().await;
    until("the place is free again", || handle.sessions() == 1).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    hello(address).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_client_is_gone_after_three_heartbeats() {
    let (_fake, handle, _dir) = relay(Limits {
        heartbeat: Duration::from_millis(200),
        ..Limits::default()
    })
    .await;
    let kept = hello(by(&handle, "/webrtc-direct/")).await;
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert_eq!(handle.sessions(), 1, "pongs keep it");
    let mut silent = hello(by(&handle, "/webrtc-direct/")).await;
    silent.mute();
    assert_eq!(handle.sessions(), 2);
    until("silence ends the session", || handle.sessions() == 1).await;
    drop(kept);
}

#[tokio::test(flavor = "multi_thread")]
async fn dialing_fails_with_a_sentence() {
    let no_relay = dial("/ip4/127.0.0.1/tcp/9/ws", Duration::from_secs(3))
        .await
        .unwrap_err();
    assert!(
        no_relay
            .to_string()
            .starts_with("no relay answers at /ip4/127.0.0.1/tcp/9/ws: "),
        "{no_relay}"
    );
    for bad in [
        "127.0.0.1:80",
        "/ip4/127.0.0.1/tcp/9",
        "/ip4/127.0.0.1/udp/9/webrtc-direct",
    ] {
        assert!(
            matches!(dial(bad, LIMIT).await, Err(DialError::Address { .. })),
            "{bad}"
        );
    }
    let (_fake, handle, _dir) = relay(Limits::default()).await;
    let other = libp2p::identity::Keypair::generate_ed25519()
        .public()
        .to_peer_id();
    let (address, _) = by(&handle, "/ws/").rsplit_once('/').unwrap();
    let wrong = dial(&format!("{address}/{other}"), LIMIT).await;
    assert!(matches!(wrong, Err(DialError::NotARelay { .. })), "{wrong:?}");
}
