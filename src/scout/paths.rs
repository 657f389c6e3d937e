//! What a path is called by SFTP, and what it means when an operation on it fails.

use std::fmt;

use crate::base::{Error, Kind};
use crate::sftp::{Failure, FileType, StatusCode};
use crate::target::RemotePath;

/// How SFTP, which knows no `~`, names the path: relative paths begin in the login directory. `None` for what only a
/// shell can do: find the home of another user, and give up reading a file of the kernel that looks regular and hangs.
pub(super) fn sftp_path(path: &RemotePath) -> Option<&[u8]> {
    let path = path.as_str();
    if ["/proc/", "/sys/"].iter().any(|kernel| path.starts_with(kernel)) {
        return None;
    }
    match path.strip_prefix('~') {
        None => Some(path.as_bytes()),
        Some("") => Some(b"."),
        Some(rest) => rest.strip_prefix('/').map(|rest| match rest.trim_start_matches('/') {
            "" => b".",
            rest => rest.as_bytes(),
        }),
    }
}

pub(super) fn is_device(kind: FileType) -> bool {
    matches!(kind, FileType::CharDevice | FileType::BlockDevice)
}

/// What a failed file operation means to the caller.
pub(super) fn explain(path: &RemotePath, failure: &Failure) -> Error {
    match failure {
        Failure::NotRegular(kind) => not_readable(path, kind),
        Failure::Status { code: StatusCode::NoSuchFile, .. } => not_found(path),
        Failure::Status { code: StatusCode::PermissionDenied, .. } => forbidden(path),
        other => Error::new(Kind::Remote, format!("Cannot read {path}: {other}")),
    }
}

pub(super) fn not_found(path: &RemotePath) -> Error {
    Error::new(Kind::NotFound, format!("Path not found: {path}"))
}

pub(super) fn forbidden(path: &RemotePath) -> Error {
    Error::new(Kind::PermissionDenied, format!("Permission denied: {path}"))
}

/// `kind` says what it is instead, with its article.
pub(super) fn not_readable(path: &RemotePath, kind: impl fmt::Display) -> Error {
    let text = format!("{path} is {kind}; expected a regular file or a directory");
    Error::new(Kind::WrongFileType, text)
}

pub(super) fn is_directory(path: &RemotePath) -> Error {
    Error::new(Kind::WrongFileType, format!("{path} is a directory; expected a file"))
}

pub(super) fn endless(path: &RemotePath, limit: u64) -> Error {
    Error::new(Kind::TooLarge, format!("{path} is a device; only its first {limit} bytes are shown"))
}

pub(super) fn unexpected() -> Error {
    Error::new(Kind::Internal, "the SFTP session answered another question than the one asked")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sftp_begins_in_the_login_directory() {
        let sftp = |path: &str| {
            let path = RemotePath::parse(path).unwrap();
            sftp_path(&path).map(|path| String::from_utf8(path.into()).unwrap())
        };
        assert_eq!(sftp("/etc").as_deref(), Some("/etc"));
        assert_eq!(sftp("~").as_deref(), Some("."));
        assert_eq!(sftp("~//").as_deref(), Some("."));
        assert_eq!(sftp("~//x y").as_deref(), Some("x y"));
        assert_eq!(sftp("notes").as_deref(), Some("notes"));
        assert_eq!(sftp("~ann/x"), None);
        assert_eq!(sftp("/proc/kmsg"), None);
    }
}
