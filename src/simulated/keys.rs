//! The server's side of a key exchange for the small SSH server: its half of every method, host keys of every type, and
//! certificates for them from an authority that signs whatever it is told to.

use crate::crypto::sign::Ed25519;
use crate::crypto::{dh, ecdh, kem, x25519};
#[cfg(any(test, feature = "testing"))]
use crate::ssh::Identity;
use crate::ssh::algorithm::KexMethod;
use crate::ssh::kex::share::{SharedSecret, number_bytes};
use crate::ssh::wire::{Reader, Write, magnitude};
use crate::ssh::{Error, HostKeyAlgorithm, KexAlgorithm, SignatureAlgorithm};

const WHAT: &str = "key of a host";
const MAX: usize = 1 << 20;

/// The server's value and the shared secret.
pub(crate) fn respond(
    algorithm: KexAlgorithm,
    client_value: &[u8],
) -> Result<(Vec<u8>, SharedSecret), Error> {
    let refused = |_| Error::KexValue;
    match algorithm.method() {
        KexMethod::X25519 => {
            let (point, shared) = x25519_respond(client_value)?;
            Ok((point.to_vec(), SharedSecret::number(&shared)))
        }
        KexMethod::Hybrid => {
            let (public, point) = client_value.split_at_checked(kem::PUBLIC_BYTES).ok_or(Error::KexValue)?;
            let (mut value, secret) = kem::encapsulate(public).map_err(refused)?;
            let (point, shared) = x25519_respond(point)?;
            value.extend_from_slice(&point);
            Ok((value, SharedSecret::hybrid(&secret, &shared)))
        }
        KexMethod::Ecdh(curve) => {
            let secret = ecdh::Secret::generate(curve).map_err(refused)?;
            let value = secret.public().map_err(refused)?;
            Ok((value, SharedSecret::number(&secret.agree(client_value).map_err(refused)?)))
        }
        KexMethod::Group(group) => {
            let secret = dh::Secret::generate(group);
            let peer = magnitude(client_value).ok_or(Error::KexValue)?;
            let value = number_bytes(&secret.public());
            Ok((value, SharedSecret::number(&secret.agree(peer).map_err(refused)?)))
        }
    }
}

fn x25519_respond(point: &[u8]) -> Result<([u8; x25519::BYTES], [u8; x25519::BYTES]), Error> {
    let secret = x25519::Secret::generate();
    let shared = secret.agree(point.try_into().map_err(|_| Error::KexValue)?).map_err(|_| Error::KexValue)?;
    Ok((secret.public(), *shared))
}

/// Makes a server's value one with which everybody would know the secret.
pub(crate) fn spoil(algorithm: KexAlgorithm, value: &mut Vec<u8>) {
    match algorithm.method() {
        KexMethod::X25519 | KexMethod::Hybrid => {
            let at = value.len() - x25519::BYTES;
            value[at..].fill(0);
        }
        KexMethod::Ecdh(_) => *value = vec![0],
        KexMethod::Group(_) => *value = vec![1],
    }
}

/// A key that signs for a host or for an authority.
pub struct HostSecret {
    /// The public key.
    pub blob: Vec<u8>,
    sign: Signer,
}

/// Makes a signature blob over a message.
type Signer = Box<dyn Fn(&[u8]) -> Vec<u8> + Send + Sync>;

impl HostSecret {
    /// Ed25519 keys are new each time, the others are always the same.
    #[cfg(any(test, feature = "testing"))]
    pub fn new(algorithm: SignatureAlgorithm) -> Self {
        let file: &[u8] = match algorithm {
            SignatureAlgorithm::Ed25519 => return Self::fresh(),
            SignatureAlgorithm::EcdsaP256 => include_bytes!("../ssh/tests/keys/ecdsa256"),
            SignatureAlgorithm::EcdsaP384 => include_bytes!("../ssh/tests/keys/ecdsa384"),
            SignatureAlgorithm::EcdsaP521 => include_bytes!("../ssh/tests/keys/ecdsa521"),
            SignatureAlgorithm::RsaSha512 | SignatureAlgorithm::RsaSha256 => {
                include_bytes!("../ssh/tests/keys/rsa2048")
            }
        };
        let identity = Identity::from_openssh(file, None).expect("a key made for tests");
        Self {
            blob: identity.public().blob,
            sign: Box::new(move |message| {
                identity.sign(algorithm.name(), message).expect("its own algorithm")
            }),
        }
    }

    /// A new Ed25519 key.
    pub fn fresh() -> Self {
        let name = SignatureAlgorithm::Ed25519.name().as_bytes();
        let (key, public) = Ed25519::generate();
        let pair = |value: &[u8]| {
            let mut blob = Vec::new();
            blob.put_string(name);
            blob.put_string(value);
            blob
        };
        Self { blob: pair(&public), sign: Box::new(move |message| pair(&key.sign(message))) }
    }

    /// From now on its signatures claim to be made with the algorithm `name`.
    pub fn sign_as(&mut self, name: &'static str) {
        let sign = std::mem::replace(&mut self.sign, Box::new(|_| Vec::new()));
        self.sign = Box::new(move |message| {
            let signature = sign(message);
            let value = Reader::new(&signature).string(MAX, WHAT).map(|true_name| 4 + true_name.len());
            let mut renamed = Vec::new();
            renamed.put_string(name.as_bytes());
            renamed.extend_from_slice(&signature[value.expect("a signature names its algorithm")..]);
            renamed
        });
    }

    /// A signature blob over `message`.
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        (self.sign)(message)
    }
}

/// What an authority is told to certify.
#[derive(Debug, Clone)]
pub struct CertificateRequest {
    /// 1 for users, 2 for hosts.
    pub kind: u32,
    pub serial: u64,
    pub key_id: &'static str,
    pub principals: Vec<&'static str>,
    pub valid_after: u64,
    pub valid_before: u64,
    /// Names of critical options, without values.
    pub critical: Vec<&'static str>,
}

impl Default for CertificateRequest {
    fn default() -> Self {
        Self {
            kind: 2,
            serial: 7,
            key_id: "a host",
            principals: vec!["host.example", "192.0.2.1"],
            valid_after: 0,
            valid_before: u64::MAX,
            critical: Vec::new(),
        }
    }
}

impl CertificateRequest {
    /// The certificate's blob (OpenSSH PROTOCOL.certkeys).
    pub fn grant(&self, algorithm: SignatureAlgorithm, host: &HostSecret, authority: &HostSecret) -> Vec<u8> {
        let mut out = Vec::new();
        out.put_string(algorithm.certificate_type().as_bytes());
        out.put_string(&[9; 32]);
        let fields = size_of::<u32>() + algorithm.key_type().len();
        out.extend_from_slice(&host.blob[fields..]);
        out.extend_from_slice(&self.serial.to_be_bytes());
        out.put_u32(self.kind);
        out.put_string(self.key_id.as_bytes());
        out.put_string(&strings(&self.principals));
        out.extend_from_slice(&self.valid_after.to_be_bytes());
        out.extend_from_slice(&self.valid_before.to_be_bytes());
        let options: Vec<&str> = self.critical.iter().flat_map(|name| [*name, ""]).collect();
        out.put_string(&strings(&options));
        out.put_string(b"");
        out.put_string(b"");
        out.put_string(&authority.blob);
        let signature = authority.sign(&out);
        out.put_string(&signature);
        out
    }
}

fn strings(texts: &[&str]) -> Vec<u8> {
    let mut out = Vec::new();
    for text in texts {
        out.put_string(text.as_bytes());
    }
    out
}

/// A host's key and what it presents of it.
pub struct Host {
    pub algorithm: HostKeyAlgorithm,
    pub secret: HostSecret,
    pub presented: Vec<u8>,
}

impl Host {
    /// Ed25519, as it is.
    pub fn plain(secret: HostSecret) -> Self {
        let presented = secret.blob.clone();
        Self { algorithm: HostKeyAlgorithm::Plain(SignatureAlgorithm::Ed25519), secret, presented }
    }

    /// Certificates are from an Ed25519 authority.
    #[cfg(any(test, feature = "testing"))]
    pub fn new(algorithm: HostKeyAlgorithm, request: &CertificateRequest) -> Self {
        let secret = HostSecret::new(algorithm.signature());
        let presented = match algorithm {
            HostKeyAlgorithm::Plain(_) => secret.blob.clone(),
            HostKeyAlgorithm::Certified(signature) => {
                request.grant(signature, &secret, &HostSecret::new(SignatureAlgorithm::Ed25519))
            }
        };
        Self { algorithm, secret, presented }
    }
}
