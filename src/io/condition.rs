//! The commands of `Match exec` in the SSH configuration.

use std::process::Stdio;
use std::thread;

use super::secrets;
use crate::base::limits::{MATCH_EXEC_LOOK_EVERY, MATCH_EXEC_TIMEOUT};
use crate::base::time;
use crate::config::ssh::Exec;

/// Runs commands with the user's shell, as ssh does, and waits for them. A host is resolved once, so that nobody waits
/// twice. A command that cannot be started or does not end in time has failed.
pub fn exec() -> Exec {
    Exec(|command| {
        let done = succeeds(command);
        tracing::debug!(command, done, "match exec");
        done
    })
}

fn succeeds(command: &str) -> bool {
    let shell = std::env::var_os("SHELL").filter(|shell| !shell.is_empty());
    let shell = shell.unwrap_or_else(|| "/bin/sh".into());
    let mut shell = secrets::program(shell);
    shell.arg("-c").arg(command).stdin(Stdio::null()).stdout(Stdio::null());
    let Ok(mut child) = shell.spawn() else { return false };
    let deadline = time::now() + MATCH_EXEC_TIMEOUT;
    while time::now() < deadline {
        match child.try_wait() {
            Ok(Some(status)) => return status.success(),
            Ok(None) => thread::sleep(MATCH_EXEC_LOOK_EVERY),
            Err(_) => break,
        }
    }
    // What it was is known to have failed; a zombie would stay otherwise.
    let _ = child.kill();
    let _ = child.wait();
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exit_status_decides() {
        assert!(succeeds("test 1 = 1"));
        assert!(!succeeds("exit 3"));
        assert!(!succeeds("kill $$"));
    }
}
