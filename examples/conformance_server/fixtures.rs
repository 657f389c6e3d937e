//! The provider: lists, and who answers what.

use std::future::ready;
use std::rc::Rc;
use std::sync::Arc;

use futures_util::stream::{self, LocalBoxStream};
use futures_util::{FutureExt, StreamExt};
use scout_mcp::mcp::{
    About, Answer, Blank, Call, Capabilities, Changing, Client, Completion, Contents, Empty, Implementation,
    List, Page, Prompt, Provider, Reference, ToolFault, ToolOutput, Unwatched, Work,
};
use scout_mcp::rpc::{Error, Raw};
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};

use super::news::News;
use super::seal::Seal;
use super::tools::{Scene, Tool};
use super::{prompts, resources, tools};

/// What all cores have in common.
pub struct Shared {
    pub seal: Seal,
    pub news: News,
}

impl Shared {
    pub fn new() -> Self {
        Self { seal: Seal::new(), news: News::default() }
    }
}

pub struct Fixtures {
    shared: Arc<Shared>,
    tools: Rc<RawValue>,
    resources: Rc<RawValue>,
    templates: Rc<RawValue>,
    prompts: Rc<RawValue>,
}

const ABOUT: About = About {
    implementation: Implementation {
        name: "conformance-server",
        title: "Conformance fixtures",
        version: env!("CARGO_PKG_VERSION"),
        website_url: None,
        icons: &[],
    },
    instructions: Some("Nothing here is of any use but to the conformance suite."),
    capabilities: Capabilities {
        tools: Some(Changing { list_changed: true, subscribe: false }),
        resources: Some(Changing { list_changed: true, subscribe: true }),
        prompts: Some(Changing { list_changed: true, subscribe: false }),
        completions: Some(Empty {}),
        logging: Some(Empty {}),
    },
};

impl Fixtures {
    pub fn new(shared: Arc<Shared>) -> Self {
        Self {
            shared,
            tools: written(&tools::describe()),
            resources: written(&resources::describe()),
            templates: written(&resources::describe_templates()),
            prompts: written(&prompts::describe()),
        }
    }
}

impl Provider for Fixtures {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn list(&self, list: List, _client: &Client, cursor: Option<&str>) -> Option<Page> {
        let entries = match list {
            List::Tools => &self.tools,
            List::Resources => &self.resources,
            List::ResourceTemplates => &self.templates,
            List::Prompts => &self.prompts,
        };
        cursor.is_none().then(|| Page { entries: Rc::clone(entries), next: None })
    }

    fn call_tool(
        &self,
        call: &Rc<Call>,
        name: &str,
        arguments: Option<Raw<'_>>,
    ) -> Result<Work<Answer<ToolOutput>>, ToolFault> {
        let tool = Tool::named(name).ok_or(ToolFault::Unknown)?;
        let arguments = read(arguments);
        let scene =
            Scene { tool: tool.name, call: Rc::clone(call), arguments: &arguments, shared: &self.shared };
        (tool.run)(&scene)
    }

    fn read(&self, _call: &Rc<Call>, uri: &str) -> Option<Work<Answer<Vec<Contents>>>> {
        resources::read(uri).map(|contents| ready(Ok(Answer::Done(vec![contents]))).boxed_local())
    }

    fn prompt(
        &self,
        call: &Rc<Call>,
        name: &str,
        arguments: Option<Raw<'_>>,
    ) -> Result<Work<Answer<Prompt>>, Error> {
        prompts::answer(call, name, &read(arguments)).map(|answer| ready(Ok(answer)).boxed_local())
    }

    fn complete(&self, _call: &Rc<Call>, blank: &Blank<'_>) -> Result<Work<Completion>, Error> {
        let words = match blank.of {
            Reference::Prompt(prompts::COMPLETED) => ["paris", "park", "party"],
            Reference::Resource(resources::TEMPLATE) => ["1", "12", "123"],
            _ => return Err(Error::invalid_params("Nothing of that name has arguments")),
        };
        let values = words.iter().filter(|word| word.starts_with(blank.value)).map(ToString::to_string);
        let values: Vec<_> = values.collect();
        Ok(ready(Ok(Completion { total: Some(values.len()), values, has_more: false })).boxed_local())
    }

    fn watch(&self, _client: &Client, uri: &str) -> Result<LocalBoxStream<'static, ()>, Unwatched> {
        match uri {
            resources::WATCHED => Ok(stream::pending().boxed_local()),
            _ => Err(Unwatched::Unknown),
        }
    }

    fn changes(&self, _client: &Client) -> LocalBoxStream<'static, List> {
        self.shared.news.listen().boxed_local()
    }
}

/// Arguments are an object, or nothing.
fn read(arguments: Option<Raw<'_>>) -> Value {
    arguments.and_then(|arguments| serde_json::from_str(arguments.get()).ok()).unwrap_or_default()
}

fn written(entries: &[Value]) -> Rc<RawValue> {
    to_raw_value(entries).expect("fixed entries can be written").into()
}
