//! The scenarios that the documents on earlier systems measured, and the figures asked of this one, each as a row of a
//! Markdown table with the document's figure beside ours:
//!
//!     cargo bench --bench fleet                       all of it
//!     cargo bench --bench fleet -- pool load          some sections
//!     cargo bench --bench fleet -- sshd --seconds 300
//!
//! Simulated hosts (`scout_mcp::testing::live`) answer in this process, after exactly the time that the document's own
//! had; what they compute is in the figures. Rows of a server process are measured from outside, over its pipe.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss
)]

#[allow(dead_code)]
#[path = "../support/cpu.rs"]
mod cpu;
#[allow(dead_code, unused_imports)]
#[path = "../../tests/support/mod.rs"]
mod support;

mod figures;
mod load;
mod operations;
mod parsing;
mod pool;
mod process;
mod requests;
mod serve;
mod site;
mod sshd;

use figures::Scale;

type Section = fn(Scale);

/// The parts, by the names that the command line knows.
const SECTIONS: [(&str, Section); 7] = [
    ("parsing", parsing::all),
    ("pool", pool::all),
    ("operations", operations::all),
    ("requests", requests::all),
    ("load", load::all),
    ("process", process::all),
    ("sshd", sshd::all),
];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let seconds = arguments.iter().position(|argument| argument == "--seconds");
    let seconds = seconds.and_then(|at| arguments.get(at + 1)?.parse().ok());
    // `cargo test --benches` runs this as a test: a little of everything, to see that it works.
    let scale = Scale { is_full: arguments.iter().any(|argument| argument == "--bench"), seconds };
    let is_named = |name: &str| arguments.iter().any(|argument| argument == name);
    let all = !SECTIONS.iter().any(|(name, _)| is_named(name));
    figures::head();
    for (_, section) in SECTIONS.iter().filter(|(name, _)| all || is_named(name)) {
        section(scale);
    }
}
