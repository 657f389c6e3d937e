//! The key that lets a user into every simulated host, as the files that SSH clients read.

use base64ct::{Base64, Encoding};
use zeroize::Zeroizing;

use crate::crypto::random;
use crate::crypto::sign::Ed25519;
use crate::ssh::SignatureAlgorithm;
use crate::ssh::wire::Write;

/// Columns of the base64 of a key file: `ssh-keygen` writes as many.
const COLUMNS: usize = 70;
/// What a section without encryption is padded to (PROTOCOL.key of OpenSSH).
const BLOCK_BYTES: usize = 8;

/// An Ed25519 key.
pub struct UserKey {
    key: Ed25519,
    blob: Vec<u8>,
}

impl UserKey {
    /// A new one.
    pub fn generate() -> Self {
        let (key, public) = Ed25519::generate();
        let mut blob = Vec::new();
        blob.put_string(name());
        blob.put_string(&public);
        Self { key, blob }
    }

    /// The public key on the wire.
    pub fn blob(&self) -> &[u8] {
        &self.blob
    }

    /// A line of authorized_keys.
    pub fn public_line(&self) -> String {
        format!("{} {} simulated\n", SignatureAlgorithm::Ed25519.name(), Base64::encode_string(&self.blob))
    }

    /// The private key without a passphrase (PROTOCOL.key of OpenSSH).
    pub fn private_file(&self) -> Zeroizing<String> {
        let mut out = Zeroizing::new(b"openssh-key-v1\0".to_vec());
        out.put_string(b"none");
        out.put_string(b"none");
        out.put_string(b"");
        out.put_u32(1);
        out.put_string(&self.blob);
        out.put_string(&self.section());
        let encoded = Zeroizing::new(Base64::encode_string(&out));
        let mut file = Zeroizing::new(String::from("-----BEGIN OPENSSH PRIVATE KEY-----\n"));
        let mut rest = encoded.as_str();
        while !rest.is_empty() {
            let (line, after) = rest.split_at(rest.len().min(COLUMNS));
            file.push_str(line);
            file.push('\n');
            rest = after;
        }
        file.push_str("-----END OPENSSH PRIVATE KEY-----\n");
        file
    }

    fn section(&self) -> Zeroizing<Vec<u8>> {
        let check = random::array::<4>();
        let mut section = Zeroizing::new([check, check].concat());
        section.put_string(name());
        section.put_string(self.key.public());
        section.put_string(&*self.key.pair());
        section.put_string(b"simulated");
        for byte in 1.. {
            if section.len().is_multiple_of(BLOCK_BYTES) {
                break;
            }
            section.push(byte);
        }
        section
    }
}

fn name() -> &'static [u8] {
    SignatureAlgorithm::Ed25519.name().as_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ssh::Identity;

    #[test]
    fn the_file_holds_the_key() {
        let key = UserKey::generate();
        let identity = Identity::from_openssh(key.private_file().as_bytes(), None).unwrap();
        assert_eq!(identity.public().blob, key.blob());
        assert!(key.public_line().starts_with("ssh-ed25519 AAAA"));
    }
}
