//! That a host did not let us in, of late. Asked with the same keys it says the same again, and it pays for every login;
//! one that counts refusals (fail2ban) shuts out whoever does not stop. So it is left alone: for a moment after the first
//! time, and for longer the more often it has refused in a row. Pure.

use crate::base::error::{Error, Result};
use crate::base::limits::{REFUSED_LOGIN_PAUSE, REFUSED_LOGIN_PAUSE_FACTOR, REFUSED_LOGIN_PAUSE_MAX};
use crate::base::refusal::Reason;
use crate::base::time::{Duration, Instant};

/// See the module's documentation.
#[derive(Debug, Default)]
pub struct LoginMemory {
    refused: Option<Refused>,
}

#[derive(Debug)]
struct Refused {
    error: Error,
    at: Instant,
    pause: Duration,
}

impl LoginMemory {
    /// Whether a login may be tried. Errors: what the host said the last time, and when it is asked again.
    pub fn check(&self, now: Instant) -> Result<()> {
        let Some(Refused { error, at, pause }) = &self.refused else { return Ok(()) };
        let ago = now.saturating_duration_since(*at);
        match pause.checked_sub(ago) {
            Some(left) if !left.is_zero() => {
                let left = left.as_millis().div_ceil(1_000);
                let text = format!("{error} (refused {}s ago; tried again in {left}s)", ago.as_secs());
                Err(Error::refused(Reason::Login, error.kind(), text))
            }
            _ => Ok(()),
        }
    }

    /// The host did not take what there is to log in with.
    pub fn note_refused(&mut self, error: &Error, now: Instant) {
        let before = self.refused.as_ref().map(|refused| refused.pause);
        let pause = before.map_or(REFUSED_LOGIN_PAUSE, |pause| {
            (pause * REFUSED_LOGIN_PAUSE_FACTOR).min(REFUSED_LOGIN_PAUSE_MAX)
        });
        self.refused = Some(Refused { error: error.clone(), at: now, pause });
    }

    /// It let us in, or there may be something else to log in with.
    pub fn forget(&mut self) {
        self.refused = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Kind, time};

    const SECOND: Duration = Duration::from_secs(1);

    fn refusal() -> Error {
        Error::new(Kind::Authentication, "h1 refused: 1 key tried")
    }

    #[test]
    fn the_error_says_that_it_is_remembered() {
        let (mut memory, now) = (LoginMemory::default(), time::now());
        assert_eq!(memory.check(now), Ok(()));
        memory.note_refused(&refusal(), now);
        let error = memory.check(now + SECOND * 3 / 2).unwrap_err();
        assert_eq!(error.kind(), Kind::Authentication);
        assert_eq!(error.message(), "h1 refused: 1 key tried (refused 1s ago; tried again in 4s)");
        assert_eq!(memory.check(now + 5 * SECOND), Ok(()));
        memory.note_refused(&refusal(), now + 5 * SECOND);
        assert!(memory.check(now + 44 * SECOND).is_err(), "longer the second time");
        memory.forget();
        assert_eq!(memory.check(now + 6 * SECOND), Ok(()));
        memory.note_refused(&refusal(), now + 6 * SECOND);
        assert_eq!(memory.check(now + 11 * SECOND), Ok(()), "and it begins anew");
    }

    #[test]
    fn whoever_asks_all_the_time_stays_below_what_fail2ban_takes() {
        let (mut memory, begun) = (LoginMemory::default(), time::now());
        let mut logins = Vec::new();
        for tenths in 0..36_000 {
            let now = begun + tenths * SECOND / 10;
            if memory.check(now).is_ok() {
                logins.push(now);
                memory.note_refused(&refusal(), now + SECOND / 100);
            }
        }
        let in_ten_minutes = |from: Instant| {
            logins.iter().filter(|login| (from..from + 600 * SECOND).contains(*login)).count()
        };
        assert!(logins.iter().all(|login| in_ten_minutes(*login) < 5), "{}", logins.len());
        assert!((12..16).contains(&logins.len()), "and it is not given up");
    }
}
