//! The grammar of read-only commands: the part of POSIX shell (XCU §2.2, §2.3, §2.6.1) that only says which words
//! there are. Everything that would make the shell do more is refused by its name.

use super::refused;
use crate::base::Result;
use crate::base::limits::COMMAND_STAGES_MAX;
use crate::base::text::is_unruly;
use std::str::Chars;

/// What is shown of the caller's text in a refusal, in characters.
const SHOWN_CHARS_MAX: usize = 60;

const QUOTE_IT: &str = "put it in single quotes to mean the character itself";
const ONE_PIPELINE: &str = "run one command or pipeline at a time";

/// One word, without its quotes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Word {
    Literal(String),
    /// `~` or `~user`, for the remote shell to replace by a home directory, and what follows the slash, if any.
    Home {
        user: String,
        rest: Option<String>,
    },
}

impl Word {
    /// The word itself, unless the remote shell is to replace part of it.
    pub fn literal(&self) -> Option<&str> {
        match self {
            Self::Literal(text) => Some(text),
            Self::Home { .. } => None,
        }
    }

    /// As a program gets to see it, where these are the homes; a `~user` whose home nobody knows stays as it is.
    #[cfg(any(test, feature = "testing"))]
    pub fn in_homes(&self, home: impl Fn(&str) -> Option<String>) -> String {
        match self {
            Self::Literal(text) => text.clone(),
            Self::Home { user, rest } => {
                let home = home(user).unwrap_or_else(|| format!("~{user}"));
                rest.as_ref().map_or(home.clone(), |rest| format!("{home}/{rest}"))
            }
        }
    }
}

/// The stages of a pipeline, none of them empty.
pub(super) fn stages(text: &str) -> Result<Vec<Vec<Word>>> {
    let mut lexer = Lexer { rest: text.chars(), stages: Vec::new(), words: Vec::new(), word: None };
    while let Some(c) = lexer.rest.next() {
        lexer.step(c)?;
    }
    lexer.end_stage()?;
    Ok(lexer.stages)
}

/// The user of a `~user` that shells agree on. Others mean something else in one shell or another (`~+`, `~1`).
pub(super) fn is_user(user: &str) -> bool {
    let mut chars = user.chars();
    chars.next().is_none_or(|c| c.is_ascii_lowercase() || c == '_')
        && chars.all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-')
}

/// The caller's text, short and printable.
pub(super) fn shown(text: &str) -> String {
    let mut shown: String =
        text.chars().take(SHOWN_CHARS_MAX).map(|c| if is_unruly(c) { ' ' } else { c }).collect();
    if text.chars().nth(SHOWN_CHARS_MAX).is_some() {
        shown.push('…');
    }
    shown
}

struct Lexer<'a> {
    rest: Chars<'a>,
    stages: Vec<Vec<Word>>,
    words: Vec<Word>,
    word: Option<Partial>,
}

/// A word that has begun.
#[derive(Default)]
struct Partial {
    text: String,
    /// Where in `text` the first quote stood: a `~` before it may be special, one after it is not.
    quoted_from: Option<usize>,
}

impl Lexer<'_> {
    fn step(&mut self, c: char) -> Result<()> {
        match c {
            ' ' | '\t' => self.end_word(),
            '|' => self.pipe(),
            '\'' => self.single_quoted(),
            '"' => self.double_quoted(),
            '\\' => self.escaped(),
            '#' if self.word.is_none() => Err(refused(format!("Comment '#' not allowed: {QUOTE_IT}"))),
            '*' | '?' | '[' => {
                Err(refused(format!("Pattern character '{c}' not allowed: quote it, or use find -name")))
            }
            ';' => Err(refused(format!("';' not allowed: {ONE_PIPELINE}"))),
            '&' => Err(refused(format!("'{}' not allowed: {ONE_PIPELINE}", self.operator(c, &["&&", "&>"])))),
            '<' | '>' => {
                let operator = self.operator(c, &["<<<", "<<", "<(", ">>", ">(", ">&", "<&"]);
                Err(refused(format!("Redirection '{operator}' not allowed: {QUOTE_IT}")))
            }
            '(' | ')' => Err(refused(format!("Subshell '{c}' not allowed: {QUOTE_IT}"))),
            '{' | '}' => Err(refused(format!("Brace '{c}' not allowed: {QUOTE_IT}"))),
            '$' | '`' => Err(self.expansion(c)),
            c => self.push(c),
        }
    }

    fn push(&mut self, c: char) -> Result<()> {
        let c = printable(c)?;
        self.word.get_or_insert_default().text.push(c);
        Ok(())
    }

    /// The word that has begun or begins here, from now on partly quoted.
    fn quoted(&mut self) -> &mut Partial {
        let word = self.word.get_or_insert_default();
        word.quoted_from.get_or_insert(word.text.len());
        word
    }

    fn single_quoted(&mut self) -> Result<()> {
        self.quoted();
        loop {
            match self.rest.next().ok_or_else(no_closing_quotation)? {
                '\'' => return Ok(()),
                c => self.push(c)?,
            }
        }
    }

    fn double_quoted(&mut self) -> Result<()> {
        self.quoted();
        loop {
            match self.rest.next().ok_or_else(no_closing_quotation)? {
                '"' => return Ok(()),
                c @ ('$' | '`') => return Err(self.expansion(c)),
                '\\' => match self.rest.next().ok_or_else(no_closing_quotation)? {
                    c @ ('$' | '`' | '"' | '\\') => self.push(c)?,
                    c => {
                        self.push('\\')?;
                        self.push(c)?;
                    }
                },
                c => self.push(c)?,
            }
        }
    }

    fn escaped(&mut self) -> Result<()> {
        self.quoted();
        let c = self.rest.next().ok_or_else(|| refused("Invalid command syntax: No escaped character"))?;
        self.push(c)
    }

    fn pipe(&mut self) -> Result<()> {
        let operator = self.operator('|', &["||", "|&"]);
        if operator != "|" {
            return Err(refused(format!("'{operator}' not allowed: {ONE_PIPELINE}")));
        }
        self.end_stage()
    }

    fn end_word(&mut self) -> Result<()> {
        if let Some(word) = self.word.take() {
            self.words.push(word.finish()?);
        }
        Ok(())
    }

    fn end_stage(&mut self) -> Result<()> {
        self.end_word()?;
        if self.words.is_empty() {
            return Err(refused("Invalid command syntax: '|' needs a command on both sides"));
        }
        if self.stages.len() == COMMAND_STAGES_MAX {
            return Err(refused(format!("A pipeline may have {COMMAND_STAGES_MAX} commands at most")));
        }
        self.stages.push(std::mem::take(&mut self.words));
        Ok(())
    }

    /// The longest of `candidates` that stands here; `c` alone if none does.
    fn operator(&self, c: char, candidates: &[&'static str]) -> String {
        let rest = self.rest.as_str();
        let longest = candidates
            .iter()
            .find(|operator| operator.strip_prefix(c).is_some_and(|tail| rest.starts_with(tail)));
        longest.map_or_else(|| c.to_string(), |operator| (*operator).to_owned())
    }

    fn expansion(&self, c: char) -> crate::base::Error {
        let rest = self.rest.as_str();
        let what = match (c, rest.chars().next()) {
            ('`', _) => "Command substitution '`'".to_owned(),
            (_, Some('(')) => "Command substitution '$('".to_owned(),
            _ => {
                let name: String =
                    rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
                format!("Variable '${}'", shown(&name))
            }
        };
        refused(format!("{what} not allowed: {QUOTE_IT}"))
    }
}

impl Partial {
    fn finish(self) -> Result<Word> {
        let Some(after) = self.text.strip_prefix('~') else { return Ok(Word::Literal(self.text)) };
        let (user, rest) = match after.split_once('/') {
            Some((user, rest)) => (user, Some(rest)),
            None => (after, None),
        };
        // A quote anywhere up to and including the slash makes the `~` an ordinary character.
        if self.quoted_from.is_some_and(|quoted| quoted <= 1 + user.len()) {
            return Ok(Word::Literal(self.text));
        }
        if !is_user(user) {
            return Err(refused(format!("'~{}' not allowed: write ~ or ~user, or quote it", shown(user))));
        }
        Ok(Word::Home { user: user.to_owned(), rest: rest.map(str::to_owned) })
    }
}

/// A tab may be a separator that a command is to look for; no other control character has business in a command.
fn printable(c: char) -> Result<char> {
    match c {
        '\n' | '\r' => Err(refused("Line break not allowed: run one command or pipeline at a time")),
        '\0' => Err(refused("NUL character not allowed")),
        c if c.is_control() && c != '\t' => {
            Err(refused(format!("Control character U+{:04X} not allowed", u32::from(c))))
        }
        c => Ok(c),
    }
}

fn no_closing_quotation() -> crate::base::Error {
    refused("Invalid command syntax: No closing quotation")
}
