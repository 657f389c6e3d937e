//! What to log in with: the private keys of the configuration and those of the agent, in the order `ssh` tries them.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::agent::Agent;
use super::blocking;
use crate::base::{Error, Kind, Result};
use crate::config::HostConfig;
use crate::ssh::{Identity, KeyError, PublicIdentity};

/// A private key file is a few kilobytes.
const KEY_FILE_BYTES_MAX: u64 = 64 * 1024;

/// The keys for one login.
#[derive(Default)]
pub(super) struct Keys {
    keys: Vec<Key>,
    /// Why keys that could have served do not, for the message when nothing else does.
    pub(super) notes: Vec<String>,
}

struct Key {
    public: PublicIdentity,
    signer: Signer,
}

enum Signer {
    File(Identity),
    Agent(Agent),
}

/// What a key file holds.
struct KeyFile {
    public: Option<PublicIdentity>,
    private: Option<Identity>,
    note: Option<String>,
}

impl Keys {
    /// Finds the keys for a host: first those of the agent that the configuration names, then the agent's others
    /// (unless `IdentitiesOnly`), then those that are only in files.
    pub(super) async fn find(host: &HostConfig, passphrase_file: Option<PathBuf>) -> Result<Self> {
        let paths = host.identity_files.clone();
        let files = blocking::run(move || load(&paths, passphrase_file.as_deref())).await??;
        let mut keys = Self::default();
        if let Some(agent) = host.identity_agent.as_deref().map(Agent::at) {
            keys.add_agent(&agent, &files, host.identities_only).await;
        }
        if files.iter().all(|file| file.private.is_none()) && keys.keys.is_empty() {
            let tried: Vec<_> = host.identity_files.iter().map(|path| path.display().to_string()).collect();
            keys.notes.push(format!("no private key in {}, and none in an agent", tried.join(", ")));
        }
        for file in files {
            keys.notes.extend(file.note);
            if let Some(private) = file.private
                && !keys.holds(&private.public().blob)
            {
                keys.keys.push(Key { public: private.public(), signer: Signer::File(private) });
            }
        }
        Ok(keys)
    }

    /// The public halves, in order.
    pub(super) fn public(&self) -> Vec<PublicIdentity> {
        self.keys.iter().map(|key| key.public.clone()).collect()
    }

    /// Signs with the key at `index` of [`Keys::public`].
    pub(super) async fn sign(&self, index: usize, algorithm: &str, data: &[u8]) -> Result<Vec<u8>> {
        let missing = || Error::new(Kind::Internal, "a signature was asked of a key that is not there");
        let key = self.keys.get(index).ok_or_else(missing)?;
        match &key.signer {
            Signer::Agent(agent) => agent.sign(&key.public.blob, algorithm, data).await,
            Signer::File(identity) => identity
                .sign(algorithm, data)
                .map_err(|error| Error::new(Kind::Local, format!("Cannot sign: {error}"))),
        }
    }

    async fn add_agent(&mut self, agent: &Agent, files: &[KeyFile], only_named: bool) {
        let held = match agent.keys().await {
            Ok(held) => held,
            Err(error) => return self.notes.push(error.to_string()),
        };
        let is_named = |blob: &[u8]| {
            files.iter().any(|file| file.public.as_ref().is_some_and(|public| public.blob == blob))
        };
        let (named, others): (Vec<_>, Vec<_>) = held.into_iter().partition(|key| is_named(&key.blob));
        let others = others.into_iter().filter(|_| !only_named);
        for key in named.into_iter().chain(others) {
            if let Some(public) = PublicIdentity::from_blob(&key.blob) {
                self.keys.push(Key { public, signer: Signer::Agent(agent.clone()) });
            }
        }
    }

    fn holds(&self, blob: &[u8]) -> bool {
        self.keys.iter().any(|key| key.public.blob == blob)
    }
}

fn load(paths: &[PathBuf], passphrase_file: Option<&Path>) -> Result<Vec<KeyFile>> {
    let passphrase = passphrase_file.map(read_passphrase).transpose()?;
    Ok(paths.iter().filter_map(|path| load_one(path, passphrase.as_deref().map(Vec::as_slice))).collect())
}

/// `None` for a file that is not there: the default names are only a guess.
fn load_one(path: &Path, passphrase: Option<&[u8]>) -> Option<KeyFile> {
    let failed = |note: String| KeyFile {
        public: read_public(path),
        private: None,
        note: Some(format!("{}: {note}", path.display())),
    };
    let bytes = match read_private(path) {
        Ok(bytes) => bytes,
        Err(Unreadable::Missing) => {
            return read_public(path).map(|public| KeyFile {
                public: Some(public),
                private: None,
                note: None,
            });
        }
        Err(Unreadable::Because(reason)) => return Some(failed(reason)),
    };
    Some(match Identity::from_openssh(&bytes, passphrase) {
        Ok(identity) => KeyFile { public: Some(identity.public()), private: Some(identity), note: None },
        Err(KeyError::Encrypted) => {
            failed("the key is encrypted; add it to ssh-agent or set SCOUT_PASSPHRASE_FILE".into())
        }
        Err(error) => failed(error.to_string()),
    })
}

enum Unreadable {
    Missing,
    Because(String),
}

fn read_private(path: &Path) -> Result<Zeroizing<Vec<u8>>, Unreadable> {
    let because = |error: std::io::Error| match error.kind() {
        ErrorKind::NotFound => Unreadable::Missing,
        _ => Unreadable::Because(error.to_string()),
    };
    // Looked at before it is opened: opening a FIFO would wait for its writer.
    let metadata = std::fs::metadata(path).map_err(because)?;
    if !metadata.is_file() {
        return Err(Unreadable::Because("not a regular file".into()));
    }
    let file = File::open(path).map_err(because)?;
    // As ssh: a private key that others can read is not private any more.
    if metadata.mode() & 0o077 != 0 && metadata.uid() == rustix::process::geteuid().as_raw() {
        let mode = metadata.mode() & 0o777;
        return Err(Unreadable::Because(format!(
            "others can access it (mode {mode:04o}); run chmod 600 on it"
        )));
    }
    let mut bytes = Zeroizing::new(Vec::new());
    file.take(KEY_FILE_BYTES_MAX).read_to_end(&mut bytes).map_err(because)?;
    Ok(bytes)
}

/// The public key beside a private one.
fn read_public(path: &Path) -> Option<PublicIdentity> {
    let mut name = path.as_os_str().to_owned();
    name.push(".pub");
    let mut line = String::new();
    File::open(name).ok()?.take(KEY_FILE_BYTES_MAX).read_to_string(&mut line).ok()?;
    PublicIdentity::from_openssh(&line)
}

fn read_passphrase(path: &Path) -> Result<Zeroizing<Vec<u8>>> {
    let failed = |error: std::io::Error| {
        Error::new(Kind::Local, format!("Cannot read the passphrase file {}: {error}", path.display()))
    };
    let mut bytes = Zeroizing::new(Vec::new());
    File::open(path).map_err(failed)?.take(KEY_FILE_BYTES_MAX).read_to_end(&mut bytes).map_err(failed)?;
    while bytes.pop_if(|last| matches!(last, b'\n' | b'\r')).is_some() {}
    Ok(bytes)
}
