//! The table of prompts: tasks on many hosts, with the calls that they take. A file per prompt.

mod compare_config;
mod disk_check;
mod find_errors;

use std::rc::Rc;
use std::slice;

use serde_json::{Value, json};

use super::completion::Values;
use super::tools::{Arguments, Invalid};
use crate::base::text::shown;
use crate::config::Scope;
use crate::mcp::content::{self, Content, PromptMessage, Role};
use crate::rpc::{Error, Raw};

/// One prompt.
pub struct Prompt {
    name: &'static str,
    title: &'static str,
    description: &'static str,
    pub arguments: &'static [Argument],
    /// What its calls need.
    pub scope: Scope,
    /// What the model is told.
    write: fn(&Given<'_>) -> Result<String, Invalid>,
}

pub struct Argument {
    pub name: &'static str,
    title: &'static str,
    description: &'static str,
    is_required: bool,
    pub values: Values,
}

/// Every prompt, in the order in which clients see them.
const PROMPTS: &[Prompt] = &[compare_config::PROMPT, find_errors::PROMPT, disk_check::PROMPT];

/// An argument that all of them have.
const HOSTS: Argument = Argument {
    name: "hosts",
    title: "Hosts",
    description: "Their names, with commas between them. All hosts if left out.",
    is_required: false,
    values: Values::Hosts,
};

/// # Errors
/// There is no such prompt.
pub fn named(name: &str) -> Result<&'static Prompt, Error> {
    let prompt = PROMPTS.iter().find(|prompt| prompt.name == name);
    prompt.ok_or_else(|| Error::invalid_params(format!("Unknown prompt: {}", shown(name))))
}

/// The entries of `prompts/list`, and who gets to see them.
pub fn describe() -> Vec<(&'static [Scope], Value)> {
    let argument = |argument: &Argument| {
        json!({
            "name": argument.name,
            "title": argument.title,
            "description": argument.description,
            "required": argument.is_required,
        })
    };
    let describe = |prompt: &'static Prompt| {
        let entry = json!({
            "name": prompt.name,
            "title": prompt.title,
            "description": prompt.description,
            "arguments": prompt.arguments.iter().map(argument).collect::<Vec<_>>(),
            "icons": super::about::ICONS,
        });
        (slice::from_ref(&prompt.scope), entry)
    };
    PROMPTS.iter().map(describe).collect()
}

/// The names of a list with commas between them.
pub fn listed(names: &str) -> impl Iterator<Item = &str> {
    names.split(',').map(str::trim).filter(|name| !name.is_empty())
}

impl Prompt {
    /// The prompt with its arguments filled in; `known` are the hosts at this moment.
    ///
    /// # Errors
    /// The arguments are wrong.
    pub fn fill(&self, arguments: Option<Raw<'_>>, known: &[Rc<str>]) -> Result<content::Prompt, Error> {
        let written = Given::read(self.arguments, arguments, known).and_then(|given| (self.write)(&given));
        let text = written.map_err(|invalid| Error::invalid_params(invalid.0))?;
        let message = PromptMessage { role: Role::User, content: Content::Text { text } };
        Ok(content::Prompt { description: Some(self.description), messages: vec![message] })
    }
}

/// What somebody has filled in.
struct Given<'a> {
    values: Arguments<'a>,
    /// Those that are to be looked at.
    hosts: Vec<Rc<str>>,
    /// The same as a target names them.
    list: String,
}

impl<'a> Given<'a> {
    fn read(arguments: &[Argument], given: Option<Raw<'a>>, known: &[Rc<str>]) -> Result<Self, Invalid> {
        let names: Vec<_> = arguments.iter().map(|argument| argument.name).collect();
        let values = Arguments::read(given, &names)?;
        for argument in arguments.iter().filter(|argument| argument.is_required) {
            if values.text(argument.name)?.is_none_or(|text| text.trim().is_empty()) {
                return Err(Invalid(format!("Argument '{}' is missing", argument.name)));
            }
        }
        let asked = values.text(HOSTS.name)?.unwrap_or_default();
        let find = |name: &str| {
            let host = known.iter().find(|host| host.as_ref() == name).cloned();
            host.ok_or_else(|| {
                Invalid(format!("Unknown host '{}'. Target \"hosts\" lists them", shown(name)))
            })
        };
        let mut hosts: Vec<Rc<str>> = listed(&asked).map(find).collect::<Result<_, _>>()?;
        let mut list = hosts.join(",");
        if hosts.is_empty() {
            (hosts, list) = (known.to_vec(), "*".to_owned());
        }
        Ok(Self { values, hosts, list })
    }

    /// What was given under a name, without white space around it; `None` when nothing was.
    fn text(&self, name: &str) -> Result<Option<String>, Invalid> {
        let text = self.values.text(name)?.map(|text| text.trim().to_owned());
        Ok(text.filter(|text| !text.is_empty()))
    }

    /// The call of the tool that looks at all of them.
    fn everywhere(&self, path: &str, query: Option<&str>) -> String {
        call(&self.list, path, query)
    }

    /// A call for one of them, as an example.
    fn example(&self, path: &str, query: &str) -> String {
        self.hosts.first().map(|host| call(host, path, Some(query))).unwrap_or_default()
    }
}

/// The arguments of a call, for a host or a list of hosts.
fn call(hosts: &str, path: &str, query: Option<&str>) -> String {
    let hosts = if hosts.contains(':') { format!("[{hosts}]") } else { hosts.to_owned() };
    let mut arguments = json!({ "target": format!("{hosts}:{path}") });
    if let Some(query) = query {
        arguments["query"] = query.into();
    }
    arguments.to_string()
}

/// How the answer of many hosts is to be read.
const GROUPED: &str = "\
It shows once what most hosts agree on, then how the others differ from that: as a diff, where that is shorter.";

/// What holds for every task.
const UNREACHED: &str =
    "Say which hosts gave an error, with its text, and guess nothing about them. Change nothing on any host.";

#[cfg(test)]
mod tests;
