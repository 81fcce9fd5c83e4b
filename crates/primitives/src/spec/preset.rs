//! Which set of rules a chain starts from, and the chain ids that belong to them.

use serde::{Deserialize, Serialize};

use super::SpecError;

/// Which set of rules a spec starts from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[repr(u8)]
pub enum Preset {
    /// The main network.
    Main = 0,
    /// Main's rules, free tokens, a faster clock.
    Test = 1,
    /// A local network with well-known keys, a faucet and a fast clock.
    Devnet = 2,
    /// Candidacy by invitation.
    Private = 3,
}

impl Preset {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Main => "main",
            Self::Test => "test",
            Self::Devnet => "devnet",
            Self::Private => "private",
        }
    }

    /// The chain id that belongs to this preset and to no other; none where each network draws its own.
    ///
    /// A transaction names nothing else of its chain, so one that is valid on two chains with the same id can be sent to
    /// both. 1024, which IOST's SDKs take when they are told nothing, is IOST's own chain's, too: only a chain whose keys
    /// everybody knows may have it.
    pub const fn chain_id(self) -> Option<u32> {
        match self {
            Self::Main => Some(7001),
            Self::Test => Some(7002),
            Self::Devnet => Some(1024),
            Self::Private => None,
        }
    }

    /// Checks that a chain of this preset may have that id: its own, or one that is no other preset's.
    pub fn check_chain_id(self, chain_id: u32) -> Result<(), SpecError> {
        let fits = match self.chain_id() {
            Some(own) => chain_id == own,
            None => chain_id != 0 && Self::of_chain_id(chain_id).is_none(),
        };
        if fits {
            Ok(())
        } else {
            Err(SpecError::ChainId {
                preset: self,
                chain_id,
            })
        }
    }

    /// Whose chain id it is.
    fn of_chain_id(chain_id: u32) -> Option<Self> {
        [Self::Main, Self::Test, Self::Devnet]
            .into_iter()
            .find(|preset| preset.chain_id() == Some(chain_id))
    }

    /// As it is spoken of.
    const fn network(self) -> &'static str {
        match self {
            Self::Main => "the main network",
            Self::Test => "the test network",
            Self::Devnet => "a devnet",
            Self::Private => "a private network",
        }
    }
}

impl commonware_codec::Write for Preset {
    fn write(&self, buf: &mut impl bytes::BufMut) {
        (*self as u8).write(buf);
    }
}
impl commonware_codec::EncodeSize for Preset {
    fn encode_size(&self) -> usize {
        1
    }
}
impl commonware_codec::Read for Preset {
    type Cfg = ();
    fn read_cfg(buf: &mut impl commonware_codec::Buf, _: &()) -> Result<Self, commonware_codec::Error> {
        use commonware_codec::ReadExt as _;
        match u8::read(buf)? {
            0 => Ok(Self::Main),
            1 => Ok(Self::Test),
            2 => Ok(Self::Devnet),
            3 => Ok(Self::Private),
            other => Err(commonware_codec::Error::InvalidEnum(other)),
        }
    }
}

/// Why a preset can't have a chain id, as a sentence.
pub(super) fn chain_id_text(preset: Preset, chain_id: u32) -> String {
    let whose = match Preset::of_chain_id(chain_id) {
        Some(other) => format!("is {}'s", other.network()),
        None => format!("can't be {}'s", preset.network()),
    };
    match preset.chain_id() {
        Some(own) => format!("the chain id {chain_id} {whose}; {} has {own}", preset.network()),
        None => format!(
            "the chain id {chain_id} {whose}; {} has one of its own",
            preset.network()
        ),
    }
}
