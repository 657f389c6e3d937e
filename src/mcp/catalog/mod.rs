//! What Scout offers, and how its use is measured.
//!
//! | file | holds |
//! |---|---|
//! | `about` | who we are, what we can do |
//! | `tools/` | tools, a file each, their arguments and structured answers |
//! | `resources/` | the host list, figures, places on hosts and their addresses |
//! | `prompts/` | tasks on many hosts, a file each |
//! | `completion` | what arguments may be |
//! | `watches` | how much each client watches |

mod about;
mod completion;
mod prompts;
mod resources;
mod tools;
mod watches;

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::rc::Rc;

use futures_util::future::ready;
use futures_util::stream::{LocalBoxStream, unfold};
use futures_util::{FutureExt, StreamExt};
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};

use super::call::Call;
use super::content::{Answer, Completion, Contents, Prompt, ToolOutput};
use super::provider::{
    self, About, Blank, Client, FORBIDDEN, List, Page, Provider, ToolFault, Unwatched, Work,
};
use crate::config::{Access, Scope, Settings, SharedAccess, ToolSet};
use crate::fleet::{Fleet, Shards};
use crate::metrics::{Counter, Histogram, Reason, Source};
use crate::rpc::{Error, Raw};
use crate::scout::{access, watch};
use about::ABOUT;
use resources::{Fixed, Place, What};
use tools::Tool;
use watches::Watches;

/// What the operator decided about the server.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The command policy lets every command pass; tools say so.
    pub allow_any_command: bool,
    /// There may be clients who transfer files: the tool for everything says how.
    pub transfers: bool,
    /// Those that clients are offered.
    pub tools: ToolSet,
}

/// See the module's documentation.
pub struct Catalog {
    shards: Rc<Shards>,
    stats: Rc<dyn Source>,
    offered: ToolSet,
    tools: Entries,
    /// Those that are always there.
    resources: Entries,
    templates: Entries,
    prompts: Entries,
    watches: Rc<Watches>,
}

/// The entries of a list, written already.
struct Entries {
    /// Each is for those who have one of the scopes.
    each: Vec<(&'static [Scope], Box<RawValue>)>,
    /// What is seen by those with some of the scopes, in the order of [`Scope::ALL`]: written once for each kind of client.
    pages: RefCell<HashMap<[bool; Scope::ALL.len()], Rc<RawValue>>>,
}

impl fmt::Debug for Catalog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Catalog").finish_non_exhaustive()
    }
}

impl Catalog {
    /// `stats` tells the figures that clients may read.
    pub fn new(shards: Rc<Shards>, stats: Rc<dyn Source>, options: &Options) -> Rc<Self> {
        Rc::new(Self {
            shards,
            stats,
            offered: options.tools,
            tools: Entries::new(tools::describe(options)),
            resources: Entries::new(resources::describe()),
            templates: Entries::new(resources::templates()),
            prompts: Entries::new(prompts::describe()),
            watches: Rc::default(),
        })
    }

    /// The hosts that a client may know of.
    fn hosts(&self, client: &Client) -> Vec<Rc<str>> {
        seen(&self.shards.own().names(), &client.access).cloned().collect()
    }

    /// The place at an address, if a client may know of its host.
    fn place(&self, client: &Client, uri: &str) -> Option<Place> {
        Place::at(uri, &self.shards.own().names(), |host| client.access.includes(host))
    }

    /// Tells which hosts there are, where an address names another.
    fn unknown_host(&self, client: Client, uri: String) -> Option<Work<Answer<Vec<Contents>>>> {
        let shards = Rc::clone(&self.shards);
        let host = resources::host_of(&uri)?.into_owned();
        let is_seen = |name: &str| client.access.includes(name);
        if self.shards.own().names().iter().any(|name| **name == *host && is_seen(name)) {
            return None;
        }
        let error = self.shards.own().unknown_host(&host, is_seen);
        let told = async move {
            access::require(&shards, &client.access, resources::SCOPE)?;
            Err(error)
        };
        Some(told.boxed_local())
    }

    /// Whether a client may use a tool for anything.
    fn check(&self, access: &Access, tool: &Tool) -> Result<(), ToolFault> {
        match tool.scopes.first() {
            Some(scope) if !may_any(&self.shards.own().settings(), access, tool.scopes) => {
                access::require(&self.shards, access, *scope)
                    .map_err(|error| ToolFault::Forbidden(error.message().to_owned()))
            }
            _ => Ok(()),
        }
    }
}

impl Provider for Catalog {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn list(&self, list: List, client: &Client, cursor: Option<&str>) -> Option<Page> {
        let listed = match list {
            List::Tools => &self.tools,
            List::Resources => &self.resources,
            List::ResourceTemplates => &self.templates,
            List::Prompts => &self.prompts,
        };
        let settings = self.shards.own().settings();
        if list == List::Resources && client.access.has(resources::SCOPE) {
            let fixed = listed.seen_by(&settings, &client.access);
            return resources::page(fixed, &self.hosts(client), cursor);
        }
        cursor.is_none().then(|| Page { entries: listed.page(&settings, &client.access), next: None })
    }

    fn call_tool(
        &self,
        call: &Rc<Call>,
        name: &str,
        arguments: Option<Raw<'_>>,
    ) -> Result<Work<Answer<ToolOutput>>, ToolFault> {
        let tool = Tool::named(name, self.offered).ok_or(ToolFault::Unknown)?;
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
        let (shards, client) = (Rc::clone(&self.shards), call.client.clone());
        if let Some(fixed) = Fixed::at(uri) {
            let stats = Rc::clone(&self.stats);
            let read = async move {
                access::require(&shards, &client.access, resources::SCOPE)?;
                fixed.read(&shards, &*stats, &client).await.map(whole)
            };
            return Some(read.boxed_local());
        }
        let uri = uri.to_owned();
        let Some(place) = self.place(&client, &uri) else { return self.unknown_host(client, uri) };
        let read = async move { resources::read(&shards, &client, place, uri).await.map(whole) };
        Some(read.boxed_local())
    }

    fn prompt(
        &self,
        call: &Rc<Call>,
        name: &str,
        arguments: Option<Raw<'_>>,
    ) -> Result<Work<Answer<Prompt>>, Error> {
        let (prompt, client) = (prompts::named(name)?, &call.client);
        access::require(&self.shards, &client.access, prompt.scope)
            .map_err(|error| Error::new(FORBIDDEN, error.message().to_owned()))?;
        let filled = prompt.fill(arguments, &self.hosts(client))?;
        Ok(ready(Ok(Answer::Done(filled))).boxed_local())
    }

    fn complete(&self, call: &Rc<Call>, blank: &Blank<'_>) -> Result<Work<Completion>, Error> {
        completion::complete(&self.shards, &call.client, &self.hosts(&call.client), blank)
    }

    fn watch(&self, client: &Client, uri: &str) -> Result<LocalBoxStream<'static, ()>, Unwatched> {
        if !client.access.has(resources::SCOPE) {
            return Err(Unwatched::Unknown);
        }
        let changes = if uri == resources::HOSTS {
            self.changes(client).map(|_| ()).boxed_local()
        } else {
            let Place { host, what } = self.place(client, uri).ok_or(Unwatched::Unknown)?;
            let What::Path(path) = what else { return Err(Unwatched::Fleeting) };
            let shards = Rc::clone(&self.shards);
            watch::changes(shards, client.id, host.as_ref().to_owned(), path).boxed_local()
        };
        let watch = self.watches.begin(client.id).ok_or(Unwatched::TooMany)?;
        let held = move |()| {
            let _held = &watch;
        };
        Ok(changes.map(held).boxed_local())
    }

    /// Only hosts come and go.
    fn changes(&self, client: &Client) -> LocalBoxStream<'static, List> {
        let (fleet, access) = (Rc::clone(self.shards.own()), SharedAccess::clone(&client.access));
        let before = fleet.names();
        let next = |(fleet, access, before): (Rc<Fleet>, SharedAccess, Rc<[Rc<str>]>)| async move {
            loop {
                let reconfigured = fleet.reconfigured();
                let now = fleet.names();
                if seen(&now, &access).ne(seen(&before, &access)) {
                    return Some((List::Resources, (fleet, access, now)));
                }
                reconfigured.await;
            }
        };
        unfold((fleet, access, before), next).boxed_local()
    }

    fn note_refused(&self, reason: Reason) {
        self.shards.own().recorder().count(Counter::Rejected(reason));
    }
}

/// Those of the hosts that a client may know of.
fn seen<'a>(hosts: &'a [Rc<str>], access: &'a Access) -> impl Iterator<Item = &'a Rc<str>> {
    hosts.iter().filter(|host| access.includes(host))
}

fn whole(contents: Contents) -> Answer<Vec<Contents>> {
    Answer::Done(vec![contents])
}

impl Entries {
    /// Nothing in these comes from outside, so that a failure here would show in the first test.
    fn new(entries: Vec<(&'static [Scope], Value)>) -> Self {
        let write = |entry: &Value| to_raw_value(entry).expect("fixed entries can be written");
        let each = entries.iter().map(|(scopes, entry)| (*scopes, write(entry))).collect();
        Self { each, pages: RefCell::default() }
    }

    fn page(&self, settings: &Settings, access: &Access) -> Rc<RawValue> {
        let scopes = Scope::ALL.map(|scope| access::allows(settings, access, scope));
        let mut pages = self.pages.borrow_mut();
        let page = pages.entry(scopes).or_insert_with(|| provider::entries(self.seen_by(settings, access)));
        Rc::clone(page)
    }

    fn seen_by(&self, settings: &Settings, access: &Access) -> impl Iterator<Item = &RawValue> {
        self.each.iter().filter(|(scopes, _)| may_any(settings, access, scopes)).map(|(_, entry)| &**entry)
    }
}

fn may_any(settings: &Settings, access: &Access, scopes: &[Scope]) -> bool {
    scopes.iter().any(|scope| access::allows(settings, access, *scope))
}

#[cfg(test)]
mod tests;
