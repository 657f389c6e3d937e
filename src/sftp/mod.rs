//! SFTP version 3 client (draft-ietf-secsh-filexfer-02), sans-IO.
//!
//! A [`Session`] speaks over any ordered byte stream; it knows neither channels nor sockets nor hosts. It offers
//! whole operations (stat a path, read or write a file, list a directory, look at a path that may be either), many at
//! once, each pipelined as far as its data allows and named by an [`OpId`].
//!
//! Methods come in four kinds, as in the other machines of this crate:
//! * commands start or stop work: [`Session::stat`], [`Session::read`], [`Session::list`], [`Session::look`],
//!   [`Session::write`], [`Session::cancel`];
//! * `handle_*` takes what happened outside: [`Session::handle_input`];
//! * `poll_*` hands out what is to be done: [`Session::poll_transmit`], then [`Session::poll_done`];
//! * the rest only looks: [`Session::is_ready`].
//!
//! After every command and every `handle_*`, poll both until they have nothing more.

mod attrs;
mod error;
mod handles;
mod known;
mod list;
mod look;
mod operation;
mod read;
mod reply;
mod request;
mod requests;
mod session;
mod transfer;
mod wire;
mod write;

#[cfg(test)]
mod tests;

pub use attrs::{Attrs, FileType};
pub use error::{Error, Failure, Refusal, StatusCode};
pub use list::Entry;
pub use operation::{OpId, Outcome};
pub use session::{LookMax, Session};
