//! The tool `search`: lines of files.

use std::borrow::Cow;
use std::rc::Rc;

use serde_json::{Value, json};

use super::super::Options;
use super::{Arguments, Invalid, one, structured};
use crate::base::limits::{SEARCH_CONTEXT_MAX, SEARCH_RESULTS_MAX};
use crate::fleet::Shards;
use crate::mcp::call::Call;
use crate::mcp::content::ToolOutput;
use crate::mcp::provider::Work;
use crate::rpc::Raw;
use crate::scout::Action;
use crate::scout::search::Query;

pub const NAME: &str = "search";

const ARGUMENTS: &[&str] = &["target", "pattern", "literal", "ignore_case", "glob", "limit", "context"];

pub fn start(
    shards: &Rc<Shards>,
    call: &Rc<Call>,
    arguments: Option<Raw<'_>>,
) -> Result<Work<ToolOutput>, Invalid> {
    let arguments = Arguments::read(arguments, ARGUMENTS)?;
    let target = arguments.required("target")?.into_owned();

    let query = Query::new(arguments.required("pattern")?);
    let query = Query {
        is_literal: arguments.flag("literal")?.unwrap_or_default(),
        ignores_case: arguments.flag("ignore_case")?.unwrap_or_default(),
        names: arguments.text("glob")?.map(Cow::into_owned),
        limit: arguments.count("limit", 1..=SEARCH_RESULTS_MAX)?.unwrap_or(query.limit),
        context: arguments.count("context", 0..=SEARCH_CONTEXT_MAX)?.unwrap_or(query.context),
        ..query
    };

    Ok(one::work(shards, call, target, move |path| Action::Search { path, query }))
}

pub fn describe(_: &Options) -> Value {
    json!({
        "name": NAME,
        "description": "Search the contents of files below a directory, or of one file; hidden files too, binary ones not.",
        "inputSchema": {
            "type": "object",
            "properties": {
                "target": { "type": "string", "description": "host:/path" },
                "pattern": { "type": "string", "description": "regular expression" },
                "literal": { "type": "boolean", "description": "pattern is plain text" },
                "ignore_case": { "type": "boolean" },
                "glob": { "type": "string", "description": "file names: \"*.log\"" },
                "limit": { "type": "integer", "description": "lines, default 100" },
                "context": { "type": "integer", "description": "lines before and after, 0-20" },
            },
            "required": ["target", "pattern"],
            "additionalProperties": false,
        },
        "outputSchema": structured::schema(&["matches"]),
        "annotations": structured::harmless("Search files"),
    })
}
