//! Counts the instructions of small pieces of work (`scout_mcp::testing::chores`) under valgrind's callgrind, and fails
//! when one takes more than `benches/instructions.toml` says. Unlike a time, a count is the same on a busy machine.
//!
//!     scripts/instructions                     all of them
//!     UPDATE_GOLDEN=1 scripts/instructions     writes the file anew
//!
//! A count depends on the compiler, so it is compared with one of the same compiler only; and a little on the processor
//! (which of its vector instructions libc and memchr choose) and on the seeds of hash tables, for which there is slack.

#![allow(clippy::print_stdout, clippy::expect_used, clippy::cast_precision_loss)]

mod counts;

use std::env;
use std::process::{Command, ExitCode};

use counts::Counts;
use scout_mcp::testing::chores::{self, Work};

fn main() -> ExitCode {
    if let Some(name) = env::args().nth(1) {
        let mut work = chores::named(&name).prepare();
        // The first time, what is made once is made.
        work();
        measured(&mut work);
        return ExitCode::SUCCESS;
    }
    let names = chores::all().into_iter().filter(|chore| chore.is_counted).map(|chore| chore.name);
    let now = Counts::of(names.map(|name| (name.clone(), count(&name))));
    if env::var_os("UPDATE_GOLDEN").is_some() {
        now.write();
        return ExitCode::SUCCESS;
    }
    match now.compare(&Counts::read()) {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}

/// Callgrind counts inside this function, and nowhere else.
#[inline(never)]
fn measured(work: &mut Work) {
    work();
}

/// In a process of its own, so that nothing depends on what was done before.
fn count(name: &str) -> u64 {
    let mut valgrind = Command::new("valgrind");
    valgrind.args(["--tool=callgrind", "--callgrind-out-file=/dev/null", "--toggle-collect=*measured*"]);
    let ran =
        valgrind.arg(env::current_exe().expect("a path")).arg(name).output().expect("valgrind is installed");
    let said = String::from_utf8_lossy(&ran.stderr);
    let count = said.lines().find_map(|line| line.split_once("Collected : ")?.1.trim().parse().ok());
    count.filter(|count| *count > 0).unwrap_or_else(|| panic!("{name} was not counted:\n{said}"))
}
