//! Bounds of what may be asked of a host, and of what it answers.

use super::{
    SFTP_CHANNEL_WINDOW_BYTES, SFTP_FILE_WINDOW_BYTES_MAX, SFTP_READ_BYTES_MAX, SFTP_SESSION_WINDOW_BYTES_MAX,
};
use crate::base::time::Duration;

// --- targets and arguments ------------------------------------------------------------------------------------------

/// Longest host name, as in DNS (RFC 1035 §2.3.4).
pub const HOST_NAME_BYTES_MAX: usize = 253;
/// Longest remote path: Linux's `PATH_MAX` without its terminator.
pub const PATH_BYTES_MAX: usize = 4095;
/// Longest command text. Far above any read-only command, far below a remote `ARG_MAX`.
pub const COMMAND_BYTES_MAX: usize = 64 * 1024;
/// Commands of one pipeline: each is a process on the host.
pub const COMMAND_STAGES_MAX: usize = 100;
/// Longest command line as a host gets it, with every quote of it quoted for its shell and for ours: one argument of a
/// program on Linux (`MAX_ARG_STRLEN`) without its terminator.
pub const COMMAND_LINE_BYTES_MAX: usize = 128 * 1024 - 1;
/// A list of hosts and patterns: a thousand names of usual length, and what that makes.
pub const HOST_LIST_BYTES_MAX: usize = 16 * 1024;
pub const HOST_LIST_TERMS_MAX: usize = 1_024;
/// The patterns among them, each of which is tried on every name: all of one request, and of one batch.
pub const HOST_PATTERNS_BYTES_MAX: usize = 1_024;
pub const BATCH_PATTERNS_BYTES_MAX: usize = 4 * HOST_PATTERNS_BYTES_MAX;
/// Places that one request looks at: as many as we promise to know hosts.
pub const PLACES_MAX: usize = 10_000;

// --- what operations return -----------------------------------------------------------------------------------------

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
/// What a transfer may bring over a way, by which is told how many pieces are on it: 10 Gbit/s.
pub const TRANSFER_BYTES_PER_MICROSECOND: u128 = 1250;
/// What may be the host's of what is taken for the time of a way.
pub const TRANSFER_WAY_DOUBT: Duration = Duration::from_millis(5);
/// Pieces between the core that reads and the one that writes.
pub const TRANSFER_PIECES_WAITING: usize = 2;
/// Pieces that are written and not yet answered for: more than a server's window, which is 2 MiB with OpenSSH.
pub const TRANSFER_WRITES_AHEAD: usize =
    (SFTP_CHANNEL_WINDOW_BYTES as u64 / TRANSFER_PIECE_BYTES) as usize + 1;
/// Transfers that one core is asked for at once; each holds two dozen pieces at most, 12 MiB.
pub const TRANSFERS_MAX: usize = 8;
/// Transfers to the hosts of one core that may be gone on with, asked for by all cores: their files are told apart.
pub const TRANSFERS_RESUMED_MAX: usize = 1024;
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
/// A pattern to be searched for. With every byte of it quoted it is four times as long, and has to fit into one argument of
/// a program with the rest of our script: 128 KiB on Linux (`MAX_ARG_STRLEN`).
pub const SEARCH_PATTERN_BYTES_MAX: usize = 16 * 1024;
/// What is kept of one of them while it is read, shown of it, and shown of what stands before the place: programs write
/// lines of megabytes.
pub const SEARCH_LINE_BYTES_MAX: usize = 16 * 1024;
pub const SEARCH_SHOWN_BYTES_MAX: usize = 400;
pub const SEARCH_BEFORE_BYTES: usize = 100;
/// Lines that are shown before and after each of them, and how many bytes of such lines in all: 10,000 of a usual length.
pub const SEARCH_CONTEXT_MAX: usize = 20;
pub const SEARCH_CONTEXT_BYTES_MAX: usize = 1024 * 1024;
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
/// What of a file lines are looked for in here; the host looks further.
pub const READ_SKIPPED_BYTES_MAX: u64 = 8 * 1024 * 1024;
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
