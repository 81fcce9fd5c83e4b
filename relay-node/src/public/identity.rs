//! The relay's libp2p key and WebRTC certificate: kept, because the address that clients know is made of them.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use libp2p::identity::Keypair;
use webrtc_direct::node::Certificate;

use super::PublicError;

/// What the relay's address is made of.
pub(crate) struct Identity {
    pub(crate) keypair: Keypair,
    pub(crate) certificate: Certificate,
}

impl Identity {
    /// Reads what `data_dir/public` holds; makes and keeps what is missing. A file that can't be read is an error,
    /// never a reason to make a new one: the address would change silently.
    pub(crate) fn load_or_create(data_dir: &Path) -> Result<Self, PublicError> {
        let dir = data_dir.join("public");
        fs::create_dir_all(&dir).map_err(|e| unusable(&dir, &e))?;

        let path = dir.join("identity");
        let keypair = match read(&path)? {
            Some(bytes) => Keypair::from_protobuf_encoding(&bytes).map_err(|e| unusable(&path, &e))?,
            None => {
                let keypair = Keypair::generate_ed25519();
                let bytes = keypair.to_protobuf_encoding().map_err(|e| unusable(&path, &e))?;
                keep(&path, &bytes)?;
                keypair
            }
        };

        let path = dir.join("webrtc.pem");
        let certificate = match read(&path)? {
            Some(bytes) => {
                let text = String::from_utf8(bytes).map_err(|e| unusable(&path, &e))?;
                Certificate::from_pem(&text).map_err(|e| unusable(&path, &e))?
            }
            None => {
                let certificate = Certificate::generate().map_err(|e| unusable(&path, &e))?;
                keep(&path, certificate.to_pem().as_bytes())?;
                certificate
            }
        };
        Ok(Self { keypair, certificate })
    }
}

fn unusable(path: &Path, reason: &dyn std::fmt::Display) -> PublicError {
    PublicError::Identity {
        path: path.to_owned(),
        reason: reason.to_string(),
    }
}

fn read(path: &Path) -> Result<Option<Vec<u8>>, PublicError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(unusable(path, &e)),
    }
}

/// Writes a secret so that a crash leaves either the whole file or none.
fn keep(path: &Path, bytes: &[u8]) -> Result<(), PublicError> {
    let new = path.with_extension("new");
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let written = options
        .open(&new)
        .and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_all()
        })
        .and_then(|()| fs::rename(&new, path))
        .and_then(|()| match path.parent() {
            Some(dir) => fs::File::open(dir)?.sync_all(),
            None => Ok(()),
        });
    written.map_err(|e| unusable(path, &e))
}
