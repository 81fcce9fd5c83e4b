//! `light candidates`: the ranking of Servi nodes, its first part or all of it.

use std::collections::BTreeMap;

use credo_light::{Answer, Proved, Query, Ranking, RankingInfo};
use credo_pob::{Candidate, CandidateStatus};
use credo_primitives::spec::consensus_key;
use credo_primitives::{AccountName, ConsensusKey};
use serde_json::{Value, json};

use super::follow::Follower;
use super::show::{Shown, Table, date, decimal};
use super::{Failure, unexpected};

/// Blocks produced and turns missed in this epoch.
#[derive(Clone, Copy, Default)]
struct Counted {
    produced: u32,
    missed: u32,
}

/// How often a ranking is begun anew because an epoch ended meanwhile.
const AGAIN: usize = 3;

/// A part of the ranking, by its number.
pub(crate) async fn part(follower: &mut Follower, number: u32) -> Result<Proved<RankingInfo>, Failure> {
    match follower.ask(Query::Ranking(number)).await? {
        Answer::Ranking(proved) => Ok(proved),
        _ => Err(unexpected()),
    }
}

/// The ranking, as far as it is `wanted`, with the last answer that it took.
pub(crate) async fn ranking(
    follower: &mut Follower,
    wanted: impl Fn(&Ranking) -> bool,
) -> Result<(Ranking, Proved<RankingInfo>), Failure> {
    for _ in 0..AGAIN {
        let mut last = part(follower, 0).await?;
        let mut ranking = Ranking::begin(&last.value).ok_or_else(unexpected)?;
        loop {
            let Some(next) = ranking.next().filter(|_| wanted(&ranking)) else {
                return Ok((ranking, last));
            };
            last = part(follower, next).await?;
            // Another epoch's: all anew.
            if !ranking.add(&last.value) {
                break;
            }
        }
    }
    Err(Failure::Other(
        "epochs end faster than the ranking comes; ask for its first part".into(),
    ))
}

/// Asks for the first part, or for all of them, and shows them.
pub(super) async fn ask(follower: &mut Follower, all: bool) -> Result<Shown, Failure> {
    let (ranking, last) = ranking(follower, |_| all).await?;
    Ok(show(follower, &ranking, &last))
}

/// The list with what goes with it.
struct Seen<'a> {
    info: &'a RankingInfo,
    epoch: u64,
    turns: BTreeMap<AccountName, Counted>,
    limit: Option<u64>,
}

impl Seen<'_> {
    /// Whether a node sits now, and whether it was elected for the next epoch already.
    fn seats(&self, node: &Candidate) -> (bool, Option<bool>) {
        let Some(round) = &self.info.round else {
            return (false, None);
        };
        // The round of epoch e is held in its MSB and elects for e + 1; until then its elected sit next.
        let elected = round.seats.iter().any(|seat| seat.account == node.account);
        if round.epoch <= self.epoch {
            (elected, None)
        } else {
            (round.previous.contains(&node.account), Some(elected))
        }
    }

    /// Epochs since the last proof of availability, as the next round will count them (P-14).
    fn unproved(&self, node: &Candidate) -> Option<u64> {
        let standing = node.status == CandidateStatus::Candidate;
        standing.then(|| self.epoch.saturating_sub(node.available.max(node.aside_until)))
    }

    fn json(&self, rank: usize, node: &Candidate) -> Value {
        let (seated, next) = self.seats(node);
        let turns = self.turns.get(&node.account).copied().unwrap_or_default();
        json!({
            "rank": rank,
            "account": node.account.as_str(),
            "key": consensus_key::to_base58(&node.key),
            "votes": node.votes.to_string(),
            "servi": decimal(node.servi),
            "status": status(node),
            "seated": seated,
            "elected_next": next,
            "produced": turns.produced,
            "missed": turns.missed,
            "missed_epochs": node.missed,
            "epochs_unproved": self.unproved(node),
            "aside_until": (node.aside_until > self.epoch).then_some(node.aside_until),
            "leaving": node.leaving,
            "fee_share": node.fee_share,
            "voters_percent": 50,
            "deposit": node.deposit.to_string(),
            "earned": node.earned.to_string(),
            "loss": node.loss.map(|loss| json!({
                "reason": loss.reason.sentence(),
                "epoch": loss.epoch,
                "at_ms": loss.at_ms,
                "until_ms": loss.until_ms,
            })),
            "url": node.url.as_str(),
        })
    }

    fn row(&self, rank: usize, node: &Candidate) -> Vec<String> {
        let (seated, next) = self.seats(node);
        let turns = self.turns.get(&node.account).copied().unwrap_or_default();
        let seat = match (seated, next) {
            (true, Some(false)) => "seated, not next",
            (true, _) => "seated",
            (false, Some(true)) => "next",
            (false, _) => "",
        };
        let available = match (self.unproved(node), self.limit) {
            (Some(epochs), Some(limit)) => format!("{epochs} of {limit}"),
            (Some(epochs), None) => epochs.to_string(),
            (None, _) => String::new(),
        };
        let turns = if seated {
            format!("{} taken, {} missed", turns.produced, turns.missed)
        } else {
            String::new()
        };
        vec![
            rank.to_string(),
            node.account.to_string(),
            node.votes.to_string(),
            decimal(node.servi),
            seat.to_owned(),
            turns,
            available,
            format!("{} %", node.fee_share),
            node.deposit.to_string(),
            self.standing(node),
        ]
    }

    fn standing(&self, node: &Candidate) -> String {
        match (node.status, node.loss) {
            (CandidateStatus::Lost, Some(loss)) => {
                format!("lost: {} Returns {}", loss.reason.sentence(), date(loss.until_ms))
            }
            (CandidateStatus::Candidate, _) if node.leaving => "leaves in the next round".into(),
            (CandidateStatus::Candidate, _) if node.aside_until > self.epoch => {
                format!("aside until epoch {}", node.aside_until)
            }
            _ => status(node).to_owned(),
        }
    }
}

fn status(node: &Candidate) -> &'static str {
    match node.status {
        CandidateStatus::Candidate => "candidate",
        CandidateStatus::Registered => "registered",
        CandidateStatus::Requested => "requested",
        CandidateStatus::Lost => "lost",
    }
}

/// Turns by the account whose key has the seat: seats stand in the order of keys.
fn turns(
    info: &RankingInfo,
    nodes: &Ranking,
    epoch: u64,
    keys: &[ConsensusKey],
) -> BTreeMap<AccountName, Counted> {
    let Some(turns) = info.turns.as_ref().filter(|turns| turns.epoch == epoch) else {
        return BTreeMap::new();
    };
    let counts = turns.produced.iter().zip(&turns.missed);
    let named = keys.iter().zip(counts).filter_map(|(key, (produced, missed))| {
        let node = nodes.find_key(key)?;
        let counted = Counted {
            produced: *produced,
            missed: *missed,
        };
        Some((node.account.clone(), counted))
    });
    named.collect()
}

/// The proved ranking.
fn show(follower: &Follower, nodes: &Ranking, proved: &Proved<RankingInfo>) -> Shown {
    let info = &proved.value;
    let epoch = proved.proof.epoch;
    let keys = follower
        .client()
        .and_then(|client| client.committee(epoch))
        .map(|committee| committee.keys().to_vec())
        .unwrap_or_default();
    let seen = Seen {
        info,
        epoch,
        turns: turns(info, nodes, epoch, &keys),
        limit: follower
            .client()
            .map(|client| client.spec().parameters.availability_epochs),
    };
    let ranked = || nodes.nodes.iter().enumerate();
    let list: Vec<Value> = ranked().map(|(n, node)| seen.json(n + 1, node)).collect();
    let head = &nodes.head;
    let total = decimal(head.votes);
    let round = info.round.as_ref();
    let json = json!({
        "count": head.count,
        "shown": list.len(),
        "total_votes": total,
        "bytes": nodes.bytes,
        "epoch": epoch,
        "ranked_at_epoch": head.epoch,
        "removed": round.map(|r| r.removed),
        "put_off": round.map(|r| r.put_off),
        "candidates": list,
    });
    let rows = ranked().map(|(n, node)| seen.row(n + 1, node)).collect();
    let shown = match nodes.next() {
        Some(_) => format!("{}, the first {} of them shown", head.count, nodes.nodes.len()),
        None => head.count.to_string(),
    };
    let mut lines = vec![
        ("Servi nodes", format!("{shown}, {} bytes", nodes.bytes)),
        ("ranked", format!("as epoch {} began", head.epoch)),
        ("votes", format!("{total} IOST")),
        (
            "to voters",
            "50 % of a node's rewards other than for blocks".into(),
        ),
    ];
    if let Some(put_off) = round.map(|r| r.put_off).filter(|put_off| *put_off > 0) {
        lines.push((
            "put off",
            format!("{put_off} removals: fewer than four candidates would have been left"),
        ));
    }
    let mut shown = Shown::new(follower, json, lines, Some(&proved.proof));
    shown.table = Some(Table {
        head: vec![
            "rank",
            "account",
            "votes",
            "servi",
            "committee",
            "turns",
            "available",
            "fees",
            "deposit",
            "standing",
        ],
        rows,
    });
    shown
}
