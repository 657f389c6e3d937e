use super::*;
use crate::base::limits::SSH_CHANNEL_PACKET_BYTES_MAX;

const PACKET: usize = SSH_CHANNEL_PACKET_BYTES_MAX as usize;

/// A message about a channel.
fn about(number: u8, channel: u32, write: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    message(number, |out| {
        out.put_u32(channel);
        write(out);
    })
}

fn short(number: u8, channel: u32) -> Vec<u8> {
    about(number, channel, |_| {})
}

fn confirmation(channel: u32, window: u32, packet: u32) -> Vec<u8> {
    about(number::CHANNEL_OPEN_CONFIRMATION, channel, |out| {
        [0, window, packet].iter().for_each(|field| out.put_u32(*field));
    })
}

fn refusal(channel: u32) -> Vec<u8> {
    about(number::CHANNEL_OPEN_FAILURE, channel, |out| {
        out.put_u32(1);
        out.put_string(b"no");
        out.put_string(b"");
    })
}

fn data(channel: u32, count: usize) -> Vec<u8> {
    about(number::CHANNEL_DATA, channel, |out| out.put_string(&vec![b'd'; count]))
}

fn extended(channel: u32, kind: u32, count: usize) -> Vec<u8> {
    about(number::CHANNEL_EXTENDED_DATA, channel, |out| {
        out.put_u32(kind);
        out.put_string(&vec![b'e'; count]);
    })
}

fn adjust(channel: u32, grant: u32) -> Vec<u8> {
    about(number::CHANNEL_WINDOW_ADJUST, channel, |out| out.put_u32(grant))
}

fn request(channel: u32, kind: &str, wants_reply: bool, write: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    about(number::CHANNEL_REQUEST, channel, |out| {
        out.put_string(kind.as_bytes());
        out.put_bool(wants_reply);
        write(out);
    })
}

fn exit(channel: u32, status: u32) -> Vec<u8> {
    request(channel, "exit-status", false, |out| out.put_u32(status))
}

/// Every message that names a channel, well formed.
fn all(channel: u32) -> Vec<Vec<u8>> {
    vec![
        confirmation(channel, 1000, 1000),
        refusal(channel),
        adjust(channel, 1),
        data(channel, 1),
        extended(channel, 1, 1),
        short(number::CHANNEL_EOF, channel),
        short(number::CHANNEL_CLOSE, channel),
        exit(channel, 0),
        short(number::CHANNEL_SUCCESS, channel),
        short(number::CHANNEL_FAILURE, channel),
    ]
}

/// A command whose channel the server has not confirmed.
fn opening() -> (Pair, u32) {
    let mut pair = ready();
    let channel = pair.client.open_session().unwrap();
    pair.client.exec(channel, b"hang");
    pair.client_output();
    (pair, channel.0)
}

fn state(channel: u32, message: u8) -> Option<Error> {
    Some(Error::ChannelState { channel, message })
}

#[test]
fn connection() {
    for channel in [0, 777, u32::MAX] {
        for payload in all(channel) {
            assert_eq!(told(ready(), [payload]), Some(Error::UnknownChannel { number: channel }));
        }
    }
    for number in [number::REQUEST_SUCCESS, number::REQUEST_FAILURE] {
        assert_eq!(told(ready(), [vec![number]]), Some(Error::UnexpectedReply));
    }
}

#[test]
fn while_opening() {
    for at in 0..all(0).len() {
        let (pair, channel) = opening();
        let payload = all(channel).remove(at);
        let is_answer = at < 2;
        let expected = if is_answer { None } else { state(channel, payload[0]) };
        assert_eq!(told(pair, [payload]), expected);
    }
    let (pair, channel) = opening();
    assert_eq!(
        told(pair, [refusal(channel), refusal(channel)]),
        Some(Error::UnknownChannel { number: channel })
    );
}

#[test]
fn while_open() {
    let window = |pair: &Pair| pair.client.received(ChannelId(0), Stream::Stdout).len();
    assert_eq!(window(&running().0), 0);
    let eof = short(number::CHANNEL_EOF, 0);
    let told = |messages: Vec<Vec<u8>>| {
        let (pair, channel) = running();
        assert_eq!(channel, ChannelId(0));
        told(pair, messages)
    };
    for answer in [confirmation(0, 0, 1), refusal(0)] {
        assert_eq!(told(vec![answer.clone()]), state(0, answer[0]));
    }
    // The command's start has been answered.
    for number in [number::CHANNEL_SUCCESS, number::CHANNEL_FAILURE] {
        assert_eq!(told(vec![short(number, 0)]), Some(Error::UnexpectedReply));
    }
    assert_eq!(told(vec![eof.clone(), data(0, 1)]), state(0, number::CHANNEL_DATA));
    assert_eq!(told(vec![eof.clone(), data(0, 0)]), state(0, number::CHANNEL_DATA));
    assert_eq!(told(vec![eof.clone(), extended(0, 1, 1)]), state(0, number::CHANNEL_EXTENDED_DATA));
    assert_eq!(told(vec![eof.clone(), eof]), state(0, number::CHANNEL_EOF));
    // 64 KiB were granted by the server.
    let most = u32::MAX - ServerConfig::default().window_bytes;
    assert_eq!(told(vec![adjust(0, most)]), None);
    assert_eq!(told(vec![adjust(0, most), adjust(0, 1)]), Some(Error::WindowOverflow { channel: 0 }));
    for (payload, received) in [(data(0, PACKET + 1), PACKET + 1), (extended(0, 1, 200_000), 200_000)] {
        let error = Error::ChannelPacket { channel: 0, received, max: SSH_CHANNEL_PACKET_BYTES_MAX };
        assert_eq!(told(vec![payload]), Some(error));
    }
    let packets = crate::base::limits::SSH_WINDOW_BYTES as usize / PACKET;
    let mut full = vec![data(0, PACKET); packets];
    assert_eq!(told(full.clone()), None);
    full.push(data(0, 1));
    assert_eq!(told(full), Some(Error::WindowExceeded { channel: 0, received: 1, window: 0 }));
}

#[test]
fn after_close() {
    for payload in all(0) {
        let (pair, _) = running();
        let error = told(pair, [short(number::CHANNEL_CLOSE, 0), payload]);
        assert_eq!(error, Some(Error::UnknownChannel { number: 0 }));
    }
    // After our own CLOSE, what was under way still comes and is dropped.
    for at in 2..all(0).len() - 2 {
        let (mut pair, channel) = running();
        pair.client.close(channel);
        assert_eq!(told(pair, [all(0).remove(at)]), None);
    }
}

#[test]
fn largest_packets() {
    let (mut pair, channel) = opening();
    pair.server.inject(&confirmation(channel, 1 << 20, u32::MAX));
    pair.hear();
    pair.client.send(ChannelId(channel), &[1; 100_000]);
    assert!(pair.client_output().len() > 100_000, "sent in packets that every server takes");
    assert_eq!(pair.error, None);

    let (pair, channel) = opening();
    // Nothing could ever be sent.
    assert_eq!(told(pair, [confirmation(channel, 1 << 20, 0)]), Some(Error::ChannelPacketZero { channel }));
}

#[test]
fn unknown_kinds_of_data() {
    let (mut pair, channel) = running();
    // More than the window in all: what nobody will read is granted again.
    for _ in 0..200 {
        pair.server.inject(&extended(0, 77, PACKET));
        pair.hear();
        pair.client_output();
    }
    assert_eq!(pair.error, None);
    assert_eq!(pair.events, []);
    assert_eq!(pair.client.received(channel, Stream::Stderr), b"");
}

#[test]
fn exits() {
    let (mut pair, channel) = running();
    let signal = request(0, "exit-signal", false, |out| {
        out.put_string(b"KILL\x1b");
        out.put_bool(false);
        out.put_string(b"");
        out.put_string(b"");
    });
    [exit(0, 3), exit(0, 4), signal].iter().for_each(|payload| pair.server.inject(payload));
    pair.hear();
    assert_eq!(pair.error, None);
    assert_eq!(pair.events, [Event::ExitStatus { channel, status: 3 }]);
}

#[test]
fn requests_for_an_answer() {
    let (mut pair, _) = running();
    for (kind, answer) in
        [("keepalive@openssh.com", number::CHANNEL_FAILURE), ("exit-status", number::CHANNEL_SUCCESS)]
    {
        pair.server.inject(&request(0, kind, true, |out| out.put_u32(0)));
        pair.hear();
        let out = pair.client_output();
        assert!(!out.is_empty(), "{answer}");
        pair.server.handle_input(&out).unwrap();
    }
    assert_eq!(pair.error, None);
}

#[test]
fn cut_short() {
    for payload in all(0).into_iter().skip(2) {
        for cut in 1..payload.len() {
            let (pair, _) = running();
            let error = told(pair, [&payload[..cut]]);
            let expected = Error::Truncated { what: "channel message" };
            assert_eq!(error, Some(expected), "message {} cut at {cut}", payload[0]);
        }
    }
    for at in 0..2 {
        let whole = all(0).remove(at);
        for cut in 1..whole.len() - if at == 0 { 0 } else { 4 } {
            let (pair, _) = opening();
            let error = told(pair, [&whole[..cut]]);
            assert_eq!(
                error,
                Some(Error::Truncated { what: "channel message" }),
                "message {} cut at {cut}",
                whole[0]
            );
        }
    }
}

#[test]
fn opened_by_the_server() {
    for kind in ["x11", "forwarded-tcpip", "auth-agent@openssh.com", "session", "\x1b[2J"] {
        let mut pair = ready();
        let open = message(number::CHANNEL_OPEN, |out| {
            out.put_string(kind.as_bytes());
            [7, 1 << 20, 1 << 15].iter().for_each(|field| out.put_u32(*field));
        });
        pair.server.inject(&open);
        pair.hear();
        assert_eq!((pair.error.clone(), pair.client_output().is_empty()), (None, false), "{kind}: refused");
        // It was never open.
        assert_eq!(told(pair, [data(7, 1)]), Some(Error::UnknownChannel { number: 7 }));
    }
}

#[test]
fn unknown_messages() {
    let mut pair = ready();
    for number in [0, 8, 19, 83, 89, 101, 127, 191, 192, 255] {
        pair.server.inject(&[number]);
        pair.hear();
        let out = pair.client_output();
        assert!(!out.is_empty(), "{number} is answered by UNIMPLEMENTED");
        pair.server.handle_input(&out).unwrap();
    }
    assert_eq!(pair.exec("echo x", b""), b"x");
}
