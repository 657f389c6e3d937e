//! Every bound of the program, with its unit and its reason. Names end in the unit and `_MAX` or `_MIN`.
//!
//! A bound that a user may change is a setting (`config/settings/`); what stands here is its default and its range.

use super::time::Duration;

// --- targets and arguments -------------------------------------------------------------------------------------

/// Longest host name, as in DNS (RFC 1035 §2.3.4).
pub const HOST_NAME_BYTES_MAX: usize = 253;
/// Longest remote path: Linux's `PATH_MAX` without its terminator.
pub const PATH_BYTES_MAX: usize = 4095;
/// Longest command text. Far above any read-only command, far below a remote `ARG_MAX`.
pub const COMMAND_BYTES_MAX: usize = 64 * 1024;
/// A list of hosts and patterns: a thousand names of usual length, and what that makes.
pub const HOST_LIST_BYTES_MAX: usize = 16 * 1024;
pub const HOST_LIST_TERMS_MAX: usize = 1_024;
/// The patterns among them, each of which is tried on every name: all of one request, and of one batch.
pub const HOST_PATTERNS_BYTES_MAX: usize = 1_024;
pub const BATCH_PATTERNS_BYTES_MAX: usize = 4 * HOST_PATTERNS_BYTES_MAX;
/// Places that one request looks at: as many as we promise to know hosts.
pub const PLACES_MAX: usize = 10_000;

// --- what operations return ------------------------------------------------------------------------------------

/// File content returned by one read when the caller asks for nothing else.
pub const FILE_BYTES_DEFAULT: u64 = 1024 * 1024;
/// Output of one stream of a command, or of one directory listing.
pub const OUTPUT_BYTES_DEFAULT: u64 = 10_000_000;
/// Upper end of both settings: one answer is held in memory whole.
pub const OUTPUT_BYTES_MAX: u64 = 256 * 1024 * 1024;
/// Entries of one listing; at fifty bytes a line the output limit is reached about here as well.
pub const LIST_ENTRIES_MAX: usize = 200_000;
/// Entries of one page of a listing when the caller does not say how many, and at most.
pub const LIST_PAGE_DEFAULT: usize = 1_000;
pub const LIST_PAGE_MAX: usize = 10_000;
/// What a whole file is copied in: while a piece is written, the host is granted nothing, so pieces are small.
pub const COPY_PIECE_BYTES: u64 = 1024 * 1024;
/// Pieces of one file asked for at once: together what is on its way to a session, so that none waits for another.
pub const COPY_PIECES_AHEAD: u64 = SFTP_SESSION_WINDOW_BYTES_MAX / COPY_PIECE_BYTES;
/// What a file is transferred in: two of the longest READs, so that none is short.
pub const TRANSFER_PIECE_BYTES: u64 = 2 * SFTP_READ_BYTES_MAX as u64;
/// Pieces that are read ahead of the one that comes next: a little more than the window of a channel.
pub const TRANSFER_READS_AHEAD: usize = (SFTP_FILE_WINDOW_BYTES_MAX / TRANSFER_PIECE_BYTES) as usize;
/// Pieces between the core that reads and the one that writes.
pub const TRANSFER_PIECES_WAITING: usize = 2;
/// Pieces that are written and not yet answered for: more than a server's window, which is 2 MiB with OpenSSH.
pub const TRANSFER_WRITES_AHEAD: usize =
    (SFTP_CHANNEL_WINDOW_BYTES as u64 / TRANSFER_PIECE_BYTES) as usize + 1;
/// Transfers that one core is asked for at once; each holds two dozen pieces at most, 12 MiB.
pub const TRANSFERS_MAX: usize = 8;
/// How long it is tried to remove what a lost connection has left of a file.
pub const TRANSFER_CLEAN_UP_PATIENCE: Duration = Duration::from_secs(5);
/// Bytes of the name under which a file is written at first that tell it from others, as they are written: eight digits.
pub const TRANSFER_MARK_BYTES: usize = 4;
/// Levels of a tree or a search for names, and how many when the caller does not say.
pub const DEPTH_MAX: u8 = 10;
pub const TREE_DEPTH_DEFAULT: u8 = 3;
pub const FIND_DEPTH_DEFAULT: u8 = 5;
/// Entries of one tree: more than anybody reads.
pub const TREE_ENTRIES_MAX: usize = 10_000;
/// Names found by one search when the caller does not say how many, and at most; their paths are 100 bytes or so.
pub const FIND_RESULTS_DEFAULT: usize = 100;
pub const FIND_RESULTS_MAX: usize = 10_000;
/// Lines found by one search when the caller does not say how many, and at most.
pub const SEARCH_RESULTS_DEFAULT: usize = 100;
pub const SEARCH_RESULTS_MAX: usize = 1_000;
/// What is kept of one of them while it is read, shown of it, and shown of what stands before the place: programs write
/// lines of megabytes.
pub const SEARCH_LINE_BYTES_MAX: usize = 16 * 1024;
pub const SEARCH_SHOWN_BYTES_MAX: usize = 400;
pub const SEARCH_BEFORE_BYTES: usize = 100;
/// Files that are compared with each other at once, and what is read of all of them together: they are in memory at the
/// same time.
pub const DIFF_PLACES_MAX: usize = 1_000;
pub const DIFF_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// What is compared of one file: so much takes a core 30 to 70 ms where everything differs.
pub const DIFF_FILE_BYTES_MAX: u64 = 1024 * 1024;
pub const DIFF_LINES_MAX: usize = 100_000;
/// Lines around each difference, as `diff -u`.
pub const DIFF_CONTEXT_LINES: usize = 3;
/// Files that differ from most and whose differences are shown.
pub const DIFF_SHOWN_MAX: usize = 16;
/// How long a core may look for the smallest difference of two files, once it has read their lines; and what others have
/// before the next two.
pub const DIFF_TIME_MAX: Duration = Duration::from_millis(20);
pub const DIFF_PAUSE: Duration = Duration::from_millis(1);
/// What is read of a file first when lines are looked for: the few that are wanted mostly lie in there.
pub const READ_FIRST_BYTES: u64 = 64 * 1024;
/// Lines behind so many others are looked for by the host: about a megabyte of them.
pub const READ_FAR_LINES: u64 = 10_000;
/// What is kept of a program's complaint when it only explains a failure.
pub const COMPLAINT_BYTES_MAX: usize = 1_000;
/// Content taken from a command that looks at a path beside SFTP: what may be sent twice.
pub const SHELL_CONTENT_BYTES_MAX: usize = 256 * 1024;
/// What the start-up files of a login shell may print before our own script answers.
pub const SHELL_NOISE_BYTES_MAX: usize = 64 * 1024;

/// Names of containers, pools, units and the like: the longest that any of their owners take (RFC 1123, systemd.unit(5)).
pub const SYSTEM_NAME_BYTES_MAX: usize = 253;
/// Lines of a log when the caller says nothing, and the most there are: what still fits the output limit.
pub const LOG_LINES_DEFAULT: usize = 100;
pub const LOG_LINES_MAX: usize = 10_000;
/// How long ago a log may begin: ten years, in seconds.
pub const LOG_SINCE_SECONDS_MAX: u64 = 10 * 366 * 86_400;
/// Snapshots of one host that are shown, of what may be hundreds of thousands.
pub const SNAPSHOTS_SHOWN_MAX: usize = 50;
/// Processes that are shown when the caller does not say how many: more than that take nothing worth a look.
pub const PROCESSES_SHOWN_DEFAULT: usize = 50;

/// What a host may say at least where many are asked: configuration files are mostly shorter. All of them together may say
/// as much as one alone, or so much each.
pub const SHARE_BYTES_MIN: u64 = 4 * 1024;
/// Places named one by one whose answers stand one by one, where all could be the same; of more, those that agree are told
/// once.
pub const SECTIONS_MAX: usize = 8;
/// How long answers of many hosts are compared with the most frequent one, all together: further ones are told whole.
/// Nothing else gets on on that core meanwhile, but after each turn.
pub const COMPARING_MAX: Duration = Duration::from_millis(200);
pub const COMPARING_TURN: Duration = Duration::from_millis(5);
/// Of many places asked at once, so many are as urgent as if they were asked for one by one. Others leave as many rights to
/// execute to those who wait for one answer.
pub const URGENT_PLACES_MAX: usize = 8;
/// Requests that are made as one.
pub const BATCH_ITEMS_MAX: usize = 100;

// --- time ------------------------------------------------------------------------------------------------------

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

// --- sftp ------------------------------------------------------------------------------------------------------

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

// --- config ----------------------------------------------------------------------------------------------------

/// One SSH configuration file. 10,000 hosts of ten lines are about 3 MiB.
pub const SSH_CONFIG_FILE_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// All SSH configuration files together, each counted as often as it is included.
pub const SSH_CONFIG_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// Files read for one configuration: one host per file, for as many hosts as we promise to hold.
pub const SSH_CONFIG_FILES_MAX: usize = 16_384;
/// `Include` inside `Include`, as OpenSSH's `READCONF_MAX_DEPTH`.
pub const SSH_CONFIG_INCLUDE_DEPTH_MAX: usize = 16;
/// `IdentityFile` lines that apply to one host, and `CertificateFile` lines, as OpenSSH's `SSH_MAX_IDENTITY_FILES`.
pub const IDENTITY_FILES_MAX: usize = 100;
/// Values of `CanonicalDomains` and `CanonicalizePermittedCNAMEs`, as OpenSSH's `MAX_CANON_DOMAINS`.
pub const CANONICAL_NAMES_MAX: usize = 32;
/// Files on one `UserKnownHostsFile` or `GlobalKnownHostsFile` line, as OpenSSH's `SSH_MAX_HOSTS_FILES`.
pub const KNOWN_HOSTS_FILES_MAX: usize = 32;
/// One known_hosts file. A line is 100 to 700 bytes.
pub const KNOWN_HOSTS_FILE_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// Lines of one known_hosts file: a hashed name is found by hashing against every one of them.
pub const KNOWN_HOSTS_LINES_MAX: usize = 500_000;
/// Warnings kept about one configuration; a binary file taken for one would make one per line.
pub const CONFIG_WARNINGS_MAX: usize = 100;
/// One of them: a line of a configuration may be as long as its file.
pub const CONFIG_WARNING_CHARS_MAX: usize = 1_000;
/// A request that took longer is logged as slow.
pub const SLOW_THRESHOLD_DEFAULT: Duration = Duration::from_secs(1);
/// Between two looks at the files of the configuration, and how long they must have stayed as they are before they are
/// read: an editor may be in the middle of writing them.
pub const CONFIG_LOOKED_AT_EVERY: Duration = Duration::from_secs(2);
pub const CONFIG_AT_REST_FOR: Duration = Duration::from_millis(300);
/// So often it is waited for that; who writes without a pause is read all the same.
pub const CONFIG_UNREST_LOOKS_MAX: u32 = 20;
/// A look at thousands of files takes a while: so many times as long nobody looks, but never longer than the other.
pub const CONFIG_LOOK_PAUSE_FACTOR: u32 = 500;
pub const CONFIG_LOOK_PAUSE_MAX: Duration = Duration::from_secs(30);
/// The settings file.
pub const SETTINGS_FILE_BYTES_MAX: u64 = 1024 * 1024;
/// Groups of hosts in it, the hosts and patterns of all of them together, and how many stand inside each other. Whoever has
/// more has an inventory that writes the file.
pub const GROUPS_MAX: usize = 1_000;
pub const GROUP_TERMS_MAX: usize = 10_000;
pub const GROUP_DEPTH_MAX: usize = 16;
/// `/etc/passwd`, where it is larger we do without.
pub const PASSWD_BYTES_MAX: u64 = 4 * 1024 * 1024;

const _: () = assert!(SSH_CONFIG_FILE_BYTES_MAX <= SSH_CONFIG_BYTES_MAX);

// --- rpc and mcp -----------------------------------------------------------------------------------------------

/// One message from a client. Arguments are short; the largest legitimate ones are texts to compare against.
pub const MESSAGE_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Messages in one JSON-RPC batch. Its replies are held until the last one is there.
pub const BATCH_LENGTH_MAX: usize = 100;
/// What they may be long together, but for one that is alone: what is held of all batches is this and the largest answer.
pub const BATCH_REPLY_BYTES_MAX: usize = 64 * 1024 * 1024;
/// The JSON text of a request id. Clients count or use UUIDs; it is copied into tables and every reply.
pub const REQUEST_ID_BYTES_MAX: usize = 256;
/// Requests of one client in flight: what may run and what may wait for its turn, as the settings below.
pub const SESSION_REQUESTS_MAX: usize = EXECUTING_REQUESTS_DEFAULT + QUEUED_REQUESTS_DEFAULT;
/// What a client says in `initialize` that it can do: a few words each. It is kept as long as the session.
pub const CLIENT_CAPABILITIES_BYTES_MAX: usize = 16 * 1024;
/// The address of a resource: a scheme, a host and a path of which every byte may be escaped.
pub const RESOURCE_URI_BYTES_MAX: usize = 3 * (HOST_NAME_BYTES_MAX + PATH_BYTES_MAX) + 16;
/// Messages of one request that wait for a client to hear them; what is said faster is lost, as with any log.
pub const CALL_MESSAGES_MAX: usize = 100;
/// What one session has asked its client, and has no answer to yet.
pub const QUESTIONS_MAX: usize = 100;
/// Resources of which one session, or one request, is told when they change; each is looked at again and again.
pub const SUBSCRIPTIONS_MAX: usize = 100;
/// The same of all sessions and requests of one client on one core: a few agents of the same key, and those sessions that
/// he left without a word. All together they are 67 looks a second: little where they are questions to an SFTP server, and
/// what a core can still do beside its work where each is a program, as on this machine.
pub const WATCHES_PER_CLIENT_MAX: usize = 2 * SUBSCRIPTIONS_MAX;
/// Between two looks at a place that is watched: soon enough for people, and for a host as little as a keepalive.
pub const WATCH_EVERY: Duration = Duration::from_secs(3);
/// How long a look serves others who watch the same place: less than that, as cores do not count in step.
pub const WATCH_SHARED_FOR: Duration = Duration::from_secs(2);
/// Places of which a core remembers what was seen there since then, 300 bytes each.
pub const SIGHTS_MAX: usize = 4_096;
/// How often it forgets those: each time it goes through all of them.
pub const SIGHTS_SWEPT_EVERY: Duration = Duration::from_secs(1);
/// Resources on one page of their list, which fits into 32 KiB.
pub const RESOURCES_PAGE_MAX: usize = 100;
/// Values that complete an argument (MCP, "Completion").
pub const COMPLETIONS_MAX: usize = 100;
/// How long somebody who is typing waits for a host to complete a path.
pub const COMPLETION_PATIENCE: Duration = Duration::from_secs(2);
/// Hosts that a prompt names; a model that is to look at more finds them itself.
pub const PROMPT_HOSTS_MAX: usize = 50;
/// How often who waits for a command is told that it still runs.
pub const PROGRESS_EVERY: Duration = Duration::from_secs(1);

const _: () = assert!(WATCH_SHARED_FOR.as_millis() < WATCH_EVERY.as_millis());

// --- http ------------------------------------------------------------------------------------------------------

/// Request line and headers of one request. The largest headers are tokens of a single sign-on: a few KiB.
pub const HTTP_HEAD_BYTES_MAX: usize = 16 * 1024;
/// Headers of one request, as hyper.
pub const HTTP_HEADERS_MAX: usize = 100;
/// What is asked for. RFC 9112 §3 would have every server take so much.
pub const HTTP_TARGET_BYTES_MAX: usize = 8_000;
/// The line around it: the longest registered method has 17 letters, and `HTTP/1.1` stands behind.
pub const HTTP_REQUEST_LINE_BYTES_MAX: usize = HTTP_TARGET_BYTES_MAX + 64;
/// Empty lines before a request line.
pub const HTTP_EMPTY_LINES_MAX: u32 = 4;
/// Extensions of all chunks of one body, as hyper. Nobody uses them.
pub const HTTP_CHUNK_EXTENSIONS_BYTES_MAX: usize = 16 * 1024;
/// Trailers of one request. Nobody uses them either.
pub const HTTP_TRAILER_BYTES_MAX: usize = 4 * 1024;
/// Bodies that are still coming in, on all connections of one core together: sixteen of the largest, or thousands of
/// usual size.
pub const HTTP_INTAKE_BYTES_MAX: usize = 64 * 1024 * 1024;
/// A body that is taken even where these have all the room, so that who sends large ones by halves keeps nobody from an
/// ordinary request. All connections together hold as much of such as of the others.
pub const HTTP_SMALL_BODY_BYTES: usize = 4 * 1024;
/// Long answers that wait for their peers to take them, on all connections of one core together: eight of the longest
/// that the settings allow by default, all of it text that has to be escaped.
pub const HTTP_OUTLET_BYTES_MAX: usize = 256 * 1024 * 1024;
/// What is read ahead of the request that is being answered.
pub const HTTP_PIPELINED_BYTES_MAX: usize = 16 * 1024;
/// One read, when nothing is known of what will come: what every idle connection holds, and most requests fit in.
pub const HTTP_READ_BYTES_MIN: usize = 2 * 1024;
/// One read of a large body.
pub const HTTP_READ_BYTES_MAX: usize = 64 * 1024;
/// Answers up to this long are sent with their headers, in one write; pieces of a stream are gathered up to as much.
pub const HTTP_ONE_WRITE_BYTES_MAX: usize = 64 * 1024;
/// From a request's first byte to the end of its headers, and between two pieces of its body. Who types is not served.
pub const HTTP_HEAD_PATIENCE: Duration = Duration::from_secs(10);
pub const HTTP_BODY_GAP_MAX: Duration = Duration::from_secs(10);
/// From a request's first byte to its last: the largest at 70 KB/s.
pub const HTTP_REQUEST_PATIENCE: Duration = Duration::from_secs(60);
/// How long a connection may be without a request. Longer than the pools of most clients and proxies keep one, so that it
/// is seldom us who close it under a request.
pub const HTTP_IDLE_PATIENCE: Duration = Duration::from_secs(90);
/// How long a peer may take nothing of what we write.
pub const HTTP_WRITE_PATIENCE: Duration = Duration::from_secs(30);
/// Between two signs of life on a stream. Proxies close what has been silent for 30 to 60 s.
pub const HTTP_PULSE_EVERY: Duration = Duration::from_secs(15);
/// How long, and how much, is read and thrown away after the last answer.
pub const HTTP_LINGER: Duration = Duration::from_secs(2);
pub const HTTP_LINGER_BYTES_MAX: usize = 1024 * 1024;
/// Requests of one connection: then the client comes again, to another core if one is free.
pub const HTTP_REQUESTS_MAX: u32 = 100_000;
/// Connections of the whole process: 8 KiB each while they are idle.
pub const HTTP_CONNECTIONS_DEFAULT: usize = 16_384;
/// A chain of certificates, or a key.
pub const HTTP_CERTIFICATES_BYTES_MAX: u64 = 1024 * 1024;
/// Connections that the kernel holds for us until we take them.
pub const HTTP_BACKLOG: i32 = 1024;
/// How long one waits for the place of a connection that was told to leave, which it does at once.
pub const HTTP_ROOM_PATIENCE: Duration = Duration::from_millis(100);
/// How long nobody is taken where there is no descriptor left.
pub const HTTP_ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// How often that is said, for as long as it lasts.
pub const HTTP_ACCEPT_COMPLAINED_EVERY: Duration = Duration::from_secs(60);
/// Descriptors of one core for itself: its ring, its mail, its listener, the clock of its runtime, files that it reads.
pub const DESCRIPTORS_PER_CORE: u64 = 32;
/// Descriptors of a command of this machine, or of a connection that a program carries: three pipes, and what tells of its
/// end.
pub const DESCRIPTORS_PER_PROGRAM: u64 = 4;
/// Descriptors of the process for itself: standard streams, log, what is watched, name servers that are asked.
pub const DESCRIPTORS_OF_PROCESS: u64 = 128;

const _: () = assert!(HTTP_INTAKE_BYTES_MAX >= 16 * MESSAGE_BYTES_MAX);
const _: () = assert!(HTTP_REQUEST_LINE_BYTES_MAX < HTTP_HEAD_BYTES_MAX);
const _: () = assert!(HTTP_HEAD_PATIENCE.as_secs() <= HTTP_REQUEST_PATIENCE.as_secs());

// --- MCP over HTTP ----------------------------------------------------------------------------------------------

pub const HTTP_PORT_DEFAULT: u16 = 8000;
/// Sessions that one core keeps; each is a few kilobytes. A further one takes the place of another.
pub const HTTP_SESSIONS_MAX: usize = 10_000;
/// After which a session that nobody uses is forgotten: longer than people leave an agent alone over lunch.
pub const HTTP_SESSION_IDLE_MAX: Duration = Duration::from_secs(2 * 3_600);
/// Requests on their way to the core of their session.
pub const HTTP_ERRANDS_MAX: usize = 1_024;
/// Messages on their way from there; work goes on when they are taken.
pub const HTTP_WORDS_AHEAD: usize = 16;

// --- access ----------------------------------------------------------------------------------------------------

/// API keys of one server: each is compared with every one that is presented.
pub const API_KEYS_MAX: usize = 1_000;
/// The shortest key, as 22 characters hold 128 random bits and 16 are as few as anybody should hand out; and the longest.
pub const API_KEY_BYTES_MIN: usize = 16;
pub const API_KEY_BYTES_MAX: usize = 1_024;
/// The file of all of them: a kilobyte each.
pub const API_KEYS_FILE_BYTES_MAX: u64 = API_KEYS_MAX as u64 * 1_024;
/// Patterns of the hosts that one key is for, and what it may be called.
pub const API_KEY_HOSTS_MAX: usize = 1_000;
pub const API_KEY_NAME_CHARS_MAX: usize = 100;
/// Requests of one client over HTTP: so many in a minute, and so many at once.
pub const RATE_LIMIT_PER_MINUTE_DEFAULT: u32 = 60;
pub const RATE_LIMIT_BURST_DEFAULT: u32 = 10;
/// Upper end of both settings.
pub const RATE_LIMIT_PER_MINUTE_MAX: u32 = 100_000_000;
pub const RATE_LIMIT_BURST_MAX: u32 = 1_000_000;
/// Addresses of which it is known at once how much they have asked: 16 bytes each. With the default settings, who asks
/// once is known for a second, and at most for ten.
pub const RATE_LIMITED_ADDRESSES_MAX: usize = 16_384;
/// Likewise of keys: more than there can be, as each has to find room in the part of the table where it belongs.
pub const RATE_LIMITED_KEYS_MAX: usize = 8_192;
/// Places in such a part, which are all looked at: two lines of a processor's cache.
pub const RATE_LIMIT_PART_PLACES: usize = 8;

const _: () = {
    assert!(RATE_LIMITED_ADDRESSES_MAX.is_multiple_of(RATE_LIMIT_PART_PLACES));
    assert!(RATE_LIMITED_KEYS_MAX.is_multiple_of(RATE_LIMIT_PART_PLACES));
    assert!(RATE_LIMITED_KEYS_MAX >= 4 * API_KEYS_MAX);
};

// --- metrics ---------------------------------------------------------------------------------------------------

/// Longest time that histograms tell apart; what takes longer counts as this long.
pub const HISTOGRAM_TIME_MAX: Duration = Duration::from_secs(3600);
/// Largest size that they tell apart: one answer.
pub const HISTOGRAM_SIZE_BYTES_MAX: u64 = OUTPUT_BYTES_MAX;
/// Digits of a recorded value that are kept: an error below one per cent, for 26 KiB a histogram. Three would take 160.
pub const HISTOGRAM_DIGITS: u8 = 2;
/// All histograms of one core, two for each tool among them. Pages in which nothing was ever recorded are not resident.
pub const HISTOGRAMS_BYTES_MAX: usize = 1024 * 1024;
/// Between two looks at how much memory the process has: what comes and goes with single requests is not seen.
pub const MEMORY_LOOKED_AT_EVERY: Duration = Duration::from_secs(600);
/// How long what a probe has found out answers others: nothing to who looks every second, and all that strangers who ask
/// a thousand times a second have the cores do.
pub const PROBES_SHARED_FOR: Duration = Duration::from_millis(100);
/// How long a core may take to say that it is there. One that does its work answers within milliseconds.
pub const PULSE_PATIENCE: Duration = Duration::from_secs(1);
/// What all figures are long as Prometheus reads them: about 40 KiB, and a line for every kind of HTTP request.
pub const EXPOSITION_BYTES_MAX: usize = 256 * 1024;
/// How long a server may take to say its figures, and to be read.
pub const STATS_PATIENCE: Duration = Duration::from_secs(2);
/// People who ask a server for its figures at once.
pub const STATS_READERS_MAX: usize = 4;
/// Servers of one user that are asked; and files of which it is seen whether a server still stands behind them.
pub const STATS_SERVERS_MAX: usize = 256;
/// The figures of one server as JSON: about 4 KiB.
pub const STATS_BYTES_MAX: usize = 256 * 1024;
/// What a socket's path may be long: `sun_path` of Linux without its terminator (unix(7)).
pub const SOCKET_PATH_BYTES_MAX: usize = 107;

// --- fleet -----------------------------------------------------------------------------------------------------

/// Cores of the process; more are a mistake.
pub const CORES_MAX: usize = 1024;
/// Connections of the whole process.
pub const POOL_CONNECTIONS_DEFAULT: usize = 100;
/// How long somebody waits for room while no connection falls idle, until one of those at work takes nothing new any
/// more and makes room; and twice as long each time from there on. So much longer than a login that connections which
/// take turns like this still spend their time on work.
pub const ROOM_PATIENCE: Duration = Duration::from_secs(1);
/// Connections to one host, all but the first only while its commands wait. Four bring 32 sessions; sshd forks and runs
/// a shell for each command, which keeps as many cores busy.
pub const CONNECTIONS_PER_HOST_DEFAULT: usize = 4;
/// The least that another connection is thought to cost: less than a login takes on the wire, sshd's work not counted.
pub const DIAL_TIME_MIN: Duration = Duration::from_millis(10);
/// How long a host that refused a further connection is not asked for one.
pub const FURTHER_CONNECTION_AFTER: Duration = Duration::from_secs(60);
/// Requests that may run at once, and that may wait for their turn.
pub const EXECUTING_REQUESTS_DEFAULT: usize = 100;
pub const QUEUED_REQUESTS_DEFAULT: usize = 1_000;
/// Requests that must have been served before it is told from them how long the next ones will wait.
pub const SERVICE_SAMPLES_MIN: u32 = 8;
/// Failures of a host in a row after which it is left alone, and for how long.
pub const BREAKER_FAILURES_DEFAULT: u32 = 5;
pub const BREAKER_OPEN_DEFAULT: Duration = Duration::from_secs(60);
/// What is kept of the last failure's explanation.
pub const BREAKER_TEXT_CHARS_MAX: usize = 300;
/// Observations of a host that its own timeouts are drawn from: the last so many, and not before there are so few.
pub const PATIENCE_SAMPLES_MAX: usize = 64;
pub const PATIENCE_SAMPLES_MIN: usize = 20;
/// The shortest timeout that is drawn from them, and how many times what the slowest took.
pub const PATIENCE_MIN: Duration = Duration::from_secs(1);
pub const PATIENCE_FACTOR: u32 = 4;
/// How often work that a connection could not take goes to another one, where nobody has got anything out of the one
/// before. What a host teaches by hanging up (no sessions ahead, no SFTP, one session) it teaches in three times.
pub const FRUITLESS_CONNECTIONS_MAX: usize = 4;
/// How long an SFTP server may leave everything that was asked of it unanswered. It works on one request after the
/// other, so a file that hangs it hangs all that come behind.
pub const SFTP_SILENCE_MAX: Duration = Duration::from_secs(20);
/// The same while it brings a file to the disk, which a slow one takes minutes for.
pub const SFTP_SYNC_SILENCE_MAX: Duration = Duration::from_secs(600);
/// How long a server may take to give a session to another after it has closed its channel: one turn of sshd's loop.
pub const SESSION_FREED_AFTER: Duration = Duration::from_millis(50);
/// A way to a host on which a round trip costs more than the start of a command: a shell and its leash take 4 to 6 ms.
pub const LONG_ROUND_TRIP: Duration = Duration::from_millis(10);
/// How long a command that has ended may leave its channel open.
pub const CLOSE_GRACE: Duration = Duration::from_secs(1);
/// How long sessions are kept open ahead that only a burst of commands had a use for.
pub const SESSIONS_AHEAD_KEPT: Duration = Duration::from_secs(10);
/// How long the last words of an ended connection may take to be sent.
pub const FAREWELL_PATIENCE: Duration = Duration::from_secs(1);
/// Probes under way for one host list: each holds a socket, and the usual limit is 1,024 descriptors.
pub const PROBES_AT_ONCE_MAX: usize = 256;
/// Jump hosts on the way to one host. Each adds its round trips and a place in the pool; people use one or two.
pub const HOPS_MAX: usize = 8;
/// Answers of many hosts on their way to who asked: work goes on when they are taken, which is at once.
pub const RESULTS_AHEAD_MAX: usize = 64;
/// Names listed for someone who asked for a host that is not there.
pub const HOSTS_IN_ERROR_MAX: usize = 100;

/// How long a host that answered counts as online, and one that did not as offline.
pub const ONLINE_TTL_DEFAULT: Duration = Duration::from_secs(30);
pub const OFFLINE_TTL: Duration = Duration::from_secs(5);
/// Addresses of which it is known whether they answer: as many as there may be files of one host each.
pub const PRESENCES_MAX: usize = SSH_CONFIG_FILES_MAX;
/// Between two looks at a host in use to which there is no connection.
pub const HEALTH_CHECK_INTERVAL_DEFAULT: Duration = Duration::from_secs(30);
/// How long a host counts as in use.
pub const IN_USE_FOR: Duration = Duration::from_secs(600);
/// Hosts of which a core remembers how much they are used: 100 bytes each.
pub const HOSTS_IN_USE_MAX: usize = 4_096;
/// Checks of hosts under way on one core, each a connection to come or a socket.
pub const CHECKS_AT_ONCE_MAX: usize = 32;
/// Hosts in frequent use that are kept connected: the few that an agent works on.
pub const WARM_FREQUENT_HOSTS_DEFAULT: usize = 4;
/// Uses that make a host a frequent one. A use counts half after `USE_HALVED_AFTER`: ten at once keep a host connected
/// for 13 minutes.
pub const FREQUENT_USES_MIN: f64 = 4.0;
pub const USE_HALVED_AFTER: Duration = Duration::from_secs(600);
/// A cached text is fresh for so long, and served up to so many times as long while a fresh one is fetched.
pub const CACHE_TTL_DEFAULT: Duration = Duration::from_secs(60);
pub const CACHE_STALE_TTLS: u32 = 10;
pub const CACHE_ENTRIES_DEFAULT: usize = 100;
pub const CACHE_BYTES_DEFAULT: u64 = 16 * 1024 * 1024;
/// Upper end of that setting.
pub const CACHE_BYTES_MAX: u64 = 4 * 1024 * 1024 * 1024;

// --- io --------------------------------------------------------------------------------------------------------

/// Addresses of one name that are tried. Names with more are load balancers, of which any address will do.
pub const ADDRESSES_MAX: usize = 32;
/// How long one address may take before the next one is tried beside it (RFC 8305 §5, "Connection Attempt Delay").
pub const NEXT_ADDRESS_AFTER: Duration = Duration::from_millis(250);
/// Between the rounds of `ConnectionAttempts`, as OpenSSH.
pub const NEXT_ROUND_AFTER: Duration = Duration::from_secs(1);
/// Dials to one address that have not logged in yet: sshd begins to drop them at ten (`MaxStartups 10:30:100`), and we
/// are not its only client.
pub const STARTUPS_PER_ADDRESS_MAX: usize = 8;
/// How often a server that hangs up before the login is tried again (`MaxStartups` does so by chance), and the pause
/// before the first time, which is what a few logins take. It doubles every time and is drawn from half to one and a half
/// of that, so that all of them last half of the usual connect timeout.
pub const TURNED_AWAY_RETRIES_MAX: u32 = 8;
pub const TURNED_AWAY_PAUSE: Duration = Duration::from_millis(20);
/// What is kept of a line that a `ProxyCommand` writes to stderr.
pub const PROXY_LINE_BYTES_MAX: usize = 1024;
