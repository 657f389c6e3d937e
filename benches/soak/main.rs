//! Whether a server stays as it is that works for long, and how many users it stands:
//!
//!     cargo bench --bench soak -- --minutes 30
//!     cargo bench --bench soak -- ladder
//!     cargo bench --bench soak -- stress --seconds 20
//!
//! `scout-mcp serve` over HTTP works for OpenSSH and for simulated hosts, each in processes of their own, asked by `scout-mcp
//! bench run`. The soak first finds out what there is to be had, then asks for 80 % of it, while hosts die and come back, the
//! configuration is rewritten, and other clients cancel, vanish, read slowly and drip. The ladders have rising numbers of
//! users and nobody who disturbs them. `--binary FILE` is another build, `--export FILE` where the figures go.

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

mod churn;
mod clients;
mod deeds;
mod hosts;
mod judgement;
mod ladder;
mod load;
mod long_run;
mod served;
mod vitals;

use std::path::PathBuf;

/// What the command line says.
pub struct Options {
    /// Of this many seconds.
    pub soak_seconds: u64,
    /// Of a rung, where it is said.
    pub rung_seconds: Option<u64>,
    /// Measured, or only seen to work.
    pub is_full: bool,
    pub binary: PathBuf,
    pub export: PathBuf,
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let after = |name: &str| {
        let at = arguments.iter().position(|argument| argument == name)?;
        arguments.get(at + 1).map(String::as_str)
    };
    let number = |name: &str| after(name).map(|text| text.parse::<u64>().unwrap());
    // `cargo test --benches` runs this as a test: a few seconds, to see that it works.
    let is_full = arguments.iter().any(|argument| argument == "--bench");
    let is_named = |name: &str| arguments.iter().any(|argument| argument == name);
    let options = Options {
        soak_seconds: if is_full { 60 * number("--minutes").unwrap_or(30) } else { 5 },
        rung_seconds: number("--seconds"),
        is_full,
        binary: after("--binary").unwrap_or(env!("CARGO_BIN_EXE_scout-mcp")).into(),
        export: after("--export")
            .map_or_else(|| PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("soak.json"), PathBuf::from),
    };
    let passes = match () {
        () if is_named("ladder") => ladder::rise(&options, &ladder::LOAD),
        () if is_named("stress") => ladder::rise(&options, &ladder::STRESS),
        () => long_run::soak(&options),
    };
    println!("\nAll figures: {}", options.export.display());
    // What was only seen to work is no measurement.
    std::process::exit(i32::from(is_full && !passes));
}
