//! `relay-node key`: makes keys and names their public halves.
//!
//! A secret is written to a file that its owner alone can read, and never printed: except a devnet's, which everybody
//! knows anyway.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand, ValueEnum};
use credo_primitives::spec::consensus_key;
use credo_primitives::{AccountName, Algorithm, Digest, SecretKey};
use rand::Rng as _;
use zeroize::Zeroizing;

use crate::call_cli::read_key;
use crate::devnet::known_secret;
use crate::light_cli::parse_spec;
use crate::node::{DataDir, possession, public_key, write_new};

/// Makes keys and names their public halves.
#[derive(Clone, Debug, Args)]
pub struct KeyArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Clone, Debug, Subcommand)]
enum Command {
    /// Makes an account's secret key, writes it to a file that must not be there yet, and prints the public key.
    New {
        /// The file.
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// The kind of key; IOST's tools read both.
        #[arg(long, value_name = "NAME", default_value = "ed25519")]
        algorithm: Kind,
    },
    /// Prints the public key of an account's secret key.
    Show {
        /// The file.
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Prints the public consensus key of a node; makes the data directory and the key when there is none.
    Node {
        /// The data directory.
        #[arg(value_name = "DIR")]
        data: PathBuf,
    },
    /// Prints the signature of a node's consensus key that shows that an account has it: registering needs it.
    Possess {
        /// The data directory.
        #[arg(value_name = "DIR")]
        data: PathBuf,
        /// The account that registers.
        #[arg(long, value_name = "NAME")]
        account: AccountName,
        /// The chain's identity: the hash of its spec, in hexadecimal.
        #[arg(long, value_name = "HASH", value_parser = parse_spec)]
        spec: Digest,
    },
    /// Prints the secret key of a devnet's account: admin, a node's name, or foundation/1 to foundation/3.
    Devnet {
        /// The account.
        #[arg(value_name = "NAME")]
        name: String,
    },
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Kind {
    Ed25519,
    Secp256k1,
}

impl Kind {
    fn algorithm(self) -> Algorithm {
        match self {
            Self::Ed25519 => Algorithm::Ed25519,
            Self::Secp256k1 => Algorithm::Secp256k1,
        }
    }
}

/// Runs `relay-node key`.
pub fn run(args: &KeyArgs, out: &mut impl Write) -> anyhow::Result<()> {
    match &args.command {
        Command::New { file, algorithm } => {
            let key = new(algorithm.algorithm())?;
            let text = Zeroizing::new(format!("{}\n", key.to_base58().as_str()));
            write_new(file, text.as_bytes())?;
            writeln!(out, "{}", key.public_key().to_base58())?;
        }
        Command::Show { file } => {
            let key = read_key(file).map_err(anyhow::Error::msg)?;
            writeln!(out, "{}", key.public_key().to_base58())?;
        }
        Command::Node { data } => writeln!(out, "{}", consensus_key::to_base58(&node(data)?))?,
        Command::Possess { data, account, spec } => writeln!(out, "{}", possession(data, spec, account)?.1)?,
        Command::Devnet { name } => {
            let Some(key) = known_secret(name)? else {
                bail!(
                    "a devnet has no account {name}: there are admin, its nodes, and foundation/1 to foundation/3"
                );
            };
            writeln!(out, "{}", key.to_base58().as_str())?;
        }
    }
    Ok(())
}

fn new(algorithm: Algorithm) -> anyhow::Result<SecretKey> {
    let mut seed = Zeroizing::new([0u8; 32]);
    rand::rng().fill_bytes(&mut *seed);
    SecretKey::from_seed(algorithm, &seed).context("no key can be made")
}

/// A node that runs holds the lock of its directory; its key can be read all the same.
fn node(data: &Path) -> anyhow::Result<credo_primitives::ConsensusKey> {
    use commonware_cryptography::Signer as _;
    if DataDir::has_key(data) {
        return Ok(public_key(data)?);
    }
    Ok(DataDir::open(data)?.consensus_key()?.public_key())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ran(command: Command) -> anyhow::Result<String> {
        let mut out = Vec::new();
        run(&KeyArgs { command }, &mut out)?;
        Ok(String::from_utf8(out)?.trim().to_owned())
    }

    #[test]
    fn a_new_key_is_its_owners_alone_and_replaces_none() {
        let folder = tempfile::tempdir().expect("a folder");
        for algorithm in [Kind::Ed25519, Kind::Secp256k1] {
            let file = folder.path().join(format!("{algorithm:?}"));
            let make = || {
                ran(Command::New {
                    file: file.clone(),
                    algorithm,
                })
            };
            let public = make().expect("made");
            let secret = read_key(&file).expect("a key");
            assert_eq!(secret.algorithm(), algorithm.algorithm());
            assert_eq!(secret.public_key().to_base58(), public);
            let shown = ran(Command::Show { file: file.clone() }).expect("shown");
            assert_eq!(shown, public);
            #[cfg(unix)]
            {
                use std::os::unix::fs::PermissionsExt as _;
                let mode = std::fs::metadata(&file).expect("a file").permissions().mode();
                assert_eq!(mode & 0o777, 0o600);
            }
            let error = make().expect_err("it is there").to_string();
            assert!(error.contains("exists"), "{error}");
            let kept = read_key(&file).expect("the same key");
            assert_eq!(kept.public_key(), secret.public_key());
        }
    }

    #[test]
    fn a_nodes_key_is_made_once_and_read_while_the_node_runs() {
        let folder = tempfile::tempdir().expect("a folder");
        let data = folder.path().join("node");
        let ask = || ran(Command::Node { data: data.clone() });
        let made = ask().expect("made");
        let running = DataDir::open(&data).expect("nobody else has it");
        assert_eq!(ask().expect("read"), made);
        drop(running);
        let parsed = consensus_key::from_base58(&made).expect("a key");
        assert_eq!(parsed, public_key(&data).expect("a key"));
    }

    #[test]
    fn a_nodes_key_shows_that_an_account_has_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let data = folder.path().join("node");
        let key = ran(Command::Node { data: data.clone() }).expect("made");
        let account = AccountName::new("servi_1").expect("a name");
        let spec = credo_primitives::sha256(&[b"a chain"]);
        let shown = ran(Command::Possess {
            data,
            account: account.clone(),
            spec,
        });
        let key = consensus_key::from_base58(&key).expect("a key");
        let shown = shown.expect("shown");
        credo_primitives::possession::check_possession(&shown, &spec, &account, &key).expect("its own");
    }

    #[test]
    fn a_devnets_accounts_have_keys_and_others_none() {
        let secret = |name: &str| ran(Command::Devnet { name: name.into() });
        assert_eq!(secret("admin").expect("known"), crate::node::WELL_KNOWN_KEY);
        for name in [&crate::devnet::node_name(0), "foundation/1", "foundation/3"] {
            let key = secret(name).expect("known");
            assert!(SecretKey::from_base58(&key).is_ok(), "{name}");
        }
        let error = secret("nobody").expect_err("none").to_string();
        assert!(error.contains("no account nobody"), "{error}");
    }
}
