//! Why a request was refused without being tried. An error that is such a refusal says so, and is counted by its reason
//! where the request ends, so that whoever refuses need not count and nobody counts twice.

/// A closed set, so that every refusal has a name in metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The client has as many calls in flight as one may have.
    Client,
    /// As many requests are taken on as may be.
    Queue,
    /// It waited, and made room for one of somebody who has fewer waiting.
    Displaced,
    /// It could not have begun in time, or had not when its time was up.
    Deadline,
    /// The host has failed too often, and is left alone for a while.
    Circuit,
    /// The host has refused our keys a moment ago.
    Login,
    /// Too many wait for this host.
    Host,
    /// Too many connections are being made.
    Dials,
    /// Too much is under way between the cores.
    Mail,
    /// All connections are at work.
    Pool,
    /// Too many names are being looked up here, and files read.
    Local,
    /// As many transfers are under way as may be, or another one to the same file.
    Transfers,
    /// The client watches as many places as one may.
    Watches,
    /// A session made room for a new one: the longest unused of the client with the most.
    Sessions,
    /// The client has shown no key, or a wrong one.
    Unauthenticated,
    /// The client's key is not for this kind of work.
    Forbidden,
    /// The client asks too often.
    RateLimited,
    /// It comes from a web page of somebody else, or is for a name that is not ours.
    Origin,
}

impl Reason {
    pub const ALL: &[Self] = &[
        Self::Client,
        Self::Queue,
        Self::Displaced,
        Self::Deadline,
        Self::Circuit,
        Self::Login,
        Self::Host,
        Self::Dials,
        Self::Mail,
        Self::Pool,
        Self::Local,
        Self::Transfers,
        Self::Watches,
        Self::Sessions,
        Self::Unauthenticated,
        Self::Forbidden,
        Self::RateLimited,
        Self::Origin,
    ];

    /// The name in metrics.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Queue => "queue",
            Self::Displaced => "displaced",
            Self::Deadline => "deadline",
            Self::Circuit => "circuit_open",
            Self::Login => "login",
            Self::Host => "host",
            Self::Dials => "dials",
            Self::Mail => "mail",
            Self::Pool => "pool",
            Self::Local => "local",
            Self::Transfers => "transfers",
            Self::Watches => "watches",
            Self::Sessions => "sessions",
            Self::Unauthenticated => "unauthenticated",
            Self::Forbidden => "forbidden",
            Self::RateLimited => "rate_limited",
            Self::Origin => "origin",
        }
    }
}
