//! What is the same for every client of this process, written once.

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use super::results::{Discovered, Initialized, ResourceList, ResourceTemplateList, ToolList};
use super::{Options, Revision, resources, tools};

/// For the model, before it has seen any tool.
const INSTRUCTIONS: &str = "Scout looks at remote machines over SSH: it reads files, lists directories and runs commands on the \
hosts of the operator's SSH configuration. Begin with target \"hosts\" to learn their names. Calls run in parallel: to compare \
machines, ask them all at once.";

/// The answers that depend on the options only.
#[derive(Debug)]
pub struct Surface {
    discovered: Box<RawValue>,
    tools: PerEra,
    resources: PerEra,
    resource_templates: PerEra,
}

/// What clients of the two eras get to see.
#[derive(Debug)]
struct PerEra {
    handshake: Box<RawValue>,
    stateless: Box<RawValue>,
}

impl PerEra {
    fn new<T: Serialize>(result: impl Fn(Revision) -> T) -> Self {
        Self {
            handshake: written(&result(Revision::LATEST_HANDSHAKE)),
            stateless: written(&result(Revision::V2026_07_28)),
        }
    }

    fn of(&self, revision: Revision) -> &RawValue {
        if revision.is_stateless() { &self.stateless } else { &self.handshake }
    }
}

impl Surface {
    pub fn new(options: &Options) -> Self {
        let (tools, resources) = (tools::describe(options), resources::describe());
        Self {
            discovered: written(&Discovered::new(INSTRUCTIONS)),
            tools: PerEra::new(|revision| ToolList::new(&tools, revision)),
            resources: PerEra::new(|revision| ResourceList::new(&resources, revision)),
            resource_templates: PerEra::new(ResourceTemplateList::new),
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
        self.tools.of(revision)
    }

    /// The result of `resources/list`, in the order of their table.
    pub fn resources(&self, revision: Revision) -> &RawValue {
        self.resources.of(revision)
    }

    /// The result of `resources/templates/list`.
    pub fn resource_templates(&self, revision: Revision) -> &RawValue {
        self.resource_templates.of(revision)
    }
}

/// Nothing in these comes from outside, so that a failure here would show in the first test.
fn written(result: &impl Serialize) -> Box<RawValue> {
    to_raw_value(result).expect("fixed answers can be written")
}
