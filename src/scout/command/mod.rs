//! Which commands may run on a host, and how their words reach the remote shell unharmed.
//!
//! Under [`Policy::ReadOnly`] a text is read by the grammar in `lexer` (words, quotes, pipelines, `~`), judged stage
//! by stage against the table in `table`, and written anew by `quote`: the remote shell never sees the caller's own
//! text. Knows neither hosts nor connections.

mod lexer;
mod options;
mod quote;
mod table;

#[cfg(test)]
mod attack;
#[cfg(test)]
mod tests;

pub use quote::quote_path;

use crate::base::limits::COMMAND_BYTES_MAX;
use crate::base::shell::quote;
use crate::base::{Error, Kind, Result};
use lexer::Word;

/// What may run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Policy {
    /// Pipelines of commands that neither write nor start other programs.
    #[default]
    ReadOnly,
    /// Any text, for the remote shell to make sense of.
    Any,
}

/// A command that its policy admits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command(Form);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Form {
    Text(String),
    /// Stages of a pipeline, each of at least one word: the command's name.
    Pipeline(Vec<Vec<Word>>),
}

/// Errors: a command is longer than [`COMMAND_BYTES_MAX`].
pub fn check_length(text: &str) -> Result<()> {
    if text.len() <= COMMAND_BYTES_MAX {
        return Ok(());
    }
    let message = format!("Command too long: {} bytes, at most {COMMAND_BYTES_MAX}", text.len());
    Err(Error::new(Kind::TooLarge, message))
}

impl Command {
    /// Reads and judges a command.
    ///
    /// # Errors
    /// [`Kind::TooLarge`] beyond [`COMMAND_BYTES_MAX`], otherwise [`Kind::CommandRefused`] with the reason.
    pub fn parse(text: &str, policy: Policy) -> Result<Self> {
        check_length(text)?;
        if text.trim().is_empty() {
            return Err(refused("Empty command"));
        }
        match policy {
            Policy::ReadOnly => Self::parse_pipeline(text),
            Policy::Any if text.contains('\0') => Err(refused("NUL character not allowed")),
            Policy::Any => Ok(Self(Form::Text(text.to_owned()))),
        }
    }

    /// What the remote shell gets to see.
    pub fn to_shell(&self) -> Vec<u8> {
        match &self.0 {
            Form::Text(text) => text.clone().into_bytes(),
            Form::Pipeline(stages) => {
                let stages: Vec<_> = stages.iter().map(|words| quote::words(words)).collect();
                stages.join(&b" | "[..])
            }
        }
    }

    /// What the remote shell gets to see when the command is to run in a directory: absolute, relative to the login
    /// directory, or beginning with `~` or `~user`. Nothing runs where the directory cannot be entered.
    pub fn to_shell_in(&self, directory: &[u8]) -> Vec<u8> {
        let command = match &self.0 {
            // `|` binds tighter than `&&`, in csh and fish, too.
            Form::Pipeline(_) => self.to_shell(),
            // The text may be a list, and of `cd x && a; b` the second half runs all the same. Every shell has
            // `eval`, whereas braces are unknown to csh, which does not even exit in `cd x || exit`.
            Form::Text(text) => [b"eval ", &quote(text.as_bytes())[..]].concat(),
        };
        [&quote::change_directory(directory)[..], b" && ", &command].concat()
    }

    /// The words of each stage as its program gets to see them, where these are the homes of users; `None` for a text
    /// that is for the shell to read.
    #[cfg(any(test, feature = "testing"))]
    pub fn words(&self, home: impl Fn(&str) -> Option<String>) -> Option<Vec<Vec<String>>> {
        let Form::Pipeline(stages) = &self.0 else { return None };
        let words = |words: &Vec<Word>| words.iter().map(|word| word.in_homes(&home)).collect();
        Some(stages.iter().map(words).collect())
    }

    fn parse_pipeline(text: &str) -> Result<Self> {
        let stages = lexer::stages(text)?;
        for words in &stages {
            options::check(words)?;
        }
        Ok(Self(Form::Pipeline(stages)))
    }
}

fn refused(message: impl Into<String>) -> Error {
    Error::new(Kind::CommandRefused, message)
}
