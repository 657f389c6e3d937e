//! Who answers requests.

use core::net::IpAddr;

use futures_util::future::LocalBoxFuture;

use super::{Refusal, Request, Response};

/// Who sent a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer {
    /// The other end of the connection: a proxy, where there is one.
    pub address: IpAddr,
    pub is_encrypted: bool,
}

/// What a server serves.
pub trait Service {
    /// Answers a request. When the peer goes away before the answer has been sent, the future, or the stream of the
    /// answer's body, is dropped at once.
    fn call(&self, request: Request, peer: Peer) -> LocalBoxFuture<'static, Response>;

    /// Something was not taken and has been answered: to be counted.
    fn handle_refusal(&self, refusal: Refusal, peer: Peer) {
        let _ = (refusal, peer);
    }
}
