//! Random transactions over the whole of the ledger, failing ones included, picked by numbers: a property test draws them,
//! and a run that must come to the same everywhere counts them out.

use credo_primitives::CheckedTransaction;
use credo_primitives::spec::{Genesis, GenesisAccount, consensus_key as as_text};
use credo_runtime::BlockOutcome;

use crate::chain::{Chain, PLEDGE, START_MS, consensus_key, genesis_file, key_of, name, possession};

pub(crate) const NAMES: [&str; 10] = [
    "alice",
    "bobby",
    "carol",
    "node1",
    "node2",
    "node3",
    "node4",
    "foundation",
    "nobody",
    "vote.iost",
];
/// Accounts that do nothing by chance: nodes to be displaced, and those that displace them.
pub(crate) const OLD: [&str; 3] = ["old_1", "old_2", "old_3"];
pub(crate) const NEW: [&str; 3] = ["fresh_1", "fresh_2", "fresh_3"];
/// How many of the names can publish.
const PUBLISHERS: u64 = 8;
const AMOUNTS: [&str; 12] = [
    "0",
    "-1",
    "0.00000001",
    "0.123456789",
    "1",
    "7.5",
    "50",
    "333",
    "1000",
    "99999999999",
    "92233720368.54775807",
    "x",
];
const VOTING: &str = "vote_producer.iost";

/// A chain on which losing candidacy comes quickly and rewards are large.
pub(crate) fn chain() -> Chain {
    let mut file: Genesis = genesis_file();
    file.parameters.missed_epochs = 1;
    let epoch = file.parameters.epoch_length * file.parameters.slot_ms;
    file.parameters.rewards_per_year = credo_primitives::Amount::from_iost(50 * 31_557_600_000 / epoch);
    for account in ["foundation"].into_iter().chain(OLD).chain(NEW) {
        file.accounts.push(GenesisAccount {
            name: name(account),
            owner: key_of(account).public_key().into(),
            active: key_of(account).public_key().into(),
            balance: credo_primitives::Amount::from_iost(5_000),
            pledge: credo_primitives::Amount::from_iost(PLEDGE),
        });
    }
    Chain::with(file)
}

/// A sequence of numbers that is the same everywhere (SplitMix64).
pub(crate) struct Numbers(pub(crate) u64);

impl Numbers {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

/// Contract, action and arguments.
type Call = (&'static str, &'static str, String);

/// One of a list. The number is brought into range before it is narrowed: `usize` is smaller in the browser.
fn pick<T: Copy>(list: &[T], number: u64) -> T {
    list[(number % list.len() as u64) as usize]
}

fn call(n: [u64; 5]) -> Call {
    // What the election stands on is drawn most often.
    if n[0] % 3 == 2 {
        return other_call(n);
    }
    let node = |x: u64| pick(&NAMES[..7], x);
    let (a, b, c, amount) = (
        pick(&NAMES, n[1]),
        pick(&NAMES, n[2]),
        pick(&NAMES, n[3]),
        pick(&AMOUNTS, n[4]),
    );
    let key = || as_text::to_base58(&consensus_key(n[3] % 7));
    let bytes = pick(&[0, 9, 10, 1_000, 1_000_000_000], n[4]);
    match n[0] / 3 % 24 {
        0 | 1 => (
            "token.iost",
            "transfer",
            format!(r#"["iost","{a}","{b}","{amount}",""]"#),
        ),
        2..=4 => (VOTING, "vote", format!(r#"["{a}","{}","{amount}"]"#, node(n[2]))),
        5 | 6 => (
            VOTING,
            "unvote",
            format!(r#"["{a}","{}","{amount}"]"#, node(n[2])),
        ),
        7 => (
            VOTING,
            "move",
            format!(r#"["{a}","{}","{c}","{amount}"]"#, node(n[2])),
        ),
        8 | 9 => (
            VOTING,
            "applyRegister",
            // The rest is the chain's to know.
            format!(r#"["{a}","{}","","","",{}"#, key(), !is_partner(n)),
        ),
        10 | 11 => (VOTING, "logInProducer", format!(r#"["{a}"]"#)),
        12 => (VOTING, "logOutProducer", format!(r#"["{a}"]"#)),
        13 => (VOTING, "standAside", format!(r#"["{a}",{}]"#, n[4] % 4)),
        14 => (VOTING, "voterWithdraw", format!(r#"["{a}"]"#)),
        15 => (VOTING, "candidateWithdraw", format!(r#"["{a}"]"#)),
        16 => (VOTING, "topupVoterBonus", format!(r#"["{b}","{amount}","{a}"]"#)),
        17 => (VOTING, "topupCandidateBonus", format!(r#"["{amount}","{a}"]"#)),
        18 => ("gas.iost", "pledge", format!(r#"["{a}","{b}","{amount}"]"#)),
        19 => ("gas.iost", "unpledge", format!(r#"["{a}","{b}","{amount}"]"#)),
        20 => ("ram.iost", "buy", format!(r#"["{a}","{b}",{bytes}]"#)),
        21 => ("ram.iost", "sell", format!(r#"["{a}","{b}",{bytes}]"#)),
        22 => (
            "bonus.iost",
            "setContribution",
            format!(r#"[{{"{a}":{}}}]"#, n[4] % 3),
        ),
        _ => ("bonus.iost", "exchangeIOST", format!(r#"["{a}","0"]"#)),
    }
}

/// Whether a node registers as no producer of blocks.
fn is_partner(n: [u64; 5]) -> bool {
    n[4].is_multiple_of(8)
}

/// Tokens, permissions, proposals and votings. An account's own keys are never taken away, or nothing more could be done with it.
fn other_call(n: [u64; 5]) -> Call {
    let (a, b, amount) = (pick(&NAMES, n[1]), pick(&NAMES, n[2]), pick(&AMOUNTS, n[4]));
    let symbol = pick(&["gold", "iron"], n[3]);
    let part = pick(&["spare", "other"], n[3]);
    let weight = n[4] % 3;
    match n[0] / 3 % 33 {
        0 => (
            "token.iost",
            "transferFreeze",
            format!(r#"["iost","{a}","{b}","{amount}",{},""]"#, 1 + n[3] % 100_000),
        ),
        1 => ("token.iost", "destroy", format!(r#"["iost","{a}","{amount}"]"#)),
        2 => ("token.iost", "create", format!(r#"["{symbol}","{a}",1000,{{}}]"#)),
        3 => ("token.iost", "issue", format!(r#"["{symbol}","{b}","{amount}"]"#)),
        4 => (
            "token.iost",
            "transfer",
            format!(r#"["{symbol}","{a}","{b}","{amount}",""]"#),
        ),
        5 => ("token721.iost", "create", format!(r#"["{symbol}","{a}",3]"#)),
        6 => ("token721.iost", "issue", format!(r#"["{symbol}","{b}","{{}}"]"#)),
        7 => (
            "token721.iost",
            "transfer",
            format!(r#"["{symbol}","{a}","{b}","{weight}"]"#),
        ),
        8 => (
            "auth.iost",
            "addPermission",
            format!(r#"["{a}","{part}",{weight}]"#),
        ),
        9 => ("auth.iost", "dropPermission", format!(r#"["{a}","{part}"]"#)),
        10 => (
            "auth.iost",
            "assignPermission",
            format!(r#"["{a}","{part}","{b}@active",{weight}]"#),
        ),
        11 => (
            "auth.iost",
            "revokePermission",
            format!(r#"["{a}","{part}","{b}@active"]"#),
        ),
        12 => ("auth.iost", "addGroup", format!(r#"["{a}","{part}"]"#)),
        13 => (
            "auth.iost",
            "assignGroup",
            format!(r#"["{a}","{part}","{b}@active",{weight}]"#),
        ),
        14 => (
            "msig.iost",
            "propose",
            format!(
                r#"["{a}","{part}",["{b}@active"],[{{"contract":"token.iost","action":"transfer","data":"[\"iost\",\"{b}\",\"{a}\",\"{amount}\",\"\"]"}}],{}]"#,
                1 + n[3] % 1_000
            ),
        ),
        15 | 16 => (
            "msig.iost",
            "approve",
            format!(r#"["{b}","{part}","{a}@active"]"#),
        ),
        17 | 18 => ("msig.iost", "execute", format!(r#"["{b}","{part}"]"#)),
        19 => ("msig.iost", "cancel", format!(r#"["{b}","{part}"]"#)),
        20 => (
            "vote.iost",
            "newVote",
            format!(
                r#"["{a}","which",{{"resultNumber":1,"minVote":1,"options":["spare","other"],"anyOption":false,"freezeTime":{}}}]"#,
                n[3] % 50
            ),
        ),
        21 => (
            "vote.iost",
            "vote",
            format!(r#"["{}","{a}","{part}","{amount}"]"#, 1 + n[2] % 2),
        ),
        22 => (
            "vote.iost",
            "unvote",
            format!(r#"["{}","{a}","{part}","{amount}"]"#, 1 + n[2] % 2),
        ),
        23 => ("vote.iost", "delVote", format!(r#"["{}"]"#, 1 + n[2] % 2)),
        24 => ("ram.iost", "lend", format!(r#"["{a}","{b}",{}]"#, n[4] % 50)),
        25 => {
            let (new, key) = new_account(n[4]);
            let data = format!(r#"["iost","","150","create:{new}:{key}:{key}"]"#);
            ("exchange.iost", "transfer", data)
        }
        26 => {
            let (new, key) = new_account(n[4]);
            ("auth.iost", "signUp", format!(r#"["{new}","{key}","{key}"]"#))
        }
        27 => ("domain.iost", "link", format!(r#"["{part}.com","token.iost"]"#)),
        28 => ("domain.iost", "transfer", format!(r#"["{part}.com","{b}"]"#)),
        29 => (
            "token.iost",
            "transferFreeze",
            format!(
                r#"["{symbol}","{a}","{b}","{amount}",{},""]"#,
                // Around the time of the test's blocks.
                (START_MS + n[3] % 4_000_000) * 1_000_000 + n[2] % 1_000_000
            ),
        ),
        30 => (
            "token.iost",
            "destroy",
            format!(r#"["{symbol}","{a}","{amount}"]"#),
        ),
        31 => ("msig.iost", "revokeAll", format!(r#"["{a}"]"#)),
        _ => ("token.iost", "balanceOf", format!(r#"["iost","{b}"]"#)),
    }
}

/// One of the accounts that come to be in the course of things, and its key.
fn new_account(number: u64) -> (String, String) {
    let name = format!("new_{}", number % 40);
    let key = key_of(&name).public_key().to_base58();
    (name, key)
}

/// A block of random transactions, most of one operation; with how many operations were tried.
pub(crate) fn random_block(
    chain: &mut Chain,
    numbers: &mut Numbers,
    transactions: usize,
) -> (BlockOutcome, u64) {
    let mut tried = 0;
    let mut txs = Vec::with_capacity(transactions);
    for _ in 0..transactions {
        let (publisher, drawn) = (numbers.next(), numbers.next());
        let count = if drawn.is_multiple_of(4) {
            1 + drawn / 4 % 3
        } else {
            1
        };
        let calls: Vec<[u64; 5]> = (0..count).map(|_| [0; 5].map(|_| numbers.next())).collect();
        txs.push(transaction(chain, publisher, &calls));
        tried += count;
    }
    let skip = numbers.next() % 3;
    (chain.skipping_block(&txs, skip).0, tried)
}

/// A transaction of up to three calls.
pub(crate) fn transaction(chain: &mut Chain, publisher: u64, calls: &[[u64; 5]]) -> CheckedTransaction {
    // Mostly a publisher acts for itself, or next to nothing would be allowed.
    let own = |n: &[u64; 5]| {
        let actor = if n[1].is_multiple_of(8) {
            n[1] / 8
        } else {
            publisher % PUBLISHERS
        };
        [n[0], actor, n[2], n[3], n[4]]
    };
    let spec = chain.spec.clone();
    let complete = |(contract, action, data): Call, n: [u64; 5]| match action {
        "applyRegister" if is_partner(n) && n[2].is_multiple_of(2) => (contract, action, format!("{data}]")),
        "applyRegister" => {
            let shown = possession(&spec, pick(&NAMES, n[1]), n[3] % 7);
            (contract, action, format!(r#"{data},"{shown}"]"#))
        }
        _ => (contract, action, data),
    };
    let calls: Vec<Call> = calls.iter().map(|n| complete(call(own(n)), own(n))).collect();
    let actions: Vec<_> = calls.iter().map(|(c, a, d)| (*c, *a, d.as_str())).collect();
    let draft = chain.draft(&actions);
    chain.sign(draft, pick(&NAMES[..PUBLISHERS as usize], publisher))
}
