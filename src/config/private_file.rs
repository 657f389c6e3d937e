//! Files that only their owner may read: private keys, passwords, passphrases, API keys.

use std::fmt;
use std::io::{ErrorKind, Read};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use zeroize::Zeroizing;

use super::file;

/// Why a file is not read.
#[derive(Debug, PartialEq, Eq)]
pub enum Unreadable {
    Missing,
    Because(String),
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("there is no such file"),
            Self::Because(reason) => f.write_str(reason),
        }
    }
}

/// At most `bytes_max` bytes of a file, wiped when dropped.
///
/// # Errors
/// The system does not give them, or gives them to others too.
pub fn read(path: &Path, bytes_max: u64) -> Result<Zeroizing<Vec<u8>>, Unreadable> {
    let because = |error: std::io::Error| match error.kind() {
        ErrorKind::NotFound => Unreadable::Missing,
        _ => Unreadable::Because(error.to_string()),
    };
    let (file, metadata) = file::open(path).map_err(because)?;
    if !metadata.is_file() {
        return Err(Unreadable::Because("not a regular file".into()));
    }
    // As ssh: what others can read is not private any more. What somebody else owns is theirs to look after.
    if metadata.mode() & 0o077 != 0 && metadata.uid() == rustix::process::geteuid().as_raw() {
        let mode = metadata.mode() & 0o777;
        return Err(Unreadable::Because(format!(
            "others can access it (mode {mode:04o}); run chmod 600 on it"
        )));
    }
    // Reserved first: a buffer that grows leaves its content behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(metadata.len().min(bytes_max) as usize + 1));
    file.take(bytes_max).read_to_end(&mut bytes).map_err(because)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn only_private_files_are_read() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("secret");
        assert_eq!(read(&path, 9), Err(Unreadable::Missing));
        std::fs::write(&path, "0123456789").unwrap();
        for (mode, is_read) in [(0o600, true), (0o400, true), (0o640, false), (0o604, false)] {
            std::fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            let result = read(&path, 9);
            assert_eq!(result.is_ok(), is_read, "{mode:o}");
            match result {
                Ok(bytes) => assert_eq!(&bytes[..], b"012345678"),
                Err(error) => assert!(error.to_string().contains("chmod 600")),
            }
        }
        assert_eq!(read(dir.path(), 9), Err(Unreadable::Because("not a regular file".into())));
    }
}
