//! Whether this process lives, and whether it is to be given work, as those ask who start it and send it requests.
//!
//! It lives while the event loops of all its cores go round. It is ready while it also takes requests: it has not been
//! asked to end, and there is room for one more. That its configuration can be read need not be asked: it does not serve
//! before it has read one, and goes on with the last one that could be read.

use std::rc::Rc;

use futures_util::future::join_all;

use super::Drain;
use super::recent::Recent;
use crate::base::limits::PULSE_PATIENCE;
use crate::fleet::{Fleet, Shards};

/// Who is asked.
#[derive(Debug, Clone)]
pub struct Health {
    shards: Rc<Shards>,
    drain: Drain,
    pulses: Rc<Recent<Rc<[Pulse]>>>,
}

/// What is said: all is well, or why not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verdict {
    reasons: Vec<String>,
}

/// What came of asking a core.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pulse {
    /// So many requests are taken on there.
    Felt { admitted: usize },
    /// It has not answered in time.
    Missing,
    /// It could not be asked: too much is under way between the cores.
    Unasked,
}

impl Health {
    pub fn new(shards: Rc<Shards>, drain: Drain) -> Self {
        Self { shards, drain, pulses: Rc::default() }
    }

    /// Whether it lives. A process that does not is best started again.
    pub async fn live(&self) -> Verdict {
        live(&self.pulses().await)
    }

    /// Whether it is to be given work.
    pub async fn ready(&self) -> Verdict {
        let admitted_max = self.shards.own().settings().admitted_max();
        ready(&self.pulses().await, admitted_max, self.drain.has_begun())
    }

    /// Of every core, by their numbers, as they are or were a moment ago.
    async fn pulses(&self) -> Rc<[Pulse]> {
        let shards = Rc::clone(&self.shards);
        self.pulses.get(self.shards.own().now(), || feel(shards)).await
    }
}

async fn feel(shards: Rc<Shards>) -> Rc<[Pulse]> {
    let (shards, own) = (&shards, shards.own());
    let admitted = |fleet: Rc<Fleet>| async move { fleet.quotas().admitted.held() };
    let ask = |core| async move {
        let answer = async { shards.at(core, admitted).await.map(Some) };
        match own.within(PULSE_PATIENCE, answer, || Ok(None)).await {
            Ok(Some(admitted)) => Pulse::Felt { admitted },
            Ok(None) => Pulse::Missing,
            Err(_) => Pulse::Unasked,
        }
    };
    join_all((0..shards.cores()).map(ask)).await.into()
}

impl Verdict {
    pub fn is_good(&self) -> bool {
        self.reasons.is_empty()
    }

    /// One JSON object: its `status` is `ok` or `unavailable`; in the second case with `reasons`.
    pub fn json(&self) -> String {
        match self.reasons.as_slice() {
            [] => r#"{"status":"ok"}"#.to_owned(),
            // They are ours, so that nothing in them has to be escaped.
            reasons => format!(r#"{{"status":"unavailable","reasons":["{}"]}}"#, reasons.join(r#"",""#)),
        }
    }
}

/// A core that could not be asked may be as well as ever; one that has been and does not answer hangs.
fn live(pulses: &[Pulse]) -> Verdict {
    let missing = pulses.iter().enumerate().filter(|(_, pulse)| **pulse == Pulse::Missing);
    Verdict { reasons: missing.map(|(core, _)| format!("core {core} does not answer")).collect() }
}

fn ready(pulses: &[Pulse], admitted_max: usize, is_draining: bool) -> Verdict {
    let mut verdict = live(pulses);
    let admitted: usize =
        pulses.iter().map(|pulse| if let Pulse::Felt { admitted } = pulse { *admitted } else { 0 }).sum();
    for (is_so, reason) in [
        (is_draining, "asked to end"),
        (admitted >= admitted_max, "as many requests are taken on as may be"),
        (pulses.contains(&Pulse::Unasked), "too much is under way between the cores"),
    ] {
        verdict.reasons.extend(is_so.then(|| reason.to_owned()));
    }
    verdict
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use futures_util::future::{LocalBoxFuture, pending, ready as done};

    use super::*;
    use crate::base::{Error, Kind, Result};
    use crate::fleet::{Job, Mesh, Note, Outcome};
    use crate::io::cores;
    use crate::testing;
    use crate::testing::world::World;

    const FELT: Pulse = Pulse::Felt { admitted: 2 };

    #[test]
    fn one_core_that_hangs_is_no_life() {
        assert!(live(&[FELT, FELT]).is_good());
        assert!(live(&[FELT, Pulse::Unasked]).is_good());
        let dead = live(&[FELT, Pulse::Missing, FELT, Pulse::Missing]);
        assert!(!dead.is_good());
        assert_eq!(
            dead.json(),
            r#"{"status":"unavailable","reasons":["core 1 does not answer","core 3 does not answer"]}"#
        );
    }

    #[test]
    fn who_is_ready_lives_stays_and_has_room() {
        let good = ready(&[FELT, FELT], 5, false);
        assert_eq!((good.is_good(), &*good.json()), (true, r#"{"status":"ok"}"#));
        for (pulses, admitted_max, is_draining, reason) in [
            ([FELT, Pulse::Missing], 5, false, "core 1 does not answer"),
            ([FELT, Pulse::Unasked], 5, false, "too much is under way between the cores"),
            ([FELT, FELT], 4, false, "as many requests are taken on as may be"),
            ([FELT, FELT], 5, true, "asked to end"),
        ] {
            assert_eq!(ready(&pulses, admitted_max, is_draining).reasons, [reason]);
        }
    }

    /// Of four cores, two do not hear, each in its own way.
    struct Deaf;

    impl Mesh for Deaf {
        fn cores(&self) -> usize {
            4
        }

        fn here(&self) -> usize {
            0
        }

        fn call(&self, core: usize, _: Job) -> LocalBoxFuture<'static, Result<Outcome>> {
            match core {
                1 => pending().boxed_local(),
                2 => done(Err(Error::new(Kind::Busy, "full"))).boxed_local(),
                _ => done(Ok(Box::new(3_usize) as Outcome)).boxed_local(),
            }
        }

        fn tell(&self, _: usize, _: Note) {}
    }

    #[test]
    fn cores_are_asked_all_at_once_and_not_waited_for_long() {
        let world = World::new();
        let fleet = world.fleet(|_| {});
        let _admitted = fleet.quotas().admitted.try_take();
        let health = Health::new(Shards::new(fleet, Rc::new(Deaf)), Drain::default());
        let begun = world.now();
        let pulses = world.run(async move { health.pulses().await });
        let felt = |admitted| Pulse::Felt { admitted };
        assert_eq!(*pulses, [felt(1), Pulse::Missing, Pulse::Unasked, felt(3)]);
        assert_eq!(world.now() - begun, PULSE_PATIENCE);
    }

    #[test]
    fn real_cores_answer() {
        let ask = async |shards| Health::new(shards, Drain::default()).live().await;
        let said = cores::run(3, &testing::settings(), testing::fleet, Vec::new(), ask);
        assert_eq!(said.unwrap().json(), r#"{"status":"ok"}"#);
    }

    #[test]
    fn a_server_that_takes_leave_lives_and_is_not_ready() {
        let world = World::new();
        let drain = Drain::default();
        let health = Health::new(Shards::alone(world.fleet(|_| {})), drain.clone());
        let both = async |health: Health| (health.live().await.is_good(), health.ready().await.is_good());
        assert_eq!(world.run(both(health.clone())), (true, true));
        drain.begin();
        assert_eq!(world.run(both(health)), (true, false));
    }
}
