//! Channels opened in the write of the signature, and all that may come of it.

use crate::base::limits::SSH_WINDOW_BYTES;
use crate::ssh::*;
use crate::testing::ssh_pair::{Link, Pair};
use crate::testing::ssh_server::{Doors, Misbehaviour, ServerConfig};
use std::time::Duration;

fn pair(users: usize, opens_early: bool) -> Pair {
    let haste = if opens_early { Haste::Open } else { Haste::None };
    Pair::with(ServerConfig::default(), Link::Whole, users, |config| config.haste = haste)
}

const OPENSSH: &str = "SSH-2.0-OpenSSH_10.0";

/// With a server of this name.
fn pair_with(ident: &'static str, users: usize, haste: Haste) -> Pair {
    let server = ServerConfig { ident, ..ServerConfig::default() };
    Pair::with(server, Link::Whole, users, |config| config.haste = haste)
}

/// A command that is started early where that can be.
fn echo_early(pair: &mut Pair) -> (Vec<u8>, usize) {
    let channel = pair.client.open_session().unwrap();
    pair.client.exec(channel, b"echo in");
    while !pair.client.starts_early() && !pair.client.is_ready() {
        assert!(pair.round());
    }
    pair.client.start_early(channel);
    (pair.finish(channel, b""), pair.client_writes.len())
}

/// Whether the answer to a command is there, and the writes of the client until it was.
fn echo(pair: &mut Pair) -> (bool, usize) {
    let works = pair.exec("echo in", b"") == b"in";
    (works, pair.client_writes.len())
}

#[test]
fn a_round_trip_is_saved_where_the_key_is_enough() {
    let (works, early) = echo(&mut pair(1, true));
    let (works_too, late) = echo(&mut pair(1, false));
    assert!(works && works_too);
    assert_eq!(late - early, 1);
}

#[test]
fn what_the_server_did_not_understand_is_sent_again_after_login() {
    let mut pair = pair(2, true);
    pair.server.config.accepts = Some(pair.users[1].public.blob.clone());
    assert!(echo(&mut pair).0, "{:?}", pair.error);
    assert_eq!((pair.server.tally().not_understood, pair.server.tally().opened_sessions), (1, 1));
}

#[test]
fn where_the_key_is_not_enough_channels_wait_for_the_rest() {
    let mut pair = pair(1, true);
    pair.server.config.doors =
        Doors { steps: &["publickey", "password"], password: "word", ..Doors::default() };
    pair.passwords = vec!["word"];
    assert!(echo(&mut pair).0, "{:?}", pair.error);
    assert_eq!((pair.server.tally().not_understood, pair.server.tally().opened_sessions), (1, 1));
}

#[test]
fn a_server_that_forgets_a_message_behind_the_login_gets_it_again() {
    let mut pair = pair(1, true);
    pair.server.config.misbehaviour = Some(Misbehaviour::ForgetFirstOpen);
    assert!(echo(&mut pair).0, "{:?}", pair.error);
    assert_eq!((pair.server.tally().not_understood, pair.server.tally().opened_sessions), (1, 1));
}

#[test]
fn a_server_that_hangs_up_is_known_to_have_done_so_in_the_login() {
    let mut pair = pair(2, true);
    pair.server.config.accepts = Some(pair.users[1].public.blob.clone());
    pair.server.config.misbehaviour = Some(Misbehaviour::HangUpOnEarlyOpen);
    pair.client.open_session().unwrap();
    pair.run();
    assert_eq!(pair.error, Some(Error::Closed { phase: Phase::Authentication }));
}

#[test]
fn a_window_made_larger_meanwhile_is_granted_as_it_is_announced() {
    let mut pair = pair(2, true);
    pair.server.config.accepts = Some(pair.users[1].public.blob.clone());
    let wide = pair.client.open_session().unwrap();
    while pair.server.tally().not_understood == 0 {
        let out = pair.client_output();
        pair.server.handle_input(&out).unwrap();
        if pair.server.tally().not_understood > 0 {
            pair.client.widen(wide, 2 * SSH_WINDOW_BYTES);
        }
        let mut out = Vec::new();
        pair.server.poll_transmit(&mut out);
        pair.deliver(&out);
    }
    let length = 2 * SSH_WINDOW_BYTES as usize;
    pair.client.exec(wide, format!("bytes {length}").as_bytes());
    pair.run();
    assert_eq!((pair.error.clone(), pair.client.received(wide, Stream::Stdout).len()), (None, length));
}

#[test]
fn channels_given_up_meanwhile_are_forgotten() {
    let mut pair = pair(2, true);
    pair.server.config.accepts = Some(pair.users[1].public.blob.clone());
    let given_up = pair.client.open_session().unwrap();
    let kept = pair.client.open_session().unwrap();
    pair.client.exec(kept, b"echo kept");
    while pair.server.tally().not_understood == 0 {
        let out = pair.client_output();
        pair.server.handle_input(&out).unwrap();
        if pair.server.tally().not_understood > 0 {
            pair.client.close(given_up);
        }
        let mut out = Vec::new();
        pair.server.poll_transmit(&mut out);
        pair.deliver(&out);
    }
    assert_eq!(pair.finish(kept, b""), b"kept");
    assert_eq!((pair.server.tally().not_understood, pair.server.tally().opened_sessions), (2, 1));
}

#[test]
fn no_key_is_no_reason_to_hurry() {
    for (users, signs) in [(0, true), (1, false)] {
        let mut pair = pair(users, true);
        pair.signs = signs;
        pair.client.open_session().unwrap();
        pair.run();
        assert!(matches!(pair.error, Some(Error::AuthRejected { .. })));
        assert_eq!(pair.server.tally().not_understood, 0);
    }
}

#[test]
fn a_key_nobody_has_tried_is_hurried_for_openssh_only() {
    for (ident, early, not_understood) in [(OPENSSH, true, 1), ("SSH-2.0-obedient_1", false, 0)] {
        let (works, hurried) = echo(&mut pair_with(ident, 1, Haste::WhereHarmless));
        let (_, late) = echo(&mut pair_with(ident, 1, Haste::None));
        assert!(works);
        assert_eq!(late - hurried, usize::from(early), "{ident}");
        let mut pair = pair_with(ident, 2, Haste::WhereHarmless);
        pair.server.config.accepts = Some(pair.users[1].public.blob.clone());
        assert!(echo(&mut pair).0, "{:?}", pair.error);
        assert_eq!(
            (pair.server.tally().not_understood, pair.server.tally().opened_sessions),
            (not_understood, 1),
            "{ident}"
        );
    }
}

#[test]
fn what_has_a_number_that_is_known_starts_in_the_same_write() {
    let start = Haste::Start { numbered: 1 };
    let (output, writes) = echo_early(&mut pair_with(OPENSSH, 1, start));
    let (_, late) = echo(&mut pair_with(OPENSSH, 1, Haste::Open));
    assert_eq!((output, late - writes), (b"in".to_vec(), 1));
    // Another server is not relied on.
    let mut other = pair_with("SSH-2.0-obedient_1", 1, start);
    assert_eq!(echo_early(&mut other), (b"in".to_vec(), late));
    assert_eq!(other.client.numbered(), 0);
}

#[test]
fn what_was_started_behind_a_refused_login_starts_after_the_next() {
    let mut pair = pair_with(OPENSSH, 2, Haste::Start { numbered: 1 });
    pair.server.config.accepts = Some(pair.users[1].public.blob.clone());
    assert_eq!(echo_early(&mut pair).0, b"in", "{:?}", pair.error);
    assert_eq!((pair.server.tally().not_understood, pair.server.tally().opened_sessions), (2, 1));
    assert!(!pair.client.is_hasty());
}

#[test]
fn numbers_in_order_are_counted() {
    for (first_channel, numbered) in [(0, 3), (1, 0)] {
        let mut pair = pair_with(OPENSSH, 1, Haste::None);
        pair.server.config.first_channel = first_channel;
        (0..3).for_each(|_| assert!(pair.client.open_session().is_ok()));
        pair.run();
        assert_eq!((pair.error.clone(), pair.client.numbered()), (None, numbered));
    }
}

#[test]
fn haste_is_to_blame_until_the_server_has_got_over_it() {
    for (misbehaviour, is_blamed) in [(Some(Misbehaviour::HangUpOnEarlyOpen), true), (None, false)] {
        let mut pair = pair_with(OPENSSH, 3, Haste::WhereHarmless);
        pair.server.config.accepts = Some(Vec::new());
        pair.server.config.misbehaviour = misbehaviour;
        pair.server.config.doors.tries = 2;
        pair.client.open_session().unwrap();
        pair.run();
        assert!(pair.error.is_some());
        assert_eq!(pair.client.is_hasty(), is_blamed, "{misbehaviour:?}");
    }
}

#[test]
fn a_login_that_is_relied_on_succeeds_or_ends_the_connection() {
    let until = Duration::from_secs(10);
    for (is_refused, end) in [(false, None), (true, Some(Error::KeyRefused))] {
        let mut pair = pair_with(OPENSSH, 2, Haste::Start { numbered: 1 });
        if is_refused {
            pair.server.config.accepts = Some(pair.users[1].public.blob.clone());
        }
        pair.client.open_session().unwrap();
        pair.client.rely_on_login(pair.now + until);
        pair.run();
        assert_eq!(pair.error, end);
        // Nothing is left of the deadline.
        if !is_refused {
            pair.client.consume(ChannelId(0), Stream::Stdout, 0);
            assert_ne!(pair.client.poll_timeout(), Some(pair.now + until));
        }
    }
    let mut silent = pair_with(OPENSSH, 1, Haste::Start { numbered: 1 });
    silent.client.open_session().unwrap();
    silent.client.rely_on_login(silent.now + until);
    silent.advance(until);
    assert_eq!(silent.error, Some(Error::LoginTimeout));
}
