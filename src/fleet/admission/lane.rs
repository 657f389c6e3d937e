//! What is bounded on one host: the commands that its sessions can run, or its file operations. Pure.

use super::line::{Line, Number, Numbers};
use super::queue::Flow;
use super::shares::CLASSES;
use crate::base::limits;
use crate::base::time::Duration;
use crate::fleet::Class;

/// What work needs of its host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Need {
    /// A share of the channel that serves files.
    Files,
    /// A session of its own.
    Session,
}

/// The work of one kind on one host.
#[derive(Debug, Default)]
pub(super) struct Lane {
    width: usize,
    busy: usize,
    /// Flows that wait for room here. There are none while there is room for which no flow stands ready.
    parked: [Line<Flow>; CLASSES.len()],
    numbers: Numbers,
    /// How many wait, and in how many flows.
    waiting: [Waiting; CLASSES.len()],
    pub(super) service: Service,
}

/// How many of one class wait in a lane.
#[derive(Debug, Default, Clone, Copy)]
struct Waiting {
    requests: usize,
    flows: usize,
}

/// How long work takes in a lane: an average in which the last eight weigh the most.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Service {
    samples: u32,
    mean: Duration,
}

impl Lane {
    pub(super) fn has_room(&self) -> bool {
        self.room() > 0
    }

    fn room(&self) -> usize {
        self.width.saturating_sub(self.busy)
    }

    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// Returns how much more room there is now.
    pub(super) fn set_width(&mut self, width: usize) -> usize {
        let before = self.room();
        self.width = width;
        self.room().saturating_sub(before)
    }

    pub(super) fn begin(&mut self) {
        self.busy += 1;
    }

    pub(super) fn end(&mut self) {
        self.busy -= 1;
    }

    pub(super) fn park(&mut self, flow: Flow) -> Number {
        self.parked[flow.class as usize].join(&mut self.numbers, flow)
    }

    /// A parked flow has nobody left.
    pub(super) fn leave(&mut self, class: Class, number: Number) {
        self.parked[class as usize].leave(number);
    }

    /// The parked flow for which there is room next.
    pub(super) fn unpark(&mut self) -> Option<Flow> {
        self.parked.iter_mut().find_map(Line::take_first)
    }

    pub(super) fn joined(&mut self, class: Class, is_first_of_flow: bool) {
        let waiting = &mut self.waiting[class as usize];
        waiting.requests += 1;
        waiting.flows += usize::from(is_first_of_flow);
    }

    pub(super) fn left(&mut self, class: Class, is_last_of_flow: bool) {
        let waiting = &mut self.waiting[class as usize];
        waiting.requests -= 1;
        waiting.flows -= usize::from(is_last_of_flow);
    }

    /// How many are served here before a newcomer whose flow has `own` waiting: those of more urgent classes, and as
    /// flows take turns, as many of every other flow as of his own.
    pub(super) fn ahead(&self, class: Class, own: usize) -> usize {
        let (urgent, equal) = self.waiting.split_at(class as usize);
        let equal = equal.first().copied().unwrap_or_default();
        urgent.iter().map(|waiting| waiting.requests).sum::<usize>()
            + equal.requests.min(own * equal.flows.max(1))
    }
}

impl Service {
    pub(super) fn note(&mut self, took: Duration) {
        self.samples = self.samples.saturating_add(1);
        self.mean = match self.samples {
            1 => took,
            samples => {
                let weight = samples.min(8);
                (self.mean * (weight - 1) + took) / weight
            }
        };
    }

    /// How long it takes until `width` places have served `ahead` others: the least that is to be expected. `None` as
    /// long as too little is known.
    pub(super) fn expected_wait(&self, ahead: usize, width: usize) -> Option<Duration> {
        let rounds = u32::try_from(ahead / width.max(1)).unwrap_or(u32::MAX);
        (self.samples >= limits::SERVICE_SAMPLES_MIN).then(|| self.mean.saturating_mul(rounds))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn the_wait_is_what_those_ahead_take() {
        let mut service = Service::default();
        for _ in 1..limits::SERVICE_SAMPLES_MIN {
            service.note(2 * SECOND);
        }
        assert_eq!(service.expected_wait(1_000, 1), None, "too little is known");
        service.note(2 * SECOND);
        assert_eq!(service.expected_wait(7, 8), Some(Duration::ZERO));
        assert_eq!(service.expected_wait(80, 8), Some(20 * SECOND));
        for _ in 0..40 {
            service.note(SECOND / 10);
        }
        assert!(service.expected_wait(80, 8).unwrap() < 2 * SECOND, "the host became faster");
        assert!(service.expected_wait(usize::MAX, 1).is_some());
    }

    #[test]
    fn flows_take_turns_so_a_long_one_does_not_hold_up_a_short_one() {
        let mut lane = Lane::default();
        (0..500).for_each(|index| lane.joined(Class::Batch, index == 0));
        (0..3).for_each(|index| lane.joined(Class::Batch, index == 0));
        lane.joined(Class::Interactive, true);
        assert_eq!(lane.ahead(Class::Interactive, 0), 0);
        assert_eq!(lane.ahead(Class::Batch, 3), 1 + 2 * 3);
        assert_eq!(lane.ahead(Class::Batch, 500), 1 + 503);
        assert_eq!(lane.ahead(Class::Background, 0), 504);
    }

    #[test]
    fn width_tells_how_much_room_there_is_more() {
        let mut lane = Lane::default();
        assert_eq!(lane.set_width(8), 8);
        (0..8).for_each(|_| lane.begin());
        assert_eq!(lane.set_width(3), 0);
        assert_eq!(lane.set_width(10), 2);
        assert!(lane.has_room());
        assert_eq!(lane.set_width(12), 2);
    }
}
