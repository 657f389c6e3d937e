//! Passwords (RFC 4252 §8): the wait for one.

use super::attempts::Attempts;
use super::waiting::Request;
use super::{Method, Step, Tried};
use crate::ssh::error::Error;
use crate::ssh::wire::Write;

/// Waits for the user's password from our side. The server has named the method, so it has nothing to say meanwhile.
pub struct Asking {
    pub(super) attempts: Attempts,
}

impl Asking {
    /// # Errors
    /// Too many requests.
    pub fn provide(mut self, password: &str) -> Result<Step, Error> {
        self.attempts.tried.passwords += 1;
        let mut payload = self.attempts.request(Method::Password.name());
        // Reserved first: a buffer that grows leaves its content behind.
        payload.reserve_exact(1 + 4 + password.len());
        payload.put_bool(false);
        payload.put_string(password.as_bytes());
        self.attempts.send(Request::Password, payload)
    }

    /// There is none, or no other one: the method is not used again.
    ///
    /// # Errors
    /// Nothing is left to try.
    pub fn decline(mut self, server: Option<&str>) -> Result<Step, Error> {
        self.attempts.drop_method(Method::Password);
        self.attempts.next(server)
    }

    pub fn tried(&self) -> &Tried {
        &self.attempts.tried
    }
}
