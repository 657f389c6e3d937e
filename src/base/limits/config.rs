//! Bounds of files that say how to behave.

use crate::base::time::Duration;

/// One SSH configuration file. 10,000 hosts of ten lines are about 3 MiB.
pub const SSH_CONFIG_FILE_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// All SSH configuration files together, each counted as often as it is included.
pub const SSH_CONFIG_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// Files read for one configuration: one host per file, for as many hosts as we promise to hold.
pub const SSH_CONFIG_FILES_MAX: usize = 16_384;
/// `Include` inside `Include`, as OpenSSH's `READCONF_MAX_DEPTH`.
pub const SSH_CONFIG_INCLUDE_DEPTH_MAX: usize = 16;
/// What `HostName` may come to: longer than any name of DNS, and than what the system resolves (`NI_MAXHOST`).
pub const SSH_CONFIG_HOST_NAME_BYTES_MAX: usize = 1_024;
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
