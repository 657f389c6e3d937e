//! The fleet of a measurement: played by a process of its own, so that what it takes is not ours, and ended with us.

use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;

use crate::base::{Error, Kind, Result};
use crate::config::Overrides;
use crate::crypto::random;
use crate::io::again::Again;

/// See the module's documentation. Dropped, it is gone with its files.
pub struct Played {
    /// Dropped before its files are.
    _process: Again,
    folder: Folder,
}

/// A directory for nobody else, removed when it is dropped.
struct Folder(PathBuf);

impl Played {
    /// Plays so many hosts, with further arguments for `bench fleet`.
    ///
    /// Errors: it cannot be played, or the arguments make no sense.
    pub fn start(hosts: usize, arguments: Option<&str>) -> Result<Self> {
        let folder = Folder::new()?;
        let path = folder.0.to_string_lossy().into_owned();
        let fixed = ["bench", "fleet", "--with-parent", "--hosts", &hosts.to_string(), "--folder", &path]
            .map(str::to_owned);
        let given = arguments.unwrap_or_default().split_whitespace().map(str::to_owned);
        let process = Again::start(fixed.into_iter().chain(given));
        let process = process.map_err(|error| error.context("Cannot play a fleet"))?;
        Ok(Self { _process: process, folder })
    }

    /// Has the configuration of the fleet be read instead of the user's.
    pub fn point_to(&self, overrides: &mut Overrides) {
        let file = |name: &str| Some(self.folder.0.join(name).to_string_lossy().into_owned());
        overrides.ssh_config = file("ssh_config");
        overrides.known_hosts = file("known_hosts");
    }
}

impl Folder {
    fn new() -> Result<Self> {
        let name: String = random::array::<8>().iter().map(|byte| format!("{byte:02x}")).collect();
        let path = std::env::temp_dir().join(format!("scout-bench-{name}"));
        let made = DirBuilder::new().mode(0o700).create(&path);
        made.map_err(|error| Error::new(Kind::Local, format!("Cannot make {}: {error}", path.display())))?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What cannot be removed is left to whoever tidies up there.
        let _ = fs::remove_dir_all(&self.0);
    }
}
