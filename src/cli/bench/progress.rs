//! How it goes: one line on standard error that is written again and again, where that is a terminal; nothing else.

use std::cell::Cell;
use std::io::{self, IsTerminal, Write};

use crate::base::time::{Duration, Instant};
use crate::rig::{Load, count};

/// See the module's documentation.
pub struct Progress {
    is_shown: bool,
    steps: usize,
    /// When a look was taken last, and how many requests had been answered.
    last: Cell<Option<(Instant, u64)>>,
}

/// Where a measurement is.
pub struct Position {
    /// From 1.
    pub step: usize,
    pub load: Load,
    pub is_warmup: bool,
    pub past: Duration,
    /// Answered and failed, since the first step.
    pub ended: (u64, u64),
}

/// To the begin of the line, and all of it away (ECMA-48 `EL`).
const AFRESH: &str = "\r\x1b[K";

impl Progress {
    pub fn new(steps: usize) -> Self {
        Self { is_shown: io::stderr().is_terminal(), steps, last: Cell::new(None) }
    }

    /// Something that takes a while and has no figures yet.
    pub fn say(&self, what: &str) {
        self.write(what);
    }

    pub fn tell(&self, position: &Position, now: Instant) {
        if self.is_shown {
            let rate = self.rate(position.ended.0, now);
            self.write(&line(position, self.steps, rate));
        }
    }

    /// Leaves the line to others.
    pub fn end(&self) {
        self.write("");
    }

    fn rate(&self, done: u64, now: Instant) -> f64 {
        let before = self.last.replace(Some((now, done)));
        let Some((then, before)) = before else { return 0.0 };
        let past = now.saturating_duration_since(then).as_secs_f64();
        if past > 0.0 { per(done.saturating_sub(before), past) } else { 0.0 }
    }

    fn write(&self, line: &str) {
        if self.is_shown {
            let mut err = io::stderr().lock();
            // When standard error is closed, there is nobody left to tell.
            let _ = write!(err, "{AFRESH}{line}").and_then(|()| err.flush());
        }
    }
}

fn line(position: &Position, steps: usize, rate: f64) -> String {
    let Position { step, load, is_warmup, past, ended: (_, failed) } = position;
    let what = if *is_warmup { "warming up" } else { "measuring" };
    let failed = if *failed > 0 { format!(", {failed} failed") } else { String::new() };
    format!("{step}/{steps}  {what} {load}  {:.0} s  {}/s{failed}", past.as_secs_f64(), count(rate))
}

/// Digits that nobody sees are lost.
#[allow(clippy::cast_precision_loss)]
fn per(number: u64, seconds: f64) -> f64 {
    number as f64 / seconds
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_where_it_is() {
        let position = Position {
            step: 2,
            load: Load::Closed(10),
            is_warmup: false,
            past: Duration::from_secs(3),
            ended: (5_000, 2),
        };
        assert_eq!(line(&position, 3, 1_234.4), "2/3  measuring 10 at once  3 s  1,234/s, 2 failed");
    }
}
