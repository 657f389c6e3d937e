//! The built binary with a home directory, SSH configuration and known_hosts of its own.

use std::fmt::Write as _;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::rc::Rc;
use std::thread::{self, JoinHandle};

use serde_json::Value;
use tempfile::TempDir;

use super::loopback::Endpoint;
use super::mcp_pipe::McpPipe;
use super::names::Names;
use super::process::{eventually, kill_tree};

/// Set to run every test with io_uring refused by the kernel.
const WITHOUT_IO_URING: &str = "SCOUT_TEST_WITHOUT_IO_URING";

/// How the binary is to be run.
pub struct Scout {
    /// Shared with the servers that run in it.
    home: Rc<TempDir>,
    config: String,
    known_hosts: String,
    env: Vec<(String, String)>,
    names: Option<Names>,
    without_io_uring: bool,
    /// What a shell does before it.
    before: Option<String>,
}

/// What one run of the binary left behind.
#[derive(Debug)]
pub struct Outcome {
    pub stdout: Vec<u8>,
    pub stderr: String,
    /// None when a signal ended it.
    pub code: Option<i32>,
}

impl Scout {
    /// No hosts yet.
    pub fn new() -> Self {
        let home = Rc::new(TempDir::with_prefix("scout-home-").expect("a directory"));
        fs::create_dir(home.path().join(".ssh")).expect(".ssh");
        let without_io_uring = std::env::var_os(WITHOUT_IO_URING).is_some();
        let scout = Self {
            home,
            config: String::new(),
            known_hosts: String::new(),
            env: Vec::new(),
            names: None,
            without_io_uring,
            before: None,
        };
        scout.write();
        scout
    }

    /// One host, `h1`.
    pub fn with(endpoint: &Endpoint) -> Self {
        Self::new().host("h1", endpoint)
    }

    /// A host in the configuration with its keys in known_hosts.
    #[must_use]
    pub fn host(self, alias: &str, endpoint: &Endpoint) -> Self {
        self.known_hosts(&endpoint.known_hosts()).unknown_host(alias, endpoint, "")
    }

    /// A host in the configuration only, with further lines for it.
    #[must_use]
    pub fn unknown_host(mut self, alias: &str, endpoint: &Endpoint, lines: &str) -> Self {
        let Endpoint { address, user, identity, .. } = endpoint;
        // The first value wins in an SSH configuration, so the test's own lines come first.
        let _ = write!(
            self.config,
            "Host {alias}\n{lines}\nHostName {}\nPort {}\nUser {user}\nIdentityFile {}\nIdentitiesOnly yes\n\n",
            address.ip(),
            address.port(),
            identity.display()
        );
        self.write();
        self
    }

    /// More text for the SSH configuration.
    #[must_use]
    pub fn config(mut self, text: &str) -> Self {
        self.config.push_str(text);
        self.write();
        self
    }

    /// More lines for known_hosts.
    #[must_use]
    pub fn known_hosts(mut self, lines: &str) -> Self {
        self.known_hosts.push_str(lines);
        self.write();
        self
    }

    #[must_use]
    pub fn env(mut self, name: &str, value: impl ToString) -> Self {
        self.env.push((name.to_owned(), value.to_string()));
        self
    }

    /// Makes these names known to it.
    #[must_use]
    pub fn names(mut self, names: &Names) -> Self {
        let environment = names.environment();
        let text = environment.map(|(name, value)| (name, value.to_str().expect("a UTF-8 path").to_owned()));
        self.env.extend(text);
        self.names = Some(names.clone());
        self
    }

    /// Runs under a filter that refuses io_uring.
    #[must_use]
    pub fn without_io_uring(mut self) -> Self {
        self.without_io_uring = true;
        self
    }

    /// Runs where a shell has done this before.
    #[must_use]
    pub fn after(mut self, before: &str) -> Self {
        self.before = Some(before.to_owned());
        self
    }

    pub fn home(&self) -> &Path {
        self.home.path()
    }

    pub fn config_file(&self) -> PathBuf {
        self.home().join(".ssh/config")
    }

    pub fn known_hosts_file(&self) -> PathBuf {
        self.home().join(".ssh/known_hosts")
    }

    /// The binary with its environment, without arguments.
    pub fn command(&self) -> Command {
        let mut command = launch(env!("CARGO_BIN_EXE_scout-mcp").as_ref(), self.without_io_uring);
        if let Some(before) = &self.before {
            let mut shell = Command::new("/bin/sh");
            shell.arg("-c").arg(format!("{before} && exec \"$0\" \"$@\""));
            shell.arg(command.get_program()).args(command.get_args());
            command = shell;
        }
        command.env_clear().envs(self.environment()).current_dir(self.home());
        command
    }

    /// Everything the binary sees of the environment: nothing of the machine's own SSH set-up.
    pub fn environment(&self) -> Vec<(String, String)> {
        let text = |path: &Path| path.to_str().expect("a UTF-8 path").to_owned();
        let mut all = vec![
            ("PATH".to_owned(), std::env::var("PATH").unwrap_or_default()),
            ("HOME".to_owned(), text(self.home())),
            // What a home directory means differs between programs (HOME, or the account's); these do not.
            ("SCOUT_SSH_CONFIG".to_owned(), text(&self.config_file())),
            ("SCOUT_KNOWN_HOSTS".to_owned(), text(&self.known_hosts_file())),
        ];
        if env!("CARGO_CRATE_NAME") == "end_to_end" {
            // What passes between cores is tested whatever the machine has; what benches measure is the default.
            all.push(("SCOUT_CORES".to_owned(), "2".to_owned()));
        }
        all.extend(self.env.iter().cloned());
        all
    }

    /// Runs a subcommand to its end.
    pub fn run(&self, arguments: &[&str]) -> Outcome {
        let mut command = self.command();
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = Killed(command.spawn().expect("the binary starts"));
        let stdout = collect(child.0.stdout.take());
        let stderr = collect(child.0.stderr.take());
        let mut code = None;
        eventually(&format!("{arguments:?} has ended"), || match child.0.try_wait().expect("its status") {
            Some(status) => {
                code = status.code();
                true
            }
            None => false,
        });
        let stdout = stdout.join().expect("stdout is read");
        let stderr = String::from_utf8_lossy(&stderr.join().expect("stderr is read")).into_owned();
        Outcome { stdout, stderr, code }
    }

    /// `serve` with its stdin and stdout as an MCP connection, not initialized yet.
    pub fn serve(&self) -> McpPipe {
        self.serve_with(&[])
    }

    pub fn serve_with(&self, arguments: &[&str]) -> McpPipe {
        self.start(&[&["serve"], arguments].concat())
    }

    /// A subcommand with its standard streams at hand.
    pub fn start(&self, arguments: &[&str]) -> McpPipe {
        let mut command = self.command();
        command.args(arguments);
        McpPipe::start(command, Rc::clone(&self.home))
    }

    /// `serve`, initialized.
    pub fn client(&self) -> McpPipe {
        let mut pipe = self.serve();
        pipe.initialize("2025-11-25");
        pipe
    }

    fn write(&self) {
        fs::write(self.config_file(), &self.config).expect("the configuration");
        fs::write(self.known_hosts_file(), &self.known_hosts).expect("known_hosts");
    }
}

impl Outcome {
    /// Standard output of a run that must have succeeded.
    pub fn success(self) -> Vec<u8> {
        assert_eq!(self.code, Some(0), "{}", self.stderr);
        self.stdout
    }

    /// The same as text.
    pub fn text(self) -> String {
        String::from_utf8(self.success()).expect("UTF-8")
    }

    /// The one JSON document on standard output.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.stdout)
            .unwrap_or_else(|error| panic!("{error}: {:?}", String::from_utf8_lossy(&self.stdout)))
    }

    /// The message of a run that must have failed, with nothing on standard output.
    pub fn failure(self) -> String {
        assert_ne!(self.code, Some(0), "it succeeded: {self:?}");
        assert!(self.stdout.is_empty(), "a failure leaves stdout alone: {self:?}");
        let is_ours = self.stderr.lines().any(|line| line.starts_with("scout-mcp: "));
        assert!(is_ours, "errors are `scout-mcp: …` lines: {}", self.stderr);
        self.stderr
    }
}

/// A program of ours as the tests are to be run.
pub fn ours(program: &Path) -> Command {
    launch(program, std::env::var_os(WITHOUT_IO_URING).is_some())
}

fn launch(program: &Path, without_io_uring: bool) -> Command {
    if !without_io_uring {
        return Command::new(program);
    }
    let mut command = Command::new("/usr/bin/python3");
    command.arg(test_file("support/without_io_uring.py")).arg(program);
    command
}

/// A file of the tests' own.
pub fn test_file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(name)
}

struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        kill_tree(&mut self.0);
    }
}

fn collect(pipe: Option<impl Read + Send + 'static>) -> JoinHandle<Vec<u8>> {
    let mut pipe = pipe.expect("a pipe");
    thread::spawn(move || {
        let mut bytes = Vec::new();
        pipe.read_to_end(&mut bytes).expect("output is readable");
        bytes
    })
}
