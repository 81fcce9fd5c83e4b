//! `relay-node servi`: a Servi node's candidacy as its operator sees it and changes it (P-10, P-14 to P-16, P-22).

use std::path::PathBuf;

use clap::{Args, Subcommand};
use credo_light::{Answer, ProofInfo, Query, Ranking};
use credo_pob::{Candidate, CandidateStatus, MAX_FEE_SHARE, MIN_FEE_SHARE, Round, Turns};
use credo_primitives::entry::IOST;
use credo_primitives::spec::consensus_key;
use credo_primitives::{
    AccountName, Action, Amount, AmountLimit, ConsensusKey, Digest, Parameters, StateKey,
};
use serde_json::{Value, json};

use super::{Done, Signing, Via, send};
use crate::light_cli::follow::Follower;
use crate::light_cli::nodes::ranking;
use crate::light_cli::show::{Shown, date, decimal};
use crate::light_cli::{Failure, unexpected};
use crate::node::own::CONTRACT;
use crate::publish;

/// A Servi node's candidacy: registers, applies, stands aside, claims, and says where it stands.
#[derive(Clone, Debug, Args)]
pub struct ServiArgs {
    #[command(flatten)]
    pub(super) via: Via,
    #[command(flatten)]
    signing: Signing,
    /// The node's account.
    #[arg(long, value_name = "NAME")]
    pub(super) account: AccountName,
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Clone, Debug, Subcommand)]
pub(super) enum Command {
    /// Registers the node, which locks a tenth of the deposit: from then on it can be voted for.
    Register {
        /// The node's consensus key, base58.
        #[arg(long, value_name = "KEY", value_parser = parse_key, conflicts_with = "data", required_unless_present = "data")]
        node_key: Option<ConsensusKey>,
        /// The key's own signature, which `relay-node key possess` prints where the key is. Needed with --node-key, but on
        /// a network that nodes are invited to.
        #[arg(long, value_name = "HEX", conflicts_with = "data")]
        possession: Option<String>,
        /// The node's data directory, to take its consensus key and the key's signature from.
        #[arg(long, value_name = "DIR")]
        data: Option<PathBuf>,
        /// Where other nodes reach it.
        #[arg(long, value_name = "HOST:PORT")]
        net_id: String,
        /// Its page.
        #[arg(long, value_name = "URL", default_value = "")]
        url: String,
        /// Where it is.
        #[arg(long, value_name = "TEXT", default_value = "")]
        location: String,
    },
    /// Applies for candidacy, which locks the deposit.
    Apply,
    /// Leaves: in the next round it loses candidacy, and all votes for it return.
    Leave,
    /// Stands aside for planned work: it keeps candidacy and votes, earns no Servi and isn't elected. 0 ends it.
    StandAside {
        /// For so many epochs.
        #[arg(value_name = "EPOCHS")]
        epochs: u64,
    },
    /// Sets the node's part of the fees of users that it invited.
    FeeShare {
        /// 10 to 30 percent.
        #[arg(value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(i64::from(MIN_FEE_SHARE)..=i64::from(MAX_FEE_SHARE)))]
        percent: u8,
    },
    /// Claims the node's own rewards and those of the account's votes.
    Claim,
    /// Shows where the node stands; needs no key.
    Status,
}

fn parse_key(text: &str) -> Result<ConsensusKey, String> {
    consensus_key::from_base58(text)
        .ok_or_else(|| "a consensus key is the base58 text of an ed25519 key".into())
}

/// Does what the command line asks for.
pub(super) async fn run(follower: &mut Follower, args: &ServiArgs) -> Result<Done, Failure> {
    let spec = follower.client().map(|client| client.spec().clone());
    let spec = spec.ok_or_else(|| Failure::Other("the chain isn't known yet".into()))?;
    match actions(&args.account, &args.command, &spec.hash())? {
        Some(actions) => {
            let mut signing = args.signing.clone();
            if signing.amount_limit.is_empty() {
                signing.amount_limit = limit(&args.command, &spec.parameters);
            }
            send(follower, &signing, &args.account, actions).await
        }
        None => status(follower, &args.account).await,
    }
}

/// What a command locks, and no more.
fn limit(command: &Command, parameters: &Parameters) -> Vec<AmountLimit> {
    let locks: Amount = match command {
        Command::Register { .. } => parameters.registration_lock(),
        Command::Apply => parameters.deposit,
        _ => return Vec::new(),
    };
    vec![AmountLimit {
        token: IOST.into(),
        value: locks.to_string(),
    }]
}

/// The actions of a command; none for one that only asks.
pub(super) fn actions(
    account: &AccountName,
    command: &Command,
    spec: &Digest,
) -> Result<Option<Vec<Action>>, Failure> {
    let one = |name: &str, arguments: Value| publish::action(CONTRACT, name, &arguments);
    Ok(Some(match command {
        Command::Register {
            node_key,
            possession,
            data,
            net_id,
            url,
            location,
        } => {
            let (key, shown) = match (node_key, data) {
                (Some(key), _) => (key.clone(), possession.clone()),
                (None, Some(data)) => {
                    let (key, shown) = crate::node::possession(data, spec, account)
                        .map_err(|e| Failure::Other(e.to_string()))?;
                    (key, Some(shown))
                }
                (None, None) => return Err(Failure::Other("name the node's key".into())),
            };
            let key = consensus_key::to_base58(&key);
            let mut arguments = vec![
                json!(account),
                json!(key),
                json!(location),
                json!(url),
                json!(net_id),
                json!(true),
            ];
            arguments.extend(shown.map(Value::String));
            vec![one("applyRegister", Value::Array(arguments))]
        }
        Command::Apply => vec![one("logInProducer", json!([account]))],
        Command::Leave => vec![one("logOutProducer", json!([account]))],
        Command::StandAside { epochs } => vec![one("standAside", json!([account, epochs]))],
        Command::FeeShare { percent } => vec![one("setFeeShare", json!([account, percent]))],
        Command::Claim => vec![
            one("candidateWithdraw", json!([account])),
            one("voterWithdraw", json!([account])),
        ],
        Command::Status => return Ok(None),
    }))
}

async fn status(follower: &mut Follower, account: &AccountName) -> Result<Done, Failure> {
    let keys = [StateKey::candidate(account), StateKey::round(), StateKey::turns()];
    let Answer::State(entries) = follower.ask(Query::State(keys.to_vec())).await? else {
        return Err(unexpected());
    };
    let [node, round, turns] = &entries[..] else {
        return Err(unexpected());
    };
    let node = node.decode::<Candidate>(&keys[0])?;
    let Some(record) = node.value else {
        let json = json!({ "account": account, "registered": false });
        let lines = vec![
            ("account", account.to_string()),
            ("registered", "no, and that is proved".to_owned()),
        ];
        return Ok(Done {
            shown: Shown::new(follower, json, lines, Some(&node.proof)),
            code: Failure::NotThere(String::new()).exit_code(),
            sentence: Some(format!("{account} isn't registered as a Servi node")),
        });
    };
    let proof = node.proof;
    let round = round.decode::<Round>(&keys[1])?.value;
    let turns = turns.decode::<Turns>(&keys[2])?.value;
    // Candidates come first in the ranking: it is asked for until this one was there, or all of them.
    let rank = match record.status {
        CandidateStatus::Candidate => {
            let missing = |ranking: &Ranking| {
                let open = ranking.nodes.len() < ranking.head.candidates as usize;
                open && ranking.find(account).is_none()
            };
            let (ranking, _) = ranking(follower, missing).await?;
            let place = ranking.find(account).map(|(rank, _)| rank);
            Some((place, ranking.head.candidates))
        }
        _ => None,
    };
    let client = follower
        .client()
        .ok_or_else(|| Failure::Other("no head is verified yet".into()))?;
    let parameters = client.spec().parameters.clone();
    let found = Standing::of(&record, round.as_ref(), turns.as_ref(), &proof, rank, &parameters);
    let shown = Shown::new(follower, found.json(), found.lines(), Some(&proof));
    Ok(Done {
        shown,
        code: 0,
        sentence: None,
    })
}

/// Where a node stands.
pub(super) struct Standing<'a> {
    pub(super) node: &'a Candidate,
    pub(super) parameters: &'a Parameters,
    pub(super) epoch: u64,
    pub(super) time_ms: u64,
    pub(super) rank: Option<usize>,
    pub(super) candidates: usize,
    pub(super) seated: bool,
    pub(super) elected: bool,
    /// Blocks produced and turns missed in the running epoch.
    pub(super) turns: Option<(u32, u32)>,
    pub(super) put_off: u32,
}

impl<'a> Standing<'a> {
    fn of(
        node: &'a Candidate,
        round: Option<&Round>,
        turns: Option<&Turns>,
        proof: &ProofInfo,
        rank: Option<(Option<usize>, u32)>,
        parameters: &'a Parameters,
    ) -> Self {
        // The round of epoch e is held in its MSB and elects for e + 1; until then its elected sit next.
        let epoch = proof.epoch;
        let elected = round.is_some_and(|r| r.seats.iter().any(|seat| seat.account == node.account));
        let begun = round.is_some_and(|r| r.epoch <= epoch);
        let before = round.is_some_and(|r| r.previous.contains(&node.account));
        Self {
            rank: rank.and_then(|(rank, _)| rank),
            candidates: rank.map_or(0, |(_, candidates)| candidates as usize),
            seated: if begun { elected } else { before },
            elected: elected && !begun,
            turns: round
                .zip(turns)
                .and_then(|(round, turns)| turns_of(round, turns, node)),
            put_off: round.map_or(0, |r| r.put_off),
            time_ms: proof.time_ms,
            node,
            parameters,
            epoch,
        }
    }

    fn status(&self) -> &'static str {
        match self.node.status {
            CandidateStatus::Requested => "waits for approval",
            CandidateStatus::Registered => "registered",
            CandidateStatus::Candidate if self.node.leaving => "leaving",
            CandidateStatus::Candidate => "candidate",
            CandidateStatus::Lost => "lost its candidacy",
        }
    }

    fn is_candidate(&self) -> bool {
        self.node.status == CandidateStatus::Candidate
    }

    pub(super) fn json(&self) -> Value {
        let node = self.node;
        let loss = node.loss.map(|loss| {
            json!({
                "reason": loss.reason.sentence(),
                "epoch": loss.epoch,
                "at_ms": loss.at_ms,
                "until_ms": loss.until_ms,
            })
        });
        json!({
            "account": node.account,
            "registered": true,
            "status": self.status(),
            "key": consensus_key::to_base58(&node.key),
            "net_id": node.net_id.as_str(),
            "epoch": self.epoch,
            "rank": self.rank,
            "candidates": self.candidates,
            "votes": node.votes.to_string(),
            "servi": decimal(node.servi),
            "seated": self.seated,
            "elected": self.elected,
            "produced": self.turns.map(|t| t.0),
            "turns_missed": self.turns.map(|t| t.1),
            "available": node.available,
            "availability_age": self.age(),
            "availability_epochs": self.parameters.availability_epochs,
            "missed": node.missed,
            "missed_epochs": self.parameters.missed_epochs,
            "aside_until": (node.aside_until > self.epoch).then_some(node.aside_until),
            "deposit": node.deposit.to_string(),
            "lock": node.lock.to_string(),
            "deposit_until_ms": (node.deposit_until_ms > 0).then_some(node.deposit_until_ms),
            "fee_share": node.fee_share,
            "earned": node.earned.to_string(),
            "removals_put_off": self.put_off,
            "loss": loss,
        })
    }

    /// Epochs since the MSB that it proved itself against.
    fn age(&self) -> u64 {
        self.epoch.saturating_sub(self.node.available)
    }

    pub(super) fn lines(&self) -> Vec<(&'static str, String)> {
        let node = self.node;
        let mut lines = vec![
            ("account", node.account.to_string()),
            ("status", self.status().to_owned()),
            ("consensus key", consensus_key::to_base58(&node.key)),
            ("votes", format!("{} IOST", node.votes)),
        ];
        if let Some(rank) = self.rank {
            lines.push((
                "rank",
                format!("{rank} of {} candidates as the epoch began", self.candidates),
            ));
            lines.push(("servi", decimal(node.servi)));
        }
        let seat = match (self.seated, self.elected) {
            (true, _) => "sits on the committee",
            (false, true) => "sits from the next epoch on",
            (false, false) => "none",
        };
        lines.push(("seat", seat.to_owned()));
        if let Some((produced, missed)) = self.turns.filter(|_| self.seated) {
            lines.push((
                "this epoch",
                format!("{produced} blocks produced, {missed} turns missed"),
            ));
        }
        if self.is_candidate() {
            let most = self.parameters.availability_epochs;
            lines.push((
                "available",
                format!("proved {} epochs ago, needed every {most}", self.age()),
            ));
            let most = self.parameters.missed_epochs;
            lines.push((
                "epochs missed",
                format!("{} in a row, {most} cost candidacy", node.missed),
            ));
        }
        if node.aside_until > self.epoch {
            lines.push(("stands aside", format!("before epoch {}", node.aside_until)));
        }
        let until = match node.deposit_until_ms {
            0 => "locked".to_owned(),
            ms if ms <= self.time_ms => "returned, counted with the account's next action".to_owned(),
            ms => format!("returns {}", date(ms)),
        };
        for (what, locked) in [("deposit", node.deposit), ("registration", node.lock)] {
            if !locked.is_zero() {
                lines.push((what, format!("{locked} IOST, {until}")));
            }
        }
        lines.push(("fee share", format!("{} %", node.fee_share)));
        lines.push(("to claim", format!("{} IOST", node.earned)));
        if let Some(loss) = node.loss {
            let text = format!(
                "{} Epoch {}, {}",
                loss.reason.sentence(),
                loss.epoch,
                date(loss.at_ms)
            );
            lines.push(("lost", text));
            lines.push(("votes return", date(loss.until_ms)));
        }
        if self.put_off > 0 {
            let text = format!(
                "{} removals are put off: too few candidates would be left",
                self.put_off
            );
            lines.push(("chain", text));
        }
        lines
    }
}

/// Turns stand by seat, which is the order of the keys of those who sit.
fn turns_of(round: &Round, turns: &Turns, node: &Candidate) -> Option<(u32, u32)> {
    let round = Some(round).filter(|round| round.epoch == turns.epoch)?;
    let mut keys: Vec<&ConsensusKey> = round.seats.iter().map(|seat| &seat.key).collect();
    keys.sort();
    let seat = keys.iter().position(|key| **key == node.key)?;
    Some((*turns.produced.get(seat)?, *turns.missed.get(seat)?))
}
