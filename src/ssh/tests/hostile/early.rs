use super::*;

/// Two commands were started in sessions whose numbers were believed to be 0 and 1, and the login has succeeded.
fn started_early() -> (Pair, [u32; 2]) {
    let server = ServerConfig { ident: "SSH-2.0-OpenSSH_10.0", ..ServerConfig::default() };
    let mut pair = Pair::with(server, Link::Whole, 1, |config| config.haste = Haste::Start { numbered: 2 });
    let channels = [0; 2].map(|_| pair.client.open_session().unwrap());
    while !pair.client.starts_early() {
        assert!(pair.round());
    }
    for channel in channels {
        pair.client.exec(channel, b"hang");
        assert!(pair.client.start_early(channel));
    }
    pair.client_output();
    pair.server.swallow();
    pair.server.inject(&text(number::SERVICE_ACCEPT, "ssh-userauth"));
    pair.server.inject(&[number::USERAUTH_SUCCESS]);
    (pair, channels.map(|channel| channel.0))
}

fn about(number: u8, channel: u32, fields: &[u32]) -> Vec<u8> {
    message(number, |out| {
        out.put_u32(channel);
        fields.iter().for_each(|field| out.put_u32(*field));
    })
}

fn confirmation(channel: u32, number: u32) -> Vec<u8> {
    about(number::CHANNEL_OPEN_CONFIRMATION, channel, &[number, 1000, 1000])
}

#[test]
fn as_expected() {
    let (pair, [first, second]) = started_early();
    let success = |channel| about(number::CHANNEL_SUCCESS, channel, &[]);
    let messages = [confirmation(first, 0), confirmation(second, 1), success(first), success(second)];
    assert_eq!(told(pair, messages), None);
    // An answer to each start, and no other.
    let (pair, [first, second]) = started_early();
    let messages = [confirmation(first, 0), confirmation(second, 1), success(first), success(first)];
    assert_eq!(told(pair, messages), Some(Error::UnexpectedReply));
}

#[test]
fn another_number() {
    for (numbers, at) in [([1, 0], 0), ([7, 8], 0), ([0, 2], 1), ([0, 0], 1)] {
        let (pair, channels) = started_early();
        let messages = [0, 1].map(|at| confirmation(channels[at], numbers[at]));
        assert_eq!(told(pair, messages), Some(Error::EarlyStart { channel: channels[at] }), "{numbers:?}");
    }
}

#[test]
fn a_refusal() {
    let refusal = |channel| {
        let mut refusal = about(number::CHANNEL_OPEN_FAILURE, channel, &[1]);
        refusal.put_string(b"no");
        refusal.put_string(b"");
        refusal
    };
    let (pair, [first, second]) = started_early();
    // What was meant for the first has reached the second.
    let messages = [refusal(first), confirmation(second, 0)];
    assert_eq!(told(pair, messages), Some(Error::EarlyStart { channel: first }));
    let (pair, [first, second]) = started_early();
    let messages = [confirmation(first, 0), refusal(second)];
    assert_eq!(told(pair, messages), Some(Error::EarlyStart { channel: second }));
}

#[test]
fn an_answer_to_the_start_before_the_confirmation() {
    for message in [number::CHANNEL_SUCCESS, number::CHANNEL_FAILURE] {
        let (pair, [first, _]) = started_early();
        let error = Error::ChannelState { channel: first, message };
        assert_eq!(told(pair, [about(message, first, &[])]), Some(error));
    }
}

#[test]
fn no_understanding() {
    let (pair, [first, second]) = started_early();
    let unimplemented = || about(number::UNIMPLEMENTED, 0, &[]);
    assert_eq!(told(pair, [unimplemented()]), Some(Error::EarlyStart { channel: first }));
    let (pair, [first, _]) = started_early();
    let messages = [confirmation(first, 0), unimplemented()];
    assert_eq!(told(pair, messages), Some(Error::EarlyStart { channel: second }));
}
