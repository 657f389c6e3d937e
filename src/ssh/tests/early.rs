//! Channels opened in the write of the signature, and all that may come of it.

use crate::base::limits::SSH_WINDOW_BYTES;
use crate::ssh::*;
use crate::testing::ssh_pair::{Link, Pair};
use crate::testing::ssh_server::{Doors, Misbehaviour, ServerConfig};

fn pair(users: usize, opens_early: bool) -> Pair {
    Pair::with(ServerConfig::default(), Link::Whole, users, |config| config.opens_early = opens_early)
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
    assert_eq!((pair.server.not_understood, pair.server.opened_sessions), (1, 1));
}

#[test]
fn where_the_key_is_not_enough_channels_wait_for_the_rest() {
    let mut pair = pair(1, true);
    pair.server.config.doors =
        Doors { steps: &["publickey", "password"], password: "word", ..Doors::default() };
    pair.passwords = vec!["word"];
    assert!(echo(&mut pair).0, "{:?}", pair.error);
    assert_eq!((pair.server.not_understood, pair.server.opened_sessions), (1, 1));
}

#[test]
fn a_server_that_forgets_a_message_behind_the_login_gets_it_again() {
    let mut pair = pair(1, true);
    pair.server.config.misbehaviour = Some(Misbehaviour::ForgetFirstOpen);
    assert!(echo(&mut pair).0, "{:?}", pair.error);
    assert_eq!((pair.server.not_understood, pair.server.opened_sessions), (1, 1));
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
    while pair.server.not_understood == 0 {
        let out = pair.client_output();
        pair.server.handle_input(&out).unwrap();
        if pair.server.not_understood > 0 {
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
    while pair.server.not_understood == 0 {
        let out = pair.client_output();
        pair.server.handle_input(&out).unwrap();
        if pair.server.not_understood > 0 {
            pair.client.close(given_up);
        }
        let mut out = Vec::new();
        pair.server.poll_transmit(&mut out);
        pair.deliver(&out);
    }
    assert_eq!(pair.finish(kept, b""), b"kept");
    assert_eq!((pair.server.not_understood, pair.server.opened_sessions), (2, 1));
}

#[test]
fn no_key_is_no_reason_to_hurry() {
    for (users, signs) in [(0, true), (1, false)] {
        let mut pair = pair(users, true);
        pair.signs = signs;
        pair.client.open_session().unwrap();
        pair.run();
        assert!(matches!(pair.error, Some(Error::AuthRejected { .. })));
        assert_eq!(pair.server.not_understood, 0);
    }
}
