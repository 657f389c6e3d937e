//! Canonical host names (ssh_config(5), CanonicalizeHostname): how addresses are written, and when ssh would ask the
//! DNS for a longer name. Nothing is asked here: where an answer could change the name, the host has an error.

// Addresses as text; sockets are for `io/`.
use core::net::{Ipv4Addr, Ipv6Addr};

use super::directive::AddressFamily;
use super::jump::is_domain;
use crate::base::limits::CANONICAL_NAMES_MAX;
use crate::config::pattern::{self, Match};

/// When to canonicalize.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Canonicalize {
    #[default]
    No,
    /// Unless a proxy will look the name up.
    Yes,
    Always,
}

impl Canonicalize {
    pub const CHOICES: [(&'static str, Self); 5] = [
        ("yes", Self::Yes),
        ("no", Self::No),
        ("always", Self::Always),
        ("true", Self::Yes),
        ("false", Self::No),
    ];
}

/// Which names (first list) may turn out to be aliases of which others (second list).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cname {
    pub source: String,
    pub target: String,
}

/// What `CanonicalizeHostname` and its companions say about a host.
#[derive(Debug, Clone, Copy)]
pub struct Rules<'a> {
    pub when: Canonicalize,
    pub max_dots: u32,
    pub domains: &'a [String],
    pub cnames: &'a [Cname],
    pub has_proxy: bool,
}

impl Rules<'_> {
    /// Why the name cannot be known without asking the DNS, when that is so.
    pub fn lookup(&self, hostname: &str) -> Option<String> {
        let is_asked = match self.when {
            Canonicalize::No => false,
            Canonicalize::Yes => !self.has_proxy,
            Canonicalize::Always => true,
        };
        if !is_asked || address(hostname).is_some() {
            return None;
        }
        let dots = hostname.matches('.').count();
        let is_short =
            u32::try_from(dots).is_ok_and(|dots| dots <= self.max_dots) && !self.domains.is_empty();
        let may_be_alias = || {
            let mut sources = self.cnames.iter().map(|cname| cname.source.split(','));
            sources.any(|source| pattern::matches_list(source, hostname) == Match::Yes)
        };
        (is_short || hostname.ends_with('.') || may_be_alias()).then(|| {
            format!(
                "canonicalizehostname: '{hostname}' would have to be looked up, which is not supported: write its \
                 full name as HostName, or CanonicalizeHostname no"
            )
        })
    }
}

/// The name to connect to as ssh writes it: addresses in their shortest form, names in lower case. An address is left
/// alone when it has that form but for the case, and when it is of a family that is not wanted.
pub fn hostname(name: &str, family: AddressFamily) -> String {
    match address(name) {
        Some(address) if address.eq_ignore_ascii_case(name) || !is_wanted(&address, family) => {
            name.to_owned()
        }
        Some(address) => address,
        None => name.to_ascii_lowercase(),
    }
}

fn is_wanted(address: &str, family: AddressFamily) -> bool {
    match family {
        AddressFamily::Any => true,
        AddressFamily::Inet => !address.contains(':'),
        AddressFamily::Inet6 => address.contains(':'),
    }
}

/// Suffixes for `CanonicalDomains`.
///
/// # Errors
/// A suffix that cannot be one; too many.
pub fn domains(args: Vec<String>) -> Result<Vec<String>, String> {
    check_count("canonicaldomains", args.len())?;
    match args.iter().find(|domain| !is_domain(domain)) {
        Some(domain) => Err(format!("canonicaldomains '{domain}': not a domain")),
        None => {
            Ok(args.into_iter().map(|domain| domain.trim_end_matches('.').to_ascii_lowercase()).collect())
        }
    }
}

/// `sources:targets` several times, `*` for anything, `none` for nothing.
///
/// # Errors
/// What is not of this form; too many.
pub fn cnames(args: Vec<String>) -> Result<Vec<Cname>, String> {
    check_count("canonicalizepermittedcnames", args.len())?;
    if args.len() == 1 && args.iter().any(|arg| arg.eq_ignore_ascii_case("none")) {
        return Ok(Vec::new());
    }
    args.into_iter().map(cname).collect()
}

fn cname(arg: String) -> Result<Cname, String> {
    let lower = arg.to_ascii_lowercase();
    match lower.split_once(':') {
        _ if arg == "*" => Ok(Cname { source: arg.clone(), target: arg }),
        Some((source, target)) if !target.is_empty() => {
            Ok(Cname { source: source.to_owned(), target: target.to_owned() })
        }
        _ => Err(format!("canonicalizepermittedcnames '{arg}': expected names:names, '*' or 'none' alone")),
    }
}

fn check_count(keyword: &str, count: usize) -> Result<(), String> {
    match count {
        0..=CANONICAL_NAMES_MAX => Ok(()),
        _ => Err(format!("{keyword} has {count} values: at most {CANONICAL_NAMES_MAX} are allowed")),
    }
}

/// An address in its shortest form; `None` for a name.
fn address(text: &str) -> Option<String> {
    let (address, zone) = text.split_once('%').map_or((text, None), |(address, zone)| (address, Some(zone)));
    match (address.parse::<Ipv6Addr>(), zone) {
        (Ok(address), Some(zone)) => Some(format!("{address}%{zone}")),
        (Ok(address), None) => Some(address.to_string()),
        (Err(_), _) => ipv4(text).map(|address| address.to_string()),
    }
}

/// As `inet_aton`, which `getaddrinfo` uses: the last of one to four numbers fills the bytes that are left, and each
/// may be octal or hexadecimal.
fn ipv4(text: &str) -> Option<Ipv4Addr> {
    let parts: Vec<&str> = text.split('.').collect();
    let (last, first) = parts.split_last().filter(|(_, first)| first.len() < 4)?;
    let mut address = 0_u32;
    for part in first {
        address = address << 8 | number(part).filter(|&byte| byte <= 0xff)?;
    }
    let bits = 32 - 8 * u32::try_from(first.len()).ok()?;
    let rest = number(last).filter(|&rest| u64::from(rest) < 1 << bits)?;
    Some(Ipv4Addr::from(u32::try_from((u64::from(address) << bits) | u64::from(rest)).ok()?))
}

fn number(text: &str) -> Option<u32> {
    let is_number = text.starts_with(|c: char| c.is_ascii_digit());
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        _ if !is_number => None,
        Some(digits) => u32::from_str_radix(digits, 16).ok().filter(|_| !digits.starts_with('+')),
        None if text.len() > 1 && text.starts_with('0') => u32::from_str_radix(text, 8).ok(),
        None => text.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_have_one_form() {
        for (text, expected) in [
            ("2001:DB8:0::1", "2001:db8::1"),
            ("2001:DB8::1", "2001:DB8::1"),
            ("fe80::0:1%eth0", "fe80::1%eth0"),
            ("127.1", "127.0.0.1"),
            ("0x7f.0.0.010", "127.0.0.8"),
            ("3232235777", "192.168.1.1"),
            ("10.0.0.1", "10.0.0.1"),
            ("1.2.3.256", "1.2.3.256"),
            ("1.2.3.4.5", "1.2.3.4.5"),
            ("Web1.Example", "web1.example"),
            ("", ""),
        ] {
            assert_eq!(hostname(text, AddressFamily::Any), expected, "{text}");
        }
    }

    #[test]
    fn addresses_of_a_family_that_is_not_wanted_are_left_alone() {
        assert_eq!(hostname("2001:DB8:0::1", AddressFamily::Inet), "2001:DB8:0::1");
        assert_eq!(hostname("127.1", AddressFamily::Inet6), "127.1");
        assert_eq!(hostname("127.1", AddressFamily::Inet), "127.0.0.1");
    }

    #[test]
    fn only_names_that_an_answer_could_change_are_looked_up() {
        let domains = ["corp.example".to_owned()];
        let cnames = cnames(vec!["*.a:*.b".to_owned()]).unwrap();
        let rules =
            |when, has_proxy| Rules { when, max_dots: 1, domains: &domains, cnames: &cnames, has_proxy };
        let yes = rules(Canonicalize::Yes, false);
        for (hostname, is_asked) in [
            ("web", true),
            ("web.x", true),
            ("web.x.y", false),
            ("web.x.y.", true),
            ("w.x.a", true),
            ("::1", false),
        ] {
            assert_eq!(yes.lookup(hostname).is_some(), is_asked, "{hostname}");
        }
        assert!(rules(Canonicalize::No, false).lookup("web").is_none());
        assert!(rules(Canonicalize::Yes, true).lookup("web").is_none());
        assert!(rules(Canonicalize::Always, true).lookup("web").is_some());
    }

    #[test]
    fn domains_and_aliases_are_checked() {
        let strings = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(super::domains(strings("A.b. c")).unwrap(), ["a.b", "c"]);
        assert!(super::domains(strings("a..b")).is_err());
        assert!(super::domains(vec!["a".to_owned(); 33]).is_err());
        assert_eq!(super::cnames(strings("none")), Ok(vec![]));
        assert!(super::cnames(strings("*.a: x")).is_err());
        assert!(super::cnames(strings("none a:b")).is_err());
    }
}
