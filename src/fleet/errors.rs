//! Where the errors of the protocols become ours: who is at fault, and what to tell the person who asked.

use crate::base::refusal::Reason;
use crate::base::{Error, Kind};
use crate::ssh::number;
use crate::{sftp, ssh};

/// `host` is named in the message.
pub fn from_ssh(host: &str, error: &ssh::Error) -> Error {
    use ssh::Error as E;
    let text = format!("{host}: {error}");
    if let E::ChannelLimit = error {
        return Error::refused(Reason::Host, Kind::Busy, text);
    }
    let kind = match error {
        E::NoCommonAlgorithm { .. } => Kind::NoCommonAlgorithm,
        E::HostKeyType { .. }
        | E::HostKeyMalformed
        | E::HostKeyWeak { .. }
        | E::HostSignature
        | E::CertificateMalformed
        | E::CertificateKind
        | E::CertificateOption { .. }
        | E::CertificateAuthority { .. }
        | E::CertificateWeak { .. }
        | E::CertificateSignature
        | E::HostKeyReplaced
        | E::HostKeyRejected => Kind::HostKey,
        E::AuthRejected { .. } | E::AuthPartial { .. } | E::AuthRounds { .. } | E::PasswordExpired => {
            Kind::Authentication
        }
        E::Disconnected { .. }
        | E::Closed { .. }
        | E::KeepaliveTimeout { .. }
        | E::EarlyStart { .. }
        | E::RekeyTimeout
        | E::AlreadyClosed => Kind::ConnectionLost,
        // Without a login nothing was done.
        E::KeyRefused => Kind::NotBegun,
        E::LoginTimeout => Kind::ConnectTimeout,
        E::TurnedAway { .. } => Kind::Refused,
        E::Crypto => Kind::Internal,
        _ => Kind::Protocol,
    };
    Error::new(kind, text)
}

/// A TCP connection that `host` did not make; `reason` as in RFC 4254 §5.1.
pub fn from_forwarding_refusal(host: &str, to: &str, reason: u32, text: &str) -> Error {
    let (kind, what) = match reason {
        number::OPEN_ADMINISTRATIVELY_PROHIBITED => {
            (Kind::Refused, format!("does not allow connections to {to}: administratively prohibited"))
        }
        number::OPEN_CONNECT_FAILED => (Kind::Unreachable, format!("cannot connect to {to}: connect failed")),
        number::OPEN_UNKNOWN_CHANNEL_TYPE => {
            (Kind::Refused, format!("makes no connections for others ({to}): unknown channel type"))
        }
        number::OPEN_RESOURCE_SHORTAGE => {
            (Kind::Refused, format!("has no room for a connection to {to}: resource shortage"))
        }
        other => (Kind::Refused, format!("makes no connection to {to}: reason {other}")),
    };
    Error::new(kind, format!("{host} {what} ({text})"))
}

/// `host` is named in the message.
pub fn from_sftp(host: &str, error: &sftp::Error) -> Error {
    Error::new(Kind::Protocol, format!("{host}: {error}"))
}

/// An SFTP operation that was not begun.
pub fn from_refusal(host: &str, refusal: sftp::Refusal) -> Error {
    let text = format!("{host}: {refusal}");
    match refusal {
        sftp::Refusal::TooManyOperations => Error::refused(Reason::Host, Kind::Busy, text),
        sftp::Refusal::PathTooLong | sftp::Refusal::PathHasNul => Error::new(Kind::InvalidArgument, text),
        sftp::Refusal::Ended => Error::new(Kind::ConnectionLost, text),
    }
}
