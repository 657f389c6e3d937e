use crate::base::limits::{SSH_CHANNELS_MAX, SSH_WINDOW_BYTES};
use crate::ssh::*;
use crate::testing::ssh_pair::{Link, Pair};
use crate::testing::ssh_server::ServerConfig;

#[test]
fn exits_are_told() {
    let mut pair = Pair::new(ServerConfig::default(), Link::Whole);
    pair.exec("exit 3", b"");
    pair.exec("killed KILL", b"");
    let exits: Vec<&Event> = pair
        .events
        .iter()
        .filter(|event| matches!(event, Event::ExitStatus { .. } | Event::ExitSignal { .. }))
        .collect();
    let Event::ExitStatus { status: 3, .. } = exits[0] else { panic!("{exits:?}") };
    let Event::ExitSignal { signal, core_dumped: false, .. } = exits[1] else { panic!("{exits:?}") };
    assert_eq!(signal, "KILL");
}

#[test]
fn standard_error_is_kept_apart() {
    let mut pair = Pair::new(ServerConfig::default(), Link::Whole);
    let channel = pair.client.open_session().unwrap();
    pair.client.exec(channel, b"fail no such file");
    pair.run();
    assert_eq!(pair.client.received(channel, Stream::Stdout), b"");
    assert_eq!(pair.client.received(channel, Stream::Stderr), b"no such file");
    assert!(pair.events.contains(&Event::Closed(channel)));
    pair.client.close(channel);
    assert_eq!(pair.client.received(channel, Stream::Stderr), b"");
}

#[test]
fn nothing_more_is_sent_to_an_owner_who_does_not_consume() {
    let change = |config: &mut ClientConfig| config.window_bytes = 100_000;
    let mut pair = Pair::with(ServerConfig::default(), Link::Whole, 1, change);
    let channel = pair.client.open_session().unwrap();
    pair.client.exec(channel, b"bytes 1000000");
    pair.run();
    assert_eq!(pair.client.received(channel, Stream::Stdout).len(), 100_000);
    pair.client.consume(channel, Stream::Stdout, 50_000);
    pair.run();
    assert_eq!(pair.client.received(channel, Stream::Stdout).len(), 100_000);
    let rest = pair.finish(channel, b"");
    assert_eq!(rest.len(), 950_000);
    assert!(rest.iter().enumerate().all(|(at, byte)| *byte == (50_000 + at) as u8));
}

#[test]
fn the_peers_window_is_never_passed() {
    // The server fails the test when it is.
    for window_bytes in [1, 7, 1000, 40_000] {
        let mut pair = Pair::new(ServerConfig { window_bytes, ..ServerConfig::default() }, Link::Whole);
        let input = vec![5; 3000.min(window_bytes as usize * 50)];
        assert!(pair.exec("cat", &input) == input);
    }
}

#[test]
fn a_window_can_be_widened_at_any_time() {
    const WIDE: u32 = 2 * SSH_WINDOW_BYTES;
    for rounds in [0, 1, 5] {
        let mut pair = Pair::new(ServerConfig::default(), Link::Whole);
        pair.run();
        let channel = pair.client.open_session().unwrap();
        pair.client.exec(channel, b"bytes 10000000");
        for _ in 0..rounds {
            pair.round();
        }
        pair.client.widen(channel, WIDE);
        pair.client.widen(channel, SSH_WINDOW_BYTES);
        pair.run();
        assert_eq!(pair.client.received(channel, Stream::Stdout).len(), WIDE as usize, "after {rounds}");
    }
}

#[test]
fn what_is_taken_is_bounded_and_room_is_told() {
    let mut pair = Pair::new(ServerConfig::default(), Link::Whole);
    let channel = pair.client.open_session().unwrap();
    pair.client.exec(channel, b"cat");
    let taken = pair.client.send(channel, &[1; 1_000_000]);
    assert_eq!(taken, 256 * 1024);
    assert_eq!(pair.client.send(channel, b"more"), 0);
    pair.run();
    assert!(pair.events.contains(&Event::Writable(channel)));
    assert_eq!(pair.client.received(channel, Stream::Stdout).len(), taken);
}

#[test]
fn refusals_are_told_and_forgotten() {
    let mut pair = Pair::new(ServerConfig { sessions_max: 1, ..ServerConfig::default() }, Link::Whole);
    let first = pair.client.open_session().unwrap();
    let second = pair.client.open_session().unwrap();
    pair.run();
    assert!(pair.events.contains(&Event::Opened(first)));
    let refused = Event::OpenRefused { channel: second, reason: 2, text: "open failed".into() };
    assert!(pair.events.contains(&refused));
    assert_eq!(pair.client.send(second, b"x"), 0);
    pair.client.close(first);
    pair.run();
    assert_eq!(pair.exec("echo again", b""), b"again");
}

#[test]
fn unknown_subsystems_and_commands_are_refused() {
    let mut pair = Pair::new(ServerConfig::default(), Link::Whole);
    let channel = pair.client.open_session().unwrap();
    pair.client.subsystem(channel, "nothing");
    pair.run();
    assert!(pair.events.contains(&Event::RequestFailed(channel)));
    let channel = pair.client.open_session().unwrap();
    pair.client.subsystem(channel, "echo");
    assert_eq!(pair.finish(channel, b"ping"), b"ping");
    assert!(pair.events.contains(&Event::Started(channel)));
}

#[test]
fn a_signal_reaches_the_command() {
    let mut pair = Pair::new(ServerConfig::default(), Link::Whole);
    let channel = pair.client.open_session().unwrap();
    pair.client.exec(channel, b"hang");
    pair.run();
    pair.client.signal(channel, "TERM");
    pair.run();
    assert!(
        pair.events.iter().any(|event| matches!(event, Event::ExitSignal { signal, .. } if signal == "TERM"))
    );
}

#[test]
fn channels_are_bounded_and_their_numbers_never_reused() {
    let server = ServerConfig { sessions_max: SSH_CHANNELS_MAX, ..ServerConfig::default() };
    let mut pair = Pair::new(server, Link::Whole);
    let ids: Vec<ChannelId> = (0..SSH_CHANNELS_MAX).map(|_| pair.client.open_session().unwrap()).collect();
    assert_eq!(pair.client.open_session(), Err(Error::ChannelLimit));
    pair.run();
    ids.iter().for_each(|id| pair.client.close(*id));
    pair.run();
    let later = pair.client.open_session().unwrap();
    assert!(!ids.contains(&later));
}

#[test]
fn a_closed_channel_may_still_receive_without_harm() {
    let mut pair = Pair::new(ServerConfig::default(), Link::Whole);
    let channel = pair.client.open_session().unwrap();
    pair.client.exec(channel, b"bytes 3000000");
    while pair.client.received(channel, Stream::Stdout).is_empty() {
        pair.round();
    }
    pair.client.close(channel);
    pair.run();
    assert_eq!(pair.error, None);
    assert_eq!(pair.exec("echo next", b""), b"next");
}

#[test]
fn many_sessions_run_side_by_side() {
    let mut pair = Pair::new(ServerConfig::default(), Link::Random(9));
    let channels: Vec<ChannelId> = (0..10).map(|_| pair.client.open_session().unwrap()).collect();
    for (index, channel) in channels.iter().enumerate() {
        pair.client.exec(*channel, format!("echo {index}").as_bytes());
    }
    pair.run();
    for (index, channel) in channels.iter().enumerate() {
        assert_eq!(pair.client.received(*channel, Stream::Stdout), index.to_string().as_bytes());
    }
}

#[test]
fn room_that_the_confirmation_makes_is_told() {
    let mut pair = Pair::new(ServerConfig { window_bytes: 1 << 20, ..ServerConfig::default() }, Link::Whole);
    let channel = pair.client.open_session().unwrap();
    pair.client.exec(channel, b"cat");
    let input = vec![1; 300_000];
    let taken = pair.client.send(channel, &input);
    assert!(taken < input.len());
    pair.run();
    assert!(pair.events.contains(&Event::Writable(channel)));
    assert_eq!(pair.client.send(channel, &input[taken..]), input.len() - taken);
}

#[test]
fn a_number_that_is_used_again_is_another_number() {
    let mut pair = Pair::new(ServerConfig::default(), Link::Whole);
    let mut ids = Vec::new();
    for n in 0..100 {
        let channel = pair.client.open_session().unwrap();
        pair.client.exec(channel, format!("echo {n}").as_bytes());
        assert_eq!(pair.finish(channel, b""), n.to_string().as_bytes());
        pair.client.close(channel);
        pair.run();
        ids.push(channel);
    }
    let last = pair.client.open_session().unwrap();
    pair.client.exec(last, b"echo new");
    pair.run();
    for old in ids {
        assert_ne!(old, last);
        assert_eq!(pair.client.send(old, b"late"), 0);
        assert_eq!(pair.client.received(old, Stream::Stdout), b"");
        pair.client.close(old);
    }
    assert_eq!(pair.client.received(last, Stream::Stdout), b"new");
}

#[test]
fn a_tcp_connection_carries_bytes_both_ways() {
    let mut pair = Pair::new(ServerConfig { window_bytes: 1000, ..ServerConfig::default() }, Link::Random(3));
    let channel = pair.client.open_direct_tcpip("far", 7).unwrap();
    let input: Vec<u8> = (0..100_000u32).map(|at| at as u8).collect();
    assert!(pair.finish(channel, &input) == input);
    assert!(pair.events.contains(&Event::Eof(channel)));
    pair.client.close(channel);
    pair.run();
    assert_eq!(pair.error, None);
}

#[test]
fn a_tcp_connection_may_be_refused() {
    let mut pair = Pair::new(ServerConfig::default(), Link::Whole);
    let closed = pair.client.open_direct_tcpip("far", 22).unwrap();
    let forbidden = pair.client.open_direct_tcpip("forbidden", 7).unwrap();
    pair.run();
    for (channel, reason, text) in [(closed, 2, "Connection refused"), (forbidden, 1, "open failed")] {
        let text = text.to_owned();
        assert!(pair.events.contains(&Event::OpenRefused { channel, reason, text }));
    }
}

#[test]
fn variables_are_set_before_the_command_starts() {
    let mut pair = Pair::new(ServerConfig::default(), Link::Whole);
    let early = pair.client.open_session().unwrap();
    pair.client.set_env(early, "COLOUR", "green");
    pair.client.exec(early, b"printenv COLOUR");
    assert_eq!(pair.finish(early, b""), b"green");
    let ahead = pair.client.open_session().unwrap();
    pair.run();
    pair.client.set_env(ahead, "COLOUR", "red");
    pair.client.exec(ahead, b"printenv COLOUR");
    assert_eq!(pair.finish(ahead, b""), b"red");
}

#[test]
fn nobody_is_left_waiting_for_the_socket() {
    // Together they hold more than the socket is given at once.
    let server = ServerConfig { window_bytes: 1 << 20, ..ServerConfig::default() };
    let mut pair = Pair::new(server, Link::Whole);
    let channels: Vec<ChannelId> =
        (0..20).map(|_| pair.client.open_direct_tcpip("far", 7).unwrap()).collect();
    pair.run();
    let input: Vec<u8> = (0..200_000u32).map(|at| (at % 251) as u8).collect();
    channels.iter().for_each(|channel| assert_eq!(pair.client.send(*channel, &input), input.len()));
    pair.run();
    for channel in channels {
        assert!(pair.client.received(channel, Stream::Stdout) == input);
    }
}
