//! The commands of `Match exec` in the SSH configuration.

use std::process::Stdio;
use std::thread;

use super::children::{self, End, Group};
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
    let mut shell = children::user_shell(command);
    shell.stdin(Stdio::null()).stdout(Stdio::null());
    let Ok(mut running) = Group::start_here(shell, End::Kill) else { return false };
    let deadline = time::now() + MATCH_EXEC_TIMEOUT;
    while time::now() < deadline {
        match running.try_wait() {
            Ok(Some(status)) => return status.success(),
            Ok(None) => thread::sleep(MATCH_EXEC_LOOK_EVERY),
            Err(_) => break,
        }
    }
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
