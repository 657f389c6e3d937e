//! A shell that runs whatever it is given, and can do no harm: it lives in namespaces of its own, in a file system that
//! holds nothing else and cannot be written to. Where the system grants no namespaces it is an ordinary process, whose
//! search path and working directory are empty.

use std::io::{ErrorKind, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use super::scratch;

/// What `~` means there.
pub const HOME: &str = "/home/a b";

/// A shell that runs one script after another.
pub struct Jail {
    shell: Child,
    input: ChildStdin,
    output: ChildStdout,
    /// Scripts that were run.
    count: u64,
}

impl Jail {
    /// Starts a shell, which first runs `prelude` and keeps what that defines. Its words are its name, which is looked up
    /// as usual, and arguments.
    pub fn new(shell: &[&str], prelude: &str) -> Self {
        let mut jailed = Command::new("unshare");
        jailed.args("--user --map-root-user --mount --net --ipc --pid --fork --kill-child".split(' '));
        jailed.args(["/bin/sh", "-c", include_str!("jail.sh"), "jail"]).arg(scratch::folder()).args(shell);
        let mut plain = Command::new(shell[0]);
        plain.args(&shell[1..]).env_clear().envs([("PATH", "/none"), ("LC_ALL", "C")]);
        let jail = Self::begin(jailed).or_else(|| Self::begin(plain));
        let mut jail = jail.unwrap_or_else(|| panic!("{shell:?} does not run"));
        assert_eq!(jail.run(prelude.as_bytes()), b"", "{shell:?} does not understand what it is told first");
        jail
    }

    /// Everything a script prints, errors too. Its input is empty. Panics when the shell goes on to something else, or ends.
    pub fn run(&mut self, script: &[u8]) -> Vec<u8> {
        self.try_run(script).expect("the shell is there, and its output ends")
    }

    fn begin(mut command: Command) -> Option<Self> {
        let command = command.env("HOME", HOME).current_dir(scratch::folder());
        let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut shell = command.spawn().ok()?;
        let (input, output) = (shell.stdin.take()?, shell.stdout.take()?);
        let mut jail = Self { shell, input, output, count: 0 };
        jail.try_run(b"exec 2>&1").map(|_| jail)
    }

    fn try_run(&mut self, script: &[u8]) -> Option<Vec<u8>> {
        self.count += 1;
        let end = format!("\nthat was number {}\n", self.count);
        let say_so = format!("\nprintf '\\nthat was number %d\\n' {}\n", self.count);
        self.input.write_all(&[script, say_so.as_bytes()].concat()).ok()?;
        let mut output = Vec::new();
        let mut piece = [0; 4096];
        while !output.ends_with(end.as_bytes()) {
            match self.output.read(&mut piece) {
                // A fuzzer's clock.
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Ok(0) | Err(_) => return None,
                Ok(count) => output.extend_from_slice(&piece[..count]),
            }
        }
        output.truncate(output.len() - end.len());
        Some(output)
    }
}

impl Drop for Jail {
    fn drop(&mut self) {
        let _ = self.shell.kill();
        let _ = self.shell.wait();
    }
}
