//! The way in: reads what the peer sends and watches the clock, while something else is waited for.
//!
//! The end of what the peer sends is his leaving, whatever else he might still read: only so is a cancelled request seen
//! at once. hyper does the same unless told otherwise.

use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use monoio::io::{AsyncReadRent, OwnedReadHalf};
use monoio::net::TcpStream;
use monoio::time::Sleep;

use super::roll::{Call, Seat};
use super::tls::Session;
use crate::base::time::{self, Instant};
use crate::http::{Connection as Machine, Step};

/// See the module's documentation.
pub(super) struct Line {
    pub(super) machine: Machine,
    pub(super) tls: Option<Box<Session>>,
    pub(super) seat: Seat,
    input: Input,
    alarm: Alarm,
    is_draining: bool,
}

/// The connection has ended, whoever ended it.
#[derive(Debug)]
pub(super) struct Gone;

impl Line {
    pub(super) fn new(
        machine: Machine,
        tls: Option<Box<Session>>,
        reader: OwnedReadHalf<TcpStream>,
        seat: Seat,
    ) -> Self {
        Self { machine, tls, input: Input::new(reader), alarm: Alarm::default(), seat, is_draining: false }
    }

    /// Does this and listens to the peer meanwhile: should he leave, or take too long, the work is dropped.
    pub(super) async fn attend<T>(&mut self, work: impl Future<Output = T>) -> Result<T, Gone> {
        let mut work = pin!(work);
        poll_fn(|context| {
            if let Poll::Ready(output) = work.as_mut().poll(context) {
                return Poll::Ready(Ok(output));
            }
            loop {
                if let Err(gone) = ready!(self.poll_change(context)) {
                    return Poll::Ready(Err(gone));
                }
            }
        })
        .await
    }

    /// What is to be done next, other than to wait.
    pub(super) async fn next(&mut self) -> Result<Step, Gone> {
        poll_fn(|context| {
            loop {
                match self.machine.poll(time::now()) {
                    Step::Wait => ready!(self.poll_change(context))?,
                    step => return Poll::Ready(Ok(step)),
                }
            }
        })
        .await
    }

    /// Waits until something has come or time has passed.
    pub(super) async fn changed(&mut self) -> Result<(), Gone> {
        poll_fn(|context| self.poll_change(context)).await
    }

    fn poll_change(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Gone>> {
        match self.seat.called(context.waker()) {
            Call::Leave => return Poll::Ready(Err(Gone)),
            Call::Finish if !self.is_draining => {
                self.is_draining = true;
                self.machine.drain();
                return Poll::Ready(Ok(()));
            }
            Call::Finish | Call::Stay => {}
        }
        if let Poll::Ready(read) = self.input.poll(context, self.machine.room()) {
            return Poll::Ready(match read {
                Ok(0) | Err(_) => Err(Gone),
                Ok(_) => self.take_in(),
            });
        }
        ready!(self.alarm.poll(context, self.machine.poll_timeout()));
        self.machine.handle_timeout(time::now());
        Poll::Ready(if self.machine.is_closed() { Err(Gone) } else { Ok(()) })
    }

    fn take_in(&mut self) -> Result<(), Gone> {
        let (now, bytes, machine) = (time::now(), &self.input.buffer[..], &mut self.machine);
        match &mut self.tls {
            None => machine.handle_input(bytes, now),
            Some(tls) => {
                tls.handle_input(bytes, |plain| machine.handle_input(plain, now)).map_err(|_| Gone)?
            }
        }
        if machine.is_closed() { Err(Gone) } else { Ok(()) }
    }
}

/// Reads one after the other. What is being read is never dropped while the connection lives: it would be lost.
struct Input {
    state: Reading,
    /// What the last read has brought; its memory serves the next.
    buffer: Vec<u8>,
}

enum Reading {
    Rests(Option<OwnedReadHalf<TcpStream>>),
    Reads(LocalBoxFuture<'static, Read>),
}

struct Read {
    half: OwnedReadHalf<TcpStream>,
    result: io::Result<usize>,
    buffer: Vec<u8>,
}

impl Input {
    fn new(half: OwnedReadHalf<TcpStream>) -> Self {
        Self { state: Reading::Rests(Some(half)), buffer: Vec::new() }
    }

    /// Reads at most `room` bytes into the buffer; does not begin to where there is no room.
    fn poll(&mut self, context: &mut Context<'_>, room: usize) -> Poll<io::Result<usize>> {
        if let Reading::Rests(half) = &mut self.state {
            if room == 0 {
                return Poll::Pending;
            }
            let Some(mut half) = half.take() else { return Poll::Pending };
            let mut buffer = std::mem::take(&mut self.buffer);
            buffer.clear();
            if buffer.capacity() != room {
                buffer = Vec::with_capacity(room);
            }
            let read = async move {
                let (result, buffer) = half.read(buffer).await;
                Read { half, result, buffer }
            };
            self.state = Reading::Reads(read.boxed_local());
        }
        let Reading::Reads(read) = &mut self.state else { return Poll::Pending };
        let Read { half, result, buffer } = ready!(read.as_mut().poll(context));
        (self.state, self.buffer) = (Reading::Rests(Some(half)), buffer);
        Poll::Ready(result)
    }
}

/// Rings at a deadline that moves on with every request. It is not set anew for that, only looked at when it rings.
#[derive(Default)]
struct Alarm {
    sleep: Option<Pin<Box<Sleep>>>,
    is_set: bool,
}

impl Alarm {
    fn poll(&mut self, context: &mut Context<'_>, deadline: Option<Instant>) -> Poll<()> {
        let Some(deadline) = deadline else { return Poll::Pending };
        let at = monoio::time::Instant::from_std(deadline);
        loop {
            let sleep = self.sleep.get_or_insert_with(|| Box::pin(monoio::time::sleep_until(at)));
            if !self.is_set || at < sleep.deadline() {
                sleep.as_mut().reset(at);
                self.is_set = true;
            }
            ready!(sleep.as_mut().poll(context));
            self.is_set = false;
            if deadline <= time::now() {
                return Poll::Ready(());
            }
        }
    }
}
