//! For each kind of work blocks with as much of it as can be, and blocks without; and the state that this needs.

use anyhow::Result;
use commonware_codec::Encode;
use credo_pob::{Vote, Voter};
use credo_primitives::entry::{
    Account, Balance, Group, Item, Permission, Principal, Token721Info, TokenInfo, Voting, VotingOption,
    VotingOptions,
};
use credo_primitives::{AccountName, Algorithm, Amount, PublicKey, StateKey, Text};
use credo_runtime::Op;
use credo_state::Writes;

use super::chain::{NODES, Sent, key, name, node_key};

/// Entries that only make the state large.
const FILL: usize = 60_000;
/// Fat accounts, in crowds of so many that one account names.
const CROWDS: usize = 6;
const CROWD: usize = 35;
/// Large votings, and as many small ones.
const VOTINGS: usize = 60;
/// Tokens that one account holds.
const TOKENS: usize = 40;

type Make = Box<dyn Fn(usize) -> Vec<Sent>>;

/// How a kind of work is measured.
pub(super) struct Scene {
    pub(super) op: Op,
    pub(super) what: &'static str,
    pub(super) with: Make,
    pub(super) without: Make,
    /// Whether its actions fail, after the work that is measured.
    pub(super) fails: bool,
}

impl Scene {
    fn failing(self) -> Self {
        Self { fails: true, ..self }
    }
}

fn any(text: &str) -> Result<AccountName> {
    Ok(AccountName::any(text)?)
}

fn item(principal: Principal) -> Item {
    Item { principal, weight: 1 }
}

fn never(permission: &str, items: Vec<Item>, groups: Vec<Text<32>>) -> Result<Permission> {
    Ok(Permission {
        name: Text::new(permission)?,
        groups,
        items,
        threshold: 1_000_000,
    })
}

fn account(text: &str, permissions: Vec<Permission>, groups: Vec<Group>) -> Result<Account> {
    Ok(Account {
        name: any(text)?,
        referrer: None,
        created_ms: 0,
        permissions,
        groups,
        paid: false,
    })
}

/// An account of these keys; each of its permissions looks at all of them.
fn fat(text: &str, keys: &[PublicKey]) -> Result<Account> {
    let mut groups = Vec::new();
    for (number, keys) in keys.chunks(64).enumerate() {
        groups.push(Group {
            name: Text::new(format!("g{number}"))?,
            items: keys.iter().cloned().map(Principal::Key).map(item).collect(),
        });
    }
    let names: Vec<_> = groups.iter().map(|group| group.name.clone()).collect();
    let permissions = ["active", "custom", "owner"].map(|name| never(name, Vec::new(), names.clone()));
    account(text, permissions.into_iter().collect::<Result<_>>()?, groups)
}

/// An account whose permission asks these.
fn asks(text: &str, others: &[String]) -> Result<Account> {
    let mut items = Vec::new();
    for other in others {
        items.push(item(Principal::Account {
            account: any(other)?,
            permission: Text::new("active")?,
        }));
    }
    let permissions = vec![
        never("active", items, Vec::new())?,
        never("owner", Vec::new(), Vec::new())?,
    ];
    account(text, permissions, Vec::new())
}

struct Entries(Writes);

impl Entries {
    fn put(&mut self, key: StateKey, value: &impl Encode) {
        self.0.insert(key, Some(value.encode().to_vec()));
    }
    fn account(&mut self, account: &Account) {
        self.put(StateKey::account(&account.name), account);
    }
}

/// What stands in the state beside what genesis makes.
pub(super) fn state() -> Result<Writes> {
    let mut state = Entries(Writes::new());
    let own = |number: usize| Ok::<_, anyhow::Error>(key(number, Algorithm::Ed25519)?.public_key());
    let balance = Balance {
        available: Amount::from_iost(1_000),
        ..Balance::default()
    };
    for i in 0..FILL {
        let text = format!("f{i:06}");
        let active = Permission {
            threshold: 1,
            ..never("active", vec![item(Principal::Key(own(0)?))], Vec::new())?
        };
        let account = account(
            &text,
            vec![
                active.clone(),
                Permission {
                    name: Text::new("owner")?,
                    ..active
                },
            ],
            Vec::new(),
        )?;
        state.account(&account);
        state.put(StateKey::balance(&account.name, "iost"), &balance);
    }
    let keys: Vec<PublicKey> = (0..400).map(|i| own(20_000 + i)).collect::<Result<_>>()?;
    for crowd in 0..CROWDS {
        let others: Vec<String> = (0..CROWD).map(|i| format!("o{crowd}_{i:04}")).collect();
        for other in &others {
            state.account(&fat(other, &keys)?);
        }
        state.account(&asks(&format!("hydra{crowd}"), &others)?);
    }
    state.account(&asks(
        "small",
        &(0..60).map(|i| format!("f{i:06}")).collect::<Vec<_>>(),
    )?);
    for i in 0..2 * VOTINGS {
        let (options, description) = if i < VOTINGS { (200, 8_000) } else { (1, 1) };
        let voting = Voting {
            owner: any(&name(1))?,
            deleted: false,
            description: Text::new("d".repeat(description))?,
            result_number: 1,
            min_vote: Amount::from_iost(1),
            any_option: false,
            freeze_s: 0,
            deposit: Amount::ZERO,
            options: 1,
            can_vote: true,
            generations: 0,
        };
        let mut list = Vec::new();
        for option in 0..options {
            list.push(VotingOption {
                name: Text::new(format!("{option:0100}"))?,
                votes: Amount::ZERO,
                deleted: false,
                generation: 0,
                cleared_at: 0,
            });
        }
        let id = i as u64 + 1;
        state.put(StateKey::voting(id), &voting);
        state.put(StateKey::voting_options(id), &VotingOptions { options: list });
    }
    let kind = Token721Info {
        issuer: any(&name(2))?,
        total_supply: u64::MAX,
        supply: 0,
    };
    state.put(StateKey::token721("nft"), &kind);
    for i in 0..TOKENS {
        let symbol = format!("tk{i:02}");
        let token = TokenInfo {
            issuer: any(&name(3))?,
            full_name: Text::default(),
            total_supply: Amount::MAX,
            supply: Amount::from_iost(1_000),
            decimals: 8,
            can_transfer: true,
            only_issuer_can_transfer: false,
        };
        state.put(StateKey::token(&symbol), &token);
        state.put(StateKey::balance(&any(&name(3))?, &symbol), &balance);
    }
    let mut votes = Vec::new();
    for i in 0..256 {
        votes.push(Vote {
            candidate: any(&name(i))?,
            generation: 0,
            amount: Amount::from_iost(1),
            coef: 0,
            earned: Amount::ZERO,
            height: 0,
        });
    }
    let voter = Voter {
        votes,
        earned: Amount::ZERO,
        stake: None,
    };
    for i in 0..10 {
        state.put(StateKey::voter(&any(&name(NODES + 50 + i))?), &voter);
    }
    Ok(state.0)
}

/// An action that does nothing.
fn nothing() -> (&'static str, &'static str, String) {
    ("gas.iost", "constructor", "[]".into())
}

fn ask(account: &str, permission: &str) -> (&'static str, &'static str, String) {
    (
        "system.iost",
        "requireAuth",
        format!(r#"["{account}","{permission}"]"#),
    )
}

/// `txs` transactions of a publisher each, beginning with `first`, of what `actions` gives for each.
fn sent(
    first: usize,
    txs: usize,
    actions: impl Fn(usize) -> Vec<(&'static str, &'static str, String)>,
) -> Vec<Sent> {
    (0..txs)
        .map(|i| Sent {
            publisher: first + i,
            actions: actions(i),
            ..Sent::default()
        })
        .collect()
}

/// As many actions of one account, in transactions of so many each: no account sends more than ten in a block.
fn by(
    publisher: usize,
    txs: usize,
    actions: impl Fn(usize) -> Vec<(&'static str, &'static str, String)>,
) -> Vec<Sent> {
    let mut all = sent(0, txs, actions);
    for sent in &mut all {
        sent.publisher = publisher;
    }
    all
}

fn scene(
    op: Op,
    what: &'static str,
    with: impl Fn(usize) -> Vec<Sent> + 'static,
    without: impl Fn(usize) -> Vec<Sent> + 'static,
) -> Scene {
    Scene {
        op,
        what,
        with: Box::new(with),
        without: Box::new(without),
        fails: false,
    }
}

/// A thousand actions that do nothing, or other ones.
fn idle(txs: usize, each: usize) -> impl Fn(usize) -> Vec<Sent> {
    move |_| sent(0, txs, |_| vec![nothing(); each])
}

/// All scenes; `evidence` is some whose second signature is wrong.
pub(super) fn all(evidence: &str) -> Vec<Scene> {
    let mut scenes = base();
    scenes.extend(permissions());
    scenes.extend(entries());
    scenes.extend(nodes(evidence.to_owned()));
    scenes
}

fn base() -> Vec<Scene> {
    let signed = |algorithm: Option<Algorithm>| {
        move |_: usize| {
            let mut all = sent(0, 100, |_| vec![nothing()]);
            for sent in &mut all {
                sent.signs = algorithm.into_iter().flat_map(|a| [a; 10]).collect();
            }
            all
        }
    };
    let marked = |signers: usize| {
        move |round: usize| {
            let mut sent = by(0, 10, |_| vec![nothing()]);
            for (number, sent) in sent.iter_mut().enumerate() {
                let first = (round * 10 + number) * 60;
                sent.signers = (0..signers)
                    .map(|i| format!("f{:06}@active", (first + i) % FILL))
                    .collect();
            }
            sent
        }
    };
    let said = |bytes: usize| {
        move |_: usize| {
            sent(0, 30, |_| {
                vec![("system.iost", "receipt", format!(r#"["{}"]"#, "x".repeat(bytes)))]
            })
        }
    };
    let json = |numbers: usize| {
        move |_: usize| {
            let data = format!("[[{}]]", vec!["1"; numbers].join(","));
            sent(0, 30, |_| vec![("bonus.iost", "issueContribute", data.clone())])
        }
    };
    let spent = |tokens: usize| {
        move |_: usize| {
            by(3, 10, |_| {
                let send = |i: usize| {
                    let data = format!(r#"["tk{i:02}","{}","{}","0.00000001",""]"#, name(3), name(5));
                    ("token.iost", "transfer", data)
                };
                let mut actions: Vec<_> = (0..tokens).map(send).collect();
                actions.extend(vec![nothing(); 100]);
                actions
            })
        }
    };
    vec![
        scene(
            Op::Transaction,
            "300 transactions that do nothing",
            idle(300, 1),
            idle(10, 1),
        ),
        scene(Op::Net, "30 receipts of 15 KB", said(15_000), said(1)),
        scene(
            Op::Ed25519,
            "1,000 signatures",
            signed(Some(Algorithm::Ed25519)),
            signed(None),
        ),
        scene(
            Op::Secp256k1,
            "1,000 signatures",
            signed(Some(Algorithm::Secp256k1)),
            signed(None),
        ),
        scene(
            Op::Mark,
            "600 signers, the removal of their marks included",
            marked(60),
            marked(0),
        ),
        scene(
            Op::Call,
            "20,000 actions that do nothing",
            idle(100, 200),
            idle(100, 1),
        ),
        scene(Op::Argument, "30 lists of 15,000 numbers", json(15_000), json(1)).failing(),
        scene(
            Op::Step,
            "10,000 actions that do nothing in a step",
            |_| {
                let still = ("token721.iost", "transfer", r#"["nft","a","a","0"]"#.to_owned());
                sent(0, 100, move |_| vec![still.clone(); 100])
            },
            idle(100, 1),
        ),
        scene(
            Op::Receipt,
            "10,000 empty receipts",
            |_| {
                sent(0, 100, |_| {
                    vec![("system.iost", "receipt", r#"[""]"#.into()); 100]
                })
            },
            idle(100, 1),
        ),
        scene(
            Op::Limit,
            "40 tokens held against their limits 1,400 times",
            spent(TOKENS),
            spent(1),
        ),
    ]
}

fn permissions() -> Vec<Scene> {
    let keys = |first: usize, algorithm: Option<Algorithm>| {
        move |round: usize| {
            sent(first, 40, |tx| {
                let Some(algorithm) = algorithm else {
                    return vec![nothing()];
                };
                let publisher = name(first + tx);
                let add = |i: usize| {
                    let number = 1_000_000 + round * 10_000 + tx * 100 + i;
                    let key = key(number, algorithm).map(|key| key.public_key().to_base58());
                    let key = key.unwrap_or_default();
                    (
                        "auth.iost",
                        "assignPermission",
                        format!(r#"["{publisher}","owner","{key}",1]"#),
                    )
                };
                (0..7).map(add).collect()
            })
        }
    };
    let owned = move |first, algorithm| {
        move |round: usize| {
            let mut sent = keys(first, algorithm)(round);
            for sent in &mut sent {
                sent.signers = vec![format!("{}@owner", name(sent.publisher))];
            }
            sent
        }
    };
    vec![
        scene(
            Op::Ask,
            "15,000 questions for a listed permission",
            |_| sent(0, 100, |i| vec![ask(&name(i), "active"); 150]),
            idle(100, 1),
        ),
        scene(
            Op::Evaluation,
            "60 small accounts, 500 times",
            |_| sent(0, 50, |_| vec![ask("small", "active"); 10]),
            idle(50, 1),
        ),
        scene(
            Op::Item,
            "400 keys looked at three times, 1,000 times",
            |_| sent(0, 50, |_| vec![ask("o0_0000", "custom"); 20]),
            idle(50, 1),
        ),
        scene(
            Op::AccountByte,
            "210 accounts of 16 KB, each decoded once",
            |_| sent(0, CROWDS, |i| vec![ask(&format!("hydra{i}"), "active")]),
            idle(CROWDS, 1),
        ),
        scene(
            Op::Key,
            "280 secp256k1 keys given to accounts",
            owned(100, Some(Algorithm::Secp256k1)),
            owned(100, None),
        ),
        scene(
            Op::KeyText,
            "280 ed25519 keys given to accounts",
            owned(150, Some(Algorithm::Ed25519)),
            owned(150, None),
        ),
    ]
}

fn entries() -> Vec<Scene> {
    let votings = |first: usize, action: &'static str, more: &'static str| {
        move |round: usize| {
            by(1, 10, |tx| {
                let at = |i: usize| {
                    let id = first + tx * 6 + i + 1;
                    let more = more.replace('#', &round.to_string());
                    ("vote.iost", action, format!(r#"["{id}",{more}]"#))
                };
                (0..6).map(at).collect()
            })
        }
    };
    let option = r#""0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000""#;
    vec![
        scene(
            Op::Read,
            "15,000 balances in a state of 120,000 entries",
            |round| {
                sent(0, 100, |tx| {
                    let of = |i: usize| {
                        let number = (round * 15_000 + tx * 150 + i) % FILL;
                        ("token.iost", "balanceOf", format!(r#"["iost","f{number:06}"]"#))
                    };
                    (0..150).map(of).collect()
                })
            },
            idle(100, 1),
        ),
        scene(
            Op::ReadByte,
            "60 lists of 200 options",
            votings(0, "getOption", option),
            votings(VOTINGS, "getOption", option),
        ),
        scene(
            Op::Write,
            "1,000 tokens of token721 issued",
            |_| {
                by(2, 10, |_| {
                    let data = format!(r#"["nft","{}","m"]"#, name(2));
                    vec![("token721.iost", "issue", data); 100]
                })
            },
            |_| by(2, 10, |_| vec![nothing()]),
        ),
        scene(
            Op::WriteByte,
            "60 lists of 200 options",
            votings(0, "addOption", r#""o#",false"#),
            votings(VOTINGS, "addOption", r#""o#",false"#),
        ),
        scene(
            Op::Delete,
            "500 tokens of token721 moved",
            |round| {
                by(2, 10, |tx| {
                    let one = |i: usize| {
                        let id = round * 500 + tx * 50 + i;
                        let data = format!(r#"["nft","{}","{}","{id}"]"#, name(2), name(4));
                        ("token721.iost", "transfer", data)
                    };
                    (0..50).map(one).collect()
                })
            },
            |_| by(2, 10, |_| vec![nothing()]),
        ),
    ]
}

fn nodes(evidence: String) -> Vec<Scene> {
    let share = |txs: usize| {
        move |round: usize| {
            sent(0, 200, |tx| {
                if tx >= txs {
                    return vec![nothing()];
                }
                let share = 10 + (round * 7 + tx) % 20;
                vec![(
                    "vote_producer.iost",
                    "setFeeShare",
                    format!(r#"["{}",{share}]"#, name(tx)),
                )]
            })
        }
    };
    let update = |txs: usize| {
        move |round: usize| {
            sent(0, 200, |tx| {
                if tx >= txs {
                    return vec![nothing()];
                }
                let key = commonware_cryptography::Signer::public_key(&node_key(tx));
                let key = credo_primitives::spec::consensus_key::to_base58(&key);
                let data = format!(r#"["{}","{key}","l{round}","","127.0.0.1:1"]"#, name(tx));
                vec![("vote_producer.iost", "updateProducer", data)]
            })
        }
    };
    vec![
        scene(
            Op::Node,
            "200 nodes' shares of fees changed",
            share(200),
            share(1),
        ),
        scene(Op::ConsensusKey, "200 nodes updated", update(200), update(1)),
        scene(
            Op::Evidence,
            "200 pieces of evidence whose second signature is wrong",
            move |_| {
                sent(0, 200, |tx| {
                    let data = format!(r#"["{}","{evidence}"]"#, name(tx));
                    vec![("vote_producer.iost", "reportMisbehaviour", data)]
                })
            },
            idle(200, 1),
        )
        .failing(),
        scene(
            Op::Vote,
            "256 votes looked up 400 times",
            |_| {
                sent(0, 40, |_| {
                    let of = |i: usize| {
                        let voter = name(NODES + 50 + i);
                        ("vote_producer.iost", "getVoterBonus", format!(r#"["{voter}"]"#))
                    };
                    (0..10).map(of).collect()
                })
            },
            idle(40, 1),
        ),
    ]
}
