//! SLIP-0010 derivation of ed25519 keys: hardened children only.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha512;
use zeroize::{Zeroize as _, Zeroizing};

/// Set in the index of a hardened child.
pub const HARDENED: u32 = 0x8000_0000;
/// IOST's number in SLIP-0044.
pub const COIN: u32 = 291;

/// A node of the tree: secret and chain code, both wiped when dropped.
#[derive(Clone)]
pub struct Node {
    key: Zeroizing<[u8; 32]>,
    chain_code: Zeroizing<[u8; 32]>,
}

impl core::fmt::Debug for Node {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Node(…)")
    }
}

fn split(mac_key: &[u8], parts: &[&[u8]]) -> Node {
    let mut mac = Hmac::<Sha512>::new_from_slice(mac_key).expect("HMAC takes a key of any length");
    for part in parts {
        mac.update(part);
    }
    let mut bytes = mac.finalize().into_bytes();
    let mut node = Node {
        key: Zeroizing::new([0; 32]),
        chain_code: Zeroizing::new([0; 32]),
    };
    node.key.copy_from_slice(&bytes[..32]);
    node.chain_code.copy_from_slice(&bytes[32..]);
    bytes.as_mut_slice().zeroize();
    node
}

impl Node {
    /// The master node of a seed.
    pub fn master(seed: &[u8]) -> Self {
        split(b"ed25519 seed", &[seed])
    }

    /// The hardened child `index` (given without the hardening bit).
    pub fn child(&self, index: u32) -> Self {
        let index = (index | HARDENED).to_be_bytes();
        split(&self.chain_code[..], &[&[0], &self.key[..], &index])
    }

    /// The node at m/44'/291'/account'.
    pub fn account(seed: &[u8], account: u32) -> Self {
        Self::master(seed).child(44).child(COIN).child(account)
    }

    /// The ed25519 secret (seed).
    pub fn key(&self) -> &Zeroizing<[u8; 32]> {
        &self.key
    }

    /// The chain code.
    pub fn chain_code(&self) -> &Zeroizing<[u8; 32]> {
        &self.chain_code
    }
}
