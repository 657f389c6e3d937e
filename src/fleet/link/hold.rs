//! Who needs a link, and who keeps it while nobody does: it is neither closed for being idle nor given up for another
//! while an operation is under way on it, a request holds it, or a session of it is granted.

use std::future::Future;
use std::ops::Deref;
use std::pin::{Pin, pin};
use std::rc::Rc;

use futures_util::future::{Either, LocalBoxFuture, select};

use super::{Link, State};
use crate::base::time::{Duration, Instant};
use crate::metrics::Histogram;

/// Whoever keeps a link for those to come. It is dropped when the connection is closed.
pub trait Keeper {
    /// The link is over: nobody is to come for it any more. Its connection has yet to be closed.
    fn handle_end(&self);

    /// Nobody needs the link any more, unless for its tunnels.
    fn handle_idle(&self);

    /// Has further connections to the host made for those who want a session, as long as it is polled and where that is
    /// worth it. Ends when there is one more.
    fn help(&self) -> LocalBoxFuture<'static, ()>;
}

/// A link that is kept for a request.
#[derive(Debug)]
pub struct Hold {
    link: Rc<Link>,
}

impl Deref for Hold {
    type Target = Rc<Link>;

    fn deref(&self) -> &Rc<Link> {
        &self.link
    }
}

impl Hold {
    /// Waits for something, and lets go of the link meanwhile if it is retired: what is to be done on it comes too late to
    /// keep others from its place. It may be over then.
    pub async fn until_retired<T>(self, waiting: Pin<&mut impl Future<Output = T>>) -> (Self, T) {
        let link = Rc::clone(&self);
        match select(waiting, pin!(link.retires())).await {
            Either::Left((output, _)) => (self, output),
            Either::Right(((), waiting)) => {
                drop(self);
                let output = waiting.await;
                (link.hold(), output)
            }
        }
    }
}

impl Clone for Hold {
    fn clone(&self) -> Self {
        self.link.hold()
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.link.holds.set(self.link.holds.get() - 1);
        self.link.let_go();
    }
}

impl Link {
    /// Keeps it as long as the guard lives, for a request that is to begin something on it.
    pub fn hold(self: &Rc<Self>) -> Hold {
        self.note_idle();
        self.holds.set(self.holds.get() + 1);
        Hold { link: Rc::clone(self) }
    }

    /// Hands it to its keeper. One that is over is not kept.
    pub fn keep(&self, keeper: Box<dyn Keeper>) {
        if self.has_ended() {
            keeper.handle_end();
        } else {
            self.keeper.replace(Some(keeper));
        }
    }

    /// Since when nobody needs it; `None` while somebody does. Who asks knows better what its tunnels are for.
    /// Commands that were given up do not count: should the connection end before them, their leash ends them.
    pub fn idle_since(&self) -> Option<Instant> {
        let tunnels = self.state.borrow().tunnels.count();
        self.idle_besides(tunnels)
    }

    /// Whether nobody needs it now.
    pub fn is_idle(&self) -> bool {
        self.idle_besides(0).is_some()
    }

    /// The same; an idle link gives back what past work took. For its driver, when there is nothing to be sent.
    pub fn rests(&self) -> bool {
        let rests = self.is_idle();
        if rests {
            let State { client, files, .. } = &mut *self.state.borrow_mut();
            client.trim();
            files.trim();
        }
        rests
    }

    /// When a link that nobody needs is closed. Commands that were given up are ended first.
    pub(super) fn idle_ends(&self, state: &State) -> Option<Instant> {
        let since = self.idle_besides(0).filter(|_| state.execs.is_empty())?;
        Some(since + self.closes_after.get()?)
    }

    /// Whether it stays when nobody has needed it for long.
    pub fn stay(&self, stays: bool) {
        self.closes_after.set((!stays).then_some(self.idle_timeout));
        self.driver.notify(usize::MAX);
    }

    /// Nobody needs it in future: it is closed as soon as nobody does now.
    pub fn retire(&self) {
        self.closes_after.set(Some(Duration::ZERO));
        self.sessions.retire();
        self.retired.notify(usize::MAX);
        self.driver.notify(usize::MAX);
    }

    async fn retires(&self) {
        let retired = self.retired.listen();
        if !self.sessions.is_retired() {
            retired.await;
        }
    }

    /// Counts an operation as long as the guard lives.
    pub(super) fn at_work(self: &Rc<Self>) -> AtWork {
        self.note_idle();
        self.active.set(self.active.get() + 1);
        self.watch(&mut self.state.borrow_mut(), (self.clock)());
        AtWork { link: Rc::clone(self) }
    }

    /// Waits for what ends when a session of the host comes free. Meanwhile further connections may be made; `grown` is
    /// told of each.
    pub async fn wait_for_session<T>(&self, waiting: impl Future<Output = T>, grown: impl Fn()) -> T {
        let _want = self.memory.sessions.want();
        let mut waiting = pin!(waiting);
        loop {
            let help = self.keeper.borrow().as_ref().map(|keeper| keeper.help());
            let Some(help) = help else { return waiting.await };
            match select(waiting.as_mut(), help).await {
                Either::Left((output, _)) => return output,
                Either::Right(_) => grown(),
            }
        }
    }

    /// Records how long it had nothing to do, which is over now.
    pub(super) fn note_idle(&self) {
        if let Some(since) = self.idle_besides(0) {
            self.recorder.time(Histogram::Idle, (self.clock)() - since);
        }
    }

    fn idle_besides(&self, operations: usize) -> Option<Instant> {
        (self.holds.get() == 0 && self.active.get() == operations).then(|| self.used.get())
    }

    fn let_go(&self) {
        self.used.set((self.clock)());
        self.driver.notify(usize::MAX);
        if self.holds.get() == 0
            && let Some(keeper) = &*self.keeper.borrow()
        {
            keeper.handle_idle();
        }
    }
}

pub(super) struct AtWork {
    link: Rc<Link>,
}

impl Drop for AtWork {
    fn drop(&mut self) {
        let link = &self.link;
        link.active.set(link.active.get() - 1);
        link.watch(&mut link.state.borrow_mut(), (link.clock)());
        self.link.let_go();
    }
}
