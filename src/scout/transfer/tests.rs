//! The two ends of a transfer against each other, and against files that change under them; and whole transfers between
//! hosts in memory.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use futures_util::future::try_join;
use proptest::prelude::*;

use super::bridge::{Head, Partial, bridge};
use super::digest::{Digest, Span};
use super::receive::{Received, Target, receive};
use super::send::{Source, send};
use super::*;
use crate::base::limits::TRANSFER_PIECE_BYTES;
use crate::base::time::Duration;
use crate::crypto::hash::sha256;
use crate::simulated::sftp::{Given, Knobs, Node, Numbering, SftpServer};
use crate::testing::world::World;

const PIECE: usize = TRANSFER_PIECE_BYTES as usize;

struct Data {
    bytes: Vec<u8>,
    head: Head,
    /// What is said of it at the end.
    state: (u64, Option<u32>),
}

impl Data {
    fn new(bytes: Vec<u8>) -> Self {
        let size = bytes.len() as u64;
        let (name, label) = ("a".to_owned(), "h1:/a".to_owned());
        Self {
            bytes,
            head: Head { name, label, size, mode: 0o640, modified: Some(7) },
            state: (size, Some(7)),
        }
    }
}

fn part(bytes: &[u8], span: Span) -> &[u8] {
    match span {
        Span::Whole => bytes,
        Span::First(count) => &bytes[..count as usize],
        Span::Behind(count) => &bytes[count as usize..],
    }
}

fn digest(bytes: &[u8], span: Span) -> Digest {
    Digest { sha256: sha256(&[part(bytes, span)]), by: By::ReadBack, is_synced: true }
}

impl Source for Data {
    fn ahead(&self) -> usize {
        3
    }

    fn head(&self) -> &Head {
        &self.head
    }

    async fn read(&self, offset: u64, len: u64) -> Result<Vec<u8>> {
        let rest = self.bytes.get(offset as usize..).unwrap_or_default();
        Ok(rest[..rest.len().min(len as usize)].to_vec())
    }

    async fn digest(&self, span: Span) -> Result<Digest> {
        Ok(digest(&self.bytes, span))
    }

    async fn state(&self) -> Result<(u64, Option<u32>)> {
        Ok(self.state)
    }
}

#[derive(Default)]
struct Sheet {
    bytes: RefCell<Vec<u8>>,
    /// Of a broken transfer.
    left: Vec<u8>,
    /// What is written here becomes something else.
    corrupts_at: Option<u64>,
    is_full_at: Option<u64>,
    is_spoiled: bool,
    is_finished: bool,
    under_way: Cell<usize>,
}

impl Target for Sheet {
    const AHEAD: usize = 2;

    async fn prepare(&mut self, _: &Head) -> Result<Partial> {
        *self.bytes.borrow_mut() = self.left.clone();
        Ok(Partial { len: self.left.len() as u64, sha256: sha256(&[&self.left]) })
    }

    async fn restart(&mut self) -> Result<()> {
        self.bytes.borrow_mut().clear();
        Ok(())
    }

    async fn write(&self, offset: u64, mut data: Vec<u8>) -> Result<()> {
        self.under_way.set(self.under_way.get() + 1);
        assert!(self.under_way.get() <= Self::AHEAD);
        let end = offset + data.len() as u64;
        if self.is_full_at.is_some_and(|full| end > full) {
            return Err(Error::new(Kind::Remote, "disk full"));
        }
        if self.corrupts_at.is_some_and(|at| (offset..end).contains(&at)) {
            data[0] ^= 1;
        }
        let mut bytes = self.bytes.borrow_mut();
        let len = bytes.len().max(end as usize);
        bytes.resize(len, 0);
        bytes[offset as usize..end as usize].copy_from_slice(&data);
        self.under_way.set(self.under_way.get() - 1);
        Ok(())
    }

    async fn digest(&self, span: Span, _: &[u8]) -> Result<Digest> {
        Ok(digest(&self.bytes.borrow(), span))
    }

    fn spoil(&mut self) {
        self.is_spoiled = true;
    }

    async fn finish(&mut self, head: &Head) -> Result<(String, bool)> {
        self.is_finished = true;
        Ok((format!("h2:/{}", head.name), true))
    }
}

/// What comes of it, and how far it was told to be.
fn moved(source: Data, mut target: Sheet) -> (Result<Received>, Sheet, Vec<(u64, u64)>) {
    let world = World::new();
    world.run(async move {
        let (reader, writer, marks) = bridge();
        let ends = try_join(send(&source, &reader), receive(&mut target, &writer));
        let received = ends.await.map(|((), received)| received);
        drop(writer);
        let mut told = Vec::new();
        while let Ok(mark) = marks.recv().await {
            told.push(mark);
        }
        (received, target, told)
    })
}

fn bytes(len: usize) -> Vec<u8> {
    (0..len).map(|at| (at * 7 + at / 251) as u8 | 1).collect()
}

#[test]
fn what_is_read_is_written_in_its_order() {
    for len in [0, 1, PIECE - 1, PIECE, PIECE + 1, 9 * PIECE + 5] {
        let (received, target, told) = moved(Data::new(bytes(len)), Sheet::default());
        let received = received.unwrap();
        assert!(*target.bytes.borrow() == bytes(len) && target.is_finished, "{len}");
        assert_eq!((received.size, received.resumed_at, received.is_changed), (len as u64, 0, false));
        assert_eq!(received.sha256, digest::hex(&sha256(&[&bytes(len)])));
        assert_eq!(told.last(), Some(&(len as u64, len as u64)));
    }
}

#[test]
fn what_has_no_size_is_read_to_its_end() {
    let mut source = Data::new(bytes(3 * PIECE + 1));
    (source.head.size, source.state) = (0, (0, Some(7)));
    let (received, target, _) = moved(source, Sheet::default());
    assert_eq!((received.unwrap().size, target.bytes.borrow().len()), (3 * PIECE as u64 + 1, 3 * PIECE + 1));
}

#[test]
fn holes_stay_holes_and_the_length_is_right() {
    for (holes, len) in [(0..4 * PIECE, 4 * PIECE + 9), (PIECE..5 * PIECE, 5 * PIECE), (0..3, 3)] {
        let mut data = bytes(len);
        data[holes].fill(0);
        let (received, target, _) = moved(Data::new(data.clone()), Sheet::default());
        assert!(received.is_ok() && *target.bytes.borrow() == data);
    }
}

#[test]
fn a_source_that_changes_is_told_of_and_one_that_shrinks_is_an_error() {
    let mut grown = Data::new(bytes(2 * PIECE));
    (grown.head.size, grown.state) = (100, (2 * PIECE as u64, Some(8)));
    let (received, target, _) = moved(grown, Sheet::default());
    assert!(received.unwrap().is_changed);
    assert_eq!(*target.bytes.borrow(), bytes(2 * PIECE)[..100]);

    let mut shrunk = Data::new(bytes(2 * PIECE + 1));
    shrunk.head.size = 4 * PIECE as u64;
    let (received, target, _) = moved(shrunk, Sheet::default());
    let text = format!(
        "h1:/a became shorter while it was read: {} of {} bytes were there",
        2 * PIECE + 1,
        4 * PIECE
    );
    assert_eq!(received.unwrap_err().message(), text);
    assert!(!target.is_finished);
}

#[test]
fn what_was_written_wrongly_is_found_out() {
    let target = Sheet { corrupts_at: Some(PIECE as u64), ..Sheet::default() };
    let (received, target, _) = moved(Data::new(bytes(3 * PIECE)), target);
    let text = received.unwrap_err().message().to_owned();
    assert!(text.starts_with("What was written is not what was read: SHA-256 "), "{text}");
    assert!(target.is_spoiled && !target.is_finished);

    let full = Sheet { is_full_at: Some(2 * PIECE as u64), ..Sheet::default() };
    let (received, target, _) = moved(Data::new(bytes(30 * PIECE)), full);
    assert_eq!(received.unwrap_err().message(), "disk full");
    assert!(!target.is_finished);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn a_broken_transfer_is_gone_on_with_where_it_is_right_so_far(
        len in 1usize..3 * PIECE,
        left in 0usize..4 * PIECE,
        wrong in any::<bool>(),
    ) {
        let data = bytes(len);
        let mut kept = bytes(left);
        if let (true, Some(last)) = (wrong, kept.last_mut()) {
            *last ^= 1;
        }
        let (received, target, _) = moved(Data::new(data.clone()), Sheet { left: kept, ..Sheet::default() });
        let goes_on = !wrong && left <= len;
        prop_assert_eq!(received.unwrap().resumed_at, if goes_on { left as u64 } else { 0 });
        prop_assert!(*target.bytes.borrow() == data && target.is_finished);
    }
}

// --- between hosts in memory

/// Bytes of the file of the world's hosts.
const LONG: usize = 6_000_000;

fn files(knobs: Knobs) -> SftpServer {
    let mut server = SftpServer::new(Knobs { numbering: Numbering::OpenSsh, ..knobs });
    server.put("/dir", Node::Directory);
    server.put_file("/long", bytes(LONG));
    server.put_file("/there", "old");
    server.put("/fifo", Node::Fifo);
    server
}

fn world() -> World {
    let world = World::new();
    for name in ["alpha", "bravo"] {
        let mut server = world.host(name).server.borrow_mut();
        server.sftp = Some(|| files(Knobs::default()));
        server.window_bytes = 2 << 20;
    }
    world
}

fn order(from: &str, to: &str, overwrite: bool) -> Transfer {
    Transfer { from: Place::parse(from).unwrap(), to: Place::parse(to).unwrap(), overwrite, resume: false }
}

async fn go(shards: Rc<Shards>, order: Transfer) -> Result<Transferred, Failed> {
    transfer(&shards, &Client::ourselves(), &Roots::Anywhere, &order, &|_, _| ()).await
}

#[test]
fn from_host_to_host() {
    let world = world();
    let shards = Shards::alone(world.fleet(|_| ()));
    let moved = world.run(go(Rc::clone(&shards), order("alpha:/long", "bravo:/dir", false))).unwrap();
    assert_eq!((moved.way, moved.to.as_str(), moved.size), (Way::Across, "bravo:/dir/long", LONG as u64));
    assert_eq!(moved.checked_by, By::ReadBack, "its shell knows no sums");
    let server = world.host("bravo").last();
    let server = server.server();
    let sftp = server.sftp().expect("a server of files");
    assert!(sftp.file("/dir/long") == Some(&bytes(LONG)));
    assert_eq!(sftp.tree().given(b"/dir/long").mode, Some(0o644));
    assert_eq!((sftp.handles().0, sftp.synced()), (0, 1));
    assert!(sftp.tree().paths().all(|path| !String::from_utf8_lossy(path).contains(".scout-")));
}

#[test]
fn a_transfer_given_up_at_any_moment_leaves_nothing_behind() {
    for moment in 0..40 {
        let world = world();
        let shards = Shards::alone(world.fleet(|_| ()));
        let going = world.spawn(go(Rc::clone(&shards), order("alpha:/long", "bravo:/new", false)));
        world.pass(moment * Duration::from_millis(17));
        if going.is_done() {
            assert!(moment > 10, "it takes its time");
            continue;
        }
        going.cancel();
        world.pass(Duration::from_secs(1));
        for host in ["alpha", "bravo"] {
            if world.host(host).dials() == 0 || world.host(host).open() == 0 {
                continue;
            }
            let connection = world.host(host).last();
            let server = connection.server();
            let Some(sftp) = server.sftp() else { continue };
            assert_eq!(sftp.handles().0, 0, "{host} after {moment}");
            let left = sftp.tree().paths().filter(|path| path.starts_with(b"/.")).count();
            assert_eq!(left, 0, "{host} after {moment}");
            // Given up while it was renamed, it may be there, as a whole.
            let is_whole = sftp.file("/new").is_none_or(|new| *new == bytes(LONG));
            assert!(is_whole, "{host} after {moment}");
        }
    }
}

#[test]
fn what_is_given_up_at_the_end_is_removed_before_its_host_is_left() {
    let world = world();
    let fleet = world.fleet(|_| ());
    let going = world.spawn(go(Shards::alone(Rc::clone(&fleet)), order("alpha:/long", "bravo:/new", false)));
    let is_begun = || {
        let bravo = world.host("bravo");
        let is_there = |server: &SftpServer| server.tree().paths().any(|path| path.starts_with(b"/."));
        bravo.open() > 0 && bravo.last().server().sftp().is_some_and(is_there)
    };
    while !is_begun() {
        world.pass(Duration::from_millis(1));
    }
    going.cancel();
    let left = world.spawn(async move { fleet.close().await });
    // Until the removal is answered nobody takes leave.
    let round_trip = 2 * world.host("bravo").delay.get();
    world.pass(round_trip - Duration::from_millis(1));
    assert!(!world.host("bravo").last().server().is_closed() && !left.is_done());
    world.pass(Duration::from_secs(1));
    assert!(left.is_done() && world.host("bravo").open() == 0);
    assert!(!is_begun());
    let connection = world.host("bravo").last();
    let server = connection.server();
    assert!(server.is_closed() && !server.sftp().unwrap().tree().paths().any(|path| path.starts_with(b"/.")));
}

#[test]
fn a_server_that_cannot_rename_over_files_is_helped() {
    let world = world();
    let plain = || files(Knobs { renames_over: false, limits: None, ..Knobs::default() });
    world.host("bravo").server.borrow_mut().sftp = Some(plain);
    let shards = Shards::alone(world.fleet(|_| ()));
    let refused = world.run(go(Rc::clone(&shards), order("alpha:/long", "bravo:/there", false))).unwrap_err();
    assert_eq!((refused.side, refused.error.kind()), (Side::Target, Kind::Exists));
    world.run(go(Rc::clone(&shards), order("alpha:/long", "bravo:/there", true))).unwrap();
    let server = world.host("bravo").last();
    let server = server.server();
    let sftp = server.sftp().expect("a server of files");
    assert!(sftp.file("/there") == Some(&bytes(LONG)));
    assert_eq!(sftp.synced(), 0, "it does not offer that");
}

#[test]
fn which_end_failed_is_told() {
    let world = world();
    world.host("charlie").refusal.replace(Some(Error::new(Kind::Unreachable, "no route")));
    let shards = Shards::alone(world.fleet(|_| ()));
    for (from, to, side, kind) in [
        ("alpha:/none", "bravo:/new", Side::Source, Kind::NotFound),
        ("alpha:/dir", "bravo:/new", Side::Source, Kind::WrongFileType),
        ("alpha:/long", "bravo:/fifo", Side::Target, Kind::WrongFileType),
        ("charlie:/long", "bravo:/new", Side::Source, Kind::Unreachable),
        ("alpha:/long", "charlie:/new", Side::Target, Kind::Unreachable),
        ("alpha:/long", "nobody:/new", Side::Target, Kind::UnknownHost),
        ("/none/such", "bravo:/new", Side::Source, Kind::NotFound),
        ("/tmp/a", "/tmp/b", Side::Neither, Kind::InvalidArgument),
    ] {
        let failed = world.run(go(Rc::clone(&shards), order(from, to, true))).unwrap_err();
        assert_eq!((failed.side, failed.error.kind()), (side, kind), "{from} to {to}: {}", failed.error);
    }
}

#[test]
fn a_connection_is_kept_while_a_transfer_needs_it() {
    let world = world();
    for name in ["alpha", "bravo"] {
        world.host(name).delay.set(Duration::from_millis(700));
        world.host(name).idle_timeout.set(Duration::from_secs(1));
    }
    let shards = Shards::alone(world.fleet(|settings| settings.idle_timeout = Duration::from_secs(1)));
    world.run(go(shards, order("alpha:/long", "bravo:/new", false))).unwrap();
    assert_eq!((world.host("alpha").dials(), world.host("bravo").dials()), (1, 1));
}

// --- gone on with

fn resumed(to: &str) -> Transfer {
    Transfer { resume: true, ..order("alpha:/long", to, false) }
}

fn left() -> String {
    format!("/{}", names::lasting("new", "alpha:/long"))
}

/// Where it began, what the target holds afterwards, and what a link there led to.
fn gone_on_with(server: fn() -> SftpServer) -> (u64, bool, Vec<u8>) {
    let world = world();
    world.host("bravo").server.borrow_mut().sftp = Some(server);
    let shards = Shards::alone(world.fleet(|_| ()));
    let moved = world.run(go(shards, resumed("bravo:/new"))).unwrap();
    let server = world.host("bravo").last();
    let server = server.server();
    let sftp = server.sftp().expect("a server of files");
    let is_whole = sftp.file("/new") == Some(&bytes(LONG));
    (moved.resumed_at, is_whole, sftp.file("/there").unwrap_or_default().to_vec())
}

#[test]
fn two_transfers_do_not_write_to_one_file() {
    let world = world();
    let shards = Shards::alone(world.fleet(|_| ()));
    let (one, other) = world.run(futures_util::future::join(
        go(Rc::clone(&shards), resumed("bravo:/new")),
        go(Rc::clone(&shards), resumed("bravo:/new")),
    ));
    let (moved, failed) = match (one, other) {
        (Ok(moved), Err(failed)) | (Err(failed), Ok(moved)) => (moved, failed),
        both => panic!("{both:?}"),
    };
    assert_eq!(moved.size, LONG as u64);
    assert_eq!((failed.side, failed.error.kind()), (Side::Target, Kind::Busy));
    assert_eq!(failed.error.message(), "bravo:/new is being written by another transfer");
    let server = world.host("bravo").last();
    assert!(server.server().sftp().expect("a server of files").file("/new") == Some(&bytes(LONG)));
    // Afterwards it may be written again.
    let again = Transfer { overwrite: true, ..resumed("bravo:/new") };
    assert!(world.run(go(shards, again)).is_ok());
}

#[test]
fn only_what_a_transfer_has_left_is_gone_on_with() {
    let of_ours = || {
        let mut server = files(Knobs::default());
        server.put_file(&left(), bytes(1_000_000));
        server.tree_mut().give(left().as_bytes(), Given { mode: Some(0o600), time: None });
        server
    };
    assert_eq!(gone_on_with(of_ours), (1_000_000, true, b"old".to_vec()));
    let readable = || {
        let mut server = files(Knobs::default());
        server.put_file(&left(), bytes(1_000_000));
        server
    };
    assert_eq!(gone_on_with(readable), (0, true, b"old".to_vec()));
    let link = || {
        let mut server = files(Knobs::default());
        server.put(&left(), Node::Symlink(b"/there".to_vec()));
        server
    };
    assert_eq!(gone_on_with(link), (0, true, b"old".to_vec()));
    let longer = || {
        let mut server = files(Knobs::default());
        server.put_file(&left(), bytes(LONG + 1));
        server.tree_mut().give(left().as_bytes(), Given { mode: Some(0o600), time: None });
        server
    };
    assert_eq!(gone_on_with(longer), (0, true, b"old".to_vec()));
}
