//! SSH servers of other make.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use super::account::Account;
use super::keys::{Key, KeyType};
use super::loopback::{Endpoint, listen, unused};
use super::process::{Log, Process, kill_tree, program};

/// Dropbear: routers, embedded Linux, initramfs.
pub struct Dropbear {
    process: Process,
    pub account: Account,
    pub endpoint: Endpoint,
}

impl Dropbear {
    pub fn start(host_keys: &[KeyType]) -> Self {
        Self::start_in(Account::new(), host_keys, &[])
    }

    /// Commands find nothing but busybox.
    pub fn start_with_busybox(host_keys: &[KeyType]) -> Self {
        let account = Account::new();
        let tools = account.path("busybox");
        let busybox = program("busybox", "busybox");
        let mut install = Command::new("/bin/sh");
        install.args(["-c", INSTALL, "sh"]).arg(busybox.get_program()).arg(&tools);
        let made = install.status();
        assert!(made.is_ok_and(|status| status.success()), "busybox in {}", tools.display());
        let command = account.path("command");
        let script =
            format!("#!/bin/sh\nPATH={0} exec {0}/sh -c \"$SSH_ORIGINAL_COMMAND\"\n", tools.display());
        fs::write(&command, script).expect("a command");
        fs::set_permissions(&command, fs::Permissions::from_mode(0o755)).expect("its mode");
        Self::start_in(account, host_keys, &["-c", command.to_str().expect("a UTF-8 path")])
    }

    fn start_in(account: Account, host_keys: &[KeyType], options: &[&str]) -> Self {
        let identity = Key::generate(&account.path("client_key"), KeyType::Ed25519);
        account.authorize(&identity);
        let address = unused();

        let mut command = program("dropbear", "dropbear-bin");
        // In the foreground, logging to stderr.
        command.args(options).args(["-F", "-E", "-p", &address.to_string(), "-P"]).arg(account.path("pid"));
        let made = host_keys.iter().map(|key_type| {
            let path = account.path(&format!("host_key_{key_type:?}"));
            command.arg("-r").arg(&path);
            dropbear_key(&path, *key_type)
        });
        let host_keys = made.collect();
        account.apply(&mut command);
        let process = Process::start(command);
        // It listens before it says so.
        process.log.wait_for("Not backgrounding");

        let user = Account::USER.to_owned();
        let endpoint = Endpoint { address, user, identity: identity.path, host_keys };
        Self { process, account, endpoint }
    }

    pub fn log(&self) -> &Log {
        &self.process.log
    }
}

/// A directory with a link for each of its tools, none of them in `/sbin` or elsewhere.
const INSTALL: &str =
    "b=$(command -v \"$1\") && mkdir \"$2\" && for t in $(\"$b\" --list); do ln -s \"$b\" \"$2/$t\"; done";

/// Makes a host key in dropbear's own format and returns its public half.
fn dropbear_key(path: &Path, key_type: KeyType) -> String {
    let arguments: &[&str] = match key_type {
        KeyType::Ed25519 => &["-t", "ed25519"],
        KeyType::Ecdsa256 => &["-t", "ecdsa", "-s", "256"],
        KeyType::Ecdsa384 => &["-t", "ecdsa", "-s", "384"],
        KeyType::Ecdsa521 => &["-t", "ecdsa", "-s", "521"],
        KeyType::Rsa => &["-t", "rsa", "-s", "3072"],
    };
    let mut keygen = program("dropbearkey", "dropbear-bin");
    let output = keygen.args(arguments).arg("-f").arg(path).output().expect("dropbearkey runs");
    let text = String::from_utf8_lossy(&output.stdout);
    let line = text.lines().find(|line| line.starts_with("ssh-") || line.starts_with("ecdsa-"));
    line.unwrap_or_else(|| panic!("dropbearkey: {}", String::from_utf8_lossy(&output.stderr))).to_owned()
}

/// TinySSH: one process for each connection, started by a super-server with the socket as stdin and stdout.
pub struct TinySsh {
    stopped: Arc<AtomicBool>,
    pub account: Account,
    pub endpoint: Endpoint,
}

impl TinySsh {
    pub fn start() -> Self {
        let account = Account::new();
        let identity = Key::generate(&account.path("client_key"), KeyType::Ed25519);
        account.authorize(&identity);
        let keys = account.path("keys");
        let made =
            program("tinysshd-makekey", "tinysshd").arg(&keys).output().expect("tinysshd-makekey runs");
        assert!(made.status.success(), "tinysshd-makekey: {}", String::from_utf8_lossy(&made.stderr));
        let printed =
            program("tinysshd-printkey", "tinysshd").arg(&keys).output().expect("tinysshd-printkey runs");
        let host_key = String::from_utf8_lossy(&printed.stdout).trim().to_owned();

        let mut command = program("tinysshd", "tinysshd");
        command.arg(keys);
        account.apply(&mut command);
        let (listener, address) = listen();
        let stopped = Arc::new(AtomicBool::new(false));
        let stop = Arc::clone(&stopped);
        thread::spawn(move || accept(&listener, command, &stop));

        let user = Account::USER.to_owned();
        let endpoint = Endpoint { address, user, identity: identity.path, host_keys: vec![host_key] };
        Self { stopped, account, endpoint }
    }
}

fn accept(listener: &TcpListener, mut server: Command, stopped: &AtomicBool) {
    let mut children = Vec::new();
    while let Ok((socket, _)) = listener.accept() {
        if stopped.load(Ordering::Relaxed) {
            break;
        }
        let Ok(output) = socket.try_clone() else { break };
        server.stdin(Stdio::from(std::os::fd::OwnedFd::from(socket)));
        server.stdout(Stdio::from(std::os::fd::OwnedFd::from(output)));
        children.extend(server.stderr(Stdio::null()).spawn());
        // The command keeps its descriptors otherwise, and the client would never see the end.
        server.stdin(Stdio::null()).stdout(Stdio::null());
    }
    children.iter_mut().for_each(kill_tree);
}

impl Drop for TinySsh {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::Relaxed);
        // Wakes the accepting thread.
        let _ = std::net::TcpStream::connect(self.endpoint.address);
    }
}
