//! The SSH client configuration: which hosts there are and what it takes to reach each, as `ssh -G` would say.
//!
//! ```text
//! files -> reader (lines, Include) -> lexer -> directive (ssh2-config) -> sections by scope (Host, Match)
//! alias -> the sections that count for it, first value wins -> host (tokens, defaults) -> HostConfig
//! ```
//!
//! Parsing never fails as a whole because of a line: a broken line is an error of the hosts it counts for.

mod algorithms;
mod canonical;
mod criteria;
mod directive;
mod draft;
mod expand;
mod finish;
mod host;
mod jump;
mod keywords;
mod lexer;
mod print;
mod reader;
mod scope;
mod value;

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};

pub use algorithms::{AlgorithmLists, Names};
pub use criteria::Exec;
pub use directive::{AddressFamily, StrictHostKeyChecking};
pub use host::{HostConfig, Proxy};
pub use jump::Jump;
pub use reader::Diagnostic;

use super::{Env, Settings, Sources, file};
use crate::base::{Error, Kind, Result};
use draft::{Draft, Given};
use reader::{Owner, Reader, Section};
use scope::{Condition, Scopes};

/// A configuration that was read.
#[derive(Debug)]
pub struct SshConfig {
    env: Env,
    scopes: Scopes,
    sections: Vec<Section>,
    /// For each scope that only plain names lead to, its sections, in order.
    by_scope: Vec<Vec<u32>>,
    /// The sections that have to be looked at for every host.
    floating: Vec<u32>,
    hosts: Vec<String>,
    warnings: Vec<Diagnostic>,
    sources: Sources,
    known_hosts: Option<KnownHostsFile>,
    /// What hosts are offered of whose algorithms nothing is said.
    defaults: AlgorithmLists,
    /// Runs the commands of `Match exec`.
    exec: Option<Exec>,
    /// The lines are read twice for every host.
    wants_final: bool,
}

/// A known_hosts file that the settings name.
#[derive(Debug, Clone)]
struct KnownHostsFile {
    path: PathBuf,
    /// It replaces what the SSH configuration says, not only the defaults.
    wins: bool,
}

impl SshConfig {
    /// Reads `path` alone, as `ssh -F path` does, or without one `~/.ssh/config` and `/etc/ssh/ssh_config`. What the
    /// configuration adds to lists of algorithms or removes from them, it adds to `defaults` or removes from them.
    ///
    /// # Errors
    /// [`Kind::Local`] when a file is there and cannot be read, or when `path` is not there. Default files that do
    /// not exist are no error.
    pub fn load(path: Option<&Path>, env: &Env, defaults: AlgorithmLists) -> Result<Self> {
        Self::load_with(path, env, defaults, None)
    }

    /// As [`SshConfig::load`]; the commands of `Match exec` are run by `exec` where there is one.
    ///
    /// # Errors
    /// As [`SshConfig::load`].
    pub fn load_with(
        path: Option<&Path>,
        env: &Env,
        defaults: AlgorithmLists,
        exec: Option<Exec>,
    ) -> Result<Self> {
        let mut reader = Reader::new(env, defaults.clone(), exec.is_some());
        match path {
            Some(path) => reader.read(path, Owner::User).map_err(|error| unreadable(path, &error))?,
            None => {
                for (path, owner) in reader::default_files(env) {
                    match reader.read(&path, owner) {
                        Err(error) if error.kind() != io::ErrorKind::NotFound => {
                            return Err(unreadable(&path, &error));
                        }
                        _ => {}
                    }
                }
            }
        }
        Ok(Self::new(reader, env.clone(), defaults, exec))
    }

    /// Reads the configuration that the settings name, for the known_hosts file that they name. The commands of `Match
    /// exec` are run by `exec` if the settings allow it, and otherwise not.
    ///
    /// # Errors
    /// As [`SshConfig::load`].
    pub fn load_for(settings: &Settings, env: &Env, defaults: AlgorithmLists, exec: Exec) -> Result<Self> {
        let known_hosts = settings.known_hosts.clone();
        let known_hosts = known_hosts.map(|path| KnownHostsFile { path, wins: settings.known_hosts_wins });
        let exec = settings.match_exec.then_some(exec);
        Ok(Self { known_hosts, ..Self::load_with(settings.ssh_config.as_deref(), env, defaults, exec)? })
    }

    /// The hosts that are named: plain names of `Host` lines, in the order of the files, each once.
    pub fn hosts(&self) -> &[String] {
        &self.hosts
    }

    /// Lines that could not be used, and blocks that were skipped. Bounded.
    pub fn warnings(&self) -> &[Diagnostic] {
        &self.warnings
    }

    /// The files that it was read from.
    pub fn sources(&self) -> &Sources {
        &self.sources
    }

    /// What the configuration means for `alias`, whether or not a `Host` line names it.
    ///
    /// # Errors
    /// [`Kind::HostConfig`], naming file and line, when a line that counts for this host is broken or has a token
    /// that cannot be expanded.
    pub fn resolve(&self, alias: &str) -> Result<HostConfig> {
        self.resolve_given(alias, Given::default())
    }

    /// What the configuration means for a host to jump through. What the hop itself says wins, as on a command line.
    ///
    /// # Errors
    /// As [`SshConfig::resolve`].
    pub fn resolve_jump(&self, jump: &Jump) -> Result<HostConfig> {
        self.resolve_given(&jump.host, Given { user: jump.user.as_deref(), port: jump.port })
    }

    fn resolve_given(&self, alias: &str, given: Given<'_>) -> Result<HostConfig> {
        let mut draft = Draft::new(alias, given, &self.env);
        self.gather(&mut draft, alias)?;
        let hostname = draft.hostname().map_err(|error| host_error(&error))?;
        if self.wants_final || draft.is_canonicalized() {
            draft.start_final_pass(hostname.clone());
            self.gather(&mut draft, &hostname)?;
        }
        let finished = draft.finish(hostname, &self.defaults, self.known_hosts.as_ref());
        finished.map_err(|error| host_error(&error))
    }

    /// Applies the lines that count for `name`.
    fn gather<'a>(&'a self, draft: &mut Draft<'a>, name: &str) -> Result<()> {
        let mut view = self.scopes.for_host(name);
        for section in self.candidates(name) {
            let counts = view.counts(section.scope, &draft.facts(self.exec.as_ref()));
            if !counts.map_err(|error| host_error(&error))? {
                continue;
            }
            if let Some(error) = &section.error {
                return Err(host_error(error));
            }
            for (line, directive) in &section.directives {
                draft.apply(directive, &section.file, *line).map_err(|error| host_error(&error))?;
            }
        }
        Ok(())
    }

    fn new(reader: Reader<'_>, env: Env, defaults: AlgorithmLists, exec: Option<Exec>) -> Self {
        let Reader { scopes, sections, names, warnings, sources, wants_final, .. } = reader;
        let (by_scope, floating) = index(&scopes, &sections);
        let mut seen = HashSet::new();
        let mut hosts = Vec::new();
        for (name, scope) in names {
            if !seen.contains(&name) && scopes.for_host(&name).may_count(scope) {
                seen.insert(name.clone());
                hosts.push(name);
            }
        }
        Self {
            env,
            scopes,
            sections,
            by_scope,
            floating,
            hosts,
            warnings,
            sources,
            known_hosts: None,
            defaults,
            exec,
            wants_final,
        }
    }

    /// The sections that may count for a host, in order.
    fn candidates(&self, alias: &str) -> impl Iterator<Item = &Section> {
        let own = self.scopes.named(alias).filter_map(|scope| self.by_scope.get(scope as usize)).flatten();
        let mut found: Vec<u32> = self.floating.iter().chain(own).copied().collect();
        found.sort_unstable();
        found.dedup();
        found.into_iter().filter_map(|id| self.sections.get(id as usize))
    }
}

/// Sorts sections into those that plain names lead to and the others.
fn index(scopes: &Scopes, sections: &[Section]) -> (Vec<Vec<u32>>, Vec<u32>) {
    let mut by_scope: Vec<Vec<u32>> = Vec::new();
    let mut floating = Vec::new();
    for (id, section) in (0_u32..).zip(sections) {
        match scopes.condition(section.scope) {
            Condition::Host(wildcards) if wildcards.iter().all(|pattern| pattern.starts_with('!')) => {
                let scope = section.scope as usize;
                if by_scope.len() <= scope {
                    by_scope.resize_with(scope + 1, Vec::new);
                }
                by_scope[scope].push(id);
            }
            _ => floating.push(id),
        }
    }
    (by_scope, floating)
}

fn host_error(diagnostic: &Diagnostic) -> Error {
    Error::new(Kind::HostConfig, diagnostic.to_string())
}

fn unreadable(path: &Path, error: &io::Error) -> Error {
    Error::new(
        Kind::Local,
        format!("cannot read the SSH configuration {}: {}", path.display(), file::reason(error)),
    )
}

#[cfg(test)]
mod tests;
