//! Three ways to fail: the server broke the protocol, the server said no to one operation, we refused to start one.

use super::attrs::FileType;
use std::fmt;

/// The server broke the protocol. Terminal: replies can no longer be told apart.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("the host printed {0:?} where SFTP should begin: do its shell start-up files write to stdout?")]
    Preamble(String),
    #[error("the server speaks SFTP version {0}, not 3")]
    Version(u32),
    #[error("the server sent packet type {0} before its version")]
    NotVersion(u8),
    #[error("the server sent an SFTP packet without a type")]
    EmptyPacket,
    #[error("the server sent an SFTP packet of {0} bytes")]
    PacketTooLong(u32),
    #[error("an SFTP packet ends before its {0}")]
    Truncated(&'static str),
    #[error("an SFTP packet has a {field} of {length} bytes")]
    FieldTooLong { field: &'static str, length: u32 },
    #[error("the server sent SFTP packet type {0}, which is no reply")]
    UnknownPacket(u8),
    #[error("the server answered request {0}, which was never sent or has been answered")]
    UnknownRequest(u32),
    #[error("the server answered {asked} with {reply}")]
    WrongReply { asked: &'static str, reply: &'static str },
    #[error("the server sent {sent} bytes of a file when asked for {asked}")]
    TooMuchData { asked: u32, sent: usize },
}

/// One operation failed; the session goes on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The server's answer: its code, and its explanation without control characters, perhaps empty.
    #[error("{}", if text.is_empty() { code.to_string() } else { text.clone() })]
    Status { code: StatusCode, text: String },
    /// Only regular files are opened: anything else may block the server, and with it every other operation.
    #[error("it is {0}, not a regular file")]
    NotRegular(FileType),
    /// An entry of a directory has a path or nothing at all for its name.
    #[error("the host lists an entry called {0:?}, which is no name")]
    Name(String),
}

/// The operation was not started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("too many SFTP operations at once")]
    TooManyOperations,
    #[error("the path is too long")]
    PathTooLong,
    /// A server written in C would act on the part before it.
    #[error("the path contains a NUL byte")]
    PathHasNul,
    #[error("the SFTP session has ended")]
    Ended,
}

/// What a STATUS says (draft §7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatusCode {
    Ok,
    Eof,
    NoSuchFile,
    PermissionDenied,
    Failure,
    BadMessage,
    NoConnection,
    ConnectionLost,
    OpUnsupported,
    /// A code that version 3 does not define.
    Other(u32),
}

impl From<u32> for StatusCode {
    fn from(code: u32) -> Self {
        match code {
            0 => Self::Ok,
            1 => Self::Eof,
            2 => Self::NoSuchFile,
            3 => Self::PermissionDenied,
            4 => Self::Failure,
            5 => Self::BadMessage,
            6 => Self::NoConnection,
            7 => Self::ConnectionLost,
            8 => Self::OpUnsupported,
            other => Self::Other(other),
        }
    }
}

impl fmt::Display for StatusCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::Ok => "success",
            Self::Eof => "end of file",
            Self::NoSuchFile => "no such file",
            Self::PermissionDenied => "permission denied",
            Self::Failure => "failure",
            Self::BadMessage => "bad message",
            Self::NoConnection => "no connection",
            Self::ConnectionLost => "connection lost",
            Self::OpUnsupported => "operation unsupported",
            Self::Other(code) => return write!(f, "status {code}"),
        };
        f.write_str(text)
    }
}
