//! The login as the client's owner sees it: what it is asked, and what it answers.

use super::Client;
use crate::ssh::error::Error;
use crate::ssh::login::Given;
use crate::ssh::number;

impl Client {
    /// The key of [`Event::HostKey`](crate::ssh::Event::HostKey) is trusted: login begins.
    ///
    /// # Errors
    /// There is no way to log in. Terminal.
    pub fn accept_host_key(&mut self) -> Result<(), Error> {
        self.check_end()?;
        if !self.transport.accept_host_key() {
            return Ok(());
        }
        let Some(session_id) = self.transport.session_id().copied() else { return Ok(()) };
        let result = self.login.begin(session_id, &mut self.transport, &mut self.events);
        result.or_else(|error| self.fail(error))
    }

    /// The key of [`Event::HostKey`](crate::ssh::Event::HostKey) is not trusted: the connection ends with [`Error::HostKeyRejected`].
    pub fn reject_host_key(&mut self) {
        if self.end.is_none() {
            let _ = self.fail(Error::HostKeyRejected);
        }
    }

    /// The signature blob that [`Event::Sign`](crate::ssh::Event::Sign) asked for.
    ///
    /// # Errors
    /// The connection has ended.
    pub fn provide_signature(&mut self, signature: &[u8]) -> Result<(), Error> {
        self.given(Given::Signature(signature))?;
        self.open_early();
        Ok(())
    }

    /// There will be no signature: the next identity is tried.
    ///
    /// # Errors
    /// Nothing is left to try. Terminal.
    pub fn decline_signature(&mut self) -> Result<(), Error> {
        self.given(Given::NoSignature)
    }

    /// The password that [`Event::Password`](crate::ssh::Event::Password) asked for.
    ///
    /// # Errors
    /// The connection has ended.
    pub fn provide_password(&mut self, password: &str) -> Result<(), Error> {
        self.given(Given::Password(password))
    }

    /// There is no password: other methods are tried.
    ///
    /// # Errors
    /// Nothing is left to try. Terminal.
    pub fn decline_password(&mut self) -> Result<(), Error> {
        self.given(Given::NoPassword)
    }

    /// What [`Event::Prompts`](crate::ssh::Event::Prompts) asked for, an answer for each prompt.
    ///
    /// # Errors
    /// The connection has ended.
    pub fn provide_answers(&mut self, answers: &[&str]) -> Result<(), Error> {
        self.given(Given::Answers(answers))
    }

    /// There are no answers: other methods are tried.
    ///
    /// # Errors
    /// Nothing is left to try. Terminal.
    pub fn decline_answers(&mut self) -> Result<(), Error> {
        self.given(Given::NoAnswers)
    }

    fn given(&mut self, given: Given<'_>) -> Result<(), Error> {
        self.check_end()?;
        let result = self.login.given(given, &mut self.transport, &mut self.events);
        result.or_else(|error| self.fail(error))
    }

    /// A message of the login.
    pub(super) fn handle_login(&mut self, payload: &[u8]) -> Result<(), Error> {
        if self.relies_on_login && payload.first() == Some(&number::USERAUTH_FAILURE) {
            return Err(Error::KeyRefused);
        }
        self.login.handle(payload, &mut self.transport, &mut self.events)?;
        if self.login.is_done() {
            self.channels.ready(&mut self.transport);
        } else if !self.login.expects_success() {
            self.slow_down();
        }
        Ok(())
    }
}
