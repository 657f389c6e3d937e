//! HTTP/1.1, the server's side, without sockets and clocks (and as much of a client's, in `answer`, as it takes to measure
//! a server): what comes is told to a [`Connection`], which says what it
//! makes of it and writes what is answered. What the requests are about is not known here; a [`Service`] answers them.
//!
//! `head` reads the request line and the headers, `framing` finds out from them where the body ends, `chunked` takes a
//! body in chunks apart; [`Refusal`] is everything that may be wrong. [`Intake`] and [`Outlet`] bound what all connections
//! hold of long bodies, on their way in and out. `encoder` writes answers, [`sse`] events of a stream.
//!
//! Where the specifications leave it to us, what is odd is refused: two ways to read a request are how one is smuggled
//! past whoever stands in front (RFC 9112 §11.2). What hyper makes of the same bytes is in `tests/http_verdicts.rs`.

mod answer;
mod buffer;
mod chunked;
mod connection;
mod date;
mod encoder;
mod framing;
mod head;
mod headers;
mod incoming;
mod intake;
mod outlet;
mod refusal;
mod request;
mod response;
mod section;
mod service;
pub mod sse;
mod status;
mod terms;

pub use answer::{Answer, Answers};
pub use connection::{CONTINUE, Connection, Step};
pub use date::Date;
pub use encoder::{Content, refuse};
pub use headers::Headers;
pub use intake::Intake;
pub use outlet::{Load, Outlet};
pub use refusal::Refusal;
pub use request::{Request, Version};
pub use response::{Body, Response, Streamed};
pub use service::{Peer, Service};
pub use status::Status;
pub use terms::Terms;
