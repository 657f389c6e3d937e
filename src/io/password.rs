//! The user's password, for hosts that ask for it: plainly, or in a dialogue.

use std::cell::{Cell, RefCell};

use super::secrets::{self, Purpose};
use crate::config::known_hosts::Trust;
use crate::config::{HostConfig, Secret, SecretSource};
use crate::ssh::{Method, Prompts};

/// What a host is given for a password, and when it is not.
pub(super) struct Password {
    source: Option<SecretSource>,
    purpose: Purpose,
    /// Why the host's key is taken, on the connection under way: others than the host may listen while it is not known.
    trust: Cell<Trust>,
    /// What was given last, by method: a password that was refused is not given again.
    given: RefCell<Vec<(Method, Secret)>>,
}

impl Password {
    pub(super) fn new(host: &HostConfig, source: Option<SecretSource>) -> Self {
        let (purpose, given) = (Purpose::login(host), RefCell::default());
        Self { source, purpose, trust: Cell::new(Trust::New), given }
    }

    pub(super) fn is_configured(&self) -> bool {
        self.source.is_some()
    }

    /// A connection begins, to a host whose key is taken for this reason.
    pub(super) fn meet(&self, trust: Trust) {
        self.trust.set(trust);
    }

    /// The password. Errors: why there is none.
    pub(super) async fn plain(&self) -> Result<Secret, String> {
        self.give(Method::Password).await
    }

    /// Answers to a dialogue's questions: none where nothing is asked, the password where only one thing is asked that
    /// may not be seen. Errors: why there are none.
    pub(super) async fn answers(&self, asked: &Prompts) -> Result<Vec<Secret>, String> {
        match asked.prompts.as_slice() {
            [] => Ok(Vec::new()),
            [prompt] if !prompt.echo => Ok(vec![self.give(Method::KeyboardInteractive).await?]),
            prompts => {
                let texts: Vec<_> = prompts.iter().map(|prompt| format!("'{}'", prompt.text)).collect();
                Err(format!("it asks {}, which no password answers", texts.join(" and ")))
            }
        }
    }

    async fn give(&self, method: Method) -> Result<Secret, String> {
        let Some(source) = &self.source else {
            return Err(
                "no password is set; see SCOUT_SSH_PASSWORD_FILE and SCOUT_SSH_PASSWORD_COMMAND".into()
            );
        };
        match self.trust.get() {
            Trust::Known | Trust::Authority => {}
            Trust::Exempt => {
                return Err("no password is sent to a host whose key is not verified \
                            (NoHostAuthenticationForLocalhost)"
                    .into());
            }
            Trust::New => return Err("no password is sent to a host whose key is new".into()),
        }
        let secret = secrets::obtain(source, &self.purpose)
            .await
            .map_err(|reason| format!("no password: {reason}"))?;
        let mut given = self.given.borrow_mut();
        if given.contains(&(method, secret.clone())) {
            return Err("it did not take the password".into());
        }
        given.push((method, secret.clone()));
        Ok(secret)
    }
}

#[cfg(test)]
mod tests {
    use super::super::runtime;
    use super::*;
    use crate::ssh::Prompt;

    fn password(source: Option<SecretSource>) -> Password {
        let purpose = Purpose { host: "h1".into(), user: "me".into(), port: 22, key_file: None };
        Password { source, purpose, trust: Cell::new(Trust::Known), given: RefCell::default() }
    }

    fn given() -> Option<SecretSource> {
        Some(SecretSource::Given(Secret::new("open sesame".to_owned().into())))
    }

    fn prompts(prompts: &[(&str, bool)]) -> Prompts {
        let prompts = prompts.iter().map(|&(text, echo)| Prompt { text: text.into(), echo }).collect();
        Prompts { name: String::new(), instruction: String::new(), prompts }
    }

    fn answers(password: &Password, asked: &[(&str, bool)]) -> Result<Vec<Secret>, String> {
        runtime::run(password.answers(&prompts(asked))).unwrap()
    }

    #[test]
    fn one_hidden_question_is_answered_once() {
        let password = password(given());
        let answered = answers(&password, &[("Password:", false)]).unwrap();
        assert_eq!(answered[0].expose(), "open sesame");
        assert_eq!(answers(&password, &[("Password:", false)]).unwrap_err(), "it did not take the password");
        assert_eq!(runtime::run(password.plain()).unwrap().unwrap().expose(), "open sesame");
        assert!(runtime::run(password.plain()).unwrap().is_err());
    }

    #[test]
    fn other_questions_are_not_answered() {
        let password = password(given());
        assert_eq!(answers(&password, &[]).unwrap().len(), 0);
        let error = answers(&password, &[("Name:", true)]).unwrap_err();
        assert_eq!(error, "it asks 'Name:', which no password answers");
        let error = answers(&password, &[("Password:", false), ("Code:", false)]).unwrap_err();
        assert_eq!(error, "it asks 'Password:' and 'Code:', which no password answers");
    }

    #[test]
    fn a_new_host_gets_no_password() {
        let password = password(given());
        // What was true of the connection before is not of this one.
        for trust in [Trust::Known, Trust::New] {
            password.meet(trust);
        }
        let error = answers(&password, &[("Password:", false)]).unwrap_err();
        assert_eq!(error, "no password is sent to a host whose key is new");
    }

    #[test]
    fn a_host_that_need_not_be_known_gets_no_password() {
        let password = password(given());
        password.meet(Trust::Exempt);
        let error = runtime::run(password.plain()).unwrap().unwrap_err();
        assert!(error.contains("whose key is not verified (NoHost"), "{error}");
        password.meet(Trust::Authority);
        assert!(runtime::run(password.plain()).unwrap().is_ok());
    }

    #[test]
    fn a_command_may_give_another_one_each_time() {
        let dir = tempfile::tempdir().unwrap();
        let counter = dir.path().join("count");
        let command = format!("echo x >> {0}; wc -l < {0}", counter.display());
        let password = password(Some(SecretSource::Command(command)));
        assert_eq!(runtime::run(password.plain()).unwrap().unwrap().expose(), "1");
        assert_eq!(runtime::run(password.plain()).unwrap().unwrap().expose(), "2");
    }
}
