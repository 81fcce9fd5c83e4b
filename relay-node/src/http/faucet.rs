//! A devnet's faucet: signs an account up and gives it tokens, in one transaction of a well-known account.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use axum::Json;
use axum::body::Bytes;
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use commonware_codec::{Copying, DecodeExt as _};
use credo_primitives::entry::{RamMarket, SIGN_UP_PLEDGE};
use credo_primitives::hash::digest_to_base58;
use credo_primitives::{AccountName, Action, Amount, AmountLimit, Digest, PublicKey, StateKey, Transaction};
use serde::Deserialize;
use serde_json::json;

use super::guard::check_post;
use super::info::problem;
use super::listener::Source;
use super::{App, FaucetConfig};
use crate::public::{Bucket, source_group};
use crate::service::{ChainService, ServiceError};

/// Most sources whose use is remembered.
const MAX_SOURCES: usize = 4_096;
/// A block takes only transactions whose time isn't after its own: a little slack gets this one into the next block.
const BACKDATE_NS: i64 = 1_000_000_000;
const LIFETIME_NS: i64 = 90_000_000_000;
/// Gas limit and ratio in IOST's node scale.
const GAS_LIMIT: i64 = 200_000_000;
const GAS_RATIO: i64 = 100;
/// Bytes of RAM that a new account gets: it pays for its votes and permissions out of them.
const NEW_RAM: u64 = 2_000;

struct Rates {
    overall: Bucket,
    sources: HashMap<IpAddr, Bucket>,
    last_time: i64,
}

pub(crate) struct Faucet {
    config: FaucetConfig,
    service: Arc<dyn ChainService>,
    rates: Mutex<Rates>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Ask {
    name: String,
    public_key: Option<String>,
}

type Refusal = (StatusCode, String);

fn bad(sentence: impl ToString) -> Refusal {
    (StatusCode::BAD_REQUEST, sentence.to_string())
}

/// `POST /faucet`
pub(crate) async fn give(
    State(app): State<Arc<App>>,
    ConnectInfo(Source(source)): ConnectInfo<Source>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let Some(faucet) = &app.faucet else {
        return problem(StatusCode::NOT_FOUND, "this node has no faucet");
    };
    if let Err(sentence) = check_post(&headers) {
        return problem(StatusCode::FORBIDDEN, sentence);
    }
    match faucet.give(source, &body).await {
        Ok(hash) => Json(json!({ "hash": digest_to_base58(&hash) })).into_response(),
        Err((status, sentence)) => problem(status, sentence),
    }
}

impl Faucet {
    pub(crate) fn new(config: FaucetConfig, service: Arc<dyn ChainService>) -> Self {
        let rates = Rates {
            overall: Bucket::new(config.overall, Instant::now()),
            sources: HashMap::new(),
            last_time: 0,
        };
        Self {
            config,
            service,
            rates: Mutex::new(rates),
        }
    }

    fn admit(&self, source: IpAddr) -> Result<(), Refusal> {
        let now = Instant::now();
        let group = source_group(source);
        let mut rates = self.rates.lock().unwrap_or_else(PoisonError::into_inner);
        if rates.sources.len() >= MAX_SOURCES && !rates.sources.contains_key(&group) {
            rates.sources.retain(|_, bucket| !bucket.is_full(now));
        }
        let full = rates.sources.len() >= MAX_SOURCES && !rates.sources.contains_key(&group);
        let per_source = self.config.per_source;
        let allowed = !full
            && rates
                .sources
                .entry(group)
                .or_insert_with(|| Bucket::new(per_source, now))
                .take(now)
            && rates.overall.take(now);
        if allowed {
            return Ok(());
        }
        Err((
            StatusCode::TOO_MANY_REQUESTS,
            "the faucet has given a lot in a short time; ask again in a minute".into(),
        ))
    }

    async fn give(&self, source: IpAddr, body: &[u8]) -> Result<Digest, Refusal> {
        let ask: Ask = serde_json::from_slice(body).map_err(|_| {
            bad("the request must be JSON with a \"name\", and with a \"public_key\" for a new account")
        })?;
        let name = AccountName::new(ask.name).map_err(bad)?;
        let key = ask.public_key.as_deref().map(PublicKey::from_base58);
        let key = key.transpose().map_err(bad)?;
        self.admit(source)?;
        let (exists, market) = self.look(&name).await.map_err(failed)?;
        match (&key, exists) {
            (Some(_), true) => {
                return Err((
                    StatusCode::CONFLICT,
                    format!("the name {name} is taken; choose another"),
                ));
            }
            (None, false) => {
                return Err((
                    StatusCode::NOT_FOUND,
                    format!("there is no account {name} yet; ask with its public key to create it"),
                ));
            }
            _ => {}
        }
        let new = key.as_ref().map(|key| (key, market.as_ref().and_then(ram_price)));
        let transaction = self.transaction(&name, new);
        self.service.submit(transaction.encode()).await.map_err(failed)
    }

    /// Whether the account exists, and the market for RAM.
    async fn look(&self, name: &AccountName) -> Result<(bool, Option<RamMarket>), ServiceError> {
        let keys = vec![StateKey::account(name), StateKey::ram_market()];
        let answer = self.service.state(keys).await?;
        let value = |place: usize| answer.entries.get(place).and_then(|entry| entry.value.as_ref());
        let market = value(1).and_then(|bytes| RamMarket::decode(Copying(bytes.as_slice())).ok());
        Ok((value(0).is_some(), market))
    }

    /// A gift; a new account comes with its key and the most that its RAM may cost. Without a market it gets none.
    fn transaction(&self, name: &AccountName, new: Option<(&PublicKey, Option<Amount>)>) -> Transaction {
        let FaucetConfig { account, amount, .. } = &self.config;
        let action = |contract: &str, name: &str, data: serde_json::Value| Action {
            contract: contract.into(),
            name: name.into(),
            data: data.to_string(),
        };
        let mut actions = Vec::new();
        let mut limit = *amount;
        if let Some((key, ram_price)) = new {
            let key = key.to_base58();
            actions.push(action("auth.iost", "signUp", json!([name.as_str(), key, key])));
            if ram_price.is_some() {
                let buy = json!([account.as_str(), name.as_str(), NEW_RAM]);
                actions.push(action("ram.iost", "buy", buy));
            }
            // Signing up pledges ten IOST for the new account's gas.
            for part in [SIGN_UP_PLEDGE, ram_price.unwrap_or(Amount::ZERO)] {
                limit = limit.checked_add(part).unwrap_or(Amount::MAX);
            }
        }
        let transfer = json!([
            "iost",
            account.as_str(),
            name.as_str(),
            amount.to_string(),
            "faucet"
        ]);
        actions.push(action("token.iost", "transfer", transfer));
        let time = self.next_time();
        let mut transaction = Transaction {
            time,
            expiration: time.saturating_add(LIFETIME_NS),
            gas_ratio: GAS_RATIO,
            gas_limit: GAS_LIMIT,
            delay: 0,
            chain_id: self.service.spec().parameters.chain_id,
            signers: Vec::new(),
            actions,
            amount_limit: vec![AmountLimit {
                token: "iost".into(),
                value: limit.to_string(),
            }],
            signs: Vec::new(),
            referred_tx: Vec::new(),
            publisher: String::new(),
            publisher_signs: Vec::new(),
        };
        transaction.sign_as_publisher(account.as_str(), &self.config.key);
        transaction
    }

    /// A time no two transactions share: two gifts to one name in one moment must not be the same transaction.
    fn next_time(&self) -> i64 {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |d| i64::try_from(d.as_nanos()).unwrap_or(i64::MAX));
        let mut rates = self.rates.lock().unwrap_or_else(PoisonError::into_inner);
        let time = (now - BACKDATE_NS).max(rates.last_time.saturating_add(1));
        rates.last_time = time;
        time
    }
}

/// The most that a new account's RAM may cost until the block: twice its price.
fn ram_price(market: &RamMarket) -> Option<Amount> {
    let price = market.price(NEW_RAM)?;
    let paid = price.checked_add(RamMarket::fee(price)).ok()?;
    paid.checked_add(paid).ok()
}

fn failed(error: ServiceError) -> Refusal {
    match error {
        ServiceError::Refused(sentence) => bad(sentence),
        ServiceError::NotReady => (StatusCode::SERVICE_UNAVAILABLE, error.to_string()),
    }
}
