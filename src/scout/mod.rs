//! What one can do on a host, a file per operation. Knows neither MCP nor JSON.
//!
//! Operations take a [`Caller`] and return values. An [`Action`] is one of them with its arguments, and [`ask`] has it done
//! where its host is; [`scout`] reads what an agent wrote, and does what it asks for.

pub mod access;
pub mod action;
mod answer;
pub mod batch;
pub mod beam;
pub mod broadcast;
pub mod cache;
pub mod command;
pub mod decode;
pub mod diff;
mod fallback;
pub mod find;
mod gather;
mod heading;
pub mod hosts;
pub mod kind;
pub mod list;
pub mod look;
mod paths;
pub mod read;
mod records;
pub mod request;
pub mod run;
mod script;
pub mod search;
pub mod select;
pub mod system;
pub mod transfer;
pub mod tree;
pub mod watch;
mod way;

#[cfg(test)]
mod tests;

use std::fmt::Display;
use std::pin::pin;

use crate::base::{Error, Kind, Result};
use crate::fleet::{Caller, Class, Shards};
use crate::metrics::{Histogram, TargetType};
use crate::target::HostName;

pub use access::Client;
pub use action::Action;
pub use answer::{Answer, Seen};
pub use request::Request;

use hosts::HostList;
use request::Plan;
use select::Selection;

/// Answers a request: the host list, a file, a directory, a command's output, or these of many places. `told` hears how
/// many hosts of the list have been checked, or how many places are done, and of how many.
///
/// Errors: those of the operation; what the client's access does not allow is `Forbidden`, or about a host that is not
/// known.
pub async fn scout(
    shards: &Shards,
    client: &Client,
    request: &Request,
    told: &dyn Fn(usize, usize),
) -> Result<Answer> {
    match request.plan() {
        Ok(Plan::Hosts) => hosts(shards, client, None, told).await.map(Answer::Hosts),
        Ok(Plan::One { host, action }) => ask(shards, client, &host, action).await.map(Answer::Place),
        Ok(Plan::Many(aims)) => {
            let asked = Box::pin(broadcast::broadcast(shards, client, &aims, told));
            let broadcast = measured(shards, TargetType::Broadcast, &request.places(), asked).await?;
            shards.own().recorder().size(Histogram::OutputSize, broadcast.size());
            Ok(Answer::Many(broadcast))
        }
        Err(error) => measured(shards, TargetType::Invalid, &"", std::future::ready(Err(error))).await,
    }
}

/// The hosts that a client may see, or those of them that a list means. `checked` is told how many have been asked whether
/// they are there, and of how many.
///
/// Errors: the list is wrong; the time is up.
pub async fn hosts(
    shards: &Shards,
    client: &Client,
    list: Option<&str>,
    checked: &dyn Fn(usize, usize),
) -> Result<HostList> {
    let caller = shards.own().caller(Class::Interactive, client.id);
    let status = async {
        let names = shards.names_seen_by(&client.access);
        let settings = caller.settings();
        let selection = Selection::new(&names, &settings.groups);
        let groups = selection.groups().map(str::to_owned).collect();
        let meant = list.map(|list| selection.hosts(list)).transpose()?;
        let hosts = shards.status_told(meant.as_deref().unwrap_or(&names), checked).await;
        Ok(HostList { hosts, groups })
    };
    measured(shards, TargetType::Hosts, &"hosts", in_time(&caller, status)).await
}

/// Has something done on a host by its owner, within the request timeout of the settings.
///
/// Errors: those of the operation; what the client's access does not allow is `Forbidden`, or about a host that is not
/// known.
pub async fn ask(shards: &Shards, client: &Client, host: &HostName, action: Action) -> Result<Seen> {
    let claim = *shards.own().caller(Class::Interactive, client.id).claim();
    let (target_type, scope) = (action.target_type(), action.scope());
    let shown = format!("{host}:{action}");
    let name = host.as_str().to_owned();
    let work = move |caller: Caller| async move {
        in_time(&caller, Box::pin(action::act(&caller, &name, &action))).await
    };
    let asked = pin!(access::on(shards, &client.access, scope, host.as_str(), claim, work));
    let seen = measured(shards, target_type, &shown, asked).await?;
    shards.own().recorder().size(Histogram::OutputSize, seen.size());
    Ok(seen)
}

/// Does what a client asked for, and counts it; tells the log when it took long.
async fn measured<T>(
    shards: &Shards,
    target_type: TargetType,
    shown: &dyn Display,
    work: impl Future<Output = Result<T>>,
) -> Result<T> {
    let fleet = shards.own();
    let measured = fleet.recorder().request(target_type, fleet.now());
    let result = work.await;
    let took = measured.end(&result, fleet.now());
    if fleet.settings().is_slow(took) {
        tracing::warn!(request = %shown, ?took, "slow request");
    }
    result
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
