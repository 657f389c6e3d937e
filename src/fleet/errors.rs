//! Where the errors of the protocols become ours: who is at fault, and what to tell the person who asked.

use crate::base::{Error, Kind};
use crate::{sftp, ssh};

/// `host` is named in the message.
pub fn from_ssh(host: &str, error: &ssh::Error) -> Error {
    use ssh::Error as E;
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
        E::AuthRejected { .. } | E::AuthPartial { .. } => Kind::Authentication,
        E::Disconnected { .. }
        | E::Closed { .. }
        | E::KeepaliveTimeout { .. }
        | E::RekeyTimeout
        | E::AlreadyClosed => Kind::ConnectionLost,
        E::TurnedAway { .. } => Kind::Refused,
        E::ChannelLimit => Kind::Busy,
        E::Crypto => Kind::Internal,
        _ => Kind::Protocol,
    };
    Error::new(kind, format!("{host}: {error}"))
}

/// `host` is named in the message.
pub fn from_sftp(host: &str, error: &sftp::Error) -> Error {
    Error::new(Kind::Protocol, format!("{host}: {error}"))
}

/// An SFTP operation that was not begun.
pub fn from_refusal(host: &str, refusal: sftp::Refusal) -> Error {
    let kind = match refusal {
        sftp::Refusal::TooManyOperations => Kind::Busy,
        sftp::Refusal::PathTooLong | sftp::Refusal::PathHasNul => Kind::InvalidArgument,
        sftp::Refusal::Ended => Kind::ConnectionLost,
    };
    Error::new(kind, format!("{host}: {refusal}"))
}
