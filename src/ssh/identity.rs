//! Keys of the user from files: reading them, and signing with them. Must not know where files are.

use super::algorithm::{Scheme, SignatureAlgorithm};
use super::auth::PublicIdentity;
use super::wire::Write;
use crate::crypto::{Curve, RsaHash, sign};
use ssh_key::PrivateKey;
use ssh_key::private::{EcdsaKeypair, KeypairData, RsaKeypair};
use zeroize::Zeroizing;

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
    /// Reads a line of a `.pub` file. `None` for what is no key, and for types nobody should use.
    pub fn from_openssh(line: &str) -> Option<Self> {
        let key = ssh_key::PublicKey::from_openssh(line.trim_end()).ok()?;
        Self::from_blob(&key.to_bytes().ok()?)
    }
}

enum Secret {
    Ed25519(sign::Ed25519),
    Ecdsa(Curve, sign::Ecdsa),
    Rsa(sign::Rsa),
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
    /// Reads OpenSSH's private key format. `passphrase` is looked at only when the key is encrypted.
    ///
    /// # Errors
    /// [`KeyError::Encrypted`] without a passphrase; otherwise see [`KeyError`].
    pub fn from_openssh(bytes: &[u8], passphrase: Option<&[u8]>) -> Result<Self, KeyError> {
        if let Some(error) = foreign_format(bytes) {
            return Err(error);
        }
        let mut key = PrivateKey::from_openssh(bytes).map_err(read_error)?;
        if key.is_encrypted() {
            let passphrase = passphrase.ok_or(KeyError::Encrypted)?;
            key = key.decrypt(passphrase).map_err(|_| KeyError::Passphrase)?;
        }
        let blob = key.public_key().to_bytes().map_err(|_| KeyError::Malformed)?;
        let public = PublicIdentity::from_blob(&blob).ok_or_else(|| unsupported(&key))?;
        Ok(Self { public, secret: secret(&key)? })
    }

    pub fn public(&self) -> PublicIdentity {
        self.public.clone()
    }

    /// A signature blob over `data`.
    ///
    /// # Errors
    /// The key is of another type than `algorithm`.
    pub fn sign(&self, algorithm: &str, data: &[u8]) -> Result<Vec<u8>, KeyError> {
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

/// Formats people have that are not OpenSSH's, each with a name of its own.
fn foreign_format(bytes: &[u8]) -> Option<KeyError> {
    let text = String::from_utf8_lossy(bytes.get(..64).unwrap_or(bytes));
    let text = text.trim_start();
    let format = |format| Some(KeyError::Format { format });
    if text.starts_with("-----BEGIN OPENSSH PRIVATE KEY") {
        None
    } else if text.starts_with("-----BEGIN RSA ")
        || text.starts_with("-----BEGIN EC ")
        || text.starts_with("-----BEGIN DSA ")
    {
        format("PEM")
    } else if text.starts_with("-----BEGIN PRIVATE KEY")
        || text.starts_with("-----BEGIN ENCRYPTED PRIVATE KEY")
    {
        format("PKCS #8")
    } else if text.starts_with("PuTTY-User-Key-File") {
        format("PuTTY")
    } else if text.starts_with("ssh-") || text.starts_with("ecdsa-") || text.starts_with("sk-") {
        Some(KeyError::Public)
    } else {
        Some(KeyError::Malformed)
    }
}

fn read_error(error: ssh_key::Error) -> KeyError {
    match error {
        ssh_key::Error::AlgorithmUnsupported { algorithm } => {
            KeyError::Unsupported { algorithm: algorithm.as_str().to_owned() }
        }
        ssh_key::Error::AlgorithmUnknown => KeyError::Unsupported { algorithm: "unknown to us".to_owned() },
        _ => KeyError::Malformed,
    }
}

fn unsupported(key: &PrivateKey) -> KeyError {
    KeyError::Unsupported { algorithm: key.algorithm().as_str().to_owned() }
}

fn secret(key: &PrivateKey) -> Result<Secret, KeyError> {
    match key.key_data() {
        KeypairData::Ed25519(pair) => {
            let bytes = Zeroizing::new(pair.to_bytes());
            Ok(Secret::Ed25519(sign::Ed25519::new(&bytes)))
        }
        KeypairData::Ecdsa(pair) => {
            let curve = match pair {
                EcdsaKeypair::NistP256 { .. } => Curve::P256,
                EcdsaKeypair::NistP384 { .. } => Curve::P384,
                EcdsaKeypair::NistP521 { .. } => Curve::P521,
            };
            let key = sign::Ecdsa::new(curve, pair.private_key_bytes(), pair.public_key_bytes());
            key.map(|key| Secret::Ecdsa(curve, key)).map_err(|_| KeyError::Malformed)
        }
        KeypairData::Rsa(pair) => rsa_secret(pair).map(Secret::Rsa),
        _ => Err(unsupported(key)),
    }
}

fn rsa_secret(pair: &RsaKeypair) -> Result<sign::Rsa, KeyError> {
    let number =
        |number: &'_ ssh_key::Mpint| number.as_positive_bytes().map(<[u8]>::to_vec).map(Zeroizing::new);
    let read = || {
        let (n, e) = (number(&pair.public.n)?, number(&pair.public.e)?);
        let (d, q_inverse) = (number(&pair.private.d)?, number(&pair.private.iqmp)?);
        let (p, q) = (number(&pair.private.p)?, number(&pair.private.q)?);
        Some([n, e, d, p, q, q_inverse])
    };
    let [n, e, d, p, q, q_inverse] = read().ok_or(KeyError::Malformed)?;
    sign::Rsa::new(sign::RsaNumbers { n: &n, e: &e, d: &d, p: &p, q: &q, q_inverse: &q_inverse })
        .map_err(|_| KeyError::Rsa)
}
