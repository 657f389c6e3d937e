//! The exchange of version strings (RFC 4253 §4.2). Must not know what follows them.

use super::error::{Error, Phase};
use super::text::{sanitise, sanitise_line};
use crate::base::limits::{
    SSH_IDENT_BYTES_MAX, SSH_PREAMBLE_LINE_BYTES_MAX, SSH_PREAMBLE_LINES_MAX, SSH_TEXT_BYTES_MAX,
};

/// Our version string, without its line end.
pub const IDENT: &str = concat!("SSH-2.0-scout-mcp_", env!("CARGO_PKG_VERSION"));

/// Bytes of a foreign answer worth showing.
const SHOWN_BYTES_MAX: usize = 80;

/// Whether the server behind this version string understands a login that comes in one piece with our NEWKEYS. libssh's
/// does not (0.10.6): its `ssh_handle_key_exchange` waits for the moment before the login, has missed it, and waits on.
pub fn takes_login_with_keys(ident: &[u8]) -> bool {
    !ident.starts_with(b"SSH-2.0-libssh")
}

/// Whether the server behind this version string keeps sessions that wait for their first request. dropbear (2022.83, and
/// still in 2026) closes them when a command in another session exits, and dies if a request for one is under way by
/// then: `sesscheckclose` takes a session without a process for one whose process has ended.
pub fn keeps_waiting_sessions(ident: &[u8]) -> bool {
    !ident.starts_with(b"SSH-2.0-dropbear")
}

/// Waits for the peer's version string.
#[derive(Debug, Default)]
pub struct IdentWait {
    lines: usize,
    /// The first line that was no version string, for the error.
    first: Option<String>,
}

/// A version string without its line end, and how many bytes of the input it and what stood before it took.
#[derive(Debug, PartialEq, Eq)]
pub struct Ident {
    pub line: Vec<u8>,
    pub consumed: usize,
}

impl IdentWait {
    /// Looks for the version string at the front of `input`. Returns how many bytes are done with even when it has
    /// not come yet.
    ///
    /// # Errors
    /// What answers is not SSH 2.0, or says too much before saying so.
    pub fn handle(&mut self, input: &[u8]) -> Result<(usize, Option<Ident>), Error> {
        let mut consumed = 0;
        loop {
            let rest = input.get(consumed..).unwrap_or_default();
            self.check_binary(rest)?;
            let Some(end) = memchr::memchr(b'\n', rest) else {
                self.check_unfinished(rest)?;
                return Ok((consumed, None));
            };
            let line = rest.get(..end).unwrap_or_default();
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            consumed += end + 1;
            if line.starts_with(b"SSH-") {
                let line = check_version(line)?;
                return Ok((consumed, Some(Ident { line, consumed })));
            }
            self.note(line)?;
        }
    }

    /// The stream ended without a version string.
    pub fn handle_eof(&self, rest: &[u8]) -> Error {
        match &self.first {
            Some(text) if is_turned_away(text) => Error::TurnedAway { text: text.clone() },
            Some(text) => Error::NotSsh { text: text.clone() },
            None if rest.starts_with(b"SSH-") || b"SSH-".starts_with(rest) => {
                Error::Closed { phase: Phase::Ident }
            }
            None => Error::NotSsh { text: sanitise_line(rest, SHOWN_BYTES_MAX) },
        }
    }

    /// A line before the version string: a notice, or another protocol.
    fn note(&mut self, line: &[u8]) -> Result<(), Error> {
        if self.first.is_none() && !line.is_empty() {
            self.first = Some(sanitise(line, SHOWN_BYTES_MAX));
        }
        self.lines += 1;
        let too_long = line.len() > SSH_PREAMBLE_LINE_BYTES_MAX || self.lines > SSH_PREAMBLE_LINES_MAX;
        if too_long || is_foreign(line) { Err(self.foreign(line)) } else { Ok(()) }
    }

    fn check_unfinished(&self, rest: &[u8]) -> Result<(), Error> {
        if rest.starts_with(b"SSH-") && rest.len() > SSH_IDENT_BYTES_MAX {
            return Err(Error::IdentTooLong);
        }
        if rest.len() > SSH_PREAMBLE_LINE_BYTES_MAX || is_foreign(rest) {
            Err(self.foreign(rest))
        } else {
            Ok(())
        }
    }

    /// A zero byte ends the search at once: TLS, a database, a length-prefixed protocol.
    fn check_binary(&self, rest: &[u8]) -> Result<(), Error> {
        let line = rest.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let line = line.get(..SSH_PREAMBLE_LINE_BYTES_MAX).unwrap_or(line);
        if line.contains(&0) { Err(self.foreign(line)) } else { Ok(()) }
    }

    fn foreign(&self, line: &[u8]) -> Error {
        let text = self.first.clone().unwrap_or_else(|| sanitise_line(line, SHOWN_BYTES_MAX));
        Error::NotSsh { text }
    }
}

/// Greetings that no SSH server sends first: waiting for more would only turn a clear error into a timeout.
fn is_foreign(line: &[u8]) -> bool {
    [&b"HTTP/"[..], b"220 ", b"220-", b"+OK", b"* OK", b"<!DOCTYPE", b"<html"]
        .iter()
        .any(|g| line.starts_with(g))
}

/// What OpenSSH says instead of its version when it is too busy (`MaxStartups`) or punishes the address
/// (`PerSourcePenalties`).
fn is_turned_away(text: &str) -> bool {
    text.starts_with("Exceeded MaxStartups") || text.starts_with("Not allowed at this time")
}

/// `1.99` is a server that also speaks version 1 (RFC 4253 §5.1).
fn check_version(line: &[u8]) -> Result<Vec<u8>, Error> {
    // The line end counts towards the 255 bytes.
    if line.len() + 2 > SSH_IDENT_BYTES_MAX {
        return Err(Error::IdentTooLong);
    }
    if line.contains(&0) || !(line.starts_with(b"SSH-2.0-") || line.starts_with(b"SSH-1.99-")) {
        return Err(Error::IdentVersion { ident: sanitise_line(line, SSH_TEXT_BYTES_MAX) });
    }
    Ok(line.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn handle(input: &[u8]) -> Result<(usize, Option<Ident>), Error> {
        IdentWait::default().handle(input)
    }

    #[test]
    fn a_version_string_ends_with_or_without_carriage_return() {
        for input in [&b"SSH-2.0-x y\r\nrest"[..], b"SSH-2.0-x y\nrest"] {
            let ident = handle(input).unwrap().1.unwrap();
            assert_eq!(ident.line, b"SSH-2.0-x y");
            assert_eq!(&input[ident.consumed..], b"rest");
        }
    }

    #[test]
    fn a_notice_may_stand_before_it() {
        let ident = handle(b"Authorised use only\r\n\r\nSSH-1.99-x\r\n").unwrap().1.unwrap();
        assert_eq!(ident.line, b"SSH-1.99-x");
    }

    #[test]
    fn other_protocols_are_named() {
        for input in [&b"HTTP/1.1 400 Bad Request\r\n"[..], b"HTTP/1.1 400 Bad", b"220 mail ready\r\n"] {
            let error = handle(input).unwrap_err();
            assert!(
                matches!(&error, Error::NotSsh { text } if input.starts_with(text.as_bytes())),
                "{error}"
            );
        }
        assert!(matches!(handle(b"\x15\x03\x01\x00\x02"), Err(Error::NotSsh { .. })));
    }

    #[test]
    fn what_stands_before_it_is_bounded() {
        assert!(matches!(handle(&[b'x'; SSH_PREAMBLE_LINE_BYTES_MAX + 1]), Err(Error::NotSsh { .. })));
        assert!(matches!(handle(&b"x\n".repeat(SSH_PREAMBLE_LINES_MAX + 1)), Err(Error::NotSsh { .. })));
        let mut long = b"SSH-2.0-".to_vec();
        long.resize(300, b'x');
        assert_eq!(handle(&long), Err(Error::IdentTooLong));
        assert!(matches!(handle(b"SSH-1.5-old\n"), Err(Error::IdentVersion { .. })));
    }

    #[test]
    fn an_early_end_says_what_came() {
        let mut wait = IdentWait::default();
        assert_eq!(wait.handle_eof(b""), Error::Closed { phase: Phase::Ident });
        assert_eq!(wait.handle_eof(b"hello"), Error::NotSsh { text: "hello".into() });
        wait.handle(b"Exceeded MaxStartups\r\n").unwrap();
        assert_eq!(wait.handle_eof(b""), Error::TurnedAway { text: "Exceeded MaxStartups".into() });
        assert_eq!(IdentWait::default().handle_eof(b"SS"), Error::Closed { phase: Phase::Ident });
    }
}
