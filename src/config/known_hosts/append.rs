//! Remembers the key of a host that is new.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::Path;

use base64ct::{Base64, Encoding};

use super::lookup_name;
use crate::base::{Error, Kind, Result};
use crate::config::HostConfig;
use crate::config::file;
use crate::crypto::hash::{SHA1_BYTES, hmac_sha1};
use crate::crypto::random;
use crate::ssh::HostKey;

/// Adds `key` to the first `UserKnownHostsFile` of `host`, hashed if `HashKnownHosts` says so. The line is appended by
/// one write, so that those of several processes do not mix. The file is made when it is missing, and so is a `.ssh`
/// around it. Blocks.
///
/// # Errors
/// [`Kind::HostKey`] when there is no such file, it cannot be written, or the host's name cannot stand in it.
pub fn append(host: &HostConfig, key: &HostKey) -> Result<()> {
    let fail = |reason: String| {
        let text = format!("the host key of {} cannot be remembered: {reason}", host.alias);
        Error::new(Kind::HostKey, text)
    };
    let path = host.user_known_hosts_files.first();
    let path = path.ok_or_else(|| fail("there is no UserKnownHostsFile".to_owned()))?;
    let line = line(host, key).map_err(fail)?;
    write(path, &line).map_err(|error| fail(format!("{}: {}", path.display(), file::reason(&error))))
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

fn write(path: &Path, line: &str) -> io::Result<()> {
    if let Some(folder) = path.parent().filter(|folder| folder.ends_with(".ssh") && !folder.exists()) {
        DirBuilder::new().mode(0o700).create(folder)?;
    }
    let mut file = OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(path)?;
    let line = if ends_within_a_line(&file)? { format!("\n{line}") } else { line.to_owned() };
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
