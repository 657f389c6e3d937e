//! `bench run`: a measurement from its start to its files.

use std::fmt::Display;
use std::process::ExitCode;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use futures_util::FutureExt;

use super::Common;
use super::conduct::Conductor;
use super::crew::{self, Crew, Member};
use super::engine::WayOut;
use super::options::Options;
use super::progress::Progress;
use super::redact::without_secrets;
use super::report::Exports;
use super::sampler::Sampler;
use super::subject::Spec;
use super::web::Address;
use super::{engine, program, web};
use crate::base::limits::{DESCRIPTORS_OF_PROCESS, DESCRIPTORS_PER_CORE, SECRET_BYTES_MAX};
use crate::base::time::{self, Duration};
use crate::base::{Error, Kind, Result};
use crate::cli::log;
use crate::cli::output::Output;
use crate::config::{Access, Env, Secret, Settings, SharedConfig, private_file};
use crate::fleet::{Fleet, Quotas, Shards};
use crate::io::http::Trust;
use crate::io::http::client::Place;
use crate::io::machine::Machine;
use crate::io::signals::EndRequest;
use crate::io::site::Site;
use crate::io::{Outside, cores, cpus, descriptors, runtime};
use crate::metrics::Recorder;
use crate::rig::{self, Load, Plan, Results};
use crate::scout::select::Selection;
use crate::server::{self, Configuration};
use crate::target::RemotePath;

/// The variable that holds a key for the server that is measured.
const KEY_VARIABLE: &str = "SCOUT_BENCH_API_KEY";

/// What a measurement works with.
struct Stage<'a> {
    options: &'a Options,
    settings: Settings,
    config: SharedConfig,
    env: Env,
    end: EndRequest,
    exports: Exports,
    /// As it was before cores took their processors.
    machine: rig::Machine,
    /// The server's, once it is known.
    place: Option<(Address, Place)>,
    key: Option<Secret>,
}

/// Errors: an argument makes no sense; nothing could be measured.
pub fn run(options: &Options, common: &Common, output: Output) -> Result<ExitCode> {
    // What makes no sense is told before anything is started.
    options.plan(0)?;
    options.check_paths()?;
    options.calls()?;
    let error_share_max = options.error_share_max()?;
    let exports = Exports {
        json: options.export_json.clone(),
        html: options.export_html.clone(),
        hgrm: options.export_hgrm.clone(),
    };
    exports.prepare()?;
    let address = options.url.as_deref().map(Address::parse).transpose()?;
    let trust = trust(options, address.as_ref())?;
    let env = Env::current();
    let key = key(options, &env)?;
    let end = EndRequest::new()?;
    let played = options.fleet()?.map(|plan| Site::start(plan, None)).transpose()?;
    let mut overrides = common.overrides.clone();
    if let Some(site) = &played {
        overrides.ssh_config = Some(site.ssh_config().to_string_lossy().into_owned());
        overrides.known_hosts = Some(site.known_hosts().to_string_lossy().into_owned());
    }
    let mut configuration = Configuration::read(overrides, env.clone())?;
    if let Some(site) = &played {
        let settings = &mut configuration.settings;
        settings.max_pool_size = settings.max_pool_size.max(site.hosts());
    }
    // What is logged stays as it is: nothing is read again while something is measured.
    drop(log::start(&configuration.settings)?);
    let place = address.map(|address| {
        let found = runtime::run(Place::of(&address.host, address.port, trust));
        found
            .map_err(|error| Error::new(Kind::Local, error.to_string()))
            .flatten()
            .map(|place| (address, place))
    });
    let stage = Stage {
        options,
        settings: configuration.settings.clone(),
        config: SharedConfig::clone(&configuration.ssh),
        env,
        end,
        exports,
        machine: machine(),
        place: place.transpose()?,
        key,
    };
    let results = stage.measure(output)?;
    Ok(if results.error_share() > error_share_max || results.steps.is_empty() {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

/// Whom to believe, where the server is to prove who it is.
///
/// Errors: nobody is trusted; authorities are named for a server that proves nothing.
fn trust(options: &Options, address: Option<&Address>) -> Result<Option<Trust>> {
    let authorities = options.ca_file.as_deref();
    match address {
        Some(address) if address.is_secure => Trust::load(authorities).map(Some),
        _ if authorities.is_none() => Ok(None),
        _ => Err(Error::new(Kind::InvalidArgument, "--ca-file: only matters with an https URL")),
    }
}

/// Errors: the file cannot be read, or others can read it.
fn key(options: &Options, env: &Env) -> Result<Option<Secret>> {
    match &options.api_key_file {
        Some(path) => {
            let wrong = |what: &dyn Display| {
                let message = format!("--api-key-file: {}: {what}", path.display());
                Error::new(Kind::InvalidArgument, message)
            };
            let bytes = private_file::read(path, SECRET_BYTES_MAX as u64).map_err(|error| wrong(&error))?;
            let text = str::from_utf8(&bytes).map_err(|error| wrong(&error))?;
            Ok(Some(Secret::new(text.trim().to_owned().into())))
        }
        None => Ok(env.secrets.get(KEY_VARIABLE).cloned()),
    }
}

impl Stage<'_> {
    fn measure(self, mut output: Output) -> Result<Results> {
        // What is said over one pipe one core says.
        let count = match self.options.command {
            Some(_) => 1,
            None => self.settings.cores.unwrap_or_else(cpus::count),
        };
        self.provide_descriptors(count)?;
        let (crew, members) = crew::muster(count);
        let mut members = members.into_iter();
        let own = members.next();
        let asides = members.map(Member::aside).collect();
        let (settings, config, home) =
            (self.settings.clone(), SharedConfig::clone(&self.config), self.env.home.clone());
        let way_out = self.way_out();
        let fleet = {
            let settings = settings.clone();
            move |quotas: &Quotas| {
                let recorder = Recorder::new();
                let net = way_out(settings.clone(), home.clone(), Rc::clone(&recorder));
                Fleet::new(SharedConfig::clone(&config), settings.clone(), net, quotas, recorder)
            }
        };
        let exports = self.exports.clone();
        let main = async |shards: Rc<Shards>| {
            let (is_serving, served) = async_channel::bounded::<()>(1);
            if let Some(own) = own {
                let serve = own.serve(Rc::clone(&shards));
                runtime::spawn(async move {
                    serve.await;
                    drop(is_serving);
                });
            }
            let results = Box::pin(self.conduct(&crew, &shards)).await;
            // Everybody goes home while there is an event loop to do so on.
            drop(crew);
            let _ = served.recv().await;
            results
        };
        let run = cores::run(count, &settings, fleet, asides, main);
        let failed = |error| Error::new(Kind::Local, format!("Cannot start the event loop: {error}"));
        let results = run.map_err(failed).flatten()?;
        exports.write(&results)?;
        output.measurement(&results)?;
        Ok(results)
    }

    async fn conduct(self, crew: &Crew, shards: &Rc<Shards>) -> Result<Results> {
        let hosts = self.hosts(shards)?;
        let plan = self.options.plan(hosts.len())?;
        let spec = self.spec(&plan, hosts)?;
        crew.brief(&spec).await;
        let words = without_secrets(std::env::args());
        let mut results = Results::new(time::unix_now(), words, self.machine.clone(), plan.clone());
        results.notes.extend(self.remarks(spec.hosts().len()));
        let (end, named) = (self.end, self.options.pid);
        let is_played = self.options.fleet.is_some();
        let sampler = match spec.clone() {
            Spec::Program(program) if named.is_none() => {
                let process =
                    move || Some(program.process.load(Ordering::Relaxed)).filter(|process| *process > 0);
                Sampler::new(is_played, process)
            }
            _ => Sampler::new(is_played, move || named),
        };
        let conductor = Conductor {
            crew,
            plan: &plan,
            hosts: spec.hosts(),
            rounds: self.options.rounds,
            sampler,
            progress: Progress::new(plan.loads.len() * self.options.rounds as usize),
            // Where signals cannot be heard, they end the process.
            end: async move {
                if end.heard().await.is_err() {
                    std::future::pending().await
                }
            }
            .boxed_local()
            .shared(),
        };
        conductor.conduct(&mut results).await?;
        Ok(results)
    }

    /// The hosts that are meant: of a server, those that it knows by these names.
    ///
    /// Errors: nobody said which; a word of the list means none.
    fn hosts(&self, shards: &Shards) -> Result<Vec<Box<str>>> {
        let names = shards.names_seen_by(&Access::all());
        let is_server = self.place.is_some() || self.options.command.is_some();
        let list = match (&self.options.hosts, self.options.fleet) {
            (Some(list), _) => list.as_str(),
            (None, Some(_)) => "*,!localhost",
            (None, None) if is_server => "localhost",
            (None, None) => {
                let message =
                    "--hosts: say which hosts are to be asked, as in --hosts 'web*,@db'; or --fleet 100";
                return Err(Error::new(Kind::InvalidArgument, message));
            }
        };
        let is_plain = !list.contains(['*', '?', '!', '@', '[']);
        if is_server && is_plain {
            return Ok(list.split(',').map(|name| name.trim().into()).collect());
        }
        let chosen = Selection::new(&names, &self.settings.groups).hosts(list);
        let chosen =
            chosen.map_err(|error| Error::new(Kind::InvalidArgument, format!("--hosts: {error}")))?;
        Ok(chosen.iter().map(|name| name.as_ref().into()).collect())
    }

    fn spec(&self, plan: &Plan, hosts: Vec<Box<str>>) -> Result<Spec> {
        let options = self.options;
        let timeout = Duration::from_secs_f64(plan.timeout_seconds);
        let (era, calls, cold) = (options.era(), options.calls()?, options.cold);
        if let Some((address, place)) = self.place.clone() {
            let key = self.key.clone();
            return Ok(Spec::Web(Arc::new(web::Spec {
                hosts,
                address,
                place,
                key,
                era,
                calls,
                cold,
                timeout,
            })));
        }
        if let Some(command) = options.command.clone() {
            let process = AtomicU32::new(0);
            return Ok(Spec::Program(Arc::new(program::Spec {
                hosts,
                command,
                era,
                calls,
                cold,
                timeout,
                process,
            })));
        }
        let made_from = engine::Cold {
            config: SharedConfig::clone(&self.config),
            settings: self.settings.clone(),
            home: self.env.home.clone(),
            way_out: self.way_out(),
        };
        Ok(Spec::Engine(Arc::new(engine::Spec {
            hosts,
            file: RemotePath::parse(&options.path)?,
            directory: RemotePath::parse(&options.directory)?,
            query: options.query.as_str().into(),
            cold: cold.then_some(made_from),
        })))
    }

    /// How connections are made: where the hosts are played so, in the clear.
    fn way_out(&self) -> WayOut {
        if self.options.conditions.null_crypto { Outside::bare } else { Outside::new }
    }

    /// What whoever reads the results has to know of the settings.
    fn remarks(&self, hosts: usize) -> Vec<String> {
        let mut remarks = Vec::new();
        let pool = self.settings.max_pool_size;
        let is_ours = self.place.is_none() && self.options.command.is_none();
        if is_ours && !self.options.cold && hosts > pool {
            remarks.push(format!(
                "{hosts} hosts share a pool of {pool} connections (SCOUT_MAX_POOL_SIZE): some are met anew again and again"
            ));
        }
        if self.options.conditions.null_crypto {
            remarks.push("Nothing was encrypted: this is what everything else costs".to_owned());
        }
        remarks
    }

    /// Each user of a server over HTTP has a connection.
    fn provide_descriptors(&self, cores: usize) -> Result<()> {
        if self.place.is_none() {
            server::descriptors::provide(&self.settings, cores);
            return Ok(());
        }
        let plan = self.options.plan(0)?;
        let users = plan.loads.iter().map(|load| match load {
            Load::Closed(users) => *users,
            Load::Open(_) | Load::Share(_) => plan.in_flight_max,
        });
        let users = users.max().unwrap_or(0) as u64;
        descriptors::raise(DESCRIPTORS_OF_PROCESS + DESCRIPTORS_PER_CORE * cores as u64 + users);
        Ok(())
    }
}

fn machine() -> rig::Machine {
    let Machine { system, processor, processors, memory_bytes } = Machine::this();
    rig::Machine { system, processor, processors, memory_bytes }
}
