//! Gets a password or passphrase from where the settings say: a file, a command, the environment.
//!
//! Whatever goes wrong is told without a word of what was read.

use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

use monoio::io::AsyncReadRent;
use monoio::net::UnixStream;
use zeroize::{Zeroize, Zeroizing};

use super::children::{self, End, Group};
use super::runtime::within;
use super::{blocking, process, runtime};
use crate::base::limits::{SECRET_BYTES_MAX, SECRET_COMMAND_LOOK_EVERY, SECRET_COMMAND_PATIENCE};
use crate::base::time;
use crate::config::{HostConfig, Secret, SecretSource, private_file};

/// What a secret is wanted for, as the environment of commands tells it.
#[derive(Debug, Clone)]
pub(super) struct Purpose {
    pub(super) host: String,
    pub(super) user: String,
    pub(super) port: u16,
    pub(super) key_file: Option<PathBuf>,
}

impl Purpose {
    pub(super) fn login(host: &HostConfig) -> Self {
        Self { host: host.alias.clone(), user: host.user.clone(), port: host.port, key_file: None }
    }

    pub(super) fn key(&self, path: &Path) -> Self {
        Self { key_file: Some(path.to_owned()), ..self.clone() }
    }
}

/// The secret. Errors: why there is none, as a clause to follow what it was wanted for.
pub(super) async fn obtain(source: &SecretSource, purpose: &Purpose) -> Result<Secret, String> {
    match source {
        SecretSource::Given(secret) => Ok(secret.clone()),
        SecretSource::File(path) => {
            let file = path.clone();
            let read = blocking::run(move || private_file::read(&file, SECRET_BYTES_MAX as u64)).await;
            let named = |reason: String| format!("{}: {reason}", path.display());
            let bytes = read.map_err(|error| named(error.to_string()))?;
            first_line(&bytes.map_err(|error| named(error.to_string()))?)
                .map_err(|reason| named(reason.into()))
        }
        SecretSource::Command(command) => {
            let output =
                within(SECRET_COMMAND_PATIENCE, run(command, purpose)).await.unwrap_or_else(|| {
                    Err(format!("the command took longer than {}s", SECRET_COMMAND_PATIENCE.as_secs()))
                })?;
            first_line(&output).map_err(|reason| format!("what the command printed {reason}"))
        }
    }
}

fn first_line(bytes: &[u8]) -> Result<Secret, &'static str> {
    let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    match std::str::from_utf8(line) {
        Ok("") => Err("is empty"),
        Ok(text) => Ok(Secret::new(Zeroizing::new(text.to_owned()))),
        Err(_) => Err("is not UTF-8"),
    }
}

async fn run(command: &str, purpose: &Purpose) -> Result<Zeroizing<Vec<u8>>, String> {
    let failed = |error: std::io::Error| format!("the command cannot be run: {error}");
    let (stdout, their_stdout) = process::pipe().map_err(failed)?;
    let program = builder(command, purpose, their_stdout);
    let running = Group::start(program, End::Kill).await.map_err(failed)?;
    let output = read_to_end(stdout).await?;
    let status = status_of(running).await.map_err(failed)?;
    match (status.code(), status.signal()) {
        (Some(0), _) => Ok(output),
        (Some(code), _) => Err(format!("the command failed with exit code {code}")),
        (None, signal) => Err(format!("the command was ended by signal {}", signal.unwrap_or_default())),
    }
}

fn builder(command: &str, purpose: &Purpose, stdout: Stdio) -> Command {
    let mut builder = children::program("/bin/sh");
    builder.arg("-c").arg(command).stdin(Stdio::null()).stdout(stdout);
    // What it has to say to a terminal it may say there; our own streams carry other things.
    builder.stderr(Stdio::null());
    builder.env("SCOUT_HOST", &purpose.host).env("SCOUT_USER", &purpose.user);
    builder.env("SCOUT_PORT", purpose.port.to_string());
    if let Some(path) = &purpose.key_file {
        builder.env("SCOUT_KEY_FILE", path);
    }
    builder
}

async fn read_to_end(mut from: UnixStream) -> Result<Zeroizing<Vec<u8>>, String> {
    let mut output = Zeroizing::new(Vec::with_capacity(SECRET_BYTES_MAX + 1));
    loop {
        let room = SECRET_BYTES_MAX + 1 - output.len();
        let (result, mut piece) = from.read(Vec::with_capacity(room)).await;
        output.extend_from_slice(&piece);
        piece.zeroize();
        if output.len() > SECRET_BYTES_MAX {
            return Err(format!("the command printed more than {SECRET_BYTES_MAX} bytes"));
        }
        match result {
            Ok(0) => return Ok(output),
            Ok(_) => {}
            Err(error) => return Err(format!("the command's output cannot be read: {error}")),
        }
    }
}

async fn status_of(mut command: Group) -> std::io::Result<ExitStatus> {
    loop {
        if let Some(status) = command.try_wait()? {
            return Ok(status);
        }
        runtime::sleep_until(time::now() + SECRET_COMMAND_LOOK_EVERY).await;
    }
}

#[cfg(test)]
mod tests {
    use super::super::runtime;
    use super::*;

    fn purpose() -> Purpose {
        Purpose { host: "h1".into(), user: "me".into(), port: 2222, key_file: None }
    }

    fn command(text: &str) -> Result<String, String> {
        let source = SecretSource::Command(text.into());
        let secret = runtime::run(obtain(&source, &purpose())).unwrap();
        secret.map(|secret| secret.expose().to_owned())
    }

    #[test]
    fn a_commands_first_line_is_the_secret() {
        assert_eq!(command("echo 'open sesame'; echo more").unwrap(), "open sesame");
        assert_eq!(command("printf 'open sesame\\r\\n'").unwrap(), "open sesame");
        assert_eq!(command("echo $SCOUT_HOST $SCOUT_USER $SCOUT_PORT").unwrap(), "h1 me 2222");
        let source = SecretSource::Command("echo $SCOUT_KEY_FILE".into());
        let secret = runtime::run(obtain(&source, &purpose().key(Path::new("/k")))).unwrap();
        assert_eq!(secret.unwrap().expose(), "/k");
    }

    #[test]
    fn a_commands_failure_says_nothing_of_its_output() {
        assert_eq!(command("echo sesame; exit 3").unwrap_err(), "the command failed with exit code 3");
        assert_eq!(command("kill -9 $$").unwrap_err(), "the command was ended by signal 9");
        assert_eq!(command("true").unwrap_err(), "what the command printed is empty");
        assert_eq!(command("printf '\\377'").unwrap_err(), "what the command printed is not UTF-8");
        assert_eq!(
            command("head -c 1000000 /dev/zero").unwrap_err(),
            "the command printed more than 4096 bytes"
        );
    }

    #[test]
    fn a_file_is_named_when_it_is_of_no_use() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("word");
        let source = SecretSource::File(path.clone());
        let file = || runtime::run(obtain(&source, &purpose())).unwrap();
        assert_eq!(file().unwrap_err(), format!("{}: there is no such file", path.display()));
        std::fs::write(&path, "\n").unwrap();
        let private = <std::fs::Permissions as std::os::unix::fs::PermissionsExt>::from_mode(0o600);
        std::fs::set_permissions(&path, private).unwrap();
        assert_eq!(file().unwrap_err(), format!("{}: is empty", path.display()));
        std::fs::write(&path, "open sesame\nmore\n").unwrap();
        assert_eq!(file().unwrap().expose(), "open sesame");
    }
}
