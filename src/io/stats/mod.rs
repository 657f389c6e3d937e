//! How a running server tells its figures to other processes of its user: by a socket of its own.
//!
//! Every server listens on `PID.sock` in a folder that only its user may enter. Who connects is told the figures, one line
//! of JSON, and nothing is read from him. Those that people start have `XDG_RUNTIME_DIR`; those that an MCP client starts
//! often do not, and put their sockets below the home directory. Who asks looks in both places.

mod listener;
mod reader;

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use socket2::{Domain, SockAddr, Socket, Type};

use crate::base::limits;
use crate::config::Env;

pub use listener::{Listener, listen};
pub use reader::{Found, read_all};

/// Where sockets may be, the best place first.
pub fn folders(env: &Env) -> Vec<PathBuf> {
    let runtime = env.var("XDG_RUNTIME_DIR").map(Path::new).filter(|path| path.is_absolute());
    let runtime = runtime.map(|path| path.join("scout-mcp"));
    runtime.into_iter().chain([env.home.join(".cache/scout-mcp/run")]).collect()
}

/// Makes the folder if it is not there, and looks that nobody else may enter it.
fn own(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let metadata = fs::symlink_metadata(folder)?;
    let is_ours = metadata.uid() == rustix::process::geteuid().as_raw();
    if !metadata.is_dir() || !is_ours || metadata.mode() & 0o077 != 0 {
        return Err(io::Error::other("it must be a directory that only you may enter (chmod 700)"));
    }
    Ok(())
}

fn socket_of(folder: &Path, pid: u32) -> PathBuf {
    folder.join(format!("{pid}.sock"))
}

/// The sockets of a folder, with the processes that they are named after.
fn sockets(folder: &Path) -> Vec<(u32, PathBuf)> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let numbered = entries.flatten().take(limits::STATS_SERVERS_MAX).filter_map(|entry| {
        let name = entry.file_name();
        let pid = name.to_str()?.strip_suffix(".sock")?.parse().ok()?;
        Some((pid, entry.path()))
    });
    numbered.collect()
}

/// Removes a socket that nobody listens on any more; whether it was one. Its process was killed, then.
fn clear_away(socket: &Path) -> bool {
    let is_stale = is_stale(socket).unwrap_or(false);
    if is_stale {
        // Somebody else may have been faster.
        let _ = fs::remove_file(socket);
    }
    is_stale
}

fn is_stale(socket: &Path) -> io::Result<bool> {
    // One that is alive but has no time for us would have us wait.
    let probe = Socket::new(Domain::UNIX, Type::STREAM.nonblocking(), None)?;
    match probe.connect(&SockAddr::unix(socket)?) {
        Err(error) => Ok(error.kind() == io::ErrorKind::ConnectionRefused),
        Ok(()) => Ok(false),
    }
}

#[cfg(test)]
mod tests;
