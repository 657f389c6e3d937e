//! Certificates of users (OpenSSH PROTOCOL.certkeys): which key one is for, and when. What else it says is the
//! server's to judge. Must not know files, nor what time it is.

use super::auth::PublicIdentity;
use super::text::sanitise_line;
use super::wire::{Reader, Write};
use crate::base::limits::{SSH_CERTIFICATE_BYTES_MAX, SSH_TEXT_BYTES_MAX};
use base64ct::{Base64, Encoding};

const WHAT: &str = "certificate";
/// `SSH_CERT_TYPE_USER`
const USER: u32 = 1;

/// Why a certificate is of no use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    #[error("this is no certificate")]
    Plain,
    #[error("the certificate is malformed")]
    Malformed,
    #[error("the certificate is for hosts, not for users")]
    Host,
    #[error("the certificate has expired")]
    Expired,
    #[error("the certificate is not valid yet")]
    Early,
}

/// A certificate, to be offered in place of its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserCertificate {
    /// What is offered.
    pub public: PublicIdentity,
    /// The plain key as on the wire: whoever has its secret half signs.
    pub key: Vec<u8>,
    /// The authority's name for it, safe to show.
    pub key_id: String,
    /// Seconds since 1970: valid from the first on, and no more from the second on.
    valid_after: u64,
    valid_before: u64,
}

impl UserCertificate {
    /// Reads a line of a `-cert.pub` file.
    ///
    /// # Errors
    /// See [`CertificateError`]; never for its time.
    pub fn from_openssh(line: &str) -> Result<Self, CertificateError> {
        let base64 = line.split_ascii_whitespace().nth(1).ok_or(CertificateError::Malformed)?;
        let blob = Base64::decode_vec(base64).map_err(|_| CertificateError::Malformed)?;
        Self::from_blob(&blob)
    }

    /// Reads one as it is on the wire, or in an agent.
    ///
    /// # Errors
    /// As [`from_openssh`](Self::from_openssh).
    pub fn from_blob(blob: &[u8]) -> Result<Self, CertificateError> {
        let public = PublicIdentity::from_blob(blob).ok_or(CertificateError::Plain)?;
        if !public.is_certificate() {
            return Err(CertificateError::Plain);
        }
        let mut reader = Reader::new(blob);
        let (kind, certificate) = read(&mut reader, public).ok_or(CertificateError::Malformed)?;
        if kind == USER { Ok(certificate) } else { Err(CertificateError::Host) }
    }

    /// Whether it is valid at this time, in seconds since 1970.
    ///
    /// # Errors
    /// [`CertificateError::Early`], [`CertificateError::Expired`].
    pub fn check_time(&self, unix_now: u64) -> Result<(), CertificateError> {
        match unix_now {
            now if now < self.valid_after => Err(CertificateError::Early),
            now if now >= self.valid_before => Err(CertificateError::Expired),
            _ => Ok(()),
        }
    }
}

/// The kind of certificate, and what we need of it. `None`: malformed.
fn read(reader: &mut Reader<'_>, public: PublicIdentity) -> Option<(u32, UserCertificate)> {
    let name = reader.text(SSH_CERTIFICATE_BYTES_MAX, WHAT).ok()?;
    let (key_type, fields) = plain_type(name)?;
    reader.string(SSH_CERTIFICATE_BYTES_MAX, WHAT).ok()?; // nonce
    let mut key = Vec::new();
    key.put_string(key_type.as_bytes());
    // The fields of the key stand in a certificate as they do in its plain blob.
    for _ in 0..fields {
        key.put_string(reader.string(SSH_CERTIFICATE_BYTES_MAX, WHAT).ok()?);
    }
    let _serial: [u8; 8] = reader.array(WHAT).ok()?;
    let kind = reader.u32(WHAT).ok()?;
    let key_id = sanitise_line(reader.string(SSH_CERTIFICATE_BYTES_MAX, WHAT).ok()?, SSH_TEXT_BYTES_MAX);
    let _principals = reader.string(SSH_CERTIFICATE_BYTES_MAX, WHAT).ok()?;
    let valid_after = u64::from_be_bytes(reader.array(WHAT).ok()?);
    let valid_before = u64::from_be_bytes(reader.array(WHAT).ok()?);
    Some((kind, UserCertificate { public, key, key_id, valid_after, valid_before }))
}

/// The type of the plain key in a certificate, and the number of fields of such a key.
fn plain_type(certificate: &str) -> Option<(&'static str, usize)> {
    Some(match certificate {
        "ssh-ed25519-cert-v01@openssh.com" => ("ssh-ed25519", 1),
        "ssh-rsa-cert-v01@openssh.com" => ("ssh-rsa", 2),
        "ecdsa-sha2-nistp256-cert-v01@openssh.com" => ("ecdsa-sha2-nistp256", 2),
        "ecdsa-sha2-nistp384-cert-v01@openssh.com" => ("ecdsa-sha2-nistp384", 2),
        "ecdsa-sha2-nistp521-cert-v01@openssh.com" => ("ecdsa-sha2-nistp521", 2),
        "sk-ssh-ed25519-cert-v01@openssh.com" => ("sk-ssh-ed25519@openssh.com", 2),
        "sk-ecdsa-sha2-nistp256-cert-v01@openssh.com" => ("sk-ecdsa-sha2-nistp256@openssh.com", 3),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ED25519: &str = include_str!("tests/keys/ed25519-cert.pub");
    const RSA: &str = include_str!("tests/keys/rsa2048-cert.pub");
    const HOST: &str = include_str!("tests/keys/ed25519-host-cert.pub");

    #[test]
    fn what_ssh_keygen_signs_is_read() {
        for (line, key) in [
            (ED25519, &include_bytes!("tests/keys/ed25519")[..]),
            (RSA, &include_bytes!("tests/keys/rsa2048")[..]),
        ] {
            let certificate = UserCertificate::from_openssh(line).unwrap();
            let key = crate::ssh::Identity::from_openssh(key, None).unwrap();
            assert_eq!(certificate.key, key.public().blob);
            assert_eq!(certificate.key_id, "me at work");
            assert!(certificate.public.is_certificate());
            // 2020-01-01 to 2030-01-01, UTC.
            let at = |time| certificate.check_time(time);
            assert_eq!(at(1_577_836_799), Err(CertificateError::Early));
            assert_eq!((at(1_577_836_800), at(1_893_455_999)), (Ok(()), Ok(())));
            assert_eq!(at(1_893_456_000), Err(CertificateError::Expired));
        }
    }

    #[test]
    fn what_is_no_certificate_for_users_is_named() {
        let error = |line: &str| UserCertificate::from_openssh(line).unwrap_err();
        assert_eq!(error(HOST), CertificateError::Host);
        assert_eq!(error(""), CertificateError::Malformed);
        assert_eq!(error("ssh-ed25519-cert-v01@openssh.com A?"), CertificateError::Malformed);
        let plain = crate::ssh::Identity::from_openssh(include_bytes!("tests/keys/ed25519"), None).unwrap();
        assert_eq!(UserCertificate::from_blob(&plain.public().blob), Err(CertificateError::Plain));
        let mut cut = Vec::new();
        cut.put_string(b"ssh-ed25519-cert-v01@openssh.com");
        assert_eq!(UserCertificate::from_blob(&cut), Err(CertificateError::Malformed));
    }

    proptest! {
        #[test]
        fn garbage_is_read_without_panic(tail: Vec<u8>) {
            let mut blob = Vec::new();
            blob.put_string(b"sk-ecdsa-sha2-nistp256-cert-v01@openssh.com");
            blob.extend_from_slice(&tail);
            let _ = UserCertificate::from_blob(&blob);
        }
    }
}
