//! Public keys (RFC 4252 §7): which algorithm one is used with, and the wait for its signature.

use zeroize::Zeroizing;

use super::attempts::Attempts;
use super::waiting::Request;
use super::{Method, Step, Tried};
use crate::base::limits::SSH_KEY_BYTES_MAX;
use crate::ssh::error::Error;
use crate::ssh::wire::{NameList, Reader, Write};

/// What OpenSSH appends to the names of algorithms used with a certificate (PROTOCOL.certkeys).
pub const CERTIFICATE: &str = "-cert-v01@openssh.com";

/// What users may sign with, in OpenSSH's order (`PubkeyAcceptedAlgorithms`). Security keys and their certificates are
/// here because an agent can sign with them; SHA-1 and DSA are not.
const ACCEPTED: [&str; 16] = [
    "ssh-ed25519-cert-v01@openssh.com",
    "ecdsa-sha2-nistp256-cert-v01@openssh.com",
    "ecdsa-sha2-nistp384-cert-v01@openssh.com",
    "ecdsa-sha2-nistp521-cert-v01@openssh.com",
    "sk-ssh-ed25519-cert-v01@openssh.com",
    "sk-ecdsa-sha2-nistp256-cert-v01@openssh.com",
    "rsa-sha2-512-cert-v01@openssh.com",
    "rsa-sha2-256-cert-v01@openssh.com",
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "sk-ssh-ed25519@openssh.com",
    "sk-ecdsa-sha2-nistp256@openssh.com",
    "rsa-sha2-512",
    "rsa-sha2-256",
];

/// A key the user can sign with, wherever its secret half is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicIdentity {
    /// The public key or certificate as on the wire.
    pub blob: Vec<u8>,
    /// Signature algorithms it can be used with, most preferred first.
    pub algorithms: Vec<String>,
}

impl PublicIdentity {
    /// From a public key or certificate blob, as an ssh-agent lists it. `None` for types nobody should use (DSA), those
    /// we do not know, and for what is no key.
    pub fn from_blob(blob: &[u8]) -> Option<Self> {
        let key_type = Reader::new(blob).text(SSH_KEY_BYTES_MAX, "key type").ok()?;
        let of_type = ACCEPTED.iter().filter(|name| key_type_of(name) == key_type);
        let algorithms: Vec<String> = of_type.map(|name| (*name).to_owned()).collect();
        (!algorithms.is_empty()).then(|| Self { blob: blob.to_vec(), algorithms })
    }

    /// The names that [`restricted`](Self::restricted) takes when the user has not said otherwise.
    pub fn accepted_by_default() -> Vec<String> {
        ACCEPTED.iter().map(|&name| name.to_owned()).collect()
    }

    /// With the algorithms of `accepted` only, in its order; `None` when none of them can be used with this key.
    #[must_use]
    pub fn restricted(mut self, accepted: &[String]) -> Option<Self> {
        let known = std::mem::take(&mut self.algorithms);
        self.algorithms = accepted.iter().filter(|name| known.contains(name)).cloned().collect();
        (!self.algorithms.is_empty()).then_some(self)
    }

    pub fn is_certificate(&self) -> bool {
        self.algorithms.first().is_some_and(|name| name.ends_with(CERTIFICATE))
    }

    /// The first algorithm the server takes. Only RSA keys have a choice; for the others OpenSSH does not ask either.
    pub(super) fn choose(&self, server: Option<&str>) -> Option<String> {
        let first = self.algorithms.first()?;
        match server {
            Some(names) if key_type_of(first) != first => {
                self.algorithms.iter().find(|name| takes(NameList(names), name)).cloned()
            }
            _ => Some(first.clone()),
        }
    }
}

/// The key type inside the blob. RSA has one type and several signatures (RFC 8332 §3).
fn key_type_of(algorithm: &str) -> &str {
    match algorithm {
        "rsa-sha2-512" | "rsa-sha2-256" => "ssh-rsa",
        "rsa-sha2-512-cert-v01@openssh.com" | "rsa-sha2-256-cert-v01@openssh.com" => {
            "ssh-rsa-cert-v01@openssh.com"
        }
        other => other,
    }
}

/// `server-sig-algs` names signatures: OpenSSH lists `rsa-sha2-512`, and no certificate types, where it takes both.
fn takes(names: NameList<'_>, algorithm: &str) -> bool {
    names.contains(algorithm)
        || algorithm.strip_suffix(CERTIFICATE).is_some_and(|signature| names.contains(signature))
}

/// A signature the machine asks for: `algorithm` of the identity with this index over `data`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignRequest {
    pub identity: usize,
    pub algorithm: String,
    pub data: Vec<u8>,
}

/// The algorithm was chosen before the server had said which it takes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Choice {
    Guessed,
    Known,
}

/// A key with its signature, on its way.
pub(super) struct Offered {
    identity: usize,
    algorithm: String,
    choice: Choice,
}

/// Waits for a signature from our side.
pub struct Signing {
    attempts: Attempts,
    offered: Offered,
    request: Zeroizing<Vec<u8>>,
}

impl Attempts {
    pub(super) fn sign(self, identity: usize, algorithm: String, choice: Choice) -> Step {
        let mut request = self.request(Method::PublicKey.name());
        request.put_bool(true);
        request.put_string(algorithm.as_bytes());
        request.put_string(&self.identities[identity].blob);
        let mut data = Vec::new();
        data.put_string(&self.session_id);
        data.extend_from_slice(&request);
        let offered = Offered { identity, algorithm: algorithm.clone(), choice };
        Step::Sign(Signing { attempts: self, offered, request }, SignRequest { identity, algorithm, data })
    }

    /// The server's answer to an offer that was not enough, or not good.
    pub(super) fn judge_offer(
        mut self,
        offered: Offered,
        is_partial: bool,
        server: Option<&str>,
    ) -> Result<Step, Error> {
        if is_partial {
            self.accept_offer(&offered);
        } else if !self.is_allowed(Method::PublicKey) {
            // Nobody has looked at the key: it may be wanted once something else was accepted.
            self.tried.identities.pop();
            self.next = offered.identity;
        } else if let Some(algorithm) = self.second_choice(&offered, server) {
            self.tried.identities.pop();
            return Ok(self.sign(offered.identity, algorithm, Choice::Known));
        }
        self.next(server)
    }

    pub(super) fn accept_offer(&mut self, offered: &Offered) {
        self.tried.identities.retain(|identity| *identity != offered.identity);
        self.tried.accepted = Some(offered.identity);
    }

    /// The request was made before the server had named its algorithms, and it takes another one of this key.
    fn second_choice(&self, offered: &Offered, server: Option<&str>) -> Option<String> {
        let names = server.filter(|_| offered.choice == Choice::Guessed)?;
        let algorithm = self.identities.get(offered.identity)?.choose(Some(names))?;
        (algorithm != offered.algorithm).then_some(algorithm)
    }
}

impl Signing {
    /// The signature (a signature blob) is here.
    ///
    /// # Errors
    /// Too many requests.
    pub fn sign(mut self, signature: &[u8]) -> Result<Step, Error> {
        self.request.put_string(signature);
        self.attempts.tried.identities.push(self.offered.identity);
        self.attempts.send(Request::Key(self.offered), self.request)
    }

    /// Whoever holds the key does not sign: goes on with the next one.
    ///
    /// # Errors
    /// Nothing is left to try.
    pub fn decline(self, server: Option<&str>) -> Result<Step, Error> {
        self.attempts.next(server)
    }

    /// SERVICE_ACCEPT may come before the signature.
    pub fn handle(mut self, payload: &[u8]) -> Result<Self, Error> {
        self.attempts.accept_service(payload)?;
        Ok(self)
    }

    pub fn tried(&self) -> &Tried {
        &self.attempts.tried
    }
}
