//! The tool `hosts`: which hosts there are, and whether they are online.

use std::borrow::Cow;
use std::rc::Rc;

use futures_util::FutureExt;
use serde_json::{Value, json};

use super::super::Options;
use super::{Arguments, Invalid, structured, told};
use crate::fleet::Shards;
use crate::mcp::call::Call;
use crate::mcp::content::ToolOutput;
use crate::mcp::provider::Work;
use crate::rpc::Raw;
use crate::scout::hosts;

pub const NAME: &str = "hosts";

const ARGUMENTS: &[&str] = &["match"];

pub fn start(
    shards: &Rc<Shards>,
    call: &Rc<Call>,
    arguments: Option<Raw<'_>>,
) -> Result<Work<ToolOutput>, Invalid> {
    let list = Arguments::read(arguments, ARGUMENTS)?.text("match")?.map(Cow::into_owned);
    let (shards, call) = (Rc::clone(shards), Rc::clone(call));
    let work = async move {
        let checked = told::counting(&call, "hosts checked");
        let asked = hosts(&shards, &call.client, list.as_deref(), &checked);
        structured::hosts(&told::timed(&call, shards.own(), NAME, asked).await?)
    };
    Ok(work.boxed_local())
}

pub fn describe(_: &Options) -> Value {
    json!({
        "name": NAME,
        "description": "List the hosts that can be reached, and whether they are online.",
        "inputSchema": {
            "type": "object",
            "properties": {
                "match": { "type": "string", "description": "Only these: \"web*,!web9,@group\"" },
            },
            "additionalProperties": false,
        },
        "outputSchema": structured::schema(&["hosts"]),
        "annotations": {
            "title": "List hosts",
            "readOnlyHint": true,
            "destructiveHint": false,
            "idempotentHint": true,
            "openWorldHint": true,
        },
    })
}
