//! The command line: the same operations for people and scripts.
//!
//! Results go to standard output, everything else to standard error. Exit codes: 0; 1 when the operation failed;
//! 2 when the arguments make no sense; for `run` the command's own, or 255 when it could not be run, as `ssh` does.

mod args;
mod bench;
mod copy;
mod log;
mod output;
mod stats;

use std::path::PathBuf;
use std::pin::pin;
use std::process::ExitCode;
use std::rc::Rc;
use std::sync::Arc;

use clap::Parser;
use futures_util::future::{Either, OptionFuture, join, select, try_join};
use futures_util::{FutureExt, TryFutureExt};

use crate::base::limits::FAREWELL_PATIENCE;
use crate::base::shell::quote;
use crate::base::time::Duration;
use crate::base::{Error, Kind, Result};
use crate::config::{Access, Env, HostConfig, SharedConfig, Transport};
use crate::fleet::{Class, ClientId, Fleet, Host, Quotas, Shards};
use crate::io::cores::{self, Aside};
use crate::io::signals::EndRequest;
use crate::io::{self, Outside, cpus, memory};
use crate::mcp::{Catalog, Client, Options, Session};
use crate::metrics::Recorder;
use crate::scout;
use crate::scout::system::{self, View};
use crate::scout::transfer::{Place, Transfer};
use crate::server::{self, Configuration, Drain, Fresh, Listening, Part};
use crate::target::Target;

use args::{Args, Command};
use output::{Format, Output};

/// What an HTTP server has to tell its clients that nothing will come, and to be heard: twice that of a connection, and
/// one for what is on its way between cores.
const LAST_WORDS: Duration = Duration::from_secs(3 * FAREWELL_PATIENCE.as_secs());

/// Runs the program with the arguments it was started with.
pub fn main() -> ExitCode {
    memory::prepare();
    let args = Args::parse();
    let failure = match args.command {
        Command::Run { .. } => ExitCode::from(255),
        _ => ExitCode::FAILURE,
    };
    let format = if args.json { Format::Json } else { Format::Text };
    let overrides = args.overrides();
    let result = match args.command {
        Command::Bench(bench) => bench::run(bench, &bench::Common { cores: args.cores, overrides, format }),
        _ => prepare(&args).and_then(|scene| run(scene, args.command, Output::new(format))),
    };
    result.unwrap_or_else(|error| {
        output::complain(&error, format);
        match error.kind() {
            Kind::InvalidTarget | Kind::InvalidArgument => ExitCode::from(2),
            _ => failure,
        }
    })
}

/// What every subcommand works with.
struct Scene {
    configuration: Configuration,
    home: PathBuf,
    adjust_log: log::Adjust,
    /// Where servers tell their figures.
    stats_folders: Vec<PathBuf>,
    drain: Drain,
    /// Of a server; other subcommands end as any program does.
    end: Option<EndRequest>,
}

fn prepare(args: &Args) -> Result<Scene> {
    let env = Env::current();
    let (home, stats_folders) = (env.home.clone(), io::stats::folders(&env));
    let configuration = Configuration::read(args.overrides(), env)?;
    let adjust_log = log::start(&configuration.settings)?;
    for warning in configuration.ssh.warnings() {
        tracing::warn!("{warning}");
    }
    Ok(Scene { configuration, home, adjust_log, stats_folders, drain: Drain::default(), end: None })
}

/// Only a server has use for more than one core.
fn run(mut scene: Scene, command: Command, output: Output) -> Result<ExitCode> {
    let (settings, config) =
        (scene.configuration.settings.clone(), SharedConfig::clone(&scene.configuration.ssh));
    let home = scene.home.clone();
    let serves = matches!(command, Command::Serve { .. });
    let usual = || match settings.transport {
        Transport::Stdio => cpus::count_beside_a_client(),
        Transport::Http => cpus::count(),
    };
    let count = if serves { settings.cores.unwrap_or_else(usual) } else { 1 };
    if serves {
        // Before the first client can come: other cores may serve before this one gets to it.
        scene.end = Some(EndRequest::new()?);
    }
    let mut listening = None;
    if serves && settings.transport == Transport::Stdio {
        server::descriptors::provide(&settings, count);
    } else if serves {
        let keys = scene.configuration.open_keys()?;
        let server = server::listen(&settings, keys, count, &scene.drain)?;
        let scheme = if settings.tls_cert.is_some() { "https" } else { "http" };
        tracing::info!("serving MCP at {scheme}://{}/mcp", server.address);
        listening = Some(server);
    }
    let others = listening.iter_mut().flat_map(|server| server.parts.split_off(1));
    let asides = others.map(aside).collect();
    let own = settings.clone();
    let fleet = move |quotas: &Quotas| {
        let recorder = Recorder::new();
        let net = Outside::new(own.clone(), home.clone(), Rc::clone(&recorder));
        Fleet::new(SharedConfig::clone(&config), own.clone(), net, quotas, recorder)
    };
    let main = async |shards| Box::pin(execute(scene, &shards, command, listening, output)).await;
    let run = cores::run(count, &settings, fleet, asides, main);
    run.unwrap_or_else(|error| Err(Error::new(Kind::Local, format!("Cannot start the event loop: {error}"))))
}

/// A part of an HTTP server, for the core that it is for.
fn aside(part: Part) -> Aside {
    Box::new(|shards| {
        let serve = async move {
            let stats = server::Stats::new(Rc::clone(&shards));
            let catalog = catalog(&shards, Rc::clone(&stats));
            part.serve(shards, catalog, stats).await;
        };
        serve.boxed_local()
    })
}

fn catalog(shards: &Rc<Shards>, stats: Rc<server::Stats>) -> Rc<Catalog> {
    let settings = shards.own().settings();
    let transfers =
        settings.transport == Transport::Stdio || settings.http_transfers || settings.api_keys_file.is_some();
    let (allow_any_command, tools) = (settings.allow_any_command, settings.tools);
    let options = Options { allow_any_command, transfers, tools };
    Catalog::new(Rc::clone(shards), stats, &options)
}

async fn execute(
    scene: Scene,
    shards: &Rc<Shards>,
    command: Command,
    listening: Option<Listening>,
    mut output: Output,
) -> Result<ExitCode> {
    let caller = shards.own().caller(Class::Interactive, ClientId::OURSELVES);
    match command {
        Command::Serve { .. } => serve(scene, shards, listening).await?,
        Command::Hosts => output.hosts(&shards.status(&Access::all()).await)?,
        Command::Read { target } => {
            let (host, path) = Target::place(&target)?;
            match View::at(&path) {
                None => output.file(&caller, host.as_str(), &path).await?,
                Some(view) => {
                    let view = view?;
                    let shown = system::show(&caller, host.as_str(), &view);
                    output.shown(&scout::in_time(&caller, shown).await?)?;
                }
            }
        }
        Command::Ls { target } => {
            let (host, path) = Target::place(&target)?;
            let listing = scout::in_time(&caller, scout::look::list(&caller, host.as_str(), &path)).await?;
            output.listing(&listing)?;
        }
        Command::Run { target, command } => {
            let (host, directory) = Target::place(&target)?;
            let line = command_line(&command);
            let ran =
                scout::in_time(&caller, scout::run::run(&caller, host.as_str(), &directory, &line)).await?;
            output.ran(&ran)?;
            return Ok(ExitCode::from(ran.exit_code()));
        }
        Command::Copy { from, to, overwrite, resume } => {
            let order = Transfer { from: Place::parse(&from)?, to: Place::parse(&to)?, overwrite, resume };
            output.transferred(&copy::copy(shards, &order).await?)?;
        }
        Command::Scout { target, query } => {
            let request =
                scout::Request { target: target.unwrap_or_default(), query, ..scout::Request::default() };
            let answer = scout::scout(shards, &Client::ourselves(), &request, &|_, _| ()).await?;
            output.answer(&answer)?;
        }
        // It needs no host.
        Command::Bench(_) => {}
        Command::Stats { pid } => stats::show(&scene.stats_folders, pid, output).await?,
        Command::Resolve { host } => match caller.host(&host)? {
            Host::Local => {
                output.pairs(&[("host", host), ("hostname", "this machine, without SSH".into())])?
            }
            Host::Remote(config) => output.pairs(&HostConfig::lines(&config))?,
        },
    }
    Ok(ExitCode::SUCCESS)
}

/// Serves until the client leaves, or we are asked to, or something makes it impossible to go on.
async fn serve(scene: Scene, shards: &Rc<Shards>, listening: Option<Listening>) -> Result<()> {
    let settings = shards.own().settings();
    let stats = server::Stats::new(Rc::clone(shards));
    let _offered = stats.offer(&scene.stats_folders);
    shards.tend();
    let drain = scene.drain;
    if let Some(end) = scene.end {
        drain.begin_at_signal(end);
    }
    let catalog = catalog(shards, Rc::clone(&stats));
    let door = listening.as_ref().map(|server| Arc::clone(&server.door));
    let grace = if listening.is_some() { LAST_WORDS } else { Duration::ZERO };
    let serve = pin!(async {
        if let Some(Listening { mut parts, failures, .. }) = listening {
            let serve = parts.pop().map(|part| part.serve(Rc::clone(shards), catalog, Rc::clone(&stats)));
            // The parts of the other cores end as well.
            let served = pin!(join(OptionFuture::from(serve), drain.finished()));
            return match select(served, pin!(failures.first())).await {
                Either::Left(_) => Ok(()),
                Either::Right((error, _)) => Err(error),
            };
        }
        let client = Client { id: ClientId::STDIO, access: Access::all().into() };
        let session = Session::new(catalog, client, settings.admitted_max());
        server::serve_stdio(&Rc::new(session.with_questions()), &drain).await
    });
    let adopt = |fresh: &Fresh| {
        (scene.adjust_log)(&fresh.settings);
        if let Some(door) = &door {
            door.renew(&fresh.settings, fresh.keys.clone());
        }
    };
    let keep_up = server::keep_up(shards, scene.configuration, adopt);
    let keep_up = pin!(try_join(keep_up, stats.watch_memory()).map_ok(drop));
    let overdue = pin!(drain.overdue(shards.own(), grace).map(Ok));
    select(select(serve, keep_up).map(|ended| ended.factor_first().0), overdue).await.factor_first().0
}

/// One argument is a command line; several are the words of a command.
fn command_line(words: &[String]) -> String {
    match words {
        [line] => line.clone(),
        words => {
            let quoted: Vec<_> = words.iter().map(|word| quote(word.as_bytes())).collect();
            String::from_utf8_lossy(&quoted.join(&b' ')).into_owned()
        }
    }
}
