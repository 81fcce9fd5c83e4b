//! Random transactions over the whole of the ledger, failing ones included, picked by numbers: a property test draws them,
//! and a run that must come to the same everywhere counts them out.

use credo_primitives::CheckedTransaction;
use credo_primitives::spec::{Genesis, GenesisAccount, consensus_key as as_text};

use crate::chain::{Chain, PLEDGE, consensus_key, genesis_file, key_of, name};

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
    file.accounts.push(GenesisAccount {
        name: name("foundation"),
        owner: key_of("foundation").public_key().into(),
        active: key_of("foundation").public_key().into(),
        balance: credo_primitives::Amount::from_iost(1_000),
        pledge: credo_primitives::Amount::from_iost(PLEDGE),
    });
    Chain::with(file)
}

/// Contract, action and arguments.
type Call = (&'static str, &'static str, String);

fn call(n: [u64; 5]) -> Call {
    let who = |x: u64| NAMES[x as usize % NAMES.len()];
    let node = |x: u64| NAMES[x as usize % 7];
    let (a, b, c, amount) = (
        who(n[1]),
        who(n[2]),
        who(n[3]),
        AMOUNTS[n[4] as usize % AMOUNTS.len()],
    );
    let key = || as_text::to_base58(&consensus_key(n[3] % 7));
    let bytes = [0, 9, 10, 1_000, 1_000_000_000][n[4] as usize % 5];
    match n[0] % 24 {
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
            format!(r#"["{a}","{}","","","",true]"#, key()),
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
    let calls: Vec<Call> = calls.iter().map(|n| call(own(n))).collect();
    let actions: Vec<_> = calls.iter().map(|(c, a, d)| (*c, *a, d.as_str())).collect();
    let draft = chain.draft(&actions);
    chain.sign(draft, NAMES[(publisher % PUBLISHERS) as usize])
}
