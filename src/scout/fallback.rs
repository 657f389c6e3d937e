//! Files by command, for hosts without SFTP and for this machine: one script that says what a path is and shows it.

use std::ops::ControlFlow;
use std::rc::Rc;

use super::script::{self, Answer, RESOLVE, no_answer};
use crate::base::{Error, Kind, Result, limits};
use crate::fleet::{Collected, Exit, Link, Machine};
use crate::target::RemotePath;

/// What the script found; its content went to the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    File,
    /// Its content may be endless, so that there is always a limit.
    Device,
    /// The content is what `ls -la` prints.
    Directory,
    /// A directory whose tree was asked for: every name below it, and where that points if it is a symbolic link, each with
    /// a NUL behind it.
    Tree,
}

/// How much is to be shown.
#[derive(Debug, Clone, Copy)]
pub struct Shown {
    /// Bytes of a file; without a limit all of them.
    pub file_bytes: Option<u64>,
    /// Bytes of a device.
    pub device_bytes: u64,
    /// Levels of a directory's tree, where not its listing is asked for.
    pub depth: Option<u8>,
    /// The option of `ls` that orders a listing, if it is not by name.
    pub order: &'static str,
}

/// Shows what stands at `$p`; `$2` is how many bytes to show (empty: all), `$3` how many of a device, `$4` how many levels
/// of a directory (empty: its listing), `$5` in which order.
///
/// GNU's find knows links; elsewhere a shell has to ask for each. What is hidden `tree` does not show either.
const SCRIPT: &str = r#"
if [ -d "$p" ]; then
  if cd "$p" 2>/dev/null && [ -r . ]; then
    if [ "$4" ]; then
      export LC_ALL=C; say tree;
      if find . -prune -printf '' >/dev/null 2>&1; then
        find . -mindepth 1 -maxdepth "$4" -name '.*' -prune -o -printf '%P\0%l\0';
      else
        find . -maxdepth "$4" -name '.?*' -prune -o ! -type l ! -name . -exec printf '%s\0\0' {} + -o
          -type l -exec sh -c 'for f; do printf "%s\0%s\0" "$f" "$(readlink "$f")"; done' sh {} +;
      fi;
      [ $? != 127 ];
    else
      export LC_ALL=C.UTF-8; say dir;
      if ls -dq . >/dev/null 2>&1; then ls "-laq$5"; else ls "-la$5"; fi;
    fi;
  else say denied; fi;
elif [ -f "$p" ] || [ -c "$p" ] || [ -b "$p" ]; then
  if [ ! -r "$p" ]; then say denied;
  elif [ ! -f "$p" ]; then say device; head -c "$3" "$p";
  elif [ "$2" ]; then say file; head -c "$2" "$p";
  else say file; cat "$p"; fi;
else say_other; fi
"#;

/// Shows a file's first bytes and one more, as much of a device, or a directory's listing or tree to `take`, which is told
/// with each piece what it belongs to.
///
/// Errors: the path is missing, forbidden or neither file nor directory; the host has no usable shell.
pub async fn look(
    machine: &Machine,
    path: &RemotePath,
    shown: Shown,
    take: &mut dyn FnMut(Seen, &[u8]) -> ControlFlow<()>,
) -> Result<Seen> {
    let one_more = |limit: u64| limit.saturating_add(1).to_string();
    let arguments = [
        shown.file_bytes.map_or_else(String::new, one_more),
        one_more(shown.device_bytes),
        shown.depth.map_or_else(String::new, |depth| depth.to_string()),
        shown.order.to_owned(),
    ];
    let mut pass_on = |word: &str, bytes: &[u8]| match Seen::read(word) {
        Some(seen) => take(seen, bytes),
        None => ControlFlow::Continue(()),
    };
    let told =
        script::ask(machine, path, &arguments.each_ref().map(String::as_str), SCRIPT, &mut pass_on).await?;
    let Some(seen) = Seen::read(&told.word) else {
        return Err(told.refusal(path));
    };
    match told.exit {
        Exit::Code(0) | Exit::Stopped => Ok(seen),
        _ => Err(Error::new(Kind::Remote, format!("Cannot read {path}: {}", told.complaint()))),
    }
}

/// Says in one line what is another one when the content of `$p` is; `ls` only knows the minute.
const MARK_SCRIPT: &str = r#"
export LC_ALL=C;
stat -Lc '%s %Y %i %f' "$p" 2>/dev/null || ls -dilLn "$p" 2>/dev/null || echo nothing
"#;

/// A line that is another one when the content of what stands at the path is, or when it comes or goes.
///
/// Errors: the host has no usable shell.
pub(super) async fn mark(machine: &Machine, path: &RemotePath) -> Result<String> {
    let command = script::command(&[path.as_str()], &[RESOLVE, MARK_SCRIPT]);
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
p=$1;
case $p in /*) ;; *) p=./$p ;; esac;
if [ -f "$p" ] && [ -r "$p" ]; then printf '\001scout file\n'; exec head -c "$2" "$p"; fi;
printf '\001scout other\n'
"#;

/// The content of a regular file, with whether it goes on after `limit`, by a command in an unused session: as fast as
/// the host's shell, whatever may stand at the path. `None` when that brings nothing; somebody else must look, then.
pub(super) async fn content(link: &Rc<Link>, path: &[u8], limit: u64) -> Option<(Vec<u8>, bool)> {
    let asked = limit.saturating_add(1).min(limits::SHELL_CONTENT_BYTES_MAX as u64 + 1);
    let command = script::command(&[path, asked.to_string().as_bytes()], &[CONTENT_SCRIPT]);
    let mut data = Vec::new();
    let mut keep = |word: &str, bytes: &[u8]| {
        if word == "file" {
            data.extend_from_slice(bytes);
        }
        ControlFlow::Continue(())
    };
    let mut answer = Answer::new(&mut keep);
    let exit = link.try_run(&command, &mut answer).await.ok()??;
    match answer.word.as_deref() {
        Some("file") if exit == Exit::Code(0) => {}
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

impl Seen {
    fn read(word: &str) -> Option<Self> {
        Some(match word {
            "file" => Self::File,
            "device" => Self::Device,
            "dir" => Self::Directory,
            "tree" => Self::Tree,
            _ => return None,
        })
    }
}
