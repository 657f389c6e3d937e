//! The configuration of a server: read at its start, and again when its files have changed. What cannot be read leaves
//! everything as it is, and is said once.

use crate::base::{Error, Kind, Result};
use crate::config::{AlgorithmLists, Env, Overrides, Settings, SharedConfig, Sources, SshConfig};
use crate::io::condition;
use crate::io::watch::Load;

/// See the module's documentation.
#[derive(Debug)]
pub struct Configuration {
    env: Env,
    overrides: Overrides,
    pub settings: Settings,
    pub ssh: SharedConfig,
    sources: Sources,
    /// Settings whose new values wait for a restart, as far as that was said.
    waiting: Vec<&'static str>,
}

/// What is to be gone on with.
#[derive(Debug, Clone)]
pub struct Fresh {
    pub settings: Settings,
    pub ssh: SharedConfig,
}

impl Configuration {
    /// # Errors
    /// The settings or the SSH configuration cannot be read, or the settings make no sense.
    pub fn read(overrides: Overrides, env: Env) -> Result<Self> {
        let sources = Settings::sources(&env)?;
        let settings = Settings::load(&overrides, &env)?;
        let ssh = read_ssh(&settings, &env)?;
        let sources = sources.and(ssh.sources().clone());
        Ok(Self { env, overrides, settings, ssh, sources, waiting: Vec::new() })
    }

    fn renew_settings(&mut self) -> Result<()> {
        let mut settings = self.settings.clone();
        let waiting = settings.adopt(Settings::load(&self.overrides, &self.env)?);
        for name in waiting.iter().filter(|name| !self.waiting.contains(name)) {
            tracing::warn!("{name}: the new value needs a restart");
        }
        self.settings = settings;
        self.waiting = waiting;
        Ok(())
    }

    fn renew_ssh(&mut self) -> Result<()> {
        let ssh = read_ssh(&self.settings, &self.env)?;
        if !ssh.sources().is_any_there() && self.ssh.sources().is_any_there() {
            return Err(Error::new(Kind::Local, "the SSH configuration is gone"));
        }
        for warning in ssh.warnings().iter().filter(|warning| !self.ssh.warnings().contains(warning)) {
            tracing::warn!("{warning}");
        }
        self.ssh = ssh;
        Ok(())
    }

    /// What to look at from now on: what was read, or what was to be read.
    fn renew_sources(&mut self, settings: Sources, ssh_was_read: bool) {
        let mut ssh = self.ssh.sources().clone();
        if !ssh_was_read {
            ssh = ssh.renewed();
            if let Some(path) = &self.settings.ssh_config {
                ssh.note_file(path);
            }
        }
        self.sources = settings.and(ssh);
    }
}

impl Load for Configuration {
    type Loaded = Fresh;

    fn sources(&self) -> &Sources {
        &self.sources
    }

    fn load(&mut self) -> Option<Fresh> {
        let sources = Settings::sources(&self.env).unwrap_or_default();
        let settings = self.renew_settings();
        let ssh = self.renew_ssh();
        self.renew_sources(sources, ssh.is_ok());
        for error in [&settings, &ssh].into_iter().filter_map(|renewed| renewed.as_ref().err()) {
            tracing::warn!("{error}; what was read before still counts");
        }
        if settings.is_err() && ssh.is_err() {
            return None;
        }
        Some(Fresh { settings: self.settings.clone(), ssh: SharedConfig::clone(&self.ssh) })
    }
}

fn read_ssh(settings: &Settings, env: &Env) -> Result<SharedConfig> {
    Ok(SshConfig::load_for(settings, env, AlgorithmLists::spoken(), condition::exec())?.into())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::PathBuf;

    use super::*;
    use crate::base::time::Duration;

    struct Home {
        dir: tempfile::TempDir,
        configuration: Configuration,
    }

    impl Home {
        fn new(ssh: &str, settings: &str) -> Self {
            let dir = tempfile::tempdir().unwrap();
            fs::create_dir_all(dir.path().join(".ssh")).unwrap();
            fs::create_dir_all(dir.path().join(".config/scout-mcp")).unwrap();
            let vars = [("SCOUT_SSH_CONFIG".to_owned(), "~/.ssh/config".to_owned())].into();
            let env = Env { home: dir.path().into(), user: "me".into(), vars, ..Env::default() };
            fs::write(dir.path().join(".ssh/config"), ssh).unwrap();
            fs::write(dir.path().join(".config/scout-mcp/settings.toml"), settings).unwrap();
            Self { dir, configuration: Configuration::read(Overrides::default(), env).unwrap() }
        }

        fn ssh(&self) -> PathBuf {
            self.dir.path().join(".ssh/config")
        }

        fn settings(&self) -> PathBuf {
            self.dir.path().join(".config/scout-mcp/settings.toml")
        }

        fn looks_different(&self) -> bool {
            self.configuration.sources().renewed() != *self.configuration.sources()
        }
    }

    #[test]
    fn what_changed_is_taken_over_but_for_what_needs_a_restart() {
        let mut home = Home::new("Host a\n", "command_timeout = 5\nmax_pool_size = 10\n");
        assert!(!home.looks_different());
        fs::write(home.ssh(), "Host a b\n").unwrap();
        fs::write(home.settings(), "command_timeout = 6\nmax_pool_size = 11\n").unwrap();
        assert!(home.looks_different());
        let fresh = home.configuration.load().unwrap();
        assert_eq!(fresh.ssh.hosts(), ["a", "b"]);
        assert_eq!(fresh.settings.command_timeout, Duration::from_secs(6));
        assert_eq!(
            (fresh.settings.max_pool_size, &*home.configuration.waiting),
            (10, &["max_pool_size"][..])
        );
        assert!(!home.looks_different());
    }

    #[test]
    fn what_cannot_be_read_leaves_everything_as_it_is() {
        let mut home = Home::new("Host a\n", "command_timeout = 5\n");
        fs::remove_file(home.ssh()).unwrap();
        fs::write(home.settings(), "command_timeout = \"soon\"\n").unwrap();
        assert!(home.configuration.load().is_none());
        assert!(!home.looks_different(), "it is said once");
        fs::write(home.ssh(), "Host a b\n").unwrap();
        assert!(home.looks_different());
        let fresh = home.configuration.load().unwrap();
        assert_eq!(fresh.ssh.hosts(), ["a", "b"], "each for itself");
        assert_eq!(fresh.settings.command_timeout, Duration::from_secs(5));
    }

    #[test]
    fn a_file_that_is_named_and_not_there_yet_is_waited_for() {
        let mut home = Home::new("Host a\n", "");
        let included = home.dir.path().join(".ssh/more.conf");
        fs::write(home.ssh(), "Include *.conf\nHost a\n").unwrap();
        home.configuration.load().unwrap();
        fs::write(&included, "Host b\n").unwrap();
        assert!(home.looks_different());
        assert_eq!(home.configuration.load().unwrap().ssh.hosts(), ["b", "a"]);
        fs::write(&included, "Host b c\n").unwrap();
        assert!(home.looks_different());
    }
}
