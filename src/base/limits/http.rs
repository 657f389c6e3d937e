//! Bounds of what comes by HTTP, and of who may come.

use super::MESSAGE_BYTES_MAX;
use crate::base::time::Duration;

// --- http -----------------------------------------------------------------------------------------------------------

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

// --- access ---------------------------------------------------------------------------------------------------------

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
