//! A thread that reads the configuration again when its files look different, or on SIGHUP; never a core.
//!
//! Files are looked at every few seconds. Being told of changes (inotify) would need a watch on every directory on the
//! way, as editors rename and links are exchanged; says nothing on network file systems, where home directories are; and
//! cannot wait for what is not there yet. A look at a handful of files costs microseconds.

use std::io::{self, Read};
use std::os::unix::net::UnixStream;
use std::thread;

use async_channel::{Receiver, Sender};
use signal_hook::consts::SIGHUP;
use signal_hook::low_level::pipe;

use super::cpus;
use crate::base::limits::{
    CONFIG_AT_REST_FOR, CONFIG_LOOK_PAUSE_FACTOR, CONFIG_LOOK_PAUSE_MAX, CONFIG_LOOKED_AT_EVERY,
    CONFIG_UNREST_LOOKS_MAX,
};
use crate::base::time::{self, Duration};
use crate::config::Sources;

/// A configuration that can be read again.
pub trait Load: Send + 'static {
    type Loaded: Send + 'static;

    /// The files it comes from, as they were when they were read last.
    fn sources(&self) -> &Sources;

    /// Reads it again; `None` where that leads to nothing new.
    fn load(&mut self) -> Option<Self::Loaded>;
}

/// Begins to watch. Everything that is loaded is sent; the thread ends when nobody receives it any more.
///
/// Errors: the system gives no thread or no socket, or takes no handler for the signal.
pub fn start<L: Load>(load: L) -> io::Result<Receiver<L::Loaded>> {
    let (hangups, notify) = UnixStream::pair()?;
    pipe::register(SIGHUP, notify)?;
    let (sender, receiver) = async_channel::bounded(1);
    thread::Builder::new().name("watch".into()).spawn(move || {
        cpus::unpin();
        if let Err(error) = watch(load, &hangups, &sender) {
            tracing::error!(%error, "changes of the configuration are not noticed any more");
        }
    })?;
    Ok(receiver)
}

fn watch<L: Load>(mut load: L, mut hangups: &UnixStream, sender: &Sender<L::Loaded>) -> io::Result<()> {
    let mut pause = CONFIG_LOOKED_AT_EVERY;
    while !sender.is_closed() {
        hangups.set_read_timeout(Some(pause))?;
        // Several at once are one.
        let is_asked = hangups.read(&mut [0; 64]).is_ok();
        let begun = time::now();
        let seen = load.sources().renewed();
        pause = pause_after(time::now() - begun);
        if is_asked || seen != *load.sources() {
            wait_for_rest(seen);
            if let Some(loaded) = load.load() {
                let _ = sender.send_blocking(loaded);
            }
        }
    }
    Ok(())
}

/// So long until the next look that all looks together cost next to nothing.
fn pause_after(took: Duration) -> Duration {
    (took * CONFIG_LOOK_PAUSE_FACTOR).clamp(CONFIG_LOOKED_AT_EVERY, CONFIG_LOOK_PAUSE_MAX)
}

/// Waits until nobody writes any more: half a file is a configuration too, in which hosts are missing.
fn wait_for_rest(mut seen: Sources) {
    for _ in 0..CONFIG_UNREST_LOOKS_MAX {
        thread::sleep(CONFIG_AT_REST_FOR);
        let now = seen.renewed();
        if now == seen {
            return;
        }
        seen = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_files_are_looked_at_less_often_but_often_enough() {
        assert_eq!(pause_after(Duration::from_micros(50)), CONFIG_LOOKED_AT_EVERY);
        assert_eq!(pause_after(Duration::from_millis(10)), Duration::from_secs(5));
        assert_eq!(pause_after(Duration::from_secs(1)), CONFIG_LOOK_PAUSE_MAX);
    }

    /// What a file says.
    struct File {
        path: std::path::PathBuf,
        sources: Sources,
    }

    impl File {
        fn new(path: std::path::PathBuf) -> Self {
            let mut sources = Sources::default();
            sources.note_file(&path);
            Self { path, sources }
        }
    }

    impl Load for File {
        type Loaded = String;

        fn sources(&self) -> &Sources {
            &self.sources
        }

        fn load(&mut self) -> Option<String> {
            self.sources = self.sources.renewed();
            std::fs::read_to_string(&self.path).ok()
        }
    }

    #[test]
    fn a_file_is_read_when_it_changes_and_at_the_signal() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        std::fs::write(&path, "one").unwrap();
        let loaded = start(File::new(path.clone())).unwrap();
        signal_hook::low_level::raise(SIGHUP).unwrap();
        assert_eq!(loaded.recv_blocking().unwrap(), "one");
        std::fs::write(dir.path().join("new"), "two").unwrap();
        std::fs::rename(dir.path().join("new"), &path).unwrap();
        assert_eq!(loaded.recv_blocking().unwrap(), "two");
    }
}
