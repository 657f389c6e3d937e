//! The SFTP client between two streams: what the server answers, and what its owner asks.
//!
//! One half of the inputs is played against the small server in memory, which answers rightly in any order and any
//! pieces and numbers its handles in any way: results have to be right. In the other half the bytes are the answers,
//! with the ids of requests that wait.

use super::check_shown;
use crate::base::limits::{SFTP_OPERATIONS_MAX, SFTP_PACKET_BYTES_MAX};
use crate::base::time::now;
use crate::sftp::{Error, Failure, Handle, LookMax, NewAttrs, OpId, Opening, Outcome, Refusal, Session};
use crate::simulated::sftp::{Knobs, Node, Numbering, SftpServer};
use crate::testing::choices::Choices;
use std::collections::BTreeMap;

const ACTS_MAX: usize = 300;
const PATHS: [&str; 7] = ["/file", "/other", "/empty", "/dir", "/link", "/proc", "/none"];
const FILE_BYTES: usize = 3_000;

pub fn run(data: &[u8]) {
    let mut choices = Choices::new(data);
    if choices.flag() {
        obedient(&mut choices);
    } else {
        hostile(&mut choices);
    }
}

/// What was asked of a session.
#[derive(Debug, Clone, Copy)]
enum Asked {
    Stat,
    Read {
        offset: u64,
        bytes_max: u64,
    },
    List,
    Look(LookMax),
    /// A new file, to be written as long as this.
    New(usize),
    Write(usize),
    Close(usize),
}

fn ask(session: &mut Session, choices: &mut Choices<'_>) -> Option<(OpId, &'static str, Asked)> {
    let path = choices.pick(&PATHS);
    let bytes = path.as_bytes();
    let mut number = || choices.u16() % 4_096;
    let (asked, op) = match number() % 5 {
        0 => (Asked::Stat, session.stat(bytes)),
        1 | 2 => {
            let (offset, bytes_max) = (u64::from(number()), u64::from(number()));
            (Asked::Read { offset, bytes_max }, session.read(bytes, offset, bytes_max, now()))
        }
        3 => (Asked::List, session.list(bytes, usize::from(number()), usize::from(number()))),
        _ => {
            let (file_bytes, entries) = (u64::from(number()), usize::from(number()));
            let max = LookMax { file_bytes, entries, entries_bytes: 64 * usize::from(number()) };
            (Asked::Look(max), session.look(bytes, max, now()))
        }
    };
    op.ok().map(|op| (op, path, asked))
}

// --- an obedient server

/// What is at a path, links followed; `None` for what is no file.
fn content(path: &str) -> Option<Vec<u8>> {
    let turn = match path {
        "/file" | "/link" => 0,
        "/other" => 1,
        "/proc" => 2,
        "/empty" => return Some(Vec::new()),
        _ => return None,
    };
    // No part of one looks like a part of another.
    Some((0..FILE_BYTES).map(|at| (at / 3 * 7 + at % 3 * 80) as u8 ^ (at >> 8) as u8 ^ (turn << 6)).collect())
}

fn server(choices: &mut Choices<'_>) -> SftpServer {
    let mut server = SftpServer::new(Knobs {
        is_writable: true,
        home: "/",
        // As many handles as may be asked for before the limit is known.
        limits: choices.pick(&[None, Some((1_000, 200)), Some((255 * 1024, 1_000))]),
        data_bytes_max: 100 + usize::from(choices.u16()),
        names_max: 1 + usize::from(choices.u8()),
        shuffle: choices.flag().then(|| u64::from(choices.u8())),
        renames_over: choices.flag(),
        numbering: choices.pick(&[Numbering::OpenSsh, Numbering::Counting, Numbering::OpenSshUntil(3)]),
    });
    for path in PATHS {
        if let Some(data) = content(path) {
            server.put(path, Node::File { data, claimed: (path == "/proc").then_some(0) });
        }
    }
    server.put("/dir", Node::Directory);
    server.put("/dir/fifo", Node::Fifo);
    server.put("/link", Node::Symlink(b"/file".to_vec()));
    server
}

fn obedient(choices: &mut Choices<'_>) {
    let mut server = server(choices);
    let mut session = Session::new(choices.flag(), now());
    let (mut down, mut wanted, mut files) = (Vec::new(), BTreeMap::new(), BTreeMap::new());
    for act in 0..ACTS_MAX {
        if choices.is_empty() {
            break;
        }
        match choices.u8() % 8 {
            0..=2 => wanted
                .extend(ask(&mut session, choices).map(|(op, path, asked)| (op, (path.to_owned(), asked)))),
            3 => {
                // Everything is written to a path of its own.
                let (path, count) = (format!("/new{act}"), usize::from(choices.u16() % 4_096));
                let op = session.open(path.as_bytes(), Opening::New { mode: 0o600 }).ok();
                wanted.extend(op.map(|op| (op, (path, Asked::New(count)))));
            }
            4 => {
                let index = usize::from(choices.u8()) % wanted.len().max(1);
                if let Some(op) = wanted.keys().nth(index).copied() {
                    let given_up = wanted.remove(&op);
                    session.cancel(op);
                    if let Some((path, Asked::Write(_))) = given_up {
                        session.abandon(&files[&path]);
                    }
                }
            }
            5 => serve(&mut session, &mut server, &mut down),
            _ => {
                let count = usize::from(choices.u16()).min(down.len());
                let piece: Vec<u8> = down.drain(..count).collect();
                session.handle_input(&piece).expect("an obedient server");
            }
        }
        collect(&mut session, &mut wanted, &mut files, &server);
    }
    loop {
        serve(&mut session, &mut server, &mut down);
        if down.is_empty() {
            break;
        }
        session.handle_input(&std::mem::take(&mut down)).expect("an obedient server");
        collect(&mut session, &mut wanted, &mut files, &server);
    }
    assert!(wanted.is_empty(), "operations without an end: {wanted:?}");
    assert_eq!(server.handles().0, 0, "handles that stay open");
}

fn serve(session: &mut Session, server: &mut SftpServer, down: &mut Vec<u8>) {
    let mut up = Vec::new();
    session.poll_transmit(&mut up);
    server.handle_input(&up);
    server.poll_transmit(down);
    assert!(server.faults().is_empty(), "{:?}", server.faults());
}

fn collect(
    session: &mut Session,
    wanted: &mut BTreeMap<OpId, (String, Asked)>,
    files: &mut BTreeMap<String, Handle>,
    server: &SftpServer,
) {
    while let Some((op, result)) = session.poll_done() {
        let (path, asked) = wanted.remove(&op).expect("every operation ends once");
        match (asked, result) {
            (Asked::New(count), Ok(Outcome::Opened(file))) => {
                match session.write_piece(&file, 0, vec![7; count]) {
                    Ok(op) => wanted.extend([(op, (path.clone(), Asked::Write(count)))]),
                    Err(_) => session.abandon(&file),
                }
                files.insert(path, file);
            }
            (Asked::Write(count), Ok(Outcome::Done)) => match session.close(files[&path].clone()) {
                Ok(op) => wanted.extend([(op, (path, Asked::Close(count)))]),
                Err(_) => session.abandon(&files[&path]),
            },
            (Asked::Close(count), Ok(_)) => {
                assert_eq!(server.file(&path).map(<[u8]>::len), Some(count), "{path}");
            }
            (asked, result) => check(&path, asked, result),
        }
    }
}

fn check(path: &str, asked: Asked, result: Result<Outcome, Failure>) {
    let content = content(path);
    let (offset, bytes_max) = match asked {
        Asked::Read { offset, bytes_max } => (offset, bytes_max),
        Asked::Look(max) => (0, max.file_bytes),
        Asked::Stat | Asked::List | Asked::New(_) | Asked::Write(_) | Asked::Close(_) => (0, 0),
    };
    match (asked, result) {
        (Asked::Stat, Ok(Outcome::Stat(_))) => assert!(content.is_some() || path == "/dir"),
        (Asked::Read { .. } | Asked::Look(_), Ok(Outcome::Read { data, more, .. })) => {
            let content = content.expect("only files are read");
            let rest = content.get(offset as usize..).unwrap_or_default();
            let expected = &rest[..rest.len().min(bytes_max as usize)];
            assert!(
                data == expected,
                "{path}: {} bytes from {offset}, {} expected",
                data.len(),
                expected.len()
            );
            assert_eq!(more, rest.len() > expected.len());
        }
        (Asked::List | Asked::Look(_), Ok(Outcome::List { entries, truncated })) => {
            assert_eq!(path, "/dir");
            let names: Vec<&[u8]> = entries.iter().map(|entry| entry.name.as_slice()).collect();
            assert!(truncated || names == [&b"."[..], b"..", b"fifo"], "{names:?}");
        }
        (asked, Err(failure)) => {
            let is_right = match asked {
                Asked::Stat => path == "/none",
                Asked::Read { .. } => content.is_none(),
                Asked::List => path != "/dir",
                Asked::Look(_) => path == "/none",
                Asked::New(_) | Asked::Write(_) | Asked::Close(_) => false,
            };
            assert!(is_right, "{asked:?} of {path}: {failure}");
        }
        (asked, outcome) => panic!("{asked:?} of {path}: {outcome:?}"),
    }
}

// --- a hostile server

/// Requests as the server would see them: their ids.
#[derive(Default)]
struct Requests {
    stream: Vec<u8>,
    ids: Vec<u32>,
}

impl Requests {
    fn collect(&mut self, session: &mut Session) {
        session.poll_transmit(&mut self.stream);
        while let Some((length, rest)) = self.stream.split_first_chunk::<4>() {
            let length = u32::from_be_bytes(*length) as usize;
            let packet = rest.get(..length).expect("whole packets are sent");
            // INIT has no id.
            if let Some((_, rest)) = packet.split_first().filter(|(kind, _)| **kind != 1)
                && let Some(id) = rest.first_chunk()
            {
                self.ids.push(u32::from_be_bytes(*id));
            }
            self.stream.drain(..4 + length);
        }
    }
}

fn hostile(choices: &mut Choices<'_>) {
    let mut session = Session::new(true, now());
    let mut requests = Requests::default();
    let mut ops = Vec::new();
    let mut files = Vec::new();
    for _ in 0..ACTS_MAX {
        if choices.is_empty() {
            break;
        }
        let result = match choices.u8() % 8 {
            0 => {
                ops.extend(ask(&mut session, choices).map(|(op, ..)| op));
                Ok(())
            }
            1 => {
                ops.extend(ask_of_file(&mut session, files.last(), choices));
                Ok(())
            }
            2 => {
                if let Some(op) = ops.pop() {
                    session.cancel(op);
                }
                Ok(())
            }
            3 => session.handle_input(&framed(&[&[2, 0, 0, 0, 3][..], choices.block()].concat())),
            4 => session.handle_input(choices.block()),
            _ => session.handle_input(&reply(&mut requests, choices)),
        };
        requests.collect(&mut session);
        assert!(requests.ids.len() <= 64 * ACTS_MAX, "requests without end");
        let mut done = 0;
        while let Some((_, result)) = session.poll_done() {
            files.extend(match result {
                Ok(Outcome::Opened(file)) => Some(file),
                _ => None,
            });
            done += 1;
            assert!(done <= SFTP_OPERATIONS_MAX);
        }
        if let Err(error) = result {
            return end(&mut session, &error);
        }
    }
}

/// Something about an open file, or one opened.
fn ask_of_file(
    session: &mut Session,
    file: Option<&Handle>,
    choices: &mut Choices<'_>,
) -> Result<OpId, Refusal> {
    let Some(file) = file else { return session.open(b"/new", Opening::New { mode: 0o600 }) };
    match choices.u8() % 8 {
        0 => session.open(b"/file", Opening::Update),
        1 | 2 => session.write_piece(file, u64::from(choices.u16()), choices.block().to_vec()),
        3 => session.read_piece(file, u64::from(choices.u16()), u64::from(choices.u16())),
        4 => session.describe(file),
        5 => session.change(file, NewAttrs { mode: Some(0o600), times: Some((1, 2)) }),
        6 => session.sync(file),
        _ => session.replace(b"/new", b"/file"),
    }
}

/// A packet of any type with the id of a request that waits, mostly.
fn reply(requests: &mut Requests, choices: &mut Choices<'_>) -> Vec<u8> {
    let kind = choices.pick(&[101, 102, 103, 104, 105, 201]);
    let index = usize::from(choices.u8());
    let id = match requests.ids.len() {
        0 => u32::from(choices.u8()),
        count => requests.ids.remove(index % count),
    };
    framed(&[&[kind][..], &id.to_be_bytes(), choices.block()].concat())
}

fn framed(packet: &[u8]) -> Vec<u8> {
    assert!(packet.len() <= SFTP_PACKET_BYTES_MAX);
    [&(packet.len() as u32).to_be_bytes(), packet].concat()
}

fn end(session: &mut Session, error: &Error) {
    check_shown(&error.to_string(), 2_000);
    assert_eq!(session.handle_input(b"x"), Err(error.clone()), "terminal");
    assert!(!session.is_ready() && session.stat(b"/").is_err());
    assert!(!session.poll_transmit(&mut Vec::new()));
}
