//! A host while its lines are read: the first value wins; then tokens are expanded and defaults filled in.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::algorithms::{List, Names};
use super::canonical::{self, Canonicalize, Cname, Rules};
use super::criteria::{Exec, Facts};
use super::directive::{
    AddressFamily, Count, Directive, Flag, PubkeyAuthentication, StrictHostKeyChecking, Text, Time,
};
use super::expand::{self, Tokens};
use super::host::DEFAULT_PORT;
use super::jump::Jumps;
use super::reader::Diagnostic;
use crate::base::limits::IDENTITY_FILES_MAX;
use crate::config::{Env, pattern};

/// A value and the line it came from.
#[derive(Debug, Clone, Copy)]
pub struct Placed<'a, T> {
    pub value: T,
    file: &'a Arc<Path>,
    line: usize,
}

impl<T> Placed<'_, T> {
    pub(super) fn fail(&self, message: String) -> Diagnostic {
        Diagnostic { file: Arc::clone(self.file), line: self.line, message }
    }
}

/// What somebody said about a host before its lines are read: it wins over them, and `Match user` sees it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Given<'a> {
    pub user: Option<&'a str>,
    pub port: Option<u16>,
}

/// A host while its lines are read.
#[derive(Debug)]
pub struct Draft<'a> {
    pub(super) alias: &'a str,
    pub(super) env: &'a Env,
    given: Given<'a>,
    /// Expanded as soon as it is read: `Match host` compares with it.
    hostname: Option<String>,
    /// The second pass over the lines.
    is_final: bool,
    pub(super) values: Values<'a>,
}

/// What the lines say; `None` where they say nothing.
#[derive(Debug, Default)]
pub struct Values<'a> {
    pub port: Option<u16>,
    pub flags: [Option<bool>; Flag::COUNT],
    pub counts: [Option<Placed<'a, u32>>; Count::COUNT],
    pub times: [Option<Duration>; Time::COUNT],
    pub texts: [Option<Placed<'a, &'a str>>; Text::COUNT],
    pub algorithms: [Option<&'a Names>; List::ALL.len()],
    pub identity_files: Vec<Placed<'a, &'a str>>,
    pub certificate_files: Vec<Placed<'a, &'a str>>,
    pub user_known_hosts: Option<Placed<'a, &'a [String]>>,
    pub global_known_hosts: Option<Placed<'a, &'a [String]>>,
    pub strict: Option<StrictHostKeyChecking>,
    pub pubkey: Option<PubkeyAuthentication>,
    pub address_family: Option<AddressFamily>,
    pub rekey_bytes: Option<u64>,
    pub rekey_interval: Option<Duration>,
    pub proxy_jump: Option<Placed<'a, Option<&'a Jumps>>>,
    pub set_env: Option<&'a [(String, String)]>,
    pub send_env: Vec<&'a str>,
    pub canonicalize: Option<Placed<'a, Canonicalize>>,
    pub canonical_domains: Option<&'a [String]>,
    pub canonical_cnames: Option<&'a [Cname]>,
}

impl<'a> Draft<'a> {
    pub fn new(alias: &'a str, given: Given<'a>, env: &'a Env) -> Self {
        Self { alias, env, given, hostname: None, is_final: false, values: Values::default() }
    }

    /// What is known so far, for `Match`.
    pub fn facts<'f>(&'f self, exec: Option<&'f Exec>) -> Facts<'f> {
        let host = self.hostname.as_deref().unwrap_or(self.alias);
        Facts {
            tokens: self.tokens(host, host),
            tag: self.text(Text::Tag).unwrap_or_default(),
            is_final: self.is_final,
            exec,
        }
    }

    /// Takes a value unless there is one already.
    ///
    /// # Errors
    /// A token in `HostName` that does not exist; too many `IdentityFile` lines.
    pub fn apply(
        &mut self,
        directive: &'a Directive,
        file: &'a Arc<Path>,
        line: usize,
    ) -> Result<(), Diagnostic> {
        let values = &mut self.values;
        match directive {
            Directive::Flag(flag, value) => first(&mut values.flags[*flag as usize], *value),
            Directive::Count(count, value) => {
                first(&mut values.counts[*count as usize], Placed { value: *value, file, line });
            }
            Directive::Time(time, value) => first(&mut values.times[*time as usize], *value),
            // A jump excludes a command that comes later; `ProxyJump none` does not.
            Directive::Text(Text::ProxyCommand, _) if values.jump().is_some() => {}
            Directive::Text(text, value) => {
                first(&mut values.texts[*text as usize], Placed { value, file, line });
            }
            Directive::Algorithms(list, names) => first(&mut values.algorithms[*list as usize], names),
            Directive::HostName(value) if self.hostname.is_none() => {
                let name = expand::hostname(value, self.alias);
                let name =
                    name.map_err(|message| Placed { value, file, line }.fail(format!("hostname {message}")))?;
                self.hostname = Some(name);
            }
            Directive::HostName(_) => {}
            Directive::Port(value) => first(&mut values.port, *value),
            Directive::IdentityFile(value) => {
                add_file(&mut values.identity_files, Placed { value, file, line })?;
            }
            Directive::CertificateFile(value) => {
                add_file(&mut values.certificate_files, Placed { value, file, line })?;
            }
            Directive::UserKnownHostsFile(value) => {
                first(&mut values.user_known_hosts, Placed { value: value.as_slice(), file, line });
            }
            Directive::GlobalKnownHostsFile(value) => {
                first(&mut values.global_known_hosts, Placed { value: value.as_slice(), file, line });
            }
            Directive::StrictHostKeyChecking(value) => first(&mut values.strict, *value),
            Directive::PubkeyAuthentication(value) => first(&mut values.pubkey, *value),
            Directive::AddressFamily(value) => first(&mut values.address_family, *value),
            Directive::RekeyBytes(bytes, interval) => {
                first(&mut values.rekey_bytes, *bytes);
                values.rekey_interval = values.rekey_interval.or(*interval);
            }
            Directive::ProxyJump(value) if values.texts[Text::ProxyCommand as usize].is_none() => {
                first(&mut values.proxy_jump, Placed { value: value.as_ref(), file, line });
            }
            Directive::ProxyJump(_) => {}
            Directive::SetEnv(value) => first(&mut values.set_env, value.as_slice()),
            Directive::SendEnv(patterns) => patterns.iter().for_each(|pattern| values.send_env(pattern)),
            Directive::Canonicalize(value) => {
                first(&mut values.canonicalize, Placed { value: *value, file, line });
            }
            Directive::CanonicalDomains(value) => first(&mut values.canonical_domains, value.as_slice()),
            Directive::CanonicalCnames(value) => first(&mut values.canonical_cnames, value.as_slice()),
        }
        Ok(())
    }

    /// The name to connect to, as far as the lines so far say.
    ///
    /// # Errors
    /// `CanonicalizeHostname` wants a name that only the DNS knows.
    pub fn hostname(&self) -> Result<String, Diagnostic> {
        let family = self.values.address_family.unwrap_or_default();
        let hostname = canonical::hostname(self.hostname.as_deref().unwrap_or(self.alias), family);
        let Some(when) = self.values.canonicalize else { return Ok(hostname) };
        let rules = Rules {
            when: when.value,
            max_dots: self.count(Count::CanonicalizeMaxDots, CANONICALIZE_MAX_DOTS),
            domains: self.values.canonical_domains.unwrap_or_default(),
            cnames: self.values.canonical_cnames.unwrap_or_default(),
            has_proxy: self.values.jump().is_some() || self.proxy_command().is_some(),
        };
        rules.lookup(&hostname).map_or(Ok(hostname), |reason| Err(when.fail(reason)))
    }

    /// Whether the lines are read a second time because of `CanonicalizeHostname`.
    pub fn is_canonicalized(&self) -> bool {
        self.values.canonicalize.is_some_and(|when| when.value != Canonicalize::No)
    }

    /// From here on lines count as in the second pass: `Host` and `Match host` see the final name.
    pub fn start_final_pass(&mut self, hostname: String) {
        self.hostname = Some(hostname);
        self.is_final = true;
    }

    /// What tokens stand for; `key_name` is the name in known_hosts where `HostKeyAlias` says nothing.
    pub(super) fn tokens<'t>(&'t self, hostname: &'t str, key_name: &'t str) -> Tokens<'t> {
        Tokens {
            env: self.env,
            hostname,
            alias: self.alias,
            key_alias: self.text(Text::HostKeyAlias).unwrap_or(key_name),
            user: self.given.user.or(self.text(Text::User)).unwrap_or(&self.env.user),
            port: self.given.port.or(self.values.port).unwrap_or(DEFAULT_PORT),
            jump: self.values.jump().and_then(Jumps::last).map_or("", |last| &last.host),
        }
    }

    pub(super) fn flag(&self, flag: Flag, default: bool) -> bool {
        self.values.flags[flag as usize].unwrap_or(default)
    }

    pub(super) fn count(&self, count: Count, default: u32) -> u32 {
        self.values.counts[count as usize].map_or(default, |count| count.value)
    }

    pub(super) fn time(&self, time: Time) -> Option<Duration> {
        self.values.times[time as usize]
    }

    pub(super) fn text(&self, text: Text) -> Option<&'a str> {
        self.values.texts[text as usize].map(|text| text.value)
    }

    pub(super) fn proxy_command(&self) -> Option<&'a str> {
        self.text(Text::ProxyCommand).filter(|command| !is_none(command))
    }
}

impl<'a> Values<'a> {
    pub fn jump(&self) -> Option<&'a Jumps> {
        self.proxy_jump.and_then(|jump| jump.value)
    }

    fn send_env(&mut self, pattern: &'a str) {
        match pattern.strip_prefix('-') {
            Some(forget) => self.send_env.retain(|known| !pattern::matches(forget, known)),
            None => self.send_env.push(pattern),
        }
    }
}

const CANONICALIZE_MAX_DOTS: u32 = 1;

/// Adds a key or a certificate, unless it is there.
fn add_file<'a>(
    files: &mut Vec<Placed<'a, &'a str>>,
    file: Placed<'a, &'a String>,
) -> Result<(), Diagnostic> {
    if files.len() >= IDENTITY_FILES_MAX {
        return Err(file.fail(format!("more than {IDENTITY_FILES_MAX} identity files for this host")));
    }
    if files.iter().all(|known| known.value != file.value) {
        let Placed { value, file, line } = file;
        files.push(Placed { value, file, line });
    }
    Ok(())
}

pub(super) fn is_none(value: &str) -> bool {
    value.eq_ignore_ascii_case("none")
}

fn first<T>(slot: &mut Option<T>, value: T) {
    slot.get_or_insert(value);
}
