//! The algorithms of TLS, all from aws-lc.

use rustls::crypto::{CryptoProvider, aws_lc_rs};

/// What rustls does its arithmetic with.
pub fn provider() -> CryptoProvider {
    aws_lc_rs::default_provider()
}
