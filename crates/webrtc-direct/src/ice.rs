//! ICE names and passwords, which carry the protocol's version and, since there is no signalling, all that the node
//! has to know of the peer's ICE session.
//!
//! Responsible for making them, and for refusing what isn't well-formed before it touches an ICE agent, a map's key
//! or an SDP. Bounded: a name has at most 256 characters (RFC 8839, section 5.4); the check stops at the length.
//!
//! - Version 1: one random name, `libp2p+webrtc+v1/…`, is name and password at both ends. The `USERNAME` of a check is
//!   that name twice.
//! - Version 2: the client keeps its own name and password. The server's name and password are both
//!   `libp2p+webrtc+v2/` and the client's password. The `USERNAME` is `server's name:client's name`.

use rand::RngExt as _;
use rand::distr::Alphanumeric;

use crate::error::IceError;

/// How many characters of a version 1 name are random. There are engines whose checks can't carry a user name of more
/// than 128 characters; this one is the name twice.
const RANDOM_V1: usize = 44;
/// How many characters of the client's own version 2 name and password are random, when the client is a node.
const RANDOM_UFRAG: usize = 16;
const RANDOM_PWD: usize = 32;

/// A name's length.
const UFRAG: std::ops::RangeInclusive<usize> = 4..=256;
/// A password's length.
const PASSWORD: std::ops::RangeInclusive<usize> = 22..=256;

/// The version of the protocol, told by the prefix of the server's ICE name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Version {
    /// The client rewrites the ICE names in its own offer, which browsers are about to forbid.
    V1,
    /// The client leaves its offer alone.
    #[default]
    V2,
}

impl Version {
    /// What the server's name starts with.
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::V1 => "libp2p+webrtc+v1/",
            Self::V2 => "libp2p+webrtc+v2/",
        }
    }

    /// The version of a server's name. Others than those known are refused: a later version must not be taken for an
    /// earlier one.
    pub fn of(server_ufrag: &str) -> Result<Self, IceError> {
        [Self::V1, Self::V2]
            .into_iter()
            .find(|version| server_ufrag.starts_with(version.prefix()))
            .ok_or(IceError::Version)
    }
}

/// What both ends of one session use for ICE.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Credentials {
    /// The version.
    pub version: Version,
    /// The server's (the listening node's) name, which is its password, too.
    pub server_ufrag: String,
    /// The client's name.
    pub client_ufrag: String,
    /// The client's password.
    pub client_pwd: String,
}

// The passwords stay out of logs.
impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials")
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

impl Credentials {
    /// For a client that chooses its own names: version 1, or a node that dials version 2.
    pub fn random(version: Version) -> Self {
        match version {
            Version::V1 => {
                let name = format!("{}{}", version.prefix(), random(RANDOM_V1));
                Self {
                    version,
                    server_ufrag: name.clone(),
                    client_ufrag: name.clone(),
                    client_pwd: name,
                }
            }
            Version::V2 => {
                let client_pwd = random(RANDOM_PWD);
                Self {
                    version,
                    server_ufrag: format!("{}{client_pwd}", version.prefix()),
                    client_ufrag: random(RANDOM_UFRAG),
                    client_pwd,
                }
            }
        }
    }

    /// For a client of version 2 whose name and password others chose: the browser.
    pub fn v2(client_ufrag: &str, client_pwd: &str) -> Result<Self, IceError> {
        Ok(Self {
            version: Version::V2,
            server_ufrag: server_name(client_pwd)?,
            client_ufrag: checked(client_ufrag, &UFRAG)?.to_owned(),
            client_pwd: client_pwd.to_owned(),
        })
    }

    /// What a STUN check's `USERNAME` says to the server. Halves are cut at the first colon, which no ICE name contains.
    pub fn from_username(username: &str) -> Result<Self, IceError> {
        let (server, client) = username.split_once(':').ok_or(IceError::NoColon)?;
        Self::from_halves(server, client)
    }

    /// The same from the halves.
    pub fn from_halves(server: &str, client: &str) -> Result<Self, IceError> {
        let server = checked(server, &UFRAG)?;
        let client = checked(client, &UFRAG)?;
        let version = Version::of(server)?;
        let client_pwd = match version {
            Version::V1 => {
                // The name is the password, too.
                checked(server, &PASSWORD)?;
                if server != client {
                    return Err(IceError::Halves);
                }
                client
            }
            Version::V2 => checked(&server[version.prefix().len()..], &PASSWORD)?,
        };
        Ok(Self {
            version,
            server_ufrag: server.to_owned(),
            client_ufrag: client.to_owned(),
            client_pwd: client_pwd.to_owned(),
        })
    }

    /// The `USERNAME` of the client's checks.
    pub fn username(&self) -> String {
        format!("{}:{}", self.server_ufrag, self.client_ufrag)
    }
}

/// The server's name and password in version 2, from the client's password.
pub fn server_name(client_pwd: &str) -> Result<String, IceError> {
    let name = format!("{}{}", Version::V2.prefix(), checked(client_pwd, &PASSWORD)?);
    checked(&name, &UFRAG)?;
    Ok(name)
}

/// Whether a text is a well-formed ICE name.
pub fn is_ufrag(text: &str) -> bool {
    checked(text, &UFRAG).is_ok()
}

/// Whether a text is a well-formed ICE password.
pub fn is_password(text: &str) -> bool {
    checked(text, &PASSWORD).is_ok()
}

fn checked<'a>(text: &'a str, length: &std::ops::RangeInclusive<usize>) -> Result<&'a str, IceError> {
    if !length.contains(&text.len()) {
        return Err(if length.start() == PASSWORD.start() {
            IceError::Password(text.len())
        } else {
            IceError::Ufrag(text.len())
        });
    }
    if text
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || b == b'+' || b == b'/')
    {
        Ok(text)
    } else {
        Err(IceError::Character)
    }
}

fn random(length: usize) -> String {
    rand::rng()
        .sample_iter(Alphanumeric)
        .take(length)
        .map(char::from)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_survive_the_way_through_a_user_name() {
        for version in [Version::V1, Version::V2] {
            let credentials = Credentials::random(version);
            assert_eq!(
                Credentials::from_username(&credentials.username()),
                Ok(credentials)
            );
        }
    }

    #[test]
    fn other_versions_are_refused() {
        for name in [
            "libp2p+webrtc+v3/abcdefghijklmnopqrstuvwxyz",
            "libp2p+webrtc+v1abcdefghijklmnopqrstuvwxyz",
            "abcdefghijklmnopqrstuvwxyz",
        ] {
            assert_eq!(
                Credentials::from_halves(name, name),
                Err(IceError::Version),
                "{name}"
            );
        }
    }

    #[test]
    fn malformed_names_are_refused() {
        let pwd = "abcdefghijklmnopqrstuv";
        let name = format!("libp2p+webrtc+v2/{pwd}");
        assert!(Credentials::from_halves(&name, "abcd").is_ok());
        assert_eq!(Credentials::from_username(&name), Err(IceError::NoColon));
        assert_eq!(
            Credentials::from_username(&format!("{name}:abcd:e")),
            Err(IceError::Character)
        );
        assert_eq!(Credentials::from_halves(&name, "abc"), Err(IceError::Ufrag(3)));
        assert_eq!(
            Credentials::from_halves(&name, "ab\r\n"),
            Err(IceError::Character)
        );
        assert_eq!(
            Credentials::from_halves(&name[..name.len() - 1], "abcd"),
            Err(IceError::Password(21))
        );
        let long = format!("libp2p+webrtc+v2/{}", "a".repeat(240));
        assert_eq!(Credentials::from_halves(&long, "abcd"), Err(IceError::Ufrag(257)));
        assert_eq!(
            Credentials::from_halves("libp2p+webrtc+v1/abcdefgh", "libp2p+webrtc+v1/abcdefgi"),
            Err(IceError::Halves)
        );
        assert_eq!(
            Credentials::from_halves("libp2p+webrtc+v1/abc", "libp2p+webrtc+v1/abc"),
            Err(IceError::Password(20))
        );
    }

    #[test]
    fn a_browsers_password_is_checked() {
        assert!(Credentials::v2("abcd", "abcdefghijklmnopqrstuvwx").is_ok());
        assert_eq!(Credentials::v2("abcd", "short"), Err(IceError::Password(5)));
        assert_eq!(server_name(&"a".repeat(240)), Err(IceError::Ufrag(257)));
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in ".{0,300}") {
            if let Ok(credentials) = Credentials::from_username(&text) {
                prop_assert_eq!(credentials.username(), text);
                prop_assert!(is_ufrag(&credentials.server_ufrag));
                prop_assert!(is_ufrag(&credentials.client_ufrag));
                prop_assert!(is_password(&credentials.client_pwd));
            }
        }

        #[test]
        fn well_formed_passwords_are_carried(pwd in "[A-Za-z0-9+/]{22,239}", ufrag in "[A-Za-z0-9+/]{4,256}") {
            let made = Credentials::v2(&ufrag, &pwd)?;
            let read = Credentials::from_username(&made.username())?;
            prop_assert_eq!(read.client_pwd, pwd);
        }
    }
}
