//! The end of a [`Draft`]: tokens are expanded and defaults filled in.

use std::borrow::Cow;
use std::path::PathBuf;
use std::sync::Arc;

use super::KnownHostsFile;
use super::algorithms::{AlgorithmLists, List};
use super::directive::{Count, Flag, PubkeyAuthentication, Text, Time};
use super::draft::{Draft, Placed, is_none};
use super::expand::{self, Tokens};
use super::host::{DEFAULT_PORT, HostConfig, Proxy};
use super::jump::{Jump, Jumps};
use super::print::Written;
use super::reader::Diagnostic;
use crate::config::pattern;
use crate::ssh::{Method, Rekey};

impl Draft<'_> {
    /// Expands tokens and fills in defaults.
    ///
    /// # Errors
    /// A token, variable or user that does not exist, with the line it stands in; a host that jumps through itself.
    pub(super) fn finish(
        self,
        hostname: String,
        defaults: &AlgorithmLists,
        known_hosts: Option<&KnownHostsFile>,
    ) -> Result<HostConfig, Diagnostic> {
        let tokens = self.tokens(&hostname, self.alias);
        let (identity_agent, agent_written) = self.agent(&tokens)?;
        let text = |text| self.text(text).map(str::to_owned);
        Ok(HostConfig {
            alias: self.alias.to_owned(),
            user: tokens.user.to_owned(),
            port: tokens.port,
            identity_files: self.identities(&tokens)?,
            identities_only: self.flag(Flag::IdentitiesOnly, false),
            identity_agent,
            certificate_files: self.files("certificatefile", &self.values.certificate_files, &tokens)?,
            methods: self.methods(),
            password_prompts: self.count(Count::NumberOfPasswordPrompts, PASSWORD_PROMPTS),
            user_known_hosts_files: self.user_known_hosts(&tokens, known_hosts)?,
            global_known_hosts_files: self.global_known_hosts(known_hosts)?,
            strict_host_key_checking: self.values.strict.unwrap_or_default(),
            host_key_alias: text(Text::HostKeyAlias),
            check_host_ip: self.flag(Flag::CheckHostIp, false),
            hash_known_hosts: self.flag(Flag::HashKnownHosts, false),
            revoked_host_keys: self.revoked_host_keys(&tokens)?,
            no_host_authentication_for_localhost: self.flag(Flag::NoHostAuthenticationForLocalhost, false),
            proxy_use_fdpass: self.flag(Flag::ProxyUseFdpass, false),
            known_hosts_command: text(Text::KnownHostsCommand).filter(|command| !is_none(command)),
            algorithms: self.algorithms(defaults),
            rekey_limit: Rekey {
                bytes: self.values.rekey_bytes.filter(|&bytes| bytes > 0),
                interval: self.values.rekey_interval.filter(|time| !time.is_zero()),
            },
            proxy: self.proxy(&tokens)?,
            address_family: self.values.address_family.unwrap_or_default(),
            bind_address: text(Text::BindAddress),
            bind_interface: text(Text::BindInterface),
            connection_attempts: self.connection_attempts()?,
            tcp_keep_alive: self.flag(Flag::TcpKeepAlive, true),
            connect_timeout: self.time(Time::ConnectTimeout).filter(|time| !time.is_zero()),
            server_alive_interval: self.time(Time::ServerAliveInterval),
            server_alive_count_max: self.values.counts[Count::ServerAliveCountMax as usize]
                .map(|count| count.value),
            set_env: self.values.set_env.unwrap_or_default().to_vec(),
            send_env: self.sent(),
            written: self.written(agent_written),
            hostname,
        })
    }

    fn sent(&self) -> Vec<(String, String)> {
        if self.values.send_env.is_empty() {
            return Vec::new();
        }
        let is_sent = |name: &str| self.values.send_env.iter().any(|pattern| pattern::matches(pattern, name));
        let sent = self.env.vars.iter().filter(|(name, _)| is_sent(name));
        let mut sent: Vec<_> = sent.map(|(name, value)| (name.clone(), value.clone())).collect();
        sent.sort();
        sent
    }

    fn methods(&self) -> Vec<Method> {
        let is_enabled = |method: &Method| match method {
            Method::PublicKey => self.values.pubkey != Some(PubkeyAuthentication::No),
            Method::KeyboardInteractive => self.flag(Flag::KbdInteractiveAuthentication, true),
            Method::Password => self.flag(Flag::PasswordAuthentication, true),
        };
        let mut methods = match self.text(Text::PreferredAuthentications) {
            Some(names) => names.split(',').filter_map(method).collect(),
            None => Method::ALL.to_vec(),
        };
        methods.retain(is_enabled);
        methods
    }

    fn algorithms(&self, defaults: &AlgorithmLists) -> AlgorithmLists {
        let list =
            |list: List| Arc::clone(self.values.algorithms[list as usize].unwrap_or(defaults.get(list)));
        AlgorithmLists {
            kex: list(List::Kex),
            host_keys: list(List::HostKeys),
            ciphers: list(List::Ciphers),
            macs: list(List::Macs),
            pubkey_accepted: list(List::PubkeyAccepted),
            ca_signatures: list(List::CaSignatures),
        }
    }

    fn connection_attempts(&self) -> Result<u32, Diagnostic> {
        match self.values.counts[Count::ConnectionAttempts as usize] {
            Some(count) if count.value == 0 => {
                Err(count.fail("connectionattempts '0': expected at least 1".to_owned()))
            }
            count => Ok(count.map_or(1, |count| count.value)),
        }
    }

    fn proxy(&self, tokens: &Tokens<'_>) -> Result<Proxy, Diagnostic> {
        if let Some((jumps, place)) = self.values.jump().zip(self.values.proxy_jump) {
            let expand = |text: &str| {
                expand::proxy(text, tokens).map_err(|message| place.fail(format!("proxyjump {message}")))
            };
            let hop = |hop: &Jump| {
                let user = hop.user.as_deref().map(expand).transpose()?;
                Ok(Jump { user, host: expand(&hop.host)?, port: hop.port })
            };
            let hops: Vec<Jump> = jumps.hops.iter().map(hop).collect::<Result<_, Diagnostic>>()?;
            return match hops.last().filter(|last| is_itself(last, tokens)) {
                Some(_) => {
                    Err(place.fail(format!("proxyjump '{jumps}': the host would jump through itself")))
                }
                None => Ok(Proxy::Jump(hops)),
            };
        }
        let place = self.values.texts[Text::ProxyCommand as usize].filter(|command| !is_none(command.value));
        place.map_or(Ok(Proxy::None), |place| {
            let command = expand::proxy(place.value, tokens);
            command.map(Proxy::Command).map_err(|message| place.fail(format!("proxycommand {message}")))
        })
    }

    fn identities(&self, tokens: &Tokens<'_>) -> Result<Vec<PathBuf>, Diagnostic> {
        if self.values.identity_files.is_empty() {
            return Ok(DEFAULT_IDENTITY_FILES
                .iter()
                .filter_map(|path| self.env.expand_tilde(path))
                .collect());
        }
        self.files("identityfile", &self.values.identity_files, tokens)
    }

    /// The socket, and what `ssh -G` prints.
    fn agent(&self, tokens: &Tokens<'_>) -> Result<(Option<PathBuf>, Option<String>), Diagnostic> {
        let socket = |variable: &str| self.env.var(variable).map(PathBuf::from);
        let Some(agent) = &self.values.texts[Text::IdentityAgent as usize] else {
            return Ok((socket("SSH_AUTH_SOCK"), None));
        };
        let written = Some(agent.value.to_owned());
        Ok(match agent.value {
            "none" => (None, written),
            "SSH_AUTH_SOCK" => (socket("SSH_AUTH_SOCK"), written),
            value => match value.strip_prefix('$').filter(|name| !name.starts_with('{')) {
                Some(variable) => (socket(variable), written),
                None => {
                    let path = file("identityagent", agent, value, tokens)?;
                    let written = path.to_string_lossy().into_owned();
                    (Some(path), Some(written))
                }
            },
        })
    }

    fn user_known_hosts(
        &self,
        tokens: &Tokens<'_>,
        given: Option<&KnownHostsFile>,
    ) -> Result<Vec<PathBuf>, Diagnostic> {
        match (given, &self.values.user_known_hosts) {
            (Some(given), _) if given.wins => Ok(vec![given.path.clone()]),
            (_, Some(files)) => {
                files.value.iter().map(|path| file("userknownhostsfile", files, path, tokens)).collect()
            }
            (Some(given), None) => Ok(vec![given.path.clone()]),
            (None, None) => {
                Ok(DEFAULT_USER_KNOWN_HOSTS.iter().filter_map(|path| self.env.expand_tilde(path)).collect())
            }
        }
    }

    /// Only `~` is expanded in these.
    fn global_known_hosts(&self, given: Option<&KnownHostsFile>) -> Result<Vec<PathBuf>, Diagnostic> {
        match self.values.global_known_hosts {
            _ if given.is_some_and(|given| given.wins) => Ok(Vec::new()),
            Some(files) => {
                let expand = |path: &String| {
                    let message = || format!("globalknownhostsfile '{path}': there is no such user");
                    self.env.expand_tilde(path).ok_or_else(|| files.fail(message()))
                };
                files.value.iter().map(expand).collect()
            }
            None => Ok(DEFAULT_GLOBAL_KNOWN_HOSTS.iter().map(PathBuf::from).collect()),
        }
    }

    fn revoked_host_keys(&self, tokens: &Tokens<'_>) -> Result<Option<PathBuf>, Diagnostic> {
        let place = self.values.texts[Text::RevokedHostKeys as usize].filter(|path| !is_none(path.value));
        place.map(|path| file("revokedhostkeys", &path, path.value, tokens)).transpose()
    }

    fn files(
        &self,
        keyword: &str,
        files: &[Placed<'_, &str>],
        tokens: &Tokens<'_>,
    ) -> Result<Vec<PathBuf>, Diagnostic> {
        let named = files.iter().filter(|file| !is_none(file.value));
        named.map(|path| file(keyword, path, path.value, tokens)).collect()
    }

    fn written(&self, identity_agent: Option<String>) -> Written {
        let owned = |values: &[&str]| values.iter().map(|&value| value.to_owned()).collect::<Vec<_>>();
        let values = |files: &[Placed<'_, &str>]| files.iter().map(|file| file.value.to_owned()).collect();
        Written {
            identity_files: match self.values.identity_files.as_slice() {
                [] => DEFAULT_IDENTITY_FILES.map(Cow::Borrowed).to_vec(),
                files => files.iter().map(|file| Cow::Owned(file.value.to_owned())).collect(),
            },
            certificate_files: values(&self.values.certificate_files),
            identity_agent,
            global_known_hosts_files: match self.values.global_known_hosts {
                None => DEFAULT_GLOBAL_KNOWN_HOSTS.map(Cow::Borrowed).to_vec(),
                Some(files) => files.value.iter().map(|file| Cow::Owned(file.clone())).collect(),
            },
            connect_timeout: self.time(Time::ConnectTimeout),
            rekey_interval: self.values.rekey_interval,
            preferred_authentications: self.text(Text::PreferredAuthentications).map(str::to_owned),
            pubkey_authentication: self.values.pubkey.unwrap_or_default(),
            password_authentication: self.flag(Flag::PasswordAuthentication, true),
            kbd_interactive_authentication: self.flag(Flag::KbdInteractiveAuthentication, true),
            revoked_host_keys: self
                .text(Text::RevokedHostKeys)
                .filter(|path| !is_none(path))
                .map(str::to_owned),
            send_env: owned(&self.values.send_env),
            proxy_command: self.proxy_command().map(str::to_owned),
            proxy_jump: self.values.jump().map(Jumps::to_string),
        }
    }
}

const PASSWORD_PROMPTS: u32 = 3;
/// In the order of `ssh -G` (OpenSSH 9.2).
const DEFAULT_IDENTITY_FILES: [&str; 7] = [
    "~/.ssh/id_rsa",
    "~/.ssh/id_ecdsa",
    "~/.ssh/id_ecdsa_sk",
    "~/.ssh/id_ed25519",
    "~/.ssh/id_ed25519_sk",
    "~/.ssh/id_xmss",
    "~/.ssh/id_dsa",
];
const DEFAULT_USER_KNOWN_HOSTS: [&str; 2] = ["~/.ssh/known_hosts", "~/.ssh/known_hosts2"];
const DEFAULT_GLOBAL_KNOWN_HOSTS: [&str; 2] = ["/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2"];

/// `None` for a method that we do not speak.
fn method(name: &str) -> Option<Method> {
    Method::ALL.into_iter().find(|method| method.name() == name)
}

fn file<T>(
    keyword: &str,
    place: &Placed<'_, T>,
    value: &str,
    tokens: &Tokens<'_>,
) -> Result<PathBuf, Diagnostic> {
    expand::path(value, tokens).map_err(|message| place.fail(format!("{keyword} {message}")))
}

/// As ssh, which looks no further than the name.
fn is_itself(last: &Jump, host: &Tokens<'_>) -> bool {
    last.host == host.hostname
        && last.port.unwrap_or(DEFAULT_PORT) == host.port
        && last.user.as_deref().unwrap_or(host.user) == host.user
}
