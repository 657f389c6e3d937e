//! What each class of work may have of the rights to execute. Pure.
//!
//! The right is used for as long as the work takes, so it is measured in time, not in turns: an hour-long background
//! task is not the same as a file read. Every class has used so much (rights held x time / weight); of those that want
//! one more, the one that has used the least is next. But a less urgent class that holds its share of the rights already
//! lets others go first: what has begun cannot be taken back. Alone, a class may have what its bound allows.

use crate::base::time::{Duration, Instant};
use crate::fleet::Class;

pub(super) const CLASSES: [Class; 3] = [Class::Interactive, Class::Batch, Class::Background];

/// How far a class that wants little may fall behind the others: so much it may catch up, which is ten seconds of one
/// right for the least urgent class, and so long a debt for something long is remembered.
const LAG_MAX: Duration = Duration::from_secs(640);

/// See the module's documentation.
#[derive(Debug)]
pub(super) struct Shares {
    /// Rights of the whole process.
    rights: usize,
    at: Option<Instant>,
    uses: [Use; CLASSES.len()],
}

#[derive(Debug, Default, Clone, Copy)]
struct Use {
    held: usize,
    /// Rights x nanoseconds x weight of the most urgent class / own weight.
    spent: u128,
}

/// One right in so many goes to each class when all want more than there is.
const fn weight(class: Class) -> u128 {
    match class {
        Class::Interactive => 64,
        Class::Batch => 8,
        Class::Background => 1,
    }
}

impl Shares {
    pub(super) fn new(rights: usize) -> Self {
        Self { rights, at: None, uses: Default::default() }
    }

    /// The class whose turn it is of those that `want` one.
    pub(super) fn next(&mut self, now: Instant, wants: impl Fn(Class) -> bool) -> Option<Class> {
        self.advance(now);
        let candidates = CLASSES.into_iter().filter(|class| self.has_room(*class) && wants(*class));
        candidates.min_by_key(|class| (self.yields(*class), self.uses[*class as usize].spent, *class))
    }

    pub(super) fn begin(&mut self, class: Class, now: Instant) {
        self.advance(now);
        self.uses[class as usize].held += 1;
    }

    pub(super) fn end(&mut self, class: Class, now: Instant) {
        self.advance(now);
        self.uses[class as usize].held -= 1;
    }

    /// How many are at work.
    pub(super) fn held(&self) -> usize {
        self.uses.iter().map(|used| used.held).sum()
    }

    /// Whether the class is below its bound.
    pub(super) fn has_room(&self, class: Class) -> bool {
        let reserve = self.rights / 16;
        let most = match class {
            Class::Interactive => usize::MAX,
            // So that somebody who waits for one answer does not have to wait for the end of what is long.
            Class::Batch => self.rights - reserve,
            Class::Background => reserve,
        };
        self.uses[class as usize].held < most.max(1)
    }

    /// Whether a less urgent class holds as many rights as it would have if all classes wanted more than there are.
    fn yields(&self, class: Class) -> bool {
        let all: u128 = CLASSES.into_iter().map(weight).sum();
        let has_share = self.uses[class as usize].held as u128 * all >= self.rights as u128 * weight(class);
        class != Class::Interactive && has_share
    }

    fn advance(&mut self, now: Instant) {
        let elapsed = self.at.map_or(0, |at| now.saturating_duration_since(at).as_nanos());
        self.at = Some(now);
        for class in CLASSES {
            let used = &mut self.uses[class as usize];
            used.spent += elapsed * used.held as u128 * weight(Class::Interactive) / weight(class);
        }
        let most = self.uses.iter().map(|used| used.spent).max().unwrap_or_default();
        for used in &mut self.uses {
            used.spent = used.spent.max(most.saturating_sub(LAG_MAX.as_nanos()));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cmp::Reverse;
    use std::collections::BinaryHeap;

    use super::*;

    /// Lets every class want as much as it gets for a while, each right for `took`; how long each class had rights.
    fn crowd(rights: usize, took: [Duration; 3]) -> [Duration; 3] {
        let mut shares = Shares::new(rights);
        let start = crate::base::time::now();
        let mut running = BinaryHeap::new();
        let mut had = [Duration::ZERO; 3];
        let mut now = start;
        while now < start + Duration::from_secs(60) {
            while running.len() < rights
                && let Some(class) = shares.next(now, |_| true)
            {
                shares.begin(class, now);
                running.push(Reverse((now + took[class as usize], class)));
                had[class as usize] += took[class as usize];
            }
            let Reverse((end, class)) = running.pop().unwrap();
            now = end;
            shares.end(class, now);
        }
        had
    }

    #[test]
    fn time_is_shared_by_weight_however_long_one_turn_is() {
        let quick = Duration::from_millis(10);
        for slow in [quick, Duration::from_secs(1)] {
            let [interactive, batch, background] = crowd(100, [quick, slow, slow]);
            let all = interactive + batch + background;
            assert!(background * 100 < all * 4, "{background:?} of {all:?}");
            assert!(background * 200 > all, "{background:?} of {all:?}");
            assert!(batch * 100 < all * 16 && batch * 100 > all * 5, "{batch:?} of {all:?}");
        }
    }

    #[test]
    fn even_a_single_right_goes_round() {
        let [interactive, batch, background] = crowd(1, [Duration::from_millis(10); 3]);
        assert!(interactive > 5 * batch && batch > 3 * background && !background.is_zero());
    }

    #[test]
    fn rest_earns_no_more_than_a_moment() {
        let start = crate::base::time::now();
        let mut shares = Shares::new(4);
        for _ in 0..4 {
            shares.begin(Class::Interactive, start);
        }
        let mut now = start + Duration::from_secs(3_600);
        let mut turns = [0; 3];
        for _ in 0..20_000 {
            shares.end(Class::Interactive, now);
            let class = shares.next(now, |class| class != Class::Batch).unwrap();
            turns[class as usize] += 1;
            shares.begin(class, now);
            now += Duration::from_millis(10);
            if class == Class::Background {
                shares.end(class, now);
                shares.begin(Class::Interactive, now);
            }
        }
        // Ten seconds' worth of turns, and a sixteenth of all others.
        assert!((1_000..2_500).contains(&turns[2]), "{turns:?}");
    }

    #[test]
    fn alone_a_class_has_what_its_bound_allows() {
        let start = crate::base::time::now();
        for (class, most) in [(Class::Batch, 94), (Class::Background, 6)] {
            let mut shares = Shares::new(100);
            while shares.next(start, |wants| wants == class).is_some() {
                shares.begin(class, start);
            }
            assert_eq!(shares.held(), most);
        }
    }
}
