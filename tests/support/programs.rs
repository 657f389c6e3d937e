//! Programs in the place of those that a host may have: Docker, kubectl, ZFS, systemd. They answer as the real ones were
//! recorded, and note what they were asked.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::process::program;
use super::scout::test_file;

/// What every host has, of what our scripts use.
const EVERYWHERE: [&str; 9] = ["sh", "cat", "tr", "head", "tail", "grep", "sort", "ls", "sleep"];

/// A directory of programs: the whole `PATH` of a host.
pub struct Programs {
    dir: TempDir,
}

impl Programs {
    /// Those that every host has, and these of `support/programs`.
    pub fn new(names: &[&str]) -> Self {
        Self::beside(names, found)
    }

    /// These beside what BusyBox has of the others.
    pub fn of_busybox(names: &[&str]) -> Self {
        let busybox = PathBuf::from(program("busybox", "busybox").get_program());
        Self::beside(names, |_| busybox.clone())
    }

    fn beside(names: &[&str], found: impl Fn(&str) -> PathBuf) -> Self {
        let dir = TempDir::with_prefix("programs-").expect("a directory");
        for name in EVERYWHERE {
            symlink(found(name), dir.path().join(name)).expect("a link");
        }
        let programs = Self { dir };
        for name in names {
            let path = programs.path(name);
            fs::copy(test_file("support/programs").join(name), &path).expect("a program");
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("its mode");
        }
        programs
    }

    /// A line of `sshd_config`.
    pub fn config(&self) -> String {
        format!("SetEnv PATH={}", self.dir.path().display())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Puts a file beside the programs; some are other than usual when there is one of a certain name.
    pub fn put(&self, name: &str, content: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("its directory");
        fs::write(path, content).expect("a file");
    }

    pub fn remove(&self, name: &str) {
        fs::remove_file(self.path(name)).expect("a file");
    }

    /// What they were asked, from now back to the last time.
    pub fn calls(&self) -> Vec<String> {
        let calls = fs::read_to_string(self.path("calls")).unwrap_or_default();
        let _ = fs::remove_file(self.path("calls"));
        calls.lines().map(str::to_owned).collect()
    }
}

fn found(name: &str) -> PathBuf {
    let places = ["/usr/bin", "/bin"].map(|place| Path::new(place).join(name));
    places.into_iter().find(|path| path.exists()).unwrap_or_else(|| panic!("there is no {name}"))
}
