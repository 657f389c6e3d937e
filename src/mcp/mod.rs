//! The Model Context Protocol: what an agent sees. Knows tools and sessions, not transports and not the runtime.
//!
//! [`Session`] has the manners: it takes a message and says what becomes of it ([`Incoming`]). What there is to be had,
//! a [`Provider`] says: ours is the [`Catalog`]. Two eras of the protocol live on one connection, told apart per request:
//!
//! - handshake (2024-11-05 to 2025-11-25): `initialize` agrees on a [`Revision`] for the connection;
//! - stateless (2026-07-28): every request names its revision in `_meta`; `server/discover` says what there is.
//!
//! | file | holds |
//! |---|---|
//! | `session`, `session/` | the way of a message, the table of methods, answers, subscriptions |
//! | `revision`, `params` | what a request says about itself |
//! | `calls` | requests in flight: bound, duplicates, cancellation |
//! | `call`, `flow` | what work knows of its request, and says before it ends: progress, messages, questions |
//! | `questions`, `notices`, `level` | what the client is asked, told unasked, and reads along |
//! | `provider`, `content` | what a server offers, and what its work ends in |
//! | `results` | what the eras add to results |
//! | `catalog/` | what we offer: tools, resources, prompts, completion |

mod call;
mod calls;
mod catalog;
mod content;
mod flow;
mod level;
mod notices;
mod params;
mod provider;
mod questions;
mod results;
mod revision;
mod session;

pub use call::{Call, Input};
pub use calls::BUSY;
pub use catalog::{Catalog, Options};
pub use content::{
    Answer, Base64, Body, Completion, Content, Contents, InputRequired, Prompt, PromptMessage, Question,
    Role, SharedText, Structured, ToolOutput,
};
pub use flow::{Flow, Outgoing};
pub use level::Level;
pub use provider::{
    About, Blank, Capabilities, Changing, Client, Empty, FORBIDDEN, Icon, Implementation, List, Page,
    Provider, Reference, ToolFault, Unwatched, Work,
};
pub use questions::Unanswered;
pub use revision::Revision;
pub use session::{Incoming, Labels, Session};
