//! The table of tools. A tool says what it is, reads its arguments, and hands over the work; a file per tool.
//!
//! There is one tool for everything, `scout`, and one for each kind of work. These name places as it does: `target` is
//! `host:/path`. All that is said of a tool is in the context of every agent, whether it uses it or not: a test holds the
//! list to its size.

mod arguments;
mod batch;
mod diff;
mod find;
mod hosts;
mod list;
mod looks;
mod many;
mod one;
mod read;
mod run;
mod scout;
mod search;
mod structured;
mod told;
mod transfer;

use std::rc::Rc;

use serde_json::Value;

pub use arguments::{Arguments, Invalid};

use super::Options;
use crate::config::{Scope, ToolSet};
use crate::fleet::Shards;
use crate::mcp::call::Call;
use crate::mcp::content::ToolOutput;
use crate::mcp::provider::Work;
use crate::metrics::Operation;
use crate::rpc::Raw;

/// One tool.
pub struct Tool {
    pub name: &'static str,
    /// Under which its calls are measured.
    pub operation: Operation,
    /// What it is good for: a client that may do none of it does not get to see it.
    pub scopes: &'static [Scope],
    /// Its entry in `tools/list`.
    describe: fn(&Options) -> Value,
    /// Reads the arguments and prepares the work, which starts when it is polled.
    start: Start,
}

type Start = fn(&Rc<Shards>, &Rc<Call>, Option<Raw<'_>>) -> Result<Work<ToolOutput>, Invalid>;

/// Every tool, in the order in which clients see them.
const TOOLS: &[Tool] = &[
    Tool {
        name: scout::NAME,
        operation: Operation::Scout,
        scopes: &[Scope::Read, Scope::Command],
        describe: scout::describe,
        start: scout::start,
    },
    Tool {
        name: hosts::NAME,
        operation: Operation::Hosts,
        scopes: &Scope::ALL,
        describe: hosts::describe,
        start: hosts::start,
    },
    Tool {
        name: read::NAME,
        operation: Operation::Read,
        scopes: &[Scope::Read],
        describe: read::describe,
        start: read::start,
    },
    Tool {
        name: list::NAME,
        operation: Operation::List,
        scopes: &[Scope::Read],
        describe: list::describe,
        start: list::start,
    },
    Tool {
        name: find::NAME,
        operation: Operation::Find,
        scopes: &[Scope::Read],
        describe: find::describe,
        start: find::start,
    },
    Tool {
        name: search::NAME,
        operation: Operation::Search,
        scopes: &[Scope::Read],
        describe: search::describe,
        start: search::start,
    },
    Tool {
        name: run::NAME,
        operation: Operation::Run,
        scopes: &[Scope::Command],
        describe: run::describe,
        start: run::start,
    },
    Tool {
        name: diff::NAME,
        operation: Operation::Diff,
        scopes: &[Scope::Read],
        describe: diff::describe,
        start: diff::start,
    },
    Tool {
        name: transfer::NAME,
        operation: Operation::Transfer,
        scopes: &[Scope::Transfer],
        describe: transfer::describe,
        start: transfer::start,
    },
    Tool {
        name: batch::NAME,
        operation: Operation::Batch,
        scopes: &[Scope::Read, Scope::Command],
        describe: batch::describe,
        start: batch::start,
    },
];

impl Tool {
    /// The one of a name, if it is among those that are offered.
    pub fn named(name: &str, offered: ToolSet) -> Option<&'static Self> {
        TOOLS.iter().find(|tool| tool.name == name && tool.is_in(offered))
    }

    pub fn start(
        &self,
        shards: &Rc<Shards>,
        call: &Rc<Call>,
        arguments: Option<Raw<'_>>,
    ) -> Result<Work<ToolOutput>, Invalid> {
        (self.start)(shards, call, arguments)
    }

    fn is_in(&self, set: ToolSet) -> bool {
        match set {
            ToolSet::All => true,
            ToolSet::Scout => self.name == scout::NAME,
            ToolSet::Focused => self.name != scout::NAME,
        }
    }
}

/// The entries of `tools/list`, and who gets to see them.
pub fn describe(options: &Options) -> Vec<(&'static [Scope], Value)> {
    let offered = TOOLS.iter().filter(|tool| tool.is_in(options.tools));
    offered.map(|tool| (tool.scopes, (tool.describe)(options))).collect()
}
