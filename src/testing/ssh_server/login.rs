//! How users get in where a test says so: by key, password and dialogue, or several of them.

use super::{MAX, Misbehaviour, Server, WHAT};
use crate::simulated::server::login::{self, method};
use crate::ssh::Error;
use crate::ssh::number;
use crate::ssh::wire::{NameList, Reader, Write};

/// What it takes to get in.
#[derive(Debug, Clone)]
pub struct Doors {
    /// The methods of every step; one of each is needed (`AuthenticationMethods`).
    pub steps: &'static [&'static str],
    pub password: &'static str,
    /// The rounds of a dialogue: question, whether its answer may be seen, the right answer.
    pub dialog: &'static [&'static [(&'static str, bool, &'static str)]],
    /// Failures until it hangs up (`MaxAuthTries`).
    pub tries: usize,
    /// The right password has to be changed.
    pub is_expired: bool,
}

impl Default for Doors {
    fn default() -> Self {
        Self { steps: &["publickey"], password: "", dialog: &[], tries: usize::MAX, is_expired: false }
    }
}

/// How far a login has come.
#[derive(Debug, Default)]
pub struct Progress {
    step: usize,
    /// The round of the dialogue under way, and whether every answer was right.
    round: Option<(usize, bool)>,
}

enum Verdict {
    Right,
    Wrong,
    /// Something else was said.
    Said,
}

impl From<bool> for Verdict {
    fn from(is_right: bool) -> Self {
        if is_right { Self::Right } else { Self::Wrong }
    }
}

impl Server {
    pub(super) fn login(&mut self, payload: &[u8]) -> Result<(), Error> {
        if let Some(banner) = self.config.banner.take() {
            self.simulated.send(|out| {
                out.push(number::USERAUTH_BANNER);
                out.put_string(banner.as_bytes());
                out.put_string(b"");
            });
        }
        self.progress.round = None;
        let (method, reader) = method(payload)?;
        let verdict = match method {
            _ if !NameList(self.step()).contains(method) => Verdict::Wrong,
            "publickey" => self.key(payload, reader)?,
            "password" => self.is_password(reader)?,
            "keyboard-interactive" => self.question(0, true),
            _ => Verdict::Wrong,
        };
        self.judge(verdict);
        Ok(())
    }

    /// The answers to a round of questions (RFC 4256 §3.4).
    pub(super) fn answers(&mut self, payload: &[u8]) -> Result<(), Error> {
        let (round, was_right) =
            self.progress.round.take().ok_or(Error::Malformed { what: "an answer nobody asked for" })?;
        let questions = self.config.doors.dialog[round];
        let mut reader = Reader::new(payload);
        reader.u8(WHAT)?;
        let mut is_right = was_right && reader.u32(WHAT)? as usize == questions.len();
        for (_, _, answer) in questions {
            is_right &= reader.string(MAX, WHAT)? == answer.as_bytes();
        }
        let verdict = if round + 1 < self.config.doors.dialog.len() {
            self.question(round + 1, is_right)
        } else {
            is_right.into()
        };
        self.judge(verdict);
        Ok(())
    }

    /// Whether a request to open a channel comes before login.
    pub(super) fn is_too_early(&self) -> bool {
        let forgets = self.misbehaves(Misbehaviour::ForgetFirstOpen) && self.tally().not_understood == 0;
        !self.is_logged_in() || forgets
    }

    /// As sshd answers what has no place before login.
    pub(super) fn misunderstand(&mut self) {
        if self.misbehaves(Misbehaviour::HangUpOnEarlyOpen) {
            self.simulated.tally.not_understood += 1;
            self.simulated.hang_up();
        } else {
            self.simulated.misunderstand();
        }
    }

    fn step(&self) -> &'static str {
        self.config.doors.steps.get(self.progress.step).copied().unwrap_or_default()
    }

    fn judge(&mut self, verdict: Verdict) {
        let is_partial = match verdict {
            Verdict::Said => return,
            Verdict::Wrong => false,
            Verdict::Right => {
                self.progress.step += 1;
                true
            }
        };
        if is_partial && self.step().is_empty() {
            return self.simulated.let_in();
        }
        let tried = self.tally().refused_logins + usize::from(!is_partial);
        self.simulated.tally.refused_logins = tried;
        if tried >= self.config.doors.tries {
            return self.simulated.disconnect("Too many authentication failures");
        }
        self.simulated.refuse_login(self.step(), is_partial);
    }

    fn key(&mut self, payload: &[u8], reader: Reader<'_>) -> Result<Verdict, Error> {
        Ok(match self.simulated.judge(payload, reader, self.config.accepts.as_deref())? {
            login::Verdict::Right => Verdict::Right,
            login::Verdict::Wrong => Verdict::Wrong,
            login::Verdict::Welcome { algorithm, blob } => {
                self.simulated.welcome(algorithm, blob);
                Verdict::Said
            }
        })
    }

    fn is_password(&mut self, mut reader: Reader<'_>) -> Result<Verdict, Error> {
        reader.bool(WHAT)?;
        let is_right = reader.string(MAX, WHAT)? == self.config.doors.password.as_bytes();
        if !is_right || !self.config.doors.is_expired {
            return Ok(is_right.into());
        }
        self.simulated.send(|out| {
            out.push(number::USERAUTH_PASSWD_CHANGEREQ);
            out.put_string(b"Time for a new one");
            out.put_string(b"");
        });
        Ok(Verdict::Said)
    }

    fn question(&mut self, round: usize, was_right: bool) -> Verdict {
        let Some(questions) = self.config.doors.dialog.get(round) else { return Verdict::Wrong };
        self.progress.round = Some((round, was_right));
        let is_hostile = self.misbehaves(Misbehaviour::ManyQuestions);
        self.simulated.send(|out| {
            out.push(number::USERAUTH_INFO_REQUEST);
            out.put_string(b"Log in\x1b[2J");
            out.put_string(b"Please answer");
            out.put_string(b"");
            out.put_u32(if is_hostile { 1 << 30 } else { questions.len() as u32 });
            for (question, echo, _) in *questions {
                out.put_string(question.as_bytes());
                out.put_bool(*echo);
            }
        });
        Verdict::Said
    }
}
