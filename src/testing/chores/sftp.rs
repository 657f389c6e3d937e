//! What a session of SFTP asks and hears.

use std::hint::black_box;

use super::Chore;
use crate::base::time::{Instant, now};
use crate::sftp::{OpId, Outcome, Refusal, Session};
use crate::simulated::sftp::{Knobs, SftpServer};

const FILE_BYTES: usize = 64 * 1024;
const NAMES: usize = 100;

type Ask = fn(&mut Session, Instant) -> Result<OpId, Refusal>;

pub fn chores() -> Vec<Chore> {
    vec![
        whole("sftp: a new session reads 64 KiB", |session, now| session.read(b"/file", 0, 1 << 20, now))
            .of_bytes(FILE_BYTES),
        whole("sftp: a new session lists 100 names", |session, _| session.list(b"/", 1_000, 1 << 20)),
    ]
}

/// From the beginning to the outcome. What the server says is always the same, and was learnt before.
fn whole(name: &str, ask: Ask) -> Chore {
    Chore::new(name, move || {
        let now = now();
        let mut server = SftpServer::new(Knobs::default());
        server.put_file("/file", vec![7; FILE_BYTES]);
        (0..NAMES).for_each(|n| server.put_file(&format!("/file{n}"), *b"x"));
        let mut turns = Vec::new();
        play(ask, now, |asked| {
            server.handle_input(asked);
            let mut said = Vec::new();
            server.poll_transmit(&mut said);
            turns.push(said.clone());
            said
        });
        move || {
            let mut turns = turns.iter();
            play(ask, now, |_| turns.next().expect("as many turns as before").clone());
        }
    })
}

fn play(ask: Ask, now: Instant, mut answer: impl FnMut(&[u8]) -> Vec<u8>) {
    let mut session = Session::new(true, now);
    let op = ask(&mut session, now).expect("there is room");
    let mut asked = Vec::new();
    loop {
        asked.clear();
        session.poll_transmit(&mut asked);
        session.handle_input(&answer(&asked)).expect("an obedient server");
        if let Some((done, outcome)) = session.poll_done() {
            assert!(
                done == op && matches!(black_box(outcome), Ok(Outcome::Read { .. } | Outcome::List { .. }))
            );
            return;
        }
    }
}
