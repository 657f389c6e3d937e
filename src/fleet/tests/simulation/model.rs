//! What a plan lets one expect, without any of the code that is tested: who has to be served by when, and which answers
//! can be true.

use std::collections::BTreeMap;

use super::plan::{Nature, Plan};
use super::request::{Answer, Loss, Request, name};
use crate::base::error::Fault;
use crate::base::limits::CONNECT_TIMEOUT_DEFAULT;
use crate::base::refusal::Reason;
use crate::base::time::Duration;
use crate::base::{Kind, Result};
use crate::fleet::Class;
use crate::metrics::{Counter, Snapshot};
use crate::testing::world::World;

/// See the module's documentation.
#[derive(Debug, Default)]
pub(super) struct Model {
    asked: usize,
    answered: usize,
    cancelled: usize,
    /// Answers that say no before anything is begun, by their reasons.
    refused: [u64; Reason::ALL.len()],
    /// Requests that may not be done twice, by host; and whether they were done, where that is known.
    unsafe_work: BTreeMap<usize, (usize, Option<bool>)>,
}

impl Model {
    pub fn note_asked(&mut self) {
        self.asked += 1;
    }

    pub fn note_cancelled(&mut self, request: &Request) {
        self.cancelled += 1;
        self.note_unsafe(request, None);
    }

    pub fn note_answered(&mut self, request: &Request, answer: &Result<Answer>) {
        self.answered += 1;
        if let Err(error) = answer {
            let is_refusal = error.kind().fault() == Fault::Limit || error.kind() == Kind::CircuitOpen;
            assert_eq!(error.reason().is_some(), is_refusal, "whether this is a refusal: {error:?}");
            error.reason().inspect(|reason| self.refused[*reason as usize] += 1);
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

    /// Every refusal was counted once. Of those to whom mail of other cores is under way, or who took their requests back
    /// meanwhile, it is not known.
    pub fn check_refusals(&self, snapshot: &Snapshot, mail: Duration) {
        let open = self.asked - self.answered;
        let unknown = if mail.is_zero() { 0 } else { open as u64 };
        for reason in Reason::ALL {
            let (told, counted) =
                (self.refused[*reason as usize], snapshot.counter(Counter::Rejected(*reason)));
            let is_true = (told..=told + unknown).contains(&counted);
            assert!(is_true, "{reason:?} was told {told} times, and counted {counted} times");
        }
    }

    pub fn check_answers(&self) {
        assert_eq!(self.asked, self.answered + self.cancelled, "requests and answers");
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
            self.hosts.iter().map(|host| host.delay).max().unwrap_or_default() * 20 * count(self.legs_max());
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
