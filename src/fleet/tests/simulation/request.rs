//! Somebody who asks: what for, on whose behalf, until when; and how it was answered.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use crate::base::time::{Duration, Instant};
use crate::base::{Error, Kind, Result};
use crate::fleet::{Caller, Claim, Collected, Exit, Machine, Need, Repeat};
use crate::simulated::sftp::{Knobs, SftpServer};
use crate::testing::world::Handle;

const FILE: &str = "/file";
const CONTENT: &[u8] = b"the same everywhere";

/// The files of every host that has any.
pub(super) fn files() -> SftpServer {
    let mut files = SftpServer::new(Knobs::default());
    files.put_file(FILE, CONTENT);
    files
}

/// A request that was not answered yet.
pub(super) struct Request {
    pub number: usize,
    pub host: usize,
    pub what: What,
    pub claim: Claim,
    /// Its client has nothing else under way, and wants of a host what that can give.
    pub is_polite: bool,
    pub handle: Handle<Result<Answer>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    Read,
    Command { takes: Duration, repeat: Repeat },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    Done,
    /// Its time was up while it was at work.
    Late,
}

/// What the work of all requests leaves to be looked at. It goes from core to core.
#[derive(Debug, Default)]
pub(super) struct Works {
    arrived: AtomicUsize,
    inside: AtomicUsize,
    losses: Mutex<Vec<Loss>>,
}

/// Somebody's work was interrupted.
#[derive(Debug)]
pub(super) struct Loss {
    pub request: usize,
    pub host: usize,
    pub error: Error,
}

impl Works {
    /// How many are where their host is, to wait or to work.
    pub fn arrived(&self) -> usize {
        self.arrived.load(Ordering::Relaxed)
    }

    /// How many are at work.
    pub fn inside(&self) -> usize {
        self.inside.load(Ordering::Relaxed)
    }

    pub fn take_losses(&self) -> Vec<Loss> {
        std::mem::take(&mut self.losses.lock().unwrap())
    }
}

/// Counts one as long as it lives.
struct Counted<'a>(&'a AtomicUsize);

impl<'a> Counted<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What is done on the core that owns the host.
#[derive(Debug)]
pub(super) struct Work {
    pub number: usize,
    pub host: usize,
    pub what: What,
    pub works: Arc<Works>,
}

impl Work {
    /// As an operation does it, within the request's time.
    pub async fn perform(self, caller: Caller) -> Result<Answer> {
        let _arrived = Counted::new(&self.works.arrived);
        let (need, repeat) = match self.what {
            What::Read => (Need::Files, Repeat::Safe),
            What::Command { repeat, .. } => (Need::Session, repeat),
        };
        let host = format!("h{}", self.host);
        let work = caller.work(&host, need, repeat, async |machine| self.on(machine).await);
        caller.until(caller.claim().deadline, work, || Ok(Answer::Late)).await
    }

    async fn on(&self, machine: &Machine) -> Result<Answer> {
        let _inside = Counted::new(&self.works.inside);
        let done = match self.what {
            What::Read => read(machine).await,
            What::Command { takes, repeat } => self.run(machine, takes, repeat).await,
        };
        if let Err(error) = &done
            && matches!(error.kind(), Kind::ConnectionLost | Kind::NotBegun)
        {
            let loss = Loss { request: self.number, host: self.host, error: error.clone() };
            self.works.losses.lock().unwrap().push(loss);
        }
        done.map(|()| Answer::Done)
    }

    async fn run(&self, machine: &Machine, takes: Duration, repeat: Repeat) -> Result<()> {
        let name = name(self.number);
        let line = format!("task {name} {}", takes.as_millis());
        let mut output = Collected::up_to(100);
        let exit = match repeat {
            Repeat::Safe => machine.query(line.as_bytes(), &mut output).await?,
            Repeat::Never => machine.run(line.as_bytes(), &mut output).await?,
        };
        assert_eq!((exit, output.stdout), (Exit::Code(0), name.into_bytes()), "an answer of its own");
        Ok(())
    }
}

/// By which hosts know a request.
pub(super) fn name(number: usize) -> String {
    format!("r{number}")
}

async fn read(machine: &Machine) -> Result<()> {
    let Some(link) = machine.files()? else {
        machine.query(b"echo no files", &mut Collected::up_to(100)).await?;
        return Ok(());
    };
    link.read(FILE.as_bytes(), 0, 100).await?.expect("the file is there");
    Ok(())
}

impl Request {
    /// The latest moment at which its answer is no surprise.
    pub fn is_due(&self, mail: Duration, now: Instant) -> bool {
        now > self.claim.deadline + 2 * mail
    }

    pub fn is_unsafe(&self) -> bool {
        matches!(self.what, What::Command { repeat: Repeat::Never, .. })
    }
}
