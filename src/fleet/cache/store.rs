//! Texts by host and path, bounded in number and bytes: what was not used for longest goes first. Pure: it is told the
//! time.

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use crate::base::limits::CACHE_STALE_TTLS;
use crate::base::time::{Duration, Instant};

/// What a text is known by.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key {
    pub host: Rc<str>,
    pub path: Rc<str>,
}

/// How much may be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    pub entries: usize,
    pub bytes: u64,
}

/// What there is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    Fresh(Rc<str>, Duration),
    /// Good enough while a fresh one is fetched.
    Stale(Rc<str>, Duration),
    Nothing,
}

/// See the module's documentation.
#[derive(Debug, Default)]
pub struct Store {
    entries: HashMap<Key, Entry>,
    /// By their last uses.
    order: BTreeMap<u64, Key>,
    uses: u64,
    bytes: u64,
}

#[derive(Debug)]
struct Entry {
    text: Rc<str>,
    since: Instant,
    used: u64,
}

impl Store {
    /// The text, which counts as used now.
    pub fn find(&mut self, key: &Key, ttl: Duration, now: Instant) -> Found {
        let Some(entry) = self.entries.get_mut(key) else { return Found::Nothing };
        let age = now.saturating_duration_since(entry.since);
        if age >= ttl.saturating_mul(CACHE_STALE_TTLS) {
            self.remove(key);
            return Found::Nothing;
        }
        self.uses += 1;
        self.order.remove(&entry.used);
        self.order.insert(self.uses, key.clone());
        entry.used = self.uses;
        let text = Rc::clone(&entry.text);
        if age < ttl { Found::Fresh(text, age) } else { Found::Stale(text, age) }
    }

    /// Keeps a text in place of the one before, unless it alone is too large.
    pub fn insert(&mut self, key: Key, text: Rc<str>, bounds: Bounds, now: Instant) {
        self.remove(&key);
        let size = size(&key, &text);
        if bounds.entries == 0 || size > bounds.bytes {
            return;
        }
        while self.entries.len() >= bounds.entries || self.bytes + size > bounds.bytes {
            let Some((_, oldest)) = self.order.pop_first() else { break };
            self.remove(&oldest);
        }
        self.uses += 1;
        self.bytes += size;
        self.order.insert(self.uses, key.clone());
        self.entries.insert(key, Entry { text, since: now, used: self.uses });
    }

    pub fn remove(&mut self, key: &Key) {
        if let Some(entry) = self.entries.remove(key) {
            self.order.remove(&entry.used);
            self.bytes -= size(key, &entry.text);
        }
    }
}

fn size(key: &Key, text: &str) -> u64 {
    (key.host.len() + key.path.len() + text.len()) as u64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::base::time::now;

    const TTL: Duration = Duration::from_secs(60);
    const LARGE: Bounds = Bounds { entries: 100, bytes: 1 << 20 };

    fn key(path: &str) -> Key {
        Key { host: "h".into(), path: path.into() }
    }

    #[test]
    fn a_text_is_fresh_then_stale_then_gone() {
        let start = now();
        let mut store = Store::default();
        store.insert(key("/a"), "text".into(), LARGE, start);
        let mut at = |seconds| store.find(&key("/a"), TTL, start + Duration::from_secs(seconds));
        assert_eq!(at(59), Found::Fresh("text".into(), Duration::from_secs(59)));
        assert_eq!(at(60), Found::Stale("text".into(), TTL));
        assert_eq!(at(600), Found::Nothing);
        assert_eq!(at(0), Found::Nothing);
        assert_eq!(store.bytes, 0);
    }

    #[test]
    fn what_was_not_used_for_longest_makes_room() {
        let start = now();
        let mut store = Store::default();
        let bounds = Bounds { entries: 2, ..LARGE };
        for path in ["/a", "/b"] {
            store.insert(key(path), "text".into(), bounds, start);
        }
        store.find(&key("/a"), TTL, start);
        store.insert(key("/c"), "text".into(), bounds, start);
        assert_eq!(store.find(&key("/b"), TTL, start), Found::Nothing);
        assert_ne!(store.find(&key("/a"), TTL, start), Found::Nothing);
        let small = Bounds { bytes: 10, ..LARGE };
        store.insert(key("/d"), "12345678".into(), small, start);
        assert_eq!(store.entries.len(), 2, "too large to be kept");
        store.insert(key("/e"), "1234567".into(), small, start);
        assert_eq!(store.entries.len(), 1);
    }

    proptest! {
        #[test]
        fn bounds_hold_and_sums_are_right(
            acts in prop::collection::vec((0..20_u8, 0..300_usize, 0..3_u8), 1..200),
            entries in 0..8_usize,
            bytes in 0..1000_u64,
        ) {
            let (start, bounds) = (now(), Bounds { entries, bytes });
            let mut store = Store::default();
            for (path, length, act) in acts {
                let key = key(&path.to_string());
                match act {
                    0 => store.remove(&key),
                    1 => drop(store.find(&key, TTL, start)),
                    _ => store.insert(key, "x".repeat(length).into(), bounds, start),
                }
                prop_assert!(store.entries.len() <= entries && store.bytes <= bytes);
                prop_assert_eq!(store.order.len(), store.entries.len());
                let sum: u64 = store.entries.iter().map(|(key, entry)| size(key, &entry.text)).sum();
                prop_assert_eq!(sum, store.bytes);
            }
        }
    }
}
