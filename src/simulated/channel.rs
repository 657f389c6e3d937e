//! A session of the small SSH server: its scripted commands and both windows.

use super::server::Misbehaviour;
use super::sftp::SftpServer;
use crate::ssh::Error;
use crate::ssh::number;
use crate::ssh::wire::{Reader, Write};

const WHAT: &str = "client channel message";
const MAX: usize = 1 << 20;
/// The window is granted anew as by sshd (`channel_check_window`): after three of its packets, or half of the window.
const GRANT_BYTES: u32 = 3 * 32 * 1024;

/// How a command ends once its output is sent.
enum Exit {
    Status(u32),
    Signal(String),
    /// It was no process.
    None,
}

pub(super) struct ServerChannel {
    pub is_closed: bool,
    /// Its session may be given to another.
    pub is_free: bool,
    /// It is a TCP connection to an echo, and no session.
    pub is_connection: bool,
    /// A command or subsystem was asked for.
    pub is_started: bool,
    pub runs_commands: bool,
    pub signals: Vec<String>,
    /// The command `task TEXT`, until somebody has taken it over.
    pub task: Option<String>,
    env: Vec<(String, String)>,
    remote: u32,
    window: u32,
    packet: u32,
    /// What the client may still send, and what it starts with.
    granted: u32,
    granted_max: u32,
    output: Vec<u8>,
    errors: Vec<u8>,
    /// Echo what arrives until it ends.
    echoes: bool,
    serves: Option<fn() -> SftpServer>,
    sftp: Option<SftpServer>,
    /// Ends by no signal but `KILL`.
    is_stubborn: bool,
    /// Stays open after its command has ended.
    lingers: bool,
    exit: Option<Exit>,
    closes: bool,
}

impl ServerChannel {
    pub fn new(
        remote: u32,
        window: u32,
        packet: u32,
        granted: u32,
        serves: Option<fn() -> SftpServer>,
    ) -> Self {
        Self {
            is_closed: false,
            is_free: false,
            is_connection: false,
            is_started: false,
            runs_commands: true,
            signals: Vec::new(),
            task: None,
            env: Vec::new(),
            remote,
            window,
            packet,
            granted,
            granted_max: granted,
            output: Vec::new(),
            errors: Vec::new(),
            echoes: false,
            serves,
            sftp: None,
            is_stubborn: false,
            lingers: false,
            exit: None,
            closes: false,
        }
    }

    /// Payloads to answer with.
    pub fn handle(&mut self, message: u8, mut reader: Reader<'_>) -> Result<Vec<Vec<u8>>, Error> {
        match message {
            number::CHANNEL_DATA => return self.receive(reader.string(MAX, WHAT)?),
            number::CHANNEL_WINDOW_ADJUST => self.window += reader.u32(WHAT)?,
            number::CHANNEL_EOF if self.is_connection => self.finish(Exit::None),
            number::CHANNEL_EOF if self.echoes || self.sftp.is_some() => self.finish(Exit::Status(0)),
            number::CHANNEL_CLOSE => {
                self.is_closed = true;
                if !self.closes {
                    self.closes = true;
                    return Ok(vec![self.short(number::CHANNEL_CLOSE)]);
                }
            }
            number::CHANNEL_REQUEST => return self.request(reader),
            _ => {}
        }
        Ok(Vec::new())
    }

    /// Payloads that the window allows now.
    pub fn flush(&mut self) -> Vec<Vec<u8>> {
        let mut payloads = Vec::new();
        if self.closes {
            return payloads;
        }
        for kind in [number::CHANNEL_DATA, number::CHANNEL_EXTENDED_DATA] {
            let buffer = if kind == number::CHANNEL_DATA { &mut self.output } else { &mut self.errors };
            let allowed = buffer.len().min(self.window as usize);
            for data in buffer[..allowed].chunks(self.packet.max(1) as usize) {
                payloads.push(data_payload(self.remote, kind, data));
            }
            buffer.drain(..allowed);
            self.window -= allowed as u32;
        }
        if self.output.is_empty()
            && self.errors.is_empty()
            && let Some(exit) = self.exit.take()
        {
            payloads.push(self.short(number::CHANNEL_EOF));
            payloads.extend(self.exit_payload(&exit));
            if !self.lingers {
                payloads.push(self.short(number::CHANNEL_CLOSE));
                self.closes = true;
            }
        }
        payloads
    }

    /// What breaks the rules when a command starts.
    pub fn misbehave(&self, misbehaviour: Option<Misbehaviour>) -> Option<Vec<u8>> {
        match misbehaviour {
            Some(Misbehaviour::OverrunWindow) => {
                let beyond = self.window as usize + 1;
                let excess = vec![0; beyond.min(self.packet as usize)];
                Some(data_payload(self.remote, number::CHANNEL_DATA, &excess))
            }
            Some(Misbehaviour::UnknownChannel) => Some(data_payload(777, number::CHANNEL_DATA, b"x")),
            _ => None,
        }
    }

    fn receive(&mut self, data: &[u8]) -> Result<Vec<Vec<u8>>, Error> {
        let (received, window) = (data.len(), self.granted);
        let exceeded = Error::WindowExceeded { channel: self.remote, received, window };
        self.granted = window.checked_sub(received as u32).ok_or(exceeded)?;
        if self.echoes || self.is_connection {
            self.output.extend_from_slice(data);
        }
        if let Some(sftp) = &mut self.sftp {
            sftp.handle_input(data);
            sftp.poll_transmit(&mut self.output);
        }
        let used = self.granted_max - self.granted;
        // Nothing may follow our CLOSE.
        if self.closes || (used <= GRANT_BYTES && self.granted > self.granted_max / 2) {
            return Ok(Vec::new());
        }
        let mut adjust = self.short(number::CHANNEL_WINDOW_ADJUST);
        adjust.put_u32(used);
        self.granted = self.granted_max;
        Ok(vec![adjust])
    }

    fn request(&mut self, mut reader: Reader<'_>) -> Result<Vec<Vec<u8>>, Error> {
        let kind = reader.text(MAX, WHAT)?;
        let wants_reply = reader.bool(WHAT)?;
        let is_known = match kind {
            "exec" => {
                self.is_started = true;
                let command = reader.text(MAX, WHAT)?;
                self.runs_commands && self.run(command)
            }
            "subsystem" => {
                self.is_started = true;
                let name = reader.text(MAX, WHAT)?;
                self.echoes = name == "echo";
                self.sftp = self.serves.filter(|_| name == "sftp").map(|serves| serves());
                self.echoes || self.sftp.is_some()
            }
            "env" => {
                let name = reader.text(MAX, WHAT)?.to_owned();
                self.env.push((name, reader.text(MAX, WHAT)?.to_owned()));
                true
            }
            "signal" => {
                let name = reader.text(MAX, WHAT)?.to_owned();
                self.signals.push(name.clone());
                if !self.is_stubborn || name == "KILL" {
                    self.finish(Exit::Signal(name));
                }
                true
            }
            _ => false,
        };
        let answer = if is_known { number::CHANNEL_SUCCESS } else { number::CHANNEL_FAILURE };
        Ok(if wants_reply { vec![self.short(answer)] } else { Vec::new() })
    }

    fn run(&mut self, command: &str) -> bool {
        let command = without_leash(command);
        // All directories are the same.
        let in_directory = command.strip_prefix("cd ").and_then(|rest| rest.split_once(" && "));
        let command = in_directory.map_or(command, |(_, command)| command);
        // A text that is run as it is stands in quotes.
        let command = command.strip_prefix("eval ").map_or(command, |text| text.trim_matches(['\'', '\\']));
        let (name, argument) = command.split_once(' ').unwrap_or((command, ""));
        match name {
            "set" => self.show(argument),
            "echo" => {
                self.output.extend_from_slice(argument.as_bytes());
                self.finish(Exit::Status(0));
            }
            "printenv" => {
                let values = self.env.iter().filter(|(known, _)| known == argument).map(|(_, value)| value);
                values.for_each(|value| self.output.extend_from_slice(value.as_bytes()));
                self.finish(Exit::Status(0));
            }
            "fail" => {
                self.errors.extend_from_slice(argument.as_bytes());
                self.finish(Exit::Status(1));
            }
            "bytes" => {
                let count: usize = argument.parse().unwrap_or_default();
                self.output.extend((0..count).map(|at| at as u8));
                self.finish(Exit::Status(0));
            }
            "exit" => self.finish(Exit::Status(argument.parse().unwrap_or_default())),
            "killed" => self.finish(Exit::Signal(argument.to_owned())),
            "cat" if argument.is_empty() => self.echoes = true,
            "cat" => self.print(argument),
            "hang" => {}
            "task" => self.task = Some(argument.to_owned()),
            "stubborn" => self.is_stubborn = true,
            "linger" => {
                self.lingers = true;
                self.finish(Exit::Status(0));
            }
            _ => return false,
        }
        true
    }

    /// The content of a file of the SFTP server.
    fn print(&mut self, path: &str) {
        let tree = self.serves.map(|serves| serves());
        match tree.as_ref().and_then(|tree| tree.file(path)) {
            Some(content) => {
                self.output.extend_from_slice(content);
                self.finish(Exit::Status(0));
            }
            None => self.finish(Exit::Status(1)),
        }
    }

    /// What the script answers that shows the content of files: `-- PATH BYTES`, and the rest of it on further lines.
    fn show(&mut self, script: &str) {
        let mut words = script.split_whitespace().skip(1);
        let (path, bytes) =
            (words.next().unwrap_or_default(), words.next().and_then(|word| word.parse().ok()));
        let tree = self.serves.map(|serves| serves());
        match tree.as_ref().and_then(|tree| tree.file(path)) {
            Some(content) => {
                self.output.extend_from_slice(b"\x01scout file\n");
                self.output.extend_from_slice(&content[..content.len().min(bytes.unwrap_or(0))]);
            }
            None => self.output.extend_from_slice(b"\x01scout other\n"),
        }
        self.finish(Exit::Status(0));
    }

    /// What was taken over ends with this output, unless it was made to end before.
    pub fn end_task(&mut self, output: &str) {
        if !self.closes && self.exit.is_none() {
            self.output.extend_from_slice(output.as_bytes());
            self.finish(Exit::Status(0));
        }
    }

    pub fn sftp(&self) -> Option<&SftpServer> {
        self.sftp.as_ref()
    }

    pub fn end_subsystem(&mut self) {
        if self.echoes || self.sftp.is_some() {
            self.finish(Exit::Status(1));
        }
    }

    /// The payload that closes it, if nothing was started in it.
    pub fn end_unused(&mut self) -> Option<Vec<u8>> {
        if self.is_started || std::mem::replace(&mut self.closes, true) {
            return None;
        }
        Some(self.short(number::CHANNEL_CLOSE))
    }

    fn finish(&mut self, exit: Exit) {
        self.exit = Some(exit);
    }

    fn exit_payload(&self, exit: &Exit) -> Option<Vec<u8>> {
        let mut out = self.short(number::CHANNEL_REQUEST);
        match exit {
            Exit::Status(status) => {
                out.put_string(b"exit-status");
                out.put_bool(false);
                out.put_u32(*status);
            }
            Exit::Signal(name) => {
                out.put_string(b"exit-signal");
                out.put_bool(false);
                out.put_string(name.as_bytes());
                out.put_bool(false);
                out.put_string(b"");
                out.put_string(b"");
            }
            Exit::None => return None,
        }
        Some(out)
    }

    fn short(&self, message: u8) -> Vec<u8> {
        let mut out = vec![message];
        out.put_u32(self.remote);
        out
    }
}

/// The command itself, of one that a fleet has put on a leash: its last word.
fn without_leash(line: &str) -> &str {
    match line.strip_prefix("exec sh ").and_then(|line| line.rsplit_once(" scout ")) {
        Some((_, command)) => command.trim_matches('\''),
        None => line,
    }
}

fn data_payload(remote: u32, kind: u8, data: &[u8]) -> Vec<u8> {
    let mut out = vec![kind];
    out.put_u32(remote);
    if kind == number::CHANNEL_EXTENDED_DATA {
        out.put_u32(number::EXTENDED_DATA_STDERR);
    }
    out.put_string(data);
    out
}
