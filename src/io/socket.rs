//! Socket options that the runtime does not offer.

use std::os::fd::{AsRawFd, BorrowedFd};

use monoio::net::TcpStream;
use rustix::net::sockopt;

/// Asks the kernel to acknowledge at once. It forgets that again, so it is asked anew after every read.
///
/// A server that waits for our acknowledgement before it sends the rest of its handshake (Nagle) would wait 40 ms.
pub(super) fn acknowledge_at_once(stream: &TcpStream) {
    let _ = sockopt::set_tcp_quickack(borrow(stream), true);
}

#[allow(unsafe_code)]
fn borrow(stream: &TcpStream) -> BorrowedFd<'_> {
    // SAFETY: the descriptor is open as long as the stream that is borrowed with it.
    unsafe { BorrowedFd::borrow_raw(stream.as_raw_fd()) }
}
