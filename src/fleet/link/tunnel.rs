//! TCP connections that a host makes for us (RFC 4254 §7.2): the way to the hosts behind it.
//!
//! Both directions are bounded by the channel's windows: what is not read is not granted again, and what the host does
//! not take is not taken from the writer. A link that carries a tunnel is at work.

use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use super::{AtWork, Channels, Link, State};
use crate::base::{Error, Kind, Result};
use crate::fleet::errors;
use crate::ssh::{ChannelId, Event, Stream};

/// The tunnels of a link.
#[derive(Default)]
pub(super) struct Tunnels(Channels<Channel>);

#[derive(Default)]
struct Channel {
    fate: Fate,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

#[derive(Default)]
enum Fate {
    #[default]
    Opening,
    Open,
    Refused {
        reason: u32,
        text: String,
    },
    /// The far end sends nothing more.
    Finished,
    /// One of the ends has closed it.
    Closed,
}

/// One connection. Dropping it closes it.
pub struct Tunnel {
    link: Rc<Link>,
    channel: ChannelId,
    _at_work: AtWork,
}

impl Link {
    /// A TCP connection from this host to another, whose name it resolves.
    ///
    /// Errors, each naming this host: it does not allow that, it cannot reach the other, the link is over.
    pub async fn tunnel(self: &Rc<Self>, host: &str, port: u16) -> Result<Tunnel> {
        let at_work = self.at_work();
        self.can_begin()?;
        let channel = {
            let mut state = self.state.borrow_mut();
            let opened = state.client.open_direct_tcpip(host, port);
            let channel = opened.map_err(|error| self.explain(&error))?;
            state.tunnels.0.insert(channel, Channel::default());
            channel
        };
        self.driver.notify(usize::MAX);
        let tunnel = Tunnel { link: Rc::clone(self), channel, _at_work: at_work };
        match poll_fn(|cx| tunnel.poll_opened(cx)).await? {
            None => Ok(tunnel),
            Some((reason, text)) => {
                let to = format!("{host}:{port}");
                Err(errors::from_forwarding_refusal(&self.host, &to, reason, &text))
            }
        }
    }
}

impl Tunnel {
    /// Appends at most `bytes_max` of what has come; 0 when nothing more will come. No bytes are lost when the future
    /// is dropped.
    pub async fn read(&self, out: &mut Vec<u8>, bytes_max: usize) -> Result<usize> {
        poll_fn(|cx| self.poll_read(out, bytes_max, cx)).await
    }

    /// Sends all of `data`, as fast as the far end takes it.
    pub async fn write(&self, data: &[u8]) -> Result<()> {
        let mut sent = 0;
        poll_fn(|cx| self.poll_write(data, &mut sent, cx)).await
    }

    /// Waits until the far end has closed, as it does when it has heard a goodbye. A hop that we leave before it has
    /// passed the goodbye on may swallow it. To be called by the writer.
    pub async fn finished(&self) {
        poll_fn(|cx| self.poll_finished(cx)).await;
    }

    /// Nothing more is read or written. Whoever waits for it hears so.
    pub fn close(&self) {
        let mut state = self.link.state.borrow_mut();
        state.client.close(self.channel);
        if let Some(channel) = state.tunnels.0.get_mut(&self.channel) {
            channel.fate = Fate::Closed;
            channel.wake();
        }
        drop(state);
        self.link.driver.notify(usize::MAX);
    }

    fn poll_opened(&self, cx: &Context<'_>) -> Poll<Result<Option<(u32, String)>>> {
        let mut state = self.link.state.borrow_mut();
        if let Some(end) = &state.ended {
            return Poll::Ready(Err(Link::not_begun(end)));
        }
        let channel = self.channel_of(&mut state)?;
        match &mut channel.fate {
            Fate::Opening => {
                channel.reader = Some(cx.waker().clone());
                Poll::Pending
            }
            Fate::Refused { reason, text } => Poll::Ready(Ok(Some((*reason, std::mem::take(text))))),
            Fate::Open | Fate::Finished | Fate::Closed => Poll::Ready(Ok(None)),
        }
    }

    fn poll_read(&self, out: &mut Vec<u8>, bytes_max: usize, cx: &Context<'_>) -> Poll<Result<usize>> {
        let mut state = self.link.state.borrow_mut();
        let State { client, tunnels, ended, .. } = &mut *state;
        let bytes = client.received(self.channel, Stream::Stdout);
        let count = bytes.len().min(bytes_max);
        if count > 0 {
            out.extend_from_slice(bytes.get(..count).unwrap_or_default());
            client.consume(self.channel, Stream::Stdout, count);
            drop(state);
            self.link.driver.notify(usize::MAX);
            return Poll::Ready(Ok(count));
        }
        if let Some(error) = ended {
            return Poll::Ready(Err(error.clone()));
        }
        match tunnels.0.get_mut(&self.channel) {
            Some(Channel { fate: Fate::Opening | Fate::Open, reader, .. }) => {
                *reader = Some(cx.waker().clone());
                Poll::Pending
            }
            _ => Poll::Ready(Ok(0)),
        }
    }

    fn poll_write(&self, data: &[u8], sent: &mut usize, cx: &Context<'_>) -> Poll<Result<()>> {
        let mut state = self.link.state.borrow_mut();
        if matches!(self.channel_of(&mut state)?.fate, Fate::Closed) {
            let text = format!("{} closed the connection that it made for us", self.link.host);
            return Poll::Ready(Err(Error::new(Kind::ConnectionLost, text)));
        }
        *sent += state.client.send(self.channel, data.get(*sent..).unwrap_or_default());
        self.link.driver.notify(usize::MAX);
        if *sent == data.len() {
            return Poll::Ready(Ok(()));
        }
        self.channel_of(&mut state)?.writer = Some(cx.waker().clone());
        Poll::Pending
    }

    fn poll_finished(&self, cx: &Context<'_>) -> Poll<()> {
        let mut state = self.link.state.borrow_mut();
        match self.channel_of(&mut state) {
            Ok(Channel { fate: Fate::Opening | Fate::Open, writer, .. }) => {
                *writer = Some(cx.waker().clone());
                Poll::Pending
            }
            _ => Poll::Ready(()),
        }
    }

    /// Errors: the link is over.
    fn channel_of<'a>(&self, state: &'a mut State) -> Result<&'a mut Channel> {
        match &state.ended {
            Some(error) => Err(error.clone()),
            None => state
                .tunnels
                .0
                .get_mut(&self.channel)
                .ok_or_else(|| Error::new(Kind::Internal, "a tunnel's channel is not known any more")),
        }
    }
}

impl Drop for Tunnel {
    fn drop(&mut self) {
        let mut state = self.link.state.borrow_mut();
        state.client.close(self.channel);
        state.tunnels.0.remove(&self.channel);
        drop(state);
        self.link.driver.notify(usize::MAX);
    }
}

impl Tunnels {
    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.0.len()
    }

    pub(super) fn owns(&self, channel: ChannelId) -> bool {
        self.0.contains_key(&channel)
    }

    pub(super) fn handle_event(&mut self, event: Event) {
        let Some(channel) = event.channel().and_then(|id| self.0.get_mut(&id)) else { return };
        match event {
            Event::Opened(_) => channel.fate = Fate::Open,
            Event::OpenRefused { reason, text, .. } => channel.fate = Fate::Refused { reason, text },
            Event::Eof(_) if matches!(channel.fate, Fate::Open) => channel.fate = Fate::Finished,
            Event::Closed(_) => channel.fate = Fate::Closed,
            Event::Writable(_) => {
                channel.writer.take().into_iter().for_each(Waker::wake);
                return;
            }
            Event::Readable(..) => {
                channel.reader.take().into_iter().for_each(Waker::wake);
                return;
            }
            _ => return,
        }
        channel.wake();
    }

    pub(super) fn wake_all(&mut self) {
        self.0.values_mut().for_each(Channel::wake);
    }
}

impl Channel {
    fn wake(&mut self) {
        [self.reader.take(), self.writer.take()].into_iter().flatten().for_each(Waker::wake);
    }
}
