//! Signature verification.

use super::sign::ED25519_PUBLIC_BYTES;
use super::{Curve, Rejected, RsaHash};
use aws_lc_rs::rsa::PublicKeyComponents;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ECDSA_P521_SHA512_FIXED, ED25519,
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA512, UnparsedPublicKey,
};

/// # Errors
/// The signature is not this key's over this message.
pub fn ed25519(public: [u8; ED25519_PUBLIC_BYTES], message: &[u8], signature: &[u8]) -> Result<(), Rejected> {
    UnparsedPublicKey::new(&ED25519, public).verify(message, signature).map_err(|_| Rejected)
}

/// `point` is uncompressed (SEC 1 §2.3.3); `signature` is r and s, each [`Curve::scalar_bytes`] long.
///
/// # Errors
/// The point is not on the curve, or the signature is not this key's over this message.
pub fn ecdsa(curve: Curve, point: &[u8], message: &[u8], signature: &[u8]) -> Result<(), Rejected> {
    let algorithm = match curve {
        Curve::P256 => &ECDSA_P256_SHA256_FIXED,
        Curve::P384 => &ECDSA_P384_SHA384_FIXED,
        Curve::P521 => &ECDSA_P521_SHA512_FIXED,
    };
    UnparsedPublicKey::new(algorithm, point).verify(message, signature).map_err(|_| Rejected)
}

/// `n` and `e` are big-endian without leading zeros; n has 2,048 to 8,192 bits. PKCS #1 v1.5.
///
/// # Errors
/// The key is not acceptable, or the signature is not this key's over this message.
pub fn rsa(hash: RsaHash, n: &[u8], e: &[u8], message: &[u8], signature: &[u8]) -> Result<(), Rejected> {
    let parameters = match hash {
        RsaHash::Sha256 => &RSA_PKCS1_2048_8192_SHA256,
        RsaHash::Sha512 => &RSA_PKCS1_2048_8192_SHA512,
    };
    PublicKeyComponents { n, e }.verify(parameters, message, signature).map_err(|_| Rejected)
}
