//! The account that SSH servers log in to: a user `scout` whose home is a temporary directory and whose shell is
//! /bin/sh, without touching the machine's accounts.
//!
//! nss_wrapper answers the servers' questions about accounts from our own passwd file. The user's number is that of
//! whoever runs the tests: a server that is not root can log in nobody else.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::process::{getgid, getuid};
use tempfile::TempDir;

use super::keys::{Authority, Key};

pub struct Account {
    dir: TempDir,
}

/// tinysshd refuses a home below a directory that others may write to, such as /tmp, where this checkout may stand.
fn sheltered_dir() -> PathBuf {
    let home = std::env::var_os("HOME").map(PathBuf::from);
    let places = [Some(env!("CARGO_TARGET_TMPDIR").into()), home, Some("/var/lib".into())];
    let is_sheltered = |place: &PathBuf| {
        place.ancestors().all(|dir| fs::metadata(dir).is_ok_and(|dir| dir.permissions().mode() & 0o022 == 0))
    };
    places.into_iter().flatten().find(is_sheltered).expect("a directory that only its owner can write to")
}

impl Account {
    pub const USER: &str = "scout";
    /// What [`Account::take_password`] lets in.
    pub const PASSWORD: &str = "open sesame";

    pub fn new() -> Self {
        let dir = TempDir::with_prefix_in("server-", sheltered_dir()).expect("a directory");
        let account = Self { dir };
        make_private_dir(&account.home());
        make_private_dir(&account.home().join(".ssh"));
        let (uid, gid) = (getuid().as_raw(), getgid().as_raw());
        let home = account.home();
        let passwd = format!(
            "{}:x:{uid}:{gid}:test:{}:/bin/sh\nsshd:x:65534:65534::/run/sshd:/usr/sbin/nologin\n",
            Self::USER,
            home.display()
        );
        fs::write(account.path("passwd"), passwd).expect("passwd");
        fs::write(account.path("group"), format!("{}:x:{gid}:\nnogroup:x:65534:\n", Self::USER))
            .expect("group");
        account
    }

    /// A file beside the home directory.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn home(&self) -> PathBuf {
        self.path("home")
    }

    /// Lets this key in.
    pub fn authorize(&self, key: &Key) {
        self.allow(&key.public);
    }

    /// Lets keys in that this authority has signed.
    pub fn trust(&self, authority: &Authority) {
        self.allow(&format!("cert-authority {}", authority.public()));
    }

    fn allow(&self, line: &str) {
        let file = self.authorized_keys();
        let known = fs::read_to_string(&file).unwrap_or_default();
        fs::write(&file, format!("{known}{line}\n")).expect("authorized_keys");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("its mode");
    }

    /// Lets in who knows [`Account::PASSWORD`], for servers that look into the shadow file and are started after this.
    pub fn take_password(&self) {
        // `openssl passwd -6`
        let hash = "$6$8.lJUc/YbUp3oaZe$28fBO0Y3QMsETzswQcXLch.itFPHGrnRzs/s/u9tDg1wGU5dd/UCaibg8IWqAnLWKXBIMFGM0gEmveeLnKyry0";
        fs::write(self.path("shadow"), format!("{}:{hash}:19000:0:99999:7:::\n", Self::USER))
            .expect("shadow");
    }

    /// Gives the account another login shell.
    pub fn log_in_with(&self, shell: impl AsRef<OsStr>) {
        let shell = Path::new(shell.as_ref()).display().to_string();
        let file = self.path("passwd");
        let passwd = fs::read_to_string(&file).expect("passwd");
        fs::write(file, passwd.replacen(":/bin/sh\n", &format!(":{shell}\n"), 1)).expect("passwd");
    }

    /// A file that only its owner may read.
    pub fn secret(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, text).expect("a file");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("its mode");
        path
    }

    pub fn authorized_keys(&self) -> PathBuf {
        self.home().join(".ssh/authorized_keys")
    }

    /// Makes a server see this account and no other.
    pub fn apply(&self, command: &mut Command) {
        command
            .env("LD_PRELOAD", nss_wrapper())
            .env("NSS_WRAPPER_PASSWD", self.path("passwd"))
            .env("NSS_WRAPPER_GROUP", self.path("group"));
        let shadow = self.path("shadow");
        if shadow.exists() {
            command.env("NSS_WRAPPER_SHADOW", shadow);
        }
    }
}

fn make_private_dir(path: &Path) {
    fs::create_dir(path).expect("a directory");
    fs::set_permissions(path, fs::Permissions::from_mode(0o700)).expect("its mode");
}

/// Answers questions about accounts and names from files of the tests' own.
pub(super) fn nss_wrapper() -> PathBuf {
    let found = glob::glob("/usr/lib/*/libnss_wrapper.so").expect("a pattern").find_map(Result::ok);
    found
        .unwrap_or_else(|| panic!("libnss_wrapper.so is missing; install it: apt-get install libnss-wrapper"))
}
