//! Private key files: what format one is in, and the bytes inside its armour. Must not know what the bytes mean.

use super::identity::KeyError;
use base64ct::{Base64, Encoding};
use zeroize::Zeroizing;

/// The formats `ssh` reads, of which we read what is not encrypted, and OpenSSH's own in either case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// PROTOCOL.key of OpenSSH.
    OpenSsh,
    /// An RSA key alone (RFC 8017 §A.1.2); cloud providers hand them out as `.pem`.
    Pkcs1,
    /// An ECDSA key alone (RFC 5915).
    Sec1,
    /// A key of any kind with its name (RFC 5958).
    Pkcs8,
}

/// The format of a file and the bytes it protects, decoded.
///
/// # Errors
/// The file is no private key, or in a format nobody here reads.
pub fn open(file: &[u8]) -> Result<(Format, Zeroizing<Vec<u8>>), KeyError> {
    let text = std::str::from_utf8(file).map_err(|_| KeyError::Malformed)?;
    let (label, body) = private_block(text).ok_or_else(|| foreign(text))?;
    let format = match label {
        "OPENSSH PRIVATE KEY" => Format::OpenSsh,
        "DSA PRIVATE KEY" => return Err(KeyError::Unsupported { algorithm: "ssh-dss".to_owned() }),
        "ENCRYPTED PRIVATE KEY" => return Err(KeyError::Format { format: "encrypted PKCS #8" }),
        // RFC 1421 §4.6: headers stand before the base64.
        _ if body.contains("ENCRYPTED") => return Err(KeyError::Format { format: "encrypted PEM" }),
        "RSA PRIVATE KEY" => Format::Pkcs1,
        "EC PRIVATE KEY" => Format::Sec1,
        "PRIVATE KEY" => Format::Pkcs8,
        _ => return Err(KeyError::Malformed),
    };
    Ok((format, decode(body).ok_or(KeyError::Malformed)?))
}

/// Label and base64 of the first private key. Parameters of a curve, or the attributes PKCS #12 tools write, may stand
/// before it.
fn private_block(text: &str) -> Option<(&str, &str)> {
    text.split("-----BEGIN ").skip(1).find_map(|block| {
        let (label, rest) = block.split_once("-----")?;
        let (body, _) = rest.split_once("-----END ")?;
        label.ends_with("PRIVATE KEY").then_some((label, body))
    })
}

/// Lines of any length: 64, 70 and 76 characters all occur.
fn decode(body: &str) -> Option<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(body.len()));
    bytes.extend(body.bytes().filter(|byte| !byte.is_ascii_whitespace()));
    let length = Base64::decode_in_place(&mut bytes).ok()?.len();
    bytes.truncate(length);
    Some(bytes)
}

/// What people have that holds no private key we know, each with a name of its own.
fn foreign(text: &str) -> KeyError {
    let text = text.trim_start();
    let is_public = ["ssh-", "ecdsa-", "sk-", "-----BEGIN PUBLIC KEY", "---- BEGIN SSH2 PUBLIC KEY"]
        .iter()
        .any(|start| text.starts_with(start));
    if is_public {
        KeyError::Public
    } else if text.starts_with("PuTTY-User-Key-File") {
        KeyError::Putty
    } else {
        KeyError::Malformed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(text: &str) -> Result<(Format, Vec<u8>), KeyError> {
        open(text.as_bytes()).map(|(format, bytes)| (format, bytes.to_vec()))
    }

    #[test]
    fn armour_is_found_and_its_lines_have_any_length() {
        let expected = Ok((Format::Sec1, b"secret".to_vec()));
        for text in [
            "-----BEGIN EC PRIVATE KEY-----\nc2VjcmV0\n-----END EC PRIVATE KEY-----\n",
            "-----BEGIN EC PRIVATE KEY-----\r\nc2V\r\njcmV0\r\n-----END EC PRIVATE KEY-----",
            "\n -----BEGIN EC PARAMETERS-----\nAAAA\n-----END EC PARAMETERS-----\n\
             -----BEGIN EC PRIVATE KEY-----\nc2VjcmV0\n-----END EC PRIVATE KEY-----\n",
            "Bag Attributes\n    friendlyName: me\n\
             -----BEGIN EC PRIVATE KEY-----c2VjcmV0-----END EC PRIVATE KEY-----\n",
        ] {
            assert_eq!(bytes(text), expected, "{text}");
        }
    }

    #[test]
    fn broken_armour_is_malformed() {
        for text in [
            "",
            "-----BEGIN ",
            "-----BEGIN PRIVATE KEY-----",
            "-----BEGIN PRIVATE KEY-----\nc2Vj",
            "-----BEGIN PRIVATE KEY-----\nc2V\n-----END PRIVATE KEY-----",
            "-----BEGIN PRIVATE KEY-----\nc2V?\n-----END PRIVATE KEY-----",
            "-----BEGIN QUANTUM PRIVATE KEY-----\nc2Vj\n-----END QUANTUM PRIVATE KEY-----",
            "-----BEGIN CERTIFICATE-----\nc2Vj\n-----END CERTIFICATE-----",
        ] {
            assert_eq!(bytes(text), Err(KeyError::Malformed), "{text}");
        }
        assert_eq!(open(&[0xff; 70]).map(|_| ()), Err(KeyError::Malformed));
    }
}
