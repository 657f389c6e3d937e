//! The tool `list`: a directory, page by page.

use std::rc::Rc;

use serde_json::{Value, json};

use super::super::Options;
use super::{Arguments, Invalid, one, structured};
use crate::base::limits::LIST_PAGE_MAX;
use crate::fleet::Shards;
use crate::mcp::call::Call;
use crate::mcp::content::ToolOutput;
use crate::mcp::provider::Work;
use crate::rpc::Raw;
use crate::scout::Action;
use crate::scout::list::{Page, Sort};

pub const NAME: &str = "list";

const ARGUMENTS: &[&str] = &["target", "sort", "hidden", "offset", "limit"];

pub fn start(
    shards: &Rc<Shards>,
    call: &Rc<Call>,
    arguments: Option<Raw<'_>>,
) -> Result<Work<ToolOutput>, Invalid> {
    let arguments = Arguments::read(arguments, ARGUMENTS)?;
    let target = arguments.required("target")?.into_owned();

    let default = Page::default();
    let sort =
        arguments.choice("sort", &[("name", Sort::Name), ("size", Sort::Size), ("time", Sort::Time)])?;
    let page = Page {
        sort: sort.unwrap_or_default(),
        hidden: arguments.flag("hidden")?.unwrap_or(default.hidden),
        offset: arguments.count("offset", 0..=usize::MAX)?.unwrap_or(default.offset),
        limit: arguments.count("limit", 1..=LIST_PAGE_MAX)?.unwrap_or(default.limit),
    };

    Ok(one::work(shards, call, target, move |path| Action::List { path, page }))
}

pub fn describe(_: &Options) -> Value {
    json!({
        "name": NAME,
        "description": "List a directory as ls -la does.",
        "inputSchema": {
            "type": "object",
            "properties": {
                "target": { "type": "string", "description": "host:/path; host alone: home" },
                "sort": { "enum": ["name", "size", "time"], "description": "largest, latest first" },
                "hidden": { "type": "boolean", "description": "default true" },
                "offset": { "type": "integer" },
                "limit": { "type": "integer", "description": "default 1000" },
            },
            "required": ["target"],
            "additionalProperties": false,
        },
        "outputSchema": structured::schema(&["page"]),
        "annotations": structured::harmless("List a directory"),
    })
}
