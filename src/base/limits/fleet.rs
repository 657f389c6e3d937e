//! Bounds of one core and its hosts, and of what goes on beside it.

use super::SSH_CONFIG_FILES_MAX;
use crate::base::time::Duration;

// --- fleet ----------------------------------------------------------------------------------------------------------

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
/// How long a server may take to remove what was begun to be written, before its connection is closed for good.
pub const LAST_FILES_PATIENCE: Duration = Duration::from_millis(300);
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

// --- io -------------------------------------------------------------------------------------------------------------

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
/// A command that is handed to a shell which is kept on the host: the shell reads it with a system call for each byte.
pub const KEPT_SHELL_LINE_BYTES_MAX: usize = 4 * 1024;
/// How long such a shell is kept without work: a process of the host, and a session of the connection.
pub const KEPT_SHELL_IDLE_MAX: Duration = Duration::from_secs(20);
/// When one without work is told to look after its last command, which is a zombie until then.
pub const KEPT_SHELL_REAPS_AFTER: Duration = Duration::from_secs(1);
/// A shell that has not begun its command after that long, on a host where none ever ran a second one, is not waited for
/// again.
pub const KEPT_SHELL_START_MAX: Duration = Duration::from_secs(5);
/// When a host on which shells were of no use for that is tried again.
pub const KEPT_SHELL_AGAIN_AFTER: Duration = Duration::from_secs(3_600);
