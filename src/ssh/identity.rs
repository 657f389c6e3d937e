//! Keys of the user from files: reading them, and signing with them. Must not know where files are.

use super::algorithm::{Scheme, SignatureAlgorithm, curve_name};
use super::auth::{CERTIFICATE, PublicIdentity};
use super::keyfile::{self, Format};
use super::openssh_key;
use super::wire::Write;
use crate::base::limits::SSH_KEY_ROUNDS_MAX;
use crate::crypto::{Curve, RsaHash, sign};

/// Why a key file is of no use.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    #[error("the key is encrypted, its passphrase is needed")]
    Encrypted,
    #[error("the passphrase is wrong")]
    Passphrase,
    /// A format older than OpenSSH's own.
    #[error("the key is in {format} format, which is not supported; `ssh-keygen -p -f FILE` rewrites it")]
    Format { format: &'static str },
    #[error("the key is in PuTTY's format; `puttygen FILE -O private-openssh-new -o NEW` converts it")]
    Putty,
    #[error("the key's encryption is not supported; `ssh-keygen -p -f FILE` rewrites it")]
    Cipher,
    #[error("the passphrase takes {rounds} rounds to check, and {SSH_KEY_ROUNDS_MAX} are the most we do")]
    Rounds { rounds: u32 },
    #[error("this is a public key, the private one is needed")]
    Public,
    #[error("the key is malformed")]
    Malformed,
    #[error("keys of type {algorithm} are not supported")]
    Unsupported { algorithm: String },
    #[error("the RSA key is inconsistent or shorter than 2048 bits")]
    Rsa,
    #[error("the key cannot sign with {algorithm}")]
    Algorithm { algorithm: String },
    #[error("signing failed")]
    Sign,
}

impl PublicIdentity {
    /// The public half of a private key file in OpenSSH's format, where it stands in the clear even when the key is
    /// encrypted.
    pub fn of_private(file: &[u8]) -> Option<Self> {
        let (format, bytes) = keyfile::open(file).ok()?;
        if format == Format::OpenSsh { Self::from_blob(openssh_key::public(&bytes)?) } else { None }
    }

    /// Reads a line of a `.pub` file. `None` for what is no key, and for types nobody should use.
    pub fn from_openssh(line: &str) -> Option<Self> {
        let key = ssh_key::PublicKey::from_openssh(line.trim_end()).ok()?;
        Self::from_blob(&key.to_bytes().ok()?)
    }
}

/// The half that signs. It knows the other one.
pub(super) enum Secret {
    Ed25519(sign::Ed25519),
    Ecdsa(Curve, sign::Ecdsa),
    Rsa(sign::Rsa),
}

impl Secret {
    /// The public key as on the wire (RFC 8709 §4, RFC 5656 §3.1, RFC 4253 §6.6).
    pub(super) fn blob(&self) -> Vec<u8> {
        let mut blob = Vec::new();
        match self {
            Self::Ed25519(key) => {
                blob.put_string(SignatureAlgorithm::Ed25519.key_type().as_bytes());
                blob.put_string(key.public());
            }
            Self::Ecdsa(curve, key) => {
                let name = curve_name(*curve);
                blob.put_string(format!("ecdsa-sha2-{name}").as_bytes());
                blob.put_string(name.as_bytes());
                blob.put_string(key.point());
            }
            Self::Rsa(key) => {
                blob.put_string(SignatureAlgorithm::RsaSha512.key_type().as_bytes());
                blob.put_unsigned(key.exponent());
                blob.put_unsigned(key.modulus());
            }
        }
        blob
    }
}

/// A key pair that can sign. Its secret is wiped when dropped.
pub struct Identity {
    public: PublicIdentity,
    secret: Secret,
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Identity").field("algorithms", &self.public.algorithms).finish_non_exhaustive()
    }
}

impl Identity {
    /// Reads a private key file: OpenSSH's own format, or PEM that is not encrypted (PKCS #1, SEC 1, PKCS #8).
    /// `passphrase` is looked at only when the key is encrypted.
    ///
    /// # Errors
    /// [`KeyError::Encrypted`] without a passphrase; otherwise see [`KeyError`].
    pub fn from_openssh(bytes: &[u8], passphrase: Option<&[u8]>) -> Result<Self, KeyError> {
        let (format, bytes) = keyfile::open(bytes)?;
        let secret = match format {
            Format::OpenSsh => openssh_key::read(&bytes, passphrase)?,
            Format::Pkcs1 => Secret::Rsa(sign::Rsa::from_pkcs1(&bytes).map_err(|_| KeyError::Rsa)?),
            Format::Sec1 => ecdsa_from_der(&bytes).ok_or(KeyError::Malformed)?,
            Format::Pkcs8 => from_pkcs8(&bytes).ok_or(KeyError::Format { format: "this kind of PKCS #8" })?,
        };
        let public = PublicIdentity::from_blob(&secret.blob()).ok_or(KeyError::Malformed)?;
        Ok(Self { public, secret })
    }

    pub fn public(&self) -> PublicIdentity {
        self.public.clone()
    }

    /// A signature blob over `data`. The algorithm of a certificate means that of its key (PROTOCOL.certkeys).
    ///
    /// # Errors
    /// The key is of another type than `algorithm`.
    pub fn sign(&self, algorithm: &str, data: &[u8]) -> Result<Vec<u8>, KeyError> {
        let algorithm = algorithm.strip_suffix(CERTIFICATE).unwrap_or(algorithm);
        let scheme = SignatureAlgorithm::from_name(algorithm).map(SignatureAlgorithm::scheme);
        let value = match (&self.secret, scheme) {
            (Secret::Ed25519(key), Some(Scheme::Ed25519)) => key.sign(data).to_vec(),
            (Secret::Ecdsa(curve, key), Some(Scheme::Ecdsa(wanted))) if *curve == wanted => {
                ecdsa_value(*curve, &key.sign(data).map_err(|_| KeyError::Sign)?)
            }
            (Secret::Rsa(key), Some(Scheme::Rsa(hash))) => rsa_value(key, hash, data)?,
            _ => return Err(KeyError::Algorithm { algorithm: algorithm.to_owned() }),
        };
        let mut blob = Vec::new();
        blob.put_string(algorithm.as_bytes());
        blob.put_string(&value);
        Ok(blob)
    }
}

/// RFC 5656 §3.1.2: r and s as numbers.
fn ecdsa_value(curve: Curve, fixed: &[u8]) -> Vec<u8> {
    let (r, s) = fixed.split_at(curve.scalar_bytes().min(fixed.len()));
    let mut value = Vec::new();
    value.put_unsigned(r);
    value.put_unsigned(s);
    value
}

fn rsa_value(key: &sign::Rsa, hash: RsaHash, data: &[u8]) -> Result<Vec<u8>, KeyError> {
    key.sign(hash, data).map_err(|_| KeyError::Sign)
}

/// The library wants to be told the curve, which the file names.
fn ecdsa_from_der(der: &[u8]) -> Option<Secret> {
    [Curve::P256, Curve::P384, Curve::P521]
        .into_iter()
        .find_map(|curve| sign::Ecdsa::from_der(curve, der).ok().map(|key| Secret::Ecdsa(curve, key)))
}

fn from_pkcs8(der: &[u8]) -> Option<Secret> {
    let ed25519 = || sign::Ed25519::from_pkcs8(der).ok().map(Secret::Ed25519);
    let rsa = || sign::Rsa::from_pkcs8(der).ok().map(Secret::Rsa);
    ed25519().or_else(|| ecdsa_from_der(der)).or_else(rsa)
}
