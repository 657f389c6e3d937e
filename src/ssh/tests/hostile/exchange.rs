use super::*;
use crate::base::limits::{SSH_CERTIFICATE_BYTES_MAX, SSH_KEY_BYTES_MAX, SSH_NAME_LIST_BYTES_MAX};

/// The ten lists of a server that speaks what everybody speaks.
const LISTS: [&str; 10] = [
    "curve25519-sha256",
    "ssh-ed25519,rsa-sha2-512,ecdsa-sha2-nistp256",
    "aes128-gcm@openssh.com",
    "aes128-gcm@openssh.com",
    "",
    "",
    "none",
    "none",
    "",
    "",
];
const STRICT: &str = "curve25519-sha256,kex-strict-s-v00@openssh.com";

fn kexinit(lists: &[impl AsRef<[u8]>]) -> Vec<u8> {
    message(number::KEXINIT, |out| {
        out.extend_from_slice(&[0; 16]);
        lists.iter().for_each(|list| out.put_string(list.as_ref()));
        out.put_bool(false);
        out.put_u32(0);
    })
}

/// [`LISTS`], but for one.
fn with(at: usize, list: &str) -> Vec<u8> {
    let mut lists = LISTS;
    lists[at] = list;
    kexinit(&lists)
}

fn reply(host_key: &[u8], value: &[u8], signature: &[u8]) -> Vec<u8> {
    message(number::KEX_ECDH_REPLY, |out| {
        [host_key, value, signature].iter().for_each(|part| out.put_string(part));
    })
}

fn blob(parts: &[&[u8]]) -> Vec<u8> {
    let mut blob = Vec::new();
    parts.iter().for_each(|part| blob.put_string(part));
    blob
}

/// A point of X25519 that is as good as any.
const POINT: [u8; 32] = [9; 32];

#[test]
fn lists_of_algorithms() {
    const WHAT: &str = "KEXINIT";
    let long = "x".repeat(SSH_NAME_LIST_BYTES_MAX + 1);
    for at in 0..10 {
        for list in ["a b", "\n", "é", "a\0"] {
            assert_eq!(
                told(greeted(), [with(at, list)]),
                Some(Error::Malformed { what: WHAT }),
                "{at} {list:?}"
            );
        }
        let error = Error::TooLong { what: WHAT, max: SSH_NAME_LIST_BYTES_MAX };
        assert_eq!(told(greeted(), [with(at, &long)]), Some(error));
    }
    let whole = kexinit(&LISTS);
    for cut in 1..whole.len() {
        assert_eq!(told(greeted(), [&whole[..cut]]), Some(Error::Truncated { what: WHAT }), "{cut}");
    }
    for (at, kind) in [
        (0, "key exchange method"),
        (1, "host key algorithm"),
        (2, "cipher"),
        (3, "cipher"),
        (6, "compression"),
        (7, "compression"),
    ] {
        for list in ["", ",,,", "diffie-hellman-group1-sha1", "zlib,zlib@openssh.com"] {
            let error = told(greeted(), [with(at, list)]).unwrap();
            let Error::NoCommonAlgorithm { kind: named, theirs, .. } = error else {
                panic!("{at} {list:?}: {error}")
            };
            assert_eq!((named, theirs.as_str()), (kind, list));
        }
    }
}

#[test]
fn out_of_order() {
    let early =
        |number: u8| [(LISTS[0], Error::UnexpectedInKex { number }), (STRICT, Error::StrictKex { number })];
    let newkeys = vec![number::NEWKEYS];
    let answer = reply(b"", b"", b"");
    let ignore = text(number::IGNORE, "");
    // Before KEXINIT nobody knows yet whether it will be strict.
    for number in [number::NEWKEYS, number::KEX_ECDH_REPLY, 32, 49] {
        let error = Error::UnexpectedInKex { number };
        assert_eq!(told(greeted(), [vec![number]]), Some(error));
    }
    for number in
        [number::SERVICE_ACCEPT, number::EXT_INFO, number::USERAUTH_SUCCESS, number::CHANNEL_OPEN, 0, 255]
    {
        assert_eq!(told(greeted(), [vec![number]]), Some(Error::UnexpectedInKex { number }));
        for (kex, error) in early(number) {
            assert_eq!(told(greeted(), [with(0, kex), vec![number]]), Some(error));
        }
    }
    for (kex, error) in early(number::KEXINIT) {
        assert_eq!(told(greeted(), [with(0, kex), with(0, kex)]), Some(error));
    }
    for (kex, error) in early(number::NEWKEYS) {
        assert_eq!(told(greeted(), [with(0, kex), newkeys.clone()]), Some(error));
    }
    assert_eq!(
        told(greeted(), [ignore.clone(), with(0, STRICT)]),
        Some(Error::StrictKex { number: number::KEXINIT })
    );
    assert_eq!(
        told(greeted(), [with(0, STRICT), ignore.clone()]),
        Some(Error::StrictKex { number: number::IGNORE })
    );
    assert_eq!(told(greeted(), [ignore.clone(), with(0, LISTS[0]), ignore]), None);
    // After login: a reply or NEWKEYS that belongs to no exchange.
    for payload in [newkeys, answer] {
        let number = payload[0];
        assert_eq!(told(ready(), [payload]), Some(Error::UnexpectedInKex { number }));
    }
    // In an exchange of the server's, what is no part of it.
    let stray = message(number::GLOBAL_REQUEST, |out| out.put_string(b"x"));
    let error = Error::UnexpectedInKex { number: number::GLOBAL_REQUEST };
    assert_eq!(told(ready(), [kexinit(&LISTS), stray]), Some(error));
}

#[test]
fn replies() {
    const WHAT: &str = "key exchange reply";
    let ed25519 = blob(&[b"ssh-ed25519", &[1; 32]]);
    let signature = blob(&[b"ssh-ed25519", &[1; 64]]);
    let answer = |payload: &[u8]| told(greeted(), [&kexinit(&LISTS), payload]);

    let whole = reply(&ed25519, &POINT, &signature);
    assert_eq!(answer(&whole), Some(Error::HostSignature));
    for cut in 1..whole.len() {
        assert_eq!(answer(&whole[..cut]), Some(Error::Truncated { what: WHAT }), "{cut}");
    }
    assert_eq!(answer(&[&whole[..], b"x"].concat()), Some(Error::Malformed { what: WHAT }));
    let long = vec![0; 200_000];
    for (payload, max) in [
        (reply(&long, b"", b""), SSH_CERTIFICATE_BYTES_MAX),
        (reply(b"", &long, b""), SSH_KEY_BYTES_MAX),
        (reply(b"", b"", &long), SSH_KEY_BYTES_MAX),
    ] {
        assert_eq!(answer(&payload), Some(Error::TooLong { what: WHAT, max }));
    }
    for value in [&[][..], &[9; 31], &[9; 33], &[0; 32]] {
        assert_eq!(
            answer(&reply(&ed25519, value, &signature)),
            Some(Error::KexValue),
            "{} bytes",
            value.len()
        );
    }
    for (key, signature, error) in [
        (
            blob(&[b"ssh-rsa", &[1, 0, 1], &[0xff; 256]]),
            &signature,
            Error::HostKeyType { expected: "ssh-ed25519" },
        ),
        (blob(&[b"ssh-ed25519", &[1; 31]]), &signature, Error::HostKeyMalformed),
        (blob(&[b"ssh-ed25519", &[1; 32], b"more"]), &signature, Error::HostKeyMalformed),
        (Vec::new(), &signature, Error::HostKeyMalformed),
        (ed25519.clone(), &blob(&[b"rsa-sha2-256", &[1; 64]]), Error::HostSignature),
        (ed25519.clone(), &blob(&[b"ssh-ed25519", &[1; 63]]), Error::HostSignature),
    ] {
        assert_eq!(answer(&reply(&key, &POINT, signature)), Some(error));
    }
    let weak = blob(&[b"ssh-rsa", &[1, 0, 1], &[0x7f; 128]]);
    let payload = reply(&weak, &POINT, &blob(&[b"rsa-sha2-512", &[1; 128]]));
    let error = told(greeted(), [with(1, "rsa-sha2-512"), payload]);
    assert_eq!(error, Some(Error::HostKeyWeak { bits: 1023 }));
}
