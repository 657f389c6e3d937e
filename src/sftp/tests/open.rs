//! Files that stay open, and what becomes of paths.

use super::*;
use crate::base::limits::{SFTP_PACKET_BYTES_MAX, SFTP_UNSENT_BYTES_MAX};
use crate::simulated::sftp::Given;

const NEW: Opening = Opening::New { mode: 0o600 };

impl Pair {
    fn done(
        &mut self,
        begin: impl FnOnce(&mut Session) -> Result<OpId, Refusal>,
    ) -> Result<Outcome, Failure> {
        let op = begin(&mut self.client).unwrap();
        let mut done = self.settle();
        assert_eq!(done.len(), 1);
        let (id, result) = done.remove(0);
        assert_eq!(id, op);
        result
    }

    fn open(&mut self, path: &str, opening: Opening) -> Result<Handle, Failure> {
        self.done(|client| client.open(path.as_bytes(), opening)).map(|outcome| match outcome {
            Outcome::Opened(handle) => handle,
            other => panic!("{other:?}"),
        })
    }

    fn piece(&mut self, file: &Handle, offset: u64, len: u64) -> Result<Vec<u8>, Failure> {
        self.done(|client| client.read_piece(file, offset, len)).map(|outcome| match outcome {
            Outcome::Data(data) => data,
            other => panic!("{other:?}"),
        })
    }

    fn close(&mut self, file: Handle) {
        assert_eq!(self.done(|client| client.close(file)), Ok(Outcome::Done));
        assert_eq!(self.server.handles().0, 0);
    }
}

#[test]
fn a_new_file_is_written_piece_by_piece_and_has_its_mode_from_the_beginning() {
    let mut pair = Pair::new(Knobs::default());
    let file = pair.open("/a", NEW).unwrap();
    assert_eq!(pair.server.tree().given(b"/a").mode, Some(0o600));
    let data = bytes(2 << 20);
    let pieces: Vec<_> = data.chunks(700_000).enumerate().collect();
    for (nth, piece) in pieces {
        pair.client.write_piece(&file, nth as u64 * 700_000, piece.to_vec()).unwrap();
    }
    assert!(pair.settle().iter().all(|(_, result)| *result == Ok(Outcome::Done)));
    assert_eq!(pair.done(|client| client.write_piece(&file, 5, Vec::new())), Ok(Outcome::Done));
    pair.close(file);
    assert!(pair.server.file("/a") == Some(&data));
}

#[test]
fn nothing_that_is_there_is_opened_as_new() {
    let mut pair = Pair::new(Knobs::default());
    pair.server.put_file("/file", "x");
    pair.server.put("/fifo", Node::Fifo);
    pair.server.put("/link", Node::Symlink(b"/nowhere".to_vec()));
    for path in ["/file", "/fifo", "/link"] {
        assert_eq!(pair.open(path, NEW), Err(status(StatusCode::Failure, "Failure")), "{path}");
    }
    assert_eq!(pair.server.file("/file"), Some(&b"x"[..]));
    let denied = status(StatusCode::PermissionDenied, "Permission denied");
    pair.server.tree_mut().bar(b"/secret", Bar::Forbidden);
    assert_eq!(pair.open("/secret", NEW), Err(denied));
}

#[test]
fn a_file_is_written_on_where_it_ended() {
    let mut pair = Pair::new(Knobs::default());
    pair.server.put_file("/a", "hello");
    let file = pair.open("/a", Opening::Update).unwrap();
    assert_eq!(pair.piece(&file, 0, 100), Ok(b"hello".to_vec()));
    assert_eq!(pair.done(|client| client.write_piece(&file, 5, b" world".to_vec())), Ok(Outcome::Done));
    pair.close(file);
    assert_eq!(pair.server.file("/a"), Some(&b"hello world"[..]));
    let missing = Err(status(StatusCode::NoSuchFile, "No such file"));
    assert_eq!(pair.open("/none", Opening::Update), missing);
}

#[test]
fn a_piece_is_as_long_as_wanted_or_ends_with_the_file() {
    for data_bytes_max in [usize::MAX, 1000] {
        let mut pair = Pair::new(Knobs { data_bytes_max, ..Knobs::default() });
        let data = bytes(600_000);
        pair.server.put("/a", claiming(data.clone(), 0));
        let file = pair.open("/a", Opening::Read).unwrap();
        for (offset, len) in
            [(0, 1), (0, 600_000), (0, 600_001), (1, 500_000), (599_999, 9), (600_000, 9), (1 << 40, 9)]
        {
            let rest = &data[data.len().min(offset)..];
            let expected = &rest[..rest.len().min(len)];
            assert!(pair.piece(&file, offset as u64, len as u64).unwrap() == expected, "{len} from {offset}");
        }
        assert!(pair.piece(&file, 7, u64::MAX).unwrap() == data[7..]);
        assert_eq!(pair.piece(&file, 1 << 61, u64::MAX), Ok(Vec::new()));
        pair.close(file);
    }
}

#[test]
fn pieces_of_a_file_are_on_their_way_together() {
    let mut pair = Pair::new(Knobs::default());
    pair.server.put_file("/a", bytes(4 << 20));
    let file = pair.open("/a", Opening::Read).unwrap();
    let before = pair.round_trips;
    for nth in 0..8 {
        pair.client.read_piece(&file, nth << 19, 1 << 19).unwrap();
    }
    assert_eq!(pair.settle().len(), 8);
    assert_eq!(pair.round_trips, before + 1);
    // One after the other in their order: the first does not wait for the last.
    let target = pair.open("/b", NEW).unwrap();
    let before = pair.round_trips;
    for nth in 0..8 {
        pair.client.write_piece(&target, nth << 19, bytes(1 << 19)).unwrap();
    }
    let done = pair.settle();
    assert!(done.is_sorted_by_key(|(op, _)| *op) && done.len() == 8);
    assert_eq!(pair.round_trips, before + 1);
}

#[test]
fn what_is_small_does_not_wait_for_what_is_long() {
    let mut pair = Pair::new(Knobs::default());
    let file = pair.open("/a", NEW).unwrap();
    for nth in 0..8 {
        pair.client.write_piece(&file, nth << 20, bytes(1 << 20)).unwrap();
    }
    let mut out = Vec::new();
    pair.client.poll_transmit(&mut out);
    let small = pair.client.stat(b"/").unwrap();
    // The next bytes hold it, in front of seven pieces.
    let mut next = Vec::new();
    pair.client.poll_transmit(&mut next);
    pair.server.handle_input(&[out, next].concat());
    let mut answers = Vec::new();
    pair.server.poll_transmit(&mut answers);
    pair.client.handle_input(&answers).unwrap();
    assert!(pair.server.requests().contains(&17));
    assert!(pair.settle().iter().position(|(op, _)| *op == small).unwrap() < 4);
}

#[test]
fn little_of_a_long_piece_is_made_ready_at_once() {
    let mut pair = Pair::new(Knobs::default());
    let file = pair.open("/a", NEW).unwrap();
    pair.client.write_piece(&file, 0, bytes(4 << 20)).unwrap();
    let mut sent = 0;
    let mut out = Vec::new();
    while pair.client.poll_transmit(&mut out) {
        assert!(out.len() < SFTP_UNSENT_BYTES_MAX + SFTP_PACKET_BYTES_MAX);
        sent += out.len();
        out.clear();
    }
    assert!(sent > 4 << 20, "nothing waits for an answer");
}

#[test]
fn replies_may_overtake_each_other() {
    for seed in 0..20 {
        let mut pair = Pair::new(Knobs { shuffle: Some(seed), ..Knobs::default() });
        let file = pair.open("/a", NEW).unwrap();
        let data = bytes(2 << 20);
        assert_eq!(pair.done(|client| client.write_piece(&file, 0, data.clone())), Ok(Outcome::Done));
        assert!(pair.piece(&file, 0, 2 << 20).unwrap() == data);
        pair.close(file);
    }
}

#[test]
fn a_full_disk_is_an_error_and_the_file_stays_open() {
    let mut pair = Pair::new(Knobs::default());
    pair.server.tree_mut().bar(b"/full", Bar::Full);
    let file = pair.open("/full", NEW).unwrap();
    let full = Err(status(StatusCode::Failure, "Failure"));
    assert_eq!(pair.done(|client| client.write_piece(&file, 0, bytes(1 << 20))), full);
    assert_eq!(pair.server.handles().0, 1);
    pair.close(file);
}

#[test]
fn attributes_of_an_open_file() {
    let mut pair = Pair::new(Knobs::default());
    let file = pair.open("/a", NEW).unwrap();
    let attrs = NewAttrs { mode: Some(0o640), times: Some((7, 8)) };
    assert_eq!(pair.done(|client| client.change(&file, attrs)), Ok(Outcome::Done));
    assert_eq!(pair.server.tree().given(b"/a"), Given { mode: Some(0o640), time: Some(8) });
    let told = pair.done(|client| client.describe(&file)).unwrap().attrs().unwrap();
    assert_eq!((told.mode, told.modified, told.size), (Some(0o100_640), Some(8), Some(0)));
    assert_eq!(pair.client.extensions(), Extensions { limits: true, replace: true, sync: true });
    assert_eq!(pair.done(|client| client.sync(&file)), Ok(Outcome::Done));
    assert_eq!(pair.server.synced(), 1);
    pair.close(file);
}

#[test]
fn paths_are_renamed_replaced_and_removed() {
    let mut pair = Pair::new(Knobs::default());
    pair.server.put_file("/a", "a");
    pair.server.put_file("/b", "b");
    let failed = Err(status(StatusCode::Failure, "Failure"));
    assert_eq!(pair.done(|client| client.rename(b"/a", b"/b")), failed);
    assert_eq!(pair.done(|client| client.rename(b"/a", b"/c")), Ok(Outcome::Done));
    assert_eq!(pair.done(|client| client.replace(b"/c", b"/b")), Ok(Outcome::Done));
    assert_eq!(pair.server.file("/b"), Some(&b"a"[..]));
    assert_eq!(pair.done(|client| client.remove(b"/b")), Ok(Outcome::Done));
    assert_eq!(pair.server.tree().paths().collect::<Vec<_>>(), [b"/"]);
    let missing = Err(status(StatusCode::NoSuchFile, "No such file"));
    assert_eq!(pair.done(|client| client.remove(b"/b")), missing);
    assert_eq!(pair.client.rename(b"/a", b"/b\0"), Err(Refusal::PathHasNul));

    let mut plain = Pair::new(Knobs { renames_over: false, limits: None, ..Knobs::default() });
    plain.server.put_file("/a", "a");
    let unknown = Err(status(StatusCode::OpUnsupported, "Operation unsupported"));
    assert_eq!(plain.done(|client| client.replace(b"/a", b"/b")), unknown);
    assert_eq!(plain.client.extensions(), Extensions::default());
}

#[test]
fn links_are_told_from_what_they_lead_to() {
    let mut pair = Pair::new(Knobs::default());
    pair.server.put_file("/file", "x");
    pair.server.put("/link", Node::Symlink(b"/file".to_vec()));
    let kind = |outcome: Result<Outcome, Failure>| outcome.unwrap().attrs().unwrap().file_type();
    assert_eq!(kind(pair.done(|client| client.link_stat(b"/link"))), FileType::Symlink);
    assert_eq!(kind(pair.done(|client| client.stat(b"/link"))), FileType::Regular);
}

#[test]
fn what_is_given_up_at_any_stage_leaves_no_handle() {
    for exchanges in 0..5 {
        let mut pair = Pair::new(Knobs::default());
        let op = pair.client.open(b"/a", NEW).unwrap();
        for _ in 0..exchanges {
            pair.exchange();
        }
        pair.client.cancel(op);
        assert_eq!(pair.settle(), []);
        assert_eq!(pair.server.handles().0, 0, "opening, after {exchanges}");

        let file = pair.open("/b", NEW).unwrap();
        let write = pair.client.write_piece(&file, 0, bytes(3 << 20)).unwrap();
        for _ in 0..exchanges {
            pair.exchange();
        }
        pair.client.cancel(write);
        let close = pair.client.close(file).unwrap();
        for _ in 0..exchanges {
            pair.exchange();
        }
        pair.client.cancel(close);
        pair.settle();
        assert_eq!(pair.server.handles().0, 0, "closing, after {exchanges}");
    }
    let mut pair = Pair::new(Knobs::default());
    let file = pair.open("/c", NEW).unwrap();
    pair.client.abandon(&file);
    pair.settle();
    assert_eq!(pair.server.handles().0, 0);
}
