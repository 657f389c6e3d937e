//! What we make of an SSH configuration equals what `ssh -G` makes of it.

#![allow(clippy::unwrap_used)]

mod corpus;
mod generated;
mod oracle;
