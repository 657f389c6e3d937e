//! Counts the instructions of small pieces of work (`scout_mcp::testing::chores`) under valgrind's callgrind, and fails
//! when one takes more than it did. Unlike a time, a count is the same on a busy machine.
//!
//!     scripts/instructions                     as shipped, in the profile `counted`: six minutes of a processor to build
//!     scripts/instructions dev                 as the tests build it: what every change has to pass
//!     UPDATE_GOLDEN=1 scripts/instructions     writes the file beside this one anew
//!
//! Without optimisations everything takes five to ten times as many, but for what is copied, compared or searched by libc:
//! what a change makes of it shows there too. A count depends on the compiler, so it is compared with one of the same
//! compiler only; hardly on the processor (which of its vector instructions libc and memchr choose); and up to one in two
//! hundred on the seeds of hash tables, where there are any: what takes more than it may is counted again, and the least
//! counts. Everything else takes the same to the instruction each time.

#![allow(clippy::print_stdout, clippy::expect_used, clippy::cast_precision_loss)]

mod counts;

use std::env;
use std::path::Path;
use std::process::{Command, ExitCode};

use counts::Counts;
use scout_mcp::testing::chores::{self, Work};

/// Of what takes more than it may, and of what is accepted.
const TRIES: usize = 3;

/// Processors differ in whether they copy long pieces with one instruction, which callgrind counts once per byte.
const COPY_ALIKE: &str =
    "glibc.cpu.x86_rep_movsb_threshold=1073741824:glibc.cpu.x86_rep_stosb_threshold=1073741824";

fn main() -> ExitCode {
    if let Some(name) = env::args().nth(1) {
        let mut work = chores::named(&name).prepare();
        // The first time, what is made once is made.
        work();
        measured(&mut work);
        return ExitCode::SUCCESS;
    }
    let names = chores::all().into_iter().filter(|chore| chore.is_counted).map(|chore| chore.name);
    let is_accepted = env::var_os("UPDATE_GOLDEN").is_some();
    let before = if is_accepted { Counts::none() } else { Counts::read() };
    let now = Counts::of(names.map(|name| {
        let least = least(&name, before.allowed(&name));
        (name, least)
    }));
    if is_accepted {
        now.write();
        return ExitCode::SUCCESS;
    }
    match now.compare(&before) {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}

/// The least of some counts, or the first that is as little as is wanted.
fn least(name: &str, wanted: u64) -> u64 {
    let mut least = u64::MAX;
    for _ in 0..TRIES {
        least = least.min(count(name));
        if least <= wanted {
            break;
        }
    }
    least
}

/// Callgrind counts inside this function, and nowhere else.
#[inline(never)]
fn measured(work: &mut Work) {
    work();
}

/// In a process of its own, so that nothing depends on what was done before; where that finds its memory depends on neither
/// the environment nor the folder of the executable.
fn count(name: &str) -> u64 {
    let executable = env::current_exe().expect("a path");
    let mut valgrind = Command::new("valgrind");
    valgrind
        .env_clear()
        .envs(env::var_os("PATH").map(|path| ("PATH", path)))
        .env("GLIBC_TUNABLES", COPY_ALIKE);
    valgrind.current_dir(executable.parent().expect("a folder"));
    valgrind.args([
        "--tool=callgrind",
        "--callgrind-out-file=/dev/null",
        "--toggle-collect=count_instructions::measured*",
    ]);
    valgrind.arg(Path::new(".").join(executable.file_name().expect("a name"))).arg(name);
    let ran = valgrind.output().expect("valgrind is installed");
    let said = String::from_utf8_lossy(&ran.stderr);
    let count = said.lines().find_map(|line| line.split_once("Collected : ")?.1.trim().parse().ok());
    count.filter(|count| *count > 0).unwrap_or_else(|| panic!("{name} was not counted:\n{said}"))
}
