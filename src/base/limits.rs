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
/// Messages in one JSON-RPC batch. Its replies are held until the last one is there.
pub const BATCH_LENGTH_MAX: usize = 100;
/// The JSON text of a request id. Clients count or use UUIDs; it is copied into tables and every reply.
pub const REQUEST_ID_BYTES_MAX: usize = 256;
/// Requests of one client in flight: what may run and what may wait for its turn, as the settings below.
pub const SESSION_REQUESTS_MAX: usize = EXECUTING_REQUESTS_DEFAULT + QUEUED_REQUESTS_DEFAULT;

// --- fleet -----------------------------------------------------------------------------------------------------

/// Connections of the whole process.
pub const POOL_CONNECTIONS_DEFAULT: usize = 100;
/// Requests that may run at once, and that may wait for their turn.
pub const EXECUTING_REQUESTS_DEFAULT: usize = 100;
pub const QUEUED_REQUESTS_DEFAULT: usize = 1_000;

// --- io --------------------------------------------------------------------------------------------------------
