//! What one login is done with: keys and password, and what the host has made of them so far.

use std::rc::Rc;

use super::key_files::{KeyFiles, KeyPaths};
use super::keys::Keys;
use super::notes::Notes;
use super::password::Password;
use super::rounds::Rounds;
use crate::base::limits::SSH_LOGIN_CONNECTIONS_MAX;
use crate::base::time::{self, Duration};
use crate::base::{Error, Kind, Result};
use crate::config::known_hosts::Trust;
use crate::config::{HostConfig, Secret, Settings};
use crate::fleet::Memory;
use crate::ssh::{self, Client, ClientConfig, Haste, Method, Prompts};

/// An agent may take this part of the time for the whole login, so that one that hangs leaves time for key files.
const AGENT_SHARE: u32 = 3;

pub(super) struct Credentials<'a> {
    host: &'a HostConfig,
    memory: Rc<Memory>,
    keys: Keys,
    password: Password,
    notes: Notes,
    /// Connections made for this login that ended in its middle.
    cut_short: u32,
}

impl<'a> Credentials<'a> {
    /// Finds what there is for a host. `limit` is the time for the whole login.
    pub(super) async fn find(
        settings: &Settings,
        host: &'a HostConfig,
        files: &Rounds<KeyPaths, KeyFiles>,
        memory: Rc<Memory>,
        limit: Duration,
    ) -> Result<Self> {
        let notes = Notes::default();
        let passphrase = settings.passphrase_source();
        let mut keys = Keys::find(host, files, passphrase, limit / AGENT_SHARE, &notes).await?;
        keys.restrict(&host.algorithms.pubkey_accepted);
        keys.order(|key| memory.keys.rank(key));
        let password = Password::new(host, settings.password_source(), Rc::clone(&memory));
        Ok(Self { host, memory, keys, password, notes, cut_short: 0 })
    }

    /// The terms of the next connection.
    pub(super) fn apply(&self, config: &mut ClientConfig) {
        config.methods = self.host.methods.clone();
        config.password_prompts = self.host.password_prompts;
        config.identities = self.keys.public();
        config.haste = self.haste();
    }

    /// What is sent behind the first key without waiting for the host's opinion of it.
    fn haste(&self) -> Haste {
        let is_first = self.host.methods.first() == Some(&Method::PublicKey);
        let key = self.keys.blob(0).filter(|_| is_first);
        key.map_or(Haste::None, |key| self.memory.haste(key))
    }

    /// Why the key that the host has shown on this connection is taken.
    pub(super) fn meet(&self, trust: Trust) {
        self.password.meet(trust);
    }

    /// Answers [`ssh::Event::Sign`].
    pub(super) async fn sign(
        &self,
        place: usize,
        algorithm: &str,
        data: &[u8],
        client: &mut Client,
    ) -> Result<(), ssh::Error> {
        match self.keys.sign(place, algorithm, data).await {
            Ok(signature) => client.provide_signature(&signature),
            Err(reason) => {
                tracing::info!(host = self.host.alias, reason, "a key does not sign");
                self.notes.add(reason);
                client.decline_signature()
            }
        }
    }

    /// Answers [`ssh::Event::Password`].
    pub(super) async fn give_password(&self, client: &mut Client) -> Result<(), ssh::Error> {
        match self.password.plain(client.tried()).await {
            Ok(password) => client.provide_password(password.expose()),
            Err(reason) => {
                self.notes.add(reason);
                client.decline_password()
            }
        }
    }

    /// Answers [`ssh::Event::Prompts`].
    pub(super) async fn answer(&self, asked: &Prompts, client: &mut Client) -> Result<(), ssh::Error> {
        if asked.prompts.is_empty() {
            let Prompts { name, instruction, .. } = asked;
            tracing::info!(host = self.host.alias, name, instruction, "the host says");
        }
        match self.password.answers(asked, client.tried()).await {
            Ok(answers) => {
                let answers: Vec<_> = answers.iter().map(Secret::expose).collect();
                client.provide_answers(&answers)
            }
            Err(reason) => {
                self.notes.add(reason);
                client.decline_answers()
            }
        }
    }

    /// Remembers what the host made of the passwords on a connection that is over; `is_dismissed` when the host ended it
    /// with a word.
    pub(super) fn learn_passwords(&self, client: &Client, is_dismissed: bool) {
        self.password.learn(client.tried(), is_dismissed);
    }

    /// Remembers what the host made of the keys.
    pub(super) fn learn(&self, client: &Client) {
        let tried = client.tried();
        for key in tried.identities.iter().filter_map(|place| self.keys.blob(*place)) {
            self.memory.keys.note_refused(key);
        }
        if let Some(key) = tried.accepted.and_then(|place| self.keys.blob(place)) {
            self.memory.keys.note_taken(key, tried.partial == 0);
        }
    }

    /// Remembers that the host took nothing of all this. A password may be another one the next time, and one that was
    /// refused is not sent again anyway.
    pub(super) fn note_refused(&self, error: &Error) {
        if !self.password.was_wanted() {
            self.memory.logins.borrow_mut().note_refused(error, time::now());
        }
    }

    /// The host ended the login in its middle. Whether another connection may come further: without haste, or with what
    /// was not tried on this one (`MaxAuthTries`).
    pub(super) fn go_on(&mut self, client: &Client) -> bool {
        self.cut_short += 1;
        let may_dial = self.cut_short < SSH_LOGIN_CONNECTIONS_MAX;
        if client.is_hasty() {
            self.memory.keys.note_dislike_of_haste();
            return may_dial;
        }
        self.learn(client);
        let tried = &client.tried().identities;
        if tried.is_empty() {
            return false;
        }
        self.notes.add(format!("{} of the keys were refused before the host hung up", tried.len()));
        self.keys.remove(tried);
        may_dial && (!self.keys.is_empty() || self.password.is_configured())
    }

    /// Adds to an error of the login what is worth knowing.
    pub(super) fn explain(&self, error: Error) -> Error {
        match error.kind() {
            Kind::Authentication => Error::new(error.kind(), format!("{error}{}", self.notes.in_brackets())),
            _ => error,
        }
    }
}
