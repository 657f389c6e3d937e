//! Command lines, read as far as simulated hosts understand them: one command, in a directory or not, as our own client
//! wraps it or as somebody typed it.

use std::iter::Peekable;
use std::str::Chars;

/// What a line asks for.
#[derive(Debug, PartialEq, Eq)]
pub enum Line {
    /// A command, and where it is to be run.
    Command { directory: Option<String>, words: Vec<String> },
    /// A script of ours (`scout/script.rs`) that shows what is at its first argument.
    Show(Vec<String>),
    /// More than that.
    Foreign,
}

/// A shell that is kept for several commands (`fleet/kept_shell.rs`): the number of the first one, and that one.
pub fn kept_shell(line: &str) -> Option<(String, String)> {
    match words(line)?.as_slice() {
        // In front of it what is for hosts whose login shell is `sh`.
        [.., exec, sh, c, _, name, number, command]
            if [exec, sh, c, name] == ["exec", "sh", "-c", "scout-shell"] =>
        {
            Some((number.clone(), command.clone()))
        }
        _ => None,
    }
}

impl Line {
    pub fn read(line: &str) -> Self {
        let Some(words) = words(line) else { return Self::Foreign };
        match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            // On a leash (`fleet/leash.rs`): the last word is the command.
            ["exec", "sh", "-c", _, "scout", command] => Self::read(command),
            ["set", "--", ..] => {
                Self::Show(words.into_iter().skip(2).take_while(|word| word != SEQUENCE).collect())
            }
            ["cd", _, AND, ..] => match Self::of(words.get(3..).unwrap_or_default()) {
                Self::Command { directory: None, words: rest } => {
                    Self::Command { directory: words.into_iter().nth(1), words: rest }
                }
                other => other,
            },
            _ => Self::of(&words),
        }
    }

    fn of(words: &[String]) -> Self {
        match words {
            [eval, line] if eval == "eval" => Self::read(line),
            [sh, c, line] if [sh, c] == ["sh", "-c"] => Self::read(line),
            // Other clients have coreutils' `timeout` end what takes too long.
            [timeout, _, rest @ ..] if timeout == "timeout" => Self::of(rest),
            words if words.iter().any(|word| [AND, SEQUENCE, OPERATOR].contains(&word.as_str())) => {
                Self::Foreign
            }
            words => Self::Command { directory: None, words: words.to_vec() },
        }
    }
}

/// What stands for operators in a list of words: no word that is typed can be one of them.
const AND: &str = "\0&&";
const SEQUENCE: &str = "\0;";
const OPERATOR: &str = "\0|";

/// The words of a line as a POSIX shell splits it, operators among them; `None` where a quote does not end.
fn words(line: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = line.chars().peekable();
    while let Some(char) = chars.next() {
        let operator = match char {
            '&' if chars.next_if_eq(&'&').is_some() => Some(AND),
            ';' | '\n' => Some(SEQUENCE),
            '|' | '&' | '<' | '>' | '`' | '(' | ')' | '$' => Some(OPERATOR),
            _ => None,
        };
        if let Some(operator) = operator {
            words.extend(word.take());
            words.push(operator.to_owned());
            continue;
        }
        match char {
            ' ' | '\t' => words.extend(word.take()),
            '\'' | '"' => quoted(char, &mut chars, word.get_or_insert_default())?,
            '\\' => word.get_or_insert_default().push(chars.next()?),
            char => word.get_or_insert_default().push(char),
        }
    }
    words.extend(word);
    Some(words)
}

/// Appends what stands until the quote ends.
fn quoted(quote: char, chars: &mut Peekable<Chars<'_>>, word: &mut String) -> Option<()> {
    loop {
        match chars.next()? {
            char if char == quote => return Some(()),
            '\\' if quote == '"' => word.push(chars.next()?),
            char => word.push(char),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fleet::leash;

    fn command(directory: Option<&str>, words: &[&str]) -> Line {
        let words = words.iter().map(|word| (*word).to_owned()).collect();
        Line::Command { directory: directory.map(str::to_owned), words }
    }

    #[test]
    fn commands_are_read_however_they_are_wrapped() {
        assert_eq!(Line::read("uptime"), command(None, &["uptime"]));
        assert_eq!(
            Line::read(r#"echo 'a  b' "c\"d" e\ f ''"#),
            command(None, &["echo", "a  b", "c\"d", "e f", ""])
        );
        assert_eq!(Line::read("cd /tmp && ls -la"), command(Some("/tmp"), &["ls", "-la"]));
        assert_eq!(Line::read("cd '/a b' && eval 'cat x'"), command(Some("/a b"), &["cat", "x"]));
        assert_eq!(Line::read("timeout 120 sh -c 'ls -la'"), command(None, &["ls", "-la"]));
        assert_eq!(Line::read("cd /tmp && timeout 30 ls -la"), command(Some("/tmp"), &["ls", "-la"]));
        let leashed = leash::for_login_shell(b"cd '/it'\\''s' && ls").unwrap();
        assert_eq!(Line::read(std::str::from_utf8(&leashed).unwrap()), command(Some("/it's"), &["ls"]));
    }

    #[test]
    fn our_scripts_are_known_by_their_beginning() {
        let shown = Line::Show(vec!["/a b".into(), "100".into()]);
        assert_eq!(Line::read("set -- '/a b' 100 ;p=$1; case $p in *) ;; esac"), shown);
    }

    #[test]
    fn what_is_more_than_a_command_is_foreign() {
        for line in ["a | b", "a; b", "a && b", "a > b", "echo $HOME", "echo `x`", "echo 'x"] {
            assert_eq!(Line::read(line), Line::Foreign, "{line}");
        }
    }
}
