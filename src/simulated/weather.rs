//! What befalls connections: how long things take, and when they break. Chance has a seed, so that the same fleet has
//! the same weather again.

use super::way::Way;
use crate::base::jitter::Jitter;
use crate::base::time::Duration;

/// What is to be expected.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Weather {
    /// What a connection takes until its host says the first word, once.
    pub handshake: Duration,
    /// What a command or an SFTP request takes. Those that are under way together take it together.
    pub latency: Duration,
    /// Both are this much longer or shorter, or anything between, each as likely.
    pub jitter: Duration,
    /// How likely an operation is to lose its connection, from 0 to 1.
    pub loss: f64,
    /// Bytes a second, each way on each connection; 0: as fast as they come.
    pub bandwidth: u64,
}

/// The weather over one connection.
#[derive(Debug)]
pub struct Sky {
    weather: Weather,
    luck: Jitter,
}

impl Sky {
    pub fn new(weather: Weather, seed: u64) -> Self {
        Self { weather, luck: Jitter::new(seed) }
    }

    /// Nothing takes time, nothing breaks.
    pub fn clear() -> Self {
        Self::new(Weather::default(), 0)
    }

    pub fn handshake(&self) -> Duration {
        self.vary(self.weather.handshake)
    }

    pub fn operation(&self) -> Duration {
        self.vary(self.weather.latency)
    }

    /// One direction of the connection's way; `None` where bytes take no time.
    pub fn way(&self) -> Option<Way> {
        (self.weather.bandwidth > 0).then(|| Way::new(self.weather.bandwidth))
    }

    /// Whether this operation loses its connection.
    pub fn loses(&self) -> bool {
        self.weather.loss > 0.0 && self.luck.fraction() < self.weather.loss
    }

    fn vary(&self, time: Duration) -> Duration {
        let jitter = self.weather.jitter;
        if jitter.is_zero() || time.is_zero() {
            return time;
        }
        (time + jitter.mul_f64(2.0 * self.luck.fraction())).saturating_sub(jitter)
    }
}

/// `MaxStartups` of sshd_config(5): how many connections that have not logged in yet a host bears with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Startups {
    /// From so many on some are dropped.
    pub begin: usize,
    /// This many in a hundred of those, and more and more of them.
    pub rate: usize,
    /// From so many on all are.
    pub full: usize,
}

impl Startups {
    /// `begin:rate:full`, or one number at which all are dropped.
    pub fn parse(text: &str) -> Option<Self> {
        let mut numbers = text.split(':').map(str::parse);
        let begin = numbers.next()?.ok()?;
        let (rate, full) = match (numbers.next(), numbers.next()) {
            (None, _) => (100, begin),
            (Some(rate), Some(full)) => (rate.ok()?, full.ok()?),
            (Some(_), None) => return None,
        };
        let is_sensible = numbers.next().is_none() && rate <= 100 && begin >= 1 && begin <= full;
        is_sensible.then_some(Self { begin, rate, full })
    }

    /// Whether one more is dropped beside so many, as sshd decides it (`should_drop_connection`).
    pub fn drops(self, startups: usize, luck: &Jitter) -> bool {
        if startups < self.begin || startups >= self.full {
            return startups >= self.full;
        }
        let (more, most) = (startups - self.begin, self.full - self.begin);
        let per_cent = self.rate + (100 - self.rate) * more / most;
        luck.fraction() * 100.0 < per_cent as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn times_vary_around_what_is_expected() {
        let weather = Weather { handshake: 10 * MS, latency: 15 * MS, jitter: 5 * MS, ..Weather::default() };
        let draw = |seed| {
            let sky = Sky::new(weather, seed);
            (0..1000).map(|_| sky.operation()).collect::<Vec<_>>()
        };
        let times = draw(1);
        assert!(times.iter().all(|time| (10 * MS..=20 * MS).contains(time)));
        assert!(times.iter().filter(|time| **time < 15 * MS).count().abs_diff(500) < 60);
        assert_eq!(draw(1), times);
        assert_ne!(draw(2), times);
        let sky = Sky::new(Weather { jitter: 50 * MS, ..weather }, 1);
        assert!((0..100).any(|_| sky.handshake().is_zero()), "it is never less than nothing");
        assert_eq!(Sky::new(Weather { jitter: Duration::ZERO, ..weather }, 1).operation(), 15 * MS);
        assert!(Sky::clear().handshake().is_zero() && Sky::clear().operation().is_zero());
    }

    #[test]
    fn as_many_are_lost_as_expected() {
        let lost = |loss| {
            let sky = Sky::new(Weather { loss, ..Weather::default() }, 7);
            (0..10_000).filter(|_| sky.loses()).count()
        };
        assert_eq!((lost(0.0), lost(1.0)), (0, 10_000));
        assert!(lost(0.01).abs_diff(100) < 40);
    }

    #[test]
    fn startups_as_in_sshd_config() {
        let startups = |begin, rate, full| Some(Startups { begin, rate, full });
        assert_eq!(Startups::parse("10:30:100"), startups(10, 30, 100));
        assert_eq!(Startups::parse("10"), startups(10, 100, 10));
        for wrong in ["", "0", "x", "10:30", "10:101:100", "10:30:9", "1:2:3:4"] {
            assert_eq!(Startups::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn more_and_more_are_dropped() {
        let startups = Startups { begin: 10, rate: 30, full: 100 };
        let luck = Jitter::new(1);
        let dropped = |beside| (0..1000).filter(|_| startups.drops(beside, &luck)).count();
        assert_eq!((dropped(9), dropped(100)), (0, 1000));
        assert!(dropped(10).abs_diff(300) < 60);
        assert!(dropped(55).abs_diff(650) < 60);
        assert!(dropped(99) > 950);
    }
}
