//! The SFTP client between two streams: what the server answers, and what its owner asks.
//!
//! One half of the inputs is played against the small server in memory, which answers rightly in any order and any
//! pieces: results have to be right. In the other half the bytes are the answers, with the ids of requests that wait.

use super::check_shown;
use crate::base::limits::{SFTP_OPERATIONS_MAX, SFTP_PACKET_BYTES_MAX};
use crate::sftp::{Error, LookMax, OpId, Outcome, Session};
use crate::testing::choices::Choices;
use crate::testing::sftp_server::{Knobs, Node, Numbering, SftpServer};

const ACTS_MAX: usize = 300;
const PATHS: [&str; 6] = ["/file", "/empty", "/dir", "/link", "/proc", "/none"];
const FILE_BYTES: usize = 3_000;

pub fn run(data: &[u8]) {
    let mut choices = Choices::new(data);
    if choices.flag() {
        obedient(&mut choices);
    } else {
        hostile(&mut choices);
    }
}

fn ask(session: &mut Session, choices: &mut Choices<'_>) -> Option<OpId> {
    let path = choices.pick(&PATHS).as_bytes();
    match choices.u8() % 5 {
        0 => session.stat(path).ok(),
        3 => session.look(path, LookMax { file_bytes: 8_192, entries: 100, entries_bytes: 10_000 }).ok(),
        4 => session.write(b"/new", vec![0; usize::from(choices.u16())]).ok(),
        1 => session.read(path, u64::from(choices.u16() % 4_096), u64::from(choices.u16() % 8_192)).ok(),
        _ => session.list(path, usize::from(choices.u8()), usize::from(choices.u16())).ok(),
    }
}

// --- an obedient server

fn obedient(choices: &mut Choices<'_>) {
    let mut server = SftpServer::new(Knobs {
        limits: choices.pick(&[None, Some((1_000, 2)), Some((255 * 1024, 100))]),
        data_bytes_max: 100 + usize::from(choices.u16()),
        names_max: 1 + usize::from(choices.u8()),
        shuffle: choices.flag().then(|| u64::from(choices.u8())),
        numbering: choices.pick(&[Numbering::OpenSsh, Numbering::OpenSshUntil(4), Numbering::Counting]),
    });
    let content: Vec<u8> = (0..FILE_BYTES).map(|at| (at ^ (at >> 8)) as u8).collect();
    server.put_file("/file", content.clone());
    server.put_file("/empty", "");
    server.put("/proc", Node::File { data: content.clone(), claimed: Some(0) });
    server.put("/dir", Node::Directory);
    server.put("/dir/fifo", Node::Fifo);
    server.put("/link", Node::Symlink(b"/file".to_vec()));
    let mut session = Session::new(true);
    let (mut down, mut asked) = (Vec::new(), 0);
    for _ in 0..ACTS_MAX {
        if choices.is_empty() {
            break;
        }
        match choices.u8() % 4 {
            0 => asked += usize::from(ask(&mut session, choices).is_some()),
            1 => serve(&mut session, &mut server, &mut down),
            2 => {
                let count = usize::from(choices.u16()).min(down.len());
                let piece: Vec<u8> = down.drain(..count).collect();
                session.handle_input(&piece).expect("an obedient server");
            }
            _ => asked -= usize::from(session.poll_done().is_some_and(|(_, result)| check(&content, result))),
        }
    }
    loop {
        serve(&mut session, &mut server, &mut down);
        if down.is_empty() {
            break;
        }
        session.handle_input(&std::mem::take(&mut down)).expect("an obedient server");
    }
    while let Some((_, result)) = session.poll_done() {
        asked -= usize::from(check(&content, result));
    }
    assert_eq!(asked, 0, "operations without an end");
    assert_eq!(server.handles().0, 0, "handles that stay open");
}

fn serve(session: &mut Session, server: &mut SftpServer, down: &mut Vec<u8>) {
    let mut up = Vec::new();
    session.poll_transmit(&mut up);
    server.handle_input(&up);
    server.poll_transmit(down);
}

/// True, so that it can be counted.
fn check(content: &[u8], result: Result<Outcome, crate::sftp::Failure>) -> bool {
    if let Ok(Outcome::Read { data, .. }) = result
        && !data.is_empty()
    {
        // The content repeats itself too rarely for another part to look the same.
        assert!(memchr::memmem::find(content, &data).is_some(), "{} wrong bytes", data.len());
    }
    true
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
    let mut session = Session::new(true);
    let mut requests = Requests::default();
    let mut ops = Vec::new();
    for _ in 0..ACTS_MAX {
        if choices.is_empty() {
            break;
        }
        let result = match choices.u8() % 8 {
            0 | 1 => {
                ops.extend(ask(&mut session, choices));
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
        while session.poll_done().is_some() {
            done += 1;
            assert!(done <= SFTP_OPERATIONS_MAX);
        }
        if let Err(error) = result {
            return end(&mut session, &error);
        }
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
