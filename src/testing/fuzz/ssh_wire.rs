//! Everything of SSH that is read from one buffer: version strings, KEXINIT, extensions, host keys and their
//! signatures, certificates, identities, agent messages, private keys. The first byte says which.

use super::check_shown;
use crate::base::limits::{SSH_AGENT_KEYS_MAX, SSH_IDENT_BYTES_MAX, SSH_TEXT_BYTES_MAX};
use crate::ssh::agent::{Answer, Answers};
use crate::ssh::ident::IdentWait;
use crate::ssh::wire::{Reader, Write};
use crate::ssh::{
    HostKey, HostKeyAlgorithm, Identity, Offer, PublicIdentity, SignatureAlgorithm, UserCertificate, hostkey,
};
use crate::testing::choices::Choices;

const WHAT: &str = "fuzz";

pub fn run(data: &[u8]) {
    let mut choices = Choices::new(data);
    match choices.u8() % 10 {
        0 => values(choices.rest()),
        1 => ident(choices.rest()),
        2 => kexinit(choices.rest()),
        3 => host_key(&mut choices),
        4 => agent(&mut choices),
        5 => private_key(choices.rest()),
        6 => public_key(choices.rest()),
        7 => extensions(choices.rest()),
        8 => host_certificate(&mut choices),
        _ => user_certificate(choices.rest()),
    }
}

/// What is read can be written, and is read the same again.
fn values(bytes: &[u8]) {
    let mut reader = Reader::new(bytes);
    let Ok(string) = reader.string(64, WHAT) else { return };
    let Ok(number) = reader.unsigned(64, WHAT) else { return };
    let Ok(names) = reader.name_list(64, WHAT) else { return };
    let mut out = Vec::new();
    out.put_string(string);
    out.put_unsigned(number);
    out.put_name_list(names.iter());
    let mut reader = Reader::new(&out);
    assert_eq!(reader.string(64, WHAT), Ok(string));
    assert_eq!(reader.unsigned(64, WHAT), Ok(number));
    let again = reader.name_list(64, WHAT).expect("it was one");
    assert!(again.iter().eq(names.iter()));
    reader.end(WHAT).expect("nothing more was written");
}

fn ident(bytes: &[u8]) {
    let mut wait = IdentWait::default();
    match wait.handle(bytes) {
        Ok((consumed, Some(ident))) => {
            // The line end counts (RFC 4253 §4.2).
            assert!(consumed <= bytes.len() && ident.line.len() + 2 <= SSH_IDENT_BYTES_MAX);
            assert!(ident.line.starts_with(b"SSH-"));
        }
        Ok((consumed, None)) => {
            let rest = bytes.get(consumed..).expect("no more is consumed than there is");
            check_shown(&wait.handle_eof(rest).to_string(), 2 * SSH_TEXT_BYTES_MAX);
        }
        Err(error) => check_shown(&error.to_string(), 4 * SSH_TEXT_BYTES_MAX),
    }
}

fn kexinit(bytes: &[u8]) {
    if let Err(error) = Offer::default().agree(bytes) {
        check_shown(&error.to_string(), 4 * SSH_TEXT_BYTES_MAX);
    }
}

fn host_key(choices: &mut Choices<'_>) {
    let algorithm = choices.pick(SignatureAlgorithm::ALL);
    let (blob, value) = (choices.block(), choices.block());
    // A key of small order signs anything for anybody (RFC 8032 §8.4 leaves it to us to care): no host has one.
    let signs_anything = algorithm == SignatureAlgorithm::Ed25519;
    assert!(signs_anything || hostkey::check(algorithm, blob, b"message", value).is_err());
    let mut signature = Vec::new();
    signature.put_string(algorithm.name().as_bytes());
    signature.put_string(value);
    assert!(signs_anything || hostkey::check(algorithm, blob, b"message", &signature).is_err());
    let mut typed = Vec::new();
    typed.put_string(algorithm.key_type().as_bytes());
    typed.extend_from_slice(blob);
    let _ = hostkey::check(algorithm, &typed, b"message", &signature);
}

fn host_certificate(choices: &mut Choices<'_>) {
    let algorithm = choices.pick(SignatureAlgorithm::ALL);
    let mut certificate = Vec::new();
    certificate.put_string(algorithm.certificate_type().as_bytes());
    certificate.extend_from_slice(choices.block());
    let mut signature = Vec::new();
    signature.put_string(algorithm.name().as_bytes());
    signature.put_string(choices.block());
    let proved = HostKey::prove(HostKeyAlgorithm::Certified(algorithm), &certificate, b"message", &signature);
    if let Err(error) = proved {
        check_shown(&error.to_string(), 2 * SSH_TEXT_BYTES_MAX);
    }
}

fn user_certificate(bytes: &[u8]) {
    if let Ok(certificate) = UserCertificate::from_blob(bytes) {
        check_shown(&certificate.key_id, 4 * SSH_TEXT_BYTES_MAX);
        assert_eq!(certificate.public.blob, bytes);
        let _ = certificate.check_time(0);
    }
    let _ = UserCertificate::from_openssh(&String::from_utf8_lossy(bytes));
}

fn agent(choices: &mut Choices<'_>) {
    let mut answers = Answers::default();
    while !choices.is_empty() {
        answers.handle_input(choices.block());
        while let Ok(Some(answer)) = answers.poll() {
            if let Answer::Keys(keys) = answer {
                assert!(keys.len() <= SSH_AGENT_KEYS_MAX as usize);
            }
        }
        if answers.poll().is_err() {
            return;
        }
    }
}

/// No passphrase is tried: the cost of one is up to the file and bounded elsewhere.
fn private_key(bytes: &[u8]) {
    match Identity::from_openssh(bytes, None) {
        Ok(identity) => {
            let public = identity.public();
            let algorithm = public.algorithms.first().expect("it can sign with something");
            identity.sign(algorithm, b"message").expect("a key that was taken signs");
        }
        Err(error) => check_shown(&error.to_string(), SSH_TEXT_BYTES_MAX),
    }
}

fn public_key(bytes: &[u8]) {
    if let Some(identity) = PublicIdentity::from_blob(bytes) {
        assert_eq!(identity.blob, bytes);
        assert!(!identity.algorithms.is_empty());
    }
    if let Ok(line) = std::str::from_utf8(bytes) {
        let _ = PublicIdentity::from_openssh(line);
    }
}

fn extensions(bytes: &[u8]) {
    let _ = crate::ssh::server_signature_algorithms(bytes);
}
