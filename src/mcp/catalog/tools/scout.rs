//! The tool `scout`: hosts, files, directories and commands through one `target`.

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
use crate::scout::{Answer, Request, scout};

pub const NAME: &str = "scout";

const ARGUMENTS: &[&str] = &["target", "query", "cache"];

pub fn start(
    shards: &Rc<Shards>,
    call: &Rc<Call>,
    arguments: Option<Raw<'_>>,
) -> Result<Work<ToolOutput>, Invalid> {
    let arguments = Arguments::read(arguments, ARGUMENTS)?;
    let request = Request {
        target: arguments.text("target")?.unwrap_or_default().into_owned(),
        query: arguments.text("query")?.map(Cow::into_owned),
        cache: arguments.flag("cache")?.unwrap_or_default(),
    };
    let (shards, call) = (Rc::clone(shards), Rc::clone(call));
    let work = async move {
        let checked =
            |done: usize, of: usize| call.progress(done as f64, Some(of as f64), Some("hosts checked"));
        let asked = scout(&shards, &call.client, &request, &checked);
        let asked = async {
            match request.query {
                Some(_) => told::with_seconds(&call, shards.own(), Box::pin(asked)).await,
                None => asked.await,
            }
        };
        match told::timed(&call, shards.own(), &request.target, asked).await? {
            Answer::Hosts(hosts) => structured::hosts(&hosts),
            Answer::Place(seen) => {
                told::cut(&call, &request.target, &seen);
                structured::seen(&seen)
            }
        }
    };
    Ok(work.boxed_local())
}

/// Hints are promises to the user: a server that lets every command pass promises nothing.
pub fn describe(options: &Options) -> Value {
    let any = options.allow_any_command;
    json!({
        "name": NAME,
        "title": "Scout remote hosts",
        "description": description(any),
        "inputSchema": {
            "type": "object",
            "properties": {
                "target": {
                    "type": "string",
                    "description": "\"hosts\", or \"host:/path\" (also \"host:~/path\"). Everything after the first colon is the path.",
                    "default": "",
                },
                "query": {
                    "type": "string",
                    "description": "A command to run on the host, with the target's directory as working directory. Leave it out to read.",
                },
                "cache": {
                    "type": "boolean",
                    "description": "A file or directory may be a few minutes old: then the answer is there at once and ends with [cached Ns ago]. Commands are always run.",
                    "default": false,
                },
            },
            "additionalProperties": false,
        },
        "outputSchema": structured::schema(&["hosts", "file", "directory", "command", "cached", "view"]),
        "annotations": {
            "title": "Scout remote hosts",
            "readOnlyHint": !any,
            "destructiveHint": any,
            "idempotentHint": !any,
            "openWorldHint": true,
        },
    })
}

fn description(allow_any_command: bool) -> String {
    let commands = if allow_any_command { ANY_COMMAND } else { READ_ONLY_COMMANDS };
    format!("{READING}\n\n{commands}\n\n{EXAMPLES}")
}

const READING: &str = "\
Look at machines over SSH: list the hosts, read a file, list a directory, run a command.

- target \"hosts\": the hosts you can reach, and whether they are online. Start here.
- target \"host:/path/to/file\": the text of the file. A long file ends with [truncated at N bytes].
- target \"host:/path/to/directory\": its listing.
- target \"host://docker\", or podman, compose, zfs, syslog, k8s, systemd, processes, network, disk: what runs there; \
\"host://docker/NAME/logs?lines=50&since=2h\" and the like show one.
- target and query: the output of a command that runs in that directory.";

const READ_ONLY_COMMANDS: &str = "\
Commands are read-only. Allowed: cat, df, diff, du, file, find, grep, head, ls, rg, sort, stat, tail, tree, uniq, wc. They may be \
joined by pipes; quotes and ~ work. Redirection, variables, command lists and options that write or execute are refused.";

const ANY_COMMAND: &str = "\
ANY command is allowed on this server: the query is run by `sh` on the host as it is and can change or destroy what \
that user may. Use commands that only read unless you were asked to change something.";

const EXAMPLES: &str = "\
Examples:
{\"target\": \"hosts\"}
{\"target\": \"web1:/etc/nginx/nginx.conf\"}
{\"target\": \"web1:~\"}
{\"target\": \"web1:/var/log\", \"query\": \"grep -rn 'timed out' nginx | tail -n 20\"}
{\"target\": \"db1:/\", \"query\": \"df -h\"}";
