//! What a server needs of the descriptors that a process may have, and what it does with fewer.

use crate::base::limits::{
    CHECKS_AT_ONCE_MAX, DESCRIPTORS_OF_PROCESS, DESCRIPTORS_PER_CORE, DESCRIPTORS_PER_PROGRAM,
    PROBES_AT_ONCE_MAX,
};
use crate::config::Settings;
use crate::io::descriptors;

/// Has the process be given what a server without HTTP needs.
pub fn provide(settings: &Settings, cores: usize) {
    descriptors::raise(needed(settings, cores));
}

/// Has the process be given what a server needs; how many HTTP connections it may have then.
pub fn connections_max(settings: &Settings, cores: usize) -> usize {
    let (wanted, needed) = (settings.http_max_connections, needed(settings, cores));
    let descriptors = descriptors::raise(needed + wanted as u64);
    let max = spare(descriptors, needed).min(wanted);
    if max < wanted {
        tracing::warn!(
            "http_max_connections: {max} instead of {wanted}, as this process may have no more than {descriptors} \
             descriptors (ulimit -n, LimitNOFILE of systemd)"
        );
    }
    max
}

/// Beside those of HTTP connections.
fn needed(settings: &Settings, cores: usize) -> u64 {
    let count = |count: usize| count as u64;
    // Either may be a program.
    let programs = count(settings.max_pool_size) + count(settings.max_concurrency);
    DESCRIPTORS_OF_PROCESS
        + DESCRIPTORS_PER_CORE * count(cores)
        + DESCRIPTORS_PER_PROGRAM * programs
        + count(PROBES_AT_ONCE_MAX + CHECKS_AT_ONCE_MAX * cores)
}

/// What is left of them, and a part in any case.
fn spare(descriptors: u64, needed: u64) -> usize {
    let left = descriptors.saturating_sub(needed).max(descriptors / 4).max(1);
    usize::try_from(left).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[test]
    fn connections_leave_descriptors_for_the_rest() {
        let needed = needed(&testing::settings(), 2);
        assert!((1_000..2_000).contains(&needed), "{needed}");
        for (descriptors, left) in [(20_000, 19_000), (1_200, 300), (3, 1), (0, 1)] {
            assert_eq!(spare(descriptors, 1_000), left, "{descriptors}");
        }
    }
}
