//! A host as `ssh -G` prints it.

use std::borrow::Cow;
use std::time::Duration;

use super::algorithms::Names;
use super::directive::PubkeyAuthentication;
use super::host::HostConfig;

/// Values that `ssh -G` prints in another form than they are used in.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Written {
    pub identity_files: Vec<Cow<'static, str>>,
    pub certificate_files: Vec<String>,
    pub identity_agent: Option<String>,
    pub global_known_hosts_files: Vec<Cow<'static, str>>,
    pub connect_timeout: Option<Duration>,
    pub rekey_interval: Option<Duration>,
    pub preferred_authentications: Option<String>,
    pub pubkey_authentication: PubkeyAuthentication,
    pub password_authentication: bool,
    pub kbd_interactive_authentication: bool,
    pub revoked_host_keys: Option<String>,
    pub send_env: Vec<String>,
    pub proxy_command: Option<String>,
    pub proxy_jump: Option<String>,
}

impl HostConfig {
    /// The lower-case `key value` pairs that `ssh -G` prints for what is resolved here, in its order.
    pub fn lines(&self) -> Vec<(&'static str, String)> {
        let mut lines = self.first_lines();
        lines.extend(self.flag_lines());
        lines.extend(self.number_lines());
        lines.extend(self.text_lines());
        lines.extend(self.list_lines());
        lines.extend(self.special_lines());
        lines
    }

    fn first_lines(&self) -> Vec<(&'static str, String)> {
        vec![
            ("host", self.alias.clone()),
            ("user", self.user.clone()),
            ("hostname", self.hostname.clone()),
            ("port", self.port.to_string()),
        ]
    }

    fn flag_lines(&self) -> impl Iterator<Item = (&'static str, String)> {
        let flag = |value: bool| if value { "yes" } else { "no" };
        let written = &self.written;
        [
            ("addressfamily", self.address_family.name()),
            ("checkhostip", flag(self.check_host_ip)),
            ("hashknownhosts", flag(self.hash_known_hosts)),
            ("identitiesonly", flag(self.identities_only)),
            ("kbdinteractiveauthentication", flag(written.kbd_interactive_authentication)),
            ("nohostauthenticationforlocalhost", flag(self.no_host_authentication_for_localhost)),
            ("passwordauthentication", flag(written.password_authentication)),
            ("proxyusefdpass", flag(self.proxy_use_fdpass)),
            ("pubkeyauthentication", written.pubkey_authentication.name()),
            ("stricthostkeychecking", self.strict_host_key_checking.name()),
            ("tcpkeepalive", flag(self.tcp_keep_alive)),
        ]
        .into_iter()
        .map(|(key, value)| (key, value.to_owned()))
    }

    fn number_lines(&self) -> impl Iterator<Item = (&'static str, String)> {
        [
            ("connectionattempts", u64::from(self.connection_attempts)),
            ("numberofpasswordprompts", u64::from(self.password_prompts)),
            ("serveralivecountmax", u64::from(self.server_alive_count_max.unwrap_or(SERVER_ALIVE_COUNT_MAX))),
            ("serveraliveinterval", self.server_alive_interval.unwrap_or_default().as_secs()),
        ]
        .into_iter()
        .map(|(key, value)| (key, value.to_string()))
    }

    fn text_lines(&self) -> impl Iterator<Item = (&'static str, String)> {
        let names = |names: &Names| Some(names.join(","));
        let written = &self.written;
        [
            ("bindaddress", self.bind_address.clone()),
            ("bindinterface", self.bind_interface.clone()),
            ("ciphers", names(&self.algorithms.ciphers)),
            ("hostkeyalgorithms", names(&self.algorithms.host_keys)),
            ("hostkeyalias", self.host_key_alias.clone()),
            ("identityagent", written.identity_agent.clone()),
            ("kexalgorithms", names(&self.algorithms.kex)),
            ("casignaturealgorithms", names(&self.algorithms.ca_signatures)),
            ("macs", names(&self.algorithms.macs)),
            ("preferredauthentications", written.preferred_authentications.clone()),
            ("pubkeyacceptedalgorithms", names(&self.algorithms.pubkey_accepted)),
            ("revokedhostkeys", written.revoked_host_keys.clone()),
            ("knownhostscommand", self.known_hosts_command.clone()),
        ]
        .into_iter()
        .filter_map(|(key, value)| Some((key, value?)))
    }

    fn list_lines(&self) -> Vec<(&'static str, String)> {
        let written = &self.written;
        let mut lines = Vec::new();
        lines.extend(written.identity_files.iter().map(|file| ("identityfile", file.to_string())));
        lines.extend(written.certificate_files.iter().map(|file| ("certificatefile", file.clone())));
        lines.push(("globalknownhostsfile", one_line(&written.global_known_hosts_files)));
        let files: Vec<_> = self.user_known_hosts_files.iter().map(|file| file.to_string_lossy()).collect();
        lines.push(("userknownhostsfile", one_line(&files)));
        lines.extend(written.send_env.iter().map(|pattern| ("sendenv", pattern.clone())));
        lines.extend(self.set_env.iter().map(|(name, value)| ("setenv", format!("{name}={value}"))));
        lines
    }

    fn special_lines(&self) -> impl Iterator<Item = (&'static str, String)> {
        let written = &self.written;
        let timeout = written.connect_timeout.map_or("none".to_owned(), |time| time.as_secs().to_string());
        let interval = written.rekey_interval.unwrap_or_default().as_secs();
        let rekey = format!("{} {interval}", self.rekey_limit.bytes.unwrap_or(0));
        [
            ("connecttimeout", Some(timeout)),
            ("rekeylimit", Some(rekey)),
            ("proxycommand", written.proxy_command.clone().filter(|_| written.proxy_jump.is_none())),
            ("proxyjump", written.proxy_jump.clone()),
        ]
        .into_iter()
        .filter_map(|(key, value)| Some((key, value?)))
    }
}

const SERVER_ALIVE_COUNT_MAX: u32 = 3;

fn one_line(files: &[Cow<'_, str>]) -> String {
    if files.is_empty() { "none".to_owned() } else { files.join(" ") }
}
