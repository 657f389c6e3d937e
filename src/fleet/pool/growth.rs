//! Whether a host is worth another connection: decided from figures alone.

use crate::base::time::Duration;

/// What a host's commands wait for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Load {
    /// Commands without a session.
    pub(super) waiting: usize,
    /// What its connections give together, and what those are expected to give that are being made.
    pub(super) sessions: usize,
    pub(super) coming: usize,
    /// How long a command has its session; `None` when none has come to its end yet.
    pub(super) command_time: Option<Duration>,
    /// How long somebody has waited already.
    pub(super) waited: Duration,
    /// What another connection takes to be made.
    pub(super) dial_time: Duration,
}

impl Load {
    /// The queue takes longer to dissolve than another connection takes to be made. What somebody has waited without
    /// coming to his turn tells that as well: it may be the first commands that take long.
    pub(super) fn is_worth_a_dial(&self) -> bool {
        let waiting = self.waiting.saturating_sub(self.coming);
        waiting > 0 && self.wait(waiting).max(self.waited) > self.dial_time
    }

    /// What the last of so many has to wait: in `command_time` as many commands end as there are sessions.
    fn wait(&self, waiting: usize) -> Duration {
        let Some(time) = self.command_time else { return Duration::ZERO };
        let sessions = self.sessions.saturating_add(self.coming).max(1);
        let count = |count| u32::try_from(count).unwrap_or(u32::MAX);
        time.saturating_mul(count(waiting)) / count(sessions)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOAD: Load = Load {
        waiting: 16,
        sessions: 8,
        coming: 0,
        command_time: Some(Duration::from_millis(10)),
        waited: Duration::ZERO,
        dial_time: Duration::from_millis(15),
    };

    #[test]
    fn a_queue_that_outlasts_a_dial_is_worth_one() {
        assert!(LOAD.is_worth_a_dial());
        assert!(!Load { waiting: 12, ..LOAD }.is_worth_a_dial());
        assert!(!Load { sessions: 16, ..LOAD }.is_worth_a_dial());
        assert!(!Load { dial_time: Duration::from_millis(20), ..LOAD }.is_worth_a_dial());
    }

    #[test]
    fn connections_under_way_count() {
        assert!(!Load { coming: 8, ..LOAD }.is_worth_a_dial());
        let long = Load { waiting: 100, ..LOAD };
        assert!(Load { coming: 24, ..long }.is_worth_a_dial());
        assert!(!Load { coming: 100, waited: Duration::MAX, ..long }.is_worth_a_dial(), "all will be served");
    }

    #[test]
    fn without_experience_only_the_wait_itself_counts() {
        let new = Load { command_time: None, ..LOAD };
        assert!(!new.is_worth_a_dial());
        assert!(!Load { waited: LOAD.dial_time, ..new }.is_worth_a_dial());
        assert!(Load { waited: LOAD.dial_time * 2, ..new }.is_worth_a_dial());
    }

    #[test]
    fn nobody_waiting_is_worth_nothing_and_extremes_are_harmless() {
        assert!(!Load { waiting: 0, waited: Duration::MAX, ..LOAD }.is_worth_a_dial());
        let extreme = Load { waiting: usize::MAX, sessions: 0, command_time: Some(Duration::MAX), ..LOAD };
        assert!(extreme.is_worth_a_dial());
    }
}
