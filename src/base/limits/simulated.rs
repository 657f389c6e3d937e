//! Bounds of the simulated fleet.

use crate::base::time::Duration;

/// Hosts of one fleet. Each has an address of its own under 127.80.0.0/16.
pub const SIMULATED_HOSTS_MAX: usize = 10_000;
/// Threads that play one fleet.
pub const SIMULATED_CORES_MAX: usize = 64;
/// Entries of the large directory of every host.
pub const SIMULATED_ENTRIES_MAX: usize = 100_000;
/// Output of one session that its client has not taken: what else it asks for waits. A READ may ask for 256 KiB.
pub const SIMULATED_OUTPUT_BYTES_MAX: usize = 1024 * 1024;
/// Variables that a client may set in one session.
pub const SIMULATED_ENV_MAX: usize = 64;
/// Handles of one SFTP session, as OpenSSH's.
pub const SIMULATED_HANDLES_MAX: usize = 1000;
/// Connections that wait to be accepted: a whole fleet may be called at once.
pub const SIMULATED_BACKLOG: i32 = 4096;
/// Until the next connection is accepted where there were no descriptors for the last.
pub const SIMULATED_ACCEPT_PAUSE: Duration = Duration::from_millis(10);
/// How much later than due an answer may leave, so that those due meanwhile leave in the same turn of the loop: a wake-up
/// costs more than an answer. Two in a thousand of the 15 ms that fleets are measured at.
pub const SIMULATED_SLACK: Duration = Duration::from_micros(50);
/// A read that brings bytes sooner than this found them waiting.
pub const SIMULATED_WAIT: Duration = Duration::from_micros(200);
/// Where a way has a bandwidth, what passes in this time arrives together: a wake-up for each, as of a network card,
pub const SIMULATED_PIECE: Duration = Duration::from_millis(1);
/// and no less than a small packet.
pub const SIMULATED_PIECE_BYTES_MIN: usize = 512;
/// What one read of a connection may bring, and what is kept of one write: 16 requests at once fit, and 10,000 connections
/// hold 80 MB of it at most.
pub const SIMULATED_CONNECTION_BYTES: usize = 4 * 1024;
