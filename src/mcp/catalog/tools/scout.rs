//! The tool `scout`: hosts, files, directories and commands through one `target`.

use std::borrow::Cow;
use std::pin::pin;
use std::rc::Rc;

use futures_util::FutureExt;
use serde_json::{Value, json};

use super::super::Options;
use super::{Arguments, Invalid, looks, many, structured, told, transfer};
use crate::base::{Error, Kind, Result};
use crate::config::{Scope, ToolSet};
use crate::fleet::Shards;
use crate::mcp::call::Call;
use crate::mcp::content::ToolOutput;
use crate::mcp::provider::Work;
use crate::rpc::Raw;
use crate::scout::beam::{self, Beam};
use crate::scout::diff::{Place, With, diff, places};
use crate::scout::transfer::has_file;
use crate::scout::{Request, access, scout};
use crate::target::Target;

pub const NAME: &str = "scout";

/// Where, and what to do there.
const PLACES: &[&str] = &["target", "targets", "query", "tree", "find", "depth", "cache"];
const DIFFS: &[&str] = &["diff", "diff_content"];
const BEAMS: &[&str] = &["beam", "beam_source", "beam_target"];

pub fn start(
    shards: &Rc<Shards>,
    call: &Rc<Call>,
    arguments: Option<Raw<'_>>,
) -> Result<Work<ToolOutput>, Invalid> {
    let arguments = Arguments::read(arguments, &[PLACES, DIFFS, BEAMS].concat())?;
    let (request, beams) = (request_of(&arguments)?, beams_of(&arguments)?);
    let other = arguments.filled("diff")?;
    let content = arguments.text("diff_content")?.map(Cow::into_owned);
    let (shards, call) = (Rc::clone(shards), Rc::clone(call));
    let work = async move {
        if let Some(beam) = beams.parse()? {
            return beamed(&shards, &call, beam).await;
        }
        if compares(&request, other.as_deref(), content.as_deref())? {
            return compared(&shards, &call, &request.target, other, content).await;
        }
        let (is_many, target) = (request.is_many(), request.places());
        let done = told::counting(&call, if is_many { "places done" } else { "hosts checked" });
        let asked = pin!(scout(&shards, &call.client, &request, &done));
        let asked = async {
            match request.query {
                Some(_) if !is_many => told::with_seconds(&call, shards.own(), asked).await,
                _ => asked.await,
            }
        };
        let answer = told::timed(&call, shards.own(), &target, pin!(asked)).await?;
        told::cut(&call, &target, answer.cut_at());
        many::answer(&answer)
    };
    Ok(work.boxed_local())
}

/// Whether a file is compared with another one or with a text: not the host list, and not what is to be found.
fn compares(request: &Request, other: Option<&str>, content: Option<&str>) -> Result<bool> {
    if other.is_none() && content.is_none() || request.find.is_some() {
        return Ok(false);
    }
    match request.targets.is_empty() {
        true => Ok(Target::parse(&request.target) != Ok(Target::Hosts)),
        false => Err(Error::new(Kind::InvalidArgument, "diff and diff_content take a target, not targets")),
    }
}

/// Compares the file at the target with the one at `other`, or else with what it is expected to hold.
async fn compared(
    shards: &Shards,
    call: &Call,
    target: &str,
    other: Option<String>,
    content: Option<String>,
) -> Result<ToolOutput> {
    let mut files = places(shards, &call.client, &[target.to_owned()])?;
    let with = match (other, content) {
        (Some(other), _) => {
            files.push(Place::parse(&other)?);
            With::EachOther { by_path: files.len() == 2 }
        }
        (None, content) => With::Text(content.unwrap_or_default()),
    };
    let compared = diff(shards, &call.client, &files, &with);
    looks::comparison(&told::timed(call, shards.own(), target, Box::pin(compared)).await?)
}

/// Transfers a file, and tells it in the words of this tool.
async fn beamed(shards: &Shards, call: &Call, beam: Beam) -> Result<ToolOutput> {
    if !copies(shards.own().settings().tools) {
        access::require(shards, &call.client.access, Scope::Transfer)?;
        return Err(Error::new(Kind::InvalidArgument, COPY_INSTEAD));
    }
    let has_file = match &beam {
        Beam::Here { local, .. } => has_file(shards, &call.client, local).await?,
        Beam::Between { .. } => false,
    };
    let order = beam.transfer(has_file);
    match transfer::carry_out(shards, call, &order).await {
        Ok(moved) => structured::beamed(&moved),
        Err(failed) => {
            let text = beam::failure(&failed, &order.from);
            Ok(ToolOutput { is_error: true, ..ToolOutput::text(text) })
        }
    }
}

/// What the arguments ask for that asks for no transfer.
pub fn request(arguments: Option<Raw<'_>>) -> Result<Request, Invalid> {
    request_of(&Arguments::read(arguments, PLACES)?)
}

fn request_of(arguments: &Arguments<'_>) -> Result<Request, Invalid> {
    Ok(Request {
        target: arguments.text("target")?.unwrap_or_default().into_owned(),
        targets: arguments.texts("targets")?.into_iter().map(Cow::into_owned).collect(),
        query: arguments.filled("query")?,
        tree: arguments.flag("tree")?.unwrap_or_default(),
        find: arguments.filled("find")?,
        depth: arguments.number("depth")?,
        cache: arguments.flag("cache")?.unwrap_or_default(),
    })
}

fn beams_of(arguments: &Arguments<'_>) -> Result<beam::Arguments, Invalid> {
    Ok(beam::Arguments {
        target: arguments.text("target")?.unwrap_or_default().into_owned(),
        has_targets: arguments.values("targets")?.is_some_and(|targets| !targets.is_empty()),
        beam: arguments.filled("beam")?,
        beam_source: arguments.filled("beam_source")?,
        beam_target: arguments.filled("beam_target")?,
    })
}

/// Whether this tool copies files. Where the tool `transfer` is offered beside it, that one alone does: whoever may
/// write is not read-only, however seldom it does, and clients ask their users before every call of such a tool. So the
/// one that is called most can promise to look only, and who is asked about `transfer` knows what about.
fn copies(offered: ToolSet) -> bool {
    offered == ToolSet::Scout
}

const COPY_INSTEAD: &str = "This server copies files with the tool transfer: {\"from\": \"host:/path\", \"to\": \"/path\"}. \
                            The arguments beam, beam_source and beam_target are for servers that offer scout alone";

/// Hints are promises to the user: a server that lets every command pass promises nothing.
pub fn describe(options: &Options) -> Value {
    let any = options.allow_any_command;
    let mut described = json!({
        "name": NAME,
        "title": "Scout remote hosts",
        "description": description(any),
        "inputSchema": {
            "type": "object",
            "properties": {
                "target": {
                    "type": "string",
                    "description": "\"hosts\", \"host:/path\" or \"host:~/path\"",
                },
                "targets": {
                    "type": "array",
                    "items": { "type": "string" },
                    "description": "instead of target",
                },
                "query": {
                    "type": "string",
                    "description": "command to run there",
                },
                "tree": { "type": "boolean", "description": "3 levels below it" },
                "find": { "type": "string", "description": "names of files below target: \"*.conf\"" },
                "depth": { "type": "integer", "description": "of tree or find, 1-10" },
                "diff": { "type": "string", "description": "host:/path to compare with" },
                "diff_content": { "type": "string", "description": "text to compare with" },
                "cache": {
                    "type": "boolean",
                    "description": "may be minutes old",
                },
            },
            "additionalProperties": false,
        },
        "outputSchema": structured::schema(KINDS),
        "annotations": {
            "title": "Scout remote hosts",
            "readOnlyHint": !any,
            "destructiveHint": any,
            "idempotentHint": !any,
            "openWorldHint": true,
        },
    });
    if options.transfers && copies(options.tools) {
        describe_beams(&mut described);
    }
    described
}

/// What it answers with, but for transfers.
const KINDS: &[&str] =
    &["hosts", "file", "directory", "tree", "paths", "diff", "command", "cached", "view", "many"];

/// Whoever transfers files writes new ones, here or there.
fn describe_beams(described: &mut Value) {
    let text = |description: &str| json!({ "type": "string", "description": description });
    let properties = &mut described["inputSchema"]["properties"];
    properties["beam"] = text("path here: a file is uploaded, else target downloaded");
    properties["beam_source"] = text("host:/path to copy to beam_target");
    properties["beam_target"] = text("host:/path");
    described["outputSchema"] = structured::schema(&[KINDS, &["beam"]].concat());
    let hints = &mut described["annotations"];
    (hints["readOnlyHint"], hints["idempotentHint"]) = (false.into(), false.into());
}

fn description(allow_any_command: bool) -> String {
    let commands = if allow_any_command { ANY_COMMAND } else { READ_ONLY_COMMANDS };
    format!("{READING}\n\n{commands}\n\n{EXAMPLES}")
}

const READING: &str = "\
Look at machines over SSH.

- target \"hosts\": the hosts you can reach, and whether they are online. Start here.
- target \"host:/path\": the text of a file, or a directory's listing. Long ones end with [truncated …].
- target \"host://docker\", or podman, compose, zfs, syslog, k8s, systemd, processes, network, disk: what runs there.
- target and query: the output of a command that runs in that directory.
- target \"web*,!web9:/path\" or \"@group:/path\": many hosts at once; equal answers once, and diffs of the others.";

const READ_ONLY_COMMANDS: &str = "\
Commands: cat, df, diff, du, file, find, grep, head, ls, rg, sort, stat, tail, tree, uniq, wc; joined by pipes, with quotes and ~. \
No redirection, variables, command lists; nothing that writes or executes.";

const ANY_COMMAND: &str = "\
ANY command is allowed on this server: the query is run by `sh` on the host as it is and can change or destroy what \
that user may. Use commands that only read unless you were asked to change something.";

const EXAMPLES: &str = "\
Examples:
{\"target\": \"web1:/etc/nginx/nginx.conf\"}
{\"target\": \"web1://docker/nginx/logs?lines=50&since=2h\"}
{\"target\": \"web1:/var/log\", \"query\": \"grep -rn 'timed out' nginx | tail -n 20\"}";
