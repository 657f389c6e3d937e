//! Requests for a session, wherever it lives: done here, or by the core that owns it.

use std::rc::Rc;

use async_channel::Sender;
use futures_util::{FutureExt, StreamExt, select_biased};

use super::Site;
use super::labels::Headers;
use super::sessions::owner;
use crate::base::limits::HTTP_WORDS_AHEAD;
use crate::http::Request;
use crate::mcp::{Client, Flow, Incoming, Outgoing};
use crate::rpc::Code;

/// What is asked of a session.
#[derive(Debug)]
pub enum Ask {
    /// To take the message in its body.
    Take(Request),
    /// What it has to tell unasked.
    Listen,
    /// To end.
    End,
}

/// What comes of it.
pub enum Outcome {
    /// There is no such session, or not for this client.
    Unknown,
    Incoming(Incoming),
    /// Nothing but messages.
    Notices(Flow),
    Ended,
    /// Its core has too much to do.
    Busy,
}

/// A request for another core's session.
pub struct Errand {
    id: String,
    client: Client,
    ask: Ask,
    reply: Sender<Told>,
}

/// An [`Outcome`] in pieces that may leave their core.
enum Told {
    Unknown,
    Nothing,
    Reply(Vec<u8>),
    Refused(Code, Vec<u8>),
    /// What follows is a flow.
    Flow,
    Notices,
    Outgoing(Outgoing),
    Ended,
}

/// Asks a session, wherever it lives.
pub async fn ask(site: &Site, id: String, client: Client, ask: Ask) -> Outcome {
    let Some(sessions) = &site.sessions else { return Outcome::Unknown };
    let Some(owner) = owner(&id) else { return Outcome::Unknown };
    if owner == sessions.here() {
        return ask_here(site, &id, &client, ask);
    }
    let Some(core) = site.cores.get(owner) else { return Outcome::Unknown };
    let (reply, told) = async_channel::bounded(HTTP_WORDS_AHEAD);
    if core.try_send(Errand { id, client, ask, reply }).is_err() {
        return Outcome::Busy;
    }
    let rest = |told: async_channel::Receiver<Told>| {
        told.filter_map(async |told| match told {
            Told::Outgoing(outgoing) => Some(outgoing),
            _ => None,
        })
        .boxed_local()
    };
    match told.recv().await {
        Err(_) | Ok(Told::Unknown) => Outcome::Unknown,
        Ok(Told::Nothing | Told::Outgoing(_)) => Outcome::Incoming(Incoming::Nothing),
        Ok(Told::Reply(reply)) => Outcome::Incoming(Incoming::Reply(reply)),
        Ok(Told::Refused(code, reply)) => Outcome::Incoming(Incoming::Refused(code, reply)),
        Ok(Told::Flow) => Outcome::Incoming(Incoming::Call(rest(told))),
        Ok(Told::Notices) => Outcome::Notices(rest(told)),
        Ok(Told::Ended) => Outcome::Ended,
    }
}

fn ask_here(site: &Site, id: &str, client: &Client, ask: Ask) -> Outcome {
    let Some(sessions) = &site.sessions else { return Outcome::Unknown };
    let session = || sessions.find(id, client, site.now());
    let outcome = match ask {
        Ask::Take(request) => session().map(|session| {
            Outcome::Incoming(session.handle(&request.body, Some(&Headers::of(&request).labels())))
        }),
        Ask::Listen => {
            session().map(|session| Outcome::Notices(session.notices().map(Outgoing::Word).boxed_local()))
        }
        Ask::End => sessions.end(id, client).then_some(Outcome::Ended),
    };
    outcome.unwrap_or(Outcome::Unknown)
}

impl Errand {
    /// Does it on the core that owns the session. Work whose outcome nobody waits for any more is dropped.
    pub async fn run(self, site: Rc<Site>) {
        let Self { id, client, ask, reply } = self;
        let (first, flow) = match ask_here(&site, &id, &client, ask) {
            Outcome::Unknown | Outcome::Busy => (Told::Unknown, None),
            Outcome::Ended => (Told::Ended, None),
            Outcome::Notices(flow) => (Told::Notices, Some(flow)),
            Outcome::Incoming(Incoming::Nothing) => (Told::Nothing, None),
            Outcome::Incoming(Incoming::Reply(reply)) => (Told::Reply(reply), None),
            Outcome::Incoming(Incoming::Refused(code, reply)) => (Told::Refused(code, reply), None),
            Outcome::Incoming(Incoming::Call(flow)) => (Told::Flow, Some(flow)),
        };
        if reply.send(first).await.is_err() {
            return;
        }
        let Some(mut flow) = flow else { return };
        loop {
            let next = select_biased! {
                next = flow.next().fuse() => next,
                () = reply.closed().fuse() => None,
            };
            let Some(outgoing) = next else { return };
            if reply.send(Told::Outgoing(outgoing)).await.is_err() {
                return;
            }
        }
    }
}
