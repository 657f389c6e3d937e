//! What is done on one host: the operations behind one name, so that every tool and every resource, for one host or for
//! many, has the same ones.

use std::fmt;

use super::answer::Seen;
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
}

impl Action {
    /// What a client needs for it.
    pub fn scope(&self) -> Scope {
        match self {
            Self::Look { .. } => Scope::Read,
            Self::Run { .. } => Scope::Command,
        }
    }

    /// The same, as things are now: of many answers none is remembered.
    #[must_use]
    pub fn fresh(self) -> Self {
        match self {
            Self::Look { path, .. } => Self::Look { path, may_cache: false },
            other => other,
        }
    }

    /// As what it is counted.
    pub fn target_type(&self) -> TargetType {
        match self {
            Self::Look { .. } => TargetType::Path,
            Self::Run { .. } => TargetType::Command,
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Look { path, .. } => path.fmt(f),
            Self::Run { directory, .. } => directory.fmt(f),
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
        Action::Run { directory, command } => {
            let output = run::run(caller, host, directory, command).await;
            output.map(Seen::Ran).map_err(|error| match error.kind() {
                Kind::CommandRefused => error.context("Command failed"),
                _ => error,
            })
        }
    }
}
