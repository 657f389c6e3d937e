//! `Match` headers: what they compare, and with what (ssh_config(5), Match).

use std::fmt;

use super::expand::{self, Tokens};
use super::lexer;
use crate::config::pattern::{self, Match};

/// Runs a command with the user's shell and says whether it succeeded, for `Match exec`. Processes are started
/// elsewhere.
#[derive(Clone)]
pub struct Exec(pub fn(&str) -> bool);

impl fmt::Debug for Exec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Exec")
    }
}

/// What `Match` compares with, as far as the lines before it have decided.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    pub tokens: Tokens<'a>,
    pub tag: &'a str,
    /// The second pass over the lines.
    pub is_final: bool,
    /// `None`: commands must not be run.
    pub exec: Option<&'a Exec>,
}

/// One criterion of a `Match` header.
#[derive(Debug, PartialEq, Eq)]
pub struct Criterion {
    subject: Subject,
    negated: bool,
}

#[derive(Debug, PartialEq, Eq)]
enum Subject {
    All,
    /// `canonical` and `final`: the second pass.
    Final,
    /// One of the facts fits a comma list of patterns.
    Fact(Fact, String),
    Exec(String),
    /// Why nobody can tell.
    Unknown(String),
}

/// A fact that patterns are compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fact {
    /// The host name after `HostName` so far.
    Host,
    /// The name the user gave.
    OriginalHost,
    /// The remote user so far.
    User,
    LocalUser,
    Tag,
}

/// What a header is made of.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Header {
    /// All have to hold.
    pub criteria: Vec<Criterion>,
    /// It asks for the second pass over the lines.
    pub wants_final: bool,
    pub has_exec: bool,
}

impl Header {
    /// Reads what follows `Match`. What is wrong with it is told when a host comes to it: whom it would have been about
    /// nobody knows.
    pub fn parse(mut rest: &str) -> Self {
        let mut header = Self::default();
        if let Err(message) = header.read(&mut rest) {
            header.criteria.push(Criterion { subject: Subject::Unknown(message), negated: false });
        }
        header
    }

    fn read(&mut self, rest: &mut &str) -> Result<(), String> {
        while let Some(word) = next(rest) {
            let (negated, name) = word.strip_prefix('!').map_or((false, word), |name| (true, name));
            let subject = match name.to_ascii_lowercase().as_str() {
                "all" => match next(rest) {
                    None if self.criteria.len() <= 1 => Subject::All,
                    _ => return Err("'Match all' cannot be combined with other criteria".to_owned()),
                },
                criterion @ ("canonical" | "final") => {
                    self.wants_final |= criterion == "final";
                    Subject::Final
                }
                "host" => Subject::Fact(Fact::Host, argument(name, rest)?.to_ascii_lowercase()),
                "originalhost" => {
                    Subject::Fact(Fact::OriginalHost, argument(name, rest)?.to_ascii_lowercase())
                }
                "user" => Subject::Fact(Fact::User, argument(name, rest)?.to_owned()),
                "localuser" => Subject::Fact(Fact::LocalUser, argument(name, rest)?.to_owned()),
                "tagged" => Subject::Fact(Fact::Tag, argument(name, rest)?.to_owned()),
                "exec" => {
                    self.has_exec = true;
                    Subject::Exec(argument(name, rest)?.to_owned())
                }
                // Of newer versions, about things we have no equal of.
                "localnetwork" | "sessiontype" | "command" | "version" => {
                    argument(name, rest)?;
                    Subject::Unknown(format!("'Match {name}' is not supported"))
                }
                _ => return Err(format!("'Match {name}' is not supported")),
            };
            self.criteria.push(Criterion { subject, negated });
        }
        if self.criteria.is_empty() { Err("'Match' has no criteria".to_owned()) } else { Ok(()) }
    }

    /// Whether all criteria hold. Commands run only where everything before them does.
    ///
    /// # Errors
    /// Everything that can be told holds, and something cannot.
    pub fn holds(&self, facts: &Facts<'_>) -> Result<bool, String> {
        let mut unknown = None;
        for criterion in &self.criteria {
            match &criterion.subject {
                Subject::Unknown(message) => unknown = unknown.or(Some(message.clone())),
                subject => {
                    if subject.holds(facts)? == criterion.negated {
                        return Ok(false);
                    }
                }
            }
        }
        unknown.map_or(Ok(true), Err)
    }
}

impl Subject {
    fn holds(&self, facts: &Facts<'_>) -> Result<bool, String> {
        Ok(match self {
            Self::All => true,
            Self::Final => facts.is_final,
            Self::Fact(fact, patterns) => fact.fits(patterns, facts),
            Self::Exec(command) => {
                let exec = facts.exec.ok_or("'Match exec' must not run commands")?;
                let command = expand::command(command, &facts.tokens);
                (exec.0)(&command.map_err(|message| format!("match exec {message}"))?)
            }
            Self::Unknown(message) => return Err(message.clone()),
        })
    }
}

impl Fact {
    fn fits(self, patterns: &str, facts: &Facts<'_>) -> bool {
        let Tokens { env, hostname, alias, user, .. } = facts.tokens;
        let fits = |text: &str| pattern::matches_list(patterns.split(','), text) == Match::Yes;
        match self {
            Self::Host => fits(&hostname.to_ascii_lowercase()),
            Self::OriginalHost => fits(&alias.to_ascii_lowercase()),
            Self::User => fits(user),
            Self::LocalUser => fits(&env.user),
            Self::Tag => fits(facts.tag),
        }
    }
}

fn next<'a>(rest: &mut &'a str) -> Option<&'a str> {
    lexer::word(rest).filter(|word| !word.is_empty() && !word.starts_with('#'))
}

fn argument<'a>(name: &str, rest: &mut &'a str) -> Result<&'a str, String> {
    next(rest).ok_or_else(|| format!("'Match {name}' has no pattern"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Env;

    fn holds_in_pass(header: &str, is_final: bool, exec: &Exec) -> Result<bool, String> {
        let env = Env { user: "me".into(), ..Env::default() };
        let tokens = Tokens {
            env: &env,
            hostname: "h.example",
            alias: "h",
            key_alias: "h",
            user: "ann",
            port: 22,
            jump: "",
        };
        Header::parse(header).holds(&Facts { tokens, tag: "work", is_final, exec: Some(exec) })
    }

    fn holds(header: &str) -> Result<bool, String> {
        holds_in_pass(header, false, &Exec(|command| command == "true h.example"))
    }

    #[test]
    fn all_criteria_have_to_hold() {
        for yes in [
            "all",
            "host *.EXAMPLE user ann",
            "originalhost=h",
            "!user bob,eve",
            "localuser \"me\" # x",
            "!canonical all",
            "tagged w*",
            "exec \"true %h\"",
            "host h.* exec \"true %h\"",
            "!exec \"false\"",
        ] {
            assert_eq!(holds(yes), Ok(true), "{yes}");
        }
        for no in [
            "host h",
            "user Ann",
            "host *.example user bob",
            "!originalhost h",
            "host *,!h.*",
            "final",
            "canonical all",
            "!all",
            "exec false",
            "!tagged work",
            "user bob foo",
            "user bob localnetwork 10.0.0.0/8",
        ] {
            assert_eq!(holds(no), Ok(false), "{no}");
        }
    }

    #[test]
    fn what_cannot_be_told_is_an_error_only_when_it_matters() {
        for (header, message) in [
            ("", "'Match' has no criteria"),
            ("foo", "'Match foo' is not supported"),
            ("host", "'Match host' has no pattern"),
            ("all user x", "'Match all' cannot be combined with other criteria"),
            ("user ann localnetwork 10.0.0.0/8 host *", "'Match localnetwork' is not supported"),
            ("exec \"%T\"", "match exec '%T': the token %T is not supported here"),
        ] {
            assert_eq!(holds(header).unwrap_err(), message, "{header}");
        }
    }

    #[test]
    fn a_command_runs_only_where_everything_before_it_holds() {
        let never = Exec(|_| panic!("must not run"));
        assert_eq!(holds_in_pass("user bob exec true", false, &never), Ok(false));
    }

    #[test]
    fn the_second_pass_is_final_and_canonical() {
        let never = Exec(|_| false);
        for header in ["final", "canonical", "final all", "canonical user ann"] {
            assert_eq!(holds_in_pass(header, true, &never), Ok(true), "{header}");
        }
        assert!(Header::parse("host x final").wants_final);
        assert!(!Header::parse("canonical").wants_final);
    }
}
