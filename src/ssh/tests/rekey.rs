use crate::ssh::*;
use crate::testing::ssh_pair::{Link, Pair};
use crate::testing::ssh_server::{Misbehaviour, ServerConfig};
use std::time::Duration;

fn input() -> Vec<u8> {
    (0..600_000u32).map(|at| (at % 251) as u8).collect()
}

#[test]
fn keys_renewed_by_us_lose_nothing() {
    for cipher in Cipher::ALL {
        for kex in KexAlgorithm::ALL {
            for is_strict in [true, false] {
                let config =
                    ServerConfig { cipher: *cipher, kex: *kex, is_strict, ..ServerConfig::default() };
                let change = |config: &mut ClientConfig| config.rekey.bytes = Some(100_000);
                let mut pair = Pair::with(config, Link::Random(3), 1, change);
                assert!(pair.exec("cat", &input()) == input(), "{cipher:?} {kex:?} {:?}", pair.error);
                assert!(pair.server.exchanges >= 5, "{}", pair.server.exchanges);
            }
        }
    }
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
        assert!(pair.server.exchanges > 1);
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
