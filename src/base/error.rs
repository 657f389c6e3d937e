//! One error for the whole program, sorted by who is at fault.
//!
//! Protocol layers have error types of their own, with a name for every violation; they become an [`Error`] once,
//! where `fleet/` meets them. [`Kind`] is the table: what it says about guilt, repetition and labels is all that
//! transports, tools and metrics need to know.

use std::fmt;

use super::refusal::Reason;
use super::text::without_error_number;

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Who has to change something before the same request can succeed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fault {
    /// The request itself: a malformed target, a path that is not there, a command that is not allowed.
    Caller,
    /// The machine that was asked: it refused us, broke the protocol, or is configured in a way we cannot use.
    Host,
    /// The way there.
    Network,
    /// A bound of ours: too long, too many, too large.
    Limit,
    /// This program.
    Bug,
}

/// What a failure tells of the connection to the host, for the circuit breaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Contact {
    /// The host was reached and answered, if only to say no. A login that is refused is such an answer: whoever mends his
    /// keys is not to wait for a breaker as well.
    Made,
    /// It was not reached, or was lost, or what answered there spoke no SSH.
    Failed,
    /// Nothing: the cause is here, or with who asked.
    Unknown,
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident => $fault:ident, $label:literal, $again:literal, $contact:ident;)*) => {
        /// What went wrong. Closed, so that every outcome has a name in metrics and in tests.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Kind { $($(#[$doc])* $kind,)* }

        impl Kind {
            /// Every kind, in the order of their numbers.
            pub const ALL: &[Self] = &[$(Self::$kind,)*];

            /// Who is at fault.
            pub const fn fault(self) -> Fault {
                match self { $(Kind::$kind => Fault::$fault,)* }
            }

            /// The name in metrics and JSON output: lower case, words joined by `_`, stable.
            pub const fn label(self) -> &'static str {
                match self { $(Kind::$kind => $label,)* }
            }

            /// Whether the same request, when it is safe to repeat, may succeed on a fresh connection.
            pub const fn is_worth_retrying(self) -> bool {
                match self { $(Kind::$kind => $again,)* }
            }

            /// What it tells of the connection to the host.
            pub const fn contact(self) -> Contact {
                match self { $(Kind::$kind => Contact::$contact,)* }
            }
        }
    };
}

kinds! {
    /// Not `host:/path`, `hosts` or another known form.
    InvalidTarget => Caller, "invalid_target", false, Unknown;
    /// An argument of the wrong type, size or meaning.
    InvalidArgument => Caller, "invalid_argument", false, Unknown;
    /// No such host in the SSH configuration.
    UnknownHost => Caller, "unknown_host", false, Unknown;
    /// The operator does not let this client do it.
    Forbidden => Caller, "forbidden", false, Unknown;
    /// The command policy refuses it.
    CommandRefused => Caller, "command_refused", false, Unknown;
    /// The path does not exist on the host.
    NotFound => Caller, "not_found", false, Made;
    /// The remote user may not do this.
    PermissionDenied => Caller, "permission_denied", false, Made;
    /// The path is something that cannot be read like this: a FIFO, a socket, a directory.
    WrongFileType => Caller, "wrong_file_type", false, Made;
    /// Something stands where something new was to be, and nobody said that it may be replaced.
    Exists => Caller, "exists", false, Made;
    /// The caller took the request back.
    Cancelled => Caller, "cancelled", false, Unknown;
    /// A broken line in the SSH configuration, or a setting we cannot honour, for this host.
    HostConfig => Host, "host_config", false, Unknown;
    /// The host's key is unknown, changed or revoked.
    HostKey => Host, "host_key", false, Made;
    /// No key or other method was accepted.
    Authentication => Host, "authentication", false, Made;
    /// No algorithm both sides accept.
    NoCommonAlgorithm => Host, "no_common_algorithm", false, Made;
    /// The peer broke SSH or SFTP, or is no SSH server at all.
    Protocol => Host, "protocol", false, Failed;
    /// The host refused a channel, a subsystem or a request.
    Refused => Host, "refused", false, Made;
    /// The connection could not take the work, which was not begun; a fresh one may.
    NotBegun => Host, "not_begun", true, Unknown;
    /// The operation failed on the host for a reason of its own (an I/O error, say).
    Remote => Host, "remote", false, Made;
    /// The name does not resolve, nobody listens, no route.
    Unreachable => Network, "unreachable", false, Failed;
    /// Connection and login did not finish in time.
    ConnectTimeout => Network, "connect_timeout", false, Failed;
    /// An established connection ended under the request.
    ConnectionLost => Network, "connection_lost", true, Failed;
    /// The host has failed so often that it is left alone for a while.
    CircuitOpen => Network, "circuit_open", false, Unknown;
    /// The remote command did not end in time.
    CommandTimeout => Limit, "command_timeout", false, Unknown;
    /// The whole request did not end in time.
    RequestTimeout => Limit, "request_timeout", false, Unknown;
    /// A queue or a table is full; nothing was started.
    Busy => Limit, "busy", false, Unknown;
    /// The input is longer than its bound.
    TooLarge => Limit, "too_large", false, Unknown;
    /// An operation on this machine failed: a file of ours, a process, a socket.
    Local => Caller, "local", false, Unknown;
    /// A state that should not be reachable.
    Internal => Bug, "internal", false, Unknown;
}

/// A failed request: what kind of failure, and a sentence for the person or agent who asked.
///
/// The message is complete (it names the path or value and what was expected, and the host where the caller may not
/// know which one it was) and holds no secret. Numbers of the system's errors are left out: its words say the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    kind: Kind,
    reason: Option<Reason>,
    message: Box<str>,
}

impl Error {
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        let message = without_error_number(message.into()).into_boxed_str();
        Self { kind, reason: None, message }
    }

    /// What was asked for is not tried.
    pub fn refused(reason: Reason, kind: Kind, message: impl Into<String>) -> Self {
        Self { reason: Some(reason), ..Self::new(kind, message) }
    }

    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Why nothing was tried, where that is so.
    pub fn reason(&self) -> Option<Reason> {
        self.reason
    }

    pub fn message(&self) -> &str {
        &self.message
    }

    /// As whoever reads an answer is told that there is none: `Error: …`, unless the message says so itself.
    pub fn told(&self) -> String {
        match self.message.starts_with("Error ") {
            true => self.message.to_string(),
            false => format!("Error: {}", self.message),
        }
    }

    /// The same failure of a step of what has begun already: what a fresh connection could not go on with.
    #[must_use]
    pub fn begun(self) -> Self {
        let kind = if self.kind == Kind::NotBegun { Kind::ConnectionLost } else { self.kind };
        Self { kind, ..self }
    }

    /// The same failure, told with what was being done: `context: message`.
    #[must_use]
    pub fn context(self, context: impl fmt::Display) -> Self {
        let message = without_error_number(format!("{context}: {}", self.message)).into_boxed_str();
        Self { message, ..self }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_message_has_the_number_of_an_error() {
        let refused = std::io::Error::from_raw_os_error(111);
        let error =
            Error::new(Kind::Unreachable, format!("no way: {refused}")).context(format!("at {refused}"));
        assert_eq!(error.message(), "at Connection refused: no way: Connection refused");
    }
}
