//! What is done on one host: the operations behind one name, so that every tool and every resource, for one host or for
//! many, has the same ones.

use std::fmt;

use super::answer::Seen;
use super::list::{self, Page};
use super::read::{self, Excerpt, Part, Reading};
use super::system::{self, View};
use super::{cache, find, look, run, search, tree};
use crate::base::text::SharedText;
use crate::base::{Error, Kind, Result};
use crate::config::Scope;
use crate::fleet::Caller;
use crate::metrics::TargetType;
use crate::target::RemotePath;

/// What is to be done on a host. What it shows is where; commands are not for logs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Reads a file or lists a directory, whatever is there; perhaps as it was a while ago.
    Look { path: RemotePath, may_cache: bool },
    /// Runs a command line, in a directory.
    Run { directory: RemotePath, command: SharedText },
    /// Shows what the host's software says.
    View(View),
    /// Reads a part of a file, as what it looks like or is said to be.
    Read { path: RemotePath, part: Part, reading: Reading },
    /// Shows some of a directory's entries.
    List { path: RemotePath, page: Page },
    /// Shows several levels of a directory, or reads a file.
    Tree { path: RemotePath, depth: i64 },
    /// Finds files by their names.
    Find { path: RemotePath, query: find::Query },
    /// Searches the contents of files.
    Search { path: RemotePath, query: search::Query },
}

impl Action {
    /// Reads what is at a path: a part of a file, or a view, of which there are no parts.
    ///
    /// Errors: a name in the view's address is malformed; a part of a view is asked for.
    pub fn read(path: RemotePath, part: Part, reading: Reading) -> Result<Self> {
        let Some(view) = View::at(&path) else { return Ok(Self::Read { path, part, reading }) };
        let view = view?;
        if (part, reading) == (Part::WHOLE, Reading::default()) {
            return Ok(Self::View(view));
        }
        let text =
            format!("Parts and encodings are those of files; {path} is none. Logs take ?lines=50&since=2h");
        Err(Error::new(Kind::InvalidArgument, text))
    }

    /// What a client needs for it.
    pub fn scope(&self) -> Scope {
        match self {
            Self::Run { .. } => Scope::Command,
            _ => Scope::Read,
        }
    }

    /// The same, as things are now: of many answers none is remembered.
    #[must_use]
    pub fn fresh(self) -> Self {
        match self {
            Self::Look { path, .. } => Self::Look { path, may_cache: false },
            fresh => fresh,
        }
    }

    /// The same, for hosts whose answers are compared: nothing that is said of a host holds its name.
    #[must_use]
    pub fn nameless(self) -> Self {
        match self {
            Self::View(view) => Self::View(view.nameless()),
            other => other,
        }
    }

    /// As what it is counted.
    pub fn target_type(&self) -> TargetType {
        match self {
            Self::Run { .. } => TargetType::Command,
            Self::View(_) => TargetType::View,
            _ => TargetType::Path,
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Look { path, .. }
            | Self::Read { path, .. }
            | Self::List { path, .. }
            | Self::Tree { path, .. }
            | Self::Find { path, .. }
            | Self::Search { path, .. } => path.fmt(f),
            Self::Run { directory, .. } => directory.fmt(f),
            Self::View(view) => write!(f, "//{view}"),
        }
    }
}

/// Does it, on the core that owns the host.
///
/// Errors: those of the operation.
pub async fn act(caller: &Caller, host: &str, action: &Action) -> Result<Seen> {
    match action {
        Action::Look { path, may_cache: true } => {
            cache::remembered(caller, host, path).await.map(Seen::Remembered)
        }
        Action::Look { path, may_cache: false } => look::look(caller, host, path).await.map(Seen::Found),
        Action::View(view) => system::show(caller, host, view).await.map(Seen::Shown),
        Action::Read { path, part, reading } => {
            let piece = read::read(caller, host, path, *part).await?;
            Ok(Seen::Read(Excerpt { path: path.clone(), piece, reading: *reading }))
        }
        Action::List { path, page } => list::list(caller, host, path, *page).await.map(Seen::Listed),
        Action::Tree { path, depth } => tree::tree(caller, host, path, *depth).await.map(Seen::Found),
        Action::Find { path, query } => find::find(caller, host, path, query).await.map(Seen::Matches),
        Action::Search { path, query } => search::search(caller, host, path, query).await.map(Seen::Hits),
        Action::Run { directory, command } => {
            let output = run::run(caller, host, directory, command).await;
            output.map(Seen::Ran).map_err(|error| match error.kind() {
                Kind::CommandRefused => error.context("Command failed"),
                _ => error,
            })
        }
    }
}
