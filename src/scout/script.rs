//! Runs scripts of ours on hosts: in any POSIX `sh`, busybox included, and past what start-up files of the login shell
//! print.
//!
//! A script gets a path as callers write it for its first argument and finds it in `$p` as commands take it. Before
//! anything else it says one word of ours with `say`, which tells what stands at the path; its output follows.
//!
//! csh, a login shell like others, reads no line break inside quotes. So the lines of a script become one, and each has
//! to end with what may stand in front of the next: `;` mostly.

use std::ops::ControlFlow;

use super::paths::{forbidden, not_found, not_readable};
use crate::base::shell::quote;
use crate::base::text::shown;
use crate::base::{Error, Kind, Result, limits};
use crate::fleet::{Caller, Exit, Machine, Sink, Stream};
use crate::metrics::Counter;
use crate::target::RemotePath;

/// What a script said.
pub(super) struct Told {
    /// Its word.
    pub word: String,
    pub exit: Exit,
    /// The beginning of its complaints.
    pub stderr: Vec<u8>,
}

/// Takes a script's output; told with each piece after which word it comes.
pub(super) type Take<'a> = dyn FnMut(&str, &[u8]) -> ControlFlow<()> + 'a;

/// Makes of `$1`, a path as callers write it, one as a command takes it.
pub(super) const RESOLVE: &str = r#"
p=$1;
case $p in
  "~"|"~/"*) p=$HOME${p#"~"} ;;
  "~"*) u=${p%%/*}; r=${p#"$u"};
    case $u in *[!~A-Za-z0-9_.-]*) ;; *) eval "u=$u" ;; esac;
    p=$u$r ;;
  /*) ;;
  *) p=./$p ;;
esac;
"#;

/// Says a word, behind a mark that separates it from what start-up files print.
pub(super) const SAY: &str = r#"
say() { printf '\001scout %s\n' "$1"; };
"#;

/// Says the word for a `$p` that is neither directory nor regular file.
const SAY_OTHER: &str = r#"
say_other() {
  if [ -p "$p" ]; then say fifo;
  elif [ -S "$p" ]; then say socket;
  elif [ -e "$p" ]; then say other;
  else case $(LC_ALL=C ls -d "$p" 2>&1) in *ermission*) say denied ;; *) say missing ;; esac;
  fi;
};
"#;

/// Runs a script that only looks, with the path for `$1` and further arguments.
///
/// Errors: those of the connection; the host's shell does not run our scripts.
pub(super) async fn ask(
    machine: &Machine,
    path: &RemotePath,
    arguments: &[&str],
    script: &str,
    take: &mut Take<'_>,
) -> Result<Told> {
    let words: Vec<_> = [path.as_str()].iter().chain(arguments).copied().collect();
    let command = command(&words, &[RESOLVE, SAY, SAY_OTHER, script]);
    let mut answer = Answer::new(take);
    let exit = machine.query(&command, &mut answer).await?;
    match answer.word {
        Some(word) => Ok(Told { word, exit, stderr: answer.stderr }),
        None => Err(no_answer(&exit, &answer.head, &answer.stderr)),
    }
}

/// The same, but `None` when it takes longer than a command may.
pub(super) async fn ask_in_time(
    caller: &Caller,
    machine: &Machine,
    path: &RemotePath,
    arguments: &[&str],
    script: &str,
    take: &mut Take<'_>,
) -> Result<Option<Told>> {
    let asked = async { ask(machine, path, arguments, script, take).await.map(Some) };
    let told = caller.within(caller.settings().command_timeout, asked, || Ok(None)).await?;
    if told.is_none() {
        caller.recorder().count(Counter::RequestTimeouts);
    }
    Ok(told)
}

/// A command line that runs scripts one after the other, all with the same arguments. It has no line break.
pub(super) fn command<W: AsRef<[u8]>>(arguments: &[W], scripts: &[&str]) -> Vec<u8> {
    let mut command = b"set --".to_vec();
    for word in arguments {
        command.push(b' ');
        let lines: Vec<_> = word.as_ref().split(|byte| *byte == b'\n').map(quote).collect();
        command.extend(lines.join(&b"\"$n\""[..]));
        if lines.len() > 1 && !command.starts_with(NEW_LINE) {
            command.splice(..0, NEW_LINE.iter().copied());
        }
    }
    command.extend_from_slice(b" ;");
    let scripts = scripts.concat();
    command.extend(scripts.bytes().map(|byte| if byte == b'\n' { b' ' } else { byte }));
    command
}

/// Makes of `$n` a line break.
const NEW_LINE: &[u8] = br"n=$(printf '\n_');n=${n%_};";

impl Told {
    /// What a word means that brings no answer.
    pub fn refusal(&self, path: &RemotePath) -> Error {
        match self.word.as_str() {
            "denied" => forbidden(path),
            "missing" => not_found(path),
            "fifo" => not_readable(path, "a FIFO"),
            "socket" => not_readable(path, "a socket"),
            "other" => not_readable(path, "no regular file"),
            word => Error::new(Kind::Remote, format!("The host answered our script with '{}'", shown(word))),
        }
    }

    /// Whether something was not allowed on the way.
    pub fn was_denied(&self) -> bool {
        memchr::memmem::find(&self.stderr, b"ermission denied").is_some()
    }

    /// The first line of its complaints, fit for a message.
    pub fn complaint(&self) -> String {
        first_line(&self.stderr)
    }
}

/// Finds the script's word in its output and passes on what follows.
pub(super) struct Answer<'a> {
    pub word: Option<String>,
    /// What came before the word was complete.
    head: Vec<u8>,
    stderr: Vec<u8>,
    take: &'a mut Take<'a>,
}

/// No start-up file prints this.
pub(super) const MARK: &[u8] = b"\x01scout ";

impl<'a> Answer<'a> {
    pub fn new<'b: 'a>(take: &'a mut Take<'b>) -> Self {
        Self { word: None, head: Vec::new(), stderr: Vec::new(), take }
    }

    fn take_head(&mut self, bytes: &[u8]) -> ControlFlow<()> {
        self.head.extend_from_slice(bytes);
        let mark = memchr::memmem::find(&self.head, MARK).map(|at| at + MARK.len());
        let end = mark.and_then(|mark| Some(mark + memchr::memchr(b'\n', &self.head[mark..])?));
        let (Some(mark), Some(end)) = (mark, end) else {
            let is_noise = self.head.len() > limits::SHELL_NOISE_BYTES_MAX;
            return if is_noise { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
        };
        let word = String::from_utf8_lossy(&self.head[mark..end]).into_owned();
        let rest = self.head.split_off(end + 1);
        let taken = match rest.is_empty() {
            true => ControlFlow::Continue(()),
            false => (self.take)(&word, &rest),
        };
        self.word = Some(word);
        taken
    }
}

impl Sink for Answer<'_> {
    fn take(&mut self, stream: Stream, bytes: &[u8]) -> ControlFlow<()> {
        match (stream, &self.word) {
            (Stream::Stderr, _) => {
                let room = limits::COMPLAINT_BYTES_MAX - self.stderr.len();
                self.stderr.extend_from_slice(&bytes[..room.min(bytes.len())]);
                ControlFlow::Continue(())
            }
            (Stream::Stdout, Some(word)) => (self.take)(word, bytes),
            (Stream::Stdout, None) => self.take_head(bytes),
        }
    }
}

/// The host's shell did not come to our script.
pub(super) fn no_answer(exit: &Exit, stdout: &[u8], stderr: &[u8]) -> Error {
    let said = if stderr.is_empty() { stdout } else { stderr };
    let ended = match exit {
        Exit::Code(code) => format!("exit code {code}"),
        Exit::Signal(signal) => format!("signal {signal}"),
        Exit::Stopped => "too much output".to_owned(),
    };
    Error::new(
        Kind::Remote,
        format!("The host's shell did not run our script ({ended}): {}", first_line(said)),
    )
}

/// The first line of what a program said, fit for a message.
pub(super) fn first_line(said: &[u8]) -> String {
    let text = String::from_utf8_lossy(said);
    let line = text.trim().lines().next().unwrap_or("it said nothing");
    line.chars().take(limits::COMPLAINT_BYTES_MAX).flat_map(char::escape_debug).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_is_found_behind_what_start_up_files_print() {
        let mut output = Vec::new();
        let mut take = |word: &str, bytes: &[u8]| {
            assert_eq!(word, "file 7");
            output.extend_from_slice(bytes);
            ControlFlow::Continue(())
        };
        let mut answer = Answer::new(&mut take);
        for byte in b"welcome \x01 scout\n\x01scout file 7\ncon\x01scout x\ntent" {
            assert!(answer.take(Stream::Stdout, &[*byte]).is_continue());
        }
        assert!(answer.take(Stream::Stderr, b"find: x: Permission denied\n").is_continue());
        let told = Told { word: answer.word.unwrap(), exit: Exit::Code(0), stderr: answer.stderr };
        assert!(told.was_denied());
        let refusal = told.refusal(&RemotePath::parse("/x").unwrap());
        assert_eq!(refusal.message(), "The host answered our script with 'file 7'");
        assert_eq!(output, b"con\x01scout x\ntent");
    }

    #[test]
    fn noise_has_an_end() {
        let mut take = |_: &str, _: &[u8]| ControlFlow::Continue(());
        let mut answer = Answer::new(&mut take);
        assert!(answer.take(Stream::Stdout, &[b'x'; limits::SHELL_NOISE_BYTES_MAX]).is_continue());
        assert!(answer.take(Stream::Stdout, b"x").is_break());
        assert!(no_answer(&Exit::Code(1), b"not\nhere", b"").message().ends_with("(exit code 1): not"));
    }

    #[test]
    fn arguments_are_words() {
        let command = command(&["-a b", "it's", "", "two\nlines\n"], &["x;\n", "y"]);
        let command = command.strip_prefix(NEW_LINE).unwrap();
        assert_eq!(command, b"set -- '-a b' 'it'\\''s' '' two\"$n\"lines\"$n\"'' ;x; y");
        assert_eq!(super::command::<&str>(&[], &["x"]), b"set -- ;x");
    }
}
