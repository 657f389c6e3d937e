//! What one line asks for. ssh2-config says which keywords exist and parses the values it knows how to parse; each
//! line goes to it alone, because one bad value makes it refuse a whole file.

use std::collections::HashMap;
use std::time::Duration;

use ssh2_config::{DefaultAlgorithms, HostParams, ParseRule, SshParserError};

use super::algorithms::{AlgorithmLists, List, Names};
use super::canonical::{self, Canonicalize, Cname};
use super::jump::Jumps;
use super::keywords;
use super::lexer::{Line, quote};
use super::value::{choice, count, files, flag, list, rekey_limit, single, time};

/// A directive this program uses, with its value as written: tokens and `~` are expanded when a host is resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Directive {
    Flag(Flag, bool),
    Count(Count, u32),
    /// Zero turns it off.
    Time(Time, Duration),
    Text(Text, String),
    /// A list with what the line says about it.
    Algorithms(List, Names),
    HostName(String),
    Port(u16),
    IdentityFile(String),
    CertificateFile(String),
    UserKnownHostsFile(Vec<String>),
    GlobalKnownHostsFile(Vec<String>),
    StrictHostKeyChecking(StrictHostKeyChecking),
    PubkeyAuthentication(PubkeyAuthentication),
    AddressFamily(AddressFamily),
    /// Bytes, where 0 leaves it to the cipher.
    RekeyBytes(u64, Option<Duration>),
    /// `None` for `none`.
    ProxyJump(Option<Jumps>),
    SetEnv(Vec<(String, String)>),
    /// Patterns; with a leading `-` those to forget.
    SendEnv(Vec<String>),
    Canonicalize(Canonicalize),
    CanonicalDomains(Vec<String>),
    CanonicalCnames(Vec<Cname>),
}

/// Directives that say yes or no.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flag {
    IdentitiesOnly,
    PasswordAuthentication,
    KbdInteractiveAuthentication,
    TcpKeepAlive,
    CheckHostIp,
    HashKnownHosts,
    NoHostAuthenticationForLocalhost,
    ProxyUseFdpass,
}

/// Directives with a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Count {
    ConnectionAttempts,
    NumberOfPasswordPrompts,
    ServerAliveCountMax,
    CanonicalizeMaxDots,
}

/// Directives with a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Time {
    ConnectTimeout,
    ServerAliveInterval,
}

/// Directives with one word, or with the rest of the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Text {
    User,
    BindAddress,
    BindInterface,
    HostKeyAlias,
    IdentityAgent,
    KnownHostsCommand,
    PreferredAuthentications,
    ProxyCommand,
    RevokedHostKeys,
    Tag,
}

impl Flag {
    pub const COUNT: usize = Self::ProxyUseFdpass as usize + 1;
}

impl Count {
    pub const COUNT: usize = Self::CanonicalizeMaxDots as usize + 1;
}

impl Time {
    pub const COUNT: usize = Self::ServerAliveInterval as usize + 1;
}

impl Text {
    pub const COUNT: usize = Self::Tag as usize + 1;
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
    const CHOICES: [(&str, Self); 7] = [
        ("yes", Self::Yes),
        ("no", Self::No),
        ("accept-new", Self::AcceptNew),
        ("ask", Self::Ask),
        ("off", Self::No),
        ("true", Self::Yes),
        ("false", Self::No),
    ];

    /// As `ssh -G` prints it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Yes => "true",
            Self::No => "false",
            Self::AcceptNew => "accept-new",
            Self::Ask => "ask",
        }
    }
}

/// Whether to log in with keys. The two restricted forms are about a protocol extension that we do not use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PubkeyAuthentication {
    #[default]
    Yes,
    No,
    Unbound,
    HostBound,
}

impl PubkeyAuthentication {
    const CHOICES: [(&str, Self); 6] = [
        ("yes", Self::Yes),
        ("no", Self::No),
        ("unbound", Self::Unbound),
        ("host-bound", Self::HostBound),
        ("true", Self::Yes),
        ("false", Self::No),
    ];

    /// As `ssh -G` prints it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Yes => "true",
            Self::No => "false",
            Self::Unbound => "unbound",
            Self::HostBound => "host-bound",
        }
    }
}

/// Which addresses of a host to connect to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum AddressFamily {
    #[default]
    Any,
    Inet,
    Inet6,
}

impl AddressFamily {
    const CHOICES: [(&str, Self); 3] = [("any", Self::Any), ("inet", Self::Inet), ("inet6", Self::Inet6)];

    /// As `ssh -G` prints it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::Inet => "inet",
            Self::Inet6 => "inet6",
        }
    }
}

/// Parses lines; holds the ssh2-config that is cloned for each.
#[derive(Debug)]
pub struct Parser {
    template: ssh2_config::SshConfig,
    /// What `+`, `-` and `^` work on.
    defaults: AlgorithmLists,
    /// For each keyword the last value and what it meant: hosts of a fleet differ in few lines.
    last: HashMap<String, (String, Option<Directive>)>,
}

impl Parser {
    pub fn new(defaults: AlgorithmLists) -> Self {
        // Its own table of algorithm defaults would be copied for every line. `~` stands for itself here: it is
        // expanded with the tokens, and shown unexpanded where `ssh -G` shows it so.
        let template =
            ssh2_config::SshConfig::default().default_algorithms(DefaultAlgorithms::empty()).home_dir("~");
        Self { template, defaults, last: HashMap::new() }
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
        if keywords::MORE_KEYWORDS.contains(&keyword) {
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
        let text = |text| Ok(Directive::Text(text, one()?.to_owned()));
        let yes_or_no = |kind| Ok(Directive::Flag(kind, flag(keyword, one()?)?));
        let number = |kind| Ok(Directive::Count(kind, count(keyword, one()?)?));
        let algorithms = |list| self.algorithms(keyword, list, one()?);
        let directive: Result<Directive, String> = match keyword {
            "hostname" => self.ask(keyword, one()?, |p| p.host_name.clone()).map(Directive::HostName),
            "user" => text(Text::User),
            "port" => self.port(one()?).map(Directive::Port),
            "identityfile" | "identityfile2" => self.identity_file(one()?).map(Directive::IdentityFile),
            "certificatefile" => Ok(Directive::CertificateFile(one()?.to_owned())),
            "identitiesonly" => yes_or_no(Flag::IdentitiesOnly),
            "identityagent" => text(Text::IdentityAgent),
            "userknownhostsfile" => files(keyword, args).map(Directive::UserKnownHostsFile),
            "globalknownhostsfile" => files(keyword, args).map(Directive::GlobalKnownHostsFile),
            "stricthostkeychecking" => {
                choice(keyword, one()?, &StrictHostKeyChecking::CHOICES).map(Directive::StrictHostKeyChecking)
            }
            "checkhostip" => yes_or_no(Flag::CheckHostIp),
            "hashknownhosts" => yes_or_no(Flag::HashKnownHosts),
            "hostkeyalias" => Ok(Directive::Text(Text::HostKeyAlias, one()?.to_ascii_lowercase())),
            "knownhostscommand" => Ok(Directive::Text(Text::KnownHostsCommand, line.command().to_owned())),
            "nohostauthenticationforlocalhost" => yes_or_no(Flag::NoHostAuthenticationForLocalhost),
            "proxyusefdpass" => yes_or_no(Flag::ProxyUseFdpass),
            "revokedhostkeys" => text(Text::RevokedHostKeys),
            "connecttimeout" => return timed(keyword, Time::ConnectTimeout, one()?),
            "serveraliveinterval" => return timed(keyword, Time::ServerAliveInterval, one()?),
            "serveralivecountmax" => number(Count::ServerAliveCountMax),
            "connectionattempts" => number(Count::ConnectionAttempts),
            "tcpkeepalive" | "keepalive" => yes_or_no(Flag::TcpKeepAlive),
            "addressfamily" => choice(keyword, one()?, &AddressFamily::CHOICES).map(Directive::AddressFamily),
            "bindaddress" => text(Text::BindAddress),
            "bindinterface" => text(Text::BindInterface),
            "proxyjump" => Jumps::parse(line.command()).map(Directive::ProxyJump),
            "proxycommand" => Ok(Directive::Text(Text::ProxyCommand, line.command().to_owned())),
            "preferredauthentications" => text(Text::PreferredAuthentications),
            "pubkeyauthentication" | "dsaauthentication" => {
                choice(keyword, one()?, &PubkeyAuthentication::CHOICES).map(Directive::PubkeyAuthentication)
            }
            "passwordauthentication" => yes_or_no(Flag::PasswordAuthentication),
            "kbdinteractiveauthentication"
            | "challengeresponseauthentication"
            | "skeyauthentication"
            | "tisauthentication" => yes_or_no(Flag::KbdInteractiveAuthentication),
            "numberofpasswordprompts" => number(Count::NumberOfPasswordPrompts),
            "kexalgorithms" => algorithms(List::Kex),
            "ciphers" => algorithms(List::Ciphers),
            "macs" => algorithms(List::Macs),
            "hostkeyalgorithms" => algorithms(List::HostKeys),
            "pubkeyacceptedalgorithms" | "pubkeyacceptedkeytypes" => algorithms(List::PubkeyAccepted),
            "casignaturealgorithms" => algorithms(List::CaSignatures),
            "rekeylimit" => {
                rekey_limit(&args).map(|(bytes, interval)| Directive::RekeyBytes(bytes, interval))
            }
            "setenv" => set_env(args).map(Directive::SetEnv),
            "sendenv" => send_env(args).map(Directive::SendEnv),
            "canonicalizehostname" => {
                choice(keyword, one()?, &Canonicalize::CHOICES).map(Directive::Canonicalize)
            }
            "canonicalizemaxdots" => number(Count::CanonicalizeMaxDots),
            "canonicaldomains" => {
                list(keyword, args).and_then(canonical::domains).map(Directive::CanonicalDomains)
            }
            "canonicalizepermittedcnames" => canonical::cnames(args).map(Directive::CanonicalCnames),
            "tag" => text(Text::Tag),
            _ => return self.check_unused(keyword, &args).map(|()| None),
        };
        directive.map(Some)
    }

    /// A line that is of no use here, and that ssh may refuse all the same.
    fn check_unused(&self, keyword: &str, args: &[String]) -> Result<(), String> {
        if keywords::FLAGS.contains(&keyword) {
            return flag(keyword, single(keyword, args)?).map(|_| ());
        }
        match keywords::CHOICES.iter().find(|(name, _)| *name == keyword) {
            Some((_, words)) => {
                let words: Vec<(&str, &str)> = words.iter().map(|&word| (word, word)).collect();
                choice(keyword, single(keyword, args)?, &words).map(|_| ())
            }
            None => self.check_keyword(keyword),
        }
    }

    fn algorithms(&self, keyword: &str, list: List, value: &str) -> Result<Directive, String> {
        let names =
            self.defaults.apply(list, value).map_err(|message| format!("{keyword} '{value}': {message}"))?;
        Ok(Directive::Algorithms(list, names))
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

fn timed(keyword: &str, kind: Time, value: &str) -> Result<Option<Directive>, String> {
    Ok(time(keyword, value)?.map(|time| Directive::Time(kind, time)))
}

/// `NAME=value` several times; of a name that comes twice the first.
fn set_env(args: Vec<String>) -> Result<Vec<(String, String)>, String> {
    let mut set: Vec<(String, String)> = Vec::new();
    for arg in args {
        let (name, value) =
            arg.split_once('=').ok_or_else(|| format!("setenv '{arg}': expected NAME=value"))?;
        if set.iter().all(|(known, _)| known != name) {
            set.push((name.to_owned(), value.to_owned()));
        }
    }
    Ok(set)
}

fn send_env(args: Vec<String>) -> Result<Vec<String>, String> {
    match args.iter().find(|arg| arg.is_empty() || arg.contains('=')) {
        Some(arg) => Err(format!("sendenv '{arg}': expected the names of variables")),
        None => Ok(args),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Option<Directive>, String> {
        Parser::new(AlgorithmLists::spoken()).parse(&Line::parse(line).unwrap())
    }

    #[test]
    fn values() {
        let ok = |line: &str| parse(line).unwrap().unwrap();
        assert_eq!(ok("HostName a#b"), Directive::HostName("a#b".into()));
        assert_eq!(ok("User \"a \\\"b\\\\\""), Directive::Text(Text::User, "a \"b\\".into()));
        assert_eq!(ok("IdentityFile '~/.ssh/my key'"), Directive::IdentityFile("~/.ssh/my key".into()));
        assert_eq!(
            ok("ConnectTimeout 1h1m1s"),
            Directive::Time(Time::ConnectTimeout, Duration::from_secs(3661))
        );
        assert_eq!(parse("ConnectTimeout none"), Ok(None));
        assert_eq!(ok("UserKnownHostsFile none"), Directive::UserKnownHostsFile(vec![]));
        assert_eq!(
            ok("ProxyJump a,ssh://u@b:3/"),
            Directive::ProxyJump(Jumps::parse("a,ssh://u@b:3").unwrap())
        );
        assert_eq!(
            ok("ProxyCommand nc \"%h\" # x"),
            Directive::Text(Text::ProxyCommand, "nc \"%h\" # x".into())
        );
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
            ("Compression maybe", "compression 'maybe': expected yes or no"),
            ("PubkeyAuthentication x", "pubkeyauthentication 'x': expected yes, no, unbound or host-bound"),
            ("Ciphers aes*", "ciphers 'aes*': 'aes*' is no algorithm"),
            ("SetEnv X", "setenv 'X': expected NAME=value"),
            ("SendEnv X=1", "sendenv 'X=1': expected the names of variables"),
            ("RekeyLimit 15", "rekeylimit '15': expected default, or 16 bytes and more, as 1G"),
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
            "UpdateHostKeys ask",
            "Tunnel Ethernet",
            "AddKeysToAgent confirm 1h",
            "KbdInteractiveDevices bsdauth",
        ] {
            assert_eq!(parse(line), Ok(None), "{line}");
        }
    }
}
