//! What the focused tools ask of one host. Who names several is told which tools are for that.

use crate::base::text::shown;
use crate::base::{Error, Kind, Result};
use crate::fleet::Shards;
use crate::mcp::call::Call;
use crate::scout::{self, Action, Seen};
use crate::target::HostName;

/// Has something done on a host. A list is a host first: there may be one of such a name.
///
/// Errors: as [`scout::ask`].
pub async fn ask(shards: &Shards, call: &Call, host: &HostName, action: Action) -> Result<Seen> {
    let asked = scout::ask(shards, &call.client, host, action).await;
    asked.map_err(|error| match error.kind() {
        Kind::UnknownHost if host.reads_as_list() => several(host),
        _ => error,
    })
}

fn several(host: &HostName) -> Error {
    let host = shown(host.as_str());
    let message = format!(
        "One host is expected here, not '{host}'. For several use the tool scout, with target or targets, or batch"
    );
    Error::new(Kind::UnknownHost, message)
}
