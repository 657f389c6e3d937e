//! What a server asks of its peers: how much they may send, and how fast they have to be.

use crate::base::limits;
use crate::base::time::Duration;

/// The bounds that a server may set for itself; what no server need change stands in `base/limits/` alone.
#[derive(Debug, Clone)]
pub struct Terms {
    /// Bytes of a request's body.
    pub body_bytes_max: usize,
    /// From a request's first byte, or from the connection's beginning, to the end of its headers.
    pub head_patience: Duration,
    /// Between two pieces of a body.
    pub body_gap_max: Duration,
    /// From a request's first byte to its last.
    pub request_patience: Duration,
    /// How long a connection may be without a request.
    pub idle_patience: Duration,
    /// How long the peer may leave what we write.
    pub write_patience: Duration,
    /// Bytes of long answers that wait for their peers.
    pub outlet_bytes_max: usize,
    /// Between two signs of life on a stream that has nothing to say.
    pub pulse_every: Duration,
    /// Requests of one connection.
    pub requests_max: u32,
}

impl Default for Terms {
    fn default() -> Self {
        Self {
            body_bytes_max: limits::MESSAGE_BYTES_MAX,
            head_patience: limits::HTTP_HEAD_PATIENCE,
            body_gap_max: limits::HTTP_BODY_GAP_MAX,
            request_patience: limits::HTTP_REQUEST_PATIENCE,
            idle_patience: limits::HTTP_IDLE_PATIENCE,
            write_patience: limits::HTTP_WRITE_PATIENCE,
            outlet_bytes_max: limits::HTTP_OUTLET_BYTES_MAX,
            pulse_every: limits::HTTP_PULSE_EVERY,
            requests_max: limits::HTTP_REQUESTS_MAX,
        }
    }
}
