//! OpenSSH's own format of private keys (PROTOCOL.key): the container, its encryption, and the numbers inside.
//! Must not know armour or files.

use super::algorithm::{Scheme, SignatureAlgorithm, curve_name};
use super::error::Error;
use super::identity::{KeyError, Secret};
use super::wire::Reader;
use crate::base::limits::{SSH_KEY_BYTES_MAX, SSH_KEY_ROUNDS_MAX};
use crate::crypto::{Curve, sign};
use ssh_key::{Cipher, Kdf};
use zeroize::Zeroizing;

const MAGIC: &[u8] = b"openssh-key-v1\0";
const NAME_BYTES_MAX: usize = 64;
const KEY: &str = "private key";

/// Reads a key. `passphrase` is looked at only when the key is encrypted.
///
/// # Errors
/// See [`KeyError`].
pub fn read(bytes: &[u8], passphrase: Option<&[u8]>) -> Result<Secret, KeyError> {
    let container = Container::read(bytes).map_err(|_| KeyError::Malformed)?;
    let (name, scheme) = container.key_type()?;
    let encryption = container.encryption()?;
    let section = match &encryption {
        None => Zeroizing::new(container.section.to_vec()),
        Some(encryption) => container.decrypt(encryption, passphrase.ok_or(KeyError::Encrypted)?)?,
    };
    let mut reader = Reader::new(&section);
    if !has_equal_checks(&mut reader)? {
        return Err(if encryption.is_some() { KeyError::Passphrase } else { KeyError::Malformed });
    }
    let secret = secret(&mut reader, name, scheme)?;
    read_end(&mut reader).map_err(|_| KeyError::Malformed)?;
    // The outer half is not authenticated: it must not make us offer another key than the one that signs.
    if secret.blob() == container.public { Ok(secret) } else { Err(KeyError::Malformed) }
}

/// The public half, which is never encrypted. Nobody vouches for it: only the private half knows whether it is its own.
pub fn public(bytes: &[u8]) -> Option<&[u8]> {
    Container::read(bytes).ok().map(|container| container.public)
}

/// PROTOCOL.key §1.
struct Container<'a> {
    cipher: &'a str,
    kdf: &'a str,
    kdf_options: &'a [u8],
    public: &'a [u8],
    section: &'a [u8],
    /// The tag of ciphers that authenticate: whatever follows the section.
    tag: &'a [u8],
}

struct Encryption {
    cipher: Cipher,
    kdf: Kdf,
    tag: Option<[u8; 16]>,
}

impl<'a> Container<'a> {
    fn read(bytes: &'a [u8]) -> Result<Self, Error> {
        let mut reader = Reader::new(bytes);
        let magic = reader.bytes(MAGIC.len(), KEY)?;
        let cipher = reader.text(NAME_BYTES_MAX, KEY)?;
        let kdf = reader.text(NAME_BYTES_MAX, KEY)?;
        let kdf_options = reader.string(SSH_KEY_BYTES_MAX, KEY)?;
        // As OpenSSH: there is room for more keys than one, and nobody puts them there.
        let count = reader.u32(KEY)?;
        let public = reader.string(SSH_KEY_BYTES_MAX, KEY)?;
        let section = reader.string(SSH_KEY_BYTES_MAX, KEY)?;
        if magic != MAGIC || count != 1 {
            return Err(Error::Malformed { what: KEY });
        }
        Ok(Self { cipher, kdf, kdf_options, public, section, tag: reader.rest() })
    }

    fn key_type(&self) -> Result<(&'a str, Scheme), KeyError> {
        let name = Reader::new(self.public).name_list(NAME_BYTES_MAX, KEY);
        let name = name.map_err(|_| KeyError::Malformed)?.0;
        SignatureAlgorithm::ALL
            .iter()
            .find(|algorithm| algorithm.key_type() == name)
            .map(|algorithm| (name, algorithm.scheme()))
            .ok_or_else(|| KeyError::Unsupported { algorithm: name.to_owned() })
    }

    /// `None` for a key that anybody can read.
    fn encryption(&self) -> Result<Option<Encryption>, KeyError> {
        let cipher = Cipher::new(self.cipher).ok().filter(|cipher| *cipher != Cipher::TDesCbc);
        let cipher = cipher.ok_or(KeyError::Cipher)?;
        if !self.section.len().is_multiple_of(cipher.block_size()) {
            return Err(KeyError::Malformed);
        }
        match (cipher, self.kdf, self.tag) {
            (Cipher::None, "none", []) => Ok(None),
            (Cipher::None, ..) => Err(KeyError::Malformed),
            (_, "bcrypt", tag) => {
                let tag = match cipher.has_tag() {
                    true => Some(tag.try_into().map_err(|_| KeyError::Malformed)?),
                    false if tag.is_empty() => None,
                    false => return Err(KeyError::Malformed),
                };
                Ok(Some(Encryption { cipher, kdf: bcrypt(self.kdf_options)?, tag }))
            }
            _ => Err(KeyError::Cipher),
        }
    }

    fn decrypt(&self, encryption: &Encryption, passphrase: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        let Encryption { cipher, kdf, tag } = encryption;
        let mut section = Zeroizing::new(self.section.to_vec());
        let (key, iv) = kdf.derive_key_and_iv(*cipher, passphrase).map_err(|_| KeyError::Passphrase)?;
        cipher.decrypt(&key, &Zeroizing::new(iv), &mut section, *tag).map_err(|_| KeyError::Passphrase)?;
        Ok(section)
    }
}

fn bcrypt(options: &[u8]) -> Result<Kdf, KeyError> {
    let mut reader = Reader::new(options);
    let mut read = || {
        let salt = reader.string(SSH_KEY_BYTES_MAX, KEY)?.to_vec();
        let rounds = reader.u32(KEY)?;
        reader.end(KEY).map(|()| (salt, rounds))
    };
    let (salt, rounds) = read().map_err(|_: Error| KeyError::Malformed)?;
    match rounds {
        0 => Err(KeyError::Malformed),
        1..=SSH_KEY_ROUNDS_MAX => Ok(Kdf::Bcrypt { salt, rounds }),
        _ => Err(KeyError::Rounds { rounds }),
    }
}

/// Two random numbers that are the same one where the decryption was right.
fn has_equal_checks(reader: &mut Reader<'_>) -> Result<bool, KeyError> {
    let mut check = || reader.u32(KEY).map_err(|_| KeyError::Malformed);
    Ok(check()? == check()?)
}

fn secret(reader: &mut Reader<'_>, name: &str, scheme: Scheme) -> Result<Secret, KeyError> {
    if reader.text(NAME_BYTES_MAX, KEY) != Ok(name) {
        return Err(KeyError::Malformed);
    }
    match scheme {
        Scheme::Ed25519 => ed25519(reader).map(Secret::Ed25519).ok_or(KeyError::Malformed),
        Scheme::Ecdsa(curve) => {
            ecdsa(reader, curve).map(|key| Secret::Ecdsa(curve, key)).ok_or(KeyError::Malformed)
        }
        Scheme::Rsa(_) => rsa(reader).map(Secret::Rsa),
    }
}

fn ed25519(reader: &mut Reader<'_>) -> Option<sign::Ed25519> {
    let public = reader.string(SSH_KEY_BYTES_MAX, KEY).ok()?;
    let pair = reader.string(SSH_KEY_BYTES_MAX, KEY).ok()?;
    let key = sign::Ed25519::new(pair.try_into().ok()?).ok()?;
    (key.public() == public).then_some(key)
}

fn ecdsa(reader: &mut Reader<'_>, curve: Curve) -> Option<sign::Ecdsa> {
    let width = curve.scalar_bytes();
    let name = reader.string(NAME_BYTES_MAX, KEY).ok()?;
    let point = reader.string(SSH_KEY_BYTES_MAX, KEY).ok()?;
    let number = reader.unsigned(width, KEY).ok()?;
    if name != curve_name(curve).as_bytes() {
        return None;
    }
    // A number on the wire has no leading zeros (RFC 4251 §5), a scalar has the width of its curve.
    let mut scalar = Zeroizing::new(vec![0; width]);
    scalar.get_mut(width.checked_sub(number.len())?..)?.copy_from_slice(number);
    sign::Ecdsa::new(curve, &scalar, point).ok()
}

fn rsa(reader: &mut Reader<'_>) -> Result<sign::Rsa, KeyError> {
    let mut number = || reader.unsigned(SSH_KEY_BYTES_MAX, KEY).map_err(|_| KeyError::Malformed);
    let (n, e, d) = (number()?, number()?, number()?);
    let (q_inverse, p, q) = (number()?, number()?, number()?);
    sign::Rsa::new(sign::RsaNumbers { n, e, d, p, q, q_inverse }).map_err(|_| KeyError::Rsa)
}

/// The comment, and padding that counts from one.
fn read_end(reader: &mut Reader<'_>) -> Result<(), Error> {
    reader.string(SSH_KEY_BYTES_MAX, KEY)?;
    if reader.rest().iter().copied().eq((1..=u8::MAX).take(reader.rest().len())) {
        Ok(())
    } else {
        Err(Error::Malformed { what: KEY })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ssh::wire::Write;
    use proptest::prelude::*;

    /// A container that can be wrong in every part.
    struct Parts {
        cipher: &'static str,
        kdf: &'static str,
        kdf_options: Vec<u8>,
        count: u32,
        public: Vec<u8>,
        checks: [u32; 2],
        key_type: &'static str,
        curve: &'static str,
        point: Vec<u8>,
        scalar: Vec<u8>,
        padding: Option<Vec<u8>>,
        tag: Vec<u8>,
    }

    /// FIPS 186-4 §D.1.2.3: the point that belongs to the scalar 1.
    const BASE_POINT: &str = "04\
        6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296\
        4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5";

    fn base_point() -> Vec<u8> {
        let byte = |at| u8::from_str_radix(&BASE_POINT[at..at + 2], 16).unwrap();
        (0..BASE_POINT.len()).step_by(2).map(byte).collect()
    }

    fn public(key_type: &str, curve: &str, point: &[u8]) -> Vec<u8> {
        let mut blob = Vec::new();
        for part in [key_type.as_bytes(), curve.as_bytes(), point] {
            blob.put_string(part);
        }
        blob
    }

    fn one() -> Parts {
        Parts {
            cipher: "none",
            kdf: "none",
            kdf_options: Vec::new(),
            count: 1,
            public: public("ecdsa-sha2-nistp256", "nistp256", &base_point()),
            checks: [7, 7],
            key_type: "ecdsa-sha2-nistp256",
            curve: "nistp256",
            point: base_point(),
            scalar: vec![1],
            padding: None,
            tag: Vec::new(),
        }
    }

    impl Parts {
        fn read(&self) -> Result<Secret, KeyError> {
            read(&self.bytes(), Some(b"passphrase"))
        }

        fn section(&self) -> Vec<u8> {
            let mut section = Vec::new();
            self.checks.iter().for_each(|check| section.put_u32(*check));
            for part in
                [self.key_type.as_bytes(), self.curve.as_bytes(), &self.point, &self.scalar, b"comment"]
            {
                section.put_string(part);
            }
            let missing = (8 - section.len() % 8) % 8;
            section.extend(self.padding.clone().unwrap_or_else(|| (1..=missing as u8).collect()));
            section
        }

        fn bytes(&self) -> Vec<u8> {
            let mut bytes = MAGIC.to_vec();
            for part in [self.cipher.as_bytes(), self.kdf.as_bytes(), &self.kdf_options] {
                bytes.put_string(part);
            }
            bytes.put_u32(self.count);
            bytes.put_string(&self.public);
            bytes.put_string(&self.section());
            bytes.extend_from_slice(&self.tag);
            bytes
        }
    }

    fn bcrypt_options(rounds: u32) -> Vec<u8> {
        let mut options = Vec::new();
        options.put_string(&[9; 16]);
        options.put_u32(rounds);
        options
    }

    #[test]
    fn the_smallest_scalar_is_read() {
        for scalar in [vec![1], vec![0, 1], [vec![0; 32], vec![1]].concat()] {
            let secret = Parts { scalar, ..one() }.read().ok().unwrap();
            assert_eq!(secret.blob(), one().public);
        }
    }

    #[test]
    fn parts_that_do_not_belong_together_are_malformed() {
        let malformed = [
            Parts { scalar: vec![2], ..one() },
            Parts { scalar: vec![], ..one() },
            Parts { scalar: vec![0x80; 32], ..one() },
            Parts { scalar: [vec![0; 33], vec![1]].concat(), ..one() },
            Parts { scalar: [vec![0], vec![0xff; 32]].concat(), ..one() },
            Parts { point: vec![4; 65], ..one() },
            Parts { point: vec![0], ..one() },
            Parts { point: Vec::new(), ..one() },
            Parts { curve: "nistp384", ..one() },
            Parts { key_type: "ecdsa-sha2-nistp384", ..one() },
            Parts { key_type: "ssh-ed25519", ..one() },
            Parts { public: public("ecdsa-sha2-nistp256", "nistp256", &[4; 65]), ..one() },
            Parts { public: public("ecdsa-sha2-nistp256", "nistp384", &base_point()), ..one() },
            Parts { public: public("ecdsa-sha2-nistp384", "nistp256", &base_point()), ..one() },
            Parts { public: [one().public, vec![0]].concat(), ..one() },
            Parts { public: Vec::new(), ..one() },
            Parts { checks: [7, 8], ..one() },
            Parts { count: 0, ..one() },
            Parts { count: 2, ..one() },
            Parts { padding: Some(vec![0; 8]), ..one() },
            Parts { padding: Some(vec![1]), ..one() },
            Parts { tag: vec![0; 16], ..one() },
            Parts { kdf: "bcrypt", kdf_options: bcrypt_options(1), ..one() },
        ];
        for (index, parts) in malformed.iter().enumerate() {
            assert_eq!(parts.read().err(), Some(KeyError::Malformed), "{index}");
        }
    }

    #[test]
    fn what_is_not_supported_is_named() {
        let error = |parts: Parts| parts.read().err().unwrap();
        let dsa = Parts { public: public("ssh-dss", "", &[]), ..one() };
        assert_eq!(error(dsa), KeyError::Unsupported { algorithm: "ssh-dss".into() });
        assert_eq!(error(Parts { cipher: "rot13", ..one() }), KeyError::Cipher);
        assert_eq!(error(Parts { cipher: "3des-cbc", kdf: "bcrypt", ..one() }), KeyError::Cipher);
    }

    #[test]
    fn rounds_are_bounded_before_they_are_done() {
        let encrypted = |rounds| Parts {
            cipher: "aes128-ctr",
            kdf: "bcrypt",
            kdf_options: bcrypt_options(rounds),
            padding: Some(vec![0; (16 - Parts { padding: Some(vec![]), ..one() }.section().len() % 16) % 16]),
            ..one()
        };
        assert_eq!(encrypted(1).read().err(), Some(KeyError::Passphrase));
        assert_eq!(encrypted(0).read().err(), Some(KeyError::Malformed));
        assert_eq!(encrypted(u32::MAX).read().err(), Some(KeyError::Rounds { rounds: u32::MAX }));
        assert_eq!(Parts { kdf: "scrypt", ..encrypted(1) }.read().err(), Some(KeyError::Cipher));
        assert_eq!(Parts { tag: vec![0; 16], ..encrypted(1) }.read().err(), Some(KeyError::Malformed));
        let untagged = Parts { cipher: "aes256-gcm@openssh.com", ..encrypted(1) };
        assert_eq!(untagged.read().err(), Some(KeyError::Malformed));
    }

    #[test]
    fn every_part_may_be_missing() {
        let whole = one().bytes();
        for length in 0..whole.len() {
            assert_eq!(read(&whole[..length], None).err(), Some(KeyError::Malformed), "{length}");
        }
    }

    proptest! {
        #[test]
        fn garbage_is_read_without_panic(at in 0usize..300, bytes: Vec<u8>) {
            let mut file = one().bytes();
            let at = at.min(file.len());
            let end = file.len().min(at + bytes.len());
            file.splice(at..end, bytes.iter().copied());
            let _ = read(&file, None);
            let _ = read(&bytes, None);
        }
    }
}
