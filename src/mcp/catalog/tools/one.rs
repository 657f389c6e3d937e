//! What the focused tools ask of one host. Who names several is told which tools are for that.

use std::rc::Rc;

use futures_util::FutureExt;

use super::{structured, told};
use crate::base::text::shown;
use crate::base::{Error, Kind, Result};
use crate::fleet::Shards;
use crate::mcp::call::Call;
use crate::mcp::content::ToolOutput;
use crate::mcp::provider::Work;
use crate::scout::{self, Action, Seen};
use crate::target::{HostName, RemotePath, Target};

/// The work of a tool that does one thing at a path, or in the home directory where only a host is named.
pub fn work(
    shards: &Rc<Shards>,
    call: &Rc<Call>,
    target: String,
    action: impl FnOnce(RemotePath) -> Action + 'static,
) -> Work<ToolOutput> {
    let (shards, call) = (Rc::clone(shards), Rc::clone(call));
    let work = async move {
        let (host, path) = Target::directory(&target)?;
        structured::seen(&ask(&shards, &call, &target, &host, action(path)).await?)
    };
    work.boxed_local()
}

/// Has something done on a host, and tells what was unusual about it at `target`. A list is a host first: there may be one
/// of such a name.
///
/// Errors: as [`scout::ask`].
pub async fn ask(
    shards: &Shards,
    call: &Call,
    target: &str,
    host: &HostName,
    action: Action,
) -> Result<Seen> {
    let asked = Box::pin(scout::ask(shards, &call.client, host, action));
    let seen = told::timed(call, shards.own(), target, asked).await.map_err(|error| match error.kind() {
        Kind::UnknownHost if host.reads_as_list() => several(host),
        _ => error,
    })?;
    told::cut(call, target, seen.cut_at());
    Ok(seen)
}

fn several(host: &HostName) -> Error {
    let host = shown(host.as_str());
    let message = format!(
        "One host is expected here, not '{host}'. For several use the tool scout, with target or targets, or batch"
    );
    Error::new(Kind::UnknownHost, message)
}
