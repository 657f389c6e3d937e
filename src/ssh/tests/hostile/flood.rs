use super::*;
use crate::base::limits::{SSH_IDLE_MESSAGES_MAX, SSH_REKEYS_WASTED_MAX, SSH_REKEYS_WASTED_PERIOD};

fn idle_messages() -> [Vec<u8>; 4] {
    [
        text(number::IGNORE, "nothing"),
        message(number::DEBUG, |out| {
            out.put_bool(true);
            out.put_string(b"\x1b[2J");
            out.put_string(b"");
        }),
        message(number::UNIMPLEMENTED, |out| out.put_u32(3)),
        message(number::EXT_INFO, |out| out.put_u32(0)),
    ]
}

#[test]
fn before_login() {
    let banner = message(number::USERAUTH_BANNER, |out| {
        out.put_string(b"again");
        out.put_string(b"");
    });
    for payload in idle_messages().into_iter().chain([banner]) {
        // Some have been said by then: EXT_INFO.
        let many = vec![&payload; SSH_IDLE_MESSAGES_MAX as usize - 2];
        assert_eq!(told(keyed(), many), None, "message {}", payload[0]);
        let more = vec![&payload; SSH_IDLE_MESSAGES_MAX as usize + 1];
        assert_eq!(told(keyed(), more), Some(Error::IdleMessages), "message {}", payload[0]);
    }
}

#[test]
fn before_keys() {
    let many = vec![text(number::IGNORE, "nothing"); SSH_IDLE_MESSAGES_MAX as usize + 1];
    assert_eq!(told(greeted(), many), Some(Error::IdleMessages));
}

#[test]
fn after_login() {
    let (mut pair, _) = running();
    for payload in idle_messages() {
        for _ in 0..20 {
            for _ in 0..1000 {
                pair.server.inject(&payload);
            }
            pair.hear();
            assert_eq!(pair.error, None);
            assert_eq!(pair.events, []);
            assert!(!pair.client.poll_transmit(&mut Vec::new()), "nothing is answered");
        }
    }
    assert_eq!(pair.exec("echo x", b""), b"x");
}

#[test]
fn exchanges() {
    let (mut pair, _) = running();
    for _ in 0..SSH_REKEYS_WASTED_MAX {
        pair.server.start_exchange();
        pair.run();
        assert_eq!(pair.error, None);
    }
    pair.server.start_exchange();
    pair.run();
    assert_eq!(pair.error, Some(Error::RekeyFlood));
}

#[test]
fn exchanges_that_take_their_time() {
    let (mut pair, _) = running();
    for _ in 0..2 * SSH_REKEYS_WASTED_MAX {
        pair.advance(2 * SSH_REKEYS_WASTED_PERIOD / SSH_REKEYS_WASTED_MAX);
        pair.server.start_exchange();
        pair.run();
        assert_eq!(pair.error, None);
    }
}

#[test]
fn exchanges_that_are_due() {
    let (mut pair, channel) = running();
    pair.client.close(channel);
    for _ in 0..2 * SSH_REKEYS_WASTED_MAX {
        pair.exec("bytes 20000", b"");
        pair.server.start_exchange();
        pair.run();
        assert_eq!(pair.error, None);
    }
}
