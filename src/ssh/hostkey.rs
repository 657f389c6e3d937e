//! Host keys: what is shown to whoever decides about trust, and the proof that the host has them.

use super::algorithm::{HostKeyAlgorithm, SignatureAlgorithm};
use super::certificate::{self, Claim, HostCertificate};
use super::error::Error;
use super::signature::{self, Fault};
use crate::crypto::hash;

/// The key a host proved to have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostKey {
    /// The public key as on the wire and, in base64, in known_hosts. Never a certificate.
    pub blob: Vec<u8>,
    algorithm: SignatureAlgorithm,
    claim: Option<Claim>,
}

impl HostKey {
    /// From what the host presented, a key or a certificate, and its signature over `message`.
    ///
    /// # Errors
    /// It is of another type than `algorithm`, malformed or too weak; the signature is not the key's; or see
    /// [`HostCertificate`].
    pub(crate) fn prove(
        algorithm: HostKeyAlgorithm,
        presented: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<Self, Error> {
        let key = match algorithm {
            HostKeyAlgorithm::Plain(algorithm) => Self { blob: presented.to_vec(), algorithm, claim: None },
            HostKeyAlgorithm::Certified(algorithm) => {
                let (blob, claim) = certificate::read(algorithm, presented)?;
                Self { blob, algorithm, claim: Some(claim) }
            }
        };
        check(key.algorithm, &key.blob, message, signature)?;
        Ok(key)
    }

    /// A key that proved nothing, to test who decides about trust.
    #[cfg(test)]
    pub(crate) fn unproven(blob: &[u8], algorithm: SignatureAlgorithm, claim: Option<Claim>) -> Self {
        Self { blob: blob.to_vec(), algorithm, claim }
    }

    /// The type as in known_hosts: `ssh-ed25519`, `ssh-rsa`.
    pub fn key_type(&self) -> &'static str {
        self.algorithm.key_type()
    }

    /// What an authority says about the key, when the host presented a certificate. Whether the authority is to be
    /// believed, for this name and at this time, is not decided here.
    pub fn certificate(&self) -> Option<&HostCertificate> {
        self.claim.as_ref()?.as_ref().ok()
    }

    /// Why the certificate that the host presented says nothing to us.
    pub fn certificate_fault(&self) -> Option<&Error> {
        self.claim.as_ref()?.as_ref().err()
    }

    /// `SHA256:` and base64 without padding, as `ssh-keygen -l` prints it.
    pub fn fingerprint(&self) -> String {
        ssh_key::Fingerprint::Sha256(hash::sha256(&[&self.blob])).to_string()
    }
}

/// [`signature::check`] of a host's plain key.
pub(crate) fn check(
    algorithm: SignatureAlgorithm,
    blob: &[u8],
    message: &[u8],
    signature: &[u8],
) -> Result<(), Error> {
    signature::check(algorithm, blob, message, signature).map_err(|fault| match fault {
        Fault::Type => Error::HostKeyType { expected: algorithm.name() },
        Fault::Malformed => Error::HostKeyMalformed,
        Fault::Weak { bits } => Error::HostKeyWeak { bits },
        Fault::Signature => Error::HostSignature,
    })
}
