//! Reading a configuration file whole, with a bound, and never hanging on something that is no file.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;

use rustix::fs::OFlags;

use crate::base::text::without_error_number;

/// Opens a file without waiting for anything, as for the writer of a FIFO, and says what it is that was opened.
///
/// # Errors
/// What the system says.
pub fn open(path: &Path) -> io::Result<(File, Metadata)> {
    // The bits of an open flag fit.
    let no_wait = OFlags::NONBLOCK.bits().cast_signed();
    let file = OpenOptions::new().read(true).custom_flags(no_wait).open(path)?;
    let metadata = file.metadata()?;
    Ok((file, metadata))
}

/// The file's bytes. A directory, a FIFO or a socket is refused; a device is read like a file, for `/dev/null`.
///
/// # Errors
/// What the system says; [`io::ErrorKind::FileTooLarge`] beyond `bytes_max`, [`io::ErrorKind::InvalidInput`] for
/// something that is no file.
pub fn read(path: &Path, bytes_max: u64) -> io::Result<Vec<u8>> {
    let (file, meta) = open(path)?;
    let kind = meta.file_type();
    if kind.is_dir() {
        return Err(io::Error::from(io::ErrorKind::IsADirectory));
    }
    if !kind.is_file() && !kind.is_char_device() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
    }
    let too_large = || {
        let text = format!("larger than {} MiB", bytes_max / (1024 * 1024));
        Err(io::Error::new(io::ErrorKind::FileTooLarge, text))
    };
    if meta.len() > bytes_max {
        return too_large();
    }
    let mut bytes = Vec::new();
    file.take(bytes_max.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > bytes_max { too_large() } else { Ok(bytes) }
}

/// The system's words without its number: `No such file or directory`.
pub fn reason(error: &io::Error) -> String {
    without_error_number(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endless_and_strange_files_are_refused() {
        assert_eq!(read(Path::new("/dev/zero"), 1024).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
        assert_eq!(read(Path::new("/"), 1024).unwrap_err().kind(), io::ErrorKind::IsADirectory);
        assert_eq!(read(Path::new("/nowhere"), 1024).unwrap_err().kind(), io::ErrorKind::NotFound);
        assert_eq!(read(Path::new("/dev/null"), 1024).unwrap(), b"");
    }

    #[test]
    fn nobody_waits_for_the_writer_of_a_fifo() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("fifo");
        rustix::fs::mkfifoat(rustix::fs::CWD, &path, rustix::fs::Mode::RUSR).unwrap();
        assert_eq!(read(&path, 1024).unwrap_err().kind(), io::ErrorKind::InvalidInput);
    }
}
