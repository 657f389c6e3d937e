//! The side of who asks.

use std::io::{Error as IoError, ErrorKind};
use std::path::{Path, PathBuf};

use futures_util::future::join_all;
use monoio::io::AsyncReadRent;
use monoio::net::UnixStream;

use super::super::runtime::within;
use super::{clear_away, own, socket_of, sockets};
use crate::base::{Error, Kind, Result, limits};

/// What one read may bring.
const READ_BYTES: usize = 16 * 1024;

/// A server, and what it said.
#[derive(Debug)]
pub struct Found {
    pub pid: u32,
    /// One line of JSON.
    pub said: Result<Vec<u8>>,
}

/// Asks the user's servers for their figures, all at once, or the one that has this process number.
pub async fn read_all(folders: &[PathBuf], pid: Option<u32>) -> Vec<Found> {
    // What others may enter, others may have put sockets into.
    let ours = folders.iter().filter(|folder| folder.is_dir() && own(folder).is_ok());
    // The one that is asked for need not be among the first of very many.
    let wanted = |folder| match pid {
        None => sockets(folder),
        Some(pid) => vec![(pid, socket_of(folder, pid))],
    };
    let mut sockets: Vec<_> = ours.flat_map(|folder| wanted(folder)).collect();
    sockets.retain(|(_, socket)| socket.exists() && !clear_away(socket));
    sockets.sort_unstable();
    let asked = sockets
        .iter()
        .map(|(pid, socket)| async { Some(Found { pid: *pid, said: ask(*pid, socket).await? }) });
    join_all(asked).await.into_iter().flatten().collect()
}

/// `None` when nobody serves there any more: one that is killed takes those with it who stand in its queue.
async fn ask(pid: u32, socket: &Path) -> Option<Result<Vec<u8>>> {
    let failed =
        |reason: &str| Error::new(Kind::Local, format!("The server {pid} does not answer: {reason}"));
    let said = match within(limits::STATS_PATIENCE, read(socket)).await {
        None => Err(failed(&format!("it takes longer than {}s", limits::STATS_PATIENCE.as_secs_f64()))),
        Some(Err(error)) if is_gone(&error) => {
            clear_away(socket);
            return None;
        }
        Some(Err(error)) => Err(failed(&error.to_string())),
        Some(Ok(said)) if said.is_empty() => Err(failed("it is busy; try again")),
        Some(Ok(said)) => Ok(said),
    };
    let has_ended = said.as_ref().is_ok_and(|said| said.ends_with(b"\n"));
    (has_ended || !clear_away(socket)).then_some(said)
}

fn is_gone(error: &IoError) -> bool {
    use ErrorKind::{BrokenPipe, ConnectionRefused, ConnectionReset, NotFound};
    matches!(error.kind(), BrokenPipe | ConnectionRefused | ConnectionReset | NotFound)
}

async fn read(socket: &Path) -> std::io::Result<Vec<u8>> {
    let mut stream = UnixStream::connect(socket).await?;
    let mut said = Vec::new();
    let mut buffer = Vec::with_capacity(READ_BYTES);
    while said.len() <= limits::STATS_BYTES_MAX {
        let (read, filled) = stream.read(buffer).await;
        buffer = filled;
        if read? == 0 {
            return Ok(said);
        }
        said.append(&mut buffer);
    }
    Err(IoError::other("it says more than its figures"))
}
