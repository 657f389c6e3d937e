//! Writing files.

use super::*;
use crate::base::limits::{SFTP_PACKET_BYTES_MAX, SFTP_UNSENT_BYTES_MAX};

fn write(pair: &mut Pair, path: &str, data: Vec<u8>) -> Result<Outcome, Failure> {
    let op = pair.client.write(path.as_bytes(), data).unwrap();
    pair.run(op)
}

#[test]
fn files_of_every_size_are_written_whole_and_anew() {
    let mut pair = Pair::new(Knobs::default());
    for len in [5 << 20, 0, 1, 255 * 1024, 255 * 1024 + 1] {
        assert_eq!(write(&mut pair, "/a", bytes(len)), Ok(Outcome::Written));
        assert!(pair.server.file("/a") == Some(&bytes(len)), "{len}");
    }
}

#[test]
fn writes_are_pipelined() {
    let mut pair = Pair::new(Knobs::default());
    write(&mut pair, "/a", bytes(2 << 20)).unwrap();
    // INIT, STAT and OPEN, then WRITEs and CLOSE.
    assert_eq!(pair.round_trips, 2);
    // What is there already is opened only after the STAT.
    write(&mut pair, "/a", bytes(2 << 20)).unwrap();
    assert_eq!(pair.round_trips, 2 + 3);
}

#[test]
fn little_of_a_long_file_is_made_ready_at_once() {
    let mut pair = Pair::new(Knobs::default());
    pair.client.write(b"/a", bytes(4 << 20)).unwrap();
    pair.exchange();
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
        assert_eq!(write(&mut pair, "/a", bytes(2 << 20)), Ok(Outcome::Written));
        assert!(pair.server.file("/a") == Some(&bytes(2 << 20)));
    }
}

#[test]
fn only_regular_files_and_new_ones_are_written() {
    let mut pair = Pair::new(Knobs::default());
    pair.server.put("/fifo", Node::Fifo);
    assert_eq!(write(&mut pair, "/fifo", bytes(1)), Err(Failure::NotRegular(FileType::Fifo)));
    pair.server.put("/to_fifo", Node::Symlink(b"/fifo".to_vec()));
    assert_eq!(write(&mut pair, "/to_fifo", bytes(1)), Err(Failure::NotRegular(FileType::Fifo)));
    assert_eq!(write(&mut pair, "/", bytes(1)), Err(Failure::NotRegular(FileType::Directory)));
    let denied = status(StatusCode::PermissionDenied, "Permission denied");
    assert_eq!(write(&mut pair, "/secret", bytes(1)), Err(denied));
}

#[test]
fn a_full_disk_is_an_error_and_leaves_no_handle() {
    let mut pair = Pair::new(Knobs::default());
    assert_eq!(write(&mut pair, "/full", bytes(1 << 20)), Err(status(StatusCode::Failure, "Failure")));
}

#[test]
fn a_write_given_up_at_any_stage_closes_its_handle() {
    for exchanges in 0..5 {
        let mut pair = Pair::new(Knobs::default());
        let op = pair.client.write(b"/a", bytes(1 << 20)).unwrap();
        for _ in 0..exchanges {
            pair.exchange();
        }
        pair.client.cancel(op);
        pair.settle();
        assert_eq!(pair.server.handles().0, 0, "after {exchanges}");
    }
}
