//! Randomness from the browser (`crypto.getRandomValues`).

use core::convert::Infallible;

use rand_core::{TryCryptoRng, TryRng};

/// The browser's generator.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Browser;

impl TryRng for Browser {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        // Every browser that runs WebAssembly has it in workers; without it no key may be made at all.
        getrandom_04::fill(out).expect("the browser has a source of randomness");
        Ok(())
    }
}

impl TryCryptoRng for Browser {}
