//! Files from here to a host, from a host to here, and between hosts, whatever their size: what is on its way is a few
//! pieces. A file is written under another name beside its target, compared with what was read, and then renamed, so
//! that nobody ever sees half of it.
//!
//! | file | holds |
//! |---|---|
//! | `place` | where a transfer begins or ends, as it is written |
//! | `send`, `receive` | the two ends, whatever they read from and write to |
//! | `bridge` | what they say to each other, perhaps from core to core |
//! | `remote`, `local` | files of hosts, files of this machine |
//! | `roots` | which files of this machine are for transfers |
//! | `digest`, `names` | what a file holds, what it is called while it is written |
//! | `text` | what is said of it |

mod bridge;
mod digest;
mod local;
mod names;
mod place;
mod receive;
mod remote;
mod roots;
mod send;
mod text;

#[cfg(test)]
mod tests;

use std::pin::pin;

use async_channel::Receiver;
use futures_util::TryFutureExt;
use futures_util::future::{Either, select, try_join};

pub use digest::By;
pub use place::Place;
pub use roots::Roots;
pub use text::size;

use self::bridge::{Mark, Reader, Writer, bridge};
use self::local::{LocalSource, LocalTarget};
use self::receive::{Received, receive};
use self::remote::{RemoteSource, RemoteTarget};
use self::send::send;
use super::access::{self, Client};
use crate::base::limits::TRANSFER_CLEAN_UP_PATIENCE;
use crate::base::refusal::Reason;
use crate::base::text::shown;
use crate::base::{Error, Kind, Result};
use crate::config::Scope;
use crate::fleet::{Caller, Class, ClientId, Host, Machine, Need, Repeat, Shards};
use crate::metrics::TargetType;

/// What is to be transferred, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transfer {
    pub from: Place,
    /// A directory is what the source is put into, under its name.
    pub to: Place,
    /// A file that stands there may be replaced.
    pub overwrite: bool,
    /// It goes on where a broken one ended, and if it breaks, what there is of it is kept.
    pub resume: bool,
}

/// What was transferred.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transferred {
    pub way: Way,
    pub from: String,
    /// The file, also where a directory was named.
    pub to: String,
    /// In bytes.
    pub size: u64,
    /// Bytes that were there already.
    pub resumed_at: u64,
    /// SHA-256 in hexadecimal of what was read and written, behind those that were there already.
    pub sha256: String,
    /// How it was found out what the target holds.
    pub checked_by: By,
    /// The source was written while it was read.
    pub is_changed: bool,
    /// The target has the source's permissions and time of modification.
    pub keeps_attributes: bool,
}

/// From where to where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    Up,
    Down,
    /// Between hosts.
    Across,
}

/// Which end something happened at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Source,
    Target,
    /// Before either was looked at.
    Neither,
}

/// Why nothing was transferred.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failed {
    pub side: Side,
    pub error: Error,
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self { side: Side::Neither, error }
    }
}

/// Transfers a file. `told` hears how many bytes have been written, and of how many. Dropped, it ends on both ends, and
/// what was written is removed, unless the transfer is to be gone on with.
///
/// Errors: what the client may not do; those of either end.
pub async fn transfer(
    shards: &Shards,
    client: &Client,
    roots: &Roots,
    order: &Transfer,
    told: &dyn Fn(u64, u64),
) -> Result<Transferred, Failed> {
    let fleet = shards.own();
    let measured = fleet.recorder().request(TargetType::Transfer, fleet.now());
    let result = carry_out(shards, client, roots, order, told).await;
    // Nobody is told of a slow one: how long it takes is up to its size.
    measured.end(&result.as_ref().map_err(|failed| failed.error.clone()), fleet.now());
    result
}

/// Waits, for a moment at most, until the host that a transfer was to go to has removed what was written: for whoever has
/// dropped one, and is about to leave. A host does in order what it is asked.
pub async fn withdrawn(shards: &Shards, to: &Place) {
    let Place::Remote { host, .. } = to else { return };
    let claim = *shards.own().caller(Class::Interactive, ClientId::OURSELVES).claim();
    let name = host.as_str().to_owned();
    let ask = move |caller: Caller| async move {
        let stat = async |machine: &Machine| match machine.files()? {
            Some(link) => link.stat(b".").await.map(drop),
            None => Ok(()),
        };
        let asked = caller.work(&name, Need::Files, Repeat::Safe, stat);
        caller.within(TRANSFER_CLEAN_UP_PATIENCE, asked, || Ok(())).await
    };
    // What cannot be asked any more cannot be helped.
    let _ = shards.on(host.as_str(), claim, ask).await;
}

async fn carry_out(
    shards: &Shards,
    client: &Client,
    roots: &Roots,
    order: &Transfer,
    told: &dyn Fn(u64, u64),
) -> Result<Transferred, Failed> {
    let from = settle(shards, client, &order.from).map_err(at(Side::Source))?;
    let to = settle(shards, client, &order.to).map_err(at(Side::Target))?;
    let way = match (from.is_local(), to.is_local()) {
        (true, true) => {
            return Err(Error::new(Kind::InvalidArgument, "Cannot transfer from local to local").into());
        }
        (true, false) => Way::Up,
        (false, true) => Way::Down,
        (false, false) => Way::Across,
    };
    let _turn = shards.own().transfer_turn().await?;
    let ends = Ends { shards, client, roots, order };
    let (reader, writer, marks) = bridge();
    let source = Box::pin(ends.read(&from, reader)).map_err(at(Side::Source));
    let target = Box::pin(ends.write(&to, writer)).map_err(at(Side::Target));
    let moved = pin!(try_join(source, target));
    let received = match select(moved, pin!(tell(marks, told))).await {
        Either::Left((moved, _)) => moved?.1,
        Either::Right((never, _)) => match never {},
    };
    Ok(Transferred {
        way,
        from: order.from.to_string(),
        to: received.label,
        size: received.size,
        resumed_at: received.resumed_at,
        sha256: received.sha256,
        checked_by: received.checked_by,
        is_changed: received.is_changed,
        keeps_attributes: received.keeps_attributes,
    })
}

fn at(side: Side) -> impl FnOnce(Error) -> Failed {
    move |error| Failed { side, error }
}

/// What a place is for this client: files of the host that is this machine are files of this machine.
fn settle(shards: &Shards, client: &Client, place: &Place) -> Result<Place> {
    let Place::Remote { host, path } = place else {
        access::require_here(shards, &client.access, Scope::Transfer)?;
        return Ok(place.clone());
    };
    access::check(shards, &client.access, Scope::Transfer, host.as_str())?;
    Ok(match shards.own().host(host.as_str()) {
        Ok(Host::Local) => Place::Local(path.as_str().to_owned()),
        _ => place.clone(),
    })
}

/// Whether there is a file at a path of this machine that transfers may read.
///
/// Errors: what the client may not do; the path is not below the roots; too many files are looked at.
pub async fn has_file(shards: &Shards, client: &Client, path: &str) -> Result<bool> {
    settle(shards, client, &Place::Local(path.to_owned()))?;
    let (roots, path) = (Roots::of(&shards.own().settings()), path.to_owned());
    shards.own().offload(move || local::is_file(&path, &roots)).await?
}

async fn tell(marks: Receiver<Mark>, told: &dyn Fn(u64, u64)) -> std::convert::Infallible {
    while let Ok((done, of)) = marks.recv().await {
        told(done, of);
    }
    std::future::pending().await
}

/// Where the ends of a transfer are worked on: those of hosts by their owners.
struct Ends<'a> {
    shards: &'a Shards,
    client: &'a Client,
    roots: &'a Roots,
    order: &'a Transfer,
}

impl Ends<'_> {
    fn caller(&self) -> Caller {
        self.shards.own().caller(Class::Batch, self.client.id)
    }

    async fn read(&self, from: &Place, to: Reader) -> Result<()> {
        match from {
            Place::Local(path) => {
                send(&LocalSource::open(&self.caller(), path, self.roots).await?, &to).await
            }
            Place::Remote { host, path } => {
                let (name, path) = (host.as_str().to_owned(), path.clone());
                let work = move |caller: Caller| async move {
                    send(&RemoteSource::open(&caller, &name, &path).await?, &to).await
                };
                self.on(host.as_str(), work).await
            }
        }
    }

    async fn write(&self, to: &Place, from: Writer) -> Result<Received> {
        let (may_replace, resumes) = (self.order.overwrite, self.order.resume);
        match to {
            Place::Local(path) => {
                let caller = self.caller();
                receive(&mut LocalTarget::new(&caller, path, self.roots, may_replace, resumes), &from).await
            }
            Place::Remote { host, path } => {
                let (name, path) = (host.as_str().to_owned(), path.clone());
                let work = move |caller: Caller| async move {
                    let target = RemoteTarget::reach(&caller, &name, &path, may_replace, resumes);
                    let mut target = target.await?;
                    let received = receive(&mut target, &from).await;
                    if received.as_ref().is_err_and(|error| error.kind() == Kind::ConnectionLost) {
                        target.clean_up(&caller).await;
                    }
                    received
                };
                self.on(host.as_str(), work).await
            }
        }
    }

    async fn on<T, W, F>(&self, host: &str, work: W) -> Result<T>
    where
        T: Send + 'static,
        W: FnOnce(Caller) -> F + Send + 'static,
        F: Future<Output = Result<T>> + 'static,
    {
        let claim = *self.caller().claim();
        access::on(self.shards, &self.client.access, Scope::Transfer, host, claim, work).await
    }
}

fn is_being_written(label: &str) -> Error {
    let text = format!("{} is being written by another transfer", shown(label));
    Error::refused(Reason::Transfers, Kind::Busy, text)
}

/// Somebody has put something else under the other name meanwhile, which nobody has compared with anything.
fn is_another(label: &str) -> Error {
    let why = "what was to become it was replaced while it was transferred";
    Error::new(Kind::Remote, format!("{} is not written: {why}", shown(label)))
}

fn exists(label: &str) -> Error {
    let text = format!("{} exists already, and is replaced only when asked (overwrite)", shown(label));
    Error::new(Kind::Exists, text)
}

fn is_directory(label: &str) -> Error {
    Error::new(Kind::WrongFileType, format!("{} is a directory; expected a file", shown(label)))
}

fn is_link(label: &str) -> Error {
    Error::new(Kind::WrongFileType, format!("{} is a symbolic link; name what it leads to", shown(label)))
}

fn no_directory(label: &str) -> Error {
    Error::new(Kind::NotFound, format!("There is no directory to write {} in", shown(label)))
}
