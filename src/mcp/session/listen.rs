//! `subscriptions/listen` (2026-07-28): a request that tells of changes until it is taken back.

use std::collections::BTreeSet;

use futures_util::StreamExt;
use futures_util::stream::{LocalBoxStream, iter, once, select_all};
use serde::{Deserialize, Serialize};

use super::{Asked, Incoming, Session, missing};
use crate::base::limits::SUBSCRIPTIONS_MAX;
use crate::mcp::flow::Outgoing;
use crate::mcp::notices::{Subscribed, list_changed, updated};
use crate::mcp::params::read_object;
use crate::mcp::provider::{Changing, List, Unwatched};
use crate::rpc::{self, Error, Id};

/// What a client wants to be told.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Filter {
    #[serde(skip_serializing_if = "Option::is_none")]
    tools_list_changed: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    prompts_list_changed: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resources_list_changed: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_subscriptions: Option<Vec<String>>,
}

#[derive(Serialize)]
struct Acknowledged<'a> {
    notifications: &'a Filter,
    #[serde(rename = "_meta")]
    meta: Subscribed<'a>,
}

type Messages = LocalBoxStream<'static, Vec<u8>>;

impl Session {
    pub(super) fn listen(&self, asked: &Asked<'_>) -> Result<Incoming, Error> {
        let wanted = asked.params.notifications.ok_or_else(|| missing("params.notifications"))?;
        let filter: Filter = read_object("params.notifications", wanted)?;
        let uris = filter.resource_subscriptions.as_deref().unwrap_or_default();
        if uris.len() > SUBSCRIPTIONS_MAX {
            let message =
                format!("params.notifications.resourceSubscriptions: at most {SUBSCRIPTIONS_MAX} resources");
            return Err(Error::invalid_params(message));
        }
        let ticket = self.admit(asked.id)?;
        let id = asked.id.clone().into_owned();
        let (granted, changes) = self.granted(filter, &id)?;
        let acknowledged = Acknowledged { notifications: &granted, meta: Subscribed::new(&id) };
        let acknowledged = rpc::notification("notifications/subscriptions/acknowledged", &acknowledged);
        let messages = iter(acknowledged).chain(changes);
        Ok(Incoming::Call(ticket.hold(messages.map(Outgoing::Word)).boxed_local()))
    }

    /// What of it there is to tell, and what will be told.
    fn granted(&self, filter: Filter, id: &Id<'static>) -> Result<(Filter, Messages), Error> {
        let capabilities = &self.provider.about().capabilities;
        let tells = |wanted: Option<bool>, has: Option<Changing>| {
            wanted.filter(|wanted| *wanted && has.is_some_and(|has| has.list_changed))
        };
        let mut granted = Filter {
            tools_list_changed: tells(filter.tools_list_changed, capabilities.tools),
            prompts_list_changed: tells(filter.prompts_list_changed, capabilities.prompts),
            resources_list_changed: tells(filter.resources_list_changed, capabilities.resources),
            resource_subscriptions: None,
        };
        let mut sources = vec![self.list_messages(&granted, id)];
        let uris: BTreeSet<_> = filter.resource_subscriptions.unwrap_or_default().into_iter().collect();
        for uri in uris {
            let changes = match self.provider.watch(&self.client, &uri) {
                Ok(changes) => changes,
                Err(Unwatched::Unknown | Unwatched::Fleeting) => continue,
                Err(Unwatched::TooMany) => return Err(self.watches_too_much()),
            };
            let (id, named) = (id.clone(), uri.clone());
            let told = changes.filter_map(move |()| {
                let message = updated(&named, Some(&id));
                async { message }
            });
            sources.push(told.boxed_local());
            granted.resource_subscriptions.get_or_insert_default().push(uri);
        }
        // Even when there is nothing to tell, the client listens until it stops.
        let changes = select_all(sources).chain(once(std::future::pending()));
        Ok((granted, changes.boxed_local()))
    }

    fn list_messages(&self, granted: &Filter, id: &Id<'static>) -> Messages {
        let (granted, id) = (granted.clone(), id.clone());
        let message = move |list| {
            let is_wanted = match list {
                List::Tools => granted.tools_list_changed,
                List::Prompts => granted.prompts_list_changed,
                List::Resources | List::ResourceTemplates => granted.resources_list_changed,
            };
            let message = is_wanted.and_then(|_| list_changed(list, Some(&id)));
            async { message }
        };
        self.provider.changes(&self.client).filter_map(message).boxed_local()
    }
}
