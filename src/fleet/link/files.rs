//! File operations on a link: all of them share one SFTP channel, opened when the first one comes and then kept.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use super::{Link, State};
use crate::base::{Error, Kind, Result};
use crate::fleet::gate::Permit;
use crate::fleet::errors;
use crate::sftp::{Failure, OpId, Outcome, Refusal, Session};
use crate::ssh::{ChannelId, Client, Event, Stream};

/// The SFTP channel of a link.
#[derive(Default)]
pub(super) enum Files {
    #[default]
    Unopened,
    Open(Channel),
    /// The server has no SFTP; commands must do.
    Absent,
}

pub(super) struct Channel {
    id: ChannelId,
    session: Session,
    /// What the session wants to say and the channel's window does not take yet.
    unsent: Vec<u8>,
    operations: HashMap<OpId, Operation>,
    /// Whether the version exchange is over.
    ready: bool,
    failure: Option<Error>,
}

#[derive(Default)]
struct Operation {
    waker: Option<Waker>,
    done: Option<Result<Outcome, Failure>>,
}

impl Link {
    /// Whether the host serves files by SFTP; asks it the first time.
    pub async fn has_sftp(self: &Rc<Self>) -> Result<bool> {
        let _at_work = self.at_work();
        loop {
            let listener = self.sftp_known.listen();
            self.alive()?;
            match &self.state.borrow().files {
                Files::Open(channel) if channel.ready => return Ok(true),
                Files::Absent => return Ok(false),
                _ => {}
            }
            self.open_sftp()?;
            listener.await;
        }
    }

    /// Reads a regular file: `len_max` bytes from `offset`, and whether there are more.
    pub async fn read(self: &Rc<Self>, path: &[u8], offset: u64, len_max: u64) -> Result<Result<Outcome, Failure>> {
        self.operate(|session| session.read(path, offset, len_max)).await
    }

    /// Lists a directory.
    pub async fn list(
        self: &Rc<Self>,
        path: &[u8],
        entries_max: usize,
        bytes_max: usize,
    ) -> Result<Result<Outcome, Failure>> {
        self.operate(|session| session.list(path, entries_max, bytes_max)).await
    }

    async fn operate(
        self: &Rc<Self>,
        begin: impl FnOnce(&mut Session) -> Result<OpId, Refusal>,
    ) -> Result<Result<Outcome, Failure>> {
        let _at_work = self.at_work();
        let permit = self.pipeline.enter().await.map_err(|_| self.busy())?;
        self.alive()?;
        let id = {
            let mut state = self.state.borrow_mut();
            let State { client, files, .. } = &mut *state;
            let Files::Open(channel) = files else { return Err(self.no_files()) };
            let id = begin(&mut channel.session).map_err(|refusal| errors::from_refusal(&self.host, refusal))?;
            channel.operations.insert(id, Operation::default());
            channel.send(client);
            id
        };
        self.driver.notify(usize::MAX);
        Pending { link: self, id, _permit: permit }.await
    }

    fn open_sftp(&self) -> Result<()> {
        let mut state = self.state.borrow_mut();
        let State { client, files, .. } = &mut *state;
        if matches!(files, Files::Unopened) {
            let id = client.open_session().map_err(|error| self.explain(&error))?;
            client.subsystem(id, "sftp");
            *files = Files::Open(Channel::new(id));
            drop(state);
            self.driver.notify(usize::MAX);
        }
        Ok(())
    }

    fn no_files(&self) -> Error {
        Error::new(Kind::ConnectionLost, format!("{} has closed its SFTP channel", self.host))
    }
}

impl Files {
    pub(super) fn owns(&self, channel: ChannelId) -> bool {
        matches!(self, Self::Open(open) if open.id == channel)
    }

    /// Returns whether it has just become known if there is SFTP.
    pub(super) fn handle_event(&mut self, client: &mut Client, event: &Event) -> bool {
        let Self::Open(channel) = self else { return false };
        let was_ready = channel.ready;
        match event {
            Event::OpenRefused { .. } => *self = Self::Absent,
            Event::RequestFailed(id) => {
                client.close(*id);
                *self = Self::Absent;
            }
            Event::Closed(_) if channel.ready => {
                channel.fail(Error::new(Kind::ConnectionLost, "The SFTP server ended"));
                *self = Self::Unopened;
            }
            // A subsystem that is accepted and then ends at once is a server whose sftp-server is missing.
            Event::Closed(_) => *self = Self::Absent,
            Event::Opened(_) | Event::Writable(_) => channel.send(client),
            Event::Readable(_) => channel.receive(client),
            _ => {}
        }
        match self {
            Self::Open(channel) => channel.ready != was_ready,
            _ => true,
        }
    }

    pub(super) fn wake_all(&mut self) {
        if let Self::Open(channel) = self {
            channel.wake_all();
        }
    }
}

impl Channel {
    fn new(id: ChannelId) -> Self {
        Self {
            id,
            session: Session::new(),
            unsent: Vec::new(),
            operations: HashMap::new(),
            ready: false,
            failure: None,
        }
    }

    fn send(&mut self, client: &mut Client) {
        while self.session.poll_transmit(&mut self.unsent) {}
        let taken = client.send(self.id, &self.unsent);
        self.unsent.drain(..taken);
    }

    fn receive(&mut self, client: &mut Client) {
        // An SFTP server's complaints are of no use to the protocol.
        let noise = client.received(self.id, Stream::Stderr).len();
        client.consume(self.id, Stream::Stderr, noise);

        let bytes = client.received(self.id, Stream::Stdout);
        let read = bytes.len();
        let fed = self.session.handle_input(bytes);
        client.consume(self.id, Stream::Stdout, read);
        if let Err(error) = fed {
            self.fail(errors::from_sftp("SFTP", &error));
            client.close(self.id);
            return;
        }
        self.ready = self.session.is_ready();
        while let Some((id, result)) = self.session.poll_done() {
            if let Some(operation) = self.operations.get_mut(&id) {
                operation.done = Some(result);
                if let Some(waker) = operation.waker.take() {
                    waker.wake();
                }
            }
        }
        self.send(client);
    }

    fn fail(&mut self, error: Error) {
        self.failure = Some(error);
        self.wake_all();
    }

    fn wake_all(&mut self) {
        for operation in self.operations.values_mut() {
            if let Some(waker) = operation.waker.take() {
                waker.wake();
            }
        }
    }
}

/// Waits for a file operation. Dropping it cancels the operation.
struct Pending<'a> {
    link: &'a Rc<Link>,
    id: OpId,
    _permit: Permit,
}

impl Future for Pending<'_> {
    type Output = Result<Result<Outcome, Failure>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.link.state.borrow_mut();
        let State { files, ended, .. } = &mut *state;
        if let Some(error) = ended {
            return Poll::Ready(Err(error.clone()));
        }
        let Files::Open(channel) = files else { return Poll::Ready(Err(self.link.no_files())) };
        let Some(operation) = channel.operations.get_mut(&self.id) else {
            return Poll::Ready(Err(self.link.no_files()));
        };
        if let Some(result) = operation.done.take() {
            channel.operations.remove(&self.id);
            return Poll::Ready(Ok(result));
        }
        if let Some(error) = &channel.failure {
            return Poll::Ready(Err(error.clone()));
        }
        operation.waker = Some(cx.waker().clone());
        Poll::Pending
    }
}

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        let mut state = self.link.state.borrow_mut();
        let State { client, files, .. } = &mut *state;
        if let Files::Open(channel) = files
            && channel.operations.remove(&self.id).is_some()
        {
            channel.session.cancel(self.id);
            channel.send(client);
            drop(state);
            self.link.driver.notify(usize::MAX);
        }
    }
}
