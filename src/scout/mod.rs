//! What one can do on a host, a file per operation. Knows neither MCP nor JSON.
//!
//! Operations take a [`Caller`] and return values; [`scout`] is the agent's view of them: one request, one [`Answer`].

pub mod access;
mod answer;
pub mod cache;
pub mod command;
mod fallback;
pub mod hosts;
pub mod list;
pub mod look;
mod paths;
pub mod read;
pub mod run;
pub mod select;
pub mod watch;
mod way;

#[cfg(test)]
mod tests;

use crate::base::{Error, Kind, Result};
use crate::config::Scope;
use crate::fleet::{Caller, Class, Shards};
use crate::metrics::{Histogram, TargetType};
use crate::target::{HostName, RemotePath, Target};

pub use access::Client;
pub use answer::{Answer, Seen};

/// The arguments of the `scout` operation as the caller gave them, not yet parsed.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// `hosts`, or `host:/path`.
    pub target: String,
    /// A command to run in the target's directory.
    pub query: Option<String>,
    /// A file or directory may be as it was a while ago. Commands are always run.
    pub cache: bool,
}

/// Answers a request: the host list, a file, a directory, or a command's output. The owner of the host does the work,
/// within the request timeout of the settings. Of the host list `checked` is told how many hosts have been, and of how
/// many.
///
/// Errors: those of the operation; what the client's access does not allow is `Forbidden`, or about a host that is not
/// known.
pub async fn scout(
    shards: &Shards,
    client: &Client,
    request: &Request,
    checked: &dyn Fn(usize, usize),
) -> Result<Answer> {
    let target = Target::parse(&request.target);
    let fleet = shards.own();
    let measured = fleet.recorder().request(target_type(&target, request), fleet.now());
    let result = match target {
        Ok(Target::Hosts) => hosts(shards, client, checked).await,
        Ok(Target::Path { host, path }) => at(shards, client, host, path, request).await,
        Err(error) => Err(error),
    };
    let took = measured.end(&result, fleet.now());
    if fleet.settings().is_slow(took) {
        tracing::warn!(request = request.target, ?took, "slow request");
    }
    result.inspect(|answer| fleet.recorder().size(Histogram::OutputSize, answer.size()))
}

/// Gives an operation the time that its request has: the request timeout of the settings.
pub async fn in_time<T>(caller: &Caller, operation: impl Future<Output = Result<T>>) -> Result<T> {
    let limit = caller.settings().request_timeout;
    let late = || {
        let text = format!("Request timeout after {}s", limit.as_secs_f64());
        Err(Error::new(Kind::RequestTimeout, text))
    };
    caller.until(caller.claim().deadline, operation, late).await
}

fn target_type(target: &Result<Target>, request: &Request) -> TargetType {
    match target {
        Ok(Target::Hosts) => TargetType::Hosts,
        Ok(Target::Path { .. }) if request.query.is_some() => TargetType::Command,
        Ok(Target::Path { .. }) => TargetType::Path,
        Err(_) => TargetType::Invalid,
    }
}

async fn hosts(shards: &Shards, client: &Client, checked: &dyn Fn(usize, usize)) -> Result<Answer> {
    let caller = shards.own().caller(Class::Interactive, client.id);
    let status = async { Ok(Answer::Hosts(shards.status_told(&client.access, checked).await)) };
    in_time(&caller, status).await
}

async fn at(
    shards: &Shards,
    client: &Client,
    host: HostName,
    path: RemotePath,
    request: &Request,
) -> Result<Answer> {
    let claim = *shards.own().caller(Class::Interactive, client.id).claim();
    let (query, may_cache) = (request.query.clone(), request.cache);
    let name = host.as_str().to_owned();
    let work = move |caller: Caller| async move {
        in_time(&caller, seen(&caller, host.as_str(), &path, query.as_deref(), may_cache)).await
    };
    let scope = if request.query.is_some() { Scope::Command } else { Scope::Read };
    access::on(shards, &client.access, scope, &name, claim, work).await.map(Answer::Place)
}

async fn seen(
    caller: &Caller,
    host: &str,
    path: &RemotePath,
    query: Option<&str>,
    may_cache: bool,
) -> Result<Seen> {
    if let Some(query) = query {
        let output = run::run(caller, host, path, query).await;
        return output.map(Seen::Ran).map_err(|error| match error.kind() {
            Kind::CommandRefused => error.context("Command failed"),
            _ => error,
        });
    }
    match may_cache {
        true => cache::remembered(caller, host, path).await.map(Seen::Remembered),
        false => look::look(caller, host, path).await.map(Seen::Found),
    }
}
