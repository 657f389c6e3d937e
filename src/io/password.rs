//! The user's password, for hosts that ask for it: plainly, or in a dialogue.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use super::secrets::{self, Purpose};
use crate::config::known_hosts::Trust;
use crate::config::{HostConfig, Secret, SecretSource};
use crate::fleet::Memory;
use crate::ssh::{Method, Prompts, Tried};

/// What a host is given for a password, and when it is not.
pub(super) struct Password {
    source: Option<SecretSource>,
    purpose: Purpose,
    /// Why the host's key is taken, on the connection under way: others than the host may listen while it is not known.
    trust: Cell<Trust>,
    /// What was given in this login: a password that was refused is not given again.
    given: RefCell<Vec<Given>>,
    /// One that is configured was asked for.
    was_wanted: Cell<bool>,
    memory: Rc<Memory>,
}

struct Given {
    method: Method,
    secret: Secret,
    /// What the host had refused and half accepted before, on the same connection.
    before: Option<Answers>,
}

/// How many passwords or dialogues of a method the host has refused, and how many logins it has half accepted.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Answers {
    refused: usize,
    partial: u32,
}

impl Answers {
    fn to(method: Method, tried: &Tried) -> Self {
        let refused = tried.refused.iter().filter(|refused| **refused == method).count();
        Self { refused, partial: tried.partial }
    }
}

impl Password {
    pub(super) fn new(host: &HostConfig, source: Option<SecretSource>, memory: Rc<Memory>) -> Self {
        let (purpose, given, was_wanted) = (Purpose::login(host), RefCell::default(), Cell::default());
        Self { source, purpose, trust: Cell::new(Trust::New), given, was_wanted, memory }
    }

    pub(super) fn is_configured(&self) -> bool {
        self.source.is_some()
    }

    /// Whether the host asked for it in this login, so that there may have been one to give.
    pub(super) fn was_wanted(&self) -> bool {
        self.was_wanted.get()
    }

    /// A connection begins, to a host whose key is taken for this reason.
    pub(super) fn meet(&self, trust: Trust) {
        self.trust.set(trust);
    }

    /// Remembers what the host refused on a connection that is over. `is_dismissed`: the host ended it with a word,
    /// which answers what was given last too.
    pub(super) fn learn(&self, tried: &Tried, is_dismissed: bool) {
        for given in self.given.borrow_mut().iter_mut() {
            let Some(before) = given.before.take() else { continue };
            let now = Answers::to(given.method, tried);
            if now.refused > before.refused || (is_dismissed && now == before) {
                self.memory.passwords.note_refused(given.method.name(), given.secret.expose());
            }
        }
    }

    /// The password, after what was `tried`. Errors: why there is none.
    pub(super) async fn plain(&self, tried: &Tried) -> Result<Secret, String> {
        self.give(Method::Password, tried).await
    }

    /// Answers to a dialogue's questions: none where nothing is asked, the password where only one thing is asked that
    /// may not be seen. Errors: why there are none.
    pub(super) async fn answers(&self, asked: &Prompts, tried: &Tried) -> Result<Vec<Secret>, String> {
        match asked.prompts.as_slice() {
            [] => Ok(Vec::new()),
            [prompt] if !prompt.echo => Ok(vec![self.give(Method::KeyboardInteractive, tried).await?]),
            prompts => {
                let texts: Vec<_> = prompts.iter().map(|prompt| format!("'{}'", prompt.text)).collect();
                Err(format!("it asks {}, which no password answers", texts.join(" and ")))
            }
        }
    }

    async fn give(&self, method: Method, tried: &Tried) -> Result<Secret, String> {
        let Some(source) = &self.source else {
            return Err(
                "no password is set; see SCOUT_SSH_PASSWORD_FILE and SCOUT_SSH_PASSWORD_COMMAND".into()
            );
        };
        self.was_wanted.set(true);
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
        if given.iter().any(|given| given.method == method && given.secret == secret) {
            return Err("it did not take the password".into());
        }
        if self.memory.passwords.is_refused(method.name(), secret.expose()) {
            return Err(
                "it did not take the password before; it is not sent again until it is another one or \
                 Scout is restarted"
                    .into(),
            );
        }
        let before = Some(Answers::to(method, tried));
        given.push(Given { method, secret: secret.clone(), before });
        Ok(secret)
    }
}

#[cfg(test)]
mod tests {
    use super::super::runtime;
    use super::*;
    use crate::ssh::Prompt;

    fn password(source: Option<SecretSource>) -> Password {
        remembering(source, &Rc::default())
    }

    fn remembering(source: Option<SecretSource>, memory: &Rc<Memory>) -> Password {
        let purpose = Purpose { host: "h1".into(), user: "me".into(), port: 22, key_file: None };
        let (trust, memory) = (Cell::new(Trust::Known), Rc::clone(memory));
        let (given, was_wanted) = (RefCell::default(), Cell::default());
        Password { source, purpose, trust, given, was_wanted, memory }
    }

    fn given() -> Option<SecretSource> {
        Some(SecretSource::Given(Secret::new("open sesame".to_owned().into())))
    }

    fn prompts(prompts: &[(&str, bool)]) -> Prompts {
        let prompts = prompts.iter().map(|&(text, echo)| Prompt { text: text.into(), echo }).collect();
        Prompts { name: String::new(), instruction: String::new(), prompts }
    }

    fn answers(password: &Password, asked: &[(&str, bool)]) -> Result<Vec<Secret>, String> {
        runtime::run(password.answers(&prompts(asked), &Tried::default())).unwrap()
    }

    fn plain(password: &Password) -> Result<Secret, String> {
        runtime::run(password.plain(&Tried::default())).unwrap()
    }

    fn refused(refused: &[Method]) -> Tried {
        Tried { refused: refused.to_vec(), ..Tried::default() }
    }

    #[test]
    fn a_refused_password_is_not_sent_in_later_logins_either() {
        let memory = Rc::default();
        let first = remembering(given(), &memory);
        plain(&first).unwrap();
        first.learn(&refused(&[Method::Password]), false);
        let later = remembering(given(), &memory);
        let note = plain(&later).unwrap_err();
        assert!(note.contains("is not sent again until it is another one"), "{note}");
        assert!(answers(&later, &[("Password:", false)]).is_ok(), "a dialogue may want the same one");
        let another = Some(SecretSource::Given(Secret::new("open barley".to_owned().into())));
        assert!(plain(&remembering(another, &memory)).is_ok());
    }

    #[test]
    fn only_the_hosts_word_refuses_a_password() {
        let half_accepted = Tried { partial: 1, ..Tried::default() };
        for (tried, is_dismissed, is_refused) in [
            (Tried::default(), false, false),
            (refused(&[Method::KeyboardInteractive]), false, false),
            (half_accepted, true, false),
            (Tried::default(), true, true),
        ] {
            let memory = Rc::default();
            let first = remembering(given(), &memory);
            plain(&first).unwrap();
            first.learn(&tried, is_dismissed);
            // What came of another connection says nothing of this one.
            first.learn(&Tried::default(), true);
            assert_eq!(plain(&remembering(given(), &memory)).is_err(), is_refused, "{tried:?}");
        }
    }

    #[test]
    fn one_hidden_question_is_answered_once() {
        let password = password(given());
        let answered = answers(&password, &[("Password:", false)]).unwrap();
        assert_eq!(answered[0].expose(), "open sesame");
        assert_eq!(answers(&password, &[("Password:", false)]).unwrap_err(), "it did not take the password");
        assert_eq!(plain(&password).unwrap().expose(), "open sesame");
        assert!(plain(&password).is_err());
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
        let error = plain(&password).unwrap_err();
        assert!(error.contains("whose key is not verified (NoHost"), "{error}");
        password.meet(Trust::Authority);
        assert!(plain(&password).is_ok());
    }

    #[test]
    fn a_command_may_give_another_one_each_time() {
        let dir = tempfile::tempdir().unwrap();
        let counter = dir.path().join("count");
        let command = format!("echo x >> {0}; wc -l < {0}", counter.display());
        let password = password(Some(SecretSource::Command(command)));
        assert_eq!(plain(&password).unwrap().expose(), "1");
        assert_eq!(plain(&password).unwrap().expose(), "2");
    }
}
