//! What is the same for every client of this process, written once.

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use super::results::{Discovered, Initialized, ToolList};
use super::{Options, Revision, tools};

/// For the model, before it has seen any tool.
const INSTRUCTIONS: &str = "Scout looks at remote machines over SSH: it reads files, lists directories and runs commands on the \
hosts of the operator's SSH configuration. Begin with target \"hosts\" to learn their names. Calls run in parallel: to compare \
machines, ask them all at once.";

/// The answers that depend on the options only.
#[derive(Debug)]
pub struct Surface {
    discovered: Box<RawValue>,
    tools_handshake: Box<RawValue>,
    tools_stateless: Box<RawValue>,
}

impl Surface {
    pub fn new(options: &Options) -> Self {
        let tools = tools::describe(options);
        Self {
            discovered: written(&Discovered::new(INSTRUCTIONS)),
            tools_handshake: written(&ToolList::new(&tools, Revision::LATEST_HANDSHAKE)),
            tools_stateless: written(&ToolList::new(&tools, Revision::V2026_07_28)),
        }
    }

    /// The result of `initialize`.
    pub fn initialized(&self, revision: Revision) -> Initialized {
        Initialized::new(revision, INSTRUCTIONS)
    }

    /// The result of `server/discover`.
    pub fn discovered(&self) -> &RawValue {
        &self.discovered
    }

    /// The result of `tools/list`: always the same bytes, tools in the order of their table.
    pub fn tools(&self, revision: Revision) -> &RawValue {
        if revision.is_stateless() { &self.tools_stateless } else { &self.tools_handshake }
    }
}

/// Nothing in these comes from outside, so that a failure here would show in the first test.
fn written(result: &impl Serialize) -> Box<RawValue> {
    to_raw_value(result).expect("fixed answers can be written")
}
