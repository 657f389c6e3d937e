//! Both streams at random: what the network does and what the owner does.

use crate::ssh::*;
use crate::testing::ssh_pair::{Link, Pair};
use crate::testing::ssh_server::ServerConfig;
use proptest::prelude::*;

#[derive(Debug, Clone)]
enum Step {
    Open(&'static str),
    Send(usize, usize),
    Eof(usize),
    Consume(usize, usize),
    Close(usize),
    Signal(usize),
    ServerRekeys,
    ServerAsks,
    Rounds(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let command = prop::sample::select(vec!["cat", "bytes 300000", "fail x", "echo x", "hang", "nonsense"]);
    prop_oneof![
        command.prop_map(Step::Open),
        (0usize..8, 0usize..200_000).prop_map(|(at, count)| Step::Send(at, count)),
        (0usize..8).prop_map(Step::Eof),
        (0usize..8, 0usize..200_000).prop_map(|(at, count)| Step::Consume(at, count)),
        (0usize..8).prop_map(Step::Close),
        (0usize..8).prop_map(Step::Signal),
        Just(Step::ServerRekeys),
        Just(Step::ServerAsks),
        (0usize..4).prop_map(Step::Rounds),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_the_owner_does_the_connection_stays_whole(
        steps in prop::collection::vec(step(), 1..60), seed: u64, rekey in prop::option::of(20_000u64..200_000),
    ) {
        let change = |config: &mut ClientConfig| config.rekey.bytes = rekey;
        let mut pair = Pair::with(ServerConfig::default(), Link::Random(seed), 1, change);
        let mut channels = Vec::new();
        for step in steps {
            let at = |index: usize| channels.get(index).copied();
            match step {
                Step::Open(command) => if let Ok(channel) = pair.client.open_session() {
                    pair.client.exec(channel, command.as_bytes());
                    channels.push(channel);
                },
                Step::Send(index, count) => if let Some(channel) = at(index) {
                    prop_assert!(pair.client.send(channel, &vec![1; count]) <= count);
                },
                Step::Eof(index) => if let Some(channel) = at(index) { pair.client.send_eof(channel) },
                Step::Consume(index, count) => if let Some(channel) = at(index) {
                    pair.client.consume(channel, Stream::Stdout, count);
                },
                Step::Close(index) => if let Some(channel) = at(index) { pair.client.close(channel) },
                Step::Signal(index) => if let Some(channel) = at(index) { pair.client.signal(channel, "TERM") },
                Step::ServerRekeys => if pair.client.is_ready() { pair.server.start_exchange() },
                Step::ServerAsks => if pair.client.is_ready() { pair.server.ask() },
                Step::Rounds(count) => for _ in 0..count { pair.round(); },
            }
            prop_assert_eq!(&pair.error, &None);
        }
        channels.iter().for_each(|channel| pair.client.close(*channel));
        pair.run();
        prop_assert_eq!(&pair.error, &None);
        prop_assert_eq!(pair.exec("echo whole", b""), b"whole");
    }
}
