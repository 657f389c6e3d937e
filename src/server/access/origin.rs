//! Whether a request comes from a web page that has no business here.
//!
//! A browser lets any page send requests to servers on the machine or in the network of whoever looks at it. The page
//! cannot hide where it comes from (`Origin`), and one whose name has been made to lead to us (DNS rebinding) asks for us
//! by its own name (`Host`). Programs that are no browsers send no `Origin`.

use core::net::IpAddr;

use super::bind::is_local;
use crate::config::settings::Patterns;

/// Names and origins that are ours.
#[derive(Debug, Clone)]
pub struct Names {
    /// Only this machine reaches us.
    is_local: bool,
    hosts: Patterns,
    origins: Patterns,
}

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Foreign {
    Host,
    Origin,
}

impl Names {
    /// Of a server that listens on `address`, and may be called as `hosts` and used by pages of `origins` too.
    pub fn new(address: IpAddr, hosts: Patterns, origins: Patterns) -> Self {
        Self { is_local: is_local(address), hosts, origins }
    }

    /// Judges a request by its host, `Host` or what stands in its place, and by every `Origin` that it has.
    ///
    /// # Errors
    /// What of it is not ours, or is none at all.
    pub fn check(
        &self,
        host: &str,
        mut origins: impl Iterator<Item = impl AsRef<[u8]>>,
    ) -> Result<(), Foreign> {
        if !host_of(host).is_some_and(|host| self.is_ours(&host)) {
            return Err(Foreign::Host);
        }
        let Some(origin) = origins.next() else { return Ok(()) };
        let origin = str::from_utf8(origin.as_ref()).ok().and_then(Origin::parse);
        match (origin, origins.next()) {
            (Some(origin), None) if self.may_use(&origin) => Ok(()),
            _ => Err(Foreign::Origin),
        }
    }

    /// Where other machines reach us they do so by any name, as long as nobody has said which.
    fn is_ours(&self, host: &str) -> bool {
        let has_any_name = !self.is_local && self.hosts.is_empty();
        has_any_name || is_this_machine(host) || self.hosts.include(host)
    }

    fn may_use(&self, origin: &Origin) -> bool {
        let is_web = origin.text.starts_with("http://") || origin.text.starts_with("https://");
        (is_web && self.is_local && is_this_machine(&origin.host))
            || (is_web && self.hosts.include(&origin.host))
            || self.origins.include(&origin.text)
    }
}

/// `localhost`, or an address of this machine alone.
fn is_this_machine(host: &str) -> bool {
    let address = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    host == "localhost" || address.parse().is_ok_and(is_local)
}

/// Where a page comes from (RFC 6454 §6.2), in lower case.
struct Origin {
    text: String,
    host: String,
}

impl Origin {
    /// `None` for `null`, which pages of nowhere have, and for what no browser sends.
    fn parse(text: &str) -> Option<Self> {
        let text = text.to_ascii_lowercase();
        let (scheme, authority) = text.split_once("://")?;
        let is_scheme = !scheme.is_empty()
            && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
        let host = host_of(authority).filter(|_| is_scheme)?;
        Some(Self { text, host })
    }
}

/// The host of a host and perhaps a port, in lower case; IPv6 addresses in their brackets.
fn host_of(authority: &str) -> Option<String> {
    let end = match authority.starts_with('[') {
        true => authority.find(']')? + 1,
        false => authority.find(':').unwrap_or(authority.len()),
    };
    let (host, port) = authority.split_at_checked(end)?;
    let is_port = match port.strip_prefix(':') {
        Some(digits) => digits.parse::<u16>().is_ok() && digits.bytes().all(|byte| byte.is_ascii_digit()),
        None => port.is_empty(),
    };
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    let is_address = |host: &str| {
        let address = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        address.is_some_and(|address| address.parse::<core::net::Ipv6Addr>().is_ok())
    };
    let is_host = !host.is_empty() && (host.bytes().all(is_name) || is_address(host));
    (is_host && is_port).then(|| host.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(address: &str, hosts: &[&str], origins: &[&str]) -> Names {
        let patterns = |list: &[&str]| list.iter().copied().collect();
        Names::new(address.parse().unwrap(), patterns(hosts), patterns(origins))
    }

    fn host(names: &Names, host: &str) -> bool {
        names.check(host, std::iter::empty::<&str>()).is_ok()
    }

    fn origin(names: &Names, origin: &str) -> bool {
        names.check("localhost:8000", [origin].iter()) == Ok(())
    }

    #[test]
    fn a_local_server_is_called_by_its_own_names() {
        let local = names("127.0.0.1", &[], &[]);
        for ours in
            ["localhost", "LocalHost:8000", "127.0.0.1:1", "[::1]", "[::1]:65535", "[::ffff:127.0.0.1]"]
        {
            assert!(host(&local, ours), "{ours}");
        }
        for foreign in [
            "",
            "evil.example",
            "evil.example:8000",
            "localhost.evil.example",
            "localhost.",
            "127.0.0.1.evil.example",
            "10.0.0.1",
            "0.0.0.0",
            "[::]",
            "[fe80::1]",
            "::1",
            "localhost:",
            "localhost:x",
            "localhost:+1",
            "localhost:65536",
            "localhost:8000:1",
            "me@localhost",
            "localhost/",
            "[::1",
            "[localhost]",
            "[::1]x",
            "2130706433",
            "0177.0.0.1",
            "loc\u{e4}lhost",
            "%6cocalhost",
        ] {
            assert!(!host(&local, foreign), "{foreign}");
        }
    }

    #[test]
    fn pages_of_this_machine_may_use_a_local_server() {
        let local = names("::1", &[], &[]);
        assert_eq!(local.check("localhost", std::iter::empty::<&str>()), Ok(()));
        for ours in
            ["http://localhost", "http://localhost:3000", "https://127.0.0.1:8443", "http://[::1]:5173"]
        {
            assert!(origin(&local, ours), "{ours}");
        }
        for foreign in [
            "null",
            "",
            "http://",
            "localhost",
            "http:localhost",
            "http://evil.example",
            "javascript://localhost",
            "chrome-extension://localhost",
            "http://localhost.evil.example",
            "http://evil.example@localhost",
            "http://localhost/path",
            "://localhost",
            "ht tp://localhost",
            "file://",
            "http://localhost http://localhost",
            "http://localhost,http://evil.example",
            "http://10.0.0.1",
        ] {
            assert!(!origin(&local, foreign), "{foreign}");
        }
        let two = ["http://localhost", "http://localhost"];
        assert_eq!(local.check("localhost", two.iter()), Err(Foreign::Origin));
        assert_eq!(local.check("localhost", [b"http://localhost\xff"].iter()), Err(Foreign::Origin));
        assert_eq!(local.check("evil.example", ["null"].iter()), Err(Foreign::Host));
    }

    #[test]
    fn what_is_configured_is_ours_too() {
        let local = names("127.0.0.1", &["scout.example", "*.lan", "!bad.lan"], &["https://*.app.example"]);
        for (name, is_ours) in [
            ("scout.example:443", true),
            ("a.lan", true),
            ("bad.lan", false),
            ("lan", false),
            ("localhost", true),
        ] {
            assert_eq!(host(&local, name), is_ours, "{name}");
        }
        for (page, is_ours) in [
            ("https://a.app.example", true),
            ("HTTPS://A.App.Example", true),
            ("http://a.app.example", false),
            ("https://a.app.example:444", false),
            ("https://scout.example", true),
            ("https://evil.example/.app.example", false),
            ("null", false),
        ] {
            assert_eq!(origin(&local, page), is_ours, "{page}");
        }
        assert!(!origin(&names("127.0.0.1", &[], &["*"]), "null"), "nowhere is no origin");
    }

    #[test]
    fn a_server_for_others_has_any_name_until_it_has_one() {
        let open = names("0.0.0.0", &[], &[]);
        assert!(host(&open, "whatever.example:8000") && host(&open, "10.0.0.1") && !host(&open, "a b"));
        for page in ["http://whatever.example:8000", "http://localhost:3000"] {
            assert!(!origin(&open, page), "a page of that name may have been made to lead here: {page}");
        }
        let named = names("0.0.0.0", &["scout.example"], &[]);
        assert!(host(&named, "scout.example") && host(&named, "localhost") && !host(&named, "10.0.0.1"));
        assert!(origin(&named, "https://scout.example") && !origin(&named, "http://localhost:3000"));
    }
}
