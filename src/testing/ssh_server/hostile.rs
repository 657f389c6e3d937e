//! What a hostile server says beside or instead of what the obedient one would.

use super::{MAX, Misbehaviour, Server, WHAT, script};
use crate::simulated::server::sessions::Opening;
use crate::ssh::wire::{Reader, Write};
use crate::ssh::{Error, number};
use crate::testing::timers::now;

impl Server {
    /// Sends `payload` at once and as it is, under the key in use: in any phase, whatever the rules say.
    pub fn inject(&mut self, payload: &[u8]) {
        self.simulated.transport.seal(|out| out.extend_from_slice(payload));
    }

    /// Sends data on the client's first channel, whatever its window.
    pub fn flood(&mut self, data: &[u8]) {
        self.simulated.transport.seal(|out| {
            out.push(number::CHANNEL_DATA);
            out.put_u32(0);
            out.put_string(data);
        });
    }

    /// Sends bytes that are no packet.
    pub fn inject_raw(&mut self, bytes: &[u8]) {
        self.simulated.transport.out.extend_from_slice(bytes);
    }

    /// Forgets what it was about to send.
    pub fn swallow(&mut self) {
        self.simulated.transport.out.clear();
    }

    /// A channel is to be opened: a session, or a TCP connection.
    pub(super) fn open(&mut self, payload: &[u8]) -> Result<(), Error> {
        let opening = Opening::read(payload)?;
        let remote = opening.window.remote;
        if self.misbehaves(Misbehaviour::DataBeforeOpen) {
            self.simulated.send(|out| {
                out.push(number::CHANNEL_DATA);
                out.put_u32(remote);
                out.put_string(b"early");
            });
        }
        if opening.kind == "session" {
            return self.simulated.handle_message(payload, now());
        }
        let mut reader = Reader::new(payload);
        reader.u8(WHAT)?;
        reader.string(MAX, WHAT)?;
        // Its number, window and packet.
        reader.array::<12>(WHAT)?;
        let (host, port) = (reader.text(MAX, WHAT)?, reader.u32(WHAT)?);
        match (host, port) {
            ("forbidden", _) => self.simulated.refuse_channel(&opening, 1, "open failed"),
            (_, 7) => self.simulated.accept_channel(&opening).expect("a place").connect(),
            _ => self.simulated.refuse_channel(&opening, 2, "Connection refused"),
        }
        Ok(())
    }

    /// Something is to be done in a channel.
    pub(super) fn request(&mut self, payload: &[u8]) -> Result<(), Error> {
        let mut reader = Reader::new(payload);
        reader.u8(WHAT)?;
        let (channel, kind) = (reader.u32(WHAT)?, reader.text(MAX, WHAT)?);
        reader.bool(WHAT)?;
        match kind {
            "signal" => self.signals.push((channel, reader.text(MAX, WHAT)?.to_owned())),
            "exec" if self.config.runs_commands => {
                self.note_task(channel, reader.text(MAX, WHAT)?);
            }
            _ => {}
        }
        self.simulated.handle_message(payload, now())?;
        self.break_windows(channel);
        Ok(())
    }

    /// The same of what a shell is told that is kept for several commands: a number and a command in each line.
    pub(super) fn note_tasks(&mut self, channel: u32, data: &[u8]) {
        let lines = String::from_utf8_lossy(data).into_owned();
        for (_, command) in lines.lines().filter_map(|line| line.split_once(' ')) {
            self.note_task(channel, command);
        }
    }

    fn note_task(&mut self, channel: u32, line: &str) {
        if let Some(task) = script::bare(line).strip_prefix("task ") {
            self.tasks_begun += 1;
            self.tasks.push((self.tasks_begun, task.to_owned()));
            self.running.push((self.tasks_begun, channel));
        }
    }

    /// Breaks the rules when a command starts.
    fn break_windows(&mut self, channel: u32) {
        let place = channel.wrapping_sub(self.config.first_channel) as usize;
        let Some(window) = self.simulated.sessions.at(place).map(|session| session.window()) else { return };
        let (remote, excess) = match self.config.misbehaviour {
            Some(Misbehaviour::OverrunWindow) => {
                let beyond = window.bytes as usize + 1;
                (window.remote, vec![0; beyond.min(window.packet as usize)])
            }
            Some(Misbehaviour::UnknownChannel) => (777, b"x".to_vec()),
            _ => return,
        };
        self.simulated.send(|out| {
            out.push(number::CHANNEL_DATA);
            out.put_u32(remote);
            out.put_string(&excess);
        });
    }
}
