//! What to log in with: the private keys of the configuration and those of the agent, with their certificates, in the
//! order `ssh` tries them.

use std::cell::OnceCell;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use zeroize::Zeroizing;

use super::agent::Agent;
use super::blocking;
use super::key_files::{CertificateFile, KeyFile, KeyFiles, KeyPaths, Private};
use super::notes::Notes;
use super::rounds::Rounds;
use super::secrets::{self, Purpose};
use crate::base::{Result, time};
use crate::config::{HostConfig, SecretSource};
use crate::ssh::{Identity, Method, PublicIdentity, UserCertificate};

/// The keys for one login.
pub(super) struct Keys {
    keys: Vec<Key>,
    passphrase: Option<SecretSource>,
    purpose: Purpose,
}

/// A key or certificate, and what signs for it.
struct Key {
    public: PublicIdentity,
    signer: Rc<Signer>,
}

enum Signer {
    Agent { agent: Rc<Agent>, key: Vec<u8> },
    File(Arc<Identity>),
    Locked(Locked),
}

/// An encrypted key. It is opened when a signature is asked of it: that takes a passphrase and a while.
struct Locked {
    path: PathBuf,
    bytes: Arc<Zeroizing<Vec<u8>>>,
    /// `None` when it does not open.
    opened: OnceCell<Option<Identity>>,
}

impl Keys {
    /// Finds the keys for a host: first certificates, then the agent's keys that the configuration names, then the
    /// agent's others (unless `IdentitiesOnly`), then those that are only in files.
    ///
    /// An agent may take `patience` for an answer. Errors: too much is going on here.
    pub(super) async fn find(
        host: &HostConfig,
        files: &Rounds<KeyPaths, KeyFiles>,
        passphrase: Option<SecretSource>,
        patience: Duration,
        notes: &Notes,
    ) -> Result<Self> {
        let mut keys = Self { keys: Vec::new(), passphrase, purpose: Purpose::login(host) };
        if !host.methods.contains(&Method::PublicKey) {
            return Ok(keys);
        }
        let now = time::unix_now();
        let files = files.read(KeyPaths::of(host), move |paths| KeyFiles::load(&paths, now)).await?;
        let agent = host.identity_agent.as_deref().map(|socket| Rc::new(Agent::at(socket, patience)));
        if let Some(agent) = agent {
            keys.add_agent(&agent, &files.keys, host.identities_only, now, notes).await;
        }
        let in_agent = keys.keys.len();
        for file in &files.keys {
            keys.add_file(file, notes);
        }
        keys.add_certificates(&files.certificates, notes);
        if keys.keys.is_empty() {
            let tried: Vec<_> = host.identity_files.iter().map(|path| path.display().to_string()).collect();
            notes.add(format!("no private key in {}, and none in an agent", tried.join(", ")));
        }
        notes.extend(&files.notes);
        tracing::debug!(host = host.alias, keys = keys.keys.len(), in_agent, "keys found");
        Ok(keys)
    }

    /// Leaves out what the host may not be offered, by `PubkeyAcceptedAlgorithms`, and orders the algorithms by it.
    pub(super) fn restrict(&mut self, accepted: &[String]) {
        let keys = std::mem::take(&mut self.keys).into_iter();
        let restricted = keys.filter_map(|Key { public, signer }| {
            public.restricted(accepted).map(|public| Key { public, signer })
        });
        self.keys = restricted.collect();
    }

    /// Puts keys of a lower rank first; equals stay in their order.
    pub(super) fn order<T: Ord>(&mut self, rank: impl Fn(&[u8]) -> T) {
        self.keys.sort_by_key(|key| rank(&key.public.blob));
    }

    /// Takes out the keys at these places.
    pub(super) fn remove(&mut self, places: &[usize]) {
        let mut place = 0..;
        self.keys.retain(|_| !places.contains(&place.next().unwrap_or_default()));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The key as on the wire.
    pub(super) fn blob(&self, place: usize) -> Option<&[u8]> {
        self.keys.get(place).map(|key| key.public.blob.as_slice())
    }

    /// The public halves, in order.
    pub(super) fn public(&self) -> Vec<PublicIdentity> {
        self.keys.iter().map(|key| key.public.clone()).collect()
    }

    /// A signature over `data`, as SSH encodes it. Errors: why there is none.
    pub(super) async fn sign(&self, place: usize, algorithm: &str, data: &[u8]) -> Result<Vec<u8>, String> {
        let key = self.keys.get(place).ok_or("a signature was asked of a key that is not there")?;
        let identity = match &*key.signer {
            Signer::Agent { agent, key } => {
                return agent.sign(key, algorithm, data).await.map_err(|error| error.to_string());
            }
            Signer::File(identity) => identity,
            Signer::Locked(locked) => self.open(locked).await?,
        };
        identity.sign(algorithm, data).map_err(|error| error.to_string())
    }

    async fn open<'a>(&self, locked: &'a Locked) -> Result<&'a Identity, String> {
        if locked.opened.get().is_none() {
            let opened = self.try_to_open(locked).await;
            let failure = opened.as_ref().err().cloned();
            // Only one signature is asked for at a time.
            let _ = locked.opened.set(opened.ok());
            if let Some(failure) = failure {
                return Err(format!("{}: {failure}", locked.path.display()));
            }
        }
        locked.opened.get().and_then(Option::as_ref).ok_or_else(|| "the key is encrypted".to_owned())
    }

    async fn try_to_open(&self, locked: &Locked) -> Result<Identity, String> {
        let source = self.passphrase.as_ref().ok_or("the key is encrypted")?;
        let passphrase = secrets::obtain(source, &self.purpose.key(&locked.path))
            .await
            .map_err(|reason| format!("the key is encrypted, and there is no passphrase: {reason}"))?;
        let bytes = Arc::clone(&locked.bytes);
        let open = move || Identity::from_openssh(&bytes, Some(passphrase.expose().as_bytes()));
        let opened = blocking::run(open).await.map_err(|error| error.to_string())?;
        opened.map_err(|error| error.to_string())
    }

    async fn add_agent(
        &mut self,
        agent: &Rc<Agent>,
        files: &[KeyFile],
        only_named: bool,
        unix_now: u64,
        notes: &Notes,
    ) {
        let held = match agent.keys().await {
            Ok(held) => held,
            Err(error) => return notes.add(error.to_string()),
        };
        let is_named = |blob: &[u8]| {
            files.iter().any(|file| file.public.as_ref().is_some_and(|public| public.blob == blob))
        };
        let (named, others): (Vec<_>, Vec<_>) = held.into_iter().partition(|key| is_named(&key.blob));
        let others = others.into_iter().filter(|_| !only_named);
        let (mut certificates, mut plain) = (Vec::new(), Vec::new());
        for key in named.into_iter().chain(others) {
            // Others may put keys into an agent that we know nothing of.
            let Some(public) = PublicIdentity::from_blob(&key.blob) else { continue };
            let is_certificate = public.is_certificate();
            if is_certificate && let Err(error) = is_valid(&key.blob, unix_now) {
                notes.add(format!("{} in the agent: {error}", key.comment));
                continue;
            }
            let signer = Rc::new(Signer::Agent { agent: Rc::clone(agent), key: key.blob });
            let list = if is_certificate { &mut certificates } else { &mut plain };
            list.push(Key { public, signer });
        }
        self.keys.extend(certificates.into_iter().chain(plain));
    }

    fn add_file(&mut self, file: &KeyFile, notes: &Notes) {
        let is_held = file.public.as_ref().is_some_and(|public| self.signer_of(&public.blob).is_some());
        let path = file.path.display();
        let (public, signer) = match (&file.private, &file.public) {
            _ if is_held => return,
            (Private::Open(identity), _) => (identity.public(), Signer::File(Arc::clone(identity))),
            (Private::Locked(bytes), Some(public)) if self.passphrase.is_some() => {
                let (path, bytes, opened) = (file.path.clone(), Arc::clone(bytes), OnceCell::new());
                (public.clone(), Signer::Locked(Locked { path, bytes, opened }))
            }
            (Private::Locked(_), _) => {
                return notes.add(format!(
                    "{path}: the key is encrypted; add it to ssh-agent or set SCOUT_PASSPHRASE_FILE"
                ));
            }
            (Private::Missing, _) => {
                return notes
                    .add(format!("{path}: only the public key is here, and no agent has the private one"));
            }
        };
        self.keys.push(Key { public, signer: Rc::new(signer) });
    }

    /// Certificates go first, each with whatever signs for its key.
    fn add_certificates(&mut self, files: &[CertificateFile], notes: &Notes) {
        let mut certified = Vec::new();
        for CertificateFile { path, certificate } in files {
            match self.signer_of(&certificate.key) {
                Some(_) if self.signer_of(&certificate.public.blob).is_some() => {}
                Some(signer) => certified.push(Key { public: certificate.public.clone(), signer }),
                None => notes.add(format!("{}: there is no private key for it", path.display())),
            }
        }
        self.keys.splice(..0, certified);
    }

    fn signer_of(&self, blob: &[u8]) -> Option<Rc<Signer>> {
        self.keys.iter().find(|key| key.public.blob == blob).map(|key| Rc::clone(&key.signer))
    }
}

fn is_valid(blob: &[u8], unix_now: u64) -> Result<(), crate::ssh::CertificateError> {
    UserCertificate::from_blob(blob)?.check_time(unix_now)
}
