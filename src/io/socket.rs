//! Socket options that the runtime does not offer.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, RawFd};

use monoio::net::TcpStream;
use rustix::net::sockopt;

/// What the kernel has against the connection, once.
///
/// Errors: that.
#[allow(unsafe_code)]
pub(super) fn take_error(stream: &TcpStream) -> io::Result<()> {
    // SAFETY: the stream is borrowed, so its descriptor is open during the call.
    let socket = unsafe { BorrowedFd::borrow_raw(stream.as_raw_fd()) };
    Ok(sockopt::socket_error(socket)??)
}

/// Asks the kernel to acknowledge at once what has been read. It forgets that again, so it is asked after every read.
///
/// sshd leaves Nagle's algorithm on: what it has to say next waits for our acknowledgement, which the kernel would
/// otherwise hold back for 40 ms, once in every login.
#[derive(Debug, Clone, Copy)]
pub(super) struct QuickAck(RawFd);

impl QuickAck {
    pub(super) fn on(stream: &TcpStream) -> Self {
        Self(stream.as_raw_fd())
    }

    /// To be called only while the stream is open, by whoever holds it or half of it.
    #[allow(unsafe_code)]
    pub(super) fn arm(self) {
        // SAFETY: the caller holds the stream, so the descriptor is open during the call.
        let socket = unsafe { BorrowedFd::borrow_raw(self.0) };
        let _ = sockopt::set_tcp_quickack(socket, true);
    }
}
