//! A real OpenSSH server with stock limits.

use std::cell::Cell;
use std::fmt::Write as _;
use std::fs;
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::Command;

use rustix::process::{Signal, getuid};

use super::account::Account;
use super::keys::{Key, KeyType};
use super::loopback::{Endpoint, unused, unused_everywhere};
use super::process::{Log, Process, program};

const SFTP_SERVER: &str = "/usr/lib/openssh/sftp-server";

/// A running server; the account's directory goes with it.
pub struct Sshd {
    process: Process,
    pub account: Account,
    pub endpoint: Endpoint,
    /// Connections made by [`Sshd::connections`].
    probes: Cell<usize>,
    is_bound_by_modes: bool,
}

/// What a server is to be like.
pub struct Builder {
    host_keys: Vec<KeyType>,
    client_key: KeyType,
    sftp: bool,
    lines: Vec<String>,
    bound_by_modes: bool,
    takes_password: bool,
    everywhere: bool,
    shell: Option<&'static str>,
}

impl Sshd {
    /// Debian's defaults, one ed25519 key on either side.
    pub fn start() -> Self {
        Self::builder().start()
    }

    pub fn builder() -> Builder {
        Builder {
            host_keys: vec![KeyType::Ed25519],
            client_key: KeyType::Ed25519,
            sftp: true,
            lines: Vec::new(),
            bound_by_modes: false,
            takes_password: false,
            everywhere: false,
            shell: None,
        }
    }

    pub fn log(&self) -> &Log {
        &self.process.log
    }

    /// Sends a signal to it and to all its sessions.
    pub fn signal(&self, signal: Signal) {
        self.process.signal(signal);
    }

    /// Sends a signal to all its sessions.
    pub fn signal_sessions(&self, signal: Signal) {
        self.process.signal_descendants(signal);
    }

    /// Ends it with all its sessions, as a crash would, until [`Sshd::start_again`].
    pub fn crash(&self) {
        self.process.crash();
    }

    /// Starts it again as it was. What was counted begins anew.
    pub fn start_again(&mut self) {
        self.process = run(&self.account, self.is_bound_by_modes);
        self.probes.set(0);
    }

    /// TCP connections accepted so far.
    pub fn connections(&self) -> usize {
        // A connection of our own is logged after all that were accepted before it.
        let probe = TcpStream::connect(self.endpoint.address).expect("sshd listens");
        let port = probe.local_addr().expect("an address").port();
        self.log().wait_for(&format!("port {port} on "));
        self.probes.set(self.probes.get() + 1);
        // Some of sshd's complaints hold the same words further behind.
        self.log().count_starting("Connection from ") - self.probes.get()
    }

    /// Writes a file below the home directory and returns its path.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.account.home().join(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("its directory");
        fs::write(&path, content).expect("a file");
        path.to_str().expect("a UTF-8 path").to_owned()
    }

    /// Makes a FIFO below the home directory: a command that reads it waits for ever.
    pub fn fifo(&self, name: &str) -> String {
        let path = self.path(name);
        let made = program("mkfifo", "coreutils").arg(&path).status();
        assert!(made.is_ok_and(|status| status.success()), "mkfifo {path}");
        path
    }

    /// The path of something below the home directory.
    pub fn path(&self, name: &str) -> String {
        self.account.home().join(name).to_str().expect("a UTF-8 path").to_owned()
    }
}

impl Builder {
    /// A line of `sshd_config`.
    #[must_use]
    pub fn config(mut self, line: &str) -> Self {
        self.lines.push(line.to_owned());
        self
    }

    #[must_use]
    pub fn host_keys(mut self, types: &[KeyType]) -> Self {
        self.host_keys = types.to_vec();
        self
    }

    /// The type of the key that is let in.
    #[must_use]
    pub fn client_key(mut self, key_type: KeyType) -> Self {
        self.client_key = key_type;
        self
    }

    /// No SFTP subsystem.
    #[must_use]
    pub fn without_sftp(mut self) -> Self {
        self.sftp = false;
        self
    }

    /// [`Account::PASSWORD`] is let in.
    #[must_use]
    pub fn password(mut self) -> Self {
        self.takes_password = true;
        // The user's number is root's where the tests run as root.
        self.config("PasswordAuthentication yes").config("PermitRootLogin yes")
    }

    /// It listens at every address of this machine: as many hosts as one likes, served by one daemon.
    #[must_use]
    pub fn everywhere(mut self) -> Self {
        self.everywhere = true;
        self
    }

    /// Its user has another login shell than `sh`.
    #[must_use]
    pub fn shell(mut self, shell: &'static str) -> Self {
        self.shell = Some(shell);
        self
    }

    /// Sessions obey file modes even when the tests run as root.
    #[must_use]
    pub fn bound_by_modes(mut self) -> Self {
        self.bound_by_modes = true;
        self
    }

    pub fn start(self) -> Sshd {
        let account = Account::new();
        let identity = Key::generate(&account.path("client_key"), self.client_key);
        account.authorize(&identity);
        if let Some(shell) = self.shell {
            account.log_in_with(shell);
        }
        if self.takes_password {
            account.take_password();
        }
        let host_keys: Vec<Key> = (0..)
            .zip(&self.host_keys)
            .map(|(n, key_type)| Key::generate(&account.path(&format!("host_key_{n}")), *key_type))
            .collect();
        let endpoint = Endpoint {
            address: if self.everywhere { unused_everywhere() } else { unused() },
            user: Account::USER.to_owned(),
            identity: identity.path,
            host_keys: host_keys.iter().map(|key| key.public.clone()).collect(),
        };
        let config = self.file(&account, &endpoint, &host_keys);
        fs::write(account.path(CONFIG), config).expect("sshd_config");
        let is_bound_by_modes = self.bound_by_modes;
        let process = run(&account, is_bound_by_modes);
        Sshd { process, account, endpoint, probes: Cell::new(0), is_bound_by_modes }
    }

    fn file(&self, account: &Account, endpoint: &Endpoint, host_keys: &[Key]) -> String {
        // The first value of an option wins, so a test's own lines come first. VERBOSE logs accepted connections.
        let mut text = self.lines.join("\n");
        let _ = write!(
            text,
            "\nListenAddress {}\nPort {}\nPidFile none\nLogLevel VERBOSE\nUsePAM no\nStrictModes no\n\
             PasswordAuthentication no\nKbdInteractiveAuthentication no\nPrintMotd no\nAuthorizedKeysFile {}\n",
            endpoint.address.ip(),
            endpoint.address.port(),
            account.authorized_keys().display(),
        );
        if self.sftp {
            let _ = writeln!(text, "Subsystem sftp {}", sftp_server().display());
        }
        for key in host_keys {
            let _ = writeln!(text, "HostKey {}", key.path.display());
        }
        text
    }
}

/// The file in the account's folder.
const CONFIG: &str = "sshd_config";

/// Runs what the account's configuration describes.
fn run(account: &Account, is_bound_by_modes: bool) -> Process {
    let mut command = command(is_bound_by_modes);
    command.args(["-D", "-e", "-f"]).arg(account.path(CONFIG));
    account.apply(&mut command);
    let process = Process::start(command);
    process.log.wait_for("Server listening on");
    process
}

fn command(is_bound_by_modes: bool) -> Command {
    let sshd = program("sshd", "openssh-server");
    if !getuid().is_root() {
        return sshd;
    }
    // Debian's service makes it; without systemd nobody does. It must be there, empty, and root's.
    fs::create_dir_all("/run/sshd").expect("/run/sshd");
    if !is_bound_by_modes {
        return sshd;
    }
    let mut setpriv = program("setpriv", "util-linux");
    setpriv.arg("--bounding-set=-dac_override,-dac_read_search").arg(sshd.get_program());
    setpriv
}

fn sftp_server() -> PathBuf {
    let path = PathBuf::from(SFTP_SERVER);
    assert!(path.is_file(), "sftp-server is missing; install it: apt-get install openssh-sftp-server");
    path
}
