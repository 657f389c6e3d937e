//! The Model Context Protocol: what an agent sees. Knows tools and sessions, not transports and not the runtime.
//!
//! [`Session`] takes a message and says what becomes of it ([`Incoming`]). Two eras of the protocol live on one
//! connection, told apart per request:
//!
//! - handshake (2024-11-05 to 2025-11-25): `initialize` agrees on a [`Revision`] for the connection;
//! - stateless (2026-07-28): every request names its revision in `_meta`; `server/discover` says what there is.
//!
//! | file | holds |
//! |---|---|
//! | `session` | the way of a message, the table of methods |
//! | `revision`, `params` | what a request says about itself |
//! | `calls` | requests in flight: bound, duplicates, cancellation |
//! | `surface` | what is the same for every client: `initialize`, `server/discover`, lists |
//! | `results` | shapes of results |
//! | `tools/` | the table of tools, a file per tool |
//! | `resources` | the table of resources |

mod calls;
mod params;
mod resources;
mod results;
mod revision;
mod session;
mod surface;
mod tools;

use crate::base::limits::SESSION_REQUESTS_MAX;

pub use revision::Revision;
pub use session::{Incoming, Session};
pub use surface::Surface;

/// What the operator decided about the server.
#[derive(Debug, Clone)]
pub struct Options {
    /// The command policy lets every command pass; tools say so.
    pub allow_any_command: bool,
    /// Calls in flight per session; more are answered "busy" at once.
    pub calls_max: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { allow_any_command: false, calls_max: SESSION_REQUESTS_MAX }
    }
}
