//! What is counted and measured, by the names under which alerts and dashboards know it.
//!
//! Some names end in `_ms`: they are kept, and their values are milliseconds with three digits behind the point, as
//! times are recorded in microseconds.

use super::http::Answered;
use crate::base::Kind;
pub use crate::base::refusal::Reason;

/// A closed set of values of one label.
macro_rules! labels {
    ($(#[$doc:meta])* $set:ident { $($(#[$about:meta])* $value:ident => $label:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $set { $($(#[$about])* $value,)* }

        impl $set {
            pub(super) const ALL: &[Self] = &[$(Self::$value,)*];

            /// As it is exported.
            pub const fn label(self) -> &'static str {
                match self { $(Self::$value => $label,)* }
            }
        }
    };
}

pub(super) use labels;

labels! {
    /// What a request is about.
    TargetType {
        /// The host list.
        Hosts => "hosts",
        /// A file or a directory; only the host knows which.
        Path => "path",
        /// A command in a directory.
        Command => "command",
        /// What the software of a host says.
        View => "view",
        /// The same on many hosts.
        Broadcast => "broadcast",
        /// Two or more places compared.
        Diff => "diff",
        /// A file on its way.
        Transfer => "transfer",
        /// Nothing that we know.
        Invalid => "invalid",
    }
}

labels! {
    /// What a circuit breaker has become.
    Circuit {
        Closed => "closed",
        HalfOpen => "half_open",
        Open => "open",
    }
}

labels! {
    /// What agents may ask for.
    Operation {
        Scout => "scout",
        Hosts => "hosts",
        Read => "read",
        List => "list",
        Find => "find",
        Search => "search",
        Run => "run",
        Diff => "diff",
        Transfer => "transfer",
        Batch => "batch",
    }
}

/// What only ever grows. One variant for each value of a label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counter {
    /// A connection was there when it was wanted.
    PoolHits,
    /// None was there, nor on its way: one had to be made.
    PoolMisses,
    /// An idle connection made room for another.
    PoolEvictions,
    /// Connections begun, those to jump hosts included.
    Dials,
    /// Those that came to nothing; not those that nobody waited for any more.
    DialFailures,
    /// Requests that a limit of time ended: the connection's, the command's or their own.
    RequestTimeouts,
    /// Requests that failed while others of their core were under way.
    ConcurrentFailures,
    /// Failures to reach a host, or to keep a connection to it, as its breaker counts them.
    CircuitFailures,
    Requests(TargetType),
    /// Requests that failed, by the kind of failure; those that were taken back are `cancelled`.
    RequestErrors(Kind),
    Rejected(Reason),
    CircuitTransitions(Circuit),
    /// Requests that were answered by HTTP.
    Http(Answered),
}

const REQUESTS: usize = 8;
const REQUEST_ERRORS: usize = REQUESTS + TargetType::ALL.len();
const REJECTED: usize = REQUEST_ERRORS + Kind::ALL.len();
const CIRCUIT_TRANSITIONS: usize = REJECTED + Reason::ALL.len();
const HTTP: usize = CIRCUIT_TRANSITIONS + Circuit::ALL.len();

impl Counter {
    pub(super) const COUNT: usize = HTTP + Answered::COUNT;

    /// Every counter, in the order of their places.
    pub fn all() -> impl Iterator<Item = Self> {
        let plain = [
            Self::PoolHits,
            Self::PoolMisses,
            Self::PoolEvictions,
            Self::Dials,
            Self::DialFailures,
            Self::RequestTimeouts,
            Self::ConcurrentFailures,
            Self::CircuitFailures,
        ];
        plain
            .into_iter()
            .chain(TargetType::ALL.iter().map(|value| Self::Requests(*value)))
            .chain(Kind::ALL.iter().map(|value| Self::RequestErrors(*value)))
            .chain(Reason::ALL.iter().map(|value| Self::Rejected(*value)))
            .chain(Circuit::ALL.iter().map(|value| Self::CircuitTransitions(*value)))
            .chain(Answered::all().map(Self::Http))
    }

    pub(super) const fn place(self) -> usize {
        match self {
            Self::PoolHits => 0,
            Self::PoolMisses => 1,
            Self::PoolEvictions => 2,
            Self::Dials => 3,
            Self::DialFailures => 4,
            Self::RequestTimeouts => 5,
            Self::ConcurrentFailures => 6,
            Self::CircuitFailures => 7,
            Self::Requests(value) => REQUESTS + value as usize,
            Self::RequestErrors(value) => REQUEST_ERRORS + value as usize,
            Self::Rejected(value) => REJECTED + value as usize,
            Self::CircuitTransitions(value) => CIRCUIT_TRANSITIONS + value as usize,
            Self::Http(value) => HTTP + value.place(),
        }
    }

    /// As it is exported; the same for every value of a label.
    pub const fn name(self) -> &'static str {
        match self {
            Self::PoolHits => "connection_pool_hits",
            Self::PoolMisses => "connection_pool_misses",
            Self::PoolEvictions => "connection_pool_evictions",
            Self::Dials => "connection_creation_total",
            Self::DialFailures => "connection_creation_failures",
            Self::RequestTimeouts => "requests_timeout",
            Self::ConcurrentFailures => "mcp_concurrent_failures_total",
            Self::CircuitFailures => "circuit_breaker_failures_total",
            Self::Requests(_) => "requests_total",
            Self::RequestErrors(_) => "requests_errors",
            Self::Rejected(_) => "rejected_total",
            Self::CircuitTransitions(_) => "circuit_breaker_state_transitions_total",
            Self::Http(_) => "http_requests_total",
        }
    }

    /// Names and values of its labels.
    pub fn labels(self) -> Vec<(&'static str, &'static str)> {
        match self {
            Self::Requests(value) => vec![("target_type", value.label())],
            Self::RequestErrors(value) => vec![("error_type", value.label())],
            Self::Rejected(value) => vec![("reason", value.label())],
            Self::CircuitTransitions(value) => vec![("to", value.label())],
            Self::Http(value) => value.labels().into(),
            _ => Vec::new(),
        }
    }
}

/// What is so at the moment of asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gauge {
    /// Connections that are open or being made.
    PoolSize,
    /// Those of them that somebody wants.
    PoolActive,
    /// Those that wait for somebody.
    PoolIdle,
    /// Requests that are at work on a host.
    Executing,
    /// Requests that are taken on and wait, be it for a connection.
    Queued,
    /// Hosts that were asked for, by what their breakers are.
    Circuits(Circuit),
}

impl Gauge {
    pub const ALL: [Self; 8] = [
        Self::PoolSize,
        Self::PoolActive,
        Self::PoolIdle,
        Self::Executing,
        Self::Queued,
        Self::Circuits(Circuit::Closed),
        Self::Circuits(Circuit::HalfOpen),
        Self::Circuits(Circuit::Open),
    ];

    pub(super) const fn place(self) -> usize {
        match self {
            Self::PoolSize => 0,
            Self::PoolActive => 1,
            Self::PoolIdle => 2,
            Self::Executing => 3,
            Self::Queued => 4,
            Self::Circuits(state) => 5 + state as usize,
        }
    }

    /// As it is exported; the same for every value of a label.
    pub const fn name(self) -> &'static str {
        match self {
            Self::PoolSize => "connection_pool_size",
            Self::PoolActive => "connection_pool_active",
            Self::PoolIdle => "connection_pool_idle",
            Self::Executing => "scout_executing",
            Self::Queued => "scout_queue_depth",
            Self::Circuits(_) => "circuit_breaker_state",
        }
    }

    /// The label's name and value, where there is one.
    pub const fn label(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Circuits(state) => Some(("state", state.label())),
            _ => None,
        }
    }
}

/// What a histogram's values are, as its name says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    Milliseconds,
    Seconds,
    Bytes,
}

impl Unit {
    /// So many of what is recorded (times are in microseconds) are one of it.
    pub(super) const fn recorded(self) -> f64 {
        match self {
            Self::Milliseconds => 1e3,
            Self::Seconds => 1e6,
            Self::Bytes => 1.0,
        }
    }
}

/// What is measured and shown as percentiles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Histogram {
    /// A request from its arrival to its answer, waiting included.
    Request,
    /// A command on a host from its start to its end, or to the moment at which it was given up.
    Command,
    /// A connection, from the beginning of its dial to the end of its login, its jump host's included.
    Dial,
    /// The part of it in which we prove who we are, where it is waited for.
    Login,
    /// How long a connection had nothing to do before it was used again or closed.
    Idle,
    /// How long work waited for the core that owns its host.
    MailboxWait,
    /// How long a request waited for its turn.
    QueueWait,
    /// What was read of a file.
    FileSize,
    /// An answer.
    OutputSize,
    /// By how much the process grew, seen over a while and told for an hour; shrinking is no growth.
    MemoryGrowth,
    /// A request by HTTP, from its end to the beginning of its answer.
    Http,
    /// A call of an agent, from the end of its arguments to its answer.
    Call { operation: Operation, success: bool },
}

const PLAIN_HISTOGRAMS: [Histogram; 11] = [
    Histogram::Request,
    Histogram::Command,
    Histogram::Dial,
    Histogram::Login,
    Histogram::Idle,
    Histogram::MailboxWait,
    Histogram::QueueWait,
    Histogram::FileSize,
    Histogram::OutputSize,
    Histogram::MemoryGrowth,
    Histogram::Http,
];

impl Histogram {
    /// Every histogram, in the order of their places.
    pub fn all() -> impl Iterator<Item = Self> {
        let calls = |operation: &Operation| {
            [false, true].map(|success| Self::Call { operation: *operation, success })
        };
        PLAIN_HISTOGRAMS.into_iter().chain(Operation::ALL.iter().flat_map(calls))
    }

    pub(super) const fn place(self) -> usize {
        match self {
            Self::Request => 0,
            Self::Command => 1,
            Self::Dial => 2,
            Self::Login => 3,
            Self::Idle => 4,
            Self::MailboxWait => 5,
            Self::QueueWait => 6,
            Self::FileSize => 7,
            Self::OutputSize => 8,
            Self::MemoryGrowth => 9,
            Self::Http => 10,
            Self::Call { operation, success } => {
                PLAIN_HISTOGRAMS.len() + 2 * operation as usize + success as usize
            }
        }
    }

    /// As it is exported. We have no locks: what is waited for under the name of one is another core.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Request => "request_duration_ms",
            Self::Command => "ssh_command_duration_ms",
            Self::Dial => "connection_creation_duration_ms",
            Self::Login => "authentication_duration_ms",
            Self::Idle => "connection_idle_time_seconds",
            Self::MailboxWait => "lock_wait_duration_ms",
            Self::QueueWait => "queue_wait_duration_ms",
            Self::FileSize => "file_size_bytes",
            Self::OutputSize => "output_size_bytes",
            Self::MemoryGrowth => "memory_growth_rate_bytes_per_hour",
            Self::Http => "http_request_duration_seconds",
            Self::Call { .. } => "mcp_operation_duration_seconds",
        }
    }

    /// Names and values of its labels, where there are any.
    pub const fn labels(self) -> Option<[(&'static str, &'static str); 2]> {
        match self {
            Self::Call { operation, success } => {
                let success = if success { "true" } else { "false" };
                Some([("tool", operation.label()), ("success", success)])
            }
            _ => None,
        }
    }

    pub const fn unit(self) -> Unit {
        match self {
            Self::Idle | Self::Http | Self::Call { .. } => Unit::Seconds,
            Self::FileSize | Self::OutputSize | Self::MemoryGrowth => Unit::Bytes,
            _ => Unit::Milliseconds,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_has_a_place_of_its_own() {
        assert!(Counter::all().map(Counter::place).eq(0..Counter::COUNT));
        assert!(Histogram::all().map(Histogram::place).eq(0..Histogram::all().count()));
        assert!(Gauge::ALL.into_iter().map(Gauge::place).eq(0..Gauge::ALL.len()));
        assert!(Kind::ALL.iter().map(|kind| *kind as usize).eq(0..Kind::ALL.len()));
        assert!(Reason::ALL.iter().map(|reason| *reason as usize).eq(0..Reason::ALL.len()));
    }

    #[test]
    fn names_say_their_unit() {
        for histogram in Histogram::all() {
            let end = match histogram.unit() {
                Unit::Milliseconds => "_ms",
                Unit::Seconds => "_seconds",
                Unit::Bytes => "_bytes",
            };
            let name = histogram.name().trim_end_matches("_per_hour");
            assert!(name.ends_with(end), "{name}");
        }
    }
}
