//! Who waits for a file operation, and what becomes of it.

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use super::channel::no_files;
use super::{Link, State};
use crate::base::Result;
use crate::fleet::gate::Permit;
use crate::sftp::{Failure, OpId, Outcome};
use crate::ssh::ChannelId;

/// An operation as its channel knows it, until it has ended.
#[derive(Default)]
pub(super) struct Operation {
    waker: Option<Waker>,
    /// What the server said, or why it says nothing.
    done: Option<Result<Result<Outcome, Failure>>>,
}

impl Operation {
    pub(super) fn end(&mut self, result: Result<Result<Outcome, Failure>>) {
        self.done = Some(result);
        self.wake();
    }

    pub(super) fn wake(&mut self) {
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }
}

/// Waits for a file operation. Dropping it cancels the operation.
pub(super) struct Pending<'a> {
    pub link: &'a Rc<Link>,
    /// Operations are numbered anew in every channel.
    pub channel: ChannelId,
    pub id: OpId,
    pub operation: Rc<RefCell<Operation>>,
    pub _permit: Permit,
}

impl Future for Pending<'_> {
    type Output = Result<Result<Outcome, Failure>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.link.state.borrow_mut();
        let State { files, ended, was_of_use, .. } = &mut *state;
        let mut operation = self.operation.borrow_mut();
        if let Some(result) = operation.done.take_if(|done| done.is_ok() || ended.is_none()) {
            *was_of_use |= result.is_ok();
            return Poll::Ready(result);
        }
        if let Some(error) = ended {
            return Poll::Ready(Err(match files.is_opening() {
                true => Link::not_begun(error),
                false => error.clone(),
            }));
        }
        if !files.owns(self.channel) {
            return Poll::Ready(Err(no_files(&self.link.host)));
        }
        operation.waker = Some(cx.waker().clone());
        Poll::Pending
    }
}

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        let mut state = self.link.state.borrow_mut();
        let State { client, files, .. } = &mut *state;
        let Some(channel) = files.channel(self.channel) else { return };
        let is_over = match self.operation.borrow_mut().done.take() {
            // A file that was opened in vain.
            Some(Ok(Ok(Outcome::Opened(file)))) => {
                channel.session.abandon(&file);
                false
            }
            Some(_) => true,
            None => !channel.cancel(self.id),
        };
        if !is_over {
            channel.send(client);
            drop(state);
            self.link.driver.notify(usize::MAX);
        }
    }
}
