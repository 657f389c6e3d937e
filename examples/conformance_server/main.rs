//! The server that the official conformance suite is run against: what it wants to find (tools, resources, prompts, each
//! with fixed answers), on this crate's own MCP and HTTP layers. `docs/conformance.md` says how it is run.
//!
//! | file | holds |
//! |---|---|
//! | `fixtures` | the provider: lists, and who answers what |
//! | `tools`, `dialogue`, `rounds` | tools: those that only answer, those that ask on the way, those that ask by their results |
//! | `resources`, `prompts`, `samples` | what else there is to read |
//! | `form`, `seal` | questions with their answers, and the state that a client carries between them |
//! | `news` | changed lists, on every core |

#![allow(clippy::print_stderr, reason = "it says where it listens, and has no other way to")]

mod dialogue;
mod fixtures;
mod form;
mod news;
mod prompts;
mod resources;
mod rounds;
mod samples;
mod seal;
mod tools;

use std::path::PathBuf;
use std::process::ExitCode;
use std::rc::Rc;
use std::sync::Arc;

use futures_util::FutureExt;
use scout_mcp::base::{Error, Kind, Result};
use scout_mcp::config::{AlgorithmLists, Env, Overrides, Settings, SharedConfig, SshConfig};
use scout_mcp::fleet::{Fleet, Quotas, Shards};
use scout_mcp::io::Outside;
use scout_mcp::io::cores::{self, Aside};
use scout_mcp::io::signals::EndRequest;
use scout_mcp::metrics::Recorder;
use scout_mcp::server::{self, Drain, Part, Stats};

use fixtures::{Fixtures, Shared};

/// Sessions live on one core and requests come to any: with two, both ways are taken.
const CORES: usize = 2;

fn main() -> ExitCode {
    match overrides(std::env::args().skip(1)).and_then(|overrides| run(&overrides)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("conformance_server: {error}");
            ExitCode::FAILURE
        }
    }
}

fn overrides(mut arguments: impl Iterator<Item = String>) -> Result<Overrides> {
    match (arguments.next().as_deref(), arguments.next(), arguments.next()) {
        (Some("--port"), Some(port), None) => {
            // The suite asks more often than anybody may by default.
            let rate_limit_per_minute = Some("0".to_owned());
            Ok(Overrides { http_port: Some(port), rate_limit_per_minute, ..Overrides::default() })
        }
        _ => Err(Error::new(
            Kind::InvalidArgument,
            "Usage: conformance_server --port PORT (0 takes a free one)",
        )),
    }
}

fn run(overrides: &Overrides) -> Result<()> {
    let env = Env::default();
    let settings = Settings::load(overrides, &env)?;
    let drain = Drain::default();
    let end = EndRequest::new()?;
    let listening = server::listen(&settings, None, CORES, &drain)?;
    eprintln!("listening at http://{}/mcp", listening.address);
    let shared = Arc::new(Shared::new());
    let mut parts = listening.parts.into_iter();
    let first = parts.next();
    let asides = parts.map(|part| aside(part, Arc::clone(&shared))).collect();
    let served = cores::run(CORES, &settings, nobody(&settings, &env)?, asides, async |shards| {
        drain.begin_at_signal(end);
        if let Some(part) = first {
            serve(part, shards, shared).await;
        }
        drain.finished().await;
        Ok(())
    });
    served
        .unwrap_or_else(|error| Err(Error::new(Kind::Local, format!("Cannot start the event loop: {error}"))))
}

fn aside(part: Part, shared: Arc<Shared>) -> Aside {
    Box::new(|shards| serve(part, shards, shared).boxed_local())
}

async fn serve(part: Part, shards: Rc<Shards>, shared: Arc<Shared>) {
    let stats = Stats::new(Rc::clone(&shards));
    part.serve(shards, Rc::new(Fixtures::new(shared)), stats).await;
}

/// Fleets without hosts.
fn nobody(settings: &Settings, env: &Env) -> Result<impl Fn(&Quotas) -> Rc<Fleet> + Clone + Send + 'static> {
    let nothing = SshConfig::load(Some(&PathBuf::from("/dev/null")), env, AlgorithmLists::spoken())?;
    let (config, settings): (SharedConfig, _) = (nothing.into(), settings.clone());
    Ok(move |quotas: &Quotas| {
        let recorder = Recorder::new();
        let net = Outside::new(settings.clone(), PathBuf::from("/"), Rc::clone(&recorder));
        Fleet::new(SharedConfig::clone(&config), settings.clone(), net, quotas, recorder)
    })
}
