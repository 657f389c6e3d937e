//! SSH servers of other make that come as libraries; `tests/servers` makes programs of them.

use std::path::PathBuf;

use super::account::Account;
use super::keys::{Key, KeyType};
use super::loopback::{Endpoint, unused};
use super::process::{Log, Process, venv_python};
use super::scout::test_file;

/// What a server is made with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Library {
    /// With SFTP.
    AsyncSsh,
    Paramiko,
    LibSsh,
}

impl Library {
    fn script(self) -> PathBuf {
        test_file("servers").join(match self {
            Self::AsyncSsh => "asyncssh_server.py",
            Self::Paramiko => "paramiko_server.py",
            Self::LibSsh => "libssh_server.py",
        })
    }
}

/// A running server. Its log tells of every key exchange.
pub struct PythonServer {
    process: Process,
    pub account: Account,
    pub endpoint: Endpoint,
}

impl PythonServer {
    /// One ed25519 key on either side.
    pub fn start(library: Library) -> Self {
        let account = Account::new();
        let host_key = Key::generate(&account.path("host_key"), KeyType::Ed25519);
        Self::launch(library, account, &[&host_key])
    }

    /// Also takes [`Account::PASSWORD`], in a dialogue.
    pub fn with_dialogue() -> Self {
        let account = Account::new();
        let host_key = Key::generate(&account.path("host_key"), KeyType::Ed25519);
        Self::launch_with(Library::AsyncSsh, account, &[&host_key], &["--password", Account::PASSWORD])
    }

    /// A certificate beside a host key is presented by servers that know how.
    pub fn with_host_keys(library: Library, host_keys: &[&Key]) -> Self {
        Self::launch(library, Account::new(), host_keys)
    }

    fn launch(library: Library, account: Account, host_keys: &[&Key]) -> Self {
        Self::launch_with(library, account, host_keys, &[])
    }

    fn launch_with(library: Library, account: Account, host_keys: &[&Key], options: &[&str]) -> Self {
        let identity = Key::generate(&account.path("client_key"), KeyType::Ed25519);
        account.authorize(&identity);
        let address = unused();
        let mut command = venv_python("ssh-servers");
        command.arg(library.script());
        command.arg("--address").arg(address.ip().to_string()).arg("--port").arg(address.port().to_string());
        command.arg("--home").arg(account.home()).arg("--authorized-keys").arg(account.authorized_keys());
        for key in host_keys {
            command.arg("--host-key").arg(&key.path);
        }
        command.args(options);
        let process = Process::start(command);
        process.log.wait_for("listening");
        let host_keys = host_keys.iter().map(|key| key.public.clone()).collect();
        let endpoint =
            Endpoint { address, user: Account::USER.to_owned(), identity: identity.path, host_keys };
        Self { process, account, endpoint }
    }

    pub fn log(&self) -> &Log {
        &self.process.log
    }
}
