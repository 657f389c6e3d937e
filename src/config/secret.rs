//! Passwords and passphrases: where one comes from, and a value that shows itself to nobody. Must not know how files
//! are read or commands run.

use std::fmt;
use std::path::PathBuf;

use zeroize::Zeroizing;

/// The environment variables that hold a secret themselves. Nothing that we start inherits them.
pub const SECRET_VARIABLES: [&str; 4] =
    ["SCOUT_SSH_PASSWORD", "SCOUT_PASSPHRASE", "SCOUT_API_KEYS", "SCOUT_BENCH_API_KEY"];

/// A password or passphrase. Wiped when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    pub fn new(text: Zeroizing<String>) -> Self {
        Self(text)
    }

    /// What it is, for whoever it is meant for.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// Where a secret comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretSource {
    /// Its first line.
    File(PathBuf),
    /// A command line for `sh`; the first line that it prints.
    Command(String),
    /// The environment.
    Given(Secret),
}

impl SecretSource {
    /// Of several the first: a file, a command, the environment.
    pub(super) fn choose(
        file: Option<&PathBuf>,
        command: Option<&String>,
        given: Option<&Secret>,
    ) -> Option<Self> {
        let file = file.cloned().map(Self::File);
        let command = || command.cloned().map(Self::Command);
        let given = || given.cloned().map(Self::Given);
        file.or_else(command).or_else(given)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_shows_itself_to_nobody() {
        let source = SecretSource::Given(Secret::new("open sesame".to_owned().into()));
        assert_eq!(format!("{source:?}"), "Given(Secret(..))");
    }

    #[test]
    fn a_file_wins_over_a_command_over_the_environment() {
        let (file, command) = (PathBuf::from("/f"), "pass show x".to_owned());
        let given = Secret::new("s".to_owned().into());
        let choose = |file, command| SecretSource::choose(file, command, Some(&given));
        assert_eq!(choose(Some(&file), Some(&command)), Some(SecretSource::File(file.clone())));
        assert_eq!(choose(None, Some(&command)), Some(SecretSource::Command(command.clone())));
        assert_eq!(choose(None, None), Some(SecretSource::Given(given.clone())));
        assert_eq!(SecretSource::choose(None, None, None), None);
    }
}
