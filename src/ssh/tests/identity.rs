//! Keys as `ssh-keygen` writes them, made for these tests only.

use crate::ssh::*;
use hostkey::check;

const ED25519: &[u8] = include_bytes!("keys/ed25519");
const ENCRYPTED: &[u8] = include_bytes!("keys/encrypted");
const RSA: &[u8] = include_bytes!("keys/rsa2048");
const WEAK_RSA: &[u8] = include_bytes!("keys/rsa1024");
const PEM: &[u8] = include_bytes!("keys/pem");

#[test]
fn every_kind_of_key_signs_what_a_host_would_accept() {
    let keys: [&[u8]; 5] = [
        ED25519,
        include_bytes!("keys/ecdsa256"),
        include_bytes!("keys/ecdsa384"),
        include_bytes!("keys/ecdsa521"),
        RSA,
    ];
    let mut seen = Vec::new();
    for key in keys {
        let identity = Identity::from_openssh(key, None).unwrap();
        let public = identity.public();
        for name in &public.algorithms {
            let algorithm = SignatureAlgorithm::from_name(name).unwrap();
            // Numbers of a signature have leading zeros now and then.
            for round in 0..50u8 {
                let signature = identity.sign(name, &[round]).unwrap();
                assert_eq!(check(algorithm, &public.blob, &[round], &signature), Ok(()), "{name}");
                assert_eq!(check(algorithm, &public.blob, b"other", &signature), Err(Error::HostSignature));
            }
            seen.push(algorithm);
        }
        assert_eq!(identity.sign("ssh-dss", b"x"), Err(KeyError::Algorithm { algorithm: "ssh-dss".into() }));
    }
    assert_eq!(seen.len(), SignatureAlgorithm::ALL.len());
}

#[test]
fn an_rsa_signature_may_lack_its_leading_zeros_but_not_be_longer() {
    use super::super::wire::Write;
    let identity = Identity::from_openssh(RSA, None).unwrap();
    let check = |message: &[u8], value: &[u8]| {
        let mut signature = Vec::new();
        signature.put_string(b"rsa-sha2-256");
        signature.put_string(value);
        check(SignatureAlgorithm::RsaSha256, &identity.public().blob, message, &signature)
    };
    // Behind two strings' lengths and the algorithm's name.
    let value = |message: &[u8]| identity.sign("rsa-sha2-256", message).unwrap()[4 + 12 + 4..].to_vec();
    let (message, value) = (0u16..)
        .map(|at| (at.to_be_bytes(), value(&at.to_be_bytes())))
        .find(|(_, value)| value[0] == 0)
        .unwrap();
    assert_eq!(check(&message, &value), Ok(()));
    assert_eq!(check(&message, &value[1..]), Ok(()));
    assert_eq!(check(&message, &[&[0], &value[..]].concat()), Err(Error::HostSignature));
    assert_eq!(check(&message, &[]), Err(Error::HostSignature));
}

#[test]
fn a_passphrase_is_needed_and_checked() {
    let read = |passphrase: Option<&[u8]>| Identity::from_openssh(ENCRYPTED, passphrase);
    assert_eq!(read(None).unwrap_err(), KeyError::Encrypted);
    assert_eq!(read(Some(b"wrong")).unwrap_err(), KeyError::Passphrase);
    assert!(read(Some(b"correct horse")).is_ok());
}

#[test]
fn what_cannot_be_used_is_named() {
    let error = |bytes: &[u8]| Identity::from_openssh(bytes, None).unwrap_err();
    assert_eq!(error(PEM), KeyError::Format { format: "PEM" });
    assert!(error(PEM).to_string().contains("ssh-keygen -p"));
    assert_eq!(error(b"-----BEGIN PRIVATE KEY-----\n"), KeyError::Format { format: "PKCS #8" });
    assert_eq!(error(b"ssh-ed25519 AAAA me"), KeyError::Public);
    assert_eq!(error(WEAK_RSA), KeyError::Rsa);
    assert_eq!(error(&ED25519[..200]), KeyError::Malformed);
    assert_eq!(error(b""), KeyError::Malformed);
}

#[test]
fn secrets_are_not_shown() {
    let shown = format!("{:?}", Identity::from_openssh(ED25519, None).unwrap());
    assert_eq!(shown, "Identity { algorithms: [\"ssh-ed25519\"], .. }");
}

#[test]
fn certificates_of_agents_are_offered_as_such() {
    let blob = |name: &str| {
        use super::super::wire::Write;
        let mut blob = Vec::new();
        blob.put_string(name.as_bytes());
        blob
    };
    let algorithms = |name: &str| PublicIdentity::from_blob(&blob(name)).map(|identity| identity.algorithms);
    assert_eq!(algorithms("ssh-rsa").unwrap(), ["rsa-sha2-512", "rsa-sha2-256"]);
    assert_eq!(algorithms("ssh-rsa-cert-v01@openssh.com").unwrap().len(), 2);
    assert_eq!(algorithms("sk-ssh-ed25519@openssh.com").unwrap(), ["sk-ssh-ed25519@openssh.com"]);
    assert_eq!(algorithms("ssh-dss"), None);
    assert_eq!(PublicIdentity::from_blob(b"junk"), None);
}
