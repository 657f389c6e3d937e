//! Judges one command's words by the table.
//!
//! Implementations disagree on which options take a value, so no word is believed to be one: whatever looks like a
//! refused option is refused, even where some program would take it for the value of the option before. For the same
//! reason a `--` that follows an option need not be the end of the options; nor need one that follows an operand:
//! GNU sort still obeys a later `-o` when POSIXLY_CORRECT is set.

use super::lexer::{Word, shown};
use super::refused;
use super::table::{PROGRAMS, Program, Syntax};
use crate::base::{Error, Result};

/// Refuses a command that is not in the table, or an argument of it that is not allowed.
pub(super) fn check(words: &[Word]) -> Result<()> {
    let Some((name, arguments)) = words.split_first() else { return Err(refused("Empty command")) };
    let program = find(name)?;
    match program.syntax {
        Syntax::Expression => check_expression(program, arguments),
        Syntax::Options | Syntax::PlusOptions => check_options(program, arguments),
    }
}

fn find(name: &Word) -> Result<&'static Program> {
    let text = match name {
        Word::Literal(text) => text.clone(),
        Word::Home { user, .. } => format!("~{user}"),
    };
    if let Some(program) = PROGRAMS.iter().find(|program| program.name == text) {
        return Ok(program);
    }
    if is_assignment(&text) {
        return Err(refused(format!("Assignment '{}' not allowed before a command", shown(&text))));
    }
    let names: Vec<_> = PROGRAMS.iter().map(|program| program.name).collect();
    let message = format!("Command '{}' not allowed. Allowed commands: {}", shown(&text), names.join(", "));
    Err(refused(message))
}

fn is_assignment(text: &str) -> bool {
    text.split_once('=').is_some_and(|(name, _)| {
        name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    })
}

/// Every word counts, wherever it stands: `-name -delete` is not worth telling from `-delete`.
fn check_expression(program: &Program, arguments: &[Word]) -> Result<()> {
    for word in arguments.iter().filter_map(Word::literal) {
        for option in program.refused {
            if option.names.contains(&word) {
                return Err(not_allowed(program, word, word, option.why));
            }
        }
    }
    Ok(())
}

fn check_options(program: &Program, arguments: &[Word]) -> Result<()> {
    let mut operands: usize = 0;
    let mut before = Before::Operand;
    // Whether a `--` has been seen, and whether it surely ended the options.
    let (mut dashes, mut ended) = (false, false);
    for word in arguments {
        let text = word.literal().unwrap_or_default();
        // Where options end at the first operand (BSD, POSIXLY_CORRECT), all that follows are operands, too.
        let after_operand = dashes || operands > 0;
        if text == "--" && !dashes {
            dashes = true;
            ended = before == Before::Operand && operands == 0;
            operands += usize::from(after_operand);
            continue;
        }
        let option = is_option(program, text) && !ended;
        if after_operand || !(option || before == Before::Awaiting) {
            operands += 1;
        }
        before = match (option, before) {
            (false, _) => Before::Operand,
            (true, Before::Awaiting) => check_option(program, text).map(|_| Before::Option)?,
            (true, _) => check_option(program, text)?,
        };
    }
    match program.second_operand {
        Some(why) if operands > 1 => {
            Err(refused(format!("Second file of '{}' not allowed: {why}", program.name)))
        }
        _ => Ok(()),
    }
}

/// What stands before a word.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    Operand,
    Option,
    /// An option whose value the word is, by the table.
    Awaiting,
}

fn is_option(program: &Program, text: &str) -> bool {
    let sign =
        text.starts_with('-') || (matches!(program.syntax, Syntax::PlusOptions) && text.starts_with('+'));
    sign && text.len() > 1
}

fn check_option(program: &Program, text: &str) -> Result<Before> {
    if text.starts_with("--") { check_long(program, text) } else { check_short(program, text) }
}

/// `--name` or `--name=value`, where GNU programs take any unambiguous beginning of a name for the name.
fn check_long(program: &Program, text: &str) -> Result<Before> {
    let name = text.split_once('=').map_or(text, |(name, _)| name);
    if text == "--" {
        return Ok(Before::Option);
    }
    for option in program.refused {
        if let Some(full) = option.names.iter().find(|full| full.starts_with("--") && full.starts_with(name))
        {
            return Err(not_allowed(program, text, full, option.why));
        }
    }
    Ok(if program.values.contains(&text) { Before::Awaiting } else { Before::Option })
}

/// One or more letters after one `-`, up to a letter whose value the rest is.
fn check_short(program: &Program, text: &str) -> Result<Before> {
    let mut letters = text.chars();
    letters.next();
    while let Some(letter) = letters.next() {
        let is = |name: &&str| name.strip_prefix('-').is_some_and(|name| name.chars().eq([letter]));
        for option in program.refused {
            if let Some(name) = option.names.iter().find(|name| is(name)) {
                return Err(not_allowed(program, text, name, option.why));
            }
        }
        if program.values.iter().any(is) {
            return Ok(if letters.as_str().is_empty() { Before::Awaiting } else { Before::Option });
        }
    }
    Ok(Before::Option)
}

fn not_allowed(program: &Program, text: &str, option: &str, why: &str) -> Error {
    let place = if text == option { String::new() } else { format!(" (in '{}')", shown(text)) };
    refused(format!("Option '{option}' of '{}' not allowed{place}: {why}", program.name))
}
