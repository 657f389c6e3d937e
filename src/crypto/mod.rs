//! TBD

pub mod mac;
