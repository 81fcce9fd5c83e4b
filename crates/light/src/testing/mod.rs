//! A real little chain, a relay that serves it, and every lie that a relay can tell, for tests here and elsewhere.
//!
//! Signatures, hand-overs and state proofs are real: the store made the proofs of [`TestChain::fixture`], which a
//! native test rebuilds and compares. [`Liar`] alters honest
//! answers, one lie at a time; it works on any relay's answers, so a real relay can be made a lying one, too.

mod build;
mod chain;
mod lie;
mod relay;

pub use build::TestState;
pub use chain::{TestBlock, TestChain, TestConfig, TestTransaction, certify, test_key};
pub use lie::{Liar, Lie};
pub use relay::TestRelay;

/// A source of numbers for tests: reproducible, so never for anything else.
#[derive(Clone, Debug)]
pub struct TestRng(pub u64);

impl rand_core::TryRng for TestRng {
    type Error = core::convert::Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        self.try_next_u64().map(|n| n as u32)
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        Ok(z ^ (z >> 31))
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Self::Error> {
        for chunk in out.chunks_mut(8) {
            let bytes = self.try_next_u64()?.to_le_bytes();
            chunk.copy_from_slice(&bytes[..chunk.len()]);
        }
        Ok(())
    }
}

impl rand_core::TryCryptoRng for TestRng {}
