//! A session in a play: what was asked of it, and what has to come out.

use super::ssh_pair::Pair;
use crate::ssh::{ChannelId, Event, Stream};

/// What a session does, as the small server understands it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Job {
    Echo,
    Bytes(u16),
    Fail,
    Cat,
    Hang,
    Nonsense,
    /// Nothing is started.
    Idle,
}

const ECHOED: &str = "hello";
const BYTES_MAX: u16 = 20_000;

#[derive(Debug)]
pub(super) struct Session {
    pub id: ChannelId,
    job: Job,
    sent: Vec<u8>,
    output: Vec<u8>,
    has_sent_eof: bool,
    /// A signal was sent: what comes out may end early.
    is_disturbed: bool,
    is_closed: bool,
    /// Nothing more is expected.
    pub is_over: bool,
}

impl Session {
    pub fn start(id: ChannelId, kind: u8, size: u16, pair: &mut Pair) -> Self {
        let (job, command) = match kind % 7 {
            0 => (Job::Echo, format!("echo {ECHOED}")),
            1 => (Job::Bytes(size % BYTES_MAX), format!("bytes {}", size % BYTES_MAX)),
            2 => (Job::Fail, format!("fail {ECHOED}")),
            3 => (Job::Cat, "cat".to_owned()),
            4 => (Job::Hang, "hang".to_owned()),
            5 => (Job::Nonsense, "nonsense".to_owned()),
            _ => (Job::Idle, String::new()),
        };
        if job != Job::Idle {
            pair.client.exec(id, command.as_bytes());
            pair.client.start_early(id);
        }
        Self {
            id,
            job,
            sent: Vec::new(),
            output: Vec::new(),
            has_sent_eof: false,
            is_disturbed: false,
            is_closed: false,
            is_over: false,
        }
    }

    pub fn send(&mut self, pair: &mut Pair, count: u16) {
        let data: Vec<u8> = (0..count).map(|at| (at ^ (at >> 8)) as u8).collect();
        let taken = pair.client.send(self.id, &data);
        assert!(taken <= data.len());
        self.sent.extend_from_slice(&data[..taken]);
    }

    pub fn send_eof(&mut self, pair: &mut Pair) {
        pair.client.send_eof(self.id);
        self.has_sent_eof = true;
    }

    pub fn consume(&mut self, pair: &mut Pair, count: u16) {
        let waiting = pair.client.received(self.id, Stream::Stdout);
        let count = waiting.len().min(usize::from(count));
        self.output.extend_from_slice(&waiting[..count]);
        pair.client.consume(self.id, Stream::Stdout, count);
        let errors = pair.client.received(self.id, Stream::Stderr).len();
        pair.client.consume(self.id, Stream::Stderr, errors.min(usize::from(u16::MAX)));
    }

    pub fn signal(&mut self, pair: &mut Pair, is_kill: bool) {
        pair.client.signal(self.id, if is_kill { "KILL" } else { "TERM" });
        self.is_disturbed = true;
    }

    pub fn close(&mut self, pair: &mut Pair) {
        pair.client.close(self.id);
        self.is_over = true;
    }

    /// Bytes that the client keeps for it.
    pub fn received(&self, pair: &Pair) -> usize {
        [Stream::Stdout, Stream::Stderr]
            .iter()
            .map(|stream| pair.client.received(self.id, *stream).len())
            .sum()
    }

    pub fn handle_event(&mut self, event: &Event) {
        match event {
            Event::Closed(_) => self.is_closed = true,
            Event::OpenRefused { .. } => self.is_over = true,
            _ => {}
        }
    }

    /// Does what brings it to its end; false when there was nothing to do. What came out is checked at the end.
    pub fn wind_up(&mut self, pair: &mut Pair) -> bool {
        if self.is_over {
            return true;
        }
        let kept = self.received(pair);
        while self.received(pair) > 0 {
            self.consume(pair, u16::MAX);
        }
        if self.is_closed {
            self.check();
            self.close(pair);
            return true;
        }
        if matches!(self.job, Job::Hang | Job::Nonsense | Job::Idle) {
            self.close(pair);
            return true;
        }
        if !self.has_sent_eof {
            self.send_eof(pair);
            return true;
        }
        kept > 0
    }

    fn check(&self) {
        let expected = match self.job {
            Job::Echo => ECHOED.as_bytes().to_vec(),
            Job::Bytes(count) => (0..count).map(|at| at as u8).collect(),
            Job::Cat => self.sent.clone(),
            Job::Fail | Job::Hang | Job::Nonsense | Job::Idle => Vec::new(),
        };
        if self.is_disturbed {
            assert!(expected.starts_with(&self.output), "{self:?}");
        } else {
            assert!(expected == self.output, "{} bytes expected: {self:?}", expected.len());
        }
    }
}
