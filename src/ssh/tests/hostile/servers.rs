use crate::base::limits::SSH_HELD_BYTES_MAX;
use crate::ssh::*;
use crate::testing::ssh_pair::{Link, Pair};
use crate::testing::ssh_server::{Misbehaviour, ServerConfig};
use proptest::prelude::*;
use std::time::Duration;

fn error_of(misbehaviour: Misbehaviour, link: Link) -> Option<Error> {
    let config = ServerConfig { misbehaviour: Some(misbehaviour), ..ServerConfig::default() };
    let mut pair = Pair::new(config, link);
    pair.exec("hang", b"");
    pair.error
}

#[test]
fn every_violation_has_its_name() {
    for link in [Link::Whole, Link::Bytes] {
        assert_eq!(error_of(Misbehaviour::WrongSignature, link), Some(Error::HostSignature));
        assert_eq!(error_of(Misbehaviour::SmallOrder, link), Some(Error::KexValue));
        assert_eq!(error_of(Misbehaviour::StrayIgnore, link), Some(Error::StrictKex { number: 2 }));
        assert_eq!(error_of(Misbehaviour::IgnoreFirst, link), Some(Error::StrictKex { number: 20 }));
        assert_eq!(error_of(Misbehaviour::SecondKexinit, link), Some(Error::StrictKex { number: 20 }));
        let early = Error::UnexpectedMessage { number: 52, phase: Phase::Authentication };
        assert_eq!(error_of(Misbehaviour::EarlySuccess, link), Some(early));
        let early = Error::ChannelState { channel: 0, message: 94 };
        assert_eq!(error_of(Misbehaviour::DataBeforeOpen, link), Some(early));
        assert_eq!(error_of(Misbehaviour::UnknownChannel, link), Some(Error::UnknownChannel { number: 777 }));
        for phase in [Phase::KeyExchange, Phase::Authentication, Phase::Connected] {
            assert_eq!(error_of(Misbehaviour::CloseAt(phase), link), Some(Error::Closed { phase }));
        }
    }
}

#[test]
fn data_beyond_the_window_is_a_violation() {
    let misbehaviour = Some(Misbehaviour::OverrunWindow);
    let config = ServerConfig { misbehaviour, ..ServerConfig::default() };
    let change = |config: &mut ClientConfig| config.window_bytes = 1000;
    let mut pair = Pair::with(config, Link::Whole, 1, change);
    pair.exec("hang", b"");
    assert_eq!(pair.error, Some(Error::WindowExceeded { channel: 0, received: 1001, window: 1000 }));
}

#[test]
fn a_stray_message_is_tolerated_where_strictness_was_not_agreed() {
    let misbehaviour = Some(Misbehaviour::StrayIgnore);
    let config = ServerConfig { misbehaviour, is_strict: false, ..ServerConfig::default() };
    assert_eq!(Pair::new(config, Link::Whole).exec("echo x", b""), b"x");
}

#[test]
fn a_wrong_guess_is_dropped_when_keys_are_renewed_too() {
    for link in [Link::Whole, Link::Bytes] {
        let misbehaviour = Some(Misbehaviour::WrongGuess);
        let mut pair = Pair::new(ServerConfig { misbehaviour, ..ServerConfig::default() }, link);
        pair.run().server.start_exchange();
        assert_eq!(pair.exec("echo x", b""), b"x", "{:?}", pair.error);
        assert_eq!(pair.server.exchanges().done, 2);
    }
}

#[test]
fn a_silent_peer_is_given_up() {
    let config = ServerConfig { misbehaviour: Some(Misbehaviour::Silent), ..ServerConfig::default() };
    let mut pair = Pair::new(config, Link::Whole);
    pair.run();
    for _ in 0..4 {
        assert_eq!(pair.error, None);
        pair.advance(Duration::from_secs(5));
        if pair.error.is_none() {
            pair.run();
        }
    }
    assert_eq!(pair.error, Some(Error::KeepaliveTimeout { missed: 3 }));
    assert_eq!(pair.client.poll_timeout(), None);
}

#[test]
fn a_peer_that_answers_is_kept() {
    let mut pair = Pair::new(ServerConfig::default(), Link::Whole);
    pair.run();
    for _ in 0..20 {
        pair.advance(Duration::from_secs(5));
        pair.run();
    }
    assert_eq!(pair.error, None);
    assert_eq!(pair.exec("echo still here", b""), b"still here");
}

#[test]
fn a_peer_that_asks_without_reading_is_stopped() {
    let mut pair = Pair::new(ServerConfig::default(), Link::Whole);
    pair.run();
    for _ in 0..100_000 {
        pair.server.ask();
        let mut out = Vec::new();
        pair.server.poll_transmit(&mut out);
        pair.deliver(&out);
        if pair.error.is_some() {
            break;
        }
    }
    assert_eq!(pair.error, Some(Error::Flooded));
}

#[test]
fn a_peer_that_asks_while_answers_are_held_back_is_stopped() {
    let change = |config: &mut ClientConfig| config.rekey.bytes = Some(1);
    let mut pair = Pair::with(ServerConfig::default(), Link::Whole, 1, change);
    while !pair.client.is_ready() {
        pair.round();
    }
    while pair.client.poll_transmit(&mut Vec::new()) {}
    // Our KEXINIT is never answered, so that each answer is held back until then. It costs more than its one byte.
    let mut asked = 0;
    while pair.error.is_none() {
        pair.server.ask();
        let mut out = Vec::new();
        pair.server.poll_transmit(&mut out);
        pair.deliver(&out);
        asked += 1;
    }
    assert_eq!(pair.error, Some(Error::Flooded));
    assert!(asked < SSH_HELD_BYTES_MAX / 8, "{asked}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn garbage_after_the_version_string_ends_with_an_error_or_waits(bytes: Vec<u8>, seed: u64) {
        let mut pair = Pair::new(ServerConfig::default(), Link::Random(seed));
        pair.deliver(b"SSH-2.0-x\r\n");
        pair.deliver(&bytes);
        prop_assert!(pair.client.handle_eof().is_err());
    }

    #[test]
    fn a_flipped_byte_anywhere_never_yields_a_wrong_answer(at in 0usize..2000, bit in 0u32..8) {
        let mut pair = Pair::new(ServerConfig::default(), Link::Whole);
        let channel = pair.client.open_session().unwrap();
        pair.client.exec(channel, b"echo right");
        let mut seen = 0;
        for _ in 0..12 {
            let mut out = Vec::new();
            pair.client.poll_transmit(&mut out);
            // A version string or KEXINIT that was changed makes the two disagree: either side may notice.
            if pair.server.handle_input(&out).is_err() {
                break;
            }
            out.clear();
            pair.server.poll_transmit(&mut out);
            if let Some(byte) = at.checked_sub(seen).and_then(|at| out.get_mut(at)) {
                *byte ^= 1 << bit;
            }
            seen += out.len();
            pair.deliver(&out);
        }
        let received = pair.client.received(channel, Stream::Stdout);
        prop_assert!(received.is_empty() || received == b"right");
    }
}
