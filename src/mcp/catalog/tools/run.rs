//! The tool `run`: a command on a host.

use std::rc::Rc;

use futures_util::FutureExt;
use serde_json::{Value, json};

use super::super::Options;
use super::{Arguments, Invalid, one, structured, told};
use crate::fleet::Shards;
use crate::mcp::call::Call;
use crate::mcp::content::ToolOutput;
use crate::mcp::provider::Work;
use crate::rpc::Raw;
use crate::scout::Action;
use crate::target::Target;

pub const NAME: &str = "run";

const ARGUMENTS: &[&str] = &["target", "command"];

pub fn start(
    shards: &Rc<Shards>,
    call: &Rc<Call>,
    arguments: Option<Raw<'_>>,
) -> Result<Work<ToolOutput>, Invalid> {
    let arguments = Arguments::read(arguments, ARGUMENTS)?;
    let target = arguments.required("target")?.into_owned();
    let command = arguments.required("command")?.into();
    let (shards, call) = (Rc::clone(shards), Rc::clone(call));
    let work = async move {
        let (host, directory) = Target::directory(&target)?;
        let asked = one::ask(&shards, &call, &target, &host, Action::Run { directory, command });
        structured::seen(&told::with_seconds(&call, shards.own(), Box::pin(asked)).await?)
    };
    Ok(work.boxed_local())
}

pub fn describe(options: &Options) -> Value {
    let any = options.allow_any_command;
    let command = if any { "Run by sh, as it is." } else { "Commands of the list, joined by pipes." };
    json!({
        "name": NAME,
        "description": description(any),
        "inputSchema": {
            "type": "object",
            "properties": {
                "target": { "type": "string", "description": "host, or host:/directory to run in" },
                "command": { "type": "string", "description": command },
            },
            "required": ["target", "command"],
            "additionalProperties": false,
        },
        "outputSchema": structured::schema(&["command"]),
        "annotations": {
            "title": "Run a command",
            "readOnlyHint": !any,
            "destructiveHint": any,
            "idempotentHint": !any,
            "openWorldHint": true,
        },
    })
}

fn description(allow_any_command: bool) -> &'static str {
    match allow_any_command {
        true => "Run ANY command on a host, with all that it can change or destroy there.",
        false => {
            "Run a read-only command on a host: cat, df, diff, du, file, find, grep, head, ls, rg, sort, stat, tail, tree, \
             uniq, wc. No redirection, variables or command lists."
        }
    }
}
