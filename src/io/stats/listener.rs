//! The side of the server.

use std::cell::Cell;
use std::fs::{self, Permissions};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener as StdUnixListener;
use std::path::{Path, PathBuf};
use std::process;
use std::rc::Rc;

use futures_util::future::LocalBoxFuture;
use monoio::io::AsyncWriteRentExt;
use monoio::net::{UnixListener, UnixStream};

use super::super::runtime::{self, within};
use super::{clear_away, is_stale, own, socket_of, sockets};
use crate::base::time::Duration;
use crate::base::{limits, time};

/// Between attempts to accept where there is no descriptor left.
const PAUSE: Duration = Duration::from_secs(1);

/// Says the figures, one line without its end; `None` when there is too much to do.
pub type Say = dyn Fn() -> LocalBoxFuture<'static, Option<String>>;

/// The socket is there as long as this is.
#[derive(Debug)]
pub struct Listener {
    path: PathBuf,
}

impl Drop for Listener {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

/// Listens in the first of these folders that allows it, and clears away what servers that were killed left there.
///
/// Errors: none allows it; the text says why, folder by folder.
pub fn listen(folders: &[PathBuf], say: Rc<Say>) -> Result<Listener, String> {
    let mut reasons = Vec::new();
    for folder in folders {
        match bind(folder) {
            Ok((socket, path)) => {
                runtime::spawn(accept(socket, say));
                return Ok(Listener { path });
            }
            Err(error) => reasons.push(format!("{}: {error}", folder.display())),
        }
    }
    Err(reasons.join("; "))
}

fn bind(folder: &Path) -> io::Result<(UnixListener, PathBuf)> {
    let pid = process::id();
    let path = socket_of(folder, pid);
    let length = path.as_os_str().as_bytes().len();
    if length > limits::SOCKET_PATH_BYTES_MAX {
        let max = limits::SOCKET_PATH_BYTES_MAX;
        return Err(io::Error::other(format!(
            "a socket's path would have {length} bytes, at most {max} fit"
        )));
    }
    own(folder)?;
    for (_, socket) in sockets(folder) {
        clear_away(&socket);
    }
    if path.exists() && !is_stale(&path)? {
        // The folder is shared with a container, where processes have numbers of their own.
        return Err(io::Error::other(format!("another process listens on {}", path.display())));
    }
    // It gets its name when somebody listens: before that it would look as if it had been left there.
    let unnamed = folder.join(format!(".{pid}"));
    let _ = fs::remove_file(&unnamed);
    // The runtime's own way asks for SO_REUSEPORT, which newer kernels refuse here.
    let socket = StdUnixListener::bind(&unnamed)?;
    socket.set_nonblocking(true)?;
    fs::set_permissions(&unnamed, Permissions::from_mode(0o600))?;
    fs::rename(&unnamed, &path)?;
    Ok((UnixListener::from_std(socket)?, path))
}

async fn accept(socket: UnixListener, say: Rc<Say>) {
    let readers = Rc::new(Cell::new(0));
    loop {
        match socket.accept().await {
            // Who is one too many sees the connection closed.
            Ok(_) if readers.get() >= limits::STATS_READERS_MAX => {}
            Ok((stream, _)) => {
                let (reader, say) = (Reader::new(&readers), Rc::clone(&say));
                runtime::spawn(async move {
                    within(limits::STATS_PATIENCE, answer(stream, &*say)).await;
                    drop(reader);
                });
            }
            Err(error) => {
                tracing::debug!(%error, "the statistics socket accepts nobody for a while");
                runtime::sleep_until(time::now() + PAUSE).await;
            }
        }
    }
}

async fn answer(mut stream: UnixStream, say: &Say) {
    let is_ours = |uid| uid == rustix::process::geteuid().as_raw();
    if !stream.peer_cred().is_ok_and(|peer| is_ours(peer.uid())) {
        return;
    }
    let Some(mut line) = say().await else { return };
    line.push('\n');
    // Who went away did not want to know.
    let _ = stream.write_all(line.into_bytes()).await;
}

/// Counts who is being answered.
struct Reader(Rc<Cell<usize>>);

impl Reader {
    fn new(count: &Rc<Cell<usize>>) -> Self {
        count.set(count.get() + 1);
        Self(Rc::clone(count))
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}
