//! Whole operations against the server in `testing`, and against servers that misbehave.

mod hostile;
mod open;
mod predicted;

use super::*;
use crate::base::limits::*;
use crate::base::time::{Duration, now};
use crate::simulated::sftp::{Bar, Knobs, Node, Numbering, SftpServer};
use proptest::prelude::*;

const BIG: usize = usize::MAX;

/// Both ends of a stream, and how many times bytes went back and forth.
struct Pair {
    client: Session,
    server: SftpServer,
    round_trips: usize,
    /// Longest piece of the server's stream that the client sees at once.
    piece: usize,
}

impl Pair {
    fn new(knobs: Knobs) -> Self {
        let like_openssh = knobs.numbering != Numbering::Counting;
        let mut server = SftpServer::new(knobs);
        server.start_trace();
        Self { client: Session::new(like_openssh, now()), server, round_trips: 0, piece: usize::MAX }
    }

    /// One round trip; false when neither side had anything to say.
    fn exchange(&mut self) -> bool {
        let (mut up, mut down) = (Vec::new(), Vec::new());
        let mut sent = false;
        while self.client.poll_transmit(&mut up) {
            sent = true;
        }
        self.server.handle_input(&up);
        let answered = self.server.poll_transmit(&mut down);
        assert!(self.server.faults().is_empty(), "{:?}", self.server.faults());
        for piece in down.chunks(self.piece.min(down.len().max(1))) {
            self.client.handle_input(piece).unwrap();
        }
        self.round_trips += usize::from(sent);
        sent || answered
    }

    fn settle(&mut self) -> Vec<(OpId, Result<Outcome, Failure>)> {
        while self.exchange() {}
        std::iter::from_fn(|| self.client.poll_done()).collect()
    }

    fn run(&mut self, op: OpId) -> Result<Outcome, Failure> {
        let mut done = self.settle();
        assert_eq!(done.len(), 1);
        assert_eq!(self.server.handles().0, 0, "every handle is closed");
        let (id, result) = done.remove(0);
        assert_eq!(id, op);
        result
    }

    fn read(&mut self, path: &str, offset: u64, bytes_max: u64) -> Result<(Vec<u8>, bool), Failure> {
        let op = self.client.read(path.as_bytes(), offset, bytes_max, now()).unwrap();
        self.run(op).map(|outcome| match outcome {
            Outcome::Read { data, more, .. } => (data, more),
            other => panic!("{other:?}"),
        })
    }

    fn list(&mut self, path: &str, entries_max: usize, bytes_max: usize) -> (Vec<Entry>, bool) {
        let op = self.client.list(path.as_bytes(), entries_max, bytes_max).unwrap();
        match self.run(op).unwrap() {
            Outcome::List { entries, truncated } => (entries, truncated),
            other => panic!("{other:?}"),
        }
    }
}

fn status(code: StatusCode, text: &str) -> Failure {
    Failure::Status { code, text: text.into() }
}

fn bytes(len: usize) -> Vec<u8> {
    (0..len).map(|i| (i * 31 + i / 251) as u8).collect()
}

fn claiming(data: Vec<u8>, size: u64) -> Node {
    Node::File { data, claimed: Some(size) }
}

#[test]
fn a_small_file_costs_three_round_trips_even_on_a_new_session() {
    let mut pair = Pair::new(Knobs::default());
    pair.server.put_file("/a", "hello");
    assert_eq!(pair.read("/a", 0, 100).unwrap(), (b"hello".to_vec(), false));
    // INIT and STAT, OPEN, READ; and CLOSE, for which nobody waits.
    assert_eq!(pair.round_trips, 3 + 1);
    assert_eq!(pair.server.requests(), [1, 17, 200, 3, 5, 4]);
}

#[test]
fn the_limit_is_exact() {
    let mut pair = Pair::new(Knobs::default());
    pair.server.put_file("/a", "hello");
    assert_eq!(pair.read("/a", 0, 6).unwrap(), (b"hello".to_vec(), false));
    assert_eq!(pair.read("/a", 0, 5).unwrap(), (b"hello".to_vec(), false));
    assert_eq!(pair.read("/a", 0, 4).unwrap(), (b"hell".to_vec(), true));
    assert_eq!(pair.read("/a", 0, 0).unwrap(), (Vec::new(), true));
    assert_eq!(pair.read("/a", 0, u64::MAX).unwrap(), (b"hello".to_vec(), false));
    assert_eq!(pair.read("/a", 3, 2).unwrap(), (b"lo".to_vec(), false));
    assert_eq!(pair.read("/a", 5, 2).unwrap(), (Vec::new(), false));
    assert_eq!(pair.read("/a", u64::MAX, u64::MAX).unwrap(), (Vec::new(), false));
}

#[test]
fn files_without_a_size_are_read_to_their_end() {
    let mut pair = Pair::new(Knobs { data_bytes_max: 4096, ..Knobs::default() });
    pair.server.put("/proc", claiming(bytes(10_000), 0));
    pair.server.put("/empty", claiming(Vec::new(), 0));
    assert_eq!(pair.read("/proc", 0, 1 << 20).unwrap(), (bytes(10_000), false));
    assert_eq!(pair.read("/proc", 0, 5_000).unwrap(), (bytes(10_000)[..5_000].to_vec(), true));
    assert_eq!(pair.read("/empty", 0, 1 << 20).unwrap(), (Vec::new(), false));
}

#[test]
fn a_claimed_size_is_only_a_hint() {
    let mut pair = Pair::new(Knobs { limits: None, ..Knobs::default() });
    pair.server.put("/shrunk", claiming(bytes(100), u64::MAX));
    pair.server.put("/grown", claiming(bytes(200_000), 100));
    pair.server.put("/cut", claiming(bytes(100_000), 150_000));
    assert_eq!(pair.read("/shrunk", 0, u64::MAX).unwrap(), (bytes(100), false));
    assert_eq!(pair.read("/grown", 0, 1 << 20).unwrap(), (bytes(200_000), false));
    assert_eq!(pair.read("/grown", 0, 150).unwrap(), (bytes(200_000)[..150].to_vec(), true));
    assert_eq!(pair.read("/cut", 0, 1 << 20).unwrap(), (bytes(100_000), false));
}

#[test]
fn the_first_piece_of_a_file_does_not_wait_for_the_others() {
    let mut pair = Pair::new(Knobs::default());
    pair.server.put_file("/a", bytes(4 << 20));
    let pieces: Vec<OpId> =
        (0..4).map(|n| pair.client.read(b"/a", n << 20, 1 << 20, now()).unwrap()).collect();
    // INIT and STATs, OPENs.
    (0..2).for_each(|_| assert!(pair.exchange()));
    let (mut up, mut down) = (Vec::new(), Vec::new());
    pair.client.poll_transmit(&mut up);
    pair.server.handle_input(&up);
    pair.server.poll_transmit(&mut down);
    let mut done = Vec::new();
    // A little more than a piece, with its headers.
    for part in down.chunks((1 << 20) + 1024) {
        pair.client.handle_input(part).unwrap();
        done.push(std::iter::from_fn(|| pair.client.poll_done()).map(|(op, _)| op).collect::<Vec<_>>());
    }
    assert_eq!(done, pieces.iter().map(|op| vec![*op]).collect::<Vec<_>>());
}

#[test]
fn a_long_file_is_pipelined_within_its_window() {
    let mut pair = Pair::new(Knobs::default());
    let data = bytes(12 << 20);
    pair.server.put_file("/a", data.clone());
    assert_eq!(pair.read("/a", 0, 16 << 20).unwrap(), (data, false));
    // INIT, OPEN, three windows of 5 MiB, CLOSE.
    assert_eq!(pair.round_trips, 6);
}

#[test]
fn only_regular_files_are_opened() {
    let mut pair = Pair::new(Knobs::default());
    pair.server.put("/fifo", Node::Fifo);
    pair.server.put("/link", Node::Symlink(b"/fifo".to_vec()));
    assert_eq!(pair.read("/link", 0, 1), Err(Failure::NotRegular(FileType::Fifo)));
    assert_eq!(pair.read("/", 0, 1), Err(Failure::NotRegular(FileType::Directory)));
}

#[test]
fn failures_keep_their_code_and_text() {
    let mut pair = Pair::new(Knobs::default());
    pair.server.put_file("/secret", "x");
    pair.server.tree_mut().bar(b"/secret", Bar::Forbidden);
    assert_eq!(pair.read("/none", 0, 1), Err(status(StatusCode::NoSuchFile, "No such file")));
    assert_eq!(pair.read("/secret", 0, 1), Err(status(StatusCode::PermissionDenied, "Permission denied")));
    let op = pair.client.list(b"/secret", 10, BIG).unwrap();
    assert_eq!(pair.run(op), Err(status(StatusCode::Failure, "Failure")));
    let op = pair.client.stat(b"/none").unwrap();
    assert_eq!(pair.run(op), Err(status(StatusCode::NoSuchFile, "No such file")));
}

#[test]
fn a_listing_is_sorted_and_knows_its_links() {
    let mut pair = Pair::new(Knobs { names_max: 2, shuffle: Some(7), ..Knobs::default() });
    pair.server.put("/d", Node::Directory);
    for name in ["b", "a", "é"] {
        pair.server.put_file(&format!("/d/{name}"), "x");
    }
    pair.server.put("/d/link", Node::Symlink(b"../target".to_vec()));
    let (entries, truncated) = pair.list("/d", 100, BIG);
    let names: Vec<_> = entries.iter().map(|entry| String::from_utf8_lossy(&entry.name)).collect();
    assert_eq!(names, [".", "..", "a", "b", "link", "é"]);
    assert!(!truncated);
    assert_eq!(entries[4].link.as_deref(), Some(&b"../target"[..]));
    assert_eq!(entries[2].link, None);
    assert_eq!(entries[2].attrs.file_type(), FileType::Regular);
    assert_eq!(entries[2].longname, b"-rw-r--r-- 1 scout scout        1 Jan  1 00:00 a");
}

#[test]
fn listings_are_bounded_by_entries_and_by_bytes() {
    let mut pair = Pair::new(Knobs::default());
    for i in 0..1000 {
        pair.server.put(&format!("/{i:04}"), Node::Symlink(b"somewhere".to_vec()));
    }
    let (entries, truncated) = pair.list("/", 10, BIG);
    assert_eq!((entries.len(), truncated), (10, true));
    let (entries, truncated) = pair.list("/", 1002, BIG);
    assert_eq!((entries.len(), truncated), (1002, false));
    let (entries, truncated) = pair.list("/", 1002, 20 * size_of::<Entry>());
    assert!(truncated && entries.len() < 20, "{}", entries.len());
    assert_eq!(pair.list("/", 0, BIG), (Vec::new(), true));
    assert_eq!(pair.list("/", 10, 0), (Vec::new(), true));
}

#[test]
fn many_operations_share_the_handles_the_server_has() {
    let mut pair = Pair::new(Knobs { limits: Some((1000, 3)), ..Knobs::default() });
    pair.server.put_file("/a", bytes(10_000));
    // The limits are known from here on.
    pair.settle();
    let mut ops: Vec<_> =
        (0..SFTP_OPERATIONS_MAX).map(|_| pair.client.read(b"/a", 0, 20_000, now()).unwrap()).collect();
    assert_eq!(pair.client.read(b"/a", 0, 1, now()), Err(Refusal::TooManyOperations));
    let mut done = pair.settle();
    done.sort_by_key(|(op, _)| *op);
    ops.sort();
    assert_eq!(done.iter().map(|(op, _)| *op).collect::<Vec<_>>(), ops);
    for (_, result) in done {
        assert!(matches!(result, Ok(Outcome::Read { data, more: false, .. }) if data == bytes(10_000)));
    }
    assert_eq!(pair.server.handles(), (0, 3));
}

#[test]
fn refused_paths_are_never_sent() {
    let mut client = Session::new(false, now());
    assert_eq!(client.stat(b"a\0b"), Err(Refusal::PathHasNul));
    assert_eq!(client.stat(&[b'a'; PATH_BYTES_MAX + 1]), Err(Refusal::PathTooLong));
    assert!(client.stat(&[b'a'; PATH_BYTES_MAX]).is_ok());
}

#[test]
fn cancelling_at_any_stage_closes_and_swallows() {
    for exchanges in 0..6 {
        let mut pair = Pair::new(Knobs { limits: None, ..Knobs::default() });
        pair.server.put_file("/a", bytes(100_000));
        let read = pair.client.read(b"/a", 0, 1 << 20, now()).unwrap();
        let list = pair.client.list(b"/", 10, BIG).unwrap();
        for _ in 0..exchanges {
            pair.exchange();
        }
        // The next requests are on their way when the operations are taken back.
        let mut up = Vec::new();
        pair.client.poll_transmit(&mut up);
        pair.server.handle_input(&up);
        pair.client.cancel(read);
        pair.client.cancel(list);
        assert_eq!(pair.settle(), []);
        assert_eq!(pair.server.handles().0, 0, "after {exchanges}");
        assert_eq!(pair.read("/a", 0, 10).unwrap(), (bytes(10), true));
    }
}

#[test]
fn a_server_that_hangs_holds_no_more_than_its_bound() {
    let mut pair = Pair::new(Knobs::default());
    pair.settle();
    for _ in 0..2 * SFTP_REQUESTS_MAX {
        let op = pair.client.stat(b"/").unwrap();
        pair.client.cancel(op);
    }
    let mut up = Vec::new();
    pair.client.poll_transmit(&mut up);
    assert_eq!(up.len(), SFTP_REQUESTS_MAX * (4 + 1 + 4 + 4 + 1));
    let op = pair.client.stat(b"/").unwrap();
    pair.server.handle_input(&up);
    assert!(matches!(pair.run(op), Ok(Outcome::Stat(_))));
}

/// A session that has seen VERSION and asked for something, and the answer to that.
fn answered(ask: impl Fn(&mut Session) -> OpId, packet: &[u8]) -> Result<(), Error> {
    let mut client = Session::new(false, now());
    client.handle_input(&[0, 0, 0, 5, 2, 0, 0, 0, 3]).unwrap();
    ask(&mut client);
    let result = client.handle_input(&framed(packet));
    if let Err(error) = &result {
        assert_eq!(client.handle_input(b""), Err(error.clone()), "terminal");
        assert_eq!(client.stat(b"/"), Err(Refusal::Ended));
        assert!(!client.is_ready());
        assert!(!client.poll_transmit(&mut Vec::new()));
    }
    result
}

fn framed(packet: &[u8]) -> Vec<u8> {
    [&(packet.len() as u32).to_be_bytes(), packet].concat()
}

#[test]
fn violations_have_names() {
    let stat = |client: &mut Session| client.stat(b"/a").unwrap();
    let list = |client: &mut Session| client.list(b"/a", 10, BIG).unwrap();
    let handle = [&[102, 0, 0, 0, 0, 0, 0, 1, 1][..], &[0; 257]].concat();
    for (result, error) in [
        (answered(stat, &[]), Error::EmptyPacket),
        (answered(stat, &[9]), Error::UnknownPacket(9)),
        (answered(stat, &[101, 0]), Error::Truncated("request id")),
        (answered(stat, &[101, 0, 0, 0, 7, 0, 0, 0, 4]), Error::UnknownRequest(7)),
        (answered(stat, &[101, 0, 0, 0, 0, 0, 0]), Error::Truncated("status code")),
        (
            answered(stat, &[101, 0, 0, 0, 0, 0, 0, 0, 0]),
            Error::WrongReply { asked: "STAT", reply: "STATUS" },
        ),
        (
            answered(stat, &[102, 0, 0, 0, 0, 0, 0, 0, 1, 5]),
            Error::WrongReply { asked: "STAT", reply: "HANDLE" },
        ),
        (
            answered(list, &[105, 0, 0, 0, 0, 0, 0, 0, 0]),
            Error::WrongReply { asked: "OPENDIR", reply: "ATTRS" },
        ),
        (answered(list, &handle), Error::FieldTooLong { field: "handle", length: 257 }),
    ] {
        assert_eq!(result, Err(error));
    }
}

#[test]
fn the_first_packet_is_the_version() {
    let first = |bytes: &[u8]| Session::new(false, now()).handle_input(bytes);
    assert_eq!(first(&framed(&[2, 0, 0, 0, 2])), Err(Error::Version(2)));
    assert_eq!(first(&framed(&[101, 0, 0, 0, 0])), Err(Error::NotVersion(101)));
    assert_eq!(first(&framed(&[2, 0, 0])), Err(Error::Truncated("version")));
    assert_eq!(first(b"Welcome to \x1b[1mdb1\r\n"), Err(Error::Preamble("Welcome to  [1mdb1  ".into())));
}

#[test]
fn a_length_is_checked_before_anything_is_kept() {
    let mut client = Session::new(false, now());
    client.handle_input(&[0, 0, 0, 5, 2, 0, 0, 0, 3]).unwrap();
    assert!(client.is_ready());
    client.handle_input(&[0, 8]).unwrap();
    assert_eq!(client.handle_input(&[0, 1]), Err(Error::PacketTooLong(512 * 1024 + 1)));
}

#[test]
fn more_data_than_asked_for_is_a_violation() {
    let mut pair = Pair::new(Knobs::default());
    pair.server.put_file("/a", "hello");
    pair.client.read(b"/a", 0, 100, now()).unwrap();
    pair.exchange();
    pair.exchange();
    // Ids so far: STAT 0, limits 1, OPEN 2, READ 3 for six bytes.
    let data = framed(&[&[103, 0, 0, 0, 3, 0, 0, 0, 7][..], b"goodbye"].concat());
    assert_eq!(pair.client.handle_input(&data), Err(Error::TooMuchData { asked: 6, sent: 7 }));
}

#[test]
fn an_id_is_answered_once() {
    let mut client = Session::new(false, now());
    client.handle_input(&[0, 0, 0, 5, 2, 0, 0, 0, 3]).unwrap();
    client.stat(b"/").unwrap();
    let attrs = framed(&[105, 0, 0, 0, 0, 0, 0, 0, 0]);
    let twice = [&attrs[..], &attrs].concat();
    assert_eq!(client.handle_input(&twice), Err(Error::UnknownRequest(0)));
    assert!(matches!(client.poll_done(), Some((_, Ok(Outcome::Stat(_))))), "what had ended is kept");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn whatever_the_server_does_the_bytes_are_right(
        len in 0usize..300_000,
        lie in proptest::option::of(0u64..400_000),
        offset in 0u64..1000,
        bytes_max in 0u64..320_000,
        data_bytes_max in 500usize..40_000,
        read_limit in proptest::option::of(700u64..300_000),
        shuffle in any::<Option<u64>>(),
        piece in 1usize..50_000,
    ) {
        let limits = read_limit.map(|limit| (limit, 10));
        let mut pair = Pair::new(Knobs { limits, data_bytes_max, names_max: 10, shuffle, ..Knobs::default() });
        pair.piece = piece;
        let data = bytes(len);
        // Short answers at or behind the end that was claimed mean the end; so let claims be true or answers whole.
        let claimed = lie.filter(|size| *size == 0 || *size > len as u64);
        pair.server.put("/a", Node::File { data: data.clone(), claimed });
        let rest = &data[len.min(offset as usize)..];
        let expected = &rest[..rest.len().min(bytes_max as usize)];
        let (read, more) = pair.read("/a", offset, bytes_max).unwrap();
        prop_assert!(read == expected, "{} bytes read, {} expected", read.len(), expected.len());
        prop_assert_eq!(more, rest.len() as u64 > bytes_max);
    }

    #[test]
    fn garbage_never_panics(input in proptest::collection::vec(any::<u8>(), 0..400), cut in 1usize..50) {
        let mut client = Session::new(false, now());
        client.read(b"/a", 0, 100, now()).unwrap();
        client.list(b"/", 10, 1000).unwrap();
        client.handle_input(&[0, 0, 0, 5, 2, 0, 0, 0, 3]).unwrap();
        for piece in input.chunks(cut) {
            if client.handle_input(piece).is_err() {
                break;
            }
        }
    }

    /// Well framed packets with plausible types and ids reach further than garbage.
    #[test]
    fn plausible_packets_never_panic(
        packets in proptest::collection::vec(
            (prop_oneof![101u8..=105, Just(201u8)], 0u32..12, proptest::collection::vec(0u8..6, 0..60)), 0..30),
    ) {
        let mut client = Session::new(false, now());
        client.read(b"/a", 0, 100, now()).unwrap();
        client.list(b"/", 10, 1000).unwrap();
        client.handle_input(&[0, 0, 0, 5, 2, 0, 0, 0, 3]).unwrap();
        for (kind, id, body) in packets {
            if client.handle_input(&framed(&[&[kind][..], &id.to_be_bytes(), &body].concat())).is_err() {
                break;
            }
            while client.poll_done().is_some() {}
        }
    }
}
