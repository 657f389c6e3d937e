//! Who asks: `scout-mcp bench run` in a process of its own, with half a dozen kinds of hosts in turn.

use std::fs;
use std::process::{Child, Stdio};
use std::time::Duration;

use scout_mcp::rig::Results;
use tempfile::TempDir;

use super::served::Served;

/// A measurement that goes on.
pub struct Load {
    process: Child,
    folder: TempDir,
}

const RESULTS: &str = "results.json";

impl Load {
    /// Asks these hosts as the further arguments of `bench run` say.
    pub fn start(served: &Served, hosts: &[String], arguments: &[&str]) -> Self {
        let folder = TempDir::with_prefix("soak-load-").unwrap();
        let mut command = served.beside();
        command
            .args(["bench", "run", "--operation", "mixed", "--max-errors", "100%", "--url", &served.url()])
            .args(["--hosts", &hosts.join(","), "--pid", &served.pid().to_string(), "--export-json"])
            .arg(folder.path().join(RESULTS))
            .args(arguments);
        let process = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().unwrap();
        Self { process, folder }
    }

    pub fn is_over(&mut self) -> bool {
        self.process.try_wait().unwrap().is_some()
    }

    /// Waits for its end.
    pub fn results(mut self) -> Results {
        let status = self.process.wait().unwrap();
        assert!(status.success(), "bench run: {status}");
        let text = fs::read_to_string(self.folder.path().join(RESULTS)).unwrap();
        let mut results = Results::from_json(&text).unwrap();
        // Where it was built and wrote says nothing to anybody else.
        results.command[0] = "scout-mcp".to_owned();
        if let Some(export) = results.command.iter_mut().find(|word| word.ends_with(RESULTS)) {
            *export = RESULTS.to_owned();
        }
        results
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        // It may have ended long ago.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// As the command line has it.
pub fn seconds(time: Duration) -> String {
    format!("{}s", time.as_secs_f64())
}
