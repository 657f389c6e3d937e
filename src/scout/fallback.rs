//! Files by command, for hosts without SFTP and for this machine: one script that says what a path is and shows it.

use std::ops::ControlFlow;
use std::rc::Rc;

use super::paths::{forbidden, not_found, not_readable};
use crate::base::shell::quote;
use crate::base::{Error, Kind, Result, limits};
use crate::fleet::{Collected, Exit, Link, Machine, Sink, Stream};
use crate::target::RemotePath;

/// What the script found; its content went to the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    File,
    /// Its content may be endless, so that there is always a limit.
    Device,
    /// The content is what `ls -la` prints.
    Directory,
}

/// Makes of `$1`, a path as callers write it, one as a command takes it. Runs in any POSIX `sh`, busybox included.
const RESOLVE: &str = r#"
p=$1
case $p in
  "~"|"~/"*) p=$HOME${p#"~"} ;;
  "~"*) u=${p%%/*}; r=${p#"$u"}
    case $u in *[!~A-Za-z0-9_.-]*) ;; *) eval "u=$u" ;; esac
    p=$u$r ;;
  /*) ;;
  *) p=./$p ;;
esac
"#;

/// Shows what stands at `$p`; `$2` is how many bytes to show (empty: all), `$3` how many of a device.
///
/// The mark in front of the answer separates it from what start-up files of the login shell print.
const SCRIPT: &str = r#"
say() { printf '\001scout %s\n' "$1"; }
if [ -d "$p" ]; then
  if cd "$p" 2>/dev/null && [ -r . ]; then
    export LC_ALL=C.UTF-8; say dir
    if ls -dq . >/dev/null 2>&1; then ls -laq; else ls -la; fi
  else say denied; fi
elif [ -p "$p" ]; then say fifo
elif [ -S "$p" ]; then say socket
elif [ -e "$p" ]; then
  if [ ! -r "$p" ]; then say denied
  elif [ -c "$p" ] || [ -b "$p" ]; then say device; head -c "$3" "$p"
  elif [ "$2" ]; then say file; head -c "$2" "$p"
  else say file; cat "$p"; fi
else
  case $(LC_ALL=C ls -d "$p" 2>&1) in *ermission*) say denied ;; *) say missing ;; esac
fi
"#;

/// Shows a file's first `limit + 1` bytes (all of them when there is none), as many of a device as `device_limit` has, or
/// a directory's listing to `take`, which is told with each piece what it belongs to.
///
/// Errors: the path is missing, forbidden or neither file nor directory; the host has no usable shell.
pub async fn look(
    machine: &Machine,
    path: &RemotePath,
    limit: Option<u64>,
    device_limit: u64,
    take: &mut dyn FnMut(Seen, &[u8]) -> ControlFlow<()>,
) -> Result<Seen> {
    let one_more = |limit: u64| limit.saturating_add(1).to_string();
    let counts = [limit.map_or_else(String::new, one_more), one_more(device_limit)];
    let arguments = [path.as_str(), &counts[0], &counts[1]].map(|word| quote(word.as_bytes())).join(&b' ');
    let scripts = [RESOLVE, SCRIPT].concat();
    let command = [b"set -- ", arguments.as_slice(), b"\n", scripts.as_bytes()].concat();
    let mut answer = Answer { mark: None, head: Vec::new(), stderr: Vec::new(), take };
    let exit = machine.query(&command, &mut answer).await?;
    let seen = match answer.mark {
        Some(Mark::Seen(seen)) => seen,
        Some(Mark::Denied) => return Err(forbidden(path)),
        Some(Mark::Missing) => return Err(not_found(path)),
        Some(Mark::Other(kind)) => return Err(not_readable(path, kind)),
        None => return Err(no_answer(&exit, &answer.head, &answer.stderr)),
    };
    match exit {
        Exit::Code(0) | Exit::Stopped => Ok(seen),
        _ => Err(Error::new(Kind::Remote, format!("Cannot read {path}: {}", first_line(&answer.stderr)))),
    }
}

/// Says in one line what is another one when the content of `$p` is; `ls` only knows the minute.
const MARK_SCRIPT: &str = r#"
export LC_ALL=C
stat -Lc '%s %Y %i %f' "$p" 2>/dev/null || ls -dilLn "$p" 2>/dev/null || echo nothing
"#;

/// A line that is another one when the content of what stands at the path is, or when it comes or goes.
///
/// Errors: the host has no usable shell.
pub(super) async fn mark(machine: &Machine, path: &RemotePath) -> Result<String> {
    let scripts = [RESOLVE, MARK_SCRIPT].concat();
    let command =
        [b"set -- ", quote(path.as_str().as_bytes()).as_slice(), b"\n", scripts.as_bytes()].concat();
    let mut output = Collected::up_to(limits::SHELL_NOISE_BYTES_MAX as u64);
    let exit = machine.query(&command, &mut output).await?;
    // Start-up files may have said something before.
    match String::from_utf8_lossy(&output.stdout).lines().last() {
        Some(line) => Ok(line.to_owned()),
        None => Err(no_answer(&exit, &output.stdout, &output.stderr)),
    }
}

/// Shows `$2` bytes of a regular file, and nothing of anything else.
const CONTENT_SCRIPT: &str = r#"
p=$1
case $p in /*) ;; *) p=./$p ;; esac
if [ -f "$p" ] && [ -r "$p" ]; then printf '\001scout file\n'; exec head -c "$2" "$p"; fi
printf '\001scout other\n'
"#;

/// The content of a regular file, with whether it goes on after `limit`, by a command in an unused session: as fast as
/// the host's shell, whatever may stand at the path. `None` when that brings nothing; somebody else must look, then.
pub(super) async fn content(link: &Rc<Link>, path: &[u8], limit: u64) -> Option<(Vec<u8>, bool)> {
    let asked = limit.saturating_add(1).min(limits::SHELL_CONTENT_BYTES_MAX as u64 + 1);
    let arguments = [path, asked.to_string().as_bytes()].map(quote).join(&b' ');
    let command = [b"set -- ", arguments.as_slice(), b"\n", CONTENT_SCRIPT.as_bytes()].concat();
    let mut data = Vec::new();
    let mut keep = |_, bytes: &[u8]| {
        data.extend_from_slice(bytes);
        ControlFlow::Continue(())
    };
    let mut answer = Answer { mark: None, head: Vec::new(), stderr: Vec::new(), take: &mut keep };
    let exit = link.try_run(&command, &mut answer).await.ok()??;
    match answer.mark {
        Some(Mark::Seen(_)) if exit == Exit::Code(0) => {}
        Some(_) => return None,
        None => {
            link.lacks_shell();
            return None;
        }
    }
    let goes_on = data.len() as u64 > limit;
    if data.len() as u64 == asked && !goes_on {
        return None;
    }
    data.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Some((data, goes_on))
}

/// What the script says first.
#[derive(Debug, Clone, Copy)]
enum Mark {
    Seen(Seen),
    Denied,
    Missing,
    /// With its article.
    Other(&'static str),
}

impl Mark {
    fn read(word: &[u8]) -> Option<Self> {
        Some(match word {
            b"file" => Self::Seen(Seen::File),
            b"device" => Self::Seen(Seen::Device),
            b"dir" => Self::Seen(Seen::Directory),
            b"denied" => Self::Denied,
            b"missing" => Self::Missing,
            b"fifo" => Self::Other("a FIFO"),
            b"socket" => Self::Other("a socket"),
            b"other" => Self::Other("no regular file"),
            _ => return None,
        })
    }
}

/// Finds the script's mark in its output and passes on what follows.
struct Answer<'a> {
    mark: Option<Mark>,
    /// What came before the mark was complete.
    head: Vec<u8>,
    stderr: Vec<u8>,
    take: &'a mut dyn FnMut(Seen, &[u8]) -> ControlFlow<()>,
}

/// No start-up file prints this.
pub(super) const MARK: &[u8] = b"\x01scout ";

impl Sink for Answer<'_> {
    fn take(&mut self, stream: Stream, bytes: &[u8]) -> ControlFlow<()> {
        match (stream, self.mark) {
            (Stream::Stderr, _) => {
                let room = limits::COMPLAINT_BYTES_MAX - self.stderr.len();
                self.stderr.extend_from_slice(&bytes[..room.min(bytes.len())]);
                ControlFlow::Continue(())
            }
            (Stream::Stdout, Some(Mark::Seen(seen))) => (self.take)(seen, bytes),
            (Stream::Stdout, Some(_)) => ControlFlow::Continue(()),
            (Stream::Stdout, None) => self.take_head(bytes),
        }
    }
}

impl Answer<'_> {
    fn take_head(&mut self, bytes: &[u8]) -> ControlFlow<()> {
        self.head.extend_from_slice(bytes);
        let mark = memchr::memmem::find(&self.head, MARK).map(|at| at + MARK.len());
        let end = mark.and_then(|mark| Some(mark + memchr::memchr(b'\n', &self.head[mark..])?));
        let (Some(mark), Some(end)) = (mark, end) else {
            let is_noise = self.head.len() > limits::SHELL_NOISE_BYTES_MAX;
            return if is_noise { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
        };
        self.mark = Mark::read(&self.head[mark..end]);
        let rest = self.head.split_off(end + 1);
        match self.mark {
            Some(Mark::Seen(seen)) if !rest.is_empty() => (self.take)(seen, &rest),
            _ => ControlFlow::Continue(()),
        }
    }
}

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
fn first_line(said: &[u8]) -> String {
    let text = String::from_utf8_lossy(said);
    let line = text.trim().lines().next().unwrap_or("it said nothing");
    line.chars().take(limits::COMPLAINT_BYTES_MAX).flat_map(char::escape_debug).collect()
}
