//! Finding files by their names.

use std::ops::ControlFlow;

use super::records::Records;
use super::script::ask_in_time;
use super::tree::checked;
use crate::base::text::{SharedText, harmless};
use crate::base::time::Duration;
use crate::base::{Error, Kind, Result, limits};
use crate::fleet::{Caller, Exit, Machine, Need, Repeat};
use crate::target::RemotePath;

/// What is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// A pattern of the shell for names; with a `/` in it, for the ends of paths.
    pub name: SharedText,
    pub kind: Option<FileKind>,
    /// Levels below the directory where it begins, 1 to 10.
    pub depth: i64,
    /// How many are wanted.
    pub limit: usize,
}

/// Of what kind a file has to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    File,
    Directory,
    Symlink,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matches {
    /// In the order of their names. Bytes that are no UTF-8 are replaced by U+FFFD.
    pub paths: Vec<String>,
    /// Where these are not all.
    pub stop: Option<Stop>,
    /// Not every directory could be read.
    pub was_denied: bool,
    /// What is said where there are none.
    none: String,
}

/// Why there may be more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// There are more than were wanted.
    Enough(usize),
    /// It took longer than a command may.
    Late(Duration),
}

/// Finds files below a place, up to the query's limit. Symbolic links below it are not followed.
///
/// Errors: the query is none; the path is missing or forbidden; the host has no `find`.
pub async fn find(caller: &Caller, host: &str, path: &RemotePath, query: &Query) -> Result<Matches> {
    if query.name.is_empty() || query.name.contains('\0') {
        return Err(Error::new(Kind::InvalidArgument, "Find failed: no name fits the pattern"));
    }
    check_length(&query.name)?;
    checked(query.depth).map_err(|error| error.context("Find failed"))?;
    let find = async |machine: &Machine| find_on(caller, machine, path, query).await;
    caller.work(host, Need::Session, Repeat::Safe, find).await
}

/// Errors: a pattern is longer than any path.
pub fn check_length(name: &str) -> Result<()> {
    if name.len() <= limits::PATH_BYTES_MAX {
        return Ok(());
    }
    let most = limits::PATH_BYTES_MAX;
    let text = format!("Find failed: the pattern is too long: {} bytes, at most {most}", name.len());
    Err(Error::new(Kind::TooLarge, text))
}

impl Query {
    pub fn new(name: impl Into<SharedText>) -> Self {
        let (depth, limit) = (i64::from(limits::FIND_DEPTH_DEFAULT), limits::FIND_RESULTS_DEFAULT);
        Self { name: name.into(), kind: None, depth, limit }
    }
}

impl FileKind {
    /// As `find -type` knows it.
    fn letter(self) -> &'static str {
        match self {
            Self::File => "f",
            Self::Directory => "d",
            Self::Symlink => "l",
        }
    }
}

impl Matches {
    /// The paths for an agent.
    pub fn text(&self) -> String {
        let mut text = match self.paths.is_empty() {
            true => self.none.clone(),
            false => self.paths.iter().map(|path| harmless(path)).collect::<Vec<_>>().join("\n"),
        };
        if let Some(stop) = self.stop {
            text.push_str("\n\n");
            text.push_str(&stop.mark("matches"));
        }
        if self.was_denied {
            text.push_str("\n\n");
            text.push_str(DENIED);
        }
        text
    }
}

impl Stop {
    /// What an agent is told of it; `what` there may be more of.
    pub(super) fn mark(self, what: &str) -> String {
        match self {
            Self::Enough(limit) => format!("[truncated: more than {limit} {what}]"),
            Self::Late(limit) => {
                format!("[stopped after {}s: there may be more {what}]", limit.as_secs_f64())
            }
        }
    }
}

/// What an agent is told where not everything was seen.
pub(super) const DENIED: &str = "[some places could not be read: permission denied]";

/// Finds below `$p`, down to `$2` levels, what the pattern `$3` fits, of the kind `$4` (empty: any).
///
/// In the C locale every byte is a character, so that `*` fits names that are no UTF-8, too.
const SCRIPT: &str = r#"
if [ -d "$p" ] && [ ! -r "$p" ]; then say denied;
elif [ -e "$p" ] || [ -L "$p" ]; then
  export LC_ALL=C;
  case $3 in */*) t=-path; set -- "$1" "$2" "*/${3#/}" "$4" ;; *) t=-name ;; esac;
  if find "$p" -prune -print0 >/dev/null 2>&1; then o=-print0; else o=-print; fi;
  say "$o";
  find -H "$p" -maxdepth "$2" "$t" "$3" ${4:+-type "$4"} "$o";
else say_other; fi
"#;

async fn find_on(caller: &Caller, machine: &Machine, path: &RemotePath, query: &Query) -> Result<Matches> {
    let mut found = Records::up_to(query.limit, caller.settings().max_output_size);
    let mut end = None;
    let mut keep = |word: &str, bytes: &[u8]| match behind(word) {
        Some(behind) => {
            end = Some(behind);
            found.take(behind, bytes)
        }
        None => ControlFlow::Continue(()),
    };
    let depth = query.depth.to_string();
    let arguments = [depth.as_str(), &*query.name, query.kind.map_or("", FileKind::letter)];
    let told = ask_in_time(caller, machine, path, &arguments, SCRIPT, &mut keep).await?;
    let paths = end.map_or_else(Vec::new, |end| sorted(&found, end));
    let stop = match &told {
        None => Some(Stop::Late(caller.settings().command_timeout)),
        Some(_) => found.is_over.then_some(Stop::Enough(query.limit)),
    };
    let was_denied = told.as_ref().is_some_and(|told| told.was_denied());
    if let Some(told) = told {
        if behind(&told.word).is_none() {
            return Err(told.refusal(path));
        }
        // What is gone or forbidden half-way is no failure.
        if paths.is_empty() && told.exit != Exit::Code(0) && !was_denied {
            return Err(Error::new(Kind::Remote, format!("Find failed: {}", told.complaint())));
        }
    }
    let none = format!("No files matching '{}' found in {path}", harmless(&query.name));
    Ok(Matches { paths, stop, was_denied, none })
}

/// What stands behind each path, by the script's word.
fn behind(word: &str) -> Option<u8> {
    match word {
        "-print0" => Some(0),
        "-print" => Some(b'\n'),
        _ => None,
    }
}

fn sorted(found: &Records, end: u8) -> Vec<String> {
    let mut paths: Vec<_> = found.whole(end).map(|path| String::from_utf8_lossy(path).into_owned()).collect();
    paths.sort_unstable();
    paths
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(paths: &[&str], stop: Option<Stop>, was_denied: bool) -> Matches {
        let none = "No files matching '*.zzz' found in /p".to_owned();
        Matches { paths: paths.iter().map(|path| (*path).to_owned()).collect(), stop, was_denied, none }
    }

    #[test]
    fn tells_what_there_is_and_what_may_be_missing() {
        assert_eq!(matches(&[], None, false).text(), "No files matching '*.zzz' found in /p");
        assert_eq!(matches(&["/a", "/b\nc"], None, false).text(), "/a\n/b\\nc");
        let text = matches(&["/a"], Some(Stop::Enough(1)), true).text();
        assert_eq!(
            text,
            "/a\n\n[truncated: more than 1 matches]\n\n[some places could not be read: permission denied]"
        );
        let text = matches(&["/a"], Some(Stop::Late(Duration::from_secs(30))), false).text();
        assert_eq!(text, "/a\n\n[stopped after 30s: there may be more matches]");
    }
}
