//! What happens on all cores of a fleet, counted without one waiting for the other.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use crate::simulated::server::Tally;

/// What has happened in a fleet.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Connections made, and those that are open.
    pub connections: u64,
    pub open: u64,
    /// Dropped before login: there were too many (`MaxStartups`).
    pub dropped: u64,
    pub logins: u64,
    pub refused_logins: u64,
    pub sessions: u64,
    /// Sessions beyond `MaxSessions`.
    pub refused_sessions: u64,
    /// Commands and SFTP requests.
    pub operations: u64,
    /// Connections broken off by the weather.
    pub lost: u64,
    /// Connections ended as the client broke the rules.
    pub faults: u64,
}

macro_rules! counters {
    ($($name:ident),*) => {
        /// Of one core.
        #[derive(Default)]
        pub(super) struct Core {
            $(pub $name: AtomicU64,)*
        }

        impl Core {
            fn add_to(&self, counts: &mut Counts) {
                $(counts.$name += self.$name.load(Ordering::Relaxed);)*
            }
        }
    };
}

counters!(
    connections,
    open,
    dropped,
    logins,
    refused_logins,
    sessions,
    refused_sessions,
    operations,
    lost,
    faults
);

/// On cache lines of their own, so that cores do not slow each other down.
#[derive(Default)]
#[repr(align(128))]
struct Apart(Core);

pub(super) struct Counters {
    cores: Vec<Apart>,
    /// Connections of each host that have not logged in.
    startups: Vec<AtomicUsize>,
}

impl Counters {
    pub fn new(hosts: usize, cores: usize) -> Self {
        let mut counters = Self { cores: Vec::new(), startups: Vec::new() };
        counters.cores.resize_with(cores.max(1), Apart::default);
        counters.startups.resize_with(hosts, AtomicUsize::default);
        counters
    }

    pub fn core(&self, core: usize) -> &Core {
        &self.cores[core % self.cores.len()].0
    }

    pub fn read(&self) -> Counts {
        let mut counts = Counts::default();
        self.cores.iter().for_each(|core| core.0.add_to(&mut counts));
        counts
    }

    /// Of host `n`, counted from 1.
    pub fn startups(&self, n: usize) -> Option<&AtomicUsize> {
        self.startups.get(n.checked_sub(1)?)
    }
}

impl Core {
    pub fn count(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// What has happened on a connection since `before`.
    pub fn add(&self, now: Tally, before: Tally) {
        for (counter, now, before) in [
            (&self.operations, now.operations, before.operations),
            (&self.sessions, now.opened_sessions, before.opened_sessions),
            (&self.refused_sessions, now.refused_sessions, before.refused_sessions),
            (&self.logins, now.logins, before.logins),
            (&self.refused_logins, now.refused_logins, before.refused_logins),
        ] {
            if now > before {
                counter.fetch_add((now - before) as u64, Ordering::Relaxed);
            }
        }
    }
}
