//! JSON-RPC 2.0: bytes in, borrowed messages out; results, errors and words of our own back into bytes. Knows no method and no MCP.
//!
//! A message is read without copying it: what a member means is decided by whoever knows the method, so members stay
//! raw JSON until then. Reading never recurses, so that nesting costs nothing, and what it allocates is bounded by
//! [`MESSAGE_BYTES_MAX`] and [`BATCH_LENGTH_MAX`].
//!
//! Replies hold no line end and are valid UTF-8, as line-delimited transports need.
//!
//! [`MESSAGE_BYTES_MAX`]: crate::base::limits::MESSAGE_BYTES_MAX
//! [`BATCH_LENGTH_MAX`]: crate::base::limits::BATCH_LENGTH_MAX

mod error;
mod id;
mod message;
mod reply;
mod value;

pub use error::{Code, Error};
pub use id::Id;
pub use message::{Entry, Message, Rejected, Request, Response, requests_in};
pub use reply::{failure, join, long_success, notification, request, success};
pub use value::{Raw, object, present, string, type_name};
