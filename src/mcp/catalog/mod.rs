//! What Scout offers: its tools and resources, and how their use is measured.

mod resources;
mod tools;

use std::fmt;
use std::rc::Rc;

use futures_util::stream::{self, LocalBoxStream};
use futures_util::{FutureExt, StreamExt};
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};

use super::call::Call;
use super::content::{Answer, Body, Completion, Contents, Prompt, ToolOutput};
use super::provider::{
    About, Blank, Capabilities, Changing, Client, Implementation, List, Page, Provider, ToolFault, Work,
};
use crate::base::text::shown;
use crate::config::{Access, Scope};
use crate::fleet::Shards;
use crate::metrics::{Counter, Histogram, Reason, Source};
use crate::rpc::{Error, Raw};
use crate::scout::access;
use resources::Resource;
use tools::Tool;

/// What the operator decided about the server.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The command policy lets every command pass; tools say so.
    pub allow_any_command: bool,
}

/// See the module's documentation.
pub struct Catalog {
    shards: Rc<Shards>,
    stats: Rc<dyn Source>,
    tools: Vec<Listed>,
    resources: Vec<Listed>,
}

/// An entry of a list, written already.
struct Listed {
    /// It is for those who have one of these.
    scopes: &'static [Scope],
    entry: Box<RawValue>,
}

impl fmt::Debug for Catalog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Catalog").finish_non_exhaustive()
    }
}

const ABOUT: About = About {
    implementation: Implementation {
        name: "scout-mcp",
        title: "Scout MCP",
        version: env!("CARGO_PKG_VERSION"),
        website_url: None,
        icons: &[],
    },
    instructions: Some(INSTRUCTIONS),
    capabilities: Capabilities {
        tools: Some(Changing { list_changed: false, subscribe: false }),
        resources: Some(Changing { list_changed: false, subscribe: false }),
        prompts: None,
        completions: None,
        logging: None,
    },
};

const INSTRUCTIONS: &str = "Scout looks at remote machines over SSH: it reads files, lists directories and runs commands on the \
hosts of the operator's SSH configuration. Begin with target \"hosts\" to learn their names. Calls run in parallel: to compare \
machines, ask them all at once.";

impl Catalog {
    /// `stats` tells the figures that clients may read.
    pub fn new(shards: Rc<Shards>, stats: Rc<dyn Source>, options: &Options) -> Rc<Self> {
        let (tools, resources) = (written(tools::describe(options)), written(resources::describe()));
        Rc::new(Self { shards, stats, tools, resources })
    }

    /// Whether a client may use a tool for anything.
    fn check(&self, access: &Access, tool: &Tool) -> Result<(), ToolFault> {
        match tool.scopes.first() {
            Some(scope) if !may_any(access, tool.scopes) => access::require(&self.shards, access, *scope)
                .map_err(|error| ToolFault::Forbidden(error.message().to_owned())),
            _ => Ok(()),
        }
    }
}

impl Provider for Catalog {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn list(&self, list: List, client: &Client, cursor: Option<&str>) -> Option<Page> {
        let entries = match list {
            List::Tools => &self.tools[..],
            List::Resources => &self.resources,
            List::ResourceTemplates | List::Prompts => &[],
        };
        let seen = entries.iter().filter(|listed| may_any(&client.access, listed.scopes));
        let entries = seen.map(|listed| listed.entry.clone()).collect();
        cursor.is_none().then_some(Page { entries, next: None })
    }

    fn call_tool(
        &self,
        call: &Rc<Call>,
        name: &str,
        arguments: Option<Raw<'_>>,
    ) -> Result<Work<Answer<ToolOutput>>, ToolFault> {
        let tool = Tool::named(name).ok_or(ToolFault::Unknown)?;
        self.check(&call.client.access, tool)?;
        let work =
            tool.start(&self.shards, call, arguments).map_err(|invalid| ToolFault::Arguments(invalid.0))?;
        let fleet = Rc::clone(self.shards.own());
        let measured = async move {
            let begun = fleet.now();
            let outcome = work.await;
            let histogram = Histogram::Call { operation: tool.operation, success: outcome.is_ok() };
            fleet.recorder().time(histogram, fleet.now() - begun);
            outcome.map(Answer::Done)
        };
        Ok(measured.boxed_local())
    }

    fn read(&self, call: &Rc<Call>, uri: &str) -> Option<Work<Answer<Vec<Contents>>>> {
        let resource = Resource::at(uri)?;
        let stats = Rc::clone(&self.stats);
        let allowed = access::require(&self.shards, &call.client.access, resources::SCOPE);
        let read = async move {
            allowed?;
            let report = stats.report().await?;
            let body = Body::Text((resource.read)(&report));
            Ok(Answer::Done(vec![Contents { uri: resource.uri.into(), mime_type: resource.mime_type, body }]))
        };
        Some(read.boxed_local())
    }

    fn prompt(
        &self,
        _call: &Rc<Call>,
        name: &str,
        _arguments: Option<Raw<'_>>,
    ) -> Result<Work<Answer<Prompt>>, Error> {
        Err(Error::invalid_params(format!("Unknown prompt: {}", shown(name))))
    }

    fn complete(&self, _call: &Rc<Call>, _blank: &Blank<'_>) -> Result<Work<Completion>, Error> {
        Err(Error::invalid_params("Nothing of that name has arguments"))
    }

    fn watch(&self, _client: &Client, _uri: &str) -> Option<LocalBoxStream<'static, ()>> {
        None
    }

    fn changes(&self) -> LocalBoxStream<'static, List> {
        stream::pending().boxed_local()
    }

    fn note_refused(&self) {
        self.shards.own().recorder().count(Counter::Rejected(Reason::Client));
    }
}

/// Nothing in these comes from outside, so that a failure here would show in the first test.
fn written(entries: Vec<(&'static [Scope], Value)>) -> Vec<Listed> {
    let write = |entry| to_raw_value(&entry).expect("fixed entries can be written");
    entries.into_iter().map(|(scopes, entry)| Listed { scopes, entry: write(entry) }).collect()
}

fn may_any(access: &Access, scopes: &[Scope]) -> bool {
    scopes.iter().any(|scope| access.has(*scope))
}
