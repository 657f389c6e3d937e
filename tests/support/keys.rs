//! Keys and certificates made by ssh-keygen, and an ssh-agent to hold them.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::process::{Process, program};

const PACKAGE: &str = "openssh-client";

/// Key types of hosts and users.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyType {
    Ed25519,
    Ecdsa256,
    Ecdsa384,
    Ecdsa521,
    Rsa,
}

impl KeyType {
    pub const ALL: [Self; 5] = [Self::Ed25519, Self::Ecdsa256, Self::Ecdsa384, Self::Ecdsa521, Self::Rsa];

    /// `ssh-keygen`'s `-t` and `-b`.
    fn arguments(self) -> [&'static str; 2] {
        match self {
            Self::Ed25519 => ["ed25519", "256"],
            Self::Ecdsa256 => ["ecdsa", "256"],
            Self::Ecdsa384 => ["ecdsa", "384"],
            Self::Ecdsa521 => ["ecdsa", "521"],
            Self::Rsa => ["rsa", "3072"],
        }
    }
}

/// A key pair in files.
pub struct Key {
    pub path: PathBuf,
    /// The public half, `ssh-ed25519 AAAA…`, without a comment.
    pub public: String,
}

impl Key {
    pub fn generate(path: &Path, key_type: KeyType) -> Self {
        Self::encrypted(path, key_type, "")
    }

    /// With a passphrase; few key-derivation rounds, since debug builds derive slowly.
    pub fn encrypted(path: &Path, key_type: KeyType, passphrase: &str) -> Self {
        let [name, bits] = key_type.arguments();
        let mut keygen = program("ssh-keygen", PACKAGE);
        keygen.args(["-q", "-a", "4", "-C", "", "-t", name, "-b", bits, "-N", passphrase, "-f"]).arg(path);
        let output = keygen.output().expect("ssh-keygen runs");
        assert!(output.status.success(), "ssh-keygen: {}", String::from_utf8_lossy(&output.stderr));
        let public = fs::read_to_string(path.with_extension("pub")).expect("the public key");
        Self { path: path.to_owned(), public: public.trim().to_owned() }
    }

    /// `SHA256:…`
    pub fn fingerprint(&self) -> String {
        let output =
            program("ssh-keygen", PACKAGE).arg("-lf").arg(&self.path).output().expect("ssh-keygen runs");
        let text = String::from_utf8_lossy(&output.stdout);
        text.split(' ').nth(1).expect("a fingerprint").to_owned()
    }
}

/// A certificate authority: whoever trusts it trusts the keys it has signed.
pub struct Authority {
    key: Key,
}

impl Authority {
    pub fn generate(path: &Path) -> Self {
        Self { key: Key::generate(path, KeyType::Ed25519) }
    }

    /// The public half, as for `TrustedUserCAKeys` or behind `@cert-authority`.
    pub fn public(&self) -> &str {
        &self.key.public
    }

    /// Makes `-cert.pub` beside the key of a host of these names, separated by commas, and returns its path.
    pub fn certify_host(&self, key: &Key, names: &str) -> PathBuf {
        self.certify(key, &["-h", "-n", names])
    }

    /// The same for a time, as `ssh-keygen -V` takes it.
    pub fn certify_host_for(&self, key: &Key, names: &str, validity: &str) -> PathBuf {
        self.certify(key, &["-h", "-n", names, "-V", validity])
    }

    /// Makes `-cert.pub` beside the key of a user, and returns its path.
    pub fn certify_user(&self, key: &Key, user: &str) -> PathBuf {
        self.certify(key, &["-n", user])
    }

    /// The same, expired long ago.
    pub fn certify_user_once(&self, key: &Key, user: &str) -> PathBuf {
        self.certify(key, &["-n", user, "-V", "20200101:20200102"])
    }

    fn certify(&self, key: &Key, arguments: &[&str]) -> PathBuf {
        let mut keygen = program("ssh-keygen", PACKAGE);
        keygen.args(["-q", "-I", "test", "-s"]).arg(&self.key.path).args(arguments);
        let output = keygen.arg(key.path.with_extension("pub")).output().expect("ssh-keygen runs");
        assert!(output.status.success(), "ssh-keygen: {}", String::from_utf8_lossy(&output.stderr));
        let name = key.path.file_name().and_then(|name| name.to_str()).expect("a UTF-8 name");
        key.path.with_file_name(format!("{name}-cert.pub"))
    }
}

/// A running ssh-agent.
pub struct Agent {
    pub socket: PathBuf,
    _dir: TempDir,
    _process: Process,
}

impl Agent {
    pub fn start() -> Self {
        // A socket's path has 107 bytes at most: not below the target directory.
        let dir = TempDir::with_prefix("agent-").expect("a directory");
        let socket = dir.path().join("socket");
        let mut agent = program("ssh-agent", PACKAGE);
        agent.arg("-D").arg("-a").arg(&socket);
        let process = Process::start(agent);
        process.log.wait_for("SSH_AUTH_SOCK=");
        Self { socket, _dir: dir, _process: process }
    }

    pub fn add(&self, key: &Key) {
        let mut add = program("ssh-add", PACKAGE);
        let output =
            add.arg("-q").arg(&key.path).env("SSH_AUTH_SOCK", &self.socket).output().expect("ssh-add runs");
        assert!(output.status.success(), "ssh-add: {}", String::from_utf8_lossy(&output.stderr));
    }
}
