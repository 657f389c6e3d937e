//! Requests that the provider works on, and how what comes of it is told.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::rc::Rc;

use futures_util::FutureExt;
use serde::Serialize;
use serde_json::json;

use super::{Asked, Incoming, Session, missing};
use crate::base::text::shown;
use crate::base::{self, Kind};
use crate::mcp::call::{self, Call};
use crate::mcp::content::{Answer, InputRequired, ToolOutput};
use crate::mcp::flow::{Outbox, Outgoing, flow};
use crate::mcp::params::{Params, read_object, required_text, text};
use crate::mcp::provider::{About, Blank, FORBIDDEN, Reference, ToolFault, Work};
use crate::mcp::results::{Completed, Framed, Keeping, Read};
use crate::mcp::{Revision, calls};
use crate::rpc::{self, Code, Error, Id, Raw};

/// Before 2026-07-28, which takes it for invalid parameters.
const RESOURCE_NOT_FOUND: Code = Code::Server(-32002);

/// A name and a value, of `completion/complete`.
#[derive(Debug, serde::Deserialize)]
struct Argument<'a> {
    #[serde(borrow)]
    name: Option<Raw<'a>>,
    #[serde(borrow)]
    value: Option<Raw<'a>>,
}

/// What an argument belongs to.
#[derive(Debug, serde::Deserialize)]
struct Referred<'a> {
    #[serde(rename = "type", borrow)]
    kind: Option<Raw<'a>>,
    #[serde(borrow)]
    name: Option<Raw<'a>>,
    #[serde(borrow)]
    uri: Option<Raw<'a>>,
}

/// What else is known.
#[derive(Debug, Default, serde::Deserialize)]
struct Known<'a> {
    #[serde(borrow)]
    arguments: Option<Raw<'a>>,
}

impl Known<'_> {
    fn read(context: Option<Raw<'_>>) -> Result<Vec<(String, String)>, Error> {
        let known: Option<Known<'_>> = context.map(|raw| read_object("params.context", raw)).transpose()?;
        let Some(arguments) = known.and_then(|known| known.arguments) else { return Ok(Vec::new()) };
        let arguments: BTreeMap<String, Raw<'_>> = read_object("params.context.arguments", arguments)?;
        let read = |(name, value): (String, Raw<'_>)| {
            let value = text(&format!("params.context.arguments.{}", shown(&name)), value)?.into_owned();
            Ok((name, value))
        };
        arguments.into_iter().map(read).collect()
    }
}

impl Session {
    pub(super) fn call_tool(&self, asked: &Asked<'_>) -> Result<Incoming, Error> {
        let name = required_text("params.name", asked.params.name)?;
        let (call, outbox) = self.call(asked)?;
        let work = match self.provider.call_tool(&call, &name, asked.params.arguments()?) {
            Ok(work) => work,
            Err(ToolFault::Unknown) => {
                return Err(Error::invalid_params(format!("Unknown tool: {}", shown(&name))));
            }
            Err(ToolFault::Forbidden(lack)) => return Err(Error::new(FORBIDDEN, lack)),
            Err(ToolFault::Arguments(fault)) if asked.revision.tells_argument_errors_to_the_model() => {
                let failure = ToolOutput::failure(format!("Error: {fault}"));
                let told = told(asked.id, failure, asked.revision, self.provider.about());
                return Ok(Incoming::Reply(told));
            }
            Err(ToolFault::Arguments(fault)) => return Err(Error::invalid_params(fault)),
            Err(ToolFault::Refused(error)) => return Err(error),
        };
        // What fails on the way is for the model to read.
        let work =
            async move { work.await.or_else(|error| Ok(Answer::Done(ToolOutput::failure(error.told())))) };
        self.run(asked, &call, outbox, work.boxed_local(), told)
    }

    pub(super) fn read_resource(&self, asked: &Asked<'_>) -> Result<Incoming, Error> {
        let uri = required_text("params.uri", asked.params.uri)?;
        let (call, outbox) = self.call(asked)?;
        let work = self.provider.read(&call, &uri);
        let work = work.ok_or_else(|| no_such_resource(&uri, asked.revision))?;
        self.run(asked, &call, outbox, work, |id, contents, revision, about| {
            let read = Read { contents };
            rpc::success(id, &Framed::complete(&read, revision, about).kept(Keeping::NOT_AT_ALL))
        })
    }

    pub(super) fn get_prompt(&self, asked: &Asked<'_>) -> Result<Incoming, Error> {
        let name = required_text("params.name", asked.params.name)?;
        let (call, outbox) = self.call(asked)?;
        let work = self.provider.prompt(&call, &name, asked.params.arguments()?)?;
        self.run(asked, &call, outbox, work, told)
    }

    pub(super) fn complete(&self, asked: &Asked<'_>) -> Result<Incoming, Error> {
        let (call, outbox) = self.call(asked)?;
        let Params { reference, argument, context, .. } = &asked.params;
        let of: Referred<'_> = read_object("params.ref", reference.ok_or_else(|| missing("params.ref"))?)?;
        let argument: Argument<'_> =
            read_object("params.argument", argument.ok_or_else(|| missing("params.argument"))?)?;
        let kind = required_text("params.ref.type", of.kind)?;
        let name = match &*kind {
            "ref/prompt" => required_text("params.ref.name", of.name)?,
            "ref/resource" => required_text("params.ref.uri", of.uri)?,
            _ => {
                return Err(Error::invalid_params("params.ref.type must be ref/prompt or ref/resource"));
            }
        };
        let blank = Blank {
            of: if kind == "ref/prompt" { Reference::Prompt(&name) } else { Reference::Resource(&name) },
            argument: &required_text("params.argument.name", argument.name)?,
            value: &required_text("params.argument.value", argument.value)?,
            known: &Known::read(*context)?,
        };
        let work = self.provider.complete(&call, &blank)?;
        let work = async move { work.await.map(|completion| Answer::Done(Completed { completion })) };
        self.run(asked, &call, outbox, work.boxed_local(), told)
    }

    /// What the work on a request gets to know of it, and where it puts what it has to say.
    fn call(&self, asked: &Asked<'_>) -> Result<(Rc<Call>, Rc<Outbox>), Error> {
        let is_stateless = asked.revision.is_stateless();
        let said = call::Asked {
            revision: asked.revision,
            client_capabilities: match is_stateless {
                true => asked.meta.client_capabilities()?,
                false => self.client_capabilities.borrow().clone(),
            },
            progress_token: asked.meta.progress_token()?,
            level: if is_stateless { asked.meta.log_level()? } else { self.lasts.then(|| self.level.get()) },
            input: asked.params.input()?,
        };
        let outbox = Rc::new(Outbox::default());
        let questions = self.questions.clone().filter(|_| !is_stateless);
        Ok((Call::new(self.client.clone(), said, &outbox, questions), outbox))
    }

    /// Takes a place for the work, and runs it there.
    fn run<T: Serialize + 'static>(
        &self,
        asked: &Asked<'_>,
        call: &Rc<Call>,
        outbox: Rc<Outbox>,
        work: Work<Answer<T>>,
        tell: fn(&Id<'_>, T, Revision, &About) -> Vec<u8>,
    ) -> Result<Incoming, Error> {
        let ticket = self.admit(asked.id)?;
        let (provider, call, revision) = (Rc::clone(&self.provider), Rc::clone(call), asked.revision);
        let resource = asked.params.uri.and_then(rpc::string).map(Cow::into_owned);
        let outcome = move |id: &Id<'_>, worked: Result<base::Result<Answer<T>>, Error>| match worked? {
            Ok(Answer::Done(result)) => Ok(tell(id, result, revision, provider.about())),
            Ok(Answer::NeedsInput(needed)) => may_be_asked(&call, &needed)
                .map(|()| rpc::success(id, &Framed::needs_input(&needed, provider.about()))),
            Err(error) => Err(failure(&error, revision, resource.as_deref())),
        };
        let answer = move |id: &Id<'_>, worked: Result<base::Result<Answer<T>>, Error>| {
            outcome(id, worked).map_or_else(|error| failed(id, &error, revision), Outgoing::Answer)
        };
        Ok(Incoming::Call(flow(ticket.run(work, answer).boxed_local(), outbox)))
    }
}

fn told<T: Serialize>(id: &Id<'_>, result: T, revision: Revision, about: &About) -> Vec<u8> {
    rpc::success(id, &Framed::complete(&result, revision, about))
}

/// The answer to a request that has come to nothing. That work has failed on the way is no fault of the request, so
/// that its transport has nothing to show.
fn failed(id: &Id<'_>, error: &Error, revision: Revision) -> Outgoing {
    let answer = rpc::failure(Some(id), error);
    match error.code() {
        code if revision.is_stateless() && code != Code::Internal => Outgoing::Failure(code, answer),
        _ => Outgoing::Answer(answer),
    }
}

/// That a client gets no questions it cannot answer, nor any in an answer that it would take for the last.
fn may_be_asked(call: &Call, needed: &InputRequired) -> Result<(), Error> {
    if !call.revision.is_stateless() {
        return Err(Error::internal(format!("This needs a client of {}", Revision::V2026_07_28)));
    }
    needed.input_requests.values().try_for_each(|question| call.require(question.capability()))
}

/// An error of ours as one of the protocol; of a resource where the request is about one.
fn failure(error: &base::Error, revision: Revision, resource: Option<&str>) -> Error {
    let message = error.message().to_owned();
    match (error.kind(), error.kind().fault(), resource) {
        (Kind::NotFound | Kind::UnknownHost, _, Some(uri)) => not_found(uri, Some(&message), revision),
        (Kind::Busy, ..) => calls::busy(message),
        (Kind::Forbidden, ..) => Error::new(FORBIDDEN, message),
        (_, base::Fault::Caller, _) => Error::invalid_params(message),
        _ => Error::internal(message),
    }
}

pub(super) fn no_such_resource(uri: &str, revision: Revision) -> Error {
    not_found(uri, None, revision)
}

fn not_found(uri: &str, why: Option<&str>, revision: Revision) -> Error {
    let code = if revision.is_stateless() { Code::InvalidParams } else { RESOURCE_NOT_FOUND };
    let uri = shown(uri);
    let why = why.map(|why| format!(" ({why})")).unwrap_or_default();
    Error::new(code, format!("Resource not found: {uri}{why}")).with_data(&json!({ "uri": uri }))
}
