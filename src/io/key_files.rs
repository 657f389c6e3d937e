//! Private keys, public keys and certificates from the files that the configuration names.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use zeroize::Zeroizing;

use crate::config::HostConfig;
use crate::config::private_file::{self, Unreadable};
use crate::ssh::{Identity, KeyError, PublicIdentity, UserCertificate};

/// A private key file is a few kilobytes.
const KEY_FILE_BYTES_MAX: u64 = 64 * 1024;

/// The files that a host's keys are in.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct KeyPaths {
    identities: Vec<PathBuf>,
    certificates: Vec<PathBuf>,
}

impl KeyPaths {
    pub(super) fn of(host: &HostConfig) -> Self {
        Self { identities: host.identity_files.clone(), certificates: host.certificate_files.clone() }
    }
}

/// What an `IdentityFile` stands for.
pub(super) struct KeyFile {
    pub(super) path: PathBuf,
    /// Also known when only the public half is here: then it names a key of the agent.
    pub(super) public: Option<PublicIdentity>,
    pub(super) private: Private,
}

pub(super) enum Private {
    Missing,
    Open(Arc<Identity>),
    /// Encrypted: the file's bytes.
    Locked(Arc<Zeroizing<Vec<u8>>>),
}

/// A certificate and the file it is in.
pub(super) struct CertificateFile {
    pub(super) path: PathBuf,
    pub(super) certificate: UserCertificate,
}

/// Everything that the files hold.
#[derive(Default)]
pub(super) struct KeyFiles {
    pub(super) keys: Vec<KeyFile>,
    pub(super) certificates: Vec<CertificateFile>,
    /// Why files that could have served do not.
    pub(super) notes: Vec<String>,
}

impl KeyFiles {
    /// Reads the `IdentityFile`s and `CertificateFile`s of a host; where none of the latter are named, the
    /// `-cert.pub` beside each of the former. What is not there is left out: the default names are only a guess.
    pub(super) fn load(KeyPaths { identities, certificates }: &KeyPaths, unix_now: u64) -> Self {
        let mut files = Self::default();
        for path in identities {
            files.add_key(path);
        }
        if certificates.is_empty() {
            for path in identities {
                files.add_certificate(&beside(path, "-cert.pub"), unix_now, true);
            }
        }
        for path in certificates {
            files.add_certificate(path, unix_now, false);
        }
        files
    }

    fn add_key(&mut self, path: &Path) {
        let public = || read_public(&beside(path, ".pub"));
        let (public, private) = match private_file::read(path, KEY_FILE_BYTES_MAX) {
            Ok(bytes) => match Identity::from_openssh(&bytes, None) {
                Ok(identity) => (Some(identity.public()), Private::Open(Arc::new(identity))),
                Err(KeyError::Encrypted) => {
                    (PublicIdentity::of_private(&bytes).or_else(public), Private::Locked(Arc::new(bytes)))
                }
                Err(KeyError::Public) => (public_of(&bytes), Private::Missing),
                Err(error) => {
                    self.note(path, &error);
                    (public(), Private::Missing)
                }
            },
            Err(Unreadable::Missing) => (public(), Private::Missing),
            // A public key need not be private.
            Err(error) => match read_public(path) {
                Some(key) => (Some(key), Private::Missing),
                None => {
                    self.note(path, &error);
                    (public(), Private::Missing)
                }
            },
        };
        if public.is_some() || !matches!(private, Private::Missing) {
            self.keys.push(KeyFile { path: path.to_owned(), public, private });
        }
    }

    fn add_certificate(&mut self, path: &Path, unix_now: u64, is_guess: bool) {
        let Some(line) = read_line(path) else {
            if !is_guess {
                self.note(path, &"there is no such file, or it cannot be read");
            }
            return;
        };
        let valid = UserCertificate::from_openssh(&line)
            .and_then(|certificate| certificate.check_time(unix_now).map(|()| certificate));
        match valid {
            Ok(certificate) => self.certificates.push(CertificateFile { path: path.to_owned(), certificate }),
            Err(error) => self.note(path, &error),
        }
    }

    fn note(&mut self, path: &Path, reason: &dyn std::fmt::Display) {
        self.notes.push(format!("{}: {reason}", path.display()));
    }
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

fn read_public(path: &Path) -> Option<PublicIdentity> {
    PublicIdentity::from_openssh(&read_line(path)?)
}

fn public_of(bytes: &[u8]) -> Option<PublicIdentity> {
    PublicIdentity::from_openssh(std::str::from_utf8(bytes).ok()?)
}

fn read_line(path: &Path) -> Option<String> {
    // Looked at before it is opened: opening a FIFO would wait for its writer.
    if !std::fs::metadata(path).ok()?.is_file() {
        return None;
    }
    let mut line = String::new();
    File::open(path).ok()?.take(KEY_FILE_BYTES_MAX).read_to_string(&mut line).ok()?;
    Some(line)
}
