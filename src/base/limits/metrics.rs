//! Bounds of what is counted.

use super::OUTPUT_BYTES_MAX;
use crate::base::time::Duration;

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
