//! State that a client carries for us from one round of questions to the next, and cannot change: sealed with a key of
//! this process, for one tool.

use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign, verify};
use aws_lc_rs::rand::SystemRandom;
use base64ct::{Base64UrlUnpadded, Encoding};
use scout_mcp::rpc::Error;

pub struct Seal(Key);

impl Seal {
    pub fn new() -> Self {
        Self(Key::generate(HMAC_SHA256, &SystemRandom::new()).expect("random numbers"))
    }

    pub fn close(&self, owner: &str, state: &str) -> String {
        let tag = sign(&self.0, named(owner, state).as_bytes());
        format!("{state}.{}", Base64UrlUnpadded::encode_string(tag.as_ref()))
    }

    /// # Errors
    /// It is not what was sealed for `owner`.
    pub fn open<'a>(&self, owner: &str, sealed: &'a str) -> Result<&'a str, Error> {
        let opened = sealed.rsplit_once('.').filter(|(state, tag)| {
            let tag = Base64UrlUnpadded::decode_vec(tag).unwrap_or_default();
            verify(&self.0, named(owner, state).as_bytes(), &tag).is_ok()
        });
        let broken = || Error::invalid_params("params.requestState is not what this server gave");
        opened.map(|(state, _)| state).ok_or_else(broken)
    }
}

fn named(owner: &str, state: &str) -> String {
    format!("{owner}\n{state}")
}
