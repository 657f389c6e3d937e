//! What it costs to look closer: the round trips of reads of parts, of what a script does, and of comparisons.

use std::num::NonZeroU64;

use super::*;
use crate::base::Result;
use crate::base::limits::{READ_SKIPPED_BYTES_MAX, SFTP_READ_BYTES_MAX, SFTP_SILENCE_MAX};
use crate::fleet::{Caller, Shards};
use crate::scout::diff::{Place, With, diff};
use crate::scout::read::{Cut, Part, Piece, read};
use crate::scout::{Client, find, search, tree};

impl Far {
    fn read(&self, path: &str, part: Part) -> Result<Piece> {
        let caller = self.fleet.caller(Class::Interactive, ClientId::STDIO);
        let path = RemotePath::parse(path).unwrap();
        self.world.run(async move { read(&caller, "alpha", &path, part).await })
    }

    fn takes<W, F>(&self, work: W) -> f64
    where
        W: FnOnce(Caller, RemotePath) -> F,
        F: Future<Output = ()> + 'static,
    {
        self.world.pass(SECOND);
        let caller = self.fleet.caller(Class::Interactive, ClientId::STDIO);
        self.round_trips(work(caller, RemotePath::parse("/large").unwrap()))
    }
}

#[test]
fn parts_take_no_more_than_they_need() {
    let far = Far::warm();
    // It is known as a file from here on.
    far.look("/large");
    for (part, bytes, round_trips) in [
        (Part::Bytes { offset: 1000, length: Some(10) }, 10, 1.0),
        (Part::Bytes { offset: 0, length: Some(200_000) }, 200_000, 1.0),
        // The whole file is one line.
        (Part::Lines { first: NonZeroU64::MIN, last: 1 }, 256 * 1024, 2.0),
        (Part::Head(0), 0, 1.0),
        // The size, and then its end.
        (Part::Tail(0), 0, 2.0),
    ] {
        let took = far.takes(|caller, path| async move {
            let piece = read(&caller, "alpha", &path, part).await.unwrap();
            assert_eq!(piece.data.len(), bytes, "{part:?}");
        });
        assert_eq!(took, round_trips, "{part:?}");
    }
}

#[test]
fn what_a_script_does_takes_one_round_trip() {
    let far = Far::warm();
    // The simulated host answers that there is nothing of the kind.
    let took = far.takes(|caller, path| async move {
        assert!(find::find(&caller, "alpha", &path, &find::Query::new("*")).await.is_err());
    });
    assert_eq!(took, 1.0, "find");
    let took = far.takes(|caller, path| async move {
        assert!(search::search(&caller, "alpha", &path, &search::Query::new("x")).await.is_err());
    });
    assert_eq!(took, 1.0, "search");
    let took = far.takes(|caller, path| async move {
        assert!(tree::tree(&caller, "alpha", &path, 3).await.is_ok());
    });
    assert_eq!(took, 1.0, "tree");
}

#[test]
fn files_are_compared_in_the_time_of_one() {
    let far = Far::warm();
    far.look("/large");
    far.world.pass(SECOND);
    let shards = Shards::alone(Rc::clone(&far.fleet));
    let took = far.round_trips(async move {
        let place = Place::parse("alpha:/large").unwrap();
        let with = With::EachOther { by_path: true };
        let compared = diff(&shards, &Client::ourselves(), &[place.clone(), place], &with).await.unwrap();
        assert!(compared.is_same() && compared.groups[0].places.len() == 2);
    });
    assert_eq!(took, 1.0);
}

#[test]
fn a_read_that_hangs_the_server_is_not_tried_again() {
    let far = Far::warm();
    let begun = far.world.now();
    let error = far.read("/hangs", Part::Head(1)).unwrap_err();
    assert!(error.message().contains("may block"), "{error}");
    assert!(far.world.now() - begun < SFTP_SILENCE_MAX + SECOND);
}

#[test]
fn lines_far_behind_are_not_carried_here() {
    let far = Far::new();
    far.world.host("alpha").server.borrow_mut().sftp = Some(|| {
        let mut files = files();
        files.put_file("/one-line", vec![b'x'; 5 * READ_SKIPPED_BYTES_MAX as usize]);
        files
    });
    far.look("/dir");
    let requests = || far.world.host("alpha").last().server().sftp().unwrap().requests().len();
    let before = requests();
    let lines = Part::Lines { first: NonZeroU64::new(5).unwrap(), last: 6 };
    let error = far.read("/one-line", lines).unwrap_err();
    let told = "The lines are not in the first 8 MiB of /one-line, and the host does not look for them further behind: ";
    assert!(error.message().starts_with(told), "{error}");
    let carried = (requests() - before) as u64 * u64::from(SFTP_READ_BYTES_MAX);
    assert!(carried < 4 * READ_SKIPPED_BYTES_MAX, "{carried}");
    // Those that are wanted are carried, as many as fit into an answer.
    let lines = Part::Lines { first: NonZeroU64::MIN, last: 6 };
    assert_eq!(far.read("/one-line", lines).unwrap().cut, Some(Cut::End(1024 * 1024)));
}

#[test]
fn there_is_nothing_behind_the_end_of_a_file_however_far() {
    let far = Far::warm();
    for offset in [256 * 1024, 1 << 40, i64::MAX as u64, u64::MAX] {
        for length in [None, Some(10)] {
            let piece = far.read("/large", Part::Bytes { offset, length }).unwrap();
            assert_eq!((piece.data.len(), piece.goes_on, piece.cut), (0, false, None), "{offset}");
        }
    }
}
