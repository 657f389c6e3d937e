//! Searching the contents of files: with ripgrep where the host has it, else with its `find` and `grep`.
//!
//! Both are made to see the same files: hidden and ignored ones as well, symbolic links below the place not, binary files
//! not where that can be told.

mod hits;

use std::fmt::Write;

use super::find::{DENIED, Stop};
use super::script::ask_in_time;
use crate::base::text::{harmless, on_one_line};
use crate::base::{Error, Kind, Result, limits};
use crate::fleet::{Caller, Exit, Machine, Need, Repeat};
use crate::target::RemotePath;
use hits::{Form, Parser};

pub use hits::Hit;

/// What is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// A regular expression, of the kind that the host's program knows; or the text itself.
    pub pattern: String,
    pub is_literal: bool,
    pub ignores_case: bool,
    /// What names of files have to fit, as a pattern of the shell.
    pub names: Option<String>,
    /// How many lines are wanted.
    pub limit: usize,
    /// How many lines are shown before and after each.
    pub context: usize,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hits {
    /// In the order of files and lines.
    pub hits: Vec<Hit>,
    /// Where these are not all.
    pub stop: Option<Stop>,
    /// Not every file could be read.
    pub was_denied: bool,
    /// What is said where there are none.
    none: String,
}

/// Searches a file, or all files below a directory, up to the query's limit.
///
/// Errors: the query is none; the path is missing or forbidden; the host has no `grep`.
pub async fn search(caller: &Caller, host: &str, path: &RemotePath, query: &Query) -> Result<Hits> {
    query.check()?;
    let search = async |machine: &Machine| search_on(caller, machine, path, query).await;
    caller.work(host, Need::Session, Repeat::Safe, search).await
}

impl Query {
    pub fn new(pattern: impl Into<String>) -> Self {
        let limit = limits::SEARCH_RESULTS_DEFAULT;
        let pattern = pattern.into();
        Self { pattern, is_literal: false, ignores_case: false, names: None, limit, context: 0 }
    }

    fn check(&self) -> Result<()> {
        self.check_lengths()?;
        let wrong = |text| Err(Error::new(Kind::InvalidArgument, format!("Search failed: {text}")));
        match (&*self.pattern, self.names.as_deref()) {
            ("", _) => wrong("the pattern is empty"),
            (pattern, _) if pattern.contains('\0') => wrong("the pattern cannot hold a NUL character"),
            (pattern, _) if pattern.contains('\n') => {
                wrong("lines are searched: the pattern cannot hold a line break")
            }
            (_, Some(names)) if names.is_empty() || names.contains(['/', '\0']) => {
                wrong("the glob is for names of files, such as *.conf")
            }
            _ => Ok(()),
        }
    }

    fn check_lengths(&self) -> Result<()> {
        let names = self.names.as_deref().unwrap_or_default();
        let texts = [
            ("pattern", self.pattern.len(), limits::SEARCH_PATTERN_BYTES_MAX),
            ("glob", names.len(), limits::PATH_BYTES_MAX),
        ];
        let Some((what, bytes, most)) = texts.into_iter().find(|(_, bytes, most)| bytes > most) else {
            return Ok(());
        };
        let text = format!("Search failed: the {what} is too long: {bytes} bytes, at most {most}");
        Err(Error::new(Kind::TooLarge, text))
    }
}

impl Hits {
    /// The lines for an agent, under the names of their files; those around them, and gaps between, as grep marks them.
    pub fn text(&self) -> String {
        let is_in_context = self.hits.iter().any(Hit::has_context);
        let mut text = String::new();
        for file in self.hits.chunk_by(|a, b| a.path == b.path) {
            let name = file.first().map(|hit| harmless(&hit.path)).unwrap_or_default();
            let _ = write!(text, "{}{name}", if text.is_empty() { "" } else { "\n\n" });
            let mut end = None;
            for hit in file {
                if is_in_context && end.is_some_and(|end| end != hit.begin()) {
                    text.push_str("\n--");
                }
                end = Some(hit.end());
                hit.write_to(&mut text);
            }
        }
        if text.is_empty() {
            text.push_str(&self.none);
        }
        if let Some(stop) = self.stop {
            let _ = write!(text, "\n\n{}", stop.mark("lines"));
        }
        if self.was_denied {
            let _ = write!(text, "\n\n{DENIED}");
        }
        text
    }
}

/// Searches `$p` for the pattern `$2` in files of names that `$3` fits (empty: all), with the options `$4`, `$5` and `$6`
/// (lines around).
///
/// ripgrep reads no configuration that may be meant for its user. In the C locale every byte is a character to grep, so
/// that it takes no file for a binary one that is only no UTF-8. What a program does not know of these options, it is
/// spared. A pattern that is none is told by trying it on nothing, or on a line for busybox's grep. That knows no way to
/// tell a name from what follows it, so it is asked about one file after the other where there is anything to be found.
const SCRIPT: &str = r#"
if { [ -d "$p" ] || [ -f "$p" ]; } && [ ! -r "$p" ]; then say denied;
elif [ -d "$p" ] || [ -f "$p" ]; then
  if command -v rg >/dev/null 2>&1; then
    rg --no-config -q $4 $5 $6 -e "$2" - </dev/null;
    if [ $? -gt 1 ]; then say bad; exit; fi;
    case $3 in "!"*) set -- "$1" "$2" "\\$3" "$4" "$5" "$6" ;; esac;
    say rg;
    rg --no-config --color never --no-heading --hidden --no-ignore -nH --column --null
      $4 $5 $6 ${3:+-g "$3"} -e "$2" -- "$p";
  else
    export LC_ALL=C;
    if [ "$5" ]; then e=-F; elif echo x | grep -qP x 2>/dev/null; then e=-P; else e=-E; fi;
    echo | grep -q $4 $e $6 -e "$2";
    if [ $? -gt 1 ]; then say bad; exit; fi;
    b=-I; echo x | grep -q $b x 2>/dev/null || b=;
    if echo x | grep -q --null x 2>/dev/null; then
      say grep--null;
      find -H "$p" -type f ${3:+-name "$3"} -exec grep -nH --null $b $4 $e $6 -e "$2" {} +;
    else
      say files;
      find -H "$p" -type f ${3:+-name "$3"} -exec sh -c 'c=$1; o=$2; e=$3; shift 3;
        grep -q $o -e "$e" "$@"; [ $? != 1 ] || exit 0;
        for f; do if grep -q $o -e "$e" "$f"; then printf "\0%s\0" "$f"; grep -n $c $o -e "$e" "$f"; fi; done;
        ' sh "$6" "$b $4 $e" "$2" {} +;
    fi;
  fi;
else say_other; fi
"#;

async fn search_on(caller: &Caller, machine: &Machine, path: &RemotePath, query: &Query) -> Result<Hits> {
    let mut parser = Parser::new(query);
    let mut read = |word: &str, bytes: &[u8]| match form(word) {
        Some(form) => parser.take(form, bytes),
        None => std::ops::ControlFlow::Continue(()),
    };
    let context = if query.context == 0 { String::new() } else { format!("-C{}", query.context) };
    let arguments = [
        query.pattern.as_str(),
        query.names.as_deref().unwrap_or_default(),
        if query.ignores_case { "-i" } else { "" },
        if query.is_literal { "-F" } else { "" },
        &context,
    ];
    let told = ask_in_time(caller, machine, path, &arguments, SCRIPT, &mut read).await?;
    let stop = match &told {
        None => Some(Stop::Late(caller.settings().command_timeout)),
        Some(_) => parser.over().map(Stop::Enough),
    };
    let was_denied = told.as_ref().is_some_and(|told| told.was_denied());
    if let Some(told) = told {
        if told.word == "bad" {
            let said = String::from_utf8_lossy(&told.stderr);
            let text = format!("Search failed: {}", on_one_line(said.trim(), limits::COMPLAINT_BYTES_MAX));
            return Err(Error::new(Kind::InvalidArgument, text));
        }
        if form(&told.word).is_none() {
            return Err(told.refusal(path));
        }
        if told.exit == Exit::Code(NOT_FOUND) {
            return Err(Error::new(Kind::Remote, format!("Search failed: {}", told.complaint())));
        }
    }
    let none = format!("No matches for '{}' in {path}", harmless(&query.pattern));
    Ok(Hits { hits: parser.finish(), stop, was_denied, none })
}

/// What a shell exits with that does not find a program.
const NOT_FOUND: u32 = 127;

/// How the program of the script's word writes lines.
fn form(word: &str) -> Option<Form> {
    match word {
        "rg" => Some(Form::NullAndColumn),
        "grep--null" => Some(Form::Null),
        "files" => Some(Form::Files),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_stand_under_the_names_of_their_files() {
        let hits = vec![
            Hit::alone("/a", 1, Some(5), "one"),
            Hit::alone("/a", 7, None, "two\x1b"),
            Hit::alone("/b", 1, Some(1), ""),
        ];
        let none = "No matches for 'x' in /p".to_owned();
        let mut found = Hits { hits, stop: Some(Stop::Enough(3)), was_denied: true, none };
        let text = "/a\n1:5: one\n7: two\\u{1b}\n\n/b\n1:1: \n\n[truncated: more than 3 lines]\n\n\
            [some places could not be read: permission denied]";
        assert_eq!(found.text(), text);
        (found.hits, found.stop, found.was_denied) = (Vec::new(), None, false);
        assert_eq!(found.text(), "No matches for 'x' in /p");
    }

    #[test]
    fn lines_around_others_and_gaps_are_marked_as_grep_does() {
        let around = |line, before: &[&str], after: &[&str]| {
            let lines = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect();
            Hit { before: lines(before), after: lines(after), ..Hit::alone("/a", line, None, "x") }
        };
        let hits =
            vec![around(2, &["one"], &["three"]), around(4, &[], &["\u{7}"]), around(9, &["eight"], &[])];
        let found = Hits { hits, stop: None, was_denied: false, none: String::new() };
        assert_eq!(found.text(), "/a\n1- one\n2: x\n3- three\n4: x\n5- \\u{7}\n--\n8- eight\n9: x");
    }

    #[test]
    fn what_cannot_be_searched_for_is_refused() {
        let check = |query: Query| query.check().map_err(|error| error.message().to_owned());
        assert_eq!(check(Query::new("-x")), Ok(()));
        assert_eq!(check(Query::new("")), Err("Search failed: the pattern is empty".into()));
        let broken = "Search failed: lines are searched: the pattern cannot hold a line break";
        assert_eq!(check(Query::new("a\nb")), Err(broken.into()));
        let nul = "Search failed: the pattern cannot hold a NUL character";
        assert_eq!(check(Query::new("a\0b")), Err(nul.into()));
        let longest = "x".repeat(limits::SEARCH_PATTERN_BYTES_MAX);
        assert_eq!(check(Query::new(longest.as_str())), Ok(()));
        let long = "Search failed: the pattern is too long: 16385 bytes, at most 16384";
        assert_eq!(check(Query::new(longest + "x")), Err(long.into()));
        let long = "Search failed: the glob is too long: 4096 bytes, at most 4095";
        let names = Some("x".repeat(limits::PATH_BYTES_MAX + 1));
        assert_eq!(check(Query { names, ..Query::new("x") }), Err(long.into()));
        assert!(check(Query { names: Some("a/b".into()), ..Query::new("x") }).is_err());
    }
}
