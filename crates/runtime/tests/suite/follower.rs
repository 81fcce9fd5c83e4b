//! Somebody who follows balances by receipts alone, from the genesis on: it comes to the chain's own numbers.

use std::collections::BTreeMap;

use credo_primitives::entry::{Balance, TokenInfo};
use credo_primitives::{Receipt, StateKey};
use serde_json::Value;

use crate::chain::State;

/// Account and token.
type Place = (String, String);

/// What an account has by the receipts: all of it, and the parts of it that can't be spent before a date (ns).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Held {
    all: i128,
    frozen: Vec<(i64, i128)>,
}

impl Held {
    fn spendable(&self, now_ns: i64) -> i128 {
        let frozen = self.frozen.iter().filter(|(until, _)| *until > now_ns);
        self.all - frozen.map(|(_, amount)| amount).sum::<i128>()
    }
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Follower {
    held: BTreeMap<Place, Held>,
    decimals: BTreeMap<String, u32>,
}

fn get<T: commonware_codec::Read<Cfg = ()>>(state: &State, key: &StateKey) -> T {
    use commonware_codec::DecodeExt as _;
    T::decode(commonware_codec::Copying(&state[key])).unwrap()
}

fn base64(text: &str) -> Vec<u8> {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut bytes = Vec::new();
    let (mut bits, mut count) = (0u32, 0);
    for byte in text.bytes().take_while(|byte| *byte != b'=') {
        bits = (bits << 6) | ALPHABET.iter().position(|known| *known == byte).unwrap() as u32;
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
        }
    }
    bytes
}

fn balances(state: &State) -> impl Iterator<Item = (Place, Balance)> + '_ {
    state.keys().filter_map(|key| {
        let (account, symbol) = key
            .as_str()
            .strip_prefix("token.iost/balance/")?
            .split_once('/')?;
        Some(((account.to_owned(), symbol.to_owned()), get(state, key)))
    })
}

impl Follower {
    /// Begins with the balances of the genesis.
    pub(crate) fn new(genesis: &State) -> Self {
        let mut follower = Self::default();
        for (place, balance) in balances(genesis) {
            assert_eq!(balance.frozen, [], "{place:?}");
            let all = i128::from(balance.available.units());
            follower.held.insert(
                place,
                Held {
                    all,
                    frozen: Vec::new(),
                },
            );
        }
        for key in genesis.keys() {
            if let Some(symbol) = key.as_str().strip_prefix("token.iost/token/") {
                let token: TokenInfo = get(genesis, key);
                follower.decimals.insert(symbol.into(), u32::from(token.decimals));
            }
        }
        follower
    }

    fn at(&mut self, account: &str, symbol: &str) -> &mut Held {
        self.held.entry((account.into(), symbol.into())).or_default()
    }

    fn units(&self, symbol: &str, amount: &Value) -> i128 {
        let text = amount.as_str().unwrap();
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let decimals = self.decimals[symbol] as usize;
        assert!(fraction.len() <= decimals, "{text}");
        format!("{whole}{fraction:0<decimals$}").parse().unwrap()
    }

    /// Reads the receipts of a block.
    pub(crate) fn follow(&mut self, receipts: &[Receipt]) {
        for receipt in receipts {
            if !receipt.is_success() {
                assert!(receipt.receipts.is_empty() && receipt.ram_usage.is_empty());
            }
            for entry in &receipt.receipts {
                if entry.func_name.as_str() == "vote_producer.iost/seizeFrozen" {
                    self.seize(&serde_json::from_str(entry.content.as_str()).unwrap());
                }
                let Some(action) = entry.func_name.as_str().strip_prefix("token.iost/") else {
                    continue;
                };
                let content: Value = serde_json::from_str(entry.content.as_str()).unwrap();
                self.read(action, &content);
            }
            for usage in &receipt.ram_usage {
                assert_ne!(usage.bytes, 0);
                self.at(usage.payer.as_str(), "ram").all -= i128::from(usage.bytes);
            }
        }
    }

    /// Frozen amounts are taken away before their date; the transfer comes after that.
    fn seize(&mut self, content: &Value) {
        let (mut units, until) = (self.units("iost", &content[1]), content[2].as_i64().unwrap());
        let held = self.at(content[0].as_str().unwrap(), "iost");
        for (_, frozen) in held.frozen.iter_mut().filter(|(date, _)| *date == until) {
            let taken = units.min(*frozen);
            units -= taken;
            *frozen -= taken;
        }
        assert_eq!(units, 0, "{content}");
    }

    fn read(&mut self, action: &str, content: &Value) {
        let text = |at: usize| content[at].as_str().unwrap();
        let symbol = text(0);
        match action {
            "create" => {
                let config: Value = serde_json::from_slice(&base64(text(3))).unwrap();
                let decimals = config["decimal"].as_f64().unwrap_or(8.0);
                self.decimals.insert(symbol.into(), decimals as u32);
            }
            "issue" => {
                let units = self.units(symbol, &content[2]);
                self.at(text(1), symbol).all += units;
            }
            "destroy" => {
                let units = self.units(symbol, &content[2]);
                self.at(text(1), symbol).all -= units;
            }
            "transfer" | "transferFreeze" => {
                let units = self.units(symbol, &content[3]);
                self.at(text(1), symbol).all -= units;
                let to = self.at(text(2), symbol);
                to.all += units;
                if action == "transferFreeze" {
                    to.frozen.push((content[4].as_i64().unwrap(), units));
                }
            }
            other => panic!("{other}"),
        }
    }

    /// Holds what it came to against the chain's numbers.
    pub(crate) fn check(&mut self, state: &State, now_ms: u64) {
        let now_ns = (now_ms * 1_000_000) as i64;
        for held in self.held.values_mut() {
            held.frozen.retain(|(until, _)| *until > now_ns);
        }
        let mut seen = BTreeMap::new();
        for (place, balance) in balances(state) {
            let frozen: i128 = balance.frozen.iter().map(|f| i128::from(f.amount.units())).sum();
            let held = self.held.get(&place).cloned().unwrap_or_default();
            assert_eq!(
                held.all,
                i128::from(balance.available.units()) + frozen,
                "{place:?}"
            );
            let spendable = i128::from(balance.spendable(now_ms).units());
            assert_eq!(held.spendable(now_ns), spendable, "{place:?}");
            seen.insert(place, ());
        }
        self.held.retain(|place, held| {
            assert!(
                seen.contains_key(place) || held.all == 0,
                "{place:?} has {held:?} by receipts"
            );
            seen.contains_key(place)
        });
    }
}
