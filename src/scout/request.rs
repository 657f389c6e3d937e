//! The arguments of the tool `scout`, and what they ask for. Nothing here waits for anything.

use super::action::Action;
use super::system::View;
use crate::base::Result;
use crate::target::{HostName, Target};

/// The arguments of the `scout` operation as the caller gave them, not yet parsed.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// `hosts`, `host:/path`, or the address of a view: `host://docker`.
    pub target: String,
    /// A command to run in the target's directory.
    pub query: Option<String>,
    /// A file or directory may be as it was a while ago. Commands are always run.
    pub cache: bool,
}

/// What a request asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Plan {
    /// The host list.
    Hosts,
    One {
        host: HostName,
        action: Action,
    },
}

impl Request {
    /// Reads a request.
    ///
    /// Errors: the target is none, or a view of something whose name is malformed.
    pub fn plan(&self) -> Result<Plan> {
        Ok(match Target::parse(&self.target)? {
            Target::Hosts => Plan::Hosts,
            Target::Path { host, path } => {
                let action = match (&self.query, View::at(&path)) {
                    (Some(query), _) => Action::Run { directory: path, command: query.clone() },
                    (None, Some(view)) => Action::View(view?),
                    (None, None) => Action::Look { path, may_cache: self.cache },
                };
                Plan::One { host, action }
            }
        })
    }
}
