//! Where things stand in the authenticated state.
//!
//! A key is readable text, contract first; the state itself uses its SHA-256 ([`StateKey::hashed`]).
//! Writers (the runtime, the ledger) and readers (light client, wallet, command line) share these functions,
//! so that no key is spelled twice.

use crate::{AccountName, Digest, PublicKey, sha256};
use bytes::BufMut;
use commonware_codec::{Buf, EncodeSize, Error, Read, ReadRangeExt, Write};

/// Longest key in bytes.
pub const MAX_STATE_KEY: usize = 256;
/// Longest value in bytes.
pub const MAX_STATE_VALUE: usize = 64 * 1024;

/// How the keys of accounts begin.
const ACCOUNT: &str = "auth.iost/account/";

/// A key of the state.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StateKey(String);

impl StateKey {
    fn of(text: String) -> Self {
        debug_assert!(text.len() <= MAX_STATE_KEY, "state key too long: {text}");
        Self(text)
    }

    /// `token.iost`: one account's balance in one token, with what is frozen.
    pub fn balance(account: &AccountName, symbol: &str) -> Self {
        Self::of(format!("token.iost/balance/{account}/{symbol}"))
    }

    /// `token.iost`: a token's issuer, supply and decimals.
    pub fn token(symbol: &str) -> Self {
        Self::of(format!("token.iost/token/{symbol}"))
    }

    /// `auth.iost`: an account with its permissions.
    pub fn account(account: &AccountName) -> Self {
        Self::of(format!("{ACCOUNT}{account}"))
    }

    /// Whether an account with its permissions stands here.
    pub fn is_account(&self) -> bool {
        self.0.starts_with(ACCOUNT)
    }

    /// `auth.iost`: the oldest 64 accounts under a public key (P-42).
    pub fn key_accounts(key: &PublicKey) -> Self {
        Self::of(format!("auth.iost/key/{}", key.to_base58()))
    }

    /// `vote_producer.iost`: all votes of one account.
    pub fn voter(account: &AccountName) -> Self {
        Self::of(format!("vote_producer.iost/voter/{account}"))
    }

    /// `vote_producer.iost`: stands for a node that was registered as no producer of blocks.
    pub fn partner(account: &AccountName) -> Self {
        Self::of(format!("vote_producer.iost/partner/{account}"))
    }

    /// The digest of the candidates' list and its count (P-42).
    pub fn candidates() -> Self {
        Self::of("pob/candidates".into())
    }

    /// A registered node's record.
    pub fn candidate(account: &AccountName) -> Self {
        Self::of(format!("pob/candidate/{account}"))
    }

    /// Whose record has a place of the candidates' list. A place is a number: when a record gives it up, another takes it.
    pub fn place(place: u32) -> Self {
        Self::of(format!("pob/place/{place:08}"))
    }

    /// What the ranking's parts are parts of (P-42).
    pub fn ranking() -> Self {
        Self::of("pob/ranking".into())
    }

    /// The digest of a part of the ranking at the last MSB.
    pub fn ranking_part(number: u32) -> Self {
        Self::of(format!("pob/ranking/{number}"))
    }

    /// What is remembered of a node that lost its place (P-10).
    pub fn former(node: &AccountName) -> Self {
        Self::of(format!("pob/former/{node}"))
    }

    /// The orders and generations that are given next.
    pub fn counters() -> Self {
        Self::of("pob/counters".into())
    }

    /// Votes for itself that a node's account took back, while they are locked (P-24).
    pub fn taken_back(node: &AccountName) -> Self {
        Self::of(format!("pob/taken-back/{node}"))
    }

    /// The last election: who sits in the next epoch.
    pub fn round() -> Self {
        Self::of("pob/round".into())
    }

    /// Turns taken and missed in this epoch, by seat.
    pub fn turns() -> Self {
        Self::of("pob/turns".into())
    }

    /// How a generation of a node's votes ended (P-16).
    pub fn ended(node: &AccountName, generation: u64) -> Self {
        Self::of(format!("pob/ended/{node}/{generation}"))
    }

    /// A past epoch's committee, kept while its stake is locked (P-5).
    pub fn committee(epoch: u64) -> Self {
        Self::of(format!("pob/committee/{epoch}"))
    }

    /// The first epoch whose committee is still kept.
    pub fn committees_from() -> Self {
        Self::of("pob/committees".into())
    }

    /// Where nothing ever stands: the place whose neighbours show that a node held the state of an MSB (P-14).
    pub fn availability(msb: &Digest, node: &crate::ConsensusKey) -> Self {
        Self::of(format!(
            "pob/available/{msb}/{}",
            crate::spec::consensus_key::to_base58(node)
        ))
    }

    /// `gas.iost`: an account's gas.
    pub fn gas(account: &AccountName) -> Self {
        Self::of(format!("gas.iost/gas/{account}"))
    }

    /// Whose gas stands under the key, if that is what it holds.
    pub fn gas_owner(&self) -> Option<&str> {
        self.0.strip_prefix("gas.iost/gas/")
    }

    /// `gas.iost`: for whom an account has pledged.
    pub fn pledges(account: &AccountName) -> Self {
        Self::of(format!("gas.iost/pledges/{account}"))
    }

    /// `ram.iost`: an account's RAM.
    pub fn ram(account: &AccountName) -> Self {
        Self::of(format!("ram.iost/ram/{account}"))
    }

    /// `ram.iost`: the market.
    pub fn ram_market() -> Self {
        Self::of("ram.iost/market".into())
    }

    /// `issue.iost`: the reward pool and the schedule of the supply (P-20, P-25).
    pub fn pool() -> Self {
        Self::of("issue.iost/pool".into())
    }

    /// `token721.iost`: a kind of tokens.
    pub fn token721(symbol: &str) -> Self {
        Self::of(format!("token721.iost/info/{symbol}"))
    }

    /// `token721.iost`: one token.
    pub fn token721_token(symbol: &str, id: u64) -> Self {
        Self::of(format!("token721.iost/token/{symbol}/{id}"))
    }

    /// `token721.iost`: how many tokens of a kind an account owns.
    pub fn token721_balance(symbol: &str, owner: &AccountName) -> Self {
        Self::of(format!("token721.iost/balance/{symbol}/{owner}"))
    }

    /// `token721.iost`: the number of an account's token at a place.
    pub fn token721_owned(symbol: &str, owner: &AccountName, index: u64) -> Self {
        Self::of(format!("token721.iost/owned/{symbol}/{owner}/{index}"))
    }

    /// `domain.iost`: what a url stands for.
    pub fn domain(url: &str) -> Self {
        Self::of(format!("domain.iost/url/{url}"))
    }

    /// `msig.iost`: a proposal with its approvals.
    pub fn proposal(proposer: &AccountName, name: &str) -> Self {
        Self::of(format!("msig.iost/proposal/{proposer}/{name}"))
    }

    /// `msig.iost`: the names of an account's proposals.
    pub fn proposals(proposer: &AccountName) -> Self {
        Self::of(format!("msig.iost/proposals/{proposer}"))
    }

    /// `msig.iost`: how often all approvals of an account were withdrawn.
    pub fn withdrawals(account: &AccountName) -> Self {
        Self::of(format!("msig.iost/withdrawals/{account}"))
    }

    /// `msig.iost`: how often all approvals of a key were withdrawn.
    pub fn withdrawals_of_key(key: &PublicKey) -> Self {
        Self::of(format!("msig.iost/withdrawals-key/{}", key.to_base58()))
    }

    /// `msig.iost`: proposals that ask for an account's approval.
    pub fn proposals_for(account: &AccountName) -> Self {
        Self::of(format!("msig.iost/waiting/{account}"))
    }

    /// `msig.iost`: proposals that ask for a key's approval.
    pub fn proposals_for_key(key: &PublicKey) -> Self {
        Self::of(format!("msig.iost/waiting-key/{}", key.to_base58()))
    }

    /// `vote.iost`: the number of the last voting.
    pub fn last_voting() -> Self {
        Self::of("vote.iost/last".into())
    }

    /// `vote.iost`: a voting.
    pub fn voting(id: u64) -> Self {
        Self::of(format!("vote.iost/voting/{id}"))
    }

    /// `vote.iost`: a voting's options with their votes.
    pub fn voting_options(id: u64) -> Self {
        Self::of(format!("vote.iost/options/{id}"))
    }

    /// `vote.iost`: an account's votes in a voting.
    pub fn voting_votes(id: u64, account: &AccountName) -> Self {
        Self::of(format!("vote.iost/votes/{id}/{account}"))
    }

    /// `bonus.iost`: contribution scores (P-20).
    pub fn contribution() -> Self {
        Self::of("bonus.iost/contribution".into())
    }

    /// The digest and state of an epoch's MSB, written by the block after it (P-14).
    pub fn msb(epoch: u64) -> Self {
        Self::of(format!("chain/msb/{epoch}"))
    }

    /// A mark of an executed transaction
    /// ([`CheckedTransaction::replay_marks`](crate::CheckedTransaction::replay_marks)). It stands at least until the
    /// transaction has been dead for as long as it could live (P-45).
    pub fn executed(mark: &Digest) -> Self {
        Self::of(format!("chain/tx/{mark}"))
    }

    /// A page of the marks that the block at `height` left.
    pub fn marks(height: u64, page: u32) -> Self {
        Self::of(format!("chain/marks/{height}/{page}"))
    }

    /// How far marks have expired ([`Expired`](crate::entry::Expired)).
    pub fn expired_until() -> Self {
        Self::of("chain/expired".into())
    }

    /// Any other key, e.g. one a user types.
    pub fn parse(text: impl Into<String>) -> Option<Self> {
        let text = text.into();
        (!text.is_empty() && text.len() <= MAX_STATE_KEY).then_some(Self(text))
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The key under which the state keeps it.
    pub fn hashed(&self) -> Digest {
        sha256(&[self.0.as_bytes()])
    }
}

impl core::fmt::Display for StateKey {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(&self.0)
    }
}

impl Write for StateKey {
    fn write(&self, buf: &mut impl BufMut) {
        self.0.as_bytes().to_vec().write(buf);
    }
}

impl EncodeSize for StateKey {
    fn encode_size(&self) -> usize {
        self.0.len().encode_size() + self.0.len()
    }
}

impl Read for StateKey {
    type Cfg = ();
    fn read_cfg(buf: &mut impl Buf, _: &()) -> Result<Self, Error> {
        let bytes = Vec::<u8>::read_range(buf, 1..=MAX_STATE_KEY)?;
        String::from_utf8(bytes)
            .map(Self)
            .map_err(|_| Error::Invalid("StateKey", "not UTF-8"))
    }
}
