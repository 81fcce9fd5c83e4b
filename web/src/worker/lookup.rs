//! Looking things up: a block, a transaction, an account, a node. Every result says what proved it.

use crate::protocol::{Found, Reply};
use credo_light::{AccountQuery, Query};
use credo_pob::{Candidate, CandidateStatus};
use credo_primitives::hash::{digest_from_base58, digest_from_hex, digest_to_base58};
use credo_primitives::spec::consensus_key;
use credo_primitives::{AccountName, Digest, Header};
use credo_wallet::permissions::item_text;
use credo_wallet::{GAS_UNIT, grouped};

use super::activity::Trace;
use super::answers::is_hash;
use super::core::Core;
use super::facts::{Holding, Proof};
use super::parts::{ForList, Purpose};
use super::servi;
use super::verified::{Answer, Inclusion};

/// Most of a block's transactions that are listed.
const MAX_LISTED: usize = 50;
const MAX_VALUE: usize = 400;
const WHAT: &str = "Type a block's height, a transaction's hash, or the name of an account or node.";

/// What is looked up.
#[derive(Clone, Debug)]
pub(super) enum LookUp {
    /// A block by height.
    Block,
    /// A transaction by hash; what isn't one may be a node's key.
    Transaction(Digest),
    /// An account or node by name.
    Name(AccountQuery),
    /// A node by its consensus key's text.
    Node(String),
}

type Lines = Vec<(String, String)>;

/// Label and value, cut where it would flood the page.
fn line(lines: &mut Lines, label: &str, value: impl core::fmt::Display) {
    let value = value.to_string();
    let cut = match value.char_indices().nth(MAX_VALUE) {
        Some((end, _)) => format!("{}…", &value[..end]),
        None => value,
    };
    lines.push((label.to_owned(), cut));
}

/// A moment as UTC text.
pub(super) fn utc(ms: f64) -> String {
    let seconds = (ms / 1_000.0).max(0.0) as u64;
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    // Howard Hinnant's civil_from_days, for days since 1970.
    let z = days + 719_468;
    let era = z / 146_097;
    let doe = z % 146_097;
    let yoe = (doe - doe / 1_460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let day = doy - (153 * mp + 2) / 5 + 1;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    let year = yoe + era * 400 + u64::from(month <= 2);
    format!(
        "{year}-{month:02}-{day:02} {:02}:{:02}:{:02} UTC",
        rest / 3_600,
        rest / 60 % 60,
        rest % 60
    )
}

impl Core {
    /// Finds out what was typed and asks for it.
    pub(super) fn look_up(&mut self, id: u32, query: &str) -> Result<(), String> {
        let text: String = query.trim().trim_start_matches('#').chars().take(100).collect();
        let digits: String = text.chars().filter(|c| !matches!(c, ',' | ' ' | '\'')).collect();
        if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) && digits.len() < 16 {
            let height: u64 = digits.parse().map_err(|_| WHAT.to_owned())?;
            let head = self.chain.head().map_or(0, |head| head.proof.height);
            if height > head {
                return Err(format!(
                    "There is no block {} yet; the head is {}.",
                    grouped(height),
                    grouped(head)
                ));
            }
            let purpose = Purpose::LookUp {
                command: id,
                what: LookUp::Block,
            };
            return self.question(Query::Block(height), purpose);
        }
        let known = self.chain.height_of(&text);
        if let Some(height) = known {
            let purpose = Purpose::LookUp {
                command: id,
                what: LookUp::Block,
            };
            return self.question(Query::Block(height), purpose);
        }
        let hash = if is_hash(&text) {
            digest_from_base58(&text)
        } else {
            digest_from_hex(&text)
        };
        if let Some(hash) = hash {
            let purpose = Purpose::LookUp {
                command: id,
                what: LookUp::Transaction(hash),
            };
            return self.question(Query::Transaction(hash), purpose);
        }
        let name = AccountName::any(text).map_err(|_| WHAT.to_owned())?;
        let query = AccountQuery::new(name);
        self.question(
            Query::State(query.keys()),
            Purpose::LookUp {
                command: id,
                what: LookUp::Name(query),
            },
        )
    }

    /// A verified answer to a look-up.
    pub(super) fn looked_up(&mut self, id: u32, what: LookUp, result: Result<Answer, String>) {
        let outcome = match (what, result) {
            (_, Err(why)) => Err(why),
            (
                LookUp::Block,
                Ok(Answer::Block {
                    proof,
                    header,
                    transactions,
                }),
            ) => Ok(self.block(proof, &header, &transactions)),
            (
                LookUp::Transaction(_),
                Ok(Answer::Trace {
                    included: Some(included),
                    ..
                }),
            ) => Ok(self.found("Transaction".to_owned(), transaction(&included), included.proof)),
            (LookUp::Transaction(hash), Ok(Answer::Trace { trace, .. })) => match trace {
                Trace::Pending | Trace::Believable => {
                    Err("This transaction is on its way but not final yet. Look again in a moment.".into())
                }
                // Perhaps it is a node's key: those have the same form.
                _ => match self.look_up_node(id, digest_to_base58(&hash)) {
                    Ok(()) => return,
                    Err(why) => Err(why),
                },
            },
            (LookUp::Name(query), Ok(Answer::State { proof, entries })) => {
                match self.account(&query, proof, &entries) {
                    Ok(Some(found)) => Ok(found),
                    Ok(None) => Err(format!(
                        "There is no account \"{}\" on this chain (its absence is proved at block {}).",
                        query.account(),
                        grouped(proof.height)
                    )),
                    Err(why) => Err(why),
                }
            }
            (_, Ok(_)) => Err("The relay answered something else than was asked. Try again.".into()),
        };
        self.reply(id, outcome.map(Reply::Found));
    }

    fn look_up_node(&mut self, id: u32, key: String) -> Result<(), String> {
        if self.list.is_some() {
            return self.look_up_in_list(id, LookUp::Node(key));
        }
        self.with_list(ForList::LookUp(id, LookUp::Node(key)))
    }

    /// Looks a node up by its key in the parts of the ranking that are here; while there are more, asks for the next.
    pub(super) fn look_up_in_list(&mut self, id: u32, what: LookUp) -> Result<(), String> {
        let LookUp::Node(key) = what else {
            return Err(WHAT.into());
        };
        let nothing = || {
            format!(
                "Neither a transaction of the blocks that the relay keeps nor a node has the hash or key {key}."
            )
        };
        let wanted = consensus_key::from_base58(&key).ok_or_else(nothing)?;
        let list = self.list.as_ref().ok_or_else(nothing)?;
        let Some(node) = list.ranking.find_key(&wanted) else {
            if list.ranking.next().is_none() && self.coming.is_none() {
                return Err(nothing());
            }
            return self.with_list(ForList::LookUp(id, LookUp::Node(key)));
        };
        let mut lines = Lines::new();
        node_lines(&mut lines, node);
        let found = self.found(format!("Node {}", node.account), lines, list.proof);
        self.reply(id, Ok(Reply::Found(found)));
        Ok(())
    }

    fn found(&self, title: String, lines: Lines, proof: Proof) -> Found {
        Found {
            title,
            lines,
            face: proof.face(self.chain.synced()),
        }
    }

    fn block(&self, proof: Proof, header: &Header, transactions: &[Digest]) -> Found {
        let mut lines = Lines::new();
        line(&mut lines, "Time", utc(header.time_ms as f64));
        line(&mut lines, "Epoch", grouped(header.epoch));
        line(&mut lines, "View", grouped(header.view));
        let key = consensus_key::to_base58(&header.proposer);
        line(&mut lines, "Proposer", self.node_name(&key).unwrap_or(key));
        line(&mut lines, "Digest", header.digest());
        line(&mut lines, "Parent", header.parent);
        line(&mut lines, "State root", header.state.root);
        if let Some(msb) = &header.msb {
            line(&mut lines, "Micro State Block", msb);
        }
        line(&mut lines, "Transactions", grouped(transactions.len() as u64));
        for hash in transactions.iter().take(MAX_LISTED) {
            line(&mut lines, "Transaction", digest_to_base58(hash));
        }
        self.found(format!("Block {}", grouped(header.height)), lines, proof)
    }

    fn account(
        &self,
        query: &AccountQuery,
        proof: Proof,
        entries: &[Option<Vec<u8>>],
    ) -> Result<Option<Found>, String> {
        let held = Holding::read(query, proof, entries, None)?.held;
        let node = held.own_node();
        if !held.exists() && node.is_none() {
            return Ok(None);
        }
        let name = query.account();
        let mut lines = Lines::new();
        let chain_ms = proof.time_ms as u64;
        line(
            &mut lines,
            "Balance",
            format!("{} IOST", held.spendable(chain_ms)),
        );
        let staked = held.staked(chain_ms);
        for (label, amount) in [
            ("In votes", staked.votes),
            ("Pledged for gas", staked.pledges),
            ("Locked as a node", staked.deposit),
        ] {
            if !amount.is_zero() {
                line(&mut lines, label, format!("{amount} IOST"));
            }
        }
        for back in held.returning(chain_ms).iter().take(MAX_LISTED) {
            line(
                &mut lines,
                "Unlocking",
                format!("{} IOST on {}", back.amount, utc(back.until_ms as f64)),
            );
        }
        for (candidate, amount) in held.counting().into_iter().take(MAX_LISTED) {
            line(&mut lines, "Vote", format!("{amount} IOST for {candidate}"));
        }
        if let Some(spec) = self.chain.spec() {
            let gas = held.gas(chain_ms, spec.parameters.gas_per_iost_day).total();
            line(&mut lines, "Gas", grouped(gas / GAS_UNIT));
        }
        if let Some(account) = &held.record {
            line(&mut lines, "RAM", format!("{} bytes", grouped(held.ram.total)));
            if let Some(referrer) = &account.referrer {
                line(&mut lines, "Signed up by", referrer);
            }
            line(&mut lines, "Since", utc(account.created_ms as f64));
            for permission in &account.permissions {
                for item in &permission.items {
                    let who = item_text(&item.principal);
                    let of = format!("{} of {}", item.weight, permission.threshold);
                    line(&mut lines, permission.name.as_str(), format!("{who} ({of})"));
                }
            }
        }
        if let Some(node) = node {
            node_lines(&mut lines, node);
        }
        let kind = if node.is_some() { "Node" } else { "Account" };
        Ok(Some(self.found(format!("{kind} {name}"), lines, proof)))
    }
}

fn node_lines(lines: &mut Lines, node: &Candidate) {
    let standing = match node.status {
        CandidateStatus::Candidate => "candidate",
        CandidateStatus::Registered => "registered, not yet a candidate",
        CandidateStatus::Requested => "waits for the foundation's approval",
        CandidateStatus::Lost => "lost its candidacy",
    };
    line(lines, "Standing", standing);
    if let Some(loss) = &node.loss {
        line(
            lines,
            "Lost its candidacy",
            format!("{}: {}", utc(loss.at_ms as f64), loss.reason.sentence()),
        );
    }
    line(lines, "Node's votes", format!("{} IOST", node.votes));
    line(lines, "Node's deposit", format!("{} IOST", node.deposit));
    line(lines, "Servi", servi::wide(node.servi));
    line(lines, "Consensus key", consensus_key::to_base58(&node.key));
    line(lines, "Address", &node.net_id);
    line(lines, "Location", &node.location);
    line(lines, "Page", &node.url);
}

fn transaction(included: &Inclusion) -> Lines {
    let Inclusion {
        proof,
        transaction: tx,
        receipt,
        ..
    } = included;
    let mut lines = Lines::new();
    let status = if receipt.is_success() {
        "succeeded".to_owned()
    } else {
        format!(
            "failed: {} {}",
            receipt.status.code.name(),
            receipt.status.message
        )
    };
    line(&mut lines, "Hash", digest_to_base58(&tx.hash()));
    line(&mut lines, "Result", status);
    line(&mut lines, "Block", grouped(proof.height));
    line(&mut lines, "Block time", utc(proof.time_ms));
    line(&mut lines, "Publisher", &tx.publisher);
    for action in tx.actions.iter().take(MAX_LISTED) {
        line(
            &mut lines,
            "Action",
            format!("{}/{} {}", action.contract, action.name, action.data),
        );
    }
    for limit in tx.amount_limit.iter().take(MAX_LISTED) {
        line(
            &mut lines,
            "May spend at most",
            format!("{} {}", limit.value, limit.token),
        );
    }
    line(
        &mut lines,
        "Gas used",
        format!("{}", receipt.gas_usage as f64 / 100.0),
    );
    line(&mut lines, "Signed", utc(tx.time as f64 / 1e6));
    lines
}
