//! What the client tells its owner.

use super::auth::{Prompts, SignRequest};
use super::channel::{ChannelId, Stream};
use super::hostkey::HostKey;
use std::collections::VecDeque;

/// Something happened. Polled by [`Client::poll_event`](super::Client::poll_event).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The host proved to own this key. Answer with `accept_host_key` or `reject_host_key`.
    HostKey(HostKey),
    /// Answer with `provide_signature` (a signature blob over `data`) or `decline_signature`.
    Sign {
        identity: usize,
        algorithm: String,
        data: Vec<u8>,
    },
    /// Answer with `provide_password` or `decline_password`.
    Password,
    /// Answer with `provide_answers` or `decline_answers`.
    Prompts(Prompts),
    /// Text for people before login, safe to show.
    Banner(String),
    /// Logged in.
    Ready,
    Opened(ChannelId),
    /// The server does not open it; the channel is gone. `reason` as in RFC 4254 §5.1.
    OpenRefused {
        channel: ChannelId,
        reason: u32,
        text: String,
    },
    /// The command or subsystem was started.
    Started(ChannelId),
    /// The command or subsystem was refused.
    RequestFailed(ChannelId),
    /// There are bytes to be read; told again only after this event was polled.
    Readable(ChannelId, Stream),
    /// `send` had taken less than it was given; now it takes more.
    Writable(ChannelId),
    /// Nothing more will be received besides the exit status.
    Eof(ChannelId),
    ExitStatus {
        channel: ChannelId,
        status: u32,
    },
    ExitSignal {
        channel: ChannelId,
        signal: String,
        core_dumped: bool,
    },
    /// The server closed it. What was received can still be read until `close`.
    Closed(ChannelId),
}

impl Event {
    /// The channel it is about.
    pub fn channel(&self) -> Option<ChannelId> {
        match self {
            Self::HostKey(_)
            | Self::Sign { .. }
            | Self::Password
            | Self::Prompts(_)
            | Self::Banner(_)
            | Self::Ready => None,
            Self::Opened(channel)
            | Self::OpenRefused { channel, .. }
            | Self::Started(channel)
            | Self::RequestFailed(channel)
            | Self::Readable(channel, _)
            | Self::Writable(channel)
            | Self::Eof(channel)
            | Self::ExitStatus { channel, .. }
            | Self::ExitSignal { channel, .. }
            | Self::Closed(channel) => Some(*channel),
        }
    }
}

impl From<SignRequest> for Event {
    fn from(request: SignRequest) -> Self {
        Event::Sign { identity: request.identity, algorithm: request.algorithm, data: request.data }
    }
}

/// Events nobody has polled yet. Bounded by what causes them: a fixed number per channel and per login.
pub(crate) type Events = VecDeque<Event>;
