//! The table of tools. A tool says what it is, reads its arguments, and hands over the work; a file per tool.

mod arguments;
mod scout;
mod structured;
mod told;

use std::rc::Rc;

use serde_json::Value;

pub use arguments::{Arguments, Invalid};

use super::Options;
use crate::config::Scope;
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
const TOOLS: &[Tool] = &[Tool {
    name: scout::NAME,
    operation: Operation::Scout,
    scopes: &[Scope::Read, Scope::Command],
    describe: scout::describe,
    start: scout::start,
}];

impl Tool {
    pub fn named(name: &str) -> Option<&'static Self> {
        TOOLS.iter().find(|tool| tool.name == name)
    }

    pub fn start(
        &self,
        shards: &Rc<Shards>,
        call: &Rc<Call>,
        arguments: Option<Raw<'_>>,
    ) -> Result<Work<ToolOutput>, Invalid> {
        (self.start)(shards, call, arguments)
    }
}

/// The entries of `tools/list`, and who gets to see them.
pub fn describe(options: &Options) -> Vec<(&'static [Scope], Value)> {
    TOOLS.iter().map(|tool| (tool.scopes, (tool.describe)(options))).collect()
}
