//! The official conformance suite, in both of its lines, against the server of `examples/conformance_server`: every
//! scenario passes that counts for a revision.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

use crate::support::{Process, node, ours};

/// The suite has deadlines of half a second, which a busy machine misses now and then: what failed is tried again alone.
const ATTEMPTS: usize = 3;

#[test]
fn everything_that_2026_07_28_requires() {
    passes(
        "@modelcontextprotocol/conformance",
        &["--requirements", "2026-07-28"],
        &["--spec-version", "2026-07-28"],
    );
}

#[test]
fn everything_that_2025_11_25_requires() {
    passes(
        "@modelcontextprotocol/conformance",
        &["--requirements", "2025-11-25"],
        &["--spec-version", "2025-11-25"],
    );
}

#[test]
fn everything_that_the_older_suite_has() {
    passes("conformance-0.1", &["--suite", "all"], &[]);
}

/// `alone` is what one scenario by itself is run with.
fn passes(package: &str, arguments: &[&str], alone: &[&str]) {
    let server = Server::start();
    let output = server.suite(package, arguments);
    if output.status.success() {
        return;
    }
    let said = String::from_utf8_lossy(&output.stdout);
    let failed = failed(&said);
    assert!(!failed.is_empty(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    for scenario in failed {
        let arguments = [&["--scenario", scenario], alone].concat();
        let mut attempts = (1..ATTEMPTS).map(|_| server.suite(package, &arguments));
        let passed = attempts.any(|output| output.status.success());
        assert!(
            passed,
            "{scenario}:\n{}",
            String::from_utf8_lossy(&server.suite(package, &arguments).stdout)
        );
    }
}

/// The scenarios that failed and count.
fn failed(said: &str) -> BTreeSet<&str> {
    let (_, summary) = said.split_once("=== SUMMARY ===").unwrap_or_default();
    let (scored, others) = summary.split_once("Not scored").unwrap_or((summary, ""));
    let named =
        |line: &'_ str| line.trim().strip_prefix('✗')?.trim().split([':', ' ']).next().map(str::to_owned);
    let others: BTreeSet<_> = others.lines().filter_map(named).collect();
    let scored = scored.lines().filter(|line| named(line).is_some_and(|name| !others.contains(&name)));
    scored.filter_map(|line| line.trim_start_matches(['✗', ' ']).split(':').next()).collect()
}

struct Server {
    _process: Process,
    url: String,
    /// Where the suite may leave what it wants.
    folder: TempDir,
}

impl Server {
    fn start() -> Self {
        let mut command = ours(&example("conformance_server"));
        command.args(["--port", "0"]);
        let process = Process::start(command);
        let line = process.log.wait_for("listening at http://");
        let url = line.trim_start_matches("listening at ").to_owned();
        Self { _process: process, url, folder: TempDir::new().expect("a directory") }
    }

    fn suite(&self, package: &str, arguments: &[&str]) -> Output {
        let mut command = node("conformance", &format!("{package}/dist/index.js"));
        command.args(["server", "--url", &self.url]).args(arguments).current_dir(self.folder.path());
        command.output().expect("node runs")
    }
}

/// An example, built as these tests are. `cargo test` builds examples, but not when it is told to run one test only.
fn example(name: &str) -> PathBuf {
    let own = std::env::current_exe().expect("our own path");
    let folder = own.parent().and_then(Path::parent).expect("the folder of the profile");
    let mut build = Command::new(env!("CARGO"));
    build.args(["build", "--quiet", "--locked", "--example", name]).current_dir(env!("CARGO_MANIFEST_DIR"));
    if folder.ends_with("release") {
        build.arg("--release");
    }
    assert!(build.status().expect("cargo runs").success(), "the example {name} cannot be built");
    folder.join("examples").join(name)
}
