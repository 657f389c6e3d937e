//! Files by command, for hosts without SFTP and for this machine: one script that says what a path is and shows it.

use std::ops::ControlFlow;

use super::read::{forbidden, not_found, not_readable};
use crate::base::shell::quote;
use crate::base::{Error, Kind, Result, limits};
use crate::fleet::{Exit, Machine, Sink, Stream};
use crate::target::RemotePath;

/// What the script found; its content went to the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    File,
    /// The content is what `ls -la` prints.
    Directory,
}

/// Runs in any POSIX `sh`, busybox included. `$1` is the path, `$2` how many bytes to show (empty: all).
///
/// The mark in front of the answer separates it from what start-up files of the login shell print.
const SCRIPT: &str = r#"
say() { printf '\001scout %s\n' "$1"; }
p=$1
case $p in
  "~"|"~/"*) p=$HOME${p#"~"} ;;
  "~"*) u=${p%%/*}; r=${p#"$u"}
    case $u in *[!~A-Za-z0-9_.-]*) ;; *) eval "u=$u" ;; esac
    p=$u$r ;;
  /*) ;;
  *) p=./$p ;;
esac
if [ -d "$p" ]; then
  if cd "$p" 2>/dev/null && [ -r . ]; then say dir; LC_ALL=C ls -la; else say denied; fi
elif [ -p "$p" ]; then say fifo
elif [ -S "$p" ]; then say socket
elif [ -e "$p" ]; then
  if [ ! -r "$p" ]; then say denied
  elif [ "$2" ]; then say file; head -c "$2" "$p"
  else say file; cat "$p"; fi
else
  case $(LC_ALL=C ls -d "$p" 2>&1) in *ermission*) say denied ;; *) say missing ;; esac
fi
"#;

/// Shows a file's first `limit + 1` bytes (all of them when there is none) or a directory's listing.
///
/// Errors: the path is missing, forbidden or neither file nor directory; the host has no usable shell.
pub async fn look(
    machine: &Machine,
    path: &RemotePath,
    limit: Option<u64>,
    take: &mut dyn FnMut(&[u8]) -> ControlFlow<()>,
) -> Result<Seen> {
    let count = limit.map_or_else(String::new, |limit| (limit.saturating_add(1)).to_string());
    let arguments = [path.as_str(), &count].map(|word| quote(word.as_bytes())).join(&b' ');
    let command = [b"set -- ", arguments.as_slice(), b"\n", SCRIPT.as_bytes()].concat();
    let mut answer = Marked { mark: None, head: Vec::new(), stderr: Vec::new(), take };
    let exit = machine.run(&command, &mut answer).await?;
    let Marked { mark, head, stderr, .. } = answer;
    let seen = match mark.as_deref() {
        Some("dir") => Seen::Directory,
        Some("file") => Seen::File,
        Some("denied") => return Err(forbidden(path)),
        Some("missing") => return Err(not_found(path)),
        Some("fifo") => return Err(not_readable(path, "a FIFO")),
        Some("socket") => return Err(not_readable(path, "a socket")),
        _ => return Err(no_answer(&exit, &head, &stderr)),
    };
    match exit {
        Exit::Code(0) | Exit::Stopped => Ok(seen),
        _ => Err(Error::new(Kind::Remote, format!("Cannot read {path}: {}", first_line(&stderr)))),
    }
}

/// Finds the script's mark in the output and passes on what follows it.
struct Marked<'a> {
    mark: Option<String>,
    /// What came before the mark was complete.
    head: Vec<u8>,
    stderr: Vec<u8>,
    take: &'a mut dyn FnMut(&[u8]) -> ControlFlow<()>,
}

const MARK: &[u8] = b"\x01scout ";

impl Sink for Marked<'_> {
    fn take(&mut self, stream: Stream, bytes: &[u8]) -> ControlFlow<()> {
        if stream == Stream::Stderr {
            let room = limits::COMPLAINT_BYTES_MAX - self.stderr.len();
            self.stderr.extend_from_slice(&bytes[..room.min(bytes.len())]);
            return ControlFlow::Continue(());
        }
        if self.mark.is_some() {
            return (self.take)(bytes);
        }
        self.head.extend_from_slice(bytes);
        let Some(start) = memchr::memmem::find(&self.head, MARK).map(|at| at + MARK.len()) else {
            let noisy = self.head.len() > limits::SHELL_NOISE_BYTES_MAX;
            return if noisy { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
        };
        let Some(end) = memchr::memchr(b'\n', &self.head[start..]).map(|at| start + at) else {
            return ControlFlow::Continue(());
        };
        self.mark = Some(String::from_utf8_lossy(&self.head[start..end]).into_owned());
        let rest = self.head.split_off(end + 1);
        if rest.is_empty() { ControlFlow::Continue(()) } else { (self.take)(&rest) }
    }
}

fn no_answer(exit: &Exit, stdout: &[u8], stderr: &[u8]) -> Error {
    let said = if stderr.is_empty() { stdout } else { stderr };
    let text = format!("The host's shell did not run the command ({exit:?}): {}", first_line(said));
    Error::new(Kind::Remote, text)
}

/// The first line of what a program said, fit for a message.
fn first_line(said: &[u8]) -> String {
    let text = String::from_utf8_lossy(said);
    let line = text.trim().lines().next().unwrap_or("it said nothing");
    line.chars().take(limits::COMPLAINT_BYTES_MAX).flat_map(char::escape_debug).collect()
}
