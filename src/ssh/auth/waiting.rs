//! The wait for the server's answer to a request.

use super::attempts::Attempts;
use super::publickey::Offered;
use super::{Method, Step, Tried, dialog, unexpected};
use crate::base::limits::{SSH_NAME_LIST_BYTES_MAX, SSH_TEXT_BYTES_MAX};
use crate::ssh::error::Error;
use crate::ssh::number;
use crate::ssh::text::sanitise_line;
use crate::ssh::wire::Reader;

/// What was asked. It says what message 60 means, whose number belongs to the method (RFC 4252 §6).
pub(super) enum Request {
    /// What the server takes.
    None,
    Key(Offered),
    Password,
    Dialog,
}

/// See the module's documentation.
pub struct Waiting {
    pub(super) attempts: Attempts,
    pub(super) request: Request,
}

impl Waiting {
    /// # Errors
    /// Refused for good, or an answer that does not belong here.
    pub fn handle(mut self, payload: &[u8], server: Option<&str>) -> Result<Step, Error> {
        let message = payload.first().copied().unwrap_or_default();
        if !self.attempts.is_served {
            self.attempts.accept_service(payload)?;
            return Ok(Step::Wait(self));
        }
        match (message, self.request) {
            (number::USERAUTH_SUCCESS, request) => Ok(succeeded(self.attempts, &request)),
            (number::USERAUTH_FAILURE, request) => refused(self.attempts, request, payload, server),
            (number::USERAUTH_INFO_REQUEST, Request::Dialog) => dialog::asked(self.attempts, payload),
            (number::USERAUTH_PASSWD_CHANGEREQ, Request::Password) => Err(Error::PasswordExpired),
            _ => Err(unexpected(message)),
        }
    }

    /// The request that went out is the first one, with the first key.
    pub fn is_at_first_key(&self) -> bool {
        self.attempts.is_at_first_key()
    }

    /// What has been tried, the request under way included.
    pub fn tried(&self) -> &Tried {
        &self.attempts.tried
    }
}

fn succeeded(mut attempts: Attempts, request: &Request) -> Step {
    if let Request::Key(offered) = request {
        attempts.accept_offer(offered);
    }
    Step::Done(attempts.tried)
}

/// RFC 4252 §5.1.
fn refused(
    mut attempts: Attempts,
    request: Request,
    payload: &[u8],
    server: Option<&str>,
) -> Result<Step, Error> {
    const WHAT: &str = "USERAUTH_FAILURE";
    let mut reader = Reader::new(payload);
    reader.u8(WHAT)?;
    let methods = reader.name_list(SSH_NAME_LIST_BYTES_MAX, WHAT)?;
    let is_partial = reader.bool(WHAT)?;
    attempts.allow(sanitise_line(methods.0.as_bytes(), SSH_TEXT_BYTES_MAX));
    attempts.tried.partial += u32::from(is_partial);
    match request {
        Request::Key(offered) => return attempts.judge_offer(offered, is_partial, server),
        Request::Password if !is_partial => attempts.tried.refused.push(Method::Password),
        Request::Dialog if !is_partial => attempts.tried.refused.push(Method::KeyboardInteractive),
        Request::None | Request::Password | Request::Dialog => {}
    }
    attempts.next(server)
}
