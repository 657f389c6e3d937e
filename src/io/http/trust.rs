//! Whom a client of HTTPS servers believes that they are who they say.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use rustls::client::Resumption;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore};

use super::tls::{Session, read};
use crate::base::{Error, Kind, Result};
use crate::crypto::tls::provider;

/// Authorities, by whose word certificates are believed. Clones are the same.
#[derive(Clone)]
pub struct Trust(Arc<ClientConfig>);

impl fmt::Debug for Trust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trust").finish_non_exhaustive()
    }
}

impl Trust {
    /// The certificates (PEM) of a file, or else those that this machine trusts.
    ///
    /// Errors: there are none, or they cannot be read.
    pub fn load(authorities: Option<&Path>) -> Result<Self> {
        let wrong = |what: String| Error::new(Kind::Local, format!("Cannot ask over TLS: {what}"));
        let mut roots = RootCertStore::empty();
        match authorities {
            Some(path) => {
                let parse = |pem: &[u8]| CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>();
                let certificates = read(path, parse).map_err(wrong)?;
                let unfit = |error: rustls::Error| wrong(format!("{}: {error}", path.display()));
                certificates.into_iter().try_for_each(|der| roots.add(der)).map_err(unfit)?;
            }
            // What one of them is not fit for says nothing about the others.
            None => drop(roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs)),
        }
        if roots.is_empty() {
            return Err(wrong("no authority is trusted here; name a file with its certificate".to_owned()));
        }
        let config = ClientConfig::builder_with_provider(Arc::new(provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| wrong(error.to_string()))?;
        let mut config = config.with_root_certificates(roots).with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        // Each connection is to cost what the first one does.
        config.resumption = Resumption::disabled();
        Ok(Self(Arc::new(config)))
    }

    /// The client's side of a connection to whoever calls himself so.
    ///
    /// Errors: the name cannot stand in a certificate.
    pub(super) fn session(&self, host: &str) -> Result<Session> {
        let wrong = |error: &dyn fmt::Display| Error::new(Kind::InvalidArgument, format!("{host}: {error}"));
        let name = ServerName::try_from(host.to_owned()).map_err(|error| wrong(&error))?;
        let connection = ClientConnection::new(Arc::clone(&self.0), name).map_err(|error| wrong(&error))?;
        Ok(Session::new(connection))
    }
}
