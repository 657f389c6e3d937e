//! Processes that end with the test, and their output as it comes.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use scout_mcp::base::time::now;

/// Longest wait for anything. Only a failing test ever waits so long.
pub const DEADLINE: Duration = Duration::from_secs(30);

/// Where Debian puts daemons, which is not in everybody's `PATH`.
const SBIN: [&str; 2] = ["/usr/sbin", "/sbin"];

/// A program of the Debian package `package`, or a failure that says how to get it.
pub fn program(name: &str, package: &str) -> Command {
    let path = std::env::var("PATH").unwrap_or_default();
    let found = path.split(':').chain(SBIN).map(|dir| Path::new(dir).join(name)).find(|file| file.is_file());
    match found {
        Some(file) => Command::new(file),
        None => panic!("{name} is missing; install it: apt-get install {package}"),
    }
}

/// The Python of a virtual environment that `scripts/test` makes, below the target directory unless it says otherwise.
pub fn venv_python(venv: &str) -> Command {
    let default = || PathBuf::from(env!("CARGO_TARGET_TMPDIR")).with_file_name("test-venvs");
    let venvs = std::env::var_os("SCOUT_TEST_VENVS").map_or_else(default, PathBuf::from);
    let interpreter = venvs.join(venv).join("bin/python");
    assert!(interpreter.is_file(), "{} is missing: run scripts/test", interpreter.display());
    let mut command = Command::new(interpreter);
    // No byte-code files in the source tree.
    command.arg("-B");
    command
}

/// Node with a script of a package that `scripts/test` installs for `tests/FOLDER`.
pub fn node(folder: &str, script: &str) -> Command {
    let script = node_modules(folder).join(script);
    assert!(script.is_file(), "{} is missing: run scripts/test", script.display());
    let mut command = interpreter();
    command.arg(script);
    command
}

/// Node that runs a script of ours, which requires packages that `scripts/test` installs for `tests/FOLDER`.
pub fn node_with(folder: &str, script: &Path) -> Command {
    let modules = node_modules(folder);
    assert!(modules.is_dir(), "{} is missing: run scripts/test", modules.display());
    let mut command = interpreter();
    command.env("NODE_PATH", modules).arg(script);
    command
}

/// A Node that is new enough for everything here comes with the conformance suite.
fn interpreter() -> Command {
    let node = node_modules("conformance").join(".bin/node");
    assert!(node.is_file(), "{} is missing: run scripts/test", node.display());
    Command::new(node)
}

/// Below the target directory, unless `SCOUT_TEST_NODE` says otherwise.
fn node_modules(folder: &str) -> PathBuf {
    let default = || PathBuf::from(env!("CARGO_TARGET_TMPDIR")).with_file_name("test-node");
    let installed = std::env::var_os("SCOUT_TEST_NODE").map_or_else(default, PathBuf::from);
    installed.join(folder).join("node_modules")
}

/// Polls until `condition` holds.
pub fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let end = now() + DEADLINE;
    while !condition() {
        assert!(now() < end, "still not so: {what}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// Whether a process runs whose command line holds `marker`.
pub fn process_running(marker: &str) -> bool {
    processes().any(|pid| {
        let command_line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let words = String::from_utf8_lossy(&command_line).replace('\0', " ");
        words.contains(marker)
    })
}

/// A running process with stdout and stderr in one [`Log`]; dropping it kills it and all its descendants.
pub struct Process {
    child: Child,
    pub log: Log,
}

impl Process {
    pub fn start(mut command: Command) -> Self {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        command.stdin(Stdio::null());
        command.stdout(writer.try_clone().expect("a second descriptor")).stderr(writer);
        let child = command.spawn().unwrap_or_else(|error| panic!("cannot start {command:?}: {error}"));
        Self { child, log: Log::follow(reader) }
    }

    /// Sends a signal to it and all its descendants.
    pub fn signal(&self, signal: Signal) {
        send(self.child.id(), signal);
        self.signal_descendants(signal);
    }

    /// Kills it and all its descendants, those too that are being started meanwhile.
    pub fn crash(&self) {
        // It starts nobody any more.
        send(self.child.id(), Signal::STOP);
        loop {
            let left = descendants(self.child.id());
            if left.is_empty() {
                break;
            }
            left.into_iter().for_each(|pid| send(pid, Signal::KILL));
        }
        send(self.child.id(), Signal::KILL);
        self.log.wait_for_end();
    }

    /// Sends a signal to all its descendants.
    pub fn signal_descendants(&self, signal: Signal) {
        descendants(self.child.id()).into_iter().for_each(|pid| send(pid, signal));
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        kill_tree(&mut self.child);
    }
}

/// Kills a child with its descendants: sshd's session processes leave its process group.
pub fn kill_tree(child: &mut Child) {
    descendants(child.id()).into_iter().for_each(|pid| send(pid, Signal::KILL));
    let _ = child.kill();
    let _ = child.wait();
}

fn send(pid: u32, signal: Signal) {
    if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
        // It may be gone already.
        let _ = kill_process(pid, signal);
    }
}

/// Resident memory of a process, in KiB.
pub fn resident_kib(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("its status");
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("a VmRSS line");
    line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).expect("a number")
}

fn descendants(root: u32) -> Vec<u32> {
    let parents: Vec<(u32, u32)> = processes().filter_map(|pid| Some((pid, parent(pid)?))).collect();
    let mut found = vec![root];
    let mut next = 0;
    while let Some(&parent) = found.get(next) {
        found.extend(parents.iter().filter(|(_, of)| *of == parent).map(|(pid, _)| *pid));
        next += 1;
    }
    found.split_off(1)
}

fn processes() -> impl Iterator<Item = u32> {
    let entries = std::fs::read_dir("/proc").expect("/proc");
    entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
}

fn parent(pid: u32) -> Option<u32> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in parentheses may hold anything, parentheses and spaces included.
    let (_, fields) = stat.rsplit_once(") ")?;
    // One that has ended and waits to be buried is nobody's descendant any more.
    let (state, fields) = fields.split_once(' ')?;
    if state == "Z" { None } else { fields.split(' ').next()?.parse().ok() }
}

/// Lines of output, readable while they come.
#[derive(Clone, Default)]
pub struct Log(Arc<(Mutex<Lines>, Condvar)>);

#[derive(Default)]
struct Lines {
    lines: Vec<String>,
    ended: bool,
}

impl Log {
    pub fn follow(output: impl Read + Send + 'static) -> Self {
        let log = Self::default();
        let writer = log.clone();
        thread::spawn(move || {
            for line in BufReader::new(output).split(b'\n').map_while(Result::ok) {
                writer.lock().lines.push(String::from_utf8_lossy(&line).into_owned());
                writer.0.1.notify_all();
            }
            writer.lock().ended = true;
            writer.0.1.notify_all();
        });
        log
    }

    /// How many lines hold `needle` so far.
    pub fn count(&self, needle: &str) -> usize {
        self.lock().count(needle)
    }

    /// How many lines begin with `start` so far.
    pub fn count_starting(&self, start: &str) -> usize {
        self.lock().lines.iter().filter(|line| line.starts_with(start)).count()
    }

    /// Waits for a line that holds `needle` and returns it.
    pub fn wait_for(&self, needle: &str) -> String {
        self.wait_for_count(needle, 1);
        let lines = self.lock();
        lines.lines.iter().find(|line| line.contains(needle)).cloned().unwrap_or_default()
    }

    /// Waits for `n` lines that hold `needle`.
    pub fn wait_for_count(&self, needle: &str, n: usize) {
        let missing = |lines: &mut Lines| !lines.ended && lines.count(needle) < n;
        let (lines, _) =
            self.0.1.wait_timeout_while(self.lock(), DEADLINE, missing).expect("the log's reader lives");
        let found = lines.count(needle);
        // A panic with the lock held would take the reader along.
        drop(lines);
        assert!(found >= n, "{found} of {n} times {needle:?} in the log:\n{}", self.text());
    }

    /// Waits until nobody writes to it any more.
    pub fn wait_for_end(&self) {
        let goes_on = |lines: &mut Lines| !lines.ended;
        let (lines, _) =
            self.0.1.wait_timeout_while(self.lock(), DEADLINE, goes_on).expect("the log's reader lives");
        assert!(lines.ended, "somebody still writes to the log");
    }

    pub fn text(&self) -> String {
        self.lock().lines.join("\n")
    }

    fn lock(&self) -> MutexGuard<'_, Lines> {
        self.0.0.lock().expect("the log's reader lives")
    }
}

impl Lines {
    fn count(&self, needle: &str) -> usize {
        self.lines.iter().filter(|line| line.contains(needle)).count()
    }
}
