//! The Merkle mountain range over all MSB headers: the back-pointers by which a transaction's proof stays good for ever.

/// To come.
#[derive(Debug)]
pub struct History;
/// To come.
#[derive(Debug)]
pub struct HistoryProof;
