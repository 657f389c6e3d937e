//! Keys as `ssh-keygen` writes them, made for these tests only.

use crate::crypto::Curve;
use crate::ssh::*;
use hostkey::check;

const ED25519: &[u8] = include_bytes!("keys/ed25519");
const ENCRYPTED: &[u8] = include_bytes!("keys/encrypted");
const RSA: &[u8] = include_bytes!("keys/rsa2048");
const WEAK_RSA: &[u8] = include_bytes!("keys/rsa1024");
/// Scalars that `ssh-keygen` wrote in fewer bytes than their curve has: one in 512 of P-256's, one in four of P-521's.
const SHORT: [(&[u8], Curve); 3] = [
    (include_bytes!("keys/ecdsa256_short"), Curve::P256),
    (include_bytes!("keys/ecdsa384_short"), Curve::P384),
    (include_bytes!("keys/ecdsa521_short"), Curve::P521),
];
/// The same keys under every mode of encryption.
const SHORT_ENCRYPTED: [(&[u8], &[u8]); 4] = [
    (include_bytes!("keys/ecdsa256_short_cbc"), SHORT[0].0),
    (include_bytes!("keys/ecdsa384_short_gcm"), SHORT[1].0),
    (include_bytes!("keys/ecdsa521_short_chacha"), SHORT[2].0),
    (include_bytes!("keys/ecdsa521_short_ctr"), SHORT[2].0),
];
/// Older formats, each beside the same key in OpenSSH's.
const PEM: [(&[u8], &[u8]); 5] = [
    (include_bytes!("keys/rsa2048_pkcs1"), RSA),
    (include_bytes!("keys/rsa2048_pkcs8"), RSA),
    (include_bytes!("keys/ecdsa521_short_sec1"), SHORT[2].0),
    (include_bytes!("keys/ecdsa521_short_pkcs8"), SHORT[2].0),
    (include_bytes!("keys/ed25519_pkcs8"), ED25519),
];

#[test]
fn every_kind_of_key_signs_what_a_host_would_accept() {
    let keys: [&[u8]; 5] = [
        ED25519,
        include_bytes!("keys/ecdsa256"),
        include_bytes!("keys/ecdsa384"),
        include_bytes!("keys/ecdsa521"),
        RSA,
    ];
    let seen: Vec<_> =
        keys.iter().flat_map(|key| accepted(&Identity::from_openssh(key, None).unwrap())).collect();
    assert_eq!(seen.len(), SignatureAlgorithm::ALL.len());
}

/// The algorithms of an identity, after a host has taken its signatures.
fn accepted(identity: &Identity) -> Vec<SignatureAlgorithm> {
    let public = identity.public();
    assert_eq!(identity.sign("ssh-dss", b"x"), Err(KeyError::Algorithm { algorithm: "ssh-dss".into() }));
    let named = public.algorithms.iter().map(|name| {
        let algorithm = SignatureAlgorithm::from_name(name).unwrap();
        // Numbers of a signature have leading zeros now and then.
        for round in 0..50u8 {
            let signature = identity.sign(name, &[round]).unwrap();
            assert_eq!(check(algorithm, &public.blob, &[round], &signature), Ok(()), "{name}");
            assert_eq!(check(algorithm, &public.blob, b"other", &signature), Err(Error::HostSignature));
        }
        algorithm
    });
    named.collect()
}

#[test]
fn scalars_may_have_leading_zeros() {
    for (key, curve) in SHORT {
        let identity = Identity::from_openssh(key, None).unwrap();
        let algorithms = accepted(&identity);
        assert_eq!(algorithms[0].scheme(), super::super::algorithm::Scheme::Ecdsa(curve));
    }
    for (encrypted, plain) in SHORT_ENCRYPTED {
        let read = |passphrase| Identity::from_openssh(encrypted, passphrase);
        assert_eq!(read(None).unwrap_err(), KeyError::Encrypted);
        assert_eq!(read(Some(b"wrong")).unwrap_err(), KeyError::Passphrase);
        assert_eq!(read(Some(b"")).unwrap_err(), KeyError::Passphrase);
        let identity = read(Some(b"correct horse")).unwrap();
        assert_eq!(identity.public(), Identity::from_openssh(plain, None).unwrap().public());
        accepted(&identity);
    }
}

#[test]
fn older_formats_hold_the_same_keys() {
    for (pem, openssh) in PEM {
        let identity = Identity::from_openssh(pem, None).unwrap();
        assert_eq!(identity.public(), Identity::from_openssh(openssh, None).unwrap().public());
        accepted(&identity);
    }
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
fn the_public_half_is_known_without_the_passphrase() {
    let public = |file: &[u8]| PublicIdentity::of_private(file);
    let opened = Identity::from_openssh(ENCRYPTED, Some(b"correct horse")).unwrap().public();
    assert_eq!(public(ENCRYPTED), Some(opened));
    assert_eq!(public(include_bytes!("keys/rsa2048_pkcs8")), None);
    assert_eq!(public(b"junk"), None);
}

#[test]
fn a_certificate_signs_as_its_key() {
    let identity = Identity::from_openssh(ED25519, None).unwrap();
    let signed = |algorithm| identity.sign(algorithm, b"x").unwrap();
    assert_eq!(signed("ssh-ed25519-cert-v01@openssh.com"), signed("ssh-ed25519"));
}

#[test]
fn what_cannot_be_used_is_named() {
    let error = |bytes: &[u8]| Identity::from_openssh(bytes, Some(b"correct horse")).unwrap_err();
    let pkcs1 = error(include_bytes!("keys/rsa2048_pkcs1_encrypted"));
    assert_eq!(pkcs1, KeyError::Format { format: "encrypted PEM" });
    assert!(pkcs1.to_string().contains("ssh-keygen -p"));
    let pkcs8 = error(include_bytes!("keys/rsa2048_pkcs8_encrypted"));
    assert_eq!(pkcs8, KeyError::Format { format: "encrypted PKCS #8" });
    let dsa = error(b"-----BEGIN DSA PRIVATE KEY-----\nAAAA\n-----END DSA PRIVATE KEY-----\n");
    assert_eq!(dsa, KeyError::Unsupported { algorithm: "ssh-dss".into() });
    assert_eq!(error(b"PuTTY-User-Key-File-3: ssh-ed25519\n"), KeyError::Putty);
    assert_eq!(error(include_bytes!("keys/rsa1024_pkcs1")), KeyError::Rsa);
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
