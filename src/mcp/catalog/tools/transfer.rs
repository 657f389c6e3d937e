//! The tool `transfer`: files to hosts, from hosts, and between hosts, which never pass through the agent's context.

use std::cell::Cell;
use std::rc::Rc;

use futures_util::FutureExt;
use serde_json::{Value, json};

use super::super::Options;
use super::{Arguments, Invalid, structured};
use crate::base::limits::PROGRESS_EVERY;
use crate::fleet::Shards;
use crate::mcp::call::Call;
use crate::mcp::content::ToolOutput;
use crate::mcp::provider::Work;
use crate::rpc::Raw;
use crate::scout::transfer::{Failed, Place, Roots, Transfer, Transferred, transfer};

pub const NAME: &str = "transfer";

const ARGUMENTS: &[&str] = &["from", "to", "overwrite", "resume"];

pub fn start(
    shards: &Rc<Shards>,
    call: &Rc<Call>,
    arguments: Option<Raw<'_>>,
) -> Result<Work<ToolOutput>, Invalid> {
    let arguments = Arguments::read(arguments, ARGUMENTS)?;
    let (from, to) = (arguments.required("from")?.into_owned(), arguments.required("to")?.into_owned());
    let overwrite = arguments.flag("overwrite")?.unwrap_or_default();
    let resume = arguments.flag("resume")?.unwrap_or_default();
    let (shards, call) = (Rc::clone(shards), Rc::clone(call));
    let work = async move {
        let order = Transfer { from: Place::parse(&from)?, to: Place::parse(&to)?, overwrite, resume };
        let moved = carry_out(&shards, &call, &order).await.map_err(|failed| failed.error)?;
        structured::transferred(&moved, &moved.long_text())
    };
    Ok(work.boxed_local())
}

/// Transfers a file, and tells how far it is.
pub async fn carry_out(shards: &Shards, call: &Call, order: &Transfer) -> Result<Transferred, Failed> {
    let fleet = shards.own();
    let roots = Roots::of(&fleet.settings());
    let next = Cell::new(fleet.now());
    let told = |done: u64, of: u64| {
        if fleet.now() >= next.get() || done == of {
            next.set(fleet.now() + PROGRESS_EVERY);
            call.progress(done as f64, Some(of as f64), Some("bytes written"));
        }
    };
    Box::pin(transfer(shards, &call.client, &roots, order, &told)).await
}

pub fn describe(_: &Options) -> Value {
    json!({
        "name": NAME,
        "description": "Copy one file: up, down or between hosts. Checksums are compared; no half file is ever seen.",
        "inputSchema": {
            "type": "object",
            "properties": {
                "from": { "type": "string", "description": "host:/path, or a path here" },
                "to": { "type": "string", "description": "The same; or a directory" },
                "overwrite": { "type": "boolean" },
                "resume": { "type": "boolean", "description": "Go on with a broken copy" },
            },
            "required": ["from", "to"],
            "additionalProperties": false,
        },
        "outputSchema": structured::schema(&["transfer"]),
        "annotations": {
            "title": "Copy a file",
            "readOnlyHint": false,
            "destructiveHint": true,
            "idempotentHint": false,
            "openWorldHint": true,
        },
    })
}
