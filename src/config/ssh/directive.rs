//! What one line asks for. ssh2-config says which keywords exist and parses the values it knows how to parse; each
//! line goes to it alone, because one bad value makes it refuse a whole file.

use std::collections::HashMap;
use std::time::Duration;

use ssh2_config::{DefaultAlgorithms, HostParams, ParseRule, SshParserError};

use super::lexer::{Line, quote};
use crate::base::limits::KNOWN_HOSTS_FILES_MAX;

/// A directive this program uses, with its value as written: tokens and `~` are expanded when a host is resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Directive {
    HostName(String),
    User(String),
    Port(u16),
    IdentityFile(String),
    IdentitiesOnly(bool),
    IdentityAgent(String),
    UserKnownHostsFile(Vec<String>),
    GlobalKnownHostsFile(Vec<String>),
    StrictHostKeyChecking(StrictHostKeyChecking),
    /// Zero: wait as long as the system does.
    ConnectTimeout(Duration),
    /// Zero: no keepalive.
    ServerAliveInterval(Duration),
    ServerAliveCountMax(u32),
    HostKeyAlias(String),
    ProxyJump(String),
    ProxyCommand(String),
}

/// What to do about a host key that is not known. A *changed* key is refused in every mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum StrictHostKeyChecking {
    /// Refuse.
    Yes,
    /// Take it.
    No,
    /// Take it and remember it.
    AcceptNew,
    /// Ask; without a terminal that is a refusal.
    #[default]
    Ask,
}

impl StrictHostKeyChecking {
    /// As `ssh -G` prints it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Yes => "true",
            Self::No => "false",
            Self::AcceptNew => "accept-new",
            Self::Ask => "ask",
        }
    }

    fn parse(value: &str) -> Option<Self> {
        Some(match value.to_ascii_lowercase().as_str() {
            "yes" | "true" => Self::Yes,
            "no" | "false" | "off" => Self::No,
            "accept-new" => Self::AcceptNew,
            "ask" => Self::Ask,
            _ => return None,
        })
    }
}

/// Parses lines; holds the ssh2-config that is cloned for each.
#[derive(Debug)]
pub struct Parser {
    template: ssh2_config::SshConfig,
    /// For each keyword the last value and what it meant: hosts of a fleet differ in few lines.
    last: HashMap<String, (String, Option<Directive>)>,
}

impl Parser {
    pub fn new() -> Self {
        // Its own table of algorithm defaults would be copied for every line. `~` stands for itself here: it is
        // expanded with the tokens, and shown unexpanded where `ssh -G` shows it so.
        let template =
            ssh2_config::SshConfig::default().default_algorithms(DefaultAlgorithms::empty()).home_dir("~");
        Self { template, last: HashMap::new() }
    }

    /// `Ok(None)` for a line that changes nothing here: most directives of OpenSSH are of no use to this program.
    ///
    /// # Errors
    /// What is wrong and what was expected, without the place.
    pub fn parse(&mut self, line: &Line<'_>) -> Result<Option<Directive>, String> {
        if let Some((_, directive)) = self.last.get(&line.keyword).filter(|(rest, _)| rest == line.rest) {
            return Ok(directive.clone());
        }
        let directive = self.parse_new(line)?;
        self.last.insert(line.keyword.clone(), (line.rest.to_owned(), directive.clone()));
        Ok(directive)
    }

    /// Whether OpenSSH knows the keyword.
    ///
    /// # Errors
    /// OpenSSH's words for an option it does not know.
    pub fn check_keyword(&self, keyword: &str) -> Result<(), String> {
        if MORE_KEYWORDS.contains(&keyword) {
            return Ok(());
        }
        match self.run(keyword, "") {
            Err(SshParserError::UnknownField(..)) => {
                Err(format!("bad configuration option '{keyword}' (IgnoreUnknown {keyword} would allow it)"))
            }
            _ => Ok(()),
        }
    }

    fn parse_new(&self, line: &Line<'_>) -> Result<Option<Directive>, String> {
        let keyword = line.keyword.as_str();
        if line.rest.is_empty() {
            return self.check_keyword(keyword).and(Err(format!("{keyword} has no value")));
        }
        let args = line.args().map_err(|_| "a quote is not closed".to_owned())?;
        let one = || single(keyword, &args);
        Ok(Some(match keyword {
            "hostname" => Directive::HostName(self.ask(keyword, one()?, |p| p.host_name.clone())?),
            "user" => Directive::User(self.ask(keyword, one()?, |p| p.user.clone())?),
            "port" => Directive::Port(self.port(one()?)?),
            "identityfile" | "identityfile2" => Directive::IdentityFile(self.identity_file(one()?)?),
            "identitiesonly" => Directive::IdentitiesOnly(flag(keyword, one()?)?),
            "identityagent" => Directive::IdentityAgent(one()?.to_owned()),
            "userknownhostsfile" => Directive::UserKnownHostsFile(files(keyword, args)?),
            "globalknownhostsfile" => Directive::GlobalKnownHostsFile(files(keyword, args)?),
            "stricthostkeychecking" => Directive::StrictHostKeyChecking(strict(one()?)?),
            "connecttimeout" => return Ok(time(keyword, one()?)?.map(Directive::ConnectTimeout)),
            "serveraliveinterval" => return Ok(time(keyword, one()?)?.map(Directive::ServerAliveInterval)),
            "serveralivecountmax" => Directive::ServerAliveCountMax(count(keyword, one()?)?),
            "hostkeyalias" => Directive::HostKeyAlias(one()?.to_ascii_lowercase()),
            "proxyjump" => Directive::ProxyJump(jump(line.rest)?),
            "proxycommand" => Directive::ProxyCommand(line.rest.to_owned()),
            _ => return self.check_keyword(keyword).map(|()| None),
        }))
    }

    fn ask<T>(
        &self,
        keyword: &str,
        value: &str,
        pick: impl FnOnce(HostParams) -> Option<T>,
    ) -> Result<T, String> {
        let params = self.run(keyword, value).map_err(|error| format!("{keyword} '{value}': {error}"))?;
        pick(params).ok_or_else(|| format!("{keyword} '{value}': not understood"))
    }

    fn run(&self, keyword: &str, value: &str) -> Result<HostParams, SshParserError> {
        let line = format!("{keyword} {}", quote(value));
        let config = self.template.clone().parse(&mut line.as_bytes(), ParseRule::STRICT)?;
        let host = config.get_hosts().first().ok_or(SshParserError::MissingArgument)?;
        Ok(host.params.clone())
    }

    fn port(&self, value: &str) -> Result<u16, String> {
        match self.ask("port", value, |p| p.port) {
            Ok(port) if port > 0 => Ok(port),
            _ => Err(format!("port '{value}' is not a port: expected a number from 1 to 65535")),
        }
    }

    fn identity_file(&self, value: &str) -> Result<String, String> {
        let path = self.ask("identityfile", value, |p| p.identity_file.as_ref()?.first().cloned())?;
        path.into_os_string().into_string().map_err(|_| format!("identityfile '{value}': not UTF-8"))
    }
}

/// Keywords of OpenSSH that ssh2-config does not list: misspelt there, newer, of Debian's GSSAPI patch, or obsolete.
const MORE_KEYWORDS: &[&str] = &[
    "afstokenpassing",
    "canonicalizefallbacklocal",
    "challengeresponseauthentication",
    "channeltimeout",
    "cipher",
    "compressionlevel",
    "dsaauthentication",
    "enableescapecommandline",
    "fallbacktorsh",
    "globalknownhostsfile2",
    "gssapiclientidentity",
    "gssapikexalgorithms",
    "gssapikeyexchange",
    "gssapirenewalforcesrekey",
    "gssapiserveridentity",
    "gssapitrustdns",
    "hostbasedacceptedkeytypes",
    "keepalive",
    "kerberosauthentication",
    "kerberostgtpassing",
    "obscurekeystroketiming",
    "protocol",
    "refuseconnection",
    "remotecommand",
    "requiredrsasize",
    "rhostsauthentication",
    "rhostsrsaauthentication",
    "rsaauthentication",
    "securitykeyprovider",
    "skeyauthentication",
    "smartcarddevice",
    "streamlocalbindunlink",
    "tag",
    "tisauthentication",
    "tunnel",
    "tunneldevice",
    "useprivilegedport",
    "userknownhostsfile2",
    "useroaming",
    "usersh",
    "versionaddendum",
    "warnweakcrypto",
];

fn single<'a>(keyword: &str, args: &'a [String]) -> Result<&'a str, String> {
    match args {
        [] => Err(format!("{keyword} has no value")),
        [value] if value.is_empty() => Err(format!("{keyword} has an empty value")),
        [value] => Ok(value),
        [_, more, ..] => Err(format!("{keyword} takes one value: unexpected '{more}'")),
    }
}

fn flag(keyword: &str, value: &str) -> Result<bool, String> {
    match value.to_ascii_lowercase().as_str() {
        "yes" | "true" => Ok(true),
        "no" | "false" => Ok(false),
        _ => Err(format!("{keyword} '{value}': expected yes or no")),
    }
}

fn strict(value: &str) -> Result<StrictHostKeyChecking, String> {
    StrictHostKeyChecking::parse(value)
        .ok_or_else(|| format!("stricthostkeychecking '{value}': expected yes, no, off, accept-new or ask"))
}

fn files(keyword: &str, args: Vec<String>) -> Result<Vec<String>, String> {
    if args.iter().any(String::is_empty) {
        return Err(format!("{keyword} has an empty value"));
    }
    if args.len() > KNOWN_HOSTS_FILES_MAX {
        return Err(format!(
            "{keyword} names {} files: at most {KNOWN_HOSTS_FILES_MAX} are allowed",
            args.len()
        ));
    }
    match args.iter().any(|arg| arg.eq_ignore_ascii_case("none")) {
        true if args.len() > 1 => Err(format!("{keyword}: 'none' must stand alone")),
        true => Ok(Vec::new()),
        false => Ok(args),
    }
}

fn count(keyword: &str, value: &str) -> Result<u32, String> {
    let number = value.parse().ok().filter(|&n: &u32| i32::try_from(n).is_ok());
    number.ok_or_else(|| format!("{keyword} '{value}' is not a number: expected 0 to {}", i32::MAX))
}

/// Seconds, or a sum of parts as `1h30m` (sshd_config(5), TIME FORMATS). `none` is no value: as in ssh, a later line
/// may still set one.
fn time(keyword: &str, value: &str) -> Result<Option<Duration>, String> {
    if value == "none" {
        return Ok(None);
    }
    seconds(value)
        .filter(|&total| i32::try_from(total).is_ok())
        .map(|total| Some(Duration::from_secs(total)))
        .ok_or_else(|| format!("{keyword} '{value}' is not a time: expected seconds, 1m30s or none"))
}

fn seconds(value: &str) -> Option<u64> {
    let mut total = 0_u64;
    let mut rest = value;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let (number, unit) = rest.split_at(digits);
        let factor = match unit.chars().next().map(|c| c.to_ascii_lowercase()) {
            None | Some('s') => 1,
            Some('m') => 60,
            Some('h') => 3_600,
            Some('d') => 86_400,
            Some('w') => 604_800,
            Some(_) => return None,
        };
        total = total.checked_add(number.parse::<u64>().ok()?.checked_mul(factor)?)?;
        rest = unit.get(1..).unwrap_or("");
    }
    if value.is_empty() { None } else { Some(total) }
}

/// Hops as `[user@]host[:port]` or `ssh://` addresses; the last one in its short form, as `ssh -G` prints it.
fn jump(value: &str) -> Result<String, String> {
    if value.eq_ignore_ascii_case("none") {
        return Ok(value.to_owned());
    }
    let (others, last) = value.rsplit_once(',').map_or((None, value), |(others, last)| (Some(others), last));
    if !others.into_iter().flat_map(|hops| hops.split(',')).chain([last]).all(|hop| is_hop(short(hop))) {
        return Err(format!("proxyjump '{value}': expected [user@]host[:port], several separated by commas"));
    }
    Ok(others.map_or_else(|| short(last).to_owned(), |others| format!("{others},{}", short(last))))
}

fn short(hop: &str) -> &str {
    hop.strip_prefix("ssh://").map_or(hop, |address| address.strip_suffix('/').unwrap_or(address))
}

fn is_hop(hop: &str) -> bool {
    let (user, address) = hop.rsplit_once('@').map_or((None, hop), |(user, address)| (Some(user), address));
    let (host, port) = match address.strip_prefix('[').and_then(|inner| inner.split_once(']')) {
        Some((host, port)) => (host, port.strip_prefix(':')),
        None => address.split_once(':').map_or((address, None), |(host, port)| (host, Some(port))),
    };
    user != Some("")
        && !host.is_empty()
        && port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Option<Directive>, String> {
        Parser::new().parse(&Line::parse(line).unwrap())
    }

    #[test]
    fn values() {
        let ok = |line: &str| parse(line).unwrap().unwrap();
        assert_eq!(ok("HostName a#b"), Directive::HostName("a#b".into()));
        assert_eq!(ok("User \"a \\\"b\\\\\""), Directive::User("a \"b\\".into()));
        assert_eq!(ok("IdentityFile '~/.ssh/my key'"), Directive::IdentityFile("~/.ssh/my key".into()));
        assert_eq!(ok("ConnectTimeout 1h1m1s"), Directive::ConnectTimeout(Duration::from_secs(3661)));
        assert_eq!(parse("ConnectTimeout none"), Ok(None));
        assert_eq!(ok("UserKnownHostsFile none"), Directive::UserKnownHostsFile(vec![]));
        assert_eq!(ok("ProxyJump a,ssh://u@b:3/"), Directive::ProxyJump("a,u@b:3".into()));
        assert_eq!(ok("ProxyCommand nc \"%h\" # x"), Directive::ProxyCommand("nc \"%h\" # x".into()));
    }

    #[test]
    fn wrong_values_are_named_with_what_was_expected() {
        for (line, expected) in [
            ("Port 0", "port '0' is not a port: expected a number from 1 to 65535"),
            ("Port 65536", "port '65536' is not a port: expected a number from 1 to 65535"),
            ("User", "user has no value"),
            ("User #x", "user has no value"),
            ("User \"\"", "user has an empty value"),
            ("User a b", "user takes one value: unexpected 'b'"),
            ("User \"a", "a quote is not closed"),
            ("ConnectTimeout 5x", "connecttimeout '5x' is not a time: expected seconds, 1m30s or none"),
            (
                "ConnectTimeout 99999999999",
                "connecttimeout '99999999999' is not a time: expected seconds, 1m30s or none",
            ),
            ("IdentitiesOnly maybe", "identitiesonly 'maybe': expected yes or no"),
            ("Bogus 1", "bad configuration option 'bogus' (IgnoreUnknown bogus would allow it)"),
            ("UserKnownHostsFile none a", "userknownhostsfile: 'none' must stand alone"),
            (
                "ProxyJump a@@b:x",
                "proxyjump 'a@@b:x': expected [user@]host[:port], several separated by commas",
            ),
        ] {
            assert_eq!(parse(line), Err(expected.to_owned()), "{line}");
        }
    }

    #[test]
    fn what_openssh_knows_is_let_pass() {
        for line in [
            "ForwardAgent /run/agent",
            "SendEnv LANG LC_*",
            "Tunnel yes",
            "AddKeysToAgent confirm 1h",
            "Tag x",
        ] {
            assert_eq!(parse(line), Ok(None), "{line}");
        }
    }
}
