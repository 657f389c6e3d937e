//! The order of a measurement: every host once, then rounds of steps, each with a warm-up, until all is done or somebody
//! has seen enough.

use std::pin::pin;
use std::sync::Arc;

use futures_util::future::{Either, LocalBoxFuture, Shared, select};

use super::crew::Crew;
use super::generator::{Order, Pace, Tickets};
use super::progress::{Position, Progress};
use super::sampler::Sampler;
use crate::base::limits::{RIG_GREETED_AT_ONCE, RIG_TOLD_EVERY};
use crate::base::time::{self, Duration, Instant};
use crate::base::{Error, Kind, Result};
use crate::io::runtime;
use crate::rig::{Extent, Load, Operation, Plan, Results, Step, Tally, Ticks, Turns};

/// Looks at how it goes between two at the memory.
const LOOKS_PER_SAMPLE: u32 = 4;

/// See the module's documentation.
pub struct Conductor<'a> {
    pub crew: &'a Crew,
    pub plan: &'a Plan,
    pub hosts: &'a [Box<str>],
    pub rounds: u32,
    pub sampler: Sampler,
    pub progress: Progress,
    /// Somebody has seen enough.
    pub end: Shared<LocalBoxFuture<'static, ()>>,
}

/// Whether a part of it was done to its end.
enum Outcome {
    Done(Tally),
    Interrupted(Tally),
}

/// Requests as they come in a step.
#[derive(Clone, Copy)]
enum Flow {
    Users(usize),
    PerSecond(f64),
}

impl Conductor<'_> {
    /// Does all of it, into the results.
    ///
    /// Errors: no host answers; a core is gone.
    pub async fn conduct(&self, results: &mut Results) -> Result<()> {
        let conducted = self.carry_out(results).await;
        self.progress.end();
        conducted
    }

    async fn carry_out(&self, results: &mut Results) -> Result<()> {
        if !self.plan.cold && !self.greet(results).await? {
            return Ok(());
        }
        let mut number = 0;
        for round in 1..=self.rounds {
            let mut highest = 0.0_f64;
            for load in &self.plan.loads {
                number += 1;
                let flow = match *load {
                    Load::Closed(users) => Flow::Users(users),
                    Load::Open(rate) => Flow::PerSecond(rate),
                    Load::Share(percent) => {
                        Flow::PerSecond((highest * percent / 100.0).max(f64::MIN_POSITIVE))
                    }
                };
                if matches!(load, Load::Share(_)) && highest <= 0.0 {
                    results.notes.push(format!("{load}: nothing was answered that it could be a share of"));
                    continue;
                }
                let Some(step) = self.step(*load, flow, round, number).await? else {
                    results.interrupted = true;
                    return Ok(());
                };
                if let Load::Closed(_) = load {
                    highest = highest.max(step.rate);
                }
                let is_cut = step.unfinished > 0;
                results.steps.push(step);
                if is_cut {
                    results.interrupted = true;
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// Asks every host once, so that connections are there, and it is known who does not answer. False when somebody has
    /// seen enough.
    async fn greet(&self, results: &mut Results) -> Result<bool> {
        self.progress.say("asking every host once");
        // A broadcast asks all of them.
        let requests = if self.is_broadcast() { 1 } else { self.hosts.len() };
        let users = Flow::Users(requests.min(RIG_GREETED_AT_ONCE));
        let greeted = self.part(users, None, Some(requests as u64), None).await?;
        let Outcome::Done(tally) = greeted else {
            results.interrupted = true;
            return Ok(false);
        };
        let (asked, failed) = (tally.ended(), tally.failures());
        let first = tally.complaints().max_by_key(|(_, count, _)| *count);
        let Some((kind, _, example)) = first else { return Ok(true) };
        if failed == asked {
            let message = format!("nothing was measured, as no host answers as it should: {example}");
            return Err(Error::new(Kind::Remote, message));
        }
        results.notes.push(format!("{failed} of {asked} hosts did not answer at first ({kind}: {example})"));
        Ok(true)
    }

    /// Warms up and measures. `None` when somebody had seen enough before there was anything.
    async fn step(&self, load: Load, flow: Flow, round: u32, number: usize) -> Result<Option<Step>> {
        let warmup = Duration::from_secs_f64(self.plan.warmup_seconds);
        let mut position =
            Position { step: number, load, is_warmup: true, past: Duration::ZERO, ended: self.crew.ended() };
        if !warmup.is_zero()
            && let Outcome::Interrupted(_) = self.part(flow, Some(warmup), None, Some(&mut position)).await?
        {
            return Ok(None);
        }
        position.is_warmup = false;
        self.sampler.begin().await;
        let (time, requests) = match self.plan.extent {
            Extent::Seconds(seconds) => (Some(Duration::from_secs_f64(seconds)), None),
            Extent::Requests(requests) => (None, Some(requests)),
        };
        let begin = time::now();
        let outcome = self.part(flow, time, requests, Some(&mut position)).await?;
        let now = time::now();
        self.sampler.look().await;
        let (tally, is_whole) = match outcome {
            Outcome::Done(tally) => (tally, true),
            Outcome::Interrupted(tally) if tally.ended() == 0 => return Ok(None),
            Outcome::Interrupted(tally) => (tally, false),
        };
        // What was under way at the end is counted, but took no part in the rate.
        let end = time.filter(|_| is_whole).map_or(now, |time| begin + time);
        let mut step = Step::new(load, round, &tally, self.hosts, end);
        if !is_whole {
            step.unfinished = step.unfinished.max(1);
        }
        step.asked_rate = match flow {
            Flow::PerSecond(rate) => Some(rate),
            Flow::Users(_) => None,
        };
        step.generator = step.costs(self.sampler.own());
        step.server = self.sampler.server().map(|spent| step.costs(spent));
        Ok(Some(step))
    }

    /// Has the crew do something, tells how it goes, and listens to whoever has seen enough.
    async fn part(
        &self,
        flow: Flow,
        time: Option<Duration>,
        requests: Option<u64>,
        position: Option<&mut Position>,
    ) -> Result<Outcome> {
        let begin = time::now();
        let tickets = Tickets::new(requests);
        let order = |core: usize| self.order(flow, core, begin, time.map(|time| begin + time), &tickets);
        let mut work = pin!(self.crew.work(order));
        let watch = pin!(self.watch(begin, position));
        match select(select(&mut work, watch), self.end.clone()).await {
            Either::Left((Either::Left((tally, _)), _)) => tally.map(Outcome::Done),
            // Watching has no end.
            Either::Left((Either::Right(_), _)) | Either::Right(_) => {
                self.crew.stop();
                work.await.map(Outcome::Interrupted)
            }
        }
    }

    fn order(
        &self,
        flow: Flow,
        core: usize,
        begin: Instant,
        until: Option<Instant>,
        tickets: &Arc<Tickets>,
    ) -> Order {
        let cores = self.crew.size();
        // The rest of a division goes to the first cores.
        let share = |whole: usize| whole / cores + usize::from(core < whole % cores);
        let pace = match flow {
            Flow::Users(users) => Pace::Users(share(users)),
            Flow::PerSecond(rate) => Pace::Due {
                ticks: Ticks::new(rate, begin, until.unwrap_or(begin), core, cores),
                in_flight_max: share(self.plan.in_flight_max).max(1),
            },
        };
        Order {
            begin,
            until,
            pace,
            turns: Turns::new(&self.plan.mix, self.hosts.len()),
            hosts: if self.is_broadcast() { 0 } else { self.hosts.len() },
            tickets: Arc::clone(tickets),
        }
    }

    /// Requests are about all hosts, so that none has figures of its own.
    fn is_broadcast(&self) -> bool {
        self.plan.mix.0.iter().all(|part| part.operation == Operation::Broadcast)
    }

    async fn watch(&self, begin: Instant, mut position: Option<&mut Position>) {
        for look in 1_u32.. {
            let at = begin + RIG_TOLD_EVERY * look;
            runtime::sleep_until(at).await;
            if look % LOOKS_PER_SAMPLE == 0 {
                self.sampler.look().await;
            }
            if let Some(position) = &mut position {
                (position.past, position.ended) = (time::now() - begin, self.crew.ended());
                self.progress.tell(position, time::now());
            }
        }
    }
}
