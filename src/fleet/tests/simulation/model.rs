//! What a plan lets one expect, without any of the code that is tested: who has to be served by when, and which answers
//! can be true.

use std::collections::BTreeMap;

use super::plan::{Nature, Plan};
use super::request::{Answer, Loss, Request, name};
use crate::base::error::Fault;
use crate::base::limits::{CONNECT_TIMEOUT_DEFAULT, HOPS_MAX};
use crate::base::time::Duration;
use crate::base::{Error, Kind, Result};
use crate::fleet::Class;
use crate::metrics::{Counter, Reason, Snapshot};
use crate::testing::world::World;

/// See the module's documentation.
#[derive(Debug, Default)]
pub(super) struct Model {
    asked: usize,
    answered: usize,
    cancelled: usize,
    /// Answers that say no before anything is begun.
    refused: [u64; NOES.len()],
    /// Answers behind which such a no may hide: it was for the second try, or nobody waited for it any more.
    may_be_refused: u64,
    /// Requests that may not be done twice, by host; and whether they were done, where that is known.
    unsafe_work: BTreeMap<usize, (usize, Option<bool>)>,
}

impl Model {
    pub fn note_asked(&mut self) {
        self.asked += 1;
    }

    pub fn note_cancelled(&mut self, request: &Request) {
        self.cancelled += 1;
        self.may_be_refused += 1;
        self.note_unsafe(request, None);
    }

    pub fn note_answered(&mut self, request: &Request, answer: &Result<Answer>) {
        self.answered += 1;
        match answer {
            Err(error) if is_refusal(error) => self.refused[no(error)] += 1,
            Err(error) if error.kind().is_worth_retrying() => self.may_be_refused += 1,
            _ => {}
        }
        self.note_unsafe(
            request,
            match answer {
                Ok(Answer::Done) => Some(true),
                Ok(Answer::Late) => None,
                // A wire that swallowed something brings nonsense afterwards.
                Err(error) if matches!(error.kind(), Kind::ConnectionLost | Kind::Protocol) => None,
                Err(_) => Some(false),
            },
        );
    }

    fn note_unsafe(&mut self, request: &Request, was_done: Option<bool>) {
        if request.is_unsafe() {
            self.unsafe_work.insert(request.number, (request.host, was_done));
        }
    }

    /// What the hosts have seen of it.
    pub fn check_unsafe_work(&self, world: &World) {
        for (number, (host, was_done)) in &self.unsafe_work {
            let host = world.host(&format!("h{host}"));
            let count = host.tasks.borrow().get(&name(*number)).copied().unwrap_or_default();
            assert!(count <= 1, "r{number} was done {count} times");
            let is_true = was_done.is_none_or(|was_done| was_done == (count == 1));
            assert!(is_true, "r{number} was done {count} times, and its answer said {was_done:?}");
        }
    }

    /// Every no was counted, by what it was said for.
    pub fn check_refusals(&self, snapshot: &Snapshot) {
        for (reasons, refused) in NOES.iter().zip(self.refused) {
            let counted: u64 =
                reasons.iter().map(|reason| snapshot.counter(Counter::Rejected(*reason))).sum();
            assert!(counted >= refused, "{reasons:?} was said {refused} times and counted {counted} times");
        }
    }

    /// Every request has its answer, and nothing else was counted.
    pub fn check_books(&self, snapshot: &Snapshot) {
        assert_eq!(self.asked, self.answered + self.cancelled, "requests and answers");
        self.check_refusals(snapshot);
        let rejected = Counter::all().filter(|counter| matches!(counter, Counter::Rejected(_)));
        let counted: u64 = rejected.map(|counter| snapshot.counter(counter)).sum();
        let most = self.refused.iter().sum::<u64>() + self.may_be_refused;
        assert!(counted <= most, "{counted} refusals were counted, {most} seen at most");
    }
}

/// What is said no for. Those of one line are told in the same words.
const NOES: [&[Reason]; 5] = [
    &[Reason::Queue, Reason::Displaced],
    &[Reason::Deadline],
    &[Reason::Circuit],
    &[Reason::Pool],
    &[Reason::Host],
];

pub(super) fn is_refusal(error: &Error) -> bool {
    error.kind().fault() == Fault::Limit || error.kind() == Kind::CircuitOpen
}

/// Which of them a refusal is.
fn no(error: &Error) -> usize {
    let says = |text| error.message().contains(text);
    match error.kind() {
        Kind::Busy if says("Server busy: too many requests are waiting") => 0,
        Kind::Busy if says("would get to this in") => 1,
        Kind::Busy if says("connections are at work") || says("connections, and") => 3,
        Kind::Busy if says("Too many requests are waiting for") => 4,
        Kind::RequestTimeout => 1,
        Kind::CircuitOpen => 2,
        _ => panic!("a no of a new kind: {error:?}"),
    }
}

impl Plan {
    /// Work on a host that is well, and is so all the way, is never interrupted.
    pub fn check_loss(&self, loss: &Loss) {
        // Commands may have taken the session that was meant for files.
        let is_crowded = loss.error.kind() == Kind::NotBegun && self.hosts[loss.host].sessions < 10;
        assert!(
            is_crowded || !self.is_well(loss.host),
            "r{} on h{}: {}",
            loss.request,
            loss.host,
            loss.error
        );
    }

    /// In a world that is busy but where nothing breaks: how long somebody waits at most who has nothing else under way,
    /// for a host that is well. Everything one after another: every host once makes a connection and serves somebody
    /// before it gives its place away; and every client has a turn on every host, as often as classes have one that are
    /// more urgent.
    pub fn wait_max(&self, class: Class) -> Duration {
        let hosts = count(self.hosts.len());
        let way =
            self.hosts.iter().map(|host| host.delay).max().unwrap_or_default() * 20 * count(HOPS_MAX).min(3);
        let dial = match self.hosts.iter().any(|host| host.nature == Nature::Dead) {
            true => CONNECT_TIMEOUT_DEFAULT,
            false => way,
        };
        let service = self.work_max + way;
        let clients = u32::try_from(self.clients).unwrap_or(u32::MAX) + 1;
        let turns = match class {
            Class::Interactive => 1,
            Class::Batch => 73 / 8,
            Class::Background => 73,
        };
        hosts * (dial + service) + turns * clients * hosts * service
    }
}

fn count(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
