//! The tool `batch`: several looks and commands in one call.

use std::rc::Rc;

use futures_util::FutureExt;
use serde_json::{Value, json};

use super::super::Options;
use super::{Arguments, Invalid, many, scout, structured, told};
use crate::fleet::Shards;
use crate::mcp::call::Call;
use crate::mcp::content::ToolOutput;
use crate::mcp::provider::Work;
use crate::rpc::Raw;
use crate::scout::batch::batch;

pub const NAME: &str = "batch";

const ARGUMENTS: &[&str] = &["calls"];

pub fn start(
    shards: &Rc<Shards>,
    call: &Rc<Call>,
    arguments: Option<Raw<'_>>,
) -> Result<Work<ToolOutput>, Invalid> {
    let calls = Arguments::read(arguments, ARGUMENTS)?.values("calls")?;
    let calls = calls.ok_or_else(|| Invalid("Argument 'calls' is missing".to_owned()))?;
    let request = |(nth, call)| {
        scout::request(Some(call)).map_err(|invalid| Invalid(format!("Call {}: {}", nth + 1, invalid.0)))
    };
    let requests = calls.into_iter().enumerate().map(request).collect::<Result<Vec<_>, _>>()?;
    let (shards, call) = (Rc::clone(shards), Rc::clone(call));
    let work = async move {
        let done = told::counting(&call, "places done");
        let asked = batch(&shards, &call.client, &requests, &done);
        many::batch(&told::timed(&call, shards.own(), NAME, asked).await?)
    };
    Ok(work.boxed_local())
}

pub fn describe(options: &Options) -> Value {
    let any = options.allow_any_command;
    json!({
        "name": NAME,
        "description": "Several looks at once, faster than one by one; answers in order, one that fails fails alone. A call is \
                        {\"target\": \"host:/path\"}: a file or a directory; with \"query\", a command run there.",
        "inputSchema": {
            "type": "object",
            "properties": {
                "calls": { "type": "array", "items": { "type": "object" }, "description": "at most 100" },
            },
            "required": ["calls"],
            "additionalProperties": false,
        },
        "outputSchema": structured::schema(&["batch"]),
        "annotations": {
            "title": "Several looks at once",
            "readOnlyHint": !any,
            "destructiveHint": any,
            "idempotentHint": !any,
            "openWorldHint": true,
        },
    })
}
