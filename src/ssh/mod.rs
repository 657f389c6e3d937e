//! SSH client, sans-IO (RFC 4251–4254): bytes, time and commands in; bytes, events and deadlines out.
pub(crate) mod algorithm;
pub(crate) mod cipher;
pub mod error;
pub(crate) mod ident;
pub(crate) mod number;
pub(crate) mod packet;
pub(crate) mod text;
pub(crate) mod wire;
