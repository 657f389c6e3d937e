//! Bounds of what the rig measures, and of what it keeps.

use crate::base::time::Duration;

/// Users of a closed loop, each of whom has a request under way: each may need a connection.
pub const RIG_USERS_MAX: usize = 100_000;
/// Loads of one measurement, and rounds.
pub const RIG_LOADS_MAX: usize = 64;
pub const RIG_ROUNDS_MAX: u32 = 100;
/// Requests a second of an open loop: more than one machine can begin.
pub const RIG_RATE_MAX: f64 = 10_000_000.0;
/// Requests of an open loop under way at once when nobody says how many.
pub const RIG_IN_FLIGHT_DEFAULT: usize = 1_000;
/// The largest weight of an operation: a round of the mix is kept whole.
pub const RIG_MIX_WEIGHT_MAX: u32 = 1_000;
/// Digits of a recorded time: an error below a thousandth, for 270 KiB a histogram, of which there are a few.
pub const RIG_DIGITS: u8 = 3;
/// The same for each second and each host, of which there are many: 13 KiB each.
pub const RIG_SERIES_DIGITS: u8 = 2;
/// Hosts up to which each has such a histogram; of more, each has one of 2 KiB, with an error below a tenth.
pub const RIG_HOSTS_IN_DETAIL: usize = 256;
pub const RIG_MANY_HOSTS_DIGITS: u8 = 1;
/// Pieces of time of one step that are told apart.
pub const RIG_MOMENTS_MAX: usize = 600;
/// Kinds of errors of one step that are told apart; more of them are all "other".
pub const RIG_ERRORS_MAX: usize = 32;
/// How long a step may take; and how many requests it may have.
pub const RIG_STEP_MAX: Duration = Duration::from_secs(7 * 24 * 3600);
pub const RIG_REQUESTS_MAX: u64 = 10_000_000_000;
/// The file of a measurement: ten thousand hosts in a dozen steps are 30 MB.
pub const RIG_RESULTS_BYTES_MAX: u64 = 512 * 1024 * 1024;
/// An answer that is measured: as long as those of this program may be, and what JSON makes of it.
pub const RIG_ANSWER_BYTES_MAX: usize = 512 * 1024 * 1024;
/// How often whoever watches is told how it goes, and how often memory is looked at.
pub const RIG_TOLD_EVERY: Duration = Duration::from_millis(250);
/// Hosts that are asked once at the same time before anything is counted.
pub const RIG_GREETED_AT_ONCE: usize = 64;
/// Processes of a server that is measured which are looked at.
pub const RIG_PROCESSES_MAX: usize = 1_024;
