//! The command line: the same operations for people and scripts.
//!
//! Results go to standard output, everything else to standard error. Exit codes: 0; 1 when the operation failed;
//! 2 when the arguments make no sense; for `run` the command's own, or 255 when it could not be run, as `ssh` does.

mod args;
mod log;
mod output;
mod stats;

use std::path::PathBuf;
use std::pin::pin;
use std::process::ExitCode;
use std::rc::Rc;

use clap::Parser;
use futures_util::future::select;

use crate::base::shell::quote;
use crate::base::{Error, Kind, Result};
use crate::config::{Env, HostConfig, SharedConfig};
use crate::fleet::{Class, ClientId, Fleet, Host, Quotas, Shards};
use crate::io::{self, Outside, cores, cpus};
use crate::mcp::{Catalog, Client, Options, Session};
use crate::metrics::Recorder;
use crate::scout;
use crate::server::{self, Configuration};
use crate::target::{RemotePath, Target};

use args::{Args, Command};
use output::{Format, Output};

/// Runs the program with the arguments it was started with.
pub fn main() -> ExitCode {
    let args = Args::parse();
    let failure = match args.command {
        Command::Run { .. } => ExitCode::from(255),
        _ => ExitCode::FAILURE,
    };
    let format = if args.json { Format::Json } else { Format::Text };
    let result = prepare(&args).and_then(|scene| run(scene, args.command, Output::new(format)));
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
}

fn prepare(args: &Args) -> Result<Scene> {
    let env = Env::current();
    let (home, stats_folders) = (env.home.clone(), io::stats::folders(&env));
    let configuration = Configuration::read(args.overrides(), env)?;
    let adjust_log = log::start(&configuration.settings)?;
    for warning in configuration.ssh.warnings() {
        tracing::warn!("{warning}");
    }
    Ok(Scene { configuration, home, adjust_log, stats_folders })
}

/// Only a server has use for more than one core.
fn run(scene: Scene, command: Command, output: Output) -> Result<ExitCode> {
    let (settings, config) =
        (scene.configuration.settings.clone(), SharedConfig::clone(&scene.configuration.ssh));
    let home = scene.home.clone();
    let count = match command {
        Command::Serve => settings.cores.unwrap_or_else(cpus::count),
        _ => 1,
    };
    let own = settings.clone();
    let fleet = move |quotas: &Quotas| {
        let recorder = Recorder::new();
        let net = Outside::new(own.clone(), home.clone(), Rc::clone(&recorder));
        Fleet::new(SharedConfig::clone(&config), own.clone(), net, quotas, recorder)
    };
    let run =
        cores::run(count, &settings, fleet, async |shards| execute(scene, &shards, command, output).await);
    run.unwrap_or_else(|error| Err(Error::new(Kind::Local, format!("Cannot start the event loop: {error}"))))
}

async fn execute(
    scene: Scene,
    shards: &Rc<Shards>,
    command: Command,
    mut output: Output,
) -> Result<ExitCode> {
    let caller = shards.own().caller(Class::Interactive, ClientId::OURSELVES);
    match command {
        Command::Serve => {
            let settings = shards.own().settings();
            let options = Options { allow_any_command: settings.allow_any_command };
            let calls_max = settings.max_concurrency.saturating_add(settings.max_queue);
            let stats = server::Stats::new(Rc::clone(shards));
            let _offered = stats.offer(&scene.stats_folders);
            let catalog = Catalog::new(Rc::clone(shards), stats, &options);
            let client = Client { id: ClientId::STDIO };
            let session = Rc::new(Session::new(catalog, client, calls_max).with_questions());
            shards.tend();
            let serve = pin!(server::serve_stdio(&session));
            let keep_up = pin!(server::keep_up(shards, scene.configuration, scene.adjust_log));
            // Whichever ends first: the client's leave, or what makes it impossible to serve.
            select(serve, keep_up).await.factor_first().0?;
        }
        Command::Hosts => output.hosts(&shards.status().await)?,
        Command::Read { target } => {
            let (host, path) = host_and_path(&target)?;
            output.file(&caller, &host, &path).await?;
        }
        Command::Ls { target } => {
            let (host, path) = host_and_path(&target)?;
            let listing = scout::in_time(&caller, scout::look::list(&caller, &host, &path)).await?;
            output.listing(&listing)?;
        }
        Command::Run { target, command } => {
            let (host, directory) = host_and_path(&target)?;
            let line = command_line(&command);
            let ran = scout::in_time(&caller, scout::run::run(&caller, &host, &directory, &line)).await?;
            output.ran(&ran)?;
            return Ok(ExitCode::from(ran.exit_code()));
        }
        Command::Scout { target, query } => {
            let request = scout::Request { target: target.unwrap_or_default(), query, cache: false };
            let answer = scout::scout(shards, ClientId::OURSELVES, &request, &|_, _| ()).await?;
            output.answer(&answer)?;
        }
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

fn host_and_path(target: &str) -> Result<(String, RemotePath)> {
    match Target::parse(target)? {
        Target::Path { host, path } => Ok((host.as_str().to_owned(), path)),
        Target::Hosts => {
            Err(Error::new(Kind::InvalidTarget, format!("Invalid target '{target}'. Expected 'host:/path'")))
        }
    }
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
