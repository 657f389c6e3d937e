//! TLS between a socket and what is said on it: a certificate that may be exchanged while it serves, and sessions.

use std::convert::Infallible;
use std::fmt;
use std::io::{BufRead, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use async_channel::Receiver;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{Connection, ServerConfig, ServerConnection};

use crate::base::limits::HTTP_CERTIFICATES_BYTES_MAX;
use crate::base::{Error, Kind, Result};
use crate::config::{Sources, file};
use crate::crypto::tls::provider;
use crate::io::watch::{self, Load};

/// How a server proves who it is. Clones are the same.
#[derive(Clone)]
pub struct Tls {
    config: Arc<ServerConfig>,
    /// As long as it is held, the files are watched.
    _watch: Receiver<Infallible>,
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").finish_non_exhaustive()
    }
}

impl Tls {
    /// Reads a chain of certificates and the key of the first, both as PEM, and again whenever one of the files changes
    /// or a SIGHUP comes. When they are no good then, those that were read before stay.
    ///
    /// Errors: they cannot be read, or do not belong together.
    pub fn load(certificates: &Path, key: &Path) -> Result<Self> {
        let failed = |error: String| Error::new(Kind::Local, format!("Cannot serve over TLS: {error}"));
        let files = Files::new(certificates, key);
        let shown = Arc::new(Shown(RwLock::new(files.read().map_err(failed)?)));
        let config = ServerConfig::builder_with_provider(Arc::new(provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| failed(error.to_string()))?
            .with_no_client_auth();
        let mut config = config.with_cert_resolver(Arc::<Shown>::clone(&shown));
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        let watch = watch::start(Renewal { files, shown }).map_err(|error| failed(error.to_string()))?;
        Ok(Self { config: Arc::new(config), _watch: watch })
    }

    pub(super) fn session(&self) -> Option<Session> {
        ServerConnection::new(Arc::clone(&self.config)).ok().map(Session::new)
    }
}

/// What is shown to who connects next.
#[derive(Debug)]
struct Shown(RwLock<Arc<CertifiedKey>>);

impl ResolvesServerCert for Shown {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

struct Files {
    certificates: PathBuf,
    key: PathBuf,
    sources: Sources,
}

impl Files {
    fn new(certificates: &Path, key: &Path) -> Self {
        let mut sources = Sources::default();
        sources.note_file(certificates);
        sources.note_file(key);
        Self { certificates: certificates.into(), key: key.into(), sources }
    }

    fn read(&self) -> Result<Arc<CertifiedKey>, String> {
        let chain = read(&self.certificates, |pem| {
            CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>()
        })?;
        let key = read(&self.key, PrivateKeyDer::from_pem_slice)?;
        CertifiedKey::from_der(chain, key, &provider())
            .map(Arc::new)
            .map_err(|error| format!("{} and {}: {error}", self.certificates.display(), self.key.display()))
    }
}

/// Reads what a file holds as PEM; the error names it.
pub(super) fn read<T>(path: &Path, parse: impl FnOnce(&[u8]) -> Result<T, pem::Error>) -> Result<T, String> {
    let bytes = file::read(path, HTTP_CERTIFICATES_BYTES_MAX).map_err(|error| file::reason(&error));
    let parsed = bytes.and_then(|bytes| parse(&bytes).map_err(|error| error.to_string()));
    parsed.map_err(|error| format!("{}: {error}", path.display()))
}

/// Reads the files when they change.
struct Renewal {
    files: Files,
    shown: Arc<Shown>,
}

impl Load for Renewal {
    type Loaded = Infallible;

    fn sources(&self) -> &Sources {
        &self.files.sources
    }

    fn load(&mut self) -> Option<Infallible> {
        self.files.sources = self.files.sources.renewed();
        match self.files.read() {
            Ok(certified) => {
                *self.shown.0.write().unwrap_or_else(PoisonError::into_inner) = certified;
                tracing::info!("read the certificate again");
            }
            Err(error) => tracing::warn!(error, "the certificate stays as it was"),
        }
        None
    }
}

/// TLS on one connection, either side of it: what comes goes in encrypted and comes out plain, and the other way round.
pub(super) struct Session(Connection);

/// Why nothing more is heard.
#[derive(Debug)]
pub(super) enum Broken {
    /// The peer has said his last.
    Closed,
    /// The peer broke the rules, or is not whom we trust.
    Rules(rustls::Error),
}

impl Session {
    pub(super) fn new(connection: impl Into<Connection>) -> Self {
        Self(connection.into())
    }

    /// Whether something other than a handshake may be said.
    pub(super) fn is_ready(&self) -> bool {
        !self.0.is_handshaking()
    }

    /// Takes what has come, and hands on what was in it.
    pub(super) fn handle_input(
        &mut self,
        mut bytes: &[u8],
        mut plain: impl FnMut(&[u8]),
    ) -> Result<(), Broken> {
        while !bytes.is_empty() {
            self.0.read_tls(&mut bytes).map_err(|_| Broken::Closed)?;
            let state = self.0.process_new_packets().map_err(Broken::Rules)?;
            let has_said_all = state.peer_has_closed();
            let mut left = state.plaintext_bytes_to_read();
            while left > 0 {
                let mut reader = self.0.reader();
                let part = reader.fill_buf().map_err(|_| Broken::Closed)?;
                plain(part);
                let taken = part.len();
                reader.consume(taken);
                left = left.saturating_sub(taken.max(1));
            }
            if has_said_all {
                return Err(Broken::Closed);
            }
        }
        Ok(())
    }

    /// What has to be written of TLS's own.
    pub(super) fn take_output(&mut self) -> Vec<u8> {
        let mut out = Vec::new();
        self.put_output(&mut out);
        out
    }

    /// The same with this behind it.
    pub(super) fn seal(&mut self, mut plain: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(plain.len() + plain.len() / 256 + 64);
        while let Ok(count @ 1..) = self.0.writer().write(plain) {
            plain = plain.get(count..).unwrap_or_default();
            self.put_output(&mut out);
        }
        out
    }

    /// The same with the farewell behind it.
    pub(super) fn close(&mut self) -> Vec<u8> {
        self.0.send_close_notify();
        self.take_output()
    }

    fn put_output(&mut self, out: &mut Vec<u8>) {
        while self.0.wants_write() && self.0.write_tls(out).is_ok_and(|count| count > 0) {}
    }
}
