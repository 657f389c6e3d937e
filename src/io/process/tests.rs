//! Real processes.

use std::path::PathBuf;

use rustix::process::{Pid, test_kill_process};

use super::*;
use crate::base::{limits, time};
use crate::fleet::Collected;
use crate::io::runtime;
use crate::io::runtime::within;

/// Keeps the numbers of processes that a command prints, and ends it after so many.
struct Numbers(Vec<Pid>, usize);

impl Sink for Numbers {
    fn take(&mut self, _stream: Stream, bytes: &[u8]) -> ControlFlow<()> {
        let numbers = std::str::from_utf8(bytes).unwrap().split_whitespace();
        self.0.extend(numbers.filter_map(|number| Pid::from_raw(number.parse().unwrap())));
        if self.0.len() < self.1 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    }
}

fn shell() -> LocalShell {
    LocalShell { home: PathBuf::from("/") }
}

/// Runs until the command has printed `count` numbers of processes; none of them may be left then.
fn assert_all_end(command: &str, count: usize, exit: Option<Exit>) {
    runtime::run(async {
        let (shell, mut numbers) = (shell(), Numbers(Vec::new(), count));
        let limit = time::Duration::from_millis(300);
        let run = within(limit, shell.run(command.as_bytes(), &mut numbers)).await;
        assert_eq!(run.map(Result::unwrap), exit);
        assert!(!numbers.0.is_empty());
        let late = time::now() + limits::KILL_GRACE + time::Duration::from_secs(5);
        while !numbers.0.iter().copied().all(is_over) {
            assert!(time::now() < late, "some of {:?} are still there", numbers.0);
            runtime::sleep_until(time::now() + time::Duration::from_millis(10)).await;
        }
    })
    .unwrap();
}

/// Nobody may be there to bury what its parent left, so that counts as ended, too.
fn is_over(pid: Pid) -> bool {
    let state = std::fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero()));
    test_kill_process(pid).is_err() || state.map_or(true, |state| state.contains(") Z "))
}

#[test]
fn a_command_tells_its_output_and_its_end() {
    let run = |command: &'static str| {
        runtime::run(async {
            let mut output = Collected::up_to(100);
            let exit = shell().run(command.as_bytes(), &mut output).await.unwrap();
            (exit, output.stdout, output.stderr)
        })
        .unwrap()
    };
    assert_eq!(run("pwd; echo no >&2; exit 3"), (Exit::Code(3), b"/\n".to_vec(), b"no\n".to_vec()));
    assert_eq!(run("kill -SEGV $$").0, Exit::Signal("SEGV".into()));
}

#[test]
fn a_command_that_closed_its_streams_is_waited_for() {
    let exit = runtime::run(async {
        shell().run(b"exec >&- 2>&-; sleep 0.1; exit 7", &mut Collected::up_to(1)).await.unwrap()
    });
    assert_eq!(exit.unwrap(), Exit::Code(7));
}

#[test]
fn a_command_that_closed_its_streams_is_ended() {
    assert_all_end("echo $$; exec >&- 2>&-; sleep 1000", 2, None);
}

#[test]
fn what_a_command_started_ends_with_it() {
    assert_all_end("sleep 1000 & echo $! $$; wait", 2, Some(Exit::Stopped));
}

#[test]
fn what_ignores_the_first_signal_is_killed() {
    assert_all_end("trap '' TERM; sleep 1000 & echo $! $$; wait", 2, Some(Exit::Stopped));
}
