//! Servers that break the rules of SFTP, each with the name of the error it gets.
//!
//! | behaviour | answer | test |
//! |---|---|---|
//! | text before SFTP begins | `Preamble` | `the_beginning` |
//! | VERSION of another version, not at the beginning, twice, cut short | `Version`, `NotVersion`, `UnknownPacket`, `Truncated` | `the_beginning` |
//! | a packet of length 0 or beyond 512 KiB, at its header | `EmptyPacket`, `PacketTooLong` | `lengths_of_packets` |
//! | packets of a type that is no reply | `UnknownPacket` | `types` |
//! | replies to ids never used, answered already, or of operations long gone | `UnknownRequest`, none | `ids` |
//! | a reply of the wrong type, success in place of an answer | `WrongReply` | `types` |
//! | a reply cut anywhere | `Truncated` | `cut_short` |
//! | a handle beyond 256 bytes | `FieldTooLong` | `lengths_of_fields` |
//! | strings that claim more than their packet | `Truncated`, `FieldTooLong` | `lengths_of_fields` |
//! | more names or attributes claimed than are there | `Truncated` | `lengths_of_fields` |
//! | names with `/` or NUL, empty ones | `Failure::Name` | `names_that_are_none` |
//! | READDIR without end | cut at the limits | `directories_without_end` |
//! | sizes negative or beyond all measure | a hint | `sizes` |
//! | more data than asked for | `TooMuchData` | `data` |
//! | empty data without end; one byte at a time | the end of the file; right, if slow | `data` |
//! | success in place of a handle, a handle in place of success, data for a write | `WrongReply` | `answers_about_open_files` |
//! | a file opened that nobody waits for any more | closed | `open::what_is_given_up_…` |
//! | a server that stays silent | as many requests as are allowed | `tests::a_server_that_hangs_…` |

use super::*;

const VERSION: [u8; 9] = [0, 0, 0, 5, 2, 0, 0, 0, 3];
/// Replies by their type.
const STATUS: u8 = 101;
const HANDLE: u8 = 102;
const DATA: u8 = 103;
const NAME: u8 = 104;
const ATTRS: u8 = 105;
const EXTENDED_REPLY: u8 = 201;

fn string(bytes: &[u8]) -> Vec<u8> {
    [&(bytes.len() as u32).to_be_bytes(), bytes].concat()
}

/// A packet that answers request `id`.
fn reply(kind: u8, id: u32, body: &[u8]) -> Vec<u8> {
    framed(&[&[kind][..], &id.to_be_bytes(), body].concat())
}

fn attrs(size: u64, mode: u32) -> Vec<u8> {
    [&5_u32.to_be_bytes()[..], &size.to_be_bytes(), &mode.to_be_bytes()].concat()
}

fn names(names: &[&[u8]]) -> Vec<u8> {
    let mut out = (names.len() as u32).to_be_bytes().to_vec();
    for name in names {
        out.extend(string(name));
        out.extend(string(b"-rw-r--r-- 1 a b"));
        out.extend(attrs(1, 0o100_644));
    }
    out
}

fn ready() -> Session {
    let mut session = Session::new(false, now());
    session.handle_input(&VERSION).unwrap();
    session
}

/// READ is request 2 of this session: STAT 0 and OPEN 1 are answered.
fn reading(size: u64) -> Session {
    let mut session = ready();
    session.read(b"/file", 0, 1000, now()).unwrap();
    session.handle_input(&reply(ATTRS, 0, &attrs(size, 0o100_644))).unwrap();
    session.handle_input(&reply(HANDLE, 1, &string(b"h"))).unwrap();
    session
}

/// READDIR is requests 1 and 2 of this session: OPENDIR 0 is answered.
fn listing() -> Session {
    let mut session = ready();
    session.list(b"/", 1000, BIG).unwrap();
    session.handle_input(&reply(HANDLE, 0, &string(b"h"))).unwrap();
    session
}

/// Every wait of a session, with the type of the reply it is for, and one such reply.
fn waits() -> [(Session, &'static str, u8, u32, Vec<u8>); 4] {
    let mut stat = ready();
    stat.stat(b"/").unwrap();
    let mut opendir = ready();
    opendir.list(b"/", 1000, BIG).unwrap();
    [
        (stat, "STAT", ATTRS, 0, attrs(1, 0o100_644)),
        (opendir, "OPENDIR", HANDLE, 0, string(b"h")),
        (reading(100), "READ", DATA, 2, string(b"content")),
        (listing(), "READDIR", NAME, 1, names(&[b"a"])),
    ]
}

#[test]
fn the_beginning() {
    let first = |bytes: &[u8]| Session::new(false, now()).handle_input(bytes);
    let version = |body: &[u8]| first(&framed(&[&[2][..], body].concat()));
    for other in [0, 2, 4, 6, u32::MAX] {
        assert_eq!(version(&other.to_be_bytes()), Err(Error::Version(other)));
    }
    assert_eq!(first(&reply(STATUS, 0, &[0; 4])), Err(Error::NotVersion(STATUS)));
    assert_eq!(version(&[0, 0, 0]), Err(Error::Truncated("version")));
    assert_eq!(version(&[0, 0, 0, 3, 0, 0, 0, 9, b'x']), Err(Error::Truncated("extension name")));
    assert!(
        matches!(first(b"Last login: today\n"), Err(Error::Preamble(text)) if text.starts_with("Last login"))
    );
    assert_eq!(ready().handle_input(&VERSION), Err(Error::UnknownPacket(2)));
}

#[test]
fn lengths_of_packets() {
    for length in [SFTP_PACKET_BYTES_MAX as u32 + 1, 1 << 31, u32::MAX] {
        assert_eq!(ready().handle_input(&length.to_be_bytes()), Err(Error::PacketTooLong(length)));
    }
    assert_eq!(ready().handle_input(&[0; 4]), Err(Error::EmptyPacket));
}

#[test]
fn types() {
    for kind in (0..=255).filter(|kind| !matches!(*kind, STATUS..=ATTRS | EXTENDED_REPLY)) {
        assert_eq!(ready().handle_input(&reply(kind, 0, b"")), Err(Error::UnknownPacket(kind)));
    }
    let bodies = [
        (STATUS, "STATUS", vec![0; 4]),
        (HANDLE, "HANDLE", string(b"h")),
        (DATA, "DATA", string(b"d")),
        (NAME, "NAME", names(&[b"n"])),
        (ATTRS, "ATTRS", attrs(1, 0o100_644)),
        (EXTENDED_REPLY, "EXTENDED_REPLY", Vec::new()),
    ];
    for (kind, name, body) in bodies {
        for (mut session, asked, right, id, _) in waits() {
            let result = session.handle_input(&reply(kind, id, &body));
            let expected = if kind == right { Ok(()) } else { Err(Error::WrongReply { asked, reply: name }) };
            assert_eq!(result, expected);
        }
    }
}

#[test]
fn ids() {
    for (mut session, asked, kind, id, body) in waits() {
        let unknown = Err(Error::UnknownRequest(u32::MAX));
        assert_eq!(waits_again(asked).handle_input(&reply(kind, u32::MAX, &body)), unknown);
        session.handle_input(&reply(kind, id, &body)).unwrap();
        assert_eq!(session.handle_input(&reply(kind, id, &body)), Err(Error::UnknownRequest(id)), "{asked}");
    }
    // What was asked for an operation that is gone is answered once too.
    let mut session = ready();
    let op = session.stat(b"/").unwrap();
    session.cancel(op);
    let late = reply(ATTRS, 0, &attrs(1, 0));
    assert_eq!(session.handle_input(&late), Ok(()));
    assert_eq!(session.handle_input(&late), Err(Error::UnknownRequest(0)));
}

fn waits_again(asked: &str) -> Session {
    waits().into_iter().find(|(_, name, ..)| *name == asked).unwrap().0
}

#[test]
fn cut_short() {
    for (_, asked, kind, id, body) in waits() {
        for cut in 0..body.len() {
            let mut session = waits_again(asked);
            let result = session.handle_input(&reply(kind, id, &body[..cut]));
            assert!(matches!(result, Err(Error::Truncated(_))), "{asked} cut at {cut}: {result:?}");
        }
    }
}

#[test]
fn lengths_of_fields() {
    let claim =
        |kind: u8, asked: &str, id: u32, body: &[u8]| waits_again(asked).handle_input(&reply(kind, id, body));
    assert_eq!(
        claim(HANDLE, "OPENDIR", 0, &string(&[0; 257])),
        Err(Error::FieldTooLong { field: "handle", length: 257 })
    );
    assert_eq!(claim(HANDLE, "OPENDIR", 0, &string(&[0; 256])), Ok(()));
    for length in [1 << 20, 1 << 31, u32::MAX] {
        let claimed = length.to_be_bytes();
        for (kind, asked, id, field, before) in [
            (DATA, "READ", 2, "data", &[][..]),
            (STATUS, "STAT", 0, "status text", &[0, 0, 0, 4]),
            (NAME, "READDIR", 1, "file name", &[0, 0, 0, 1]),
            (NAME, "READDIR", 1, "long name", &[0, 0, 0, 1, 0, 0, 0, 1, b'a']),
            (ATTRS, "STAT", 0, "extended attribute type", &[0x80, 0, 0, 0, 0, 0, 0, 1]),
        ] {
            let result = claim(kind, asked, id, &[before, &claimed].concat());
            assert_eq!(result, Err(Error::FieldTooLong { field, length }), "{asked}");
        }
        assert_eq!(claim(NAME, "READDIR", 1, &claimed), Err(Error::Truncated("file name")));
        let many = [&[0x80, 0, 0, 0][..], &claimed].concat();
        assert_eq!(claim(ATTRS, "STAT", 0, &many), Err(Error::Truncated("extended attribute type")));
    }
}

#[test]
fn names_that_are_none() {
    for (name, shown) in
        [(&b"../../etc/passwd"[..], "../../etc/passwd"), (b"a\0b", "a b"), (b"", ""), (b"/", "/")]
    {
        let mut session = listing();
        session.handle_input(&reply(NAME, 1, &names(&[b"fine", name]))).unwrap();
        let (_, result) = session.poll_done().unwrap();
        assert_eq!(result, Err(Failure::Name(shown.into())));
        // The session goes on.
        assert!(session.stat(b"/").is_ok());
    }
}

#[test]
fn directories_without_end() {
    let mut session = listing();
    let mut answered = 0;
    let result = loop {
        answered += 1;
        session.handle_input(&reply(NAME, answered, &names(&[&b"again"[..]; 10]))).unwrap();
        if let Some((_, result)) = session.poll_done() {
            break result;
        }
        assert!(answered < 200);
    };
    let Ok(Outcome::List { entries, truncated }) = result else { panic!("{result:?}") };
    assert_eq!((entries.len(), truncated), (1000, true));
}

#[test]
fn sizes() {
    for size in [u64::MAX, 1 << 63, (1 << 63) - 1] {
        let mut session = reading(size);
        session.handle_input(&reply(DATA, 2, &string(b"all there is"))).unwrap();
        let mut out = Vec::new();
        while session.poll_transmit(&mut out) {}
        // READ, and another for what the short answer left out: neither beyond what was asked for.
        assert!(out.len() < 400, "{} bytes of requests", out.len());
    }
}

#[test]
fn data() {
    let result = reading(100).handle_input(&reply(DATA, 2, &string(&[1; 102])));
    assert_eq!(result, Err(Error::TooMuchData { asked: 101, sent: 102 }));

    let mut session = reading(100);
    session.handle_input(&reply(DATA, 2, &string(b""))).unwrap();
    let (_, result) = session.poll_done().unwrap();
    assert!(matches!(result, Ok(Outcome::Read { data, more: false, .. }) if data.is_empty()));

    let mut session = reading(100);
    for id in 2..102 {
        assert_eq!(session.poll_done(), None);
        session.handle_input(&reply(DATA, id, &string(b"c"))).unwrap();
    }
    session.handle_input(&reply(STATUS, 102, &[0, 0, 0, 1])).unwrap();
    let (_, result) = session.poll_done().unwrap();
    assert!(matches!(result, Ok(Outcome::Read { data, .. }) if data == [b'c'; 100]));
}

#[test]
fn answers_about_open_files() {
    let (ok, handle) = ((STATUS, vec![0; 4]), (HANDLE, string(b"h")));
    let opened = || {
        let mut session = ready();
        session.open(b"/a", Opening::New { mode: 0 }).unwrap();
        session.handle_input(&reply(HANDLE, 0, &string(b"h"))).unwrap();
        match session.poll_done() {
            Some((_, Ok(Outcome::Opened(file)))) => (session, file),
            other => panic!("{other:?}"),
        }
    };
    let mut session = ready();
    session.open(b"/a", Opening::Read).unwrap();
    let wrong = Err(Error::WrongReply { asked: "OPEN", reply: "STATUS" });
    assert_eq!(session.handle_input(&reply(ok.0, 0, &ok.1)), wrong);

    type Begin = fn(&mut Session, &Handle) -> Result<OpId, Refusal>;
    let begin: [(&str, Begin, bool); 6] = [
        ("WRITE", |session, file| session.write_piece(file, 0, vec![1]), true),
        ("READ", |session, file| session.read_piece(file, 0, 1), false),
        ("FSTAT", |session, file| session.describe(file), false),
        ("FSETSTAT", |session, file| session.change(file, NewAttrs::default()), true),
        ("fsync@openssh.com", |session, file| session.sync(file), true),
        ("CLOSE", |session, file| session.close(file.clone()), true),
    ];
    for (asked, begin, takes_success) in begin {
        let (mut session, file) = opened();
        begin(&mut session, &file).unwrap();
        let wrong = Err(Error::WrongReply { asked, reply: "HANDLE" });
        assert_eq!(session.handle_input(&reply(handle.0, 1, &handle.1)), wrong);
        let (mut session, file) = opened();
        begin(&mut session, &file).unwrap();
        let result = session.handle_input(&reply(ok.0, 1, &ok.1));
        let wrong = Err(Error::WrongReply { asked, reply: "STATUS" });
        assert_eq!(result, if takes_success { Ok(()) } else { wrong });
    }
    let (mut session, file) = opened();
    session.read_piece(&file, 0, 10).unwrap();
    let result = session.handle_input(&reply(DATA, 1, &string(&[1; 11])));
    assert_eq!(result, Err(Error::TooMuchData { asked: 10, sent: 11 }));
}
