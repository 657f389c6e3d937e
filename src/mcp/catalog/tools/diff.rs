//! The tool `diff`: files of several hosts, or one and a text.

use std::borrow::Cow;
use std::rc::Rc;

use futures_util::FutureExt;
use serde_json::{Value, json};

use super::super::Options;
use super::{Arguments, Invalid, looks, structured, told};
use crate::fleet::Shards;
use crate::mcp::call::Call;
use crate::mcp::content::ToolOutput;
use crate::mcp::provider::Work;
use crate::rpc::Raw;
use crate::scout::diff::{With, diff, places};

pub const NAME: &str = "diff";

const ARGUMENTS: &[&str] = &["targets", "content"];

pub fn start(
    shards: &Rc<Shards>,
    call: &Rc<Call>,
    arguments: Option<Raw<'_>>,
) -> Result<Work<ToolOutput>, Invalid> {
    let arguments = Arguments::read(arguments, ARGUMENTS)?;
    let targets: Vec<_> = arguments.texts("targets")?.into_iter().map(Cow::into_owned).collect();
    let with = match arguments.text("content")? {
        Some(text) => With::Text(text.into_owned()),
        None => With::EachOther { by_path: false },
    };
    let (shards, call) = (Rc::clone(shards), Rc::clone(call));
    let work = async move {
        let files = places(&shards, &call.client, &targets)?;
        let shown = targets.first().map(String::as_str).unwrap_or_default();
        let compared = diff(&shards, &call.client, &files, &with);
        looks::comparison(&told::timed(&call, shards.own(), shown, Box::pin(compared)).await?)
    };
    Ok(work.boxed_local())
}

pub fn describe(_: &Options) -> Value {
    json!({
        "name": NAME,
        "description": "Compare files of one host or many, or one file with a text: a unified diff. Of many, those that are the same are told once, and how others differ from most.",
        "inputSchema": {
            "type": "object",
            "properties": {
                "targets": {
                    "type": "array",
                    "items": { "type": "string" },
                    "description": "host:/path each, or \"web*:/path\", \"@group:/path\"",
                },
                "content": { "type": "string", "description": "what the one target should hold" },
            },
            "required": ["targets"],
            "additionalProperties": false,
        },
        "outputSchema": structured::schema(&["diff"]),
        "annotations": structured::harmless("Compare files"),
    })
}
