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

/// Protocol version string with its line end (RFC 4253 §4.2).
pub const SSH_IDENT_BYTES_MAX: usize = 255;
/// Lines a server may send before its version string, and their length: a legal notice fits, a web page does not.
pub const SSH_PREAMBLE_LINES_MAX: usize = 64;
pub const SSH_PREAMBLE_LINE_BYTES_MAX: usize = 1024;
/// One packet on the wire. RFC 4253 §6.1 asks for 35,000; OpenSSH sends and takes up to 256 KiB.
pub const SSH_PACKET_BYTES_MAX: usize = 256 * 1024;
/// One list of algorithm names. OpenSSH's longest is under 1 KiB.
pub const SSH_NAME_LIST_BYTES_MAX: usize = 16 * 1024;
/// Host keys, signatures and key-exchange values: an 8,192-bit RSA key is 1 KiB, ML-KEM-768 1.2 KiB.
pub const SSH_KEY_BYTES_MAX: usize = 16 * 1024;
/// Text of the peer that is shown to people, cut there.
pub const SSH_TEXT_BYTES_MAX: usize = 1024;
/// One login banner, cut there, and how many of them are passed on.
pub const SSH_BANNER_BYTES_MAX: usize = 8 * 1024;
pub const SSH_BANNERS_MAX: usize = 8;
/// Extensions named in one EXT_INFO (RFC 8308). OpenSSH sends three.
pub const SSH_EXTENSIONS_MAX: u32 = 64;
/// IGNORE, DEBUG and UNIMPLEMENTED before the login is done. A polite server sends none.
pub const SSH_IDLE_MESSAGES_MAX: u32 = 256;
/// Signed requests in one login: sshd's `MaxAuthTries` is 6 and its last failure ends the connection.
pub const SSH_AUTH_ATTEMPTS_MAX: u32 = 6;
/// Received and not consumed on one channel: 100 Mbit/s at 160 ms, or 1 Gbit/s at 16 ms, without a stall.
pub const SSH_WINDOW_BYTES: u32 = 2 * 1024 * 1024;
/// Data of one channel packet in either direction: what every server takes (RFC 4253 §6.1).
pub const SSH_CHANNEL_PACKET_BYTES_MAX: u32 = 32 * 1024;
/// Channels of one connection, those whose owner has yet to close them included.
pub const SSH_CHANNELS_MAX: usize = 64;
/// Data taken from the owner of a channel while the peer's window is shut.
pub const SSH_SEND_BUFFER_BYTES_MAX: usize = 256 * 1024;
/// Sealed bytes the socket has not taken: no more channel data is sealed above it.
pub const SSH_OUT_BYTES_MAX: usize = 1024 * 1024;
/// The same with answers the peer asked for: a peer that asks for more without reading is up to no good.
pub const SSH_OUT_AND_ANSWERS_BYTES_MAX: usize = 2 * SSH_OUT_BYTES_MAX;
/// Packets held back during a key exchange (RFC 4253 §7.1): window grants and answers, no channel data.
pub const SSH_HELD_BYTES_MAX: usize = 256 * 1024;
/// Traffic under one key before we ask for new ones: 2^31 AES blocks, below the 2^32 of RFC 4344 §3.2;
/// and for ChaCha20 what OpenSSH uses.
pub const SSH_REKEY_BYTES_AES: u64 = 32 * 1024 * 1024 * 1024;
pub const SSH_REKEY_BYTES_CHACHA: u64 = 1024 * 1024 * 1024;
/// Packets under one key: far from the wrap of the 32-bit sequence number (RFC 4344 §3.1).
pub const SSH_REKEY_PACKETS: u32 = 1 << 30;
/// A peer that does not finish a key exchange on an established connection by then is gone.
pub const SSH_REKEY_TIMEOUT: Duration = Duration::from_secs(30);
/// One message of an ssh-agent (OpenSSH's own bound), and the keys it may list.
pub const SSH_AGENT_MESSAGE_BYTES_MAX: usize = 256 * 1024;
pub const SSH_AGENT_KEYS_MAX: u32 = 256;
/// Smallest RSA key we trust or use.
pub const SSH_RSA_BITS_MIN: usize = 2048;

const _: () = assert!(SSH_CHANNEL_PACKET_BYTES_MAX as usize + 1024 < SSH_PACKET_BYTES_MAX);
const _: () = assert!(SSH_WINDOW_BYTES >= 2 * SSH_CHANNEL_PACKET_BYTES_MAX);
const _: () = assert!(SSH_PACKET_BYTES_MAX >= 35_000);
const _: () = assert!(SSH_OUT_AND_ANSWERS_BYTES_MAX > SSH_OUT_BYTES_MAX + SSH_PACKET_BYTES_MAX);

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

// --- io --------------------------------------------------------------------------------------------------------
