//! How much each host is used. A use counts for less the longer it is ago. Pure: it is told the time.

use std::collections::HashMap;
use std::rc::Rc;

use crate::base::limits::{FREQUENT_USES_MIN, HOSTS_IN_USE_MAX, IN_USE_FOR, USE_HALVED_AFTER};
use crate::base::time::Instant;

/// See the module's documentation.
#[derive(Debug, Default)]
pub struct Usage {
    hosts: HashMap<Rc<str>, Uses>,
}

#[derive(Debug, Clone, Copy)]
struct Uses {
    /// As it was when the last one came.
    count: f64,
    last: Instant,
}

impl Uses {
    fn count_at(&self, now: Instant) -> f64 {
        let halvings =
            now.saturating_duration_since(self.last).as_secs_f64() / USE_HALVED_AFTER.as_secs_f64();
        self.count * (-halvings).exp2()
    }

    fn is_recent(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.last) < IN_USE_FOR
    }
}

impl Usage {
    /// A host was used.
    pub fn note(&mut self, host: &Rc<str>, now: Instant) {
        if let Some(uses) = self.hosts.get_mut(host) {
            *uses = Uses { count: uses.count_at(now) + 1.0, last: now };
            return;
        }
        if self.hosts.len() >= HOSTS_IN_USE_MAX {
            self.forget_half();
        }
        self.hosts.insert(Rc::clone(host), Uses { count: 1.0, last: now });
    }

    /// The hosts used of late.
    pub fn recent(&self, now: Instant) -> Vec<Rc<str>> {
        let recent = self.hosts.iter().filter(|(_, uses)| uses.is_recent(now));
        recent.map(|(host, _)| Rc::clone(host)).collect()
    }

    /// The hosts used most, at most `count`, of those used often enough.
    pub fn frequent(&self, count: usize, now: Instant) -> Vec<Rc<str>> {
        let counts = self.hosts.iter().map(|(host, uses)| (uses.count_at(now), host));
        let mut often: Vec<_> = counts.filter(|(count, _)| *count >= FREQUENT_USES_MIN).collect();
        // The name decides between equals, so that they do not take turns.
        often.sort_unstable_by(|(a, host_a), (b, host_b)| b.total_cmp(a).then_with(|| host_a.cmp(host_b)));
        often.into_iter().take(count).map(|(_, host)| Rc::clone(host)).collect()
    }

    /// Forgets the half that was not used for longest: with one sweep over very many hosts everybody comes once.
    fn forget_half(&mut self) {
        let mut times: Vec<_> = self.hosts.values().map(|uses| uses.last).collect();
        let middle = times.len() / 2;
        let (_, middle, _) = times.select_nth_unstable(middle);
        let middle = *middle;
        self.hosts.retain(|_, uses| uses.last > middle);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::time::{Duration, now};

    const MINUTE: Duration = Duration::from_secs(60);

    fn name(text: &str) -> Rc<str> {
        Rc::from(text)
    }

    fn used(usage: &mut Usage, host: &str, times: usize, at: Instant) {
        (0..times).for_each(|_| usage.note(&name(host), at));
    }

    #[test]
    fn the_most_used_hosts_come_first_until_they_are_used_no_more() {
        let start = now();
        let mut usage = Usage::default();
        used(&mut usage, "a", 10, start);
        used(&mut usage, "b", 16, start);
        used(&mut usage, "c", 3, start);
        assert_eq!(usage.frequent(4, start), [name("b"), name("a")]);
        assert_eq!(usage.frequent(1, start), [name("b")]);
        used(&mut usage, "a", 5, start + 10 * MINUTE);
        assert_eq!(usage.frequent(4, start + 10 * MINUTE), [name("a"), name("b")]);
        assert_eq!(usage.frequent(4, start + 21 * MINUTE), [name("a")]);
        assert!(usage.frequent(4, start + 60 * MINUTE).is_empty());
    }

    #[test]
    fn a_host_is_in_use_for_ten_minutes() {
        let start = now();
        let mut usage = Usage::default();
        used(&mut usage, "a", 1, start);
        assert_eq!(usage.recent(start + 9 * MINUTE), [name("a")]);
        assert!(usage.recent(start + 10 * MINUTE).is_empty());
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let start = now();
        let mut usage = Usage::default();
        for n in 0..10 * HOSTS_IN_USE_MAX {
            usage.note(&name(&format!("h{n}")), start + n as u32 * Duration::from_millis(1));
            assert!(usage.hosts.len() <= HOSTS_IN_USE_MAX);
        }
        // As many in one moment are forgotten together.
        for n in 0..2 * HOSTS_IN_USE_MAX {
            usage.note(&name(&format!("g{n}")), start + 100 * MINUTE);
            assert!(usage.hosts.len() <= HOSTS_IN_USE_MAX);
        }
    }
}
