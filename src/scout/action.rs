//! What is done on one host: the operations behind one name, so that every tool and every resource, for one host or for
//! many, has the same ones.

use std::fmt;

use super::answer::Seen;
use super::system::{self, View};
use super::{cache, look, run};
use crate::base::{Kind, Result};
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
    Run { directory: RemotePath, command: String },
    /// Shows what the host's software says.
    View(View),
}

impl Action {
    /// What a client needs for it.
    pub fn scope(&self) -> Scope {
        match self {
            Self::Look { .. } | Self::View(_) => Scope::Read,
            Self::Run { .. } => Scope::Command,
        }
    }

    /// The same, as things are now: of many answers none is remembered.
    #[must_use]
    pub fn fresh(self) -> Self {
        match self {
            Self::Look { path, .. } => Self::Look { path, may_cache: false },
            fresh @ (Self::Run { .. } | Self::View(_)) => fresh,
        }
    }

    /// As what it is counted.
    pub fn target_type(&self) -> TargetType {
        match self {
            Self::Look { .. } => TargetType::Path,
            Self::Run { .. } => TargetType::Command,
            Self::View(_) => TargetType::View,
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Look { path, .. } => path.fmt(f),
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
        Action::Run { directory, command } => {
            let output = run::run(caller, host, directory, command).await;
            output.map(Seen::Ran).map_err(|error| match error.kind() {
                Kind::CommandRefused => error.context("Command failed"),
                _ => error,
            })
        }
    }
}
