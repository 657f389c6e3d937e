//! The command line: the same operations for people and scripts.
//!
//! Results go to standard output, everything else to standard error. Exit codes: 0; 1 when the operation failed;
//! 2 when the arguments make no sense; for `run` the command's own, or 255 when it could not be run, as `ssh` does.

mod args;
mod log;
mod output;
mod stats;

use std::path::PathBuf;
use std::process::ExitCode;
use std::rc::Rc;

use clap::Parser;

use crate::base::shell::quote;
use crate::base::{Error, Kind, Result};
use crate::config::{AlgorithmLists, Env, HostConfig, Settings, SshConfig};
use crate::fleet::{Fleet, Host};
use crate::io::{self, Outside, condition, runtime};
use crate::mcp::{Options, Session};
use crate::metrics::Recorder;
use crate::scout;
use crate::server;
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
    let result = prepare(&args).and_then(|scene| {
        runtime::run(async {
            let result = execute(&scene, args.command, Output::new(format)).await;
            scene.fleet.close().await;
            result
        })
        .unwrap_or_else(|error| Err(Error::new(Kind::Local, format!("Cannot start the event loop: {error}"))))
    });
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
    settings: Settings,
    fleet: Rc<Fleet>,
    /// Where servers tell their figures.
    stats_folders: Vec<PathBuf>,
}

fn prepare(args: &Args) -> Result<Scene> {
    let env = Env::current();
    let settings = Settings::load(&args.overrides(), &env)?;
    log::start(&settings)?;
    let config = SshConfig::load_for(&settings, &env, AlgorithmLists::spoken(), condition::exec())?;
    for warning in config.warnings() {
        tracing::warn!("{warning}");
    }
    let (recorder, stats_folders) = (Recorder::new(), io::stats::folders(&env));
    let net = Outside::new(settings.clone(), env.home, Rc::clone(&recorder));
    let fleet = Fleet::new(config, settings.clone(), net, recorder);
    Ok(Scene { settings, fleet, stats_folders })
}

async fn execute(scene: &Scene, command: Command, mut output: Output) -> Result<ExitCode> {
    let fleet = &scene.fleet;
    match command {
        Command::Serve => {
            let settings = &scene.settings;
            let options = Options {
                allow_any_command: settings.allow_any_command,
                calls_max: settings.max_concurrency.saturating_add(settings.max_queue),
            };
            let stats = server::Stats::new(Rc::clone(fleet));
            let _offered = stats.offer(&scene.stats_folders);
            let session = Session::new(Rc::clone(fleet), stats, &options);
            server::serve_stdio(&session).await?;
        }
        Command::Hosts => output.hosts(&fleet.status().await)?,
        Command::Read { target } => {
            let (host, path) = host_and_path(&target)?;
            output.file(fleet, &host, &path).await?;
        }
        Command::Ls { target } => {
            let (host, path) = host_and_path(&target)?;
            let listing = scout::in_time(fleet, scout::look::list(fleet, &host, &path)).await?;
            output.listing(&listing)?;
        }
        Command::Run { target, command } => {
            let (host, directory) = host_and_path(&target)?;
            let line = command_line(&command);
            let ran = scout::in_time(fleet, scout::run::run(fleet, &host, &directory, &line)).await?;
            output.ran(&ran)?;
            return Ok(ExitCode::from(ran.exit_code()));
        }
        Command::Scout { target, query } => {
            let request = scout::Request { target: target.unwrap_or_default(), query };
            output.answer(&scout::scout(fleet, &request).await?)?;
        }
        Command::Stats { pid } => stats::show(&scene.stats_folders, pid, output).await?,
        Command::Resolve { host } => match fleet.host(&host)? {
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
