//! API keys: who may ask over HTTP, and for what. A key is kept as its SHA-256, and shown as the first digits of that.
//!
//! ```toml
//! [[key]]
//! name = "dashboard"
//! sha256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"  # or key = "…"
//! scopes = ["read"]        # read, command, transfer; all of them where it is left out
//! hosts = ["web*"]         # all of them likewise
//! ```

mod document;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use super::{Access, Secret, SharedAccess, Sources, private_file};
use crate::base::limits::{API_KEY_BYTES_MAX, API_KEY_BYTES_MIN, API_KEYS_FILE_BYTES_MAX, API_KEYS_MAX};
use crate::base::{Error, Kind, Result};
use crate::crypto::hash::{SHA256_BYTES, is_same, sha256};

/// The keys there are at a moment. There may be none that is right any more.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Keys(Vec<Key>);

/// Those that all cores read.
pub type SharedKeys = Arc<Keys>;

/// One key, and what it is good for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    name: Option<Box<str>>,
    hash: KeyHash,
    access: SharedAccess,
}

/// What is known of a key by those who must not know it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct KeyHash([u8; SHA256_BYTES]);

/// Where keys come from.
#[derive(Debug)]
pub struct KeySource {
    /// Those of the environment, which never changes.
    given: Vec<Key>,
    file: Option<PathBuf>,
}

const VARIABLE: &str = "SCOUT_API_KEYS";

impl Keys {
    /// The key that was presented, found after the same time whichever it is.
    pub fn find(&self, presented: &[u8]) -> Option<&Key> {
        let hash = KeyHash::of(presented);
        self.0.iter().fold(None, |found, key| if is_same(&key.hash.0, &hash.0) { Some(key) } else { found })
    }

    pub fn iter(&self) -> impl Iterator<Item = &Key> {
        self.0.iter()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn push(&mut self, key: Key) -> std::result::Result<(), String> {
        if self.0.iter().any(|other| other.hash == key.hash) {
            return Err("is there twice".to_owned());
        }
        if self.0.len() == API_KEYS_MAX {
            return Err(format!("is one too many: expected at most {API_KEYS_MAX} keys"));
        }
        self.0.push(key);
        Ok(())
    }
}

impl Key {
    fn new(name: Option<&str>, hash: KeyHash, access: Access) -> Self {
        Self { name: name.map(Into::into), hash, access: access.into() }
    }

    /// The same for the same key, at every start.
    pub fn number(&self) -> u64 {
        self.hash.number()
    }

    pub fn access(&self) -> &SharedAccess {
        &self.access
    }
}

/// As logs show it: `key 1a2b3c4d (dashboard)`.
impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.hash.fmt(f)?;
        self.name.as_ref().map_or(Ok(()), |name| write!(f, " ({name})"))
    }
}

impl KeyHash {
    pub fn of(key: &[u8]) -> Self {
        Self(sha256(&[key]))
    }

    /// 64 digits.
    fn from_hex(text: &str) -> Option<Self> {
        let mut hash = [0; SHA256_BYTES];
        if text.len() != 2 * SHA256_BYTES || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        for (byte, digits) in hash.iter_mut().zip(text.as_bytes().chunks(2)) {
            *byte = u8::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()?;
        }
        Some(Self(hash))
    }

    fn number(&self) -> u64 {
        self.0.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
    }
}

/// `key 1a2b3c4d`.
impl fmt::Display for KeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "key {:08x}", self.number() >> 32)
    }
}

impl fmt::Debug for KeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl KeySource {
    /// Keys of the environment, which may do everything, and those of a file; `None` where there is neither. The file is
    /// not read before [`KeySource::load`].
    ///
    /// # Errors
    /// [`Kind::InvalidArgument`] for a key of the environment that nobody should use.
    pub fn new(given: Option<&Secret>, file: Option<PathBuf>) -> Result<Option<Self>> {
        if given.is_none() && file.is_none() {
            return Ok(None);
        }
        let keys = given.map(|secret| of_variable(secret.expose())).transpose()?;
        Ok(Some(Self { given: keys.unwrap_or_default().0, file }))
    }

    /// The keys as they are now.
    ///
    /// # Errors
    /// [`Kind::InvalidArgument`] when the file cannot be read, is no secret, or is wrong. No key is shown.
    pub fn load(&self) -> Result<Keys> {
        let mut keys = Keys(self.given.clone());
        let Some(path) = &self.file else { return Ok(keys) };
        let refused = |reason: &dyn fmt::Display| invalid(&format!("{}: {reason}", path.display()));
        // One byte more than there may be shows that there are too many.
        let bytes = private_file::read(path, API_KEYS_FILE_BYTES_MAX + 1).map_err(|error| refused(&error))?;
        if bytes.len() as u64 > API_KEYS_FILE_BYTES_MAX {
            return Err(refused(&format!("larger than {} KiB", API_KEYS_FILE_BYTES_MAX / 1024)));
        }
        document::read(&bytes, &mut keys).map_err(|reason| refused(&reason))?;
        Ok(keys)
    }

    /// The file, as it is now.
    pub fn sources(&self) -> Sources {
        let mut sources = Sources::default();
        self.file.iter().for_each(|path| sources.note_file(path));
        sources
    }
}

fn of_variable(text: &str) -> Result<Keys> {
    let mut keys = Keys::default();
    let words = text.split([',', '\n']).map(str::trim).filter(|word| !word.is_empty());
    for (number, word) in (1..).zip(words) {
        let key = check(word).map(|()| Key::new(None, KeyHash::of(word.as_bytes()), Access::all()));
        key.and_then(|key| keys.push(key))
            .map_err(|reason| invalid(&format!("{VARIABLE}: key {number} {reason}")))?;
    }
    Ok(keys)
}

/// Whether a key may be one: long enough not to be guessed, and fit for a header.
fn check(key: &str) -> std::result::Result<(), String> {
    let is_fit = key.bytes().all(|byte| byte.is_ascii_graphic());
    match (API_KEY_BYTES_MIN..=API_KEY_BYTES_MAX).contains(&key.len()) && is_fit {
        true => Ok(()),
        false => Err(format!(
            "is weak or no key: expected {API_KEY_BYTES_MIN} to {API_KEY_BYTES_MAX} letters, digits and signs, as from `openssl rand -hex 32`"
        )),
    }
}

fn invalid(message: &str) -> Error {
    Error::new(Kind::InvalidArgument, message)
}

#[cfg(test)]
mod tests;
