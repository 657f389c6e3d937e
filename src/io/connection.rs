//! Carries the bytes of a link: one task reads, one writes and watches the clock.

use std::future::Future;
use std::pin::{Pin, pin};
use std::rc::Rc;

use event_listener::EventListener;
use futures_util::future::{Either, select};

use super::runtime::within;
use super::stream::{Reader, Stream, Writer};
use super::{memory, runtime};
use crate::base::{limits, time};
use crate::fleet::Link;

/// What one read may bring: two of the largest packets that servers usually send.
const BUFFER_BYTES_MAX: usize = 64 * 1024;
/// As long as little comes at once, less is set aside for it.
const BUFFER_BYTES_USUAL: usize = 8 * 1024;
/// What a connection waits with that nobody needs, as most of a fleet do most of the time: a small file, or what a short
/// command prints, comes in one read.
const BUFFER_BYTES_IDLE: usize = 2 * 1024;

/// Serves the link until it ends. The link's own end closes the stream, and the other way round.
pub(super) fn drive(stream: Stream, link: &Rc<Link>) {
    runtime::spawn(read(stream.reader, Rc::clone(link)));
    runtime::spawn(write(stream.writer, Rc::clone(link)));
}

async fn read(mut reader: Reader, link: Rc<Link>) {
    let mut buffer = Vec::with_capacity(BUFFER_BYTES_IDLE);
    loop {
        let (result, filled) = reader.read(buffer).await;
        match result {
            _ if link.has_ended() => return,
            Ok(0) => return link.handle_eof(),
            Ok(_) => link.handle_input(&filled, time::now()),
            Err(error) => return link.handle_loss(&error),
        }
        buffer = next_buffer(filled, link.is_idle());
    }
}

/// An empty buffer for the next read: a larger one after a read that filled its buffer, a smaller one after a small read.
fn next_buffer(mut filled: Vec<u8>, is_idle: bool) -> Vec<u8> {
    let bytes = match (filled.len(), filled.capacity()) {
        (read, capacity) if read == capacity && capacity < BUFFER_BYTES_USUAL => BUFFER_BYTES_USUAL,
        (read, capacity) if read == capacity => BUFFER_BYTES_MAX,
        _ if is_idle => BUFFER_BYTES_IDLE,
        (read, capacity) if read <= BUFFER_BYTES_USUAL => capacity.min(BUFFER_BYTES_USUAL),
        (_, capacity) => capacity,
    };
    if bytes != filled.capacity() {
        return Vec::with_capacity(bytes);
    }
    filled.clear();
    filled
}

async fn write(mut writer: Writer, link: Rc<Link>) {
    let mut buffer = Vec::new();
    // The login was work, a sign of life is none.
    let mut has_worked = true;
    loop {
        let changed = link.listen();
        buffer.clear();
        if link.poll_transmit(&mut buffer) {
            let Some((result, sent)) = finish(&link, pin!(writer.write_all(buffer))).await else { break };
            buffer = sent;
            if let Err(error) = result {
                link.handle_loss(&error);
                break;
            }
        } else if link.has_ended() {
            break;
        } else {
            // What a large write needed is not kept for the next, and nothing is for none.
            let rests = link.rests();
            buffer.shrink_to(if rests { 0 } else { BUFFER_BYTES_USUAL });
            if rests && has_worked {
                memory::note_rest();
            }
            has_worked = !rests;
            next(&link, changed).await;
        }
    }
    writer.close().await;
    link.handle_closed();
    memory::note_rest();
}

/// Finishes a write, serving the link's deadlines meanwhile. When the link ends under it, it gets a moment more: the
/// last words may be in it, or behind it. `None` when that was not enough.
async fn finish<T>(link: &Link, mut write: Pin<&mut impl Future<Output = T>>) -> Option<T> {
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
