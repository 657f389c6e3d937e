//! SFTP version 3 client (draft-ietf-secsh-filexfer-02), sans-IO.
//!
//! A [`Session`] speaks over any ordered byte stream; it knows neither channels nor sockets nor hosts. It offers
//! whole operations (stat a path, read a file, list a directory, look at a path that may be either), and such on files
//! that stay open (pieces read and written), many at once, each pipelined as far as its data allows and named by an [`OpId`].
//!
//! Methods come in four kinds, as in the other machines of this crate:
//! * commands start or stop work: [`Session::stat`], [`Session::read`], [`Session::list`], [`Session::look`],
//!   [`Session::open`] and what is done with an open file, [`Session::cancel`];
//! * `handle_*` takes what happened outside: [`Session::handle_input`];
//! * `poll_*` hands out what is to be done: [`Session::poll_transmit`], then [`Session::poll_done`];
//! * the rest only looks: [`Session::is_ready`].
//!
//! After every command and every `handle_*`, poll both until they have nothing more.

mod attrs;
mod error;
mod exchange;
mod handles;
mod known;
mod list;
mod look;
mod operation;
mod piece;
mod read;
mod reply;
mod request;
mod requests;
mod session;
mod transfer;
pub(crate) mod wire;

#[cfg(test)]
mod tests;

pub use attrs::{Attrs, FileType, NewAttrs};
pub use error::{Error, Failure, Refusal, StatusCode};
pub use exchange::{Handle, Opening};
pub use list::Entry;
pub use operation::{OpId, Outcome};
pub use reply::Extensions;
pub use session::{LookMax, Session};
