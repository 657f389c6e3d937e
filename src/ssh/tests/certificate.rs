//! Host certificates, good and bad.

use crate::ssh::wire::Write;
use crate::ssh::*;
use crate::testing::ssh_server_kex::{CertificateRequest, HostSecret};
use SignatureAlgorithm::{Ed25519, RsaSha512};

const MESSAGE: &[u8] = b"exchange hash";

/// A host with this kind of key presents what an authority with that kind of key has granted.
fn presented(
    request: &CertificateRequest,
    host: SignatureAlgorithm,
    by: SignatureAlgorithm,
) -> Result<HostKey, Error> {
    let (secret, authority) = (HostSecret::new(host), HostSecret::new(by));
    prove(host, &secret, &request.grant(host, &secret, &authority))
}

fn prove(algorithm: SignatureAlgorithm, secret: &HostSecret, certificate: &[u8]) -> Result<HostKey, Error> {
    HostKey::prove(HostKeyAlgorithm::Certified(algorithm), certificate, MESSAGE, &secret.sign(MESSAGE))
}

/// The key is the host's; its certificate says nothing to us.
fn fault(key: Result<HostKey, Error>) -> Error {
    let key = key.unwrap();
    assert_eq!(key.certificate(), None);
    key.certificate_fault().unwrap().clone()
}

#[test]
fn every_key_is_certified_by_every_authority() {
    let request = CertificateRequest::default();
    for host in SignatureAlgorithm::ALL {
        for by in SignatureAlgorithm::ALL {
            let key = presented(&request, *host, *by).unwrap();
            assert_eq!(key.key_type(), host.key_type());
            let certificate = key.certificate().unwrap();
            assert_eq!(certificate.authority_algorithm, *by);
            assert_eq!((certificate.serial, certificate.key_id.as_str()), (7, "a host"));
            assert_eq!(certificate.principals, ["host.example", "192.0.2.1"]);
            assert_eq!((certificate.valid_after, certificate.valid_before), (0, u64::MAX));
        }
    }
}

#[test]
fn the_key_of_a_certificate_is_the_plain_one() {
    let (secret, authority) = (HostSecret::new(RsaSha512), HostSecret::new(Ed25519));
    let blob = CertificateRequest::default().grant(RsaSha512, &secret, &authority);
    let key = prove(RsaSha512, &secret, &blob).unwrap();
    assert_eq!(key.blob, secret.blob);
    assert_eq!(key.certificate().unwrap().authority, authority.blob);
}

#[test]
fn what_ssh_keygen_wrote_is_read() {
    // ssh-keygen -s authority -h -I "web 1" -z 42 -n web1.example,web1 -V 20260101000000:20360101000000 (UTC)
    let line = include_str!("keys/host_ecdsa384-cert.pub");
    let blob = ssh_key::Certificate::from_openssh(line.trim_end()).unwrap().to_bytes().unwrap();
    let (key, claim) = certificate::read(SignatureAlgorithm::EcdsaP384, &blob).unwrap();
    let certificate = claim.unwrap();
    assert_eq!(key, HostSecret::new(SignatureAlgorithm::EcdsaP384).blob);
    assert_eq!(certificate.authority, HostSecret::new(RsaSha512).blob);
    assert_eq!(certificate.authority_algorithm, RsaSha512);
    assert_eq!((certificate.serial, certificate.key_id.as_str()), (42, "web 1"));
    assert_eq!(certificate.principals, ["web1.example", "web1"]);
    assert_eq!((certificate.valid_after, certificate.valid_before), (1_767_225_600, 2_082_758_400));
}

#[test]
fn what_a_certificate_must_not_say_has_its_name() {
    let good = CertificateRequest::default;
    let user = CertificateRequest { kind: 1, ..good() };
    assert_eq!(fault(presented(&user, Ed25519, Ed25519)), Error::CertificateKind);
    let demanding = CertificateRequest { critical: vec!["verify-required", "x"], ..good() };
    let name = "verify-required".to_owned();
    assert_eq!(fault(presented(&demanding, Ed25519, Ed25519)), Error::CertificateOption { name });
    let crowded = CertificateRequest { principals: vec!["x"; 257], ..good() };
    assert_eq!(presented(&crowded, Ed25519, Ed25519), Err(Error::CertificateMalformed));
    let hidden = CertificateRequest { key_id: "\x1b[2J", ..good() };
    assert_eq!(presented(&hidden, Ed25519, Ed25519).unwrap().certificate().unwrap().key_id, ".[2J");
}

#[test]
fn a_certificate_of_somebody_else_is_of_no_use() {
    let (secret, authority) = (HostSecret::new(Ed25519), HostSecret::new(Ed25519));
    let other = CertificateRequest::default().grant(Ed25519, &HostSecret::new(Ed25519), &authority);
    assert_eq!(prove(Ed25519, &secret, &other), Err(Error::HostSignature));
}

#[test]
fn authorities_are_held_to_the_rules() {
    let secret = HostSecret::new(Ed25519);
    let granted = |authority: HostSecret| {
        prove(Ed25519, &secret, &CertificateRequest::default().grant(Ed25519, &secret, &authority))
    };
    let refused = |authority| granted(authority).unwrap_err();
    // A signature of another key.
    let mut impostor = HostSecret::new(Ed25519);
    impostor.blob = HostSecret::new(Ed25519).blob;
    assert_eq!(refused(impostor), Error::CertificateSignature);
    // RSA with SHA-1.
    let named = |name: &'static str| {
        let mut authority = HostSecret::new(RsaSha512);
        authority.sign_as(name);
        authority
    };
    let unsupported = |algorithm: &str| Error::CertificateAuthority { algorithm: algorithm.into() };
    assert_eq!(fault(granted(named("ssh-rsa"))), unsupported("ssh-rsa"));
    assert_eq!(fault(granted(named("ssh-ed25519"))), unsupported("ssh-ed25519"));
    // A certificate in place of the authority's key.
    let mut chained = HostSecret::new(Ed25519);
    chained.blob = CertificateRequest::default().grant(Ed25519, &secret, &HostSecret::new(Ed25519));
    assert_eq!(fault(granted(chained)), unsupported("ssh-ed25519"));
    // A key that nobody should trust.
    let mut weak = HostSecret::new(RsaSha512);
    weak.blob.clear();
    weak.blob.put_string(b"ssh-rsa");
    weak.blob.put_unsigned(&[1, 0, 1]);
    weak.blob.put_unsigned(&[0xff; 128]);
    assert_eq!(refused(weak), Error::CertificateWeak { bits: 1024 });
}

#[test]
fn plain_keys_and_certificates_are_not_mistaken_for_each_other() {
    let secret = HostSecret::new(Ed25519);
    let error = Error::HostKeyType { expected: "ssh-ed25519-cert-v01@openssh.com" };
    assert_eq!(prove(Ed25519, &secret, &secret.blob), Err(error));
    let blob = CertificateRequest::default().grant(Ed25519, &secret, &HostSecret::new(Ed25519));
    let result = HostKey::prove(HostKeyAlgorithm::Plain(Ed25519), &blob, MESSAGE, &secret.sign(MESSAGE));
    assert_eq!(result, Err(Error::HostKeyType { expected: "ssh-ed25519" }));
}

#[test]
fn a_certificate_that_was_changed_or_cut_anywhere_is_worth_nothing() {
    for algorithm in SignatureAlgorithm::ALL {
        let (secret, authority) = (HostSecret::new(*algorithm), HostSecret::new(Ed25519));
        let blob = CertificateRequest::default().grant(*algorithm, &secret, &authority);
        for at in 0..blob.len() {
            let mut bad = blob.clone();
            bad[at] ^= 1;
            // What is no signature that we know might be one that others do.
            let key = prove(*algorithm, &secret, &bad);
            assert!(key.is_err() || fault(key) != Error::CertificateKind, "{algorithm:?} {at}");
            assert!(prove(*algorithm, &secret, &blob[..at]).is_err(), "{algorithm:?} cut {at}");
        }
        assert!(prove(*algorithm, &secret, &[&blob[..], b"x"].concat()).is_err());
    }
}
