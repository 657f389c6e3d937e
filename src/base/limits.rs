//! Every bound of the program, with its unit and its reason. Names end in the unit and `_MAX` or `_MIN`.
//!
//! A bound that a user may change is a setting (`config/settings.rs`); what stands here is its default and its range.

use super::time::Duration;

// --- targets and arguments -------------------------------------------------------------------------------------

/// Longest host name, as in DNS (RFC 1035 §2.3.4).
pub const HOST_NAME_BYTES_MAX: usize = 253;
/// Longest remote path: Linux's `PATH_MAX` without its terminator.
pub const PATH_BYTES_MAX: usize = 4095;
/// Longest command text. Far above any read-only command, far below a remote `ARG_MAX`.
pub const COMMAND_BYTES_MAX: usize = 64 * 1024;

// --- what operations return ------------------------------------------------------------------------------------

/// File content returned by one read when the caller asks for nothing else.
pub const FILE_BYTES_DEFAULT: u64 = 1024 * 1024;
/// Output of one stream of a command, or of one directory listing.
pub const OUTPUT_BYTES_DEFAULT: u64 = 10_000_000;
/// Upper end of both settings: one answer is held in memory whole.
pub const OUTPUT_BYTES_MAX: u64 = 256 * 1024 * 1024;
/// Entries of one listing; at fifty bytes a line the output limit is reached about here as well.
pub const LIST_ENTRIES_MAX: usize = 200_000;
/// What a whole file is copied in: far more than a path's bandwidth times its delay, far less than memory.
pub const COPY_PIECE_BYTES: u64 = 4 * 1024 * 1024;
/// What is kept of a program's complaint when it only explains a failure.
pub const COMPLAINT_BYTES_MAX: usize = 1_000;
/// What the start-up files of a login shell may print before our own script answers.
pub const SHELL_NOISE_BYTES_MAX: usize = 64 * 1024;

// --- time ------------------------------------------------------------------------------------------------------

pub const CONNECT_TIMEOUT_DEFAULT: Duration = Duration::from_secs(10);
pub const COMMAND_TIMEOUT_DEFAULT: Duration = Duration::from_secs(30);
pub const REQUEST_TIMEOUT_DEFAULT: Duration = Duration::from_secs(60);
pub const IDLE_TIMEOUT_DEFAULT: Duration = Duration::from_secs(60);
/// A TCP probe that has not connected by then counts as offline.
pub const PROBE_TIMEOUT: Duration = Duration::from_secs(2);
/// Silence after which a pooled connection is asked for a sign of life, and how many may be missed.
pub const KEEPALIVE_INTERVAL_DEFAULT: Duration = Duration::from_secs(5);
pub const KEEPALIVE_MISSED_MAX: u32 = 3;
/// Between the first signal to a remote process that overran its time and the second, which it cannot ignore.
pub const KILL_GRACE: Duration = Duration::from_secs(2);

// --- ssh -------------------------------------------------------------------------------------------------------

/// Sessions on one connection: sshd's `MaxSessions` is 10; two stay free for other users of the same key.
pub const SESSIONS_PER_CONNECTION_DEFAULT: usize = 8;

// --- sftp ------------------------------------------------------------------------------------------------------

// --- config ----------------------------------------------------------------------------------------------------

// --- rpc and mcp -----------------------------------------------------------------------------------------------

/// One message from a client. Arguments are short; the largest legitimate ones are texts to compare against.
pub const MESSAGE_BYTES_MAX: usize = 4 * 1024 * 1024;

// --- fleet -----------------------------------------------------------------------------------------------------

/// Connections of the whole process.
pub const POOL_CONNECTIONS_DEFAULT: usize = 100;
/// Requests that may run at once, and that may wait for their turn.
pub const EXECUTING_REQUESTS_DEFAULT: usize = 100;
pub const QUEUED_REQUESTS_DEFAULT: usize = 1_000;
/// Probes under way for one host list: each holds a socket, and the usual limit is 1,024 descriptors.
pub const PROBES_AT_ONCE_MAX: usize = 256;
/// Names listed for someone who asked for a host that is not there.
pub const HOSTS_IN_ERROR_MAX: usize = 100;
/// How long a channel that we closed may wait for the host's close before it is closed once more.
pub const CLOSE_PATIENCE: Duration = Duration::from_secs(10);

// --- io --------------------------------------------------------------------------------------------------------
