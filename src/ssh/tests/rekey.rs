use crate::ssh::cipher::Protection;
use crate::ssh::*;
use crate::testing::protections::protections;
use crate::testing::ssh_pair::{Link, Pair};
use crate::testing::ssh_server::{Misbehaviour, ServerConfig};
use std::time::Duration;

fn input() -> Vec<u8> {
    (0..600_000u32).map(|at| (at % 251) as u8).collect()
}

/// Carries [`input`] both ways under keys that are good for 100,000 bytes.
fn renews_keys(config: ServerConfig) {
    let change = |config: &mut ClientConfig| config.rekey.bytes = Some(100_000);
    let mut pair = Pair::with(config.clone(), Link::Random(3), 1, change);
    assert!(pair.exec("cat", &input()) == input(), "{config:?} {:?}", pair.error);
    assert!(pair.server.exchanges().done >= 5, "{}", pair.server.exchanges().done);
}

#[test]
fn keys_renewed_by_us_lose_nothing_with_any_exchange() {
    for kex in KexAlgorithm::ALL {
        renews_keys(ServerConfig { kex: *kex, ..ServerConfig::default() });
    }
}

#[test]
fn keys_renewed_by_us_lose_nothing_under_any_protection() {
    for Protection { cipher, mac } in protections().into_iter().flatten() {
        for is_strict in [true, false] {
            let mac = mac.unwrap_or(Mac::HmacSha256);
            renews_keys(ServerConfig { cipher, mac, is_strict, ..ServerConfig::default() });
        }
    }
}

/// A server that takes everything at once and says nothing.
fn upload(rekey: Rekey) -> (Pair, ChannelId) {
    let config = ServerConfig { window_bytes: 1 << 30, ..ServerConfig::default() };
    let mut pair = Pair::with(config, Link::Whole, 1, |config| config.rekey = rekey);
    let channel = pair.client.open_session().unwrap();
    pair.client.exec(channel, b"cat");
    pair.run();
    (pair, channel)
}

#[test]
fn sending_alone_makes_keys_be_renewed() {
    let (mut pair, channel) = upload(Rekey { bytes: Some(100_000), interval: None });
    assert_eq!(pair.server.exchanges().done, 1);
    let sent = pair.client.send(channel, &input());
    assert!(sent > 100_000);
    let mut out = Vec::new();
    while pair.client.poll_transmit(&mut out) {}
    // The exchange began without input, so its deadline is asked for at once.
    assert!(pair.client.poll_timeout().unwrap() <= pair.now);
    pair.client.handle_timeout(pair.now).unwrap();
    assert!(pair.client.poll_timeout().unwrap() > pair.now);
    pair.server.handle_input(&out).unwrap();
    pair.run();
    assert!(pair.server.exchanges().done > 1, "{:?}", pair.error);
}

#[test]
fn an_exchange_that_sending_began_has_its_time_too() {
    let (mut pair, channel) = upload(Rekey { bytes: Some(1), interval: None });
    // Long after anything was heard.
    pair.now += Duration::from_secs(3600);
    pair.client.send(channel, b"x");
    while pair.client.poll_transmit(&mut Vec::new()) {}
    pair.client.handle_timeout(pair.now).unwrap();
    pair.advance(Duration::from_secs(29));
    assert_eq!(pair.error, None);
    pair.advance(Duration::from_secs(2));
    assert_eq!(pair.error, Some(Error::RekeyTimeout));
}

#[test]
fn keys_are_renewed_by_time() {
    let minute = Duration::from_secs(60);
    let change = |config: &mut ClientConfig| config.rekey.interval = Some(minute);
    let mut pair = Pair::with(ServerConfig::default(), Link::Whole, 1, change);
    pair.run();
    for exchanges in 1..5 {
        assert_eq!(pair.server.exchanges().done, exchanges);
        for _ in 0..12 {
            pair.advance(minute / 12);
            pair.run();
        }
    }
    // One by the server starts the time anew.
    pair.advance(minute / 2);
    pair.run().server.start_exchange();
    pair.run();
    let exchanges = pair.server.exchanges().done;
    pair.advance(minute * 3 / 4);
    pair.run();
    assert_eq!(pair.server.exchanges().done, exchanges);
    assert_eq!(pair.exec("echo x", b""), b"x", "{:?}", pair.error);
}

#[test]
fn keys_renewed_by_the_server_lose_nothing() {
    for rounds in 1..12 {
        let mut pair = Pair::new(ServerConfig::default(), Link::Random(rounds));
        pair.run();
        let channel = pair.client.open_session().unwrap();
        pair.client.exec(channel, b"cat");
        let (input, mut output, mut sent) = (input(), Vec::new(), 0);
        for round in 0.. {
            sent += pair.client.send(channel, &input[sent..]);
            if sent == input.len() {
                pair.client.send_eof(channel);
            }
            // Both sides start at once now and then.
            if round % rounds == 0 {
                pair.server.start_exchange();
            }
            pair.round();
            output.extend_from_slice(pair.client.received(channel, Stream::Stdout));
            let count = pair.client.received(channel, Stream::Stdout).len();
            pair.client.consume(channel, Stream::Stdout, count);
            assert_eq!(pair.error, None);
            assert!(round < 5000, "no end: {} sent, {} received", sent, output.len());
            if pair.events.contains(&Event::Closed(channel)) {
                break;
            }
        }
        assert!(output == input);
        assert!(pair.server.exchanges().done > 1);
    }
}

#[test]
fn both_may_start_at_once() {
    let change = |config: &mut ClientConfig| config.rekey.bytes = Some(1);
    let mut pair = Pair::with(ServerConfig::default(), Link::Whole, 1, change);
    while !pair.client.is_ready() {
        pair.round();
    }
    pair.server.start_exchange();
    assert_eq!(pair.exec("echo x", b""), b"x");
    assert_eq!(pair.error, None);
}

#[test]
fn another_host_key_is_refused() {
    let misbehaviour = Some(Misbehaviour::ReplaceHostKey);
    let mut pair = Pair::new(ServerConfig { misbehaviour, ..ServerConfig::default() }, Link::Whole);
    pair.run().server.start_exchange();
    pair.run();
    assert_eq!(pair.error, Some(Error::HostKeyReplaced));
}

#[test]
fn a_server_that_does_not_finish_is_given_up() {
    let mut pair = Pair::with(ServerConfig::default(), Link::Whole, 1, |config| config.keepalive = None);
    pair.run().server.start_exchange();
    let mut out = Vec::new();
    pair.server.poll_transmit(&mut out);
    pair.deliver(&out);
    pair.advance(Duration::from_secs(31));
    assert_eq!(pair.error, Some(Error::RekeyTimeout));
}
