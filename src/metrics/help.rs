//! What each figure is, in a sentence for those who find its name in their monitoring.

use super::names::{Counter, Gauge, Histogram};

impl Counter {
    pub(super) const fn help(self) -> &'static str {
        match self {
            Self::PoolHits => "Connections that were there when they were wanted",
            Self::PoolMisses => "Connections that had to be made",
            Self::PoolEvictions => "Idle connections that made room for others",
            Self::Dials => "Connections begun, those to jump hosts included",
            Self::DialFailures => "Connections that came to nothing",
            Self::RequestTimeouts => "Requests that a limit of time ended",
            Self::ConcurrentFailures => "Requests that failed while others of their core were under way",
            Self::CircuitFailures => "Failures to reach a host, as its circuit breaker counts them",
            Self::Requests(_) => "Requests, by what they are about",
            Self::RequestErrors(_) => "Requests that failed, by the kind of failure",
            Self::Rejected(_) => "Requests that were refused without being tried, by the reason",
            Self::CircuitTransitions(_) => "Changes of circuit breakers, by what they became",
            Self::Http(_) => "Requests that were answered by HTTP",
        }
    }
}

impl Gauge {
    pub(super) const fn help(self) -> &'static str {
        match self {
            Self::PoolSize => "Connections that are open or being made",
            Self::PoolActive => "Connections that somebody uses",
            Self::PoolIdle => "Connections that nobody uses",
            Self::Executing => "Requests that are at work on a host",
            Self::Queued => "Requests that wait",
            Self::Circuits(_) => "Hosts, by the state of their circuit breakers",
        }
    }
}

impl Histogram {
    pub(super) const fn help(self) -> &'static str {
        match self {
            Self::Request => "Milliseconds from a request's arrival to its answer",
            Self::Command => "Milliseconds that a command took on its host",
            Self::Dial => "Milliseconds from a connection's beginning to the end of its login",
            Self::Login => "Milliseconds of it that the login took",
            Self::Idle => "Seconds for which a connection had nothing to do",
            Self::MailboxWait => {
                "Milliseconds for which work waited for the core that owns its host; there are no locks"
            }
            Self::QueueWait => "Milliseconds for which a request waited for its turn",
            Self::FileSize => "Bytes read of a file",
            Self::OutputSize => "Bytes of an answer",
            Self::MemoryGrowth => "Bytes by which the process grows in an hour, seen every ten minutes",
            Self::Http => "Seconds from the end of an HTTP request to the beginning of its answer",
            Self::Call { .. } => "Seconds that a call of a tool took",
        }
    }
}
