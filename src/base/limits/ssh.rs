//! Bounds of what an SSH server may say, and an SFTP server.

use super::{COPY_PIECE_BYTES, FILE_BYTES_DEFAULT, TRANSFER_PIECE_BYTES, TRANSFER_READS_AHEAD};
use crate::base::time::Duration;

// --- ssh ------------------------------------------------------------------------------------------------------------

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
/// A certificate: two keys, a signature, and names of hosts or users.
pub const SSH_CERTIFICATE_BYTES_MAX: usize = 64 * 1024;
/// Names in one certificate, as OpenSSH's `SSHKEY_CERT_MAX_PRINCIPALS`.
pub const SSH_CERTIFICATE_PRINCIPALS_MAX: usize = 256;
/// Text of the peer that is shown to people, cut there.
pub const SSH_TEXT_BYTES_MAX: usize = 1024;
/// One login banner, cut there, and how many of them are passed on.
pub const SSH_BANNER_BYTES_MAX: usize = 8 * 1024;
pub const SSH_BANNERS_MAX: u32 = 8;
/// Extensions named in one EXT_INFO (RFC 8308). OpenSSH sends three.
pub const SSH_EXTENSIONS_MAX: u32 = 64;
/// IGNORE, DEBUG, UNIMPLEMENTED and EXT_INFO before the login is done, and as many banners. A polite server sends none.
pub const SSH_IDLE_MESSAGES_MAX: u32 = 256;
/// Requests and answers in one login: an agent full of keys, and a dialogue. sshd's `MaxAuthTries` is 6, but servers that
/// never end a login exist.
pub const SSH_AUTH_REQUESTS_MAX: u32 = 64;
/// How often a password is asked for: `NumberOfPasswordPrompts` of OpenSSH.
pub const SSH_PASSWORD_PROMPTS_DEFAULT: u32 = 3;
/// Questions asked at once. PAM asks one; forms for a new password two or three.
pub const SSH_AUTH_PROMPTS_MAX: u32 = 16;
/// Received and not consumed on one channel: 100 Mbit/s at 160 ms, or 1 Gbit/s at 16 ms, without a stall.
pub const SSH_WINDOW_BYTES: u32 = 2 * 1024 * 1024;
/// Data of one channel packet in either direction: what every server takes (RFC 4253 §6.1).
pub const SSH_CHANNEL_PACKET_BYTES_MAX: u32 = 32 * 1024;
/// Channels of one connection, those whose owner has yet to close them included: a jump host carries one for every
/// host behind it.
pub const SSH_CHANNELS_MAX: usize = 1024;
/// Sessions that may be asked for on one connection. sshd gives 10 by default; more than this no server gives.
pub const SSH_SESSIONS_MAX: usize = 32;
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
/// Key exchanges that the peer starts while the keys have carried less than so many bytes, and how many of them are taken
/// in one period. OpenSSH's `RekeyLimit` in bytes is met only where somebody means harm; in time it makes one a second.
pub const SSH_REKEY_BYTES_MIN: u64 = 16 * 1024;
pub const SSH_REKEYS_WASTED_MAX: u32 = 64;
pub const SSH_REKEYS_WASTED_PERIOD: Duration = Duration::from_secs(60);
/// A peer that does not finish a key exchange on an established connection by then is gone.
pub const SSH_REKEY_TIMEOUT: Duration = Duration::from_secs(30);
/// One message of an ssh-agent (OpenSSH's own bound), and the keys it may list.
pub const SSH_AGENT_MESSAGE_BYTES_MAX: usize = 256 * 1024;
pub const SSH_AGENT_KEYS_MAX: u32 = 256;
/// The longest password or passphrase, and how long a command may take to tell it: its user may have to be asked.
pub const SECRET_BYTES_MAX: usize = 4096;
pub const SECRET_COMMAND_PATIENCE: Duration = Duration::from_secs(30);
/// How often a command that has closed its output is looked at until it has ended, which is at once.
pub const SECRET_COMMAND_LOOK_EVERY: Duration = Duration::from_millis(5);
/// Keys of the user that a host is remembered to have refused.
pub const SSH_REFUSED_KEYS_MAX: usize = 64;
/// How long a host that has refused our keys is not asked again: long enough that a burst of requests is one login, short
/// enough for who has mistyped something. So many times as long with every further refusal, up to a bound; that makes four
/// logins in ten minutes at most, where fail2ban shuts out whoever is refused five times.
pub const REFUSED_LOGIN_PAUSE: Duration = Duration::from_secs(5);
pub const REFUSED_LOGIN_PAUSE_FACTOR: u32 = 8;
pub const REFUSED_LOGIN_PAUSE_MAX: Duration = Duration::from_secs(300);
/// Passwords that a host is remembered to have refused: a command may print another one each time.
pub const SSH_REFUSED_PASSWORDS_MAX: usize = 64;
/// Connections for one login: an agent may hold more keys than a server lets one connection try.
pub const SSH_LOGIN_CONNECTIONS_MAX: u32 = 8;
/// Rounds of bcrypt over a key's passphrase: `ssh-keygen -a`, 16 or 24 when not given. So many take a minute.
pub const SSH_KEY_ROUNDS_MAX: u32 = 10_000;
/// Smallest RSA key we trust or use.
pub const SSH_RSA_BITS_MIN: usize = 2048;

const _: () = assert!(SSH_CHANNEL_PACKET_BYTES_MAX as usize + 1024 < SSH_PACKET_BYTES_MAX);
const _: () = assert!(SSH_WINDOW_BYTES >= 2 * SSH_CHANNEL_PACKET_BYTES_MAX);
const _: () = assert!(SSH_PACKET_BYTES_MAX >= 35_000);
const _: () = assert!(SSH_OUT_AND_ANSWERS_BYTES_MAX > SSH_OUT_BYTES_MAX + SSH_PACKET_BYTES_MAX);

// --- sftp -----------------------------------------------------------------------------------------------------------

/// One packet of the server. OpenSSH sends at most 256 KiB; the draft asks for no more than 34,000 bytes.
pub const SFTP_PACKET_BYTES_MAX: usize = 512 * 1024;
/// Operations of one session, started and not yet fetched: what a host is asked at once, twice over.
pub const SFTP_OPERATIONS_MAX: usize = 256;
/// Requests without a reply. A server that hangs keeps the requests of operations given up long ago.
pub const SFTP_REQUESTS_MAX: usize = 4096;
/// Length of one READ when the server names no limit: every server must take it (draft §3).
pub const SFTP_READ_BYTES_DEFAULT: u32 = 32 * 1024;
/// Length of one READ when the server allows more: what OpenSSH allows.
pub const SFTP_READ_BYTES_MAX: u32 = 255 * 1024;
/// Received and not consumed on the channel that serves files: 1 Gbit/s over 32 ms, twice what OpenSSH's client allows.
pub const SFTP_CHANNEL_WINDOW_BYTES: u32 = 4 * 1024 * 1024;
/// How far the READs of one file run ahead of its first missing byte: further than the channel's window, so that the
/// window alone decides.
pub const SFTP_FILE_WINDOW_BYTES_MAX: u64 = 5 * 1024 * 1024;
/// Data that one operation asks for before it is the next one's turn.
pub const SFTP_TURN_BYTES: u64 = COPY_PIECE_BYTES;
/// How far READs run ahead over all files of a session.
pub const SFTP_SESSION_WINDOW_BYTES_MAX: u64 = 8 * 1024 * 1024;
/// Requests made ready to be sent above which no more data is asked to be written: two of the longest WRITEs.
pub const SFTP_UNSENT_BYTES_MAX: usize = 512 * 1024;
/// Open handles of one session: an eighth of what a process of the server may usually have open.
pub const SFTP_HANDLES_MAX: usize = 128;
/// One handle (draft §6.2).
pub const SFTP_HANDLE_BYTES_MAX: usize = 256;
/// READDIRs on their way for one listing: at first as many as list 300 entries of OpenSSH's server, which sends 100 in
/// one answer, and tell their end; as the listing goes on, one more for each answer.
pub const SFTP_READDIRS_FIRST: usize = 4;
pub const SFTP_READDIRS_MAX: usize = 32;
/// READLINKs on their way for one listing, and all in all: a directory with more links shows the rest without targets.
pub const SFTP_READLINKS_IN_FLIGHT_MAX: usize = 256;
pub const SFTP_READLINKS_MAX: usize = 1024;
/// Paths of a session known to be regular files: a name's hash, its size and when it was seen, 32 bytes each, twice over.
pub const SFTP_KNOWN_PATHS_MAX: usize = 512;
/// How long a regular file is believed to be one still: as long as somebody reads on in it or comes back to it. What is
/// put in its place meanwhile may block the server when it is opened.
pub const SFTP_KNOWN_FOR: Duration = Duration::from_secs(30);
/// Memory set aside for a file of which nothing has come but its size: the default limit of a read, and the byte that tells
/// whether the file goes on.
pub const SFTP_FILE_RESERVED_BYTES_MAX: u64 = FILE_BYTES_DEFAULT + 1;
/// Operations of one session above which a look at a path asks nothing in advance that may turn out to be in vain.
pub const SFTP_SPECULATING_OPERATIONS_MAX: usize = 8;
/// What is kept of a server's explanation.
pub const SFTP_STATUS_TEXT_BYTES_MAX: usize = 256;

const _: () = {
    assert!(SFTP_READ_BYTES_DEFAULT <= SFTP_READ_BYTES_MAX);
    // A DATA packet: type, id, length, data.
    assert!(SFTP_READ_BYTES_MAX as usize + 9 <= SFTP_PACKET_BYTES_MAX);
    assert!(SFTP_READ_BYTES_MAX as u64 <= SFTP_FILE_WINDOW_BYTES_MAX);
    assert!(SFTP_FILE_WINDOW_BYTES_MAX <= SFTP_SESSION_WINDOW_BYTES_MAX);
    assert!(SFTP_CHANNEL_WINDOW_BYTES as u64 + SFTP_READ_BYTES_MAX as u64 <= SFTP_FILE_WINDOW_BYTES_MAX);
    assert!(SFTP_OPERATIONS_MAX + SFTP_HANDLES_MAX <= SFTP_REQUESTS_MAX);
    assert!(TRANSFER_READS_AHEAD as u64 * TRANSFER_PIECE_BYTES >= SFTP_CHANNEL_WINDOW_BYTES as u64);
};
