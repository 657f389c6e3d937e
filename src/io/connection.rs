//! Carries the bytes of a link: one task reads, one writes and watches the clock.

use std::future::Future;
use std::pin::pin;
use std::rc::Rc;

use event_listener::EventListener;
use futures_util::future::{Either, select};

use super::runtime;
use super::runtime::within;
use super::stream::{Reader, Stream, Writer};
use crate::base::{limits, time};
use crate::fleet::Link;

/// What one read may bring: two of the largest packets that servers usually send.
const BUFFER_BYTES_MAX: usize = 64 * 1024;
/// As long as little comes at once, less is set aside for it: most connections of a fleet wait most of the time, each
/// with a buffer in its read.
const BUFFER_BYTES_MIN: usize = 8 * 1024;

/// Serves the link until it ends. The link's own end closes the stream, and the other way round.
pub(super) fn drive(stream: Stream, link: &Rc<Link>) {
    runtime::spawn(read(stream.reader, Rc::clone(link)));
    runtime::spawn(write(stream.writer, Rc::clone(link)));
}

async fn read(mut reader: Reader, link: Rc<Link>) {
    let mut buffer = Vec::with_capacity(BUFFER_BYTES_MIN);
    loop {
        let (result, filled) = reader.read(buffer).await;
        match result {
            _ if link.has_ended() => return,
            Ok(0) => return link.handle_eof(),
            Ok(_) => link.handle_input(&filled, time::now()),
            Err(error) => return link.handle_loss(&error),
        }
        buffer = next_buffer(filled);
    }
}

/// An empty buffer for the next read: a large one after a read that filled its buffer, a small one after a small read.
fn next_buffer(mut filled: Vec<u8>) -> Vec<u8> {
    let bytes = match filled.len() {
        read if read == filled.capacity() => BUFFER_BYTES_MAX,
        read if read <= BUFFER_BYTES_MIN => BUFFER_BYTES_MIN,
        _ => filled.capacity(),
    };
    if bytes != filled.capacity() {
        return Vec::with_capacity(bytes);
    }
    filled.clear();
    filled
}

async fn write(mut writer: Writer, link: Rc<Link>) {
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
            // What a large write needed is not kept for the next.
            buffer.shrink_to(BUFFER_BYTES_MIN);
            next(&link, changed).await;
        }
    }
    writer.close().await;
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
