//! Bounds of the simulated fleet.

/// Hosts of one fleet. Each has an address of its own under 127.80.0.0/16.
pub const SIMULATED_HOSTS_MAX: usize = 10_000;
