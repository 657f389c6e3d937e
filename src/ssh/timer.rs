//! Deadlines of one connection, and the keepalive that sets one of them.

use std::time::{Duration, Instant};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timer {
    /// A login that nobody waits for has to be done by then.
    Login,
    /// The peer has been silent long enough to be asked.
    Keepalive,
    /// A key exchange on an established connection has to be over by then.
    Exchange,
    /// The keys have served their time.
    Rekey,
    /// Something began while no time was known: look at it at once.
    Now,
}

#[derive(Debug, Default)]
pub struct Timers([Option<Instant>; 5]);

impl Timers {
    pub fn set(&mut self, timer: Timer, at: Instant) {
        self.0[timer as usize] = Some(at);
    }

    pub fn stop(&mut self, timer: Timer) {
        self.0[timer as usize] = None;
    }

    /// Sets `timer` unless it is set.
    pub fn start(&mut self, timer: Timer, at: Instant) {
        self.0[timer as usize].get_or_insert(at);
    }

    /// The earliest deadline.
    pub fn next(&self) -> Option<Instant> {
        self.0.iter().flatten().min().copied()
    }

    /// Whether `timer` is due; it is stopped then.
    pub fn expire(&mut self, timer: Timer, now: Instant) -> bool {
        let is_due = self.0[timer as usize].is_some_and(|at| at <= now);
        if is_due {
            self.stop(timer);
        }
        is_due
    }
}

/// How to notice that a peer is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keepalive {
    /// Silence after which the peer is asked for a sign of life.
    pub interval: Duration,
    /// Questions that may stay unanswered.
    pub missed_max: u32,
}

/// Questions for a sign of life that were sent.
#[derive(Debug, Default)]
pub struct Questions {
    unanswered: u32,
    /// When the first of them left.
    since: Option<Instant>,
    answered_in: Option<Duration>,
}

impl Questions {
    pub fn ask(&mut self, now: Instant) {
        if self.unanswered == 0 {
            self.since = Some(now);
        }
        self.unanswered = self.unanswered.saturating_add(1);
    }

    /// False when nothing was asked.
    pub fn answer(&mut self, now: Instant) -> bool {
        let Some(left) = self.unanswered.checked_sub(1) else { return false };
        self.unanswered = left;
        if let Some(since) = self.since.take() {
            self.answered_in = Some(now.saturating_duration_since(since));
        }
        true
    }

    /// How long an answer took, once for each that is known.
    pub fn take_answered_in(&mut self) -> Option<Duration> {
        self.answered_in.take()
    }
}

/// When keys are renewed, besides the bounds of each cipher.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rekey {
    /// Traffic in one direction under one key.
    pub bytes: Option<u64>,
    /// Age of the keys.
    pub interval: Option<Duration>,
}

impl Keepalive {
    /// Between two questions: the last may go unanswered for as long as any other, and yet the peer is known to be gone
    /// when it has been silent for `missed_max` intervals. A single question has an interval of its own.
    fn pause(&self) -> Duration {
        match self.missed_max {
            0 | 1 => self.interval,
            questions => self.interval * (questions - 1) / questions,
        }
    }
}

/// What the peer's silence means so far. The deadline is moved when it fires, not with every packet.
#[derive(Debug)]
pub struct Liveness {
    keepalive: Keepalive,
    /// In its place while somebody waits for an answer.
    pressing: Option<Keepalive>,
    /// When the peer was last heard, or somebody began to wait.
    heard: Instant,
    missed: u32,
}

/// What to do when the deadline fires.
#[derive(Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It was heard in time; look again then.
    Alive(Instant),
    /// Ask, and look again then.
    Ask(Instant),
    Gone {
        missed: u32,
    },
}

impl Liveness {
    pub fn new(keepalive: Keepalive, now: Instant) -> Self {
        Self { keepalive, pressing: None, heard: now, missed: 0 }
    }

    pub fn heard(&mut self, now: Instant) {
        self.heard = now;
        self.missed = 0;
    }

    /// From now on silence of this length means that the peer is gone, be it no longer than usual: it is asked three
    /// times in it, the first time after a third. `None`: as usual. Returns when to look again.
    pub fn press(&mut self, silence: Option<Duration>, now: Instant) -> Instant {
        let most = self.keepalive.interval * self.keepalive.missed_max.max(1);
        self.pressing = silence.map(|silence| Keepalive { interval: silence.min(most) / 3, missed_max: 3 });
        if self.missed > 0 {
            return now + self.terms().pause();
        }
        if silence.is_some() {
            self.heard = now;
        }
        self.deadline()
    }

    pub fn deadline(&self) -> Instant {
        self.heard + self.terms().interval
    }

    pub fn judge(&mut self, now: Instant) -> Verdict {
        if self.missed == 0 && self.deadline() > now {
            return Verdict::Alive(self.deadline());
        }
        let terms = self.terms();
        if self.missed >= terms.missed_max {
            return Verdict::Gone { missed: self.missed };
        }
        self.missed += 1;
        Verdict::Ask(now + terms.pause())
    }

    fn terms(&self) -> Keepalive {
        self.pressing.unwrap_or(self.keepalive)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn silence_is_asked_about_and_then_judged() {
        let start = crate::base::time::now();
        let mut liveness = Liveness::new(Keepalive { interval: 4 * SECOND, missed_max: 2 }, start);
        assert_eq!(liveness.judge(start + SECOND), Verdict::Alive(start + 4 * SECOND));
        assert_eq!(liveness.judge(start + 4 * SECOND), Verdict::Ask(start + 6 * SECOND));
        assert_eq!(liveness.judge(start + 6 * SECOND), Verdict::Ask(start + 8 * SECOND));
        liveness.heard(start + 7 * SECOND);
        assert_eq!(liveness.judge(start + 8 * SECOND), Verdict::Alive(start + 11 * SECOND));
        assert_eq!(liveness.judge(start + 11 * SECOND), Verdict::Ask(start + 13 * SECOND));
        assert_eq!(liveness.judge(start + 13 * SECOND), Verdict::Ask(start + 15 * SECOND));
        assert_eq!(liveness.judge(start + 15 * SECOND), Verdict::Gone { missed: 2 });
    }

    #[test]
    fn five_seconds_and_three_questions_are_fifteen_seconds() {
        let start = crate::base::time::now();
        for (missed_max, late) in [(1, 10), (2, 10), (3, 15), (12, 60)] {
            let mut liveness = Liveness::new(Keepalive { interval: 5 * SECOND, missed_max }, start);
            let mut at = liveness.deadline();
            while let Verdict::Ask(next) = liveness.judge(at) {
                at = next;
            }
            let error = (at - start).abs_diff(late * SECOND);
            assert!(error < Duration::from_micros(1), "{missed_max}: {:?}", at - start);
        }
    }

    #[test]
    fn who_is_waited_for_has_less_time() {
        let start = crate::base::time::now();
        let mut liveness = Liveness::new(Keepalive { interval: 5 * SECOND, missed_max: 3 }, start);
        let begun = start + 4 * SECOND;
        assert_eq!(liveness.press(Some(3 * SECOND), begun), begun + SECOND, "silence before does not count");
        let pause = SECOND * 2 / 3;
        assert_eq!(liveness.judge(begun + SECOND), Verdict::Ask(begun + SECOND + pause));
        let (usual, later) = (5 * SECOND * 2 / 3, begun + 2 * SECOND);
        assert_eq!(liveness.press(None, later), later + usual);
        assert_eq!(liveness.press(Some(3 * SECOND), later), later + pause, "a question is out");
        assert_eq!(liveness.judge(later), Verdict::Ask(later + pause));
        assert_eq!(liveness.judge(later), Verdict::Ask(later + pause));
        assert_eq!(liveness.judge(later), Verdict::Gone { missed: 3 });
        assert_eq!(liveness.press(Some(60 * SECOND), later), later + usual, "no longer than usual");
    }

    #[test]
    fn of_several_questions_the_first_is_timed() {
        let start = crate::base::time::now();
        let mut questions = Questions::default();
        assert!(!questions.answer(start), "nobody asked");
        questions.ask(start);
        questions.ask(start + SECOND);
        assert!(questions.answer(start + 2 * SECOND));
        assert_eq!(questions.take_answered_in(), Some(2 * SECOND));
        assert!(questions.answer(start + 3 * SECOND));
        assert_eq!(questions.take_answered_in(), None);
    }

    #[test]
    fn the_earliest_deadline_is_next() {
        let start = crate::base::time::now();
        let mut timers = Timers::default();
        timers.set(Timer::Keepalive, start + 2 * SECOND);
        timers.set(Timer::Rekey, start + SECOND);
        assert_eq!(timers.next(), Some(start + SECOND));
        assert!(!timers.expire(Timer::Rekey, start));
        assert!(timers.expire(Timer::Rekey, start + SECOND));
        assert_eq!(timers.next(), Some(start + 2 * SECOND));
    }
}
