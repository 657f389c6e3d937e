//! Which files of this machine transfers may touch: those below a few directories.
//!
//! The kernel is asked to keep a path below its directory while it walks it (`openat2(2)`, `RESOLVE_BENEATH`): a check of
//! the path's text or of what it leads to now could be outrun by whoever may put a link into it. Links that stay below
//! are followed; absolute ones do not count as such, wherever they lead.

use std::env;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Component, Path, PathBuf};

use rustix::fs::{CWD, Mode, OFlags, ResolveFlags, openat, openat2};
use rustix::io::Errno;

use crate::base::text::shown;
use crate::base::{Error, Kind, Result};
use crate::config::{Settings, Transport};

/// See the module's documentation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Roots {
    /// For whoever has this machine in his hands anyway.
    Anywhere,
    /// Below these; none at all where there are none.
    Below(Vec<PathBuf>),
}

impl Roots {
    /// Those of a server.
    pub fn of(settings: &Settings) -> Self {
        Self::Below(match (&settings.transfer_roots, settings.transport) {
            (Some(roots), _) => roots.clone(),
            (None, Transport::Stdio) => env::current_dir().into_iter().collect(),
            (None, Transport::Http) => Vec::new(),
        })
    }

    /// Opens what a path leads to. A relative path begins in the working directory, `~` in the home directory.
    ///
    /// Errors: it leads out of the directories; those of the file system, told with the path.
    pub(super) fn open(&self, path: &Path, flags: OFlags) -> Result<OwnedFd, Fault> {
        let path = absolute(path)?;
        let flags = flags | OFlags::CLOEXEC;
        let Self::Below(roots) = self else {
            return openat(CWD, &path, flags, Mode::empty()).map_err(Fault::System);
        };
        if path.components().any(|part| part == Component::ParentDir) {
            return Err(Fault::Parent);
        }
        let (root, rest) = below(roots, &path).ok_or(Fault::Outside)?;
        let root = openat(CWD, root, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty());
        let beneath = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
        openat2(root.map_err(Fault::System)?, rest, flags, Mode::empty(), beneath).map_err(
            |errno| match errno {
                Errno::XDEV => Fault::Outside,
                Errno::NOSYS => Fault::OldKernel,
                errno => Fault::System(errno),
            },
        )
    }

    /// What somebody is told who asked for a path.
    pub(super) fn explain(&self, path: &str, fault: Fault) -> Error {
        let path = shown(path);
        let (kind, text) = match fault {
            Fault::System(Errno::NOENT) => (Kind::NotFound, format!("Path not found: {path}")),
            Fault::System(Errno::ACCESS | Errno::PERM) => {
                (Kind::PermissionDenied, format!("Permission denied: {path}"))
            }
            Fault::System(errno) => (Kind::Local, format!("Cannot open {path}: {}", io::Error::from(errno))),
            Fault::Parent => (Kind::InvalidArgument, format!("Path traversal not allowed: {path}")),
            Fault::OldKernel => (Kind::Local, "Transfers of local files need Linux 5.6 or later".to_owned()),
            Fault::Outside => (Kind::Forbidden, format!("Forbidden: {path} is not below {}", self.named())),
        };
        Error::new(kind, text)
    }

    fn named(&self) -> String {
        match self {
            Self::Anywhere => "/".to_owned(),
            Self::Below(roots) if roots.is_empty() => {
                "a directory that is open to transfers: there is none (transfer_roots)".to_owned()
            }
            Self::Below(roots) => {
                let names: Vec<_> = roots.iter().map(|root| root.display().to_string()).collect();
                format!("{} (transfer_roots)", names.join(", "))
            }
        }
    }
}

/// Why a path is not opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    Outside,
    Parent,
    OldKernel,
    System(Errno),
}

/// The directory that a path is below, and the way from there.
fn below<'a>(roots: &'a [PathBuf], path: &'a Path) -> Option<(&'a Path, &'a Path)> {
    roots.iter().find_map(|root| {
        let rest = path.strip_prefix(root).ok()?;
        Some((root.as_path(), if rest.as_os_str().is_empty() { Path::new(".") } else { rest }))
    })
}

fn absolute(path: &Path) -> Result<PathBuf, Fault> {
    if let Ok(rest) = path.strip_prefix("~") {
        return env::home_dir().map(|home| home.join(rest)).ok_or(Fault::Outside);
    }
    let here = || env::current_dir().map_err(|_| Fault::System(Errno::NOENT));
    Ok(if path.is_absolute() { path.to_owned() } else { here()?.join(path) })
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    fn open(roots: &[&Path], path: &Path) -> Result<(), Fault> {
        let roots = Roots::Below(roots.iter().map(|root| root.to_path_buf()).collect());
        roots.open(path, OFlags::RDONLY).map(drop)
    }

    #[test]
    fn nothing_leads_out() {
        let dir = tempfile::tempdir().unwrap();
        let (root, outside) = (dir.path().join("root"), dir.path().join("outside"));
        for path in [&root.join("sub"), &outside] {
            fs::create_dir_all(path).unwrap();
        }
        fs::write(root.join("sub/file"), "in").unwrap();
        fs::write(outside.join("file"), "out").unwrap();
        symlink("sub/file", root.join("link")).unwrap();
        symlink(outside.join("file"), root.join("away")).unwrap();
        symlink("../outside/file", root.join("up")).unwrap();
        symlink("../outside", root.join("sub/door")).unwrap();
        symlink(root.join("sub"), root.join("absolute")).unwrap();
        let missing = Fault::System(Errno::NOENT);
        for (path, result) in [
            ("sub/file", Ok(())),
            ("link", Ok(())),
            ("", Ok(())),
            ("nope", Err(missing)),
            ("away", Err(Fault::Outside)),
            ("up", Err(Fault::Outside)),
            ("sub/door/file", Err(missing)),
            ("absolute/file", Err(Fault::Outside)),
            ("../outside/file", Err(Fault::Parent)),
            ("sub/../link", Err(Fault::Parent)),
        ] {
            assert_eq!(open(&[&root], &root.join(path)), result, "{path}");
        }
        assert_eq!(open(&[&root], &outside.join("file")), Err(Fault::Outside));
        assert_eq!(open(&[&root, &outside], &outside.join("file")), Ok(()));
        assert_eq!(open(&[], &root.join("link")), Err(Fault::Outside));
        assert_eq!(open(&[&root], &dir.path().join("root2")), Err(Fault::Outside));
        assert!(Roots::Anywhere.open(&root.join("../outside/file"), OFlags::RDONLY).is_ok());
    }

    #[test]
    fn who_may_not_is_told_where_he_may() {
        let said = |roots: Roots, fault| roots.explain("/etc/passwd", fault).message().to_owned();
        let below = |roots: &[&str]| Roots::Below(roots.iter().map(PathBuf::from).collect());
        assert_eq!(
            said(below(&["/srv", "/tmp"]), Fault::Outside),
            "Forbidden: /etc/passwd is not below /srv, /tmp (transfer_roots)"
        );
        assert_eq!(
            said(below(&[]), Fault::Outside),
            "Forbidden: /etc/passwd is not below a directory that is open to transfers: there is none (transfer_roots)"
        );
        assert_eq!(said(below(&[]), Fault::System(Errno::NOENT)), "Path not found: /etc/passwd");
    }
}
