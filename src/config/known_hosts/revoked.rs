//! `RevokedHostKeys`: a list of public keys that no host may have, nor any authority. Whatever is wrong with the list
//! makes it unusable as a whole: the key in question may be the one that could not be read.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use base64ct::{Base64, Encoding};

use super::entry::algorithm_of;
use crate::base::limits::{KNOWN_HOSTS_FILE_BYTES_MAX, KNOWN_HOSTS_LINES_MAX};
use crate::config::file;
use crate::config::ssh::Diagnostic;

/// How a key revocation list in binary form begins (OpenSSH PROTOCOL.krl).
const KRL: &[u8] = b"SSHKRL\n";

/// The keys of a list, with their lines.
#[derive(Debug, Default)]
pub struct Revoked {
    keys: HashMap<Vec<u8>, Diagnostic>,
}

impl Revoked {
    /// Reads a list.
    ///
    /// # Errors
    /// It is not there, cannot be read, is a binary list, or has a line that is no public key.
    pub fn load(path: &Path) -> Result<Self, Diagnostic> {
        let file: Arc<Path> = Arc::from(path);
        let at = |line, message: String| Diagnostic { file: Arc::clone(&file), line, message };
        let bytes = file::read(path, KNOWN_HOSTS_FILE_BYTES_MAX)
            .map_err(|error| at(0, format!("revoked host keys cannot be read: {}", file::reason(&error))))?;
        if bytes.starts_with(KRL) {
            let message =
                "a binary key revocation list (KRL) is not supported: list the public keys, one a line";
            return Err(at(0, message.to_owned()));
        }
        let mut keys = HashMap::new();
        for (line, text) in (1..).zip(bytes.split(|&byte| byte == b'\n')) {
            if line > KNOWN_HOSTS_LINES_MAX {
                return Err(at(line, format!("more than {KNOWN_HOSTS_LINES_MAX} lines")));
            }
            match parse(text) {
                Ok(None) => {}
                Ok(Some(key)) => drop(keys.insert(key, at(line, String::new()))),
                Err(message) => return Err(at(line, message.to_owned())),
            }
        }
        Ok(Self { keys })
    }

    /// The line that revokes a key (its SSH wire form).
    pub fn find(&self, key: &[u8]) -> Option<(Arc<Path>, usize)> {
        self.keys.get(key).map(|place| (Arc::clone(&place.file), place.line))
    }
}

/// The key of a line `TYPE BASE64 comment`; `Ok(None)` for an empty line or a comment.
fn parse(line: &[u8]) -> Result<Option<Vec<u8>>, &'static str> {
    const WRONG: &str = "not a public key: expected its type and its base64";
    let line = str::from_utf8(line).map_err(|_| WRONG)?;
    let mut fields = line.split_ascii_whitespace();
    let Some(kind) = fields.next().filter(|kind| !kind.starts_with('#')) else { return Ok(None) };
    let key = fields.next().and_then(|text| Base64::decode_vec(text).ok()).ok_or(WRONG)?;
    if algorithm_of(&key) != Some(kind.as_bytes()) {
        return Err(WRONG);
    }
    // A certificate would be compared by the key inside it.
    if kind.ends_with("-cert-v01@openssh.com") {
        Err("a certificate: list its plain key")
    } else {
        Ok(Some(key))
    }
}
