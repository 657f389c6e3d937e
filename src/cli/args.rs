//! The arguments, as `--help` teaches them.

use clap::{Parser, Subcommand};

use super::bench::Bench;
use crate::config::Overrides;

/// Look at many machines over SSH: read files, list directories, run read-only commands, from any MCP client or from
/// here.
///
/// Hosts are those of ~/.ssh/config; `localhost` is this machine, without SSH. Host keys are always verified against
/// known_hosts.
#[derive(Debug, Parser)]
#[command(name = "scout-mcp", version, propagate_version = true, max_term_width = 100)]
#[command(after_help = "Examples:\n  \
    scout-mcp hosts                                which hosts there are, and which answer\n  \
    scout-mcp read web1:/etc/nginx/nginx.conf      a file's bytes\n  \
    scout-mcp ls web1:/var/log                     a directory\n  \
    scout-mcp run web1:/var/log 'grep -c error syslog | sort'\n  \
    scout-mcp copy web1:/var/log/syslog .          a file, to here, from here or between hosts\n  \
    scout-mcp serve                                the MCP server, on standard input and output\n  \
    scout-mcp serve --transport http --port 8000   the same over HTTP, at http://127.0.0.1:8000/mcp\n  \
    scout-mcp stats                                what running servers have done\n  \
    scout-mcp bench run --hosts 'web*' -c 1,10     how fast hosts answer, and how many requests there can be")]
pub struct Args {
    #[command(subcommand)]
    pub command: Command,

    /// One JSON document on standard output (and for errors on standard error)
    #[arg(long, global = true)]
    pub json: bool,

    /// SSH client configuration instead of ~/.ssh/config [env: SCOUT_SSH_CONFIG]
    #[arg(long, global = true, value_name = "FILE")]
    ssh_config: Option<String>,

    /// known_hosts of every host. SCOUT_KNOWN_HOSTS replaces only the default, not what the SSH configuration says
    #[arg(long, global = true, value_name = "FILE")]
    known_hosts: Option<String>,

    /// File with the passphrase of encrypted private keys [env: SCOUT_PASSPHRASE_FILE]
    #[arg(long, global = true, value_name = "FILE")]
    passphrase_file: Option<String>,

    /// Command that prints the passphrase of a private key [env: SCOUT_PASSPHRASE_COMMAND]
    #[arg(long, global = true, value_name = "COMMAND")]
    passphrase_command: Option<String>,

    /// File with the password for hosts that take no key [env: SCOUT_SSH_PASSWORD_FILE]
    #[arg(long, global = true, value_name = "FILE")]
    ssh_password_file: Option<String>,

    /// Command that prints the password for a host [env: SCOUT_SSH_PASSWORD_COMMAND]
    #[arg(long, global = true, value_name = "COMMAND")]
    ssh_password_command: Option<String>,

    /// Run any command the remote user may run, not only read-only ones [env: SCOUT_ALLOW_ANY_COMMAND]
    #[arg(long, global = true)]
    allow_any_command: bool,

    /// Time for connecting and logging in, for example 10s [env: SCOUT_CONNECT_TIMEOUT]
    #[arg(long, global = true, value_name = "TIME")]
    connect_timeout: Option<String>,

    /// Time for a command; then it is ended, on the host too [env: SCOUT_COMMAND_TIMEOUT]
    #[arg(long, global = true, value_name = "TIME")]
    command_timeout: Option<String>,

    /// Cores for `serve`: by default one for each processor over HTTP, and half as many, at most four, for one client
    /// [env: SCOUT_CORES]
    #[arg(long, global = true, value_name = "N")]
    pub cores: Option<String>,

    /// What to log on standard error: error, warn, info, debug, trace [env: SCOUT_LOG_LEVEL]
    #[arg(long, global = true, value_name = "LEVEL")]
    log_level: Option<String>,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve MCP, on standard input and output or over HTTP
    Serve {
        /// How clients reach it: stdio or http [env: SCOUT_TRANSPORT]
        #[arg(long, value_name = "TRANSPORT")]
        transport: Option<String>,
        /// Which tools to offer: scout, focused or all [env: SCOUT_TOOLS]
        #[arg(long, value_name = "TOOLS")]
        tools: Option<String>,
        /// Address for HTTP, 127.0.0.1 by default [env: SCOUT_HTTP_HOST]
        #[arg(long, value_name = "ADDRESS")]
        host: Option<String>,
        /// Port for HTTP, 8000 by default [env: SCOUT_HTTP_PORT]
        #[arg(long, value_name = "PORT")]
        port: Option<String>,
        /// Certificates (PEM) to serve HTTPS with [env: SCOUT_TLS_CERT]
        #[arg(long, value_name = "FILE", requires = "tls_key")]
        tls_cert: Option<String>,
        /// The key (PEM) of the certificate [env: SCOUT_TLS_KEY]
        #[arg(long, value_name = "FILE", requires = "tls_cert")]
        tls_key: Option<String>,
        /// API keys of clients over HTTP; SCOUT_API_KEYS holds them itself [env: SCOUT_API_KEYS_FILE]
        #[arg(long, value_name = "FILE")]
        api_keys_file: Option<String>,
        /// Serve HTTP to other machines without keys [env: SCOUT_ALLOW_UNAUTHENTICATED]
        #[arg(long)]
        allow_unauthenticated: bool,
    },
    /// List the hosts, and mark those that accept connections
    Hosts,
    /// Print a file's bytes, nothing else; or what a host's software says
    Read {
        /// The file; ~ is the remote home directory. Or HOST://docker, HOST://syslog?lines=50 and the like
        #[arg(value_name = "HOST:PATH")]
        target: String,
    },
    /// List a directory
    Ls {
        /// The directory; ~ is the remote home directory
        #[arg(value_name = "HOST:PATH")]
        target: String,
    },
    /// Run a command in a directory and exit as it does
    ///
    /// One argument is a command line and may be a pipeline; several are the words of one command, taken literally.
    /// Unless --allow-any-command is given, only commands that read are allowed: cat, df, diff, du, file, find, grep,
    /// head, ls, rg, sort, stat, tail, tree, uniq, wc.
    #[command(override_usage = "scout-mcp run [OPTIONS] <HOST:DIR> <COMMAND>...")]
    Run {
        /// Where; `web1:~` is the home directory
        #[arg(value_name = "HOST:DIR")]
        target: String,
        /// What
        #[arg(value_name = "COMMAND", required = true, trailing_var_arg = true, allow_hyphen_values = true)]
        command: Vec<String>,
    },
    /// Copy a file to a host, from a host, or between hosts
    ///
    /// It is written under another name, compared with what was read, and then renamed. Mode and time of modification
    /// are kept.
    Copy {
        /// HOST:PATH, or a file of this machine
        #[arg(value_name = "FROM")]
        from: String,
        /// HOST:PATH, or a path of this machine; a directory is what it is put into
        #[arg(value_name = "TO")]
        to: String,
        /// Replace a file that is there
        #[arg(long)]
        overwrite: bool,
        /// Go on where a broken copy ended, and keep what there is of this one if it breaks
        #[arg(long)]
        resume: bool,
    },
    /// Do what the MCP tool `scout` does, and print its text
    Scout {
        /// `hosts` or HOST:PATH
        target: Option<String>,
        /// A command to run in the target's directory
        #[arg(long, value_name = "COMMAND")]
        query: Option<String>,
    },
    /// Show what running servers have done: requests, connections, refusals, and how long things took
    Stats {
        /// Only the server with this process number
        #[arg(long, value_name = "NUMBER")]
        pid: Option<u32>,
    },
    /// Measure hosts and servers, compare what came of it, play a fleet to measure with
    #[command(subcommand)]
    Bench(Bench),
    /// Show what the SSH configuration means for a host, as `ssh -G` does
    Resolve {
        /// A name from the SSH configuration
        host: String,
    },
}

impl Args {
    /// The settings that were given as flags.
    pub fn overrides(&self) -> Overrides {
        let overrides = Overrides {
            ssh_config: self.ssh_config.clone(),
            known_hosts: self.known_hosts.clone(),
            passphrase_file: self.passphrase_file.clone(),
            passphrase_command: self.passphrase_command.clone(),
            ssh_password_file: self.ssh_password_file.clone(),
            ssh_password_command: self.ssh_password_command.clone(),
            allow_any_command: self.allow_any_command.then(|| "true".into()),
            connect_timeout: self.connect_timeout.clone(),
            command_timeout: self.command_timeout.clone(),
            cores: self.cores.clone(),
            log_level: self.log_level.clone(),
            ..Overrides::default()
        };
        let Command::Serve {
            transport,
            tools,
            host,
            port,
            tls_cert,
            tls_key,
            api_keys_file,
            allow_unauthenticated,
        } = &self.command
        else {
            return overrides;
        };
        Overrides {
            transport: transport.clone(),
            tools: tools.clone(),
            http_host: host.clone(),
            http_port: port.clone(),
            tls_cert: tls_cert.clone(),
            tls_key: tls_key.clone(),
            api_keys_file: api_keys_file.clone(),
            allow_unauthenticated: allow_unauthenticated.then(|| "true".into()),
            ..overrides
        }
    }
}
