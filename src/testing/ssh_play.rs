//! A play of two streams: what the network brings and what the owner of the connection does, both chosen by bytes.
//! Time is virtual and passes from one happening to the next.
//!
//! The bytes are a fuzzer's or a seed's. An obedient server, with any delay and any segmentation, has to yield exactly
//! what was asked of it; a hostile one, or a cut, may yield anything but a panic, a hang, memory without bounds or an
//! end without a name.

use super::choices::Choices;
use super::ssh_pair::{Link, Pair};
use super::ssh_play_session::Session;
use super::ssh_server::{Doors, ServerConfig};
use crate::base::limits::{SSH_OUT_AND_ANSWERS_BYTES_MAX, SSH_PACKET_BYTES_MAX};
use crate::ssh::{Cipher, ClientConfig, Error, Event, Haste, KexAlgorithm, Mac};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// More happenings than this without a byte of output or an end: there is no progress.
const HAPPENINGS_MAX: usize = 5_000;
/// Acts of one play. Longer inputs are not more interesting, only slower.
const ACTS_MAX: usize = 200;
/// Deliveries and deadlines of one act.
const ACT_HAPPENINGS_MAX: usize = 16;
/// Key exchanges that the choices may start: each takes most of a millisecond.
const EXCHANGES_MAX: usize = 6;
/// What an error says is one line that fits a log.
const ERROR_TEXT_BYTES_MAX: usize = 8 * 1024;
const SESSIONS_MAX: usize = 24;
const SEND_BYTES_MAX: u16 = 10_000;
/// What a hostile server hears of its client: one that has it send byte by byte would only take long.
const HOSTILE_UP_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Methods that leave time for other things; a chosen KEXINIT may still ask for the others.
const KEX: [KexAlgorithm; 3] =
    [KexAlgorithm::Curve25519, KexAlgorithm::EcdhP256, KexAlgorithm::MlKem768X25519];
/// Ways to log in: cheap ones first.
const STEPS: [&[&str]; 4] =
    [&["password"], &["keyboard-interactive"], &["publickey"], &["publickey", "password"]];
const PASSWORD: &str = "open";
const DIALOG: &[&[(&str, bool, &str)]] = &[&[("first", true, "1"), ("second", false, "2")], &[]];
const ANSWERS: &[&str] = &["1", "2"];

/// What is chosen before the first act, and room for more.
pub(super) const HEADER_BYTES: usize = 20;

/// What the network may do besides being slow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mood {
    /// The server keeps the rules and the stream ends when it should.
    Obedient,
    /// It keeps the rules until the stream is cut.
    Cut,
    /// It says whatever the choices make it say.
    Hostile,
    /// So from its first byte on: even the version string is chosen.
    HostileFromTheStart,
}

/// One direction of the network.
#[derive(Default)]
struct Line {
    delay: Duration,
    /// What is under way, with the moment of its arrival.
    parcels: VecDeque<(Instant, Vec<u8>)>,
}

impl Line {
    fn send(&mut self, now: Instant, bytes: Vec<u8>) {
        if !bytes.is_empty() {
            // Nothing overtakes what was sent before.
            let before = self.parcels.back().map(|(at, _)| *at);
            self.parcels.push_back((before.max(Some(now + self.delay)).unwrap_or(now), bytes));
        }
    }

    fn next(&self) -> Option<Instant> {
        self.parcels.front().map(|(at, _)| *at)
    }
}

/// Plays what `bytes` say.
///
/// # Panics
/// An invariant is broken.
pub fn play(bytes: &[u8]) {
    let mut play = Play::new(bytes);
    for _ in 0..ACTS_MAX {
        if play.choices.is_empty() || play.is_over() {
            break;
        }
        play.act();
    }
    play.finish();
}

struct Play<'a> {
    choices: Choices<'a>,
    pair: Pair,
    mood: Mood,
    up: Line,
    down: Line,
    sessions: Vec<Session>,
    window_bytes: u32,
    /// A hostile course has led our server to give up.
    is_server_gone: bool,
    is_cut: bool,
    is_disconnected: bool,
    exchanges: usize,
    /// What the client has sent.
    up_bytes: usize,
}

impl<'a> Play<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        let mut rest = Choices::new(bytes);
        let mut choices = Choices::new(rest.bytes(HEADER_BYTES));
        let mood = choices.pick(&[
            Mood::Obedient,
            Mood::Cut,
            Mood::Hostile,
            Mood::Hostile,
            Mood::HostileFromTheStart,
        ]);
        let mut server = ServerConfig {
            kex: choices.pick(&KEX),
            cipher: choices.pick(Cipher::ALL),
            mac: choices.pick(Mac::ALL),
            is_strict: choices.flag(),
            sessions_max: choices.pick(&[10, 1, SESSIONS_MAX]),
            window_bytes: choices.pick(&[64 * 1024, 100, 5_000, 2 * 1024 * 1024]),
            doors: Doors {
                steps: choices.pick(&STEPS),
                password: PASSWORD,
                dialog: DIALOG,
                ..Doors::default()
            },
            banner: choices.pick(&[None, Some("be\x1b[0m careful")]),
            ..ServerConfig::default()
        };
        // Single bytes are worth the time they take only now and then.
        let link = match choices.u8() % 16 {
            0..=7 => Link::Whole,
            8 => Link::Bytes,
            _ => Link::Random(u64::from(choices.u16())),
        };
        let is_keyed = !choices.u8().is_multiple_of(4) && mood != Mood::HostileFromTheStart;
        let window_bytes = choices.pick(&[2 * 1024 * 1024, 100, 5_000, 64 * 1024]);
        let rekey_bytes = choices.pick(&[None, None, None, Some(20_000)]);
        let numbered = server.sessions_max.min(2) as u32;
        let haste =
            choices.pick(&[Haste::None, Haste::Open, Haste::WhereHarmless, Haste::Start { numbered }]);
        server.ident = choices.pick(&["SSH-2.0-OpenSSH_10.0", "SSH-2.0-obedient_1"]);
        let users = usize::from(server.doors.steps.contains(&"publickey"));
        let change = |config: &mut ClientConfig| {
            config.window_bytes = window_bytes;
            config.rekey.bytes = rekey_bytes;
            config.haste = haste;
        };
        let mut pair = match is_keyed {
            true => Pair::keyed(server, link, users, change),
            false => Pair::with(server, link, users, change),
        };
        pair.passwords = vec![PASSWORD; 2];
        pair.answers = vec![ANSWERS; 4];
        let mut play = Self {
            choices: rest,
            pair,
            mood,
            up: Line::default(),
            down: Line::default(),
            sessions: Vec::new(),
            window_bytes,
            is_server_gone: false,
            is_cut: false,
            is_disconnected: false,
            exchanges: 0,
            up_bytes: 0,
        };
        if mood == Mood::HostileFromTheStart {
            play.pair.server.swallow();
        }
        play.collect();
        play
    }

    fn is_hostile(&self) -> bool {
        matches!(self.mood, Mood::Hostile | Mood::HostileFromTheStart)
    }

    fn is_over(&self) -> bool {
        self.pair.error.is_some() || self.is_cut || self.is_disconnected
    }

    // --- acts

    fn act(&mut self) {
        match self.choices.u8() % 32 {
            0 | 1 => self.open(),
            2 => {
                self.with_session(|session, pair, choices| session.send(pair, choices.u16() % SEND_BYTES_MAX))
            }
            3 => self.with_session(|session, pair, _| session.send_eof(pair)),
            4 | 5 => self.with_session(|session, pair, choices| session.consume(pair, choices.u16())),
            6 => self.with_session(|session, pair, _| session.close(pair)),
            7 => self.with_session(|session, pair, choices| session.signal(pair, choices.flag())),
            8 => self.up.delay = Duration::from_millis(u64::from(self.choices.u8()) * 4),
            9 => self.down.delay = Duration::from_millis(u64::from(self.choices.u8()) * 4),
            10 => self.pass(),
            11 => self.start_exchange(),
            12 => self.ask(),
            13 if self.choices.u8() < 16 => self.disconnect(),
            14 if self.mood != Mood::Obedient && self.choices.u8() < 64 => self.is_cut = true,
            15..=20 if self.is_hostile() => self.inject(),
            21 if self.is_hostile() => self.inject_raw(),
            22 if self.is_hostile() => self.pair.server.swallow(),
            23 if self.is_hostile() => self.flood(),
            _ => self.go_on(),
        }
        self.collect();
    }

    /// A few happenings.
    fn go_on(&mut self) {
        let count = 1 + usize::from(self.choices.u8()) % ACT_HAPPENINGS_MAX;
        for _ in 0..count {
            if self.is_over() || !self.happen() {
                break;
            }
        }
    }

    /// Lets time pass, with what happens meanwhile.
    fn pass(&mut self) {
        let until = self.pair.now + Duration::from_millis(u64::from(self.choices.u16()));
        for _ in 0..ACT_HAPPENINGS_MAX {
            if self.is_over() || self.next_moment().is_none_or(|at| at > until) {
                break;
            }
            self.happen();
        }
        self.pair.now = self.pair.now.max(self.next_moment().unwrap_or(until).min(until));
    }

    fn open(&mut self) {
        let (kind, size) = (self.choices.u8(), self.choices.u16());
        if self.sessions.len() < SESSIONS_MAX
            && let Ok(id) = self.pair.client.open_session()
        {
            self.sessions.push(Session::start(id, kind, size, &mut self.pair));
        }
    }

    fn with_session(&mut self, change: impl FnOnce(&mut Session, &mut Pair, &mut Choices<'a>)) {
        let index = usize::from(self.choices.u8());
        let count = self.sessions.len().max(1);
        if let Some(session) = self.sessions.get_mut(index % count) {
            change(session, &mut self.pair, &mut self.choices);
        }
    }

    fn start_exchange(&mut self) {
        if self.pair.client.is_ready() && self.exchanges < EXCHANGES_MAX {
            self.exchanges += 1;
            self.pair.server.start_exchange();
        }
    }

    fn ask(&mut self) {
        if self.pair.client.is_ready() {
            self.pair.server.ask();
        }
    }

    fn disconnect(&mut self) {
        self.pair.client.disconnect();
        self.is_disconnected = true;
    }

    fn inject(&mut self) {
        let payload = self.choices.block();
        // An exchange costs more than everything else a play does.
        self.exchanges += usize::from(payload.first() == Some(&crate::ssh::number::KEXINIT));
        if self.exchanges <= EXCHANGES_MAX && !payload.is_empty() {
            self.pair.server.inject(payload);
        }
    }

    fn inject_raw(&mut self) {
        let bytes = self.choices.block();
        self.pair.server.inject_raw(bytes);
    }

    /// More data than an input has bytes.
    fn flood(&mut self) {
        let count = usize::from(self.choices.u16());
        self.pair.server.flood(&vec![b'x'; count]);
    }

    // --- happenings

    fn next_moment(&self) -> Option<Instant> {
        [self.up.next(), self.down.next(), self.pair.client.poll_timeout()].into_iter().flatten().min()
    }

    /// The next delivery or deadline; false when there is none.
    fn happen(&mut self) -> bool {
        let Some(at) = self.next_moment() else { return false };
        self.pair.now = self.pair.now.max(at);
        if self.up.next() == Some(at) {
            let (_, bytes) = self.up.parcels.pop_front().expect("it is next");
            self.serve(&bytes);
        } else if self.down.next() == Some(at) {
            let (_, bytes) = self.down.parcels.pop_front().expect("it is next");
            self.pair.deliver(&bytes);
        } else {
            self.pair.advance(Duration::ZERO);
        }
        self.collect();
        true
    }

    fn serve(&mut self, bytes: &[u8]) {
        if self.is_server_gone {
            return;
        }
        match self.pair.server.handle_input(bytes) {
            Ok(()) => {}
            Err(error) if self.is_hostile() => {
                // Who was misled is not to blame. Its version string may still be answered with anything.
                let _ = error;
                self.is_server_gone = true;
            }
            Err(error) => panic!("the client breaks the rules: {error:?}"),
        }
    }

    /// Puts what both sides want to be sent on the lines, and checks what always has to be true.
    fn collect(&mut self) {
        if self.pair.error.is_none() {
            let out = self.pair.client_output();
            self.up_bytes += out.len();
            self.is_cut |= self.is_hostile() && self.up_bytes > HOSTILE_UP_BYTES_MAX;
            self.up.send(self.pair.now, out);
        }
        let mut out = Vec::new();
        self.pair.server.poll_transmit(&mut out);
        self.down.send(self.pair.now, out);
        for event in self.pair.events.drain(..) {
            if let Some(session) = self.sessions.iter_mut().find(|s| event.channel() == Some(s.id)) {
                session.handle_event(&event);
            }
        }
        for session in &self.sessions {
            let kept = session.received(&self.pair);
            let max = self.window_bytes;
            assert!(kept <= max as usize, "{kept} bytes kept of a window of {max}");
        }
    }

    // --- the end

    fn finish(&mut self) {
        if self.mood == Mood::Obedient && !self.is_disconnected {
            self.finish_whole();
        } else {
            self.finish_ended();
        }
    }

    /// Nothing went wrong: everything asked for comes to its end, and the connection is as good as new.
    fn finish_whole(&mut self) {
        self.up.delay = Duration::ZERO;
        self.down.delay = Duration::ZERO;
        self.end_sessions();
        assert_eq!(self.pair.error, None);
        assert_eq!(self.pair.exec("echo whole", b""), b"whole");
    }

    fn end_sessions(&mut self) {
        let mut idle = 0;
        while idle < HAPPENINGS_MAX {
            let mut has_moved = false;
            for session in &mut self.sessions {
                has_moved |= session.wind_up(&mut self.pair);
            }
            self.sessions.retain(|session| !session.is_over);
            self.collect();
            assert_eq!(self.pair.error, None, "an obedient server was given up");
            let is_quiet = self.up.parcels.is_empty() && self.down.parcels.is_empty();
            if is_quiet && self.sessions.is_empty() && self.pair.client.is_ready() {
                return;
            }
            // Time alone, without anything under way, brings nothing but keepalives.
            assert!(has_moved || !is_quiet, "nothing will happen any more: {:?}", self.sessions);
            if !is_quiet {
                self.happen();
            }
            idle = if has_moved { 0 } else { idle + 1 };
        }
        panic!("no progress in {HAPPENINGS_MAX} happenings: {:?}", self.sessions);
    }

    /// The stream ends, if the connection has not: its end has a name and is an end.
    fn finish_ended(&mut self) {
        let error = match self.pair.error.take() {
            Some(error) => error,
            None => match self.pair.client.handle_eof() {
                Err(error) => error,
                Ok(()) => {
                    assert!(self.is_disconnected, "an end without a name");
                    self.check_end(&Error::AlreadyClosed);
                    return;
                }
            },
        };
        let again = self.pair.client.handle_input(b"x", self.pair.now);
        assert_eq!(again, Err(error.clone()), "an error is terminal");
        self.check_end(&error);
    }

    fn check_end(&mut self, error: &Error) {
        let text = error.to_string();
        assert!(text.len() <= ERROR_TEXT_BYTES_MAX, "an error of {} bytes", text.len());
        assert!(!text.chars().any(char::is_control), "an error that cannot be shown: {text:?}");
        assert_eq!(self.pair.client.poll_timeout(), None, "nothing is due after the end");
        assert_eq!(self.pair.client.open_session(), Err(Error::AlreadyClosed));
        let mut out = Vec::new();
        while self.pair.client.poll_transmit(&mut out) {}
        assert!(out.len() <= SSH_OUT_AND_ANSWERS_BYTES_MAX + SSH_PACKET_BYTES_MAX);
        let events: Vec<Event> = std::iter::from_fn(|| self.pair.client.poll_event()).collect();
        assert!(events.len() < 16 * SESSIONS_MAX, "{} events", events.len());
    }
}
