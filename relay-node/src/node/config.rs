//! A node's configuration: a TOML file, and what it comes to.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use credo_primitives::spec::Genesis;
use serde::{Deserialize, Serialize};

use crate::public::WebRtc;

/// Largest genesis file.
const MAX_GENESIS: u64 = 256 * 1024 * 1024;

/// Why a configuration can't be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A file can't be read.
    #[error("{path} can't be read: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file that isn't what it should be.
    #[error("{path} can't be understood: {why}")]
    Parse {
        /// The file.
        path: PathBuf,
        /// Why.
        why: String,
    },
}

/// The configuration file of `relay-node run`. Relative paths start at the file's folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileConfig {
    /// The node's name for people.
    #[serde(default = "default_name")]
    pub name: String,
    /// The chain's genesis file.
    #[serde(default = "default_genesis")]
    pub genesis: PathBuf,
    /// Where the consensus plane listens.
    #[serde(default = "default_listen")]
    pub listen: SocketAddr,
    /// Serving light clients.
    #[serde(default)]
    pub public: PublicSection,
    /// The HTTP endpoint.
    #[serde(default)]
    pub http: HttpSection,
}

/// How light clients are served.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PublicSection {
    /// Whether they are.
    pub enabled: bool,
    /// The address to listen on.
    pub ip: IpAddr,
    /// What serves over WebRTC-direct: `direct`, `stock` or `off`.
    pub webrtc: WebRtc,
    /// UDP port for WebRTC-direct.
    pub webrtc_port: u16,
    /// TCP port for WebSocket.
    pub ws_port: u16,
}

/// The HTTP endpoint.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HttpSection {
    /// Where it listens; without it there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub listen: Option<SocketAddr>,
    /// The folder with the wallet's files.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub web: Option<PathBuf>,
    /// On a devnet: whether it gives tokens away.
    pub faucet: bool,
    /// Data directories of other nodes on this machine whose addresses the page is told, too.
    pub relays: Vec<PathBuf>,
}

fn default_name() -> String {
    "relay".into()
}

fn default_genesis() -> PathBuf {
    "genesis.json".into()
}

fn default_listen() -> SocketAddr {
    SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 8470)
}

impl Default for PublicSection {
    fn default() -> Self {
        Self {
            enabled: true,
            ip: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            webrtc: WebRtc::default(),
            webrtc_port: 8430,
            ws_port: 8440,
        }
    }
}

impl Default for FileConfig {
    fn default() -> Self {
        Self {
            name: default_name(),
            genesis: default_genesis(),
            listen: default_listen(),
            public: PublicSection::default(),
            http: HttpSection::default(),
        }
    }
}

/// Everything a node is started with.
#[derive(Clone, Debug)]
pub struct NodeConfig {
    /// Its data directory.
    pub data: PathBuf,
    /// The chain.
    pub genesis: std::sync::Arc<Genesis>,
    /// The rest, with absolute paths.
    pub file: FileConfig,
    /// What a test lets it do wrong; refused where the chain isn't a devnet.
    pub trial: crate::consensus::Trial,
}

impl FileConfig {
    /// Reads a configuration file; relative paths in it start at its folder.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Read {
            path: path.to_owned(),
            source,
        })?;
        let mut config: Self = toml::from_str(&text).map_err(|error| ConfigError::Parse {
            path: path.to_owned(),
            why: error.to_string(),
        })?;
        config.resolve(path.parent().unwrap_or(Path::new(".")));
        Ok(config)
    }

    /// Makes relative paths start at `folder`.
    pub fn resolve(&mut self, folder: &Path) {
        self.genesis = folder.join(&self.genesis);
        self.http.web = self.http.web.take().map(|web| folder.join(web));
        for relay in &mut self.http.relays {
            *relay = folder.join(&*relay);
        }
    }

    /// The file's text.
    pub fn to_toml(&self) -> Result<String, ConfigError> {
        toml::to_string(self).map_err(|error| ConfigError::Parse {
            path: "configuration".into(),
            why: error.to_string(),
        })
    }
}

/// Reads a genesis file.
pub fn load_genesis(path: &Path) -> Result<Genesis, ConfigError> {
    let read = |source| ConfigError::Read {
        path: path.to_owned(),
        source,
    };
    let parse = |why: String| ConfigError::Parse {
        path: path.to_owned(),
        why,
    };
    let size = std::fs::metadata(path).map_err(read)?.len();
    if size > MAX_GENESIS {
        return Err(parse(format!(
            "it has {size} bytes, at most {MAX_GENESIS} are allowed"
        )));
    }
    let bytes = std::fs::read(path).map_err(read)?;
    serde_json::from_slice(&bytes).map_err(|e| parse(e.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configuration_survives_its_text() {
        let mut config = FileConfig {
            name: "aurora".into(),
            ..FileConfig::default()
        };
        config.http.listen = Some("127.0.0.1:8420".parse().expect("an address"));
        config.http.web = Some("/srv/wallet".into());
        let text = config.to_toml().expect("text");
        assert_eq!(toml::from_str::<FileConfig>(&text).expect("parses"), config);
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("node.toml");
        std::fs::write(&path, "name = \"basalt\"\n[public]\nws_port = 9\n").expect("writes");
        let config = FileConfig::load(&path).expect("loads");
        assert_eq!(config.genesis, folder.path().join("genesis.json"));
        assert_eq!((config.public.ws_port, config.public.webrtc_port), (9, 8430));
        std::fs::write(&path, "nmae = \"basalt\"").expect("writes");
        let error = FileConfig::load(&path).expect_err("refused").to_string();
        assert!(error.contains("nmae"), "{error}");
    }
}
