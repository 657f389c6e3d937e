//! Reading a configuration file whole, with a bound, and never hanging on something that is no file.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::FileTypeExt;
use std::path::Path;

/// The file's bytes. A directory, a FIFO or a socket is refused before it is opened (a FIFO would block); a device is
/// read like a file, for `/dev/null`.
///
/// # Errors
/// What the system says; [`io::ErrorKind::FileTooLarge`] beyond `bytes_max`, [`io::ErrorKind::InvalidInput`] for
/// something that is no file.
pub fn read(path: &Path, bytes_max: u64) -> io::Result<Vec<u8>> {
    let meta = fs::metadata(path)?;
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
    File::open(path)?.take(bytes_max.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > bytes_max { too_large() } else { Ok(bytes) }
}

/// The system's words without its number: `No such file or directory`.
pub fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    match text.split_once(" (os error") {
        Some((words, _)) => words.to_owned(),
        None => text,
    }
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
}
