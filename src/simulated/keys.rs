//! What a host proves itself with.

use crate::crypto::sign::Ed25519;
use crate::ssh::wire::Write;
use crate::ssh::{HostKeyAlgorithm, SignatureAlgorithm};

/// A key, and what is shown of it.
pub struct HostKey {
    pub algorithm: HostKeyAlgorithm,
    /// The public key as in known_hosts, or a certificate for it.
    pub presented: Vec<u8>,
    sign: Signer,
}

/// Makes a signature blob over a message.
type Signer = Box<dyn Fn(&[u8]) -> Vec<u8> + Send + Sync>;

impl HostKey {
    /// A new Ed25519 key.
    pub fn generate() -> Self {
        let (key, public) = Ed25519::generate();
        let algorithm = HostKeyAlgorithm::Plain(SignatureAlgorithm::Ed25519);
        Self::new(algorithm, named(&public), move |message| named(&key.sign(message)))
    }

    /// One that signs like this.
    pub fn new(
        algorithm: HostKeyAlgorithm,
        presented: Vec<u8>,
        sign: impl Fn(&[u8]) -> Vec<u8> + Send + Sync + 'static,
    ) -> Self {
        Self { algorithm, presented, sign: Box::new(sign) }
    }

    /// A signature blob over `message`.
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        (self.sign)(message)
    }
}

/// An Ed25519 key or signature with its name (RFC 8709 §4, §6).
pub fn named(value: &[u8]) -> Vec<u8> {
    let mut blob = Vec::new();
    blob.put_string(SignatureAlgorithm::Ed25519.name().as_bytes());
    blob.put_string(value);
    blob
}
