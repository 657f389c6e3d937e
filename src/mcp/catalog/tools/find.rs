//! The tool `find`: files by their names.

use std::rc::Rc;

use serde_json::{Value, json};

use super::super::Options;
use super::{Arguments, Invalid, one, structured};
use crate::base::limits::FIND_RESULTS_MAX;
use crate::fleet::Shards;
use crate::mcp::call::Call;
use crate::mcp::content::ToolOutput;
use crate::mcp::provider::Work;
use crate::rpc::Raw;
use crate::scout::Action;
use crate::scout::find::{FileKind, Query};

pub const NAME: &str = "find";

const ARGUMENTS: &[&str] = &["target", "name", "type", "depth", "limit"];

pub fn start(
    shards: &Rc<Shards>,
    call: &Rc<Call>,
    arguments: Option<Raw<'_>>,
) -> Result<Work<ToolOutput>, Invalid> {
    let arguments = Arguments::read(arguments, ARGUMENTS)?;
    let target = arguments.required("target")?.into_owned();

    let kinds =
        [("file", FileKind::File), ("directory", FileKind::Directory), ("symlink", FileKind::Symlink)];
    let query = Query::new(arguments.required("name")?);
    let query = Query {
        kind: arguments.choice("type", &kinds)?,
        depth: arguments.number("depth")?.unwrap_or(query.depth),
        limit: arguments.count("limit", 1..=FIND_RESULTS_MAX)?.unwrap_or(query.limit),
        ..query
    };

    Ok(one::work(shards, call, target, move |path| Action::Find { path, query }))
}

pub fn describe(_: &Options) -> Value {
    json!({
        "name": NAME,
        "description": "Find files by name below a directory.",
        "inputSchema": {
            "type": "object",
            "properties": {
                "target": { "type": "string", "description": "host:/path; host alone: home" },
                "name": { "type": "string", "description": "glob: \"*.conf\"; with a slash, of the path's end: \"nginx/*.conf\"" },
                "type": { "enum": ["file", "directory", "symlink"] },
                "depth": { "type": "integer", "description": "1-10, default 5" },
                "limit": { "type": "integer", "description": "default 100" },
            },
            "required": ["target", "name"],
            "additionalProperties": false,
        },
        "outputSchema": structured::schema(&["paths"]),
        "annotations": structured::harmless("Find files"),
    })
}
