//! SSH client, sans-IO (RFC 4251–4254): bytes, time and commands in; bytes, events and deadlines out.
//!
//! [`Client`] is the machine. Who drives it moves bytes, answers two questions (is this host key trusted, sign this)
//! and calls it when its deadline comes. Must not know sockets, clocks, files or fleets.
//!
//! From the wire upwards: `wire` (types), `packet` and `cipher` (framing, protection), `ident`, `negotiate` and `kex`
//! (key exchange), `transport` (those composed), `auth` and `login`, `channel` and `channels`, `client`.

pub mod agent;
pub mod identity;

pub(crate) mod algorithm;
mod auth;
mod certificate;
mod channel;
mod channels;
pub(crate) mod cipher;
mod client;
mod error;
mod event;
mod held;
pub(crate) mod hostkey;
pub(crate) mod ident;
mod inbox;
pub(crate) mod kex;
mod keyfile;
mod login;
pub(crate) mod negotiate;
pub(crate) mod number;
mod offer;
mod openssh_key;
pub(crate) mod packet;
mod renewal;
mod signature;
#[cfg(test)]
mod tests;
mod text;
mod timer;
mod transport;
mod user_certificate;
pub(crate) mod wire;

pub use algorithm::{Cipher, HostKeyAlgorithm, KexAlgorithm, Mac, SignatureAlgorithm};
pub use auth::{Method, Prompt, Prompts, PublicIdentity, Tried};
pub use certificate::HostCertificate;
pub use channel::{ChannelId, Stream};
pub use client::{Client, ClientConfig, Haste};
pub use error::{Error, Phase};
pub use event::Event;
pub use hostkey::HostKey;
pub use identity::{Identity, KeyError};
pub use offer::{Guess, Offer, OfferNames, UnsupportedList};
pub use timer::{Keepalive, Rekey};
pub use user_certificate::{CertificateError, UserCertificate};

#[cfg(any(test, feature = "testing"))]
pub(crate) use {auth::server_signature_algorithms, transport::Past};
