//! The configuration of a server: read at its start, and again when its files have changed. What cannot be read leaves
//! everything as it is, and is said once.

use std::mem;

use crate::base::{Error, Kind, Result};
use crate::config::{
    AlgorithmLists, Env, KeySource, Overrides, Settings, SharedConfig, SharedKeys, Sources, SshConfig,
};
use crate::io::condition;
use crate::io::watch::Load;

/// See the module's documentation.
#[derive(Debug)]
pub struct Configuration {
    env: Env,
    overrides: Overrides,
    pub settings: Settings,
    pub ssh: SharedConfig,
    keys: Option<KeyRing>,
    sources: Sources,
    /// Settings whose new values wait for a restart, as far as that was said.
    waiting: Vec<&'static str>,
}

/// The API keys, where they are wanted.
#[derive(Debug)]
struct KeyRing {
    source: KeySource,
    keys: SharedKeys,
}

/// What is to be gone on with.
#[derive(Debug, Clone)]
pub struct Fresh {
    pub settings: Settings,
    pub ssh: SharedConfig,
    /// As [`Configuration::open_keys`] gave them.
    pub keys: Option<SharedKeys>,
}

impl Configuration {
    /// # Errors
    /// The settings or the SSH configuration cannot be read, or the settings make no sense.
    pub fn read(overrides: Overrides, env: Env) -> Result<Self> {
        let sources = Settings::sources(&env)?;
        let settings = Settings::load(&overrides, &env)?;
        let ssh = read_ssh(&settings, &env)?;
        let sources = sources.and(ssh.sources().clone());
        Ok(Self { env, overrides, settings, ssh, keys: None, sources, waiting: Vec::new() })
    }

    /// Reads the API keys, which only a server needs that clients reach over HTTP, and reads them again from now on. `None`
    /// where nobody is to be asked for one.
    ///
    /// # Errors
    /// They cannot be read, or there are none where there should be.
    pub fn open_keys(&mut self) -> Result<Option<SharedKeys>> {
        // What is left of them in the end is their hash.
        let given = self.env.secrets.remove("SCOUT_API_KEYS");
        let file = self.settings.api_keys_file.clone();
        let Some(source) = KeySource::new(given.as_ref(), file)?.filter(|_| self.settings.auth_enabled)
        else {
            return Ok(None);
        };
        let sources = source.sources();
        let keys = SharedKeys::new(source.load()?);
        if keys.is_empty() {
            let message =
                "There are no API keys where the settings look for them, so that nobody could come in";
            return Err(Error::new(Kind::InvalidArgument, message));
        }
        self.sources = mem::take(&mut self.sources).and(sources);
        self.keys = Some(KeyRing { source, keys: SharedKeys::clone(&keys) });
        Ok(Some(keys))
    }

    fn renew_keys(&mut self) -> Result<()> {
        let Some(ring) = &mut self.keys else { return Ok(()) };
        ring.keys = ring.source.load()?.into();
        Ok(())
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
    fn renew_sources(&mut self, others: Sources, ssh_was_read: bool) {
        let mut ssh = self.ssh.sources().clone();
        if !ssh_was_read {
            ssh = ssh.renewed();
            if let Some(path) = &self.settings.ssh_config {
                ssh.note_file(path);
            }
        }
        self.sources = others.and(ssh);
    }
}

impl Load for Configuration {
    type Loaded = Fresh;

    fn sources(&self) -> &Sources {
        &self.sources
    }

    fn load(&mut self) -> Option<Fresh> {
        let keys = self.keys.as_ref().map(|ring| ring.source.sources()).unwrap_or_default();
        let sources = Settings::sources(&self.env).unwrap_or_default().and(keys);
        let settings = self.renew_settings();
        let ssh = self.renew_ssh();
        let keys = self.renew_keys();
        self.renew_sources(sources, ssh.is_ok());
        for error in [&settings, &ssh, &keys].into_iter().filter_map(|renewed| renewed.as_ref().err()) {
            tracing::warn!("{error}; what was read before still counts");
        }
        let has_keys = self.keys.is_some() && keys.is_ok();
        if settings.is_err() && ssh.is_err() && !has_keys {
            return None;
        }
        let keys = self.keys.as_ref().map(|ring| SharedKeys::clone(&ring.keys));
        Some(Fresh { settings: self.settings.clone(), ssh: SharedConfig::clone(&self.ssh), keys })
    }
}

fn read_ssh(settings: &Settings, env: &Env) -> Result<SharedConfig> {
    Ok(SshConfig::load_for(settings, env, AlgorithmLists::spoken(), condition::exec())?.into())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;
    use std::path::PathBuf;

    use super::*;
    use crate::base::time::Duration;
    use crate::config::Secret;

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
    fn keys_are_read_again_once_they_are_wanted() {
        let mut home = Home::new("Host a\n", "api_keys_file = '~/keys'\n");
        let path = home.dir.path().join("keys");
        assert!(home.configuration.open_keys().unwrap_err().message().contains("there is no such file"));
        let write = |text: &str| {
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
        };
        let (one, two) = ("[[key]]\nkey = '0123456789abcdef-1'\n", "[[key]]\nkey = '0123456789abcdef-2'\n");
        write("");
        assert!(home.configuration.open_keys().unwrap_err().message().contains("nobody could come in"));
        write(one);
        let is_in =
            |keys: &Option<SharedKeys>, key: &str| keys.as_ref().unwrap().find(key.as_bytes()).is_some();
        assert!(is_in(&home.configuration.open_keys().unwrap(), "0123456789abcdef-1"));
        assert!(!home.looks_different());

        write(two);
        assert!(home.looks_different());
        let keys = home.configuration.load().unwrap().keys;
        assert!(is_in(&keys, "0123456789abcdef-2") && !is_in(&keys, "0123456789abcdef-1"));
        // What makes no sense changes nothing, and that nobody may come in any more makes sense.
        write("nonsense");
        assert!(is_in(&home.configuration.load().unwrap().keys, "0123456789abcdef-2"));
        write("");
        assert!(home.configuration.load().unwrap().keys.unwrap().is_empty());
    }

    #[test]
    fn keys_are_not_asked_for_where_there_are_none() {
        let mut home = Home::new("", "");
        assert!(home.configuration.open_keys().unwrap().is_none());
        assert!(home.configuration.load().unwrap().keys.is_none());

        let secret = Secret::new("0123456789abcdef".to_owned().into());
        let mut home = Home::new("", "auth_enabled = false\n");
        home.configuration.env.secrets.insert("SCOUT_API_KEYS", secret.clone());
        assert!(home.configuration.open_keys().unwrap().is_none());
        let mut home = Home::new("", "");
        home.configuration.env.secrets.insert("SCOUT_API_KEYS", secret);
        assert!(home.configuration.open_keys().unwrap().is_some());
        assert!(home.configuration.env.secrets.is_empty(), "it is not kept");
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
