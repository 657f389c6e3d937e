//! Certificates of hosts (OpenSSH PROTOCOL.certkeys): reads one and checks what it says by itself. Must not know which
//! authorities are trusted, what a host is called, or what time it is.

use super::algorithm::{Scheme, SignatureAlgorithm};
use super::error::Error;
use super::signature::{self, Fault};
use super::text::sanitise_line;
use super::wire::{Reader, Write};
use crate::base::limits::{
    SSH_CERTIFICATE_BYTES_MAX, SSH_CERTIFICATE_PRINCIPALS_MAX, SSH_KEY_BYTES_MAX, SSH_TEXT_BYTES_MAX,
};

/// `SSH_CERT_TYPE_HOST`
const HOST: u32 = 2;
const WHAT: &str = "host certificate";

/// What an authority says about a host's key. The authority's signature is its own, the certificate is one for hosts,
/// and nothing in it is critical and unknown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostCertificate {
    /// The public key of the authority, as on the wire.
    pub authority: Vec<u8>,
    /// What the authority signed with.
    pub authority_algorithm: SignatureAlgorithm,
    /// The authority's name for this certificate, safe to show.
    pub key_id: String,
    pub serial: u64,
    /// Names of hosts it is for.
    pub principals: Vec<String>,
    /// Seconds since 1970, both: valid from the first on, and no more from the second on.
    pub valid_after: u64,
    pub valid_before: u64,
}

/// What a certificate says of its key, or why we cannot tell: it is for users, has an option we do not know, or an
/// authority whose signatures we cannot check. As in ssh, the key in it may still be known by itself.
pub(crate) type Claim = Result<HostCertificate, Error>;

/// The plain key in a certificate, and the rest of it.
///
/// # Errors
/// [`Error::HostKeyType`] when it is not a certificate for a key of `algorithm`; it is malformed, or its authority has
/// not signed it.
pub(crate) fn read(algorithm: SignatureAlgorithm, blob: &[u8]) -> Result<(Vec<u8>, Claim), Error> {
    let mut reader = Reader::new(blob);
    if malformed(reader.string(SSH_KEY_BYTES_MAX, WHAT))? != algorithm.certificate_type().as_bytes() {
        return Err(Error::HostKeyType { expected: algorithm.certificate_type() });
    }
    let fields = malformed(Fields::read(algorithm, reader))?;
    let signed = blob.len() - fields.signature.len() - size_of::<u32>();
    let claim = match claim(&fields, blob.get(..signed).unwrap_or_default()) {
        Err(
            error @ (Error::CertificateKind
            | Error::CertificateOption { .. }
            | Error::CertificateAuthority { .. }),
        ) => Err(error),
        other => Ok(other?),
    };
    Ok((fields.key, claim))
}

fn claim(fields: &Fields<'_>, signed: &[u8]) -> Claim {
    let authority_algorithm = check_authority(fields, signed)?;
    if fields.kind != HOST {
        return Err(Error::CertificateKind);
    }
    // No critical option is defined for hosts.
    if let Some(name) = malformed(first_name(fields.critical))? {
        return Err(Error::CertificateOption { name });
    }
    Ok(HostCertificate {
        authority: fields.authority.to_vec(),
        authority_algorithm,
        key_id: sanitise_line(fields.key_id, SSH_TEXT_BYTES_MAX),
        serial: fields.serial,
        principals: malformed(principals(fields.principals))?,
        valid_after: fields.valid_after,
        valid_before: fields.valid_before,
    })
}

struct Fields<'a> {
    /// The plain key's blob.
    key: Vec<u8>,
    serial: u64,
    kind: u32,
    key_id: &'a [u8],
    principals: &'a [u8],
    valid_after: u64,
    valid_before: u64,
    critical: &'a [u8],
    authority: &'a [u8],
    signature: &'a [u8],
}

impl<'a> Fields<'a> {
    /// What follows the type's name.
    fn read(algorithm: SignatureAlgorithm, mut reader: Reader<'a>) -> Result<Self, Error> {
        let string = |reader: &mut Reader<'a>| reader.string(SSH_CERTIFICATE_BYTES_MAX, WHAT);
        let number = |reader: &mut Reader<'a>| reader.array(WHAT).map(u64::from_be_bytes);
        string(&mut reader)?; // nonce
        let fields = Self {
            key: plain_key(algorithm, &mut reader)?,
            serial: number(&mut reader)?,
            kind: reader.u32(WHAT)?,
            key_id: string(&mut reader)?,
            principals: string(&mut reader)?,
            valid_after: number(&mut reader)?,
            valid_before: number(&mut reader)?,
            critical: string(&mut reader)?,
            authority: {
                let (_extensions, _reserved) = (string(&mut reader)?, string(&mut reader)?);
                string(&mut reader)?
            },
            signature: string(&mut reader)?,
        };
        reader.end(WHAT)?;
        Ok(fields)
    }
}

/// The fields of the key stand in a certificate as they do in its plain blob, between nonce and serial number.
fn plain_key(algorithm: SignatureAlgorithm, reader: &mut Reader<'_>) -> Result<Vec<u8>, Error> {
    let fields = reader.rest();
    let count = match algorithm.scheme() {
        Scheme::Ed25519 => 1,
        Scheme::Ecdsa(_) | Scheme::Rsa(_) => 2,
    };
    for _ in 0..count {
        reader.string(SSH_KEY_BYTES_MAX, WHAT)?;
    }
    let length = fields.len() - reader.rest().len();
    let mut key = Vec::new();
    key.put_string(algorithm.key_type().as_bytes());
    key.extend_from_slice(fields.get(..length).unwrap_or_default());
    Ok(key)
}

/// Any algorithm that we know may sign, which leaves out RSA with SHA-1 and authorities that are certified themselves.
fn check_authority(fields: &Fields<'_>, message: &[u8]) -> Result<SignatureAlgorithm, Error> {
    let (name, _) = malformed(signature::split(fields.signature))?;
    let name = String::from_utf8_lossy(name);
    let unsupported =
        || Error::CertificateAuthority { algorithm: sanitise_line(name.as_bytes(), SSH_TEXT_BYTES_MAX) };
    let algorithm = SignatureAlgorithm::from_name(&name).ok_or_else(unsupported)?;
    match signature::check(algorithm, fields.authority, message, fields.signature) {
        Ok(()) => Ok(algorithm),
        Err(Fault::Type) => Err(unsupported()),
        Err(Fault::Malformed) => Err(Error::CertificateMalformed),
        Err(Fault::Weak { bits }) => Err(Error::CertificateWeak { bits }),
        Err(Fault::Signature) => Err(Error::CertificateSignature),
    }
}

/// The first name of a list of names and values.
fn first_name(options: &[u8]) -> Result<Option<String>, Error> {
    if options.is_empty() {
        return Ok(None);
    }
    let name = Reader::new(options).string(SSH_CERTIFICATE_BYTES_MAX, WHAT)?;
    Ok(Some(sanitise_line(name, SSH_TEXT_BYTES_MAX)))
}

fn principals(list: &[u8]) -> Result<Vec<String>, Error> {
    let mut reader = Reader::new(list);
    let mut principals = Vec::new();
    while !reader.rest().is_empty() {
        if principals.len() == SSH_CERTIFICATE_PRINCIPALS_MAX {
            return Err(Error::TooLong { what: WHAT, max: SSH_CERTIFICATE_PRINCIPALS_MAX });
        }
        principals.push(reader.text(SSH_TEXT_BYTES_MAX, WHAT)?.to_owned());
    }
    Ok(principals)
}

fn malformed<T>(result: Result<T, Error>) -> Result<T, Error> {
    result.map_err(|_| Error::CertificateMalformed)
}
