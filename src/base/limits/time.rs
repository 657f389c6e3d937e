//! How long things may take where nobody says otherwise.

use crate::base::time::Duration;

pub const CONNECT_TIMEOUT_DEFAULT: Duration = Duration::from_secs(10);
pub const COMMAND_TIMEOUT_DEFAULT: Duration = Duration::from_secs(30);
pub const REQUEST_TIMEOUT_DEFAULT: Duration = Duration::from_secs(60);
pub const IDLE_TIMEOUT_DEFAULT: Duration = Duration::from_secs(60);
/// What a server that is asked to end has to finish what is under way: who asked (systemd, Kubernetes, an MCP client)
/// has patience for 30 s and more, people for less.
pub const DRAIN_TIMEOUT_DEFAULT: Duration = Duration::from_secs(10);
/// A TCP probe that has not connected by then counts as offline.
pub const PROBE_TIMEOUT: Duration = Duration::from_secs(2);
/// Silence after which a pooled connection is asked for a sign of life, and how many may be missed.
pub const KEEPALIVE_INTERVAL_DEFAULT: Duration = Duration::from_secs(5);
pub const KEEPALIVE_MISSED_MAX: u32 = 3;
/// How long a command of `Match exec` may take; ssh would wait for ever. The short ones it is meant for take a few
/// milliseconds, so that often we look whether it has ended.
pub const MATCH_EXEC_TIMEOUT: Duration = Duration::from_secs(5);
pub const MATCH_EXEC_LOOK_EVERY: Duration = Duration::from_millis(2);
/// Between the first signal to a remote process that overran its time and the second, which it cannot ignore.
pub const KILL_GRACE: Duration = Duration::from_secs(2);
