use super::*;
use crate::base::limits::SSH_IDLE_MESSAGES_MAX;

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
