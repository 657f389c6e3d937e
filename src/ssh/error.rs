//! Everything that ends an SSH connection, each with a name.
//!
//! Messages are complete sentences without the host's name, which `fleet/` adds. They hold no key material.

use super::auth::Tried;
use super::number;
use crate::base::limits::SSH_AUTH_PROMPTS_MAX;
use std::fmt;

/// How far a connection had come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Phase {
    /// Waiting for the peer's version string.
    Ident,
    /// The first key exchange.
    KeyExchange,
    Authentication,
    Connected,
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Phase::Ident => "before its version string",
            Phase::KeyExchange => "during key exchange",
            Phase::Authentication => "during authentication",
            Phase::Connected => "after login",
        })
    }
}

/// Why a connection cannot go on, or a command was refused. Sorted by who has to act.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    // --- the peer is no SSH server we can talk to
    /// Something else answers on the port.
    #[error("not an SSH server: it answered \"{text}\"")]
    NotSsh { text: String },
    /// An SSH server that takes no connection now; later it may.
    #[error("the server takes no connection now: {text}")]
    TurnedAway { text: String },
    #[error("the server speaks SSH \"{ident}\", only 2.0 is supported")]
    IdentVersion { ident: String },
    #[error("the server's version string is longer than 255 bytes")]
    IdentTooLong,
    #[error("no common {kind}: the server offers {theirs}, we offer {ours}")]
    NoCommonAlgorithm { kind: &'static str, theirs: String, ours: String },

    // --- the host's identity
    #[error("the host key is not of the negotiated type {expected}")]
    HostKeyType { expected: &'static str },
    #[error("the host key is malformed")]
    HostKeyMalformed,
    #[error("the host key is RSA with {bits} bits, at least 2048 are required")]
    HostKeyWeak { bits: usize },
    #[error("the host's signature over the key exchange is wrong")]
    HostSignature,
    #[error("the host certificate is malformed")]
    CertificateMalformed,
    #[error("the certificate that the host presented is not for hosts")]
    CertificateKind,
    #[error("the host certificate demands \"{name}\", which is not known")]
    CertificateOption { name: String },
    /// RSA with SHA-1, an authority that is certified itself, or something newer than we are.
    #[error("the host certificate is signed with \"{algorithm}\", which is not supported for this authority")]
    CertificateAuthority { algorithm: String },
    #[error(
        "the authority of the host certificate has an RSA key of {bits} bits, at least 2048 are required"
    )]
    CertificateWeak { bits: usize },
    #[error("the host certificate was not signed by the authority that it names")]
    CertificateSignature,
    #[error("the host presented another key when keys were renewed")]
    HostKeyReplaced,
    #[error("the host key was not accepted")]
    HostKeyRejected,

    // --- login
    #[error("the login was refused: {tried} tried, the server takes {methods}")]
    AuthRejected { tried: Tried, methods: String },
    #[error("what was accepted is not enough: {tried} tried, the server also wants {methods}")]
    AuthPartial { tried: Tried, methods: String },
    #[error("the login did not come to an end: {tried} tried")]
    AuthRounds { tried: Tried },
    #[error("the server does not take the key any more that it took before")]
    KeyRefused,
    #[error("the password has expired; log in once with `ssh` to change it")]
    PasswordExpired,

    // --- the connection
    #[error("the server disconnected {phase}: {text} (reason {reason})")]
    Disconnected { phase: Phase, reason: u32, text: String },
    #[error("the server closed the connection {phase}")]
    Closed { phase: Phase },
    #[error("the server did not answer {missed} keepalives")]
    KeepaliveTimeout { missed: u32 },
    #[error("the server did not answer the login in time")]
    LoginTimeout,
    #[error("the server renews keys without end")]
    RekeyFlood,
    #[error("the server did not finish renewing keys in time")]
    RekeyTimeout,

    // --- violations of the protocol
    #[error("{what} ends early")]
    Truncated { what: &'static str },
    #[error("{what} is longer than {max} bytes")]
    TooLong { what: &'static str, max: usize },
    #[error("{what} is malformed")]
    Malformed { what: &'static str },
    #[error("packet length {length} is out of range")]
    PacketLength { length: u32 },
    #[error("packet padding {padding} is out of range")]
    PacketPadding { padding: u8 },
    #[error("a packet without content")]
    PacketEmpty,
    #[error("packet integrity check failed")]
    PacketIntegrity,
    #[error("message {number} is not allowed {phase}")]
    UnexpectedMessage { number: u8, phase: Phase },
    #[error("message {number} is not allowed in a key exchange")]
    UnexpectedInKex { number: u8 },
    #[error("strict key exchange was violated by message {number}")]
    StrictKex { number: u8 },
    #[error("the server's key exchange value is not acceptable")]
    KexValue,
    #[error("too many messages without content before login")]
    IdleMessages,
    #[error("the server accepted a service that was not asked for")]
    WrongService,
    #[error("the server asks {count} questions at once, {SSH_AUTH_PROMPTS_MAX} are allowed")]
    TooManyPrompts { count: u32 },
    #[error("the server names channel {number}, which is not open")]
    UnknownChannel { number: u32 },
    #[error("channel message {message} does not fit the state of channel {channel}")]
    ChannelState { channel: u32, message: u8 },
    /// Where the request went is not known.
    #[error("channel {channel} was not opened as those before, and something was started in it already")]
    EarlyStart { channel: u32 },
    #[error("{received} bytes arrived on channel {channel}, its window is {window}")]
    WindowExceeded { channel: u32, received: usize, window: u32 },
    #[error("a packet of {received} bytes arrived on channel {channel}, {max} are allowed")]
    ChannelPacket { channel: u32, received: usize, max: u32 },
    #[error("the server takes packets of no byte on channel {channel}")]
    ChannelPacketZero { channel: u32 },
    #[error("the window of channel {channel} was opened beyond 2^32 bytes")]
    WindowOverflow { channel: u32 },
    #[error("an answer arrived that nothing was asked for")]
    UnexpectedReply,
    #[error("the server asks for more answers than it takes")]
    Flooded,

    // --- limits and faults of ours
    #[error("the connection has no room for another channel")]
    ChannelLimit,
    #[error("the connection is closed")]
    AlreadyClosed,
    #[error("a cryptographic operation failed")]
    Crypto,
}

impl Error {
    /// The reason a DISCONNECT gives for it (RFC 4253 §11.1); `None` when nobody is there to be told.
    pub(crate) fn disconnect_reason(&self) -> Option<u32> {
        match self {
            Error::Disconnected { .. }
            | Error::Closed { .. }
            | Error::KeepaliveTimeout { .. }
            | Error::LoginTimeout
            | Error::RekeyTimeout
            | Error::NotSsh { .. }
            | Error::TurnedAway { .. }
            | Error::IdentVersion { .. }
            | Error::IdentTooLong
            | Error::AlreadyClosed => None,
            Error::NoCommonAlgorithm { .. } | Error::KexValue | Error::HostSignature | Error::Crypto => {
                Some(number::REASON_KEY_EXCHANGE_FAILED)
            }
            Error::HostKeyType { .. }
            | Error::HostKeyMalformed
            | Error::HostKeyWeak { .. }
            | Error::CertificateMalformed
            | Error::CertificateKind
            | Error::CertificateOption { .. }
            | Error::CertificateAuthority { .. }
            | Error::CertificateWeak { .. }
            | Error::CertificateSignature
            | Error::HostKeyReplaced
            | Error::HostKeyRejected => Some(number::REASON_HOST_KEY_NOT_VERIFIABLE),
            Error::AuthRejected { .. }
            | Error::AuthPartial { .. }
            | Error::AuthRounds { .. }
            | Error::KeyRefused
            | Error::PasswordExpired => Some(number::REASON_NO_MORE_AUTH_METHODS),
            Error::PacketIntegrity => Some(number::REASON_MAC_ERROR),
            _ => Some(number::REASON_PROTOCOL_ERROR),
        }
    }
}
