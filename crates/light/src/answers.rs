//! Checking what relays answer: state, lists, transactions, blocks (P-42).

use credo_primitives::{Digest, Header, Receipt, StateKey, Transaction, merkle};
use credo_wire::{BlockAnswer, Included, StateAnswer};
use rand_core::CryptoRng;

use crate::{LightClient, LightError, ProofInfo, Proved};

/// A final block without its body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockInfo {
    /// Its header.
    pub header: Header,
    /// The hashes of its transactions, in order.
    pub transactions: Vec<Digest>,
}

impl LightClient {
    /// Values, or their absence, from one snapshot, in the order of `keys`. Refuses a snapshot that lies more than
    /// [`LightClient::max_lag_ms`] behind the verified head.
    pub fn verify_state(
        &mut self,
        rng: &mut impl CryptoRng,
        keys: &[StateKey],
        answer: &StateAnswer,
    ) -> Result<Vec<Proved<Option<Vec<u8>>>>, LightError> {
        if keys.len() != answer.entries.len() {
            return Err(LightError::Entries {
                asked: keys.len(),
                got: answer.entries.len(),
            });
        }
        let (proof, _) = self.verify_header(rng, &answer.head)?;
        self.fresh(&proof)?;
        let root = &answer.head.header.state.root;
        keys.iter()
            .zip(&answer.entries)
            .map(|(key, entry)| {
                credo_state::verify(root, key, entry.value.as_deref(), &entry.proof).map_err(|source| {
                    LightError::State {
                        key: key.clone(),
                        source,
                    }
                })?;
                Ok(Proved {
                    value: entry.value.clone(),
                    proof: proof.clone(),
                })
            })
            .collect()
    }

    fn fresh(&self, proof: &ProofInfo) -> Result<(), LightError> {
        let Some(head) = self.head() else {
            return Ok(());
        };
        let lag_ms = head.header().time_ms.saturating_sub(proof.time_ms);
        if proof.height < head.header().height && lag_ms > self.max_lag_ms() {
            return Err(LightError::Old {
                height: proof.height,
                head: head.header().height,
                lag_ms,
            });
        }
        Ok(())
    }

    /// A transaction with its receipt, both in a final block.
    pub fn verify_transaction(
        &mut self,
        rng: &mut impl CryptoRng,
        hash: &Digest,
        included: &Included,
    ) -> Result<Proved<(Transaction, Receipt)>, LightError> {
        let hash = *hash;
        let wrong = |reason| LightError::Transaction { hash, reason };
        let wrong_receipt = |reason| LightError::Receipt { hash, reason };
        let transaction =
            Transaction::decode(&included.transaction).map_err(|_| wrong("its bytes are malformed"))?;
        if transaction.hash() != hash {
            return Err(wrong("another one came"));
        }
        let receipt: Receipt =
            commonware_codec::DecodeExt::decode(commonware_codec::Copying(&included.receipt))
                .map_err(|_| wrong_receipt("its bytes are malformed"))?;
        if receipt.tx_hash != hash {
            return Err(wrong_receipt("it belongs to another transaction"));
        }
        let (proof, _) = self.verify_header(rng, &included.head)?;
        let header = &included.head.header;
        if !included
            .transaction_proof
            .verify(&hash, included.index, &header.transaction_root)
        {
            return Err(wrong("it doesn't stand in this block"));
        }
        if !included
            .receipt_proof
            .verify(&receipt.hash(), included.index, &header.receipt_root)
        {
            return Err(wrong_receipt("it isn't the one in this block"));
        }
        Ok(Proved {
            value: (transaction, receipt),
            proof,
        })
    }

    /// A final block's header and the hashes of its transactions.
    pub fn verify_block(
        &mut self,
        rng: &mut impl CryptoRng,
        height: u64,
        answer: &BlockAnswer,
    ) -> Result<Proved<BlockInfo>, LightError> {
        let header = &answer.head.header;
        if header.height != height {
            return Err(LightError::Block {
                height,
                reason: "another one came",
            });
        }
        let (proof, _) = self.verify_header(rng, &answer.head)?;
        if merkle::root(&answer.transactions) != header.transaction_root {
            return Err(LightError::Block {
                height,
                reason: "its transactions aren't those in its header",
            });
        }
        Ok(Proved {
            value: BlockInfo {
                header: header.clone(),
                transactions: answer.transactions.clone(),
            },
            proof,
        })
    }
}
