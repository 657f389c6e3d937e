//! Carries the bytes of a link: one task reads, one writes and watches the clock.

use std::future::Future;
use std::pin::pin;
use std::rc::Rc;

use futures_util::future::{Either, select};
use monoio::io::{
    AsyncWriteRentExt, CancelHandle, CancelableAsyncReadRent, Canceller, OwnedReadHalf, OwnedWriteHalf,
    Splitable,
};
use monoio::net::TcpStream;

use super::outside::within;
use super::runtime;
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
            let Some((result, sent)) = in_time(&link, writer.write_all(buffer)).await else { break };
            buffer = sent;
            if let Err(error) = result {
                link.handle_loss(&error);
            }
        } else if link.has_ended() || in_time(&link, changed).await.is_none() {
            break;
        }
    }
    let mut farewell = Vec::new();
    if link.poll_transmit(&mut farewell) {
        let _ = within(limits::FAREWELL_PATIENCE, writer.write_all(farewell)).await;
    }
    cancel_read.cancel();
    drop(writer);
    link.handle_closed();
}

/// Waits for `work` and serves the link's deadlines meanwhile. `None` when one of them ended the link.
async fn in_time<F: Future>(link: &Link, work: F) -> Option<F::Output> {
    let mut work = pin!(work);
    loop {
        let Some(deadline) = link.poll_timeout() else { return Some(work.await) };
        match select(work.as_mut(), pin!(runtime::sleep_until(deadline))).await {
            Either::Left((output, _)) => return Some(output),
            Either::Right(_) => link.handle_timeout(time::now()),
        }
        if link.has_ended() {
            return None;
        }
    }
}
