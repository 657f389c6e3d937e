//! Whether a host is worth another connection: decided from figures alone.

use crate::base::time::Duration;

/// What a host's commands wait for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Load {
    /// Commands without a session.
    pub(super) waiting: usize,
    /// What its connections give together.
    pub(super) sessions: usize,
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
        self.waiting > 0 && self.wait().max(self.waited) > self.dial_time
    }

    /// What the last one has to wait: as many commands end in `command_time` as there are sessions.
    fn wait(&self) -> Duration {
        let Some(time) = self.command_time else { return Duration::ZERO };
        let waiting = u32::try_from(self.waiting).unwrap_or(u32::MAX);
        time.saturating_mul(waiting) / u32::try_from(self.sessions.max(1)).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOAD: Load = Load {
        waiting: 16,
        sessions: 8,
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
