//! Key exchange: shares, the exchange hash, key derivation, and the waits of one exchange.

pub(crate) mod derive;
pub(crate) mod exchange;
pub(crate) mod share;
