//! `vote.iost`: votings that anyone can hold, with IOST as votes.

use crate::{AccountName, Amount, Text};

/// Longest description of a voting, in bytes.
pub const MAX_VOTING_DESCRIPTION: usize = 8 * 1024;
/// Longest option, in bytes.
pub const MAX_VOTING_OPTION: usize = 128;
/// Most options of a voting, removed ones that still hold votes included: all of them stand in one value.
pub const MAX_VOTING_OPTIONS: usize = 256;
/// Most options of one voting that an account votes for.
pub const MAX_VOTED_OPTIONS: usize = 64;

/// An option.
pub type OptionName = Text<MAX_VOTING_OPTION>;

/// A voting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Voting {
    /// Who holds it.
    pub owner: AccountName,
    /// Whether it is over.
    pub deleted: bool,
    /// What it is about.
    pub description: Text<MAX_VOTING_DESCRIPTION>,
    /// How many options the result names at most.
    pub result_number: u32,
    /// Votes that an option needs to be in the result.
    pub min_vote: Amount,
    /// What the owner says of other options; nothing depends on it.
    pub any_option: bool,
    /// How long tokens stay frozen that are taken back, in seconds.
    pub freeze_s: u64,
    /// What the owner gets back in the end.
    pub deposit: Amount,
    /// Options that can be voted for.
    pub options: u32,
    /// Whether accounts can vote without the owner's authority.
    pub can_vote: bool,
    /// How often votes were taken from an option or an option came back: the next one's generation.
    pub generations: u32,
}
codec_struct!(Voting {
    owner,
    deleted,
    description,
    result_number,
    min_vote,
    any_option,
    freeze_s,
    deposit,
    options,
    can_vote,
    generations
});

/// An option of a voting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VotingOption {
    /// Its name.
    pub name: OptionName,
    /// Votes that count.
    pub votes: Amount,
    /// Whether it was removed.
    pub deleted: bool,
    /// Votes of an earlier generation don't count.
    pub generation: u32,
    /// The block in which its votes were cleared, 0 if never.
    pub cleared_at: u64,
}
codec_struct!(VotingOption {
    name,
    votes,
    deleted,
    generation,
    cleared_at
});

/// All options of a voting, in the order in which they were added.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VotingOptions {
    /// The options.
    pub options: Vec<VotingOption>,
}
codec_struct!(VotingOptions {
    options: MAX_VOTING_OPTIONS
});

/// An account's votes for one option. It holds the tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VotingVote {
    /// The option.
    pub option: OptionName,
    /// Tokens locked.
    pub amount: Amount,
    /// How many of them don't count any more.
    pub cleared: Amount,
    /// The option's generation when they were cast last.
    pub generation: u32,
    /// The block in which they were cast last.
    pub height: u64,
    /// How long they stay frozen at most when taken back, in seconds: what the voter agreed to.
    pub freeze_s: u64,
}
codec_struct!(VotingVote {
    option,
    amount,
    cleared,
    generation,
    height,
    freeze_s
});

/// An account's votes in one voting.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VotingVotes {
    /// The votes, by option in the order in which they were cast first.
    pub votes: Vec<VotingVote>,
}
codec_struct!(VotingVotes {
    votes: MAX_VOTED_OPTIONS
});
