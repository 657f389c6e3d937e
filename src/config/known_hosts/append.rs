//! Remembers the key of a host that is new.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::Path;

use base64ct::{Base64, Encoding};
use rustix::fs::{FlockOperation, flock};
use rustix::io::retry_on_intr;

use super::refusal::{Reason, Seen};
use super::{KnownHosts, Verdict, lookup_name};
use crate::base::Result;
use crate::config::HostConfig;
use crate::config::file;
use crate::crypto::hash::{SHA1_BYTES, hmac_sha1};
use crate::crypto::random;
use crate::ssh::HostKey;

/// What became of a new key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Remembered {
    Added,
    /// Somebody else has added it meanwhile.
    Already,
    /// Why it was not.
    Not(String),
}

/// Adds `key` to the first `UserKnownHostsFile` of `host`, hashed if `HashKnownHosts` says so, where it is new still:
/// others may be meeting the same host. They take turns, each looking at what the one before has written. The file is
/// made when it is missing, and so is a `.ssh` around it. Blocks.
///
/// # Errors
/// [`Kind::HostKey`](crate::base::Kind::HostKey) when another key of the host, or that this one is revoked, has become
/// known meanwhile.
pub fn append(host: &HostConfig, key: &HostKey) -> Result<Remembered> {
    let Some(path) = host.user_known_hosts_files.first() else {
        return Ok(Remembered::Not("there is no UserKnownHostsFile".to_owned()));
    };
    let not = |error: io::Error| Ok(Remembered::Not(format!("{}: {}", path.display(), file::reason(&error))));
    let line = match line(host, key) {
        Ok(line) => line,
        Err(reason) => return Ok(Remembered::Not(reason)),
    };
    // Closing the file ends the turn.
    let file = match open(path).and_then(locked) {
        Ok(file) => file,
        Err(error) => return not(error),
    };
    if is_known_meanwhile(host, key)? {
        return Ok(Remembered::Already);
    }
    write(&file, &line).map_or_else(not, |()| Ok(Remembered::Added))
}

fn is_known_meanwhile(host: &HostConfig, key: &HostKey) -> Result<bool> {
    let known = KnownHosts::load_for(host);
    known.require_usable()?;
    let (name, port) = host.known_as();
    let reason = match known.check(name, port, &key.blob) {
        Verdict::Known => return Ok(true),
        Verdict::Unknown => return Ok(false),
        Verdict::Changed { file, line } => Reason::Changed { file, line },
        Verdict::Revoked { file, line } => Reason::Revoked { file, line },
    };
    Err(known.refusal(&reason, &Seen { host, key }))
}

/// What ssh would not write: it means something else there.
const SPECIAL: &str = "@?*#[]|'\"\\,!";

fn line(host: &HostConfig, key: &HostKey) -> Result<String, String> {
    let (name, port) = host.known_as();
    let is_special = |c: char| SPECIAL.contains(c) || c.is_whitespace() || c.is_control();
    if name.is_empty() || name.contains(is_special) {
        return Err(format!("its name '{name}' has characters that mean something else there"));
    }
    let name = lookup_name(name, port);
    let name = if host.hash_known_hosts { hashed(&name, &random::array()) } else { name };
    Ok(format!("{name} {} {}\n", key.key_type(), Base64::encode_string(&key.blob)))
}

/// `|1|salt|hash`
fn hashed(name: &str, salt: &[u8; SHA1_BYTES]) -> String {
    let hash = hmac_sha1(salt, name.as_bytes());
    format!("|1|{}|{}", Base64::encode_string(salt), Base64::encode_string(&hash))
}

fn open(path: &Path) -> io::Result<File> {
    if let Some(folder) = path.parent().filter(|folder| folder.ends_with(".ssh") && !folder.exists()) {
        DirBuilder::new().mode(0o700).create(folder)?;
    }
    OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(path)
}

/// Waits for its turn. A device remembers nothing, and everybody may lock it.
fn locked(file: File) -> io::Result<File> {
    if file.metadata()?.is_file() {
        retry_on_intr(|| flock(&file, FlockOperation::LockExclusive))?;
    }
    Ok(file)
}

/// One write: ssh and editors take no turns.
fn write(mut file: &File, line: &str) -> io::Result<()> {
    let line = if ends_within_a_line(file)? { format!("\n{line}") } else { line.to_owned() };
    match file.write(line.as_bytes())? {
        written if written == line.len() => Ok(()),
        _ => Err(io::Error::from(io::ErrorKind::WriteZero)),
    }
}

/// Whether the last line has no end. A device has no lines.
fn ends_within_a_line(file: &File) -> io::Result<bool> {
    let meta = file.metadata()?;
    let Some(last) = meta.len().checked_sub(1).filter(|_| meta.is_file()) else { return Ok(false) };
    let mut byte = [0];
    file.read_exact_at(&mut byte, last)?;
    Ok(byte != *b"\n")
}
