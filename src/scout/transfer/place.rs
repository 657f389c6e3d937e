//! Where a transfer begins or ends: a file of this machine, or one of a host. Told apart as `scp` does: a colon before
//! the first slash ends a host's name.

use std::fmt;

use crate::base::{Error, Kind, Result};
use crate::target::{HostName, RemotePath, Target};

/// See the module's documentation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// As it was written: relative to the working directory, `~` is the home directory.
    Local(String),
    Remote {
        host: HostName,
        path: RemotePath,
    },
}

impl Place {
    /// Errors: as [`Target::parse`]; it is empty.
    pub fn parse(text: &str) -> Result<Self> {
        let name = text.split('/').next().unwrap_or_default();
        match Target::parse(text) {
            _ if text.is_empty() => Err(Error::new(Kind::InvalidTarget, "Path cannot be empty")),
            _ if !name.contains(':') => Ok(Self::Local(text.to_owned())),
            Ok(Target::Path { host, path }) => Ok(Self::Remote { host, path }),
            Ok(Target::Hosts) => Ok(Self::Local(text.to_owned())),
            Err(error) => Err(error),
        }
    }

    pub fn is_local(&self) -> bool {
        matches!(self, Self::Local(_))
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local(path) => f.write_str(path),
            Self::Remote { host, path } => write!(f, "{host}:{path}"),
        }
    }
}

/// The last part of a path, which a copy of it in a directory is called by; `None` for one that ends in a directory.
pub(super) fn name_of(path: &str) -> Option<&str> {
    let name = path.rsplit('/').next().unwrap_or_default();
    (!matches!(name, "" | "." | ".." | "~")).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_colon_before_the_first_slash_ends_a_host() {
        for local in ["/a:b", "./a:b", "a/b:c", "notes", "hosts", "~/x", "..", "dir/"] {
            assert_eq!(Place::parse(local), Ok(Place::Local(local.to_owned())));
        }
        for remote in ["h:/a", "h:a:b", "[::1]:/x", "h:~/x", "localhost:/x"] {
            let place = Place::parse(remote).unwrap();
            assert!(!place.is_local(), "{remote}");
        }
        assert_eq!(Place::parse("h:/a/b").unwrap().to_string(), "h:/a/b");
    }

    #[test]
    fn what_is_wrong_is_said() {
        let refused = |text: &str| Place::parse(text).unwrap_err().message().to_owned();
        assert_eq!(refused(""), "Path cannot be empty");
        assert_eq!(refused("h:"), "Path cannot be empty");
        assert_eq!(refused(":/x"), "Host cannot be empty");
        assert_eq!(refused("h:/a/../b"), "Path traversal not allowed: /a/../b");
    }

    #[test]
    fn a_copy_is_called_as_its_source() {
        assert_eq!(name_of("/a/b"), Some("b"));
        assert_eq!(name_of("b"), Some("b"));
        for directory in ["/", "/a/", "a/..", "~", ".", ""] {
            assert_eq!(name_of(directory), None, "{directory}");
        }
    }
}
