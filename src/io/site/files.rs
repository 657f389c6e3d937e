//! What clients read of a fleet: where it is, what it proves itself with, and the key that it takes.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use base64ct::{Base64, Encoding};

use super::Fleet;
use crate::simulated::{UserKey, plan};

/// Where they are.
pub(super) struct Folder {
    path: PathBuf,
    is_ours: bool,
}

impl Folder {
    /// One that is there, or a new one for nobody but us.
    pub fn open(given: Option<&Path>, port: u16) -> io::Result<Self> {
        if let Some(path) = given {
            return Ok(Self { path: fs::canonicalize(path)?, is_ours: false });
        }
        let path = std::env::temp_dir().join(format!("scout-fleet-{}-{port}", std::process::id()));
        DirBuilder::new().mode(0o700).create(&path)?;
        Ok(Self { path, is_ours: true })
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if self.is_ours {
            // What is left there harms nobody.
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}

/// `closed` is the port of those that are down.
pub(super) fn write(
    fleet: &Fleet,
    folder: &Folder,
    user: &UserKey,
    port: u16,
    closed: Option<u16>,
) -> io::Result<()> {
    let mut key = OpenOptions::new();
    key.write(true).create(true).truncate(true).mode(0o600);
    key.open(folder.file("key"))?.write_all(user.private_file().as_bytes())?;
    fs::write(folder.file("key.pub"), user.public_line())?;
    fs::write(folder.file("known_hosts"), known_hosts(fleet, port))?;
    fs::write(folder.file("ssh_config"), ssh_config(fleet, folder, port, closed))
}

fn known_hosts(fleet: &Fleet, port: u16) -> String {
    let lines = fleet.keys.iter().enumerate().flat_map(|(at, keys)| {
        let names = match fleet.keys.len() {
            1 => "127.80.*".to_owned(),
            _ => plan::address(at + 1).to_string(),
        };
        keys.iter().map(move |key| {
            let blob = Base64::encode_string(&key.presented);
            format!("[{names}]:{port} {} {blob}\n", key.algorithm.name())
        })
    });
    lines.collect()
}

fn ssh_config(fleet: &Fleet, folder: &Folder, port: u16, closed: Option<u16>) -> String {
    let plan = &fleet.plan;
    let host = |n| {
        let port =
            closed.filter(|_| plan.is_down(n)).map_or_else(String::new, |port| format!("    Port {port}\n"));
        format!("Host {}\n    HostName {}\n{port}", plan::name(n), plan::address(n))
    };
    let hosts: String = (1..=plan.hosts).map(host).collect();
    format!(
        "{hosts}Host host*\n    Port {port}\n    User scout\n    IdentityFile {}\n    IdentitiesOnly yes\n    \
         UserKnownHostsFile {}\n    StrictHostKeyChecking yes\n",
        folder.file("key").display(),
        folder.file("known_hosts").display(),
    )
}
