use crate::ssh::cipher::Protection;
use crate::ssh::*;
use crate::testing::protections::protections;
use crate::testing::ssh_pair::{Link, Pair};
use crate::testing::ssh_server::ServerConfig;

const LINKS: [Link; 4] = [Link::Whole, Link::Bytes, Link::Random(1), Link::Random(2)];

/// Runs a command over a connection of this kind.
fn says_hello(config: &ServerConfig, link: Link) {
    let mut pair = Pair::new(config.clone(), link);
    let output = pair.exec("echo hello", b"");
    assert_eq!(output, b"hello", "{config:?} {link:?} {:?}", pair.error);
}

#[test]
fn every_exchange_and_segmentation_runs_a_command() {
    for kex in KexAlgorithm::ALL {
        for link in LINKS {
            says_hello(&ServerConfig { kex: *kex, ..ServerConfig::default() }, link);
        }
        says_hello(&ServerConfig { kex: *kex, is_strict: false, ..ServerConfig::default() }, Link::Whole);
    }
}

#[test]
fn every_protection_and_segmentation_runs_a_command() {
    for Protection { cipher, mac } in protections().into_iter().flatten() {
        for is_strict in [true, false] {
            for link in LINKS {
                let mac = mac.unwrap_or(Mac::HmacSha256);
                says_hello(&ServerConfig { cipher, mac, is_strict, ..ServerConfig::default() }, link);
            }
        }
    }
}

#[test]
fn every_kind_of_host_key_is_proved_certified_or_not() {
    for algorithm in HostKeyAlgorithm::all() {
        for link in [Link::Whole, Link::Bytes] {
            says_hello(&ServerConfig { host_keys: vec![algorithm], ..ServerConfig::default() }, link);
        }
    }
}

#[test]
fn login_takes_three_writes() {
    let mut pair = Pair::new(ServerConfig::default(), Link::Whole);
    let channel = pair.client.open_session().unwrap();
    pair.client.exec(channel, b"echo hello");
    while !pair.client.is_ready() {
        assert!(pair.round());
    }
    // Version string and KEXINIT; our value; NEWKEYS, service and signed request.
    assert_eq!(pair.client_writes.len(), 3);
    pair.round();
    pair.round();
    // The open, and the command as soon as that is confirmed.
    assert_eq!(pair.client_writes.len(), 5);
    assert_eq!(pair.client.received(channel, Stream::Stdout), b"hello");
}

/// What the server sends in a whole handshake with one command, as it arrived.
fn transcript_bytes() -> usize {
    let mut pair = Pair::new(ServerConfig::default(), Link::Whole);
    pair.client.open_session().unwrap();
    let mut total = 0;
    loop {
        let mut out = Vec::new();
        pair.client.poll_transmit(&mut out);
        pair.server.handle_input(&out).unwrap();
        out.clear();
        pair.server.poll_transmit(&mut out);
        if out.is_empty() {
            return total;
        }
        total += out.len();
        pair.deliver(&out);
    }
}

#[test]
fn a_cut_at_every_byte_is_named_by_its_phase() {
    let mut phases = Vec::new();
    for cut in 0..transcript_bytes() {
        let mut pair = Pair::new(ServerConfig::default(), Link::Whole);
        pair.client.open_session().unwrap();
        let mut left = cut;
        while left > 0 {
            let mut out = Vec::new();
            pair.client.poll_transmit(&mut out);
            pair.server.handle_input(&out).unwrap();
            out.clear();
            pair.server.poll_transmit(&mut out);
            out.truncate(left);
            left -= out.len();
            pair.deliver(&out);
            assert_eq!(pair.error, None);
        }
        let Err(Error::Closed { phase }) = pair.client.handle_eof() else {
            panic!("cut at {cut} has no name")
        };
        assert_eq!(pair.client.poll_timeout(), None);
        phases.push(phase);
    }
    phases.dedup();
    use Phase::*;
    assert_eq!(phases, [Ident, KeyExchange, Authentication, Connected]);
}

#[test]
fn an_orderly_end_is_no_error() {
    let mut pair = Pair::new(ServerConfig::default(), Link::Whole);
    pair.run().client.disconnect();
    pair.run();
    assert!(pair.server.is_closed());
    assert_eq!(pair.client.handle_eof(), Ok(()));
    assert_eq!(pair.client.open_session(), Err(Error::AlreadyClosed));
}

#[test]
fn a_web_server_is_named() {
    let mut pair = Pair::new(ServerConfig::default(), Link::Bytes);
    pair.deliver(b"HTTP/1.1 400 Bad Request\r\nServer: x\r\n");
    assert!(matches!(pair.error, Some(Error::NotSsh { .. })), "{:?}", pair.error);
    let mut out = Vec::new();
    pair.client.poll_transmit(&mut out);
    assert!(out.starts_with(b"SSH-2.0-scout-mcp_"));
}

#[test]
fn an_untrusted_host_is_told_so() {
    let mut pair = Pair::new(ServerConfig::default(), Link::Whole);
    let mut out = Vec::new();
    for _ in 0..2 {
        out.clear();
        pair.client.poll_transmit(&mut out);
        pair.server.handle_input(&out).unwrap();
        out.clear();
        pair.server.poll_transmit(&mut out);
        pair.client.handle_input(&out, pair.now).unwrap();
    }
    let Some(Event::HostKey(key)) = pair.client.poll_event() else { panic!("no question") };
    assert_eq!(key.blob, pair.server.host_blob());
    assert_eq!(key.key_type(), "ssh-ed25519");
    assert!(key.fingerprint().starts_with("SHA256:"));
    pair.client.reject_host_key();
    out.clear();
    assert!(pair.client.poll_transmit(&mut out));
    assert_eq!(pair.client.handle_eof(), Err(Error::HostKeyRejected));
    assert_eq!(pair.client.handle_input(b"x", pair.now), Err(Error::HostKeyRejected));
}

#[test]
fn nothing_in_common_is_named() {
    let change = |config: &mut ClientConfig| config.offer.ciphers = vec![Cipher::Aes256Gcm];
    let mut pair = Pair::with(ServerConfig::default(), Link::Whole, 1, change);
    pair.run();
    assert!(matches!(pair.error, Some(Error::NoCommonAlgorithm { kind: "cipher", .. })), "{:?}", pair.error);
    let change = |config: &mut ClientConfig| config.offer.macs = vec![Mac::HmacSha512];
    let config = ServerConfig { cipher: Cipher::Aes128Ctr, ..ServerConfig::default() };
    let mut pair = Pair::with(config, Link::Whole, 1, change);
    pair.run();
    assert!(matches!(pair.error, Some(Error::NoCommonAlgorithm { kind: "MAC", .. })), "{:?}", pair.error);
}

#[test]
fn nothing_follows_a_goodbye() {
    let mut pair = Pair::new(ServerConfig::default(), Link::Whole);
    let channel = pair.client.open_session().unwrap();
    pair.client.exec(channel, b"bytes 3000000");
    pair.run();
    pair.client.disconnect();
    let mut out = Vec::new();
    assert!(pair.client.poll_transmit(&mut out));
    // Its owner gives back what it still has.
    pair.client.consume(channel, Stream::Stdout, 1 << 20);
    pair.client.close(channel);
    assert!(!pair.client.poll_transmit(&mut out));
    assert_eq!(pair.client.received(channel, Stream::Stdout), b"");
}
