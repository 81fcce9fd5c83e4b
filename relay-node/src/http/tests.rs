//! Plain HTTP against a real endpoint.

use std::net::SocketAddr;
use std::sync::Arc;

use credo_primitives::{AccountName, Algorithm, Preset, SecretKey, StateKey};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::{FaucetConfig, HttpConfig, HttpError, HttpHandle, RelayInfo, Relays, serve};
use crate::public::fake::{Fake, now_ms};

struct Site {
    handle: HttpHandle,
    fake: Arc<Fake>,
    dir: tempfile::TempDir,
}

fn key() -> SecretKey {
    SecretKey::from_seed(Algorithm::Ed25519, &[3; 32]).unwrap()
}

fn faucet() -> FaucetConfig {
    FaucetConfig {
        per_source: (0.0, 4.0),
        ..FaucetConfig::new(AccountName::any("admin").unwrap(), key())
    }
}

async fn site(faucet: Option<FaucetConfig>) -> Site {
    let dir = tempfile::tempdir().unwrap();
    let web = dir.path().join("web");
    std::fs::create_dir_all(web.join("fonts")).unwrap();
    std::fs::write(dir.path().join("secret.txt"), "secret").unwrap();
    for (name, content) in [
        ("index.html", "<!doctype html><title>Credo</title>"),
        ("wallet-0123456789abcdef_bg.wasm", "\0asm plain"),
        ("wallet-0123456789abcdef_bg.wasm.br", "brotli"),
        ("wallet-0123456789abcdef_bg.wasm.gz", "gzip"),
        ("fonts/ink.woff2", "font"),
        (".hidden", "hidden"),
    ] {
        std::fs::write(web.join(name), content).unwrap();
    }
    #[cfg(unix)]
    std::os::unix::fs::symlink(dir.path().join("secret.txt"), web.join("link.txt")).unwrap();
    let fake = Arc::new(Fake::new());
    let handle = serve(HttpConfig {
        listen: ([127, 0, 0, 1], 0).into(),
        web_dir: Some(web),
        service: fake.clone(),
        relays: Relays::new(vec![RelayInfo {
            name: "aurora".into(),
            addresses: vec!["/ip4/127.0.0.1/tcp/1/ws".into()],
        }]),
        faucet,
        webrtc: None,
        budget: crate::public::strangers(),
    })
    .await
    .unwrap();
    Site { handle, fake, dir }
}

struct Reply {
    status: u16,
    head: String,
    body: String,
}

impl Reply {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|e| panic!("{e}: {}", self.body))
    }
    fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines
            .find(|(n, _)| n.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }
}

async fn send(address: SocketAddr, request: String) -> Reply {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let answer = String::from_utf8(answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    Reply {
        status: head.split(' ').nth(1).unwrap().parse().unwrap(),
        head: head.to_owned(),
        body: body.to_owned(),
    }
}

async fn get(site: &Site, path: &str, headers: &str) -> Reply {
    let address = site.handle.address;
    send(
        address,
        format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{headers}\r\n"),
    )
    .await
}

async fn post(site: &Site, body: &Value, headers: &str) -> Reply {
    let (address, body) = (site.handle.address, body.to_string());
    let length = body.len();
    let request = format!(
        "POST /faucet HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n{headers}\r\n{body}"
    );
    send(address, request).await
}

#[tokio::test]
async fn every_response_carries_the_strict_policy() {
    let site = site(None).await;
    for path in [
        "/",
        "/spec",
        "/relays",
        "/health",
        "/nothing.js",
        "/faucet",
        "/wallet-0123456789abcdef_bg.wasm",
    ] {
        let reply = get(&site, path, "").await;
        let policy = reply
            .header("content-security-policy")
            .unwrap_or_else(|| panic!("{path}"));
        assert!(
            policy.starts_with("default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; "),
            "{policy}"
        );
        assert!(
            policy.ends_with("frame-ancestors 'none'") && !policy.contains("unsafe-inline"),
            "{policy}"
        );
        assert_eq!(reply.header("x-content-type-options"), Some("nosniff"), "{path}");
        assert_eq!(reply.header("referrer-policy"), Some("no-referrer"), "{path}");
    }
}

#[tokio::test]
async fn files_come_with_their_type_cache_and_compression() {
    let site = site(None).await;
    let index = get(&site, "/", "").await;
    assert_eq!(
        (index.status, index.header("content-type")),
        (200, Some("text/html; charset=utf-8"))
    );
    assert_eq!(index.header("cache-control"), Some("no-cache"));
    let etag = index.header("etag").unwrap().to_owned();
    let again = get(&site, "/", &format!("If-None-Match: {etag}\r\n")).await;
    assert_eq!((again.status, again.body.as_str()), (304, ""));
    assert_eq!(
        get(&site, "/vote", "").await.body,
        index.body,
        "a route of the wallet"
    );

    let path = "/wallet-0123456789abcdef_bg.wasm";
    for (accept, encoding, body) in [
        ("", None, "\0asm plain"),
        (
            "Accept-Encoding: gzip, deflate, br, zstd\r\n",
            Some("br"),
            "brotli",
        ),
        ("Accept-Encoding: gzip\r\n", Some("gzip"), "gzip"),
        ("Accept-Encoding: br;q=0, gzip;q=0\r\n", None, "\0asm plain"),
    ] {
        let reply = get(&site, path, accept).await;
        assert_eq!((reply.status, reply.body.as_str()), (200, body), "{accept}");
        assert_eq!(reply.header("content-encoding"), encoding);
        assert_eq!(reply.header("content-type"), Some("application/wasm"));
        assert_eq!(
            reply.header("cache-control"),
            Some("public, max-age=31536000, immutable")
        );
    }
    assert_eq!(get(&site, "/fonts/ink.woff2", "").await.body, "font");
}

#[tokio::test]
async fn no_path_leaves_the_folder() {
    let site = site(None).await;
    assert!(site.dir.path().join("secret.txt").exists());
    for path in [
        "/../secret.txt",
        "/fonts/../../secret.txt",
        "/%2e%2e/secret.txt",
        "/..%2fsecret.txt",
        "//secret.txt",
        "/link.txt",
        "/.hidden",
        "/fonts/..%5c..%5csecret.txt",
    ] {
        let reply = get(&site, path, "").await;
        assert!(
            !reply.body.contains("secret") && !reply.body.contains("hidden"),
            "{path}: {}",
            reply.body
        );
        assert_eq!(reply.status, 404, "{path}");
    }
}

#[tokio::test]
async fn the_node_says_what_it_is() {
    let site = site(None).await;
    let hash = site.fake.spec.hash().to_string();
    let spec = get(&site, "/spec", "").await.json();
    assert_eq!((&spec["hash"], &spec["name"]), (&json!(hash), &json!("fake")));
    let relays = get(&site, "/relays", "").await.json();
    assert_eq!(
        relays,
        json!({
            "spec": hash,
            "devnet": true,
            "relays": [{ "name": "aurora", "addresses": ["/ip4/127.0.0.1/tcp/1/ws"] }],
        })
    );
    let health = get(&site, "/health", "").await;
    assert_eq!((health.status, &health.json()["status"]), (200, &json!("ok")));

    let mut old = site.fake.head();
    old.header.time_ms = now_ms() - 60_000;
    site.fake.heads.send_replace(Some(Arc::new(old)));
    let health = get(&site, "/health", "").await;
    assert_eq!((health.status, &health.json()["status"]), (503, &json!("stale")));
    assert!(health.json()["seconds_since_last_block"].as_f64().unwrap() >= 60.0);
    site.fake.heads.send_replace(None);
    assert_eq!(get(&site, "/health", "").await.status, 503);
}

#[tokio::test]
async fn the_faucet_signs_up_and_gives_in_one_transaction() {
    let site = site(Some(faucet())).await;
    let public_key = key().public_key().to_base58();
    let reply = post(&site, &json!({ "name": "marlow", "public_key": public_key }), "").await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    let sent = site.fake.submitted.lock().unwrap().remove(0);
    assert_eq!(reply.json()["hash"].as_str().map(str::is_empty), Some(false));
    let checked = sent.check(1024).expect("a valid transaction");
    let actions: Vec<_> = checked
        .tx()
        .actions
        .iter()
        .map(|a| (a.contract.as_str(), a.name.as_str(), a.data.clone()))
        .collect();
    assert_eq!(
        actions,
        [
            (
                "auth.iost",
                "signUp",
                json!(["marlow", public_key, public_key]).to_string()
            ),
            (
                "token.iost",
                "transfer",
                json!(["iost", "admin", "marlow", "10000", "faucet"]).to_string()
            ),
        ]
    );
    assert!(
        checked
            .tx()
            .check_time(i64::try_from(now_ms()).unwrap() * 1_000_000)
            .is_ok()
    );

    // For an account that exists: tokens alone; its name can't be taken again.
    let name = AccountName::new("marlow").unwrap();
    site.fake.present.lock().unwrap().push(StateKey::account(&name));
    let taken = post(&site, &json!({ "name": "marlow", "public_key": public_key }), "").await;
    assert_eq!(
        (taken.status, &taken.json()["error"]),
        (409, &json!("the name marlow is taken; choose another"))
    );
    assert_eq!(post(&site, &json!({ "name": "marlow" }), "").await.status, 200);
    assert_eq!(site.fake.submitted.lock().unwrap().remove(0).actions.len(), 1);
    assert_eq!(post(&site, &json!({ "name": "nobody" }), "").await.status, 404);
    // Four have been asked for: that's all from one address.
    let much = post(&site, &json!({ "name": "marlow" }), "").await;
    assert_eq!(much.status, 429);
    assert!(much.json()["error"].as_str().unwrap().contains("in a minute"));
}

#[tokio::test]
async fn the_faucet_refuses_nonsense_and_strangers() {
    let site = site(Some(faucet())).await;
    let good = json!({ "name": "marlow" });
    for (body, what) in [
        (json!({}), "no name"),
        (json!({ "name": "x" }), "a short name"),
        (json!({ "name": "marlow", "public_key": "0OIl" }), "no base58"),
        (json!({ "name": "marlow", "amount": "1" }), "an unknown field"),
        (json!({ "name": "m".repeat(5_000) }), "too large"),
    ] {
        let reply = post(&site, &body, "").await;
        assert!((400..500).contains(&reply.status), "{what}: {}", reply.status);
    }
    let foreign = post(&site, &good, "Origin: http://evil.example\r\n").await;
    assert_eq!(foreign.status, 403);
    let rebound = send(
        site.handle.address,
        "POST /faucet HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}".into(),
    )
    .await;
    assert_eq!(rebound.status, 403);
    assert!(site.fake.submitted.lock().unwrap().is_empty());
    assert_eq!(get(&site, "/faucet", "").await.status, 405);
}

#[tokio::test]
async fn a_chain_that_is_no_devnet_has_no_faucet() {
    let config = |faucet| HttpConfig {
        listen: ([127, 0, 0, 1], 0).into(),
        web_dir: None,
        service: Arc::new(Fake::with_preset(Preset::Main)),
        relays: Relays::default(),
        faucet,
        webrtc: None,
        budget: crate::public::strangers(),
    };
    assert!(matches!(
        serve(config(Some(faucet()))).await,
        Err(HttpError::FaucetOutsideDevnet)
    ));
    let handle = serve(config(None)).await.unwrap();
    let request = format!(
        "POST /faucet HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{{}}",
        handle.address
    );
    assert_eq!(send(handle.address, request).await.status, 404);
    let missing = HttpConfig {
        web_dir: Some("/nowhere/at/all".into()),
        ..config(None)
    };
    assert!(matches!(serve(missing).await, Err(HttpError::Files { .. })));
}
