//! A simulated host with our client, without a network, and with whatever may arrive.

use proptest::prelude::*;

use super::*;
use crate::base::time::{Duration, now};
use crate::crypto::sign::Ed25519;
use crate::simulated::host::{self, Installed, LARGE_BYTES};
use crate::simulated::keys::named;
use crate::simulated::weather::Weather;
use crate::ssh::{ChannelId, Client, ClientConfig, Event, Offer, PublicIdentity, Stream};

const MS: Duration = Duration::from_millis(1);

/// Both ends of a connection on which bytes take no time.
struct Pair {
    client: Client,
    server: Server,
    key: Ed25519,
    now: Instant,
    events: Vec<Event>,
}

impl Pair {
    fn new(weather: Weather, terms: Terms, change: impl FnOnce(&mut ClientConfig)) -> Self {
        let now = now();
        let (key, public) = Ed25519::generate();
        let mut config = ClientConfig::new("scout");
        config.identities.extend(PublicIdentity::from_blob(&named(&public)));
        change(&mut config);
        let installed = Installed::new(Arc::new(host::tree(10)), "host0007".into());
        let keys = [HostKey::generate()].into();
        let mut server = Server::new(terms.into(), keys, Arc::new(installed), Sky::new(weather, 7), now);
        server.start_exchange();
        Self { client: Client::new(config, now), server, key, now, events: Vec::new() }
    }

    /// In this weather, logged in.
    fn in_weather(weather: Weather) -> Self {
        let mut pair = Self::new(weather, Terms::default(), |_| ());
        pair.settle();
        pair.now = pair.server.poll_timeout().unwrap_or(pair.now);
        pair.server.handle_timeout(pair.now);
        pair.settle();
        assert!(pair.client.is_ready() && pair.server.is_logged_in());
        pair
    }

    /// Moves bytes until neither side has more to say at this moment.
    fn settle(&mut self) {
        loop {
            let mut up = Vec::new();
            while self.client.poll_transmit(&mut up) {}
            self.server.handle_input(&up, self.now).unwrap();
            let mut down = Vec::new();
            self.server.poll_transmit(&mut down, self.now);
            if up.is_empty() && down.is_empty() {
                return;
            }
            self.client.handle_input(&down, self.now).unwrap();
            while let Some(event) = self.client.poll_event() {
                match event {
                    Event::HostKey(_) => self.client.accept_host_key().unwrap(),
                    Event::Sign { data, .. } => {
                        self.client.provide_signature(&named(&self.key.sign(&data))).unwrap();
                    }
                    event => self.events.push(event),
                }
            }
        }
    }

    fn start(&mut self, command: &str) -> ChannelId {
        let channel = self.client.open_session().unwrap();
        self.client.exec(channel, command.as_bytes());
        self.settle();
        channel
    }

    fn output(&self, channel: ChannelId) -> String {
        String::from_utf8(self.client.received(channel, Stream::Stdout).to_vec()).unwrap()
    }

    fn run(&mut self, command: &str) -> (String, String, u32) {
        let channel = self.start(command);
        let status = self.events.iter().rev().find_map(|event| match event {
            Event::ExitStatus { channel: of, status } if *of == channel => Some(*status),
            _ => None,
        });
        let errors = String::from_utf8_lossy(self.client.received(channel, Stream::Stderr)).into_owned();
        (self.output(channel), errors, status.expect("it has ended"))
    }
}

#[test]
fn commands_are_answered_as_they_are_meant() {
    let mut pair = Pair::in_weather(Weather::default());
    let ran = |output: &str| (output.to_owned(), String::new(), 0);
    assert_eq!(pair.run("hostname"), ran("host0007\n"));
    assert_eq!(pair.run("cat /etc/hostname"), ran("host0007\n"));
    assert_eq!(pair.run("cd /srv && eval 'ls'"), ran("large\nlist\nsmall\n"));
    assert_eq!(pair.run("echo 'a  b' c"), ran("a  b c\n"));
    assert_eq!(pair.run("true"), ran(""));
    assert!(pair.run("uptime").0.contains("load average"));
    assert!(
        pair.run("ls -la /etc").0.lines().any(|line| line.starts_with("drwxr-xr-x") && line.ends_with(" .."))
    );
    assert_eq!(pair.run("cat /srv/small").0.len(), host::SMALL_BYTES);
    assert_eq!(pair.run("cat /srv/large").0.len(), LARGE_BYTES);
    let (_, errors, status) = pair.run("cat /none");
    assert_eq!((errors.as_str(), status), ("cat: /none: No such file or directory\n", 1));
    assert_eq!(pair.run("rm -rf /").2, 127);
    assert_eq!(pair.run("ls | wc").2, 127);
    assert_eq!(pair.server.tally().operations, 12);
}

#[test]
fn a_handshake_takes_its_time_once() {
    let weather = Weather { handshake: 10 * MS, ..Weather::default() };
    let mut pair = Pair::new(weather, Terms::default(), |_| ());
    let begun = pair.now;
    pair.settle();
    assert_eq!(pair.server.poll_timeout(), Some(begun + 10 * MS));
    pair.now = begun + 10 * MS;
    pair.server.handle_timeout(pair.now);
    pair.settle();
    assert!(pair.client.is_ready(), "nothing else has taken any time");
    assert_eq!(pair.run("hostname").0, "host0007\n");
}

#[test]
fn what_is_due_is_known_when_input_came_as_the_handshake_was_over() {
    let weather = Weather { handshake: 10 * MS, latency: 15 * MS, ..Weather::default() };
    let mut pair = Pair::new(weather, Terms::default(), |_| ());
    pair.now += 10 * MS;
    pair.settle();
    assert!(pair.client.is_ready());
    pair.start("hostname");
    assert_eq!(pair.server.poll_timeout(), Some(pair.now + 15 * MS));
}

#[test]
fn operations_take_their_time_together() {
    let mut pair = Pair::in_weather(Weather { latency: 15 * MS, ..Weather::default() });
    let begun = pair.now;
    let first = pair.start("hostname");
    pair.now += 5 * MS;
    let (second, slow) = (pair.start("hostname"), pair.start("sleep 1"));
    assert_eq!((pair.output(first), pair.server.poll_timeout()), (String::new(), Some(begun + 15 * MS)));
    pair.now = begun + 15 * MS;
    pair.settle();
    assert_eq!((pair.output(first).as_str(), pair.output(second).as_str()), ("host0007\n", ""));
    assert_eq!(pair.server.poll_timeout(), Some(begun + 20 * MS));
    pair.now = begun + 20 * MS;
    pair.settle();
    assert_eq!(pair.output(second), "host0007\n");
    assert_eq!(pair.server.poll_timeout(), Some(begun + 1020 * MS));
    pair.client.signal(slow, "TERM");
    pair.settle();
    assert_eq!(pair.server.poll_timeout(), None, "what was ended takes no more time");
    assert!(pair.events.iter().any(|event| matches!(event, Event::ExitSignal { .. })));
}

#[test]
fn nothing_is_due_while_keys_are_exchanged() {
    let mut pair = Pair::in_weather(Weather { latency: 15 * MS, ..Weather::default() });
    let begun = pair.now;
    let channel = pair.start("hostname");
    pair.server.start_exchange();
    pair.now += 20 * MS;
    assert_eq!(pair.server.poll_timeout(), None);
    pair.now = begun;
    pair.settle();
    assert_eq!((pair.server.exchanges().done, pair.server.poll_timeout()), (2, Some(begun + 15 * MS)));
    pair.now += 15 * MS;
    pair.settle();
    assert_eq!(pair.output(channel), "host0007\n");
}

#[test]
fn what_is_said_takes_as_long_as_its_way_is_narrow() {
    let mut pair =
        Pair::new(Weather { bandwidth: 1_000_000, ..Weather::default() }, Terms::default(), |_| ());
    let until = |pair: &mut Pair, is_done: &dyn Fn(&Pair) -> bool| {
        pair.settle();
        while !is_done(pair) {
            pair.now = pair.server.poll_timeout().expect("more is on its way");
            pair.settle();
        }
    };
    until(&mut pair, &|pair| pair.client.is_ready());
    let (begun, channel) = (pair.now, pair.start("cat /srv/large"));
    until(&mut pair, &|pair| pair.client.received(channel, Stream::Stdout).len() == LARGE_BYTES);
    let (took, least) = (pair.now - begun, Duration::from_micros(LARGE_BYTES as u64));
    assert!(took >= least && took < least.mul_f64(1.01), "{took:?}");
}

#[test]
fn an_operation_may_lose_the_connection() {
    let mut pair = Pair::in_weather(Weather { loss: 1.0, ..Weather::default() });
    assert_eq!(pair.server.fate(), Fate::Open, "a login is none");
    pair.start("hostname");
    assert_eq!(pair.server.fate(), Fate::Lost);
}

#[test]
fn sessions_beyond_the_bound_are_refused_until_one_ends() {
    let mut pair = Pair::new(Weather::default(), Terms { sessions_max: 2, ..Terms::default() }, |_| ());
    pair.settle();
    let open: Vec<_> = (0..3).map(|_| pair.start("cat")).collect();
    let refused = |pair: &Pair| pair.server.tally().refused_sessions;
    assert_eq!((pair.server.tally().opened_sessions, refused(&pair)), (2, 1));
    pair.client.close(open[0]);
    pair.settle();
    assert_eq!(pair.run("hostname").0, "host0007\n");
    assert_eq!(refused(&pair), 1);
}

#[test]
fn only_the_key_that_is_accepted_gets_in() {
    let terms = Terms { accepts: Some(b"another".to_vec()), ..Terms::default() };
    let mut pair = Pair::new(Weather::default(), terms, |_| ());
    let mut up = Vec::new();
    let mut tries = 0;
    while pair.server.tally().refused_logins == 0 && tries < 10 {
        tries += 1;
        while pair.client.poll_transmit(&mut up) {}
        pair.server.handle_input(&std::mem::take(&mut up), pair.now).unwrap();
        let mut down = Vec::new();
        pair.server.poll_transmit(&mut down, pair.now);
        let _ = pair.client.handle_input(&down, pair.now);
        while let Some(event) = pair.client.poll_event() {
            match event {
                Event::HostKey(_) => pair.client.accept_host_key().unwrap(),
                Event::Sign { data, .. } => {
                    pair.client.provide_signature(&named(&pair.key.sign(&data))).unwrap();
                }
                _ => {}
            }
        }
    }
    assert!(!pair.server.is_logged_in());
    assert_eq!(pair.server.tally().logins, 0);
}

#[test]
fn nothing_is_encrypted_only_where_both_have_been_told() {
    let null = || Terms { ciphers: vec![Cipher::None], verifies: false, ..Terms::default() };
    let mut pair = Pair::new(Weather::default(), null(), |config| {
        config.offer = Offer::default().without_protection();
    });
    pair.settle();
    assert_eq!(pair.run("hostname").0, "host0007\n");
    // A server that offers it finds no client that takes it.
    let mut pair = Pair::new(Weather::default(), null(), |_| ());
    let mut hello = Vec::new();
    while pair.client.poll_transmit(&mut hello) {}
    pair.server.handle_input(&hello, pair.now).unwrap();
    assert_eq!(pair.server.fate(), Fate::Closed);
    let mut greeting = Vec::new();
    pair.server.poll_transmit(&mut greeting, pair.now);
    let refusal = pair.client.handle_input(&greeting, pair.now).unwrap_err();
    assert!(matches!(refusal, Error::NoCommonAlgorithm { kind: "cipher", .. }), "{refusal}");
    // Nor does a client by any configuration.
    assert!(Offer::from_names(&[], &[], &["none".into()], &[]).is_err());
    assert_eq!(Cipher::from_name("none"), None);
    assert!(!Offer::default_names().ciphers.contains(&"none".to_owned()));
}

proptest! {
    #[test]
    fn whatever_arrives_is_an_error_at_most(bytes: Vec<u8>) {
        let mut pair = Pair::new(Weather::default(), Terms::default(), |_| ());
        let _ = pair.server.handle_input(&bytes, pair.now);
        let greeting = [b"SSH-2.0-x\r\n", &bytes[..]].concat();
        let mut pair = Pair::new(Weather::default(), Terms::default(), |_| ());
        let _ = pair.server.handle_input(&greeting, pair.now);
    }

    #[test]
    fn whatever_a_user_says_is_an_error_at_most(
        messages in prop::collection::vec((80u8..=100, prop::collection::vec(any::<u8>(), 0..60)), 0..20),
    ) {
        let mut pair = Pair::in_weather(Weather::default());
        let channel = pair.client.open_session().unwrap();
        pair.client.subsystem(channel, "sftp");
        pair.settle();
        for (message, rest) in messages {
            // Of the channel that there is, as often as not.
            let payload = match rest.first() {
                Some(first) if first % 2 == 0 => [&[message, 0, 0, 0, 0][..], &rest].concat(),
                _ => [&[message][..], &rest].concat(),
            };
            let _ = pair.server.handle_message(&payload, pair.now);
            pair.server.poll_transmit(&mut Vec::new(), pair.now);
        }
    }
}
