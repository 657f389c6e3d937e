//! Carries the bytes of a link: one task reads, one writes and watches the clock.

use std::future::Future;
use std::pin::pin;
use std::rc::Rc;

use event_listener::EventListener;
use futures_util::future::{Either, select};
use monoio::io::{
    AsyncWriteRentExt, CancelHandle, CancelableAsyncReadRent, Canceller, OwnedReadHalf, OwnedWriteHalf,
    Splitable,
};
use monoio::net::TcpStream;

use super::runtime;
use super::runtime::within;
use super::socket::QuickAck;
use crate::base::{limits, time};
use crate::fleet::Link;

/// What one read may bring: two of the largest packets that servers usually send.
const READ_BYTES: usize = 64 * 1024;

/// Serves the link until it ends. The link's own end closes the socket, and the other way round.
pub(super) fn drive(stream: TcpStream, link: &Rc<Link>) {
    let quick_ack = QuickAck::on(&stream);
    let (reader, writer) = stream.into_split();
    let canceller = Canceller::new();
    runtime::spawn(read(reader, quick_ack, canceller.handle(), Rc::clone(link)));
    runtime::spawn(write(writer, canceller, Rc::clone(link)));
}

/// A read under way is never dropped, only cancelled: dropping it would lose what it has read.
async fn read(
    mut reader: OwnedReadHalf<TcpStream>,
    quick_ack: QuickAck,
    cancel: CancelHandle,
    link: Rc<Link>,
) {
    let mut buffer = Vec::with_capacity(READ_BYTES);
    loop {
        buffer.clear();
        quick_ack.arm();
        let (result, filled) = reader.cancelable_read(buffer, cancel.clone()).await;
        buffer = filled;
        match result {
            _ if link.has_ended() => return,
            Ok(0) => return link.handle_eof(),
            Ok(_) => link.handle_input(&buffer, time::now()),
            Err(error) => return link.handle_loss(&error),
        }
    }
}

async fn write(mut writer: OwnedWriteHalf<TcpStream>, cancel_read: Canceller, link: Rc<Link>) {
    let mut buffer = Vec::new();
    loop {
        let changed = link.listen();
        buffer.clear();
        if link.poll_transmit(&mut buffer) {
            let Some((result, sent)) = finish(&link, writer.write_all(buffer)).await else { break };
            buffer = sent;
            if let Err(error) = result {
                link.handle_loss(&error);
                break;
            }
        } else if link.has_ended() {
            break;
        } else {
            next(&link, changed).await;
        }
    }
    cancel_read.cancel();
    drop(writer);
    link.handle_closed();
}

/// Finishes a write, serving the link's deadlines meanwhile. When the link ends under it, it gets a moment more: the
/// last words may be in it, or behind it. `None` when that was not enough.
async fn finish<F: Future>(link: &Link, write: F) -> Option<F::Output> {
    let mut write = pin!(write);
    while !link.has_ended() {
        if let Either::Left((output, _)) = select(write.as_mut(), pin!(next(link, link.listen()))).await {
            return Some(output);
        }
    }
    within(limits::FAREWELL_PATIENCE, write).await
}

/// Waits for a change of the link or for its next deadline, which it is told of.
async fn next(link: &Link, changed: EventListener) {
    let Some(deadline) = link.poll_timeout() else { return changed.await };
    if let Either::Right(_) = select(changed, pin!(runtime::sleep_until(deadline))).await {
        link.handle_timeout(time::now());
    }
}

#[cfg(test)]
mod tests;
