//! The first packet of a key exchange sent on a guess (RFC 4253 §7.1).

use crate::ssh::*;
use crate::testing::ssh_pair::{Link, Pair};
use crate::testing::ssh_server::{Misbehaviour, ServerConfig};
use HostKeyAlgorithm::Plain;
use SignatureAlgorithm::{EcdsaP256, Ed25519, RsaSha512};

const CURVE: Guess = Guess { kex: KexAlgorithm::Curve25519, host_key: Plain(Ed25519) };

fn pair(config: ServerConfig, guess: Guess, link: Link) -> Pair {
    Pair::with(config, link, 1, |config| config.guess = Some(guess))
}

/// Logs in and runs a command; writes until the login was done, right guesses, wrong guesses.
fn outcome(config: &ServerConfig, guess: Guess, link: Link) -> (usize, usize, usize) {
    let mut pair = pair(config.clone(), guess, link);
    while !pair.client.is_ready() {
        assert!(pair.round(), "{config:?} {guess:?} {link:?} {:?}", pair.error);
    }
    let writes = pair.client_writes.len();
    assert_eq!(pair.exec("echo x", b""), b"x", "{config:?} {guess:?} {link:?} {:?}", pair.error);
    (writes, pair.server.exchanges().right_guesses, pair.server.exchanges().wrong_guesses)
}

#[test]
fn a_right_guess_saves_a_write() {
    for kex in KexAlgorithm::ALL {
        for is_strict in [true, false] {
            let config = ServerConfig { kex: *kex, is_strict, ..ServerConfig::default() };
            let guess = Guess { kex: *kex, ..CURVE };
            // Version string, KEXINIT and our value; NEWKEYS, service and signed request.
            assert_eq!(outcome(&config, guess, Link::Whole), (2, 1, 0), "{kex:?}");
        }
    }
    assert_eq!(outcome(&ServerConfig::default(), CURVE, Link::Bytes).1, 1);
}

#[test]
fn a_wrong_guess_costs_nothing_but_its_bytes() {
    let host_keys = vec![Plain(RsaSha512), Plain(Ed25519)];
    for is_strict in [true, false] {
        let configs = [
            // Another method; the same method behind another host key; both.
            ServerConfig { kex: KexAlgorithm::EcdhP256, is_strict, ..ServerConfig::default() },
            ServerConfig { host_keys: host_keys.clone(), is_strict, ..ServerConfig::default() },
            ServerConfig {
                kex: KexAlgorithm::MlKem768X25519,
                host_keys: vec![Plain(EcdsaP256)],
                is_strict,
                ..ServerConfig::default()
            },
        ];
        for config in configs {
            for link in [Link::Whole, Link::Bytes, Link::Random(5)] {
                let (writes, right, wrong) = outcome(&config, CURVE, link);
                assert_eq!((right, wrong), (0, 1));
                assert!(!matches!(link, Link::Whole) || writes == 3);
            }
        }
    }
}

#[test]
fn both_may_guess() {
    let misbehaviour = Some(Misbehaviour::WrongGuess);
    let config = ServerConfig { misbehaviour, kex: KexAlgorithm::EcdhP384, ..ServerConfig::default() };
    for link in [Link::Whole, Link::Bytes] {
        assert_eq!(outcome(&config, CURVE, link).2, 1);
    }
}

#[test]
fn what_is_not_offered_is_not_guessed() {
    let mut pair = Pair::with(ServerConfig::default(), Link::Whole, 1, |config| {
        config.offer.host_keys = vec![Plain(Ed25519)];
        config.guess = Some(Guess { host_key: Plain(RsaSha512), ..CURVE });
    });
    assert_eq!(pair.exec("echo x", b""), b"x");
    assert_eq!((pair.server.exchanges().right_guesses, pair.server.exchanges().wrong_guesses), (0, 0));
}

#[test]
fn keys_are_renewed_after_a_guess() {
    let mut pair = pair(ServerConfig::default(), CURVE, Link::Whole);
    pair.run().server.start_exchange();
    assert_eq!(pair.exec("echo x", b""), b"x");
    assert_eq!((pair.server.exchanges().done, pair.server.exchanges().right_guesses), (2, 1));
}

#[test]
fn a_server_is_remembered_as_it_is_now() {
    let server = |kex, host_key| ServerConfig {
        kex,
        host_keys: vec![Plain(host_key), Plain(Ed25519)],
        ..ServerConfig::default()
    };
    let mut guess = None;
    for (config, right, wrong) in [
        (server(KexAlgorithm::Curve25519, RsaSha512), 0, 0),
        (server(KexAlgorithm::Curve25519, RsaSha512), 1, 0),
        // It changed its mind.
        (server(KexAlgorithm::MlKem768X25519, RsaSha512), 0, 1),
        (server(KexAlgorithm::MlKem768X25519, EcdsaP256), 0, 1),
        (server(KexAlgorithm::MlKem768X25519, EcdsaP256), 1, 0),
    ] {
        let mut pair = Pair::with(config, Link::Whole, 1, |config| config.guess = guess);
        assert_eq!(pair.exec("echo x", b""), b"x", "{:?}", pair.error);
        assert_eq!(
            (pair.server.exchanges().right_guesses, pair.server.exchanges().wrong_guesses),
            (right, wrong),
            "{guess:?}"
        );
        guess = pair.client.preferences().copied();
        assert!(guess.is_some());
    }
}

#[test]
fn nothing_is_remembered_of_a_server_that_has_proved_nothing() {
    let misbehaviour = Some(Misbehaviour::WrongSignature);
    let mut pair = Pair::new(ServerConfig { misbehaviour, ..ServerConfig::default() }, Link::Whole);
    pair.run();
    assert_eq!((pair.client.preferences(), &pair.error), (None, &Some(Error::HostSignature)));
}
