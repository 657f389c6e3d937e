//! Host keys of every type, and certificates for them from an authority that signs whatever it is told to.

use crate::crypto::sign::Ed25519;
use crate::crypto::x25519;
use crate::simulated::keys::{HostKey, named};
use crate::ssh::algorithm::KexMethod;
use crate::ssh::wire::{Reader, Write};
use crate::ssh::{HostKeyAlgorithm, Identity, KexAlgorithm, SignatureAlgorithm};

const WHAT: &str = "key of a host";
const MAX: usize = 1 << 20;

/// What a host presents with an algorithm, and its public key. Certificates are from an Ed25519 authority.
pub(super) fn host_key(algorithm: HostKeyAlgorithm, request: &CertificateRequest) -> (HostKey, Vec<u8>) {
    let secret = HostSecret::new(algorithm.signature());
    let presented = match algorithm {
        HostKeyAlgorithm::Plain(_) => secret.blob.clone(),
        HostKeyAlgorithm::Certified(signature) => {
            request.grant(signature, &secret, &HostSecret::new(SignatureAlgorithm::Ed25519))
        }
    };
    let public = secret.blob.clone();
    (HostKey::new(algorithm, presented, move |message| secret.sign(message)), public)
}

/// Makes a server's value one with which everybody would know the secret.
pub(super) fn spoil(algorithm: KexAlgorithm, value: &mut Vec<u8>) {
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

    fn fresh() -> Self {
        let (key, public) = Ed25519::generate();
        Self { blob: named(&public), sign: Box::new(move |message| named(&key.sign(message))) }
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
