//! The host's half of every key exchange method.

use crate::crypto::{Rejected, dh, ecdh, kem, x25519};
use crate::ssh::algorithm::KexMethod;
use crate::ssh::kex::share::{SharedSecret, number_bytes};
use crate::ssh::wire::magnitude;
use crate::ssh::{Error, KexAlgorithm};

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
    let point = point.try_into().map_err(|_| Error::KexValue)?;
    let respond = || {
        let secret = x25519::Secret::generate()?;
        Ok((secret.public()?, *secret.agree(point)?))
    };
    respond().map_err(|Rejected| Error::KexValue)
}
