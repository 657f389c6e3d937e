//! The server that is measured, with its home and the hosts that it knows.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::rc::Rc;

use tempfile::TempDir;

use super::Options;
use super::hosts::Hosts;
use super::support::{HttpServer, McpPipe, Scout};

pub struct Served {
    scout: Scout,
    binary: PathBuf,
    server: HttpServer,
}

impl Served {
    pub fn start(options: &Options, hosts: &Hosts) -> Self {
        let scout = Scout::new()
            .config(&hosts.ssh_config(0))
            .env("SCOUT_RATE_LIMIT_PER_MINUTE", 0)
            // Those that come back shall be asked again while there still is somebody to see it.
            .env("SCOUT_BREAKER_OPEN", 5)
            .env("SCOUT_LOG_LEVEL", "error");
        let binary = options.binary.clone();
        let mut command = program(&scout, &binary);
        command.args(["serve", "--transport", "http", "--port", "0"]).env("SCOUT_LOG_LEVEL", "info");
        let home = Rc::new(TempDir::with_prefix("soak-").unwrap());
        let server = HttpServer::of(McpPipe::start(command, home));
        Self { scout, binary, server }
    }

    pub fn pid(&self) -> u32 {
        self.server.process.pid()
    }

    pub fn url(&self) -> String {
        self.server.door.url()
    }

    pub fn address(&self) -> &str {
        self.server.door.address()
    }

    pub fn config_file(&self) -> PathBuf {
        self.scout.config_file()
    }

    /// A program of the same build that sees the same environment.
    pub fn beside(&self) -> Command {
        program(&self.scout, &self.binary)
    }

    /// Failed requests so far by their kind, as the server counts them.
    pub fn errors(&self) -> BTreeMap<String, u64> {
        let metrics = self.server.door.get("/metrics").body;
        let lines = metrics.lines().filter_map(|line| line.strip_prefix("requests_errors{error_type=\""));
        let counts = lines.filter_map(|line| line.split_once("\"} "));
        counts.map(|(kind, count)| (kind.to_owned(), count.parse().unwrap())).collect()
    }

    /// What it has complained of.
    pub fn log(&self) -> String {
        self.server.process.stderr.text()
    }
}

fn program(scout: &Scout, binary: &PathBuf) -> Command {
    let mut command = Command::new(binary);
    let home = fs::canonicalize(scout.home()).unwrap();
    command.env_clear().envs(scout.environment()).current_dir(home);
    command
}
