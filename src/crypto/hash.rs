//! SHA-256 for key exchange and fingerprints, HMAC-SHA-1 for hashed known_hosts, comparison in constant time.

use aws_lc_rs::{digest, hmac};

pub const SHA256_BYTES: usize = 32;
pub const SHA1_BYTES: usize = 20;

/// SHA-256 of the parts, one after another.
pub fn sha256(parts: &[&[u8]]) -> [u8; SHA256_BYTES] {
    let mut context = digest::Context::new(&digest::SHA256);
    for part in parts {
        context.update(part);
    }
    let mut out = [0; SHA256_BYTES];
    out.copy_from_slice(context.finish().as_ref());
    out
}

/// SHA-1 of the parts, one after another: only for the `%C` of `ssh_config`, where OpenSSH fixes it.
pub fn sha1(parts: &[&[u8]]) -> [u8; SHA1_BYTES] {
    let mut context = digest::Context::new(&digest::SHA1_FOR_LEGACY_USE_ONLY);
    for part in parts {
        context.update(part);
    }
    let mut out = [0; SHA1_BYTES];
    out.copy_from_slice(context.finish().as_ref());
    out
}

/// HMAC-SHA-1: only for the names in a hashed known_hosts file, where the format fixes it.
pub fn hmac_sha1(key: &[u8], data: &[u8]) -> [u8; SHA1_BYTES] {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, key);
    let mut out = [0; SHA1_BYTES];
    out.copy_from_slice(hmac::sign(&key, data).as_ref());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|b| format!("{b:02x}")).collect()
    }

    #[test]
    fn sha256_of_parts_is_sha256_of_their_concatenation() {
        // FIPS 180-4 example "abc".
        assert_eq!(
            hex(&sha256(&[b"a", b"", b"bc"])),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }

    #[test]
    fn hmac_sha1_as_in_rfc_2202() {
        let mac = hmac_sha1(b"Jefe", b"what do ya want for nothing?");
        assert_eq!(hex(&mac), "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
    }
}
