//! `ProxyJump`: hops as `[user@]host[:port]` or `ssh://` addresses (`parse_jump` of OpenSSH).

use std::fmt;

/// A host to jump through, as far as the line that names it says how to reach it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Jump {
    pub user: Option<String>,
    /// An alias, name or address, without brackets.
    pub host: String,
    pub port: Option<u16>,
}

/// What a `ProxyJump` line says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Jumps {
    /// In the order in which they are passed.
    pub hops: Vec<Jump>,
    /// All but the last, as written.
    others: Option<String>,
}

impl Jumps {
    /// `None` for `none`.
    ///
    /// # Errors
    /// What was expected.
    pub fn parse(value: &str) -> Result<Option<Self>, String> {
        if value.eq_ignore_ascii_case("none") {
            return Ok(None);
        }
        let list = value.split('#').next().unwrap_or_default().trim_ascii_end();
        let hops: Option<Vec<Jump>> = list.split(',').map(Jump::parse).collect();
        let hops = hops.ok_or_else(|| {
            format!("proxyjump '{value}': expected [user@]host[:port], several separated by commas")
        })?;
        Ok(Some(Self { hops, others: list.rsplit_once(',').map(|(others, _)| others.to_owned()) }))
    }

    /// The hop next to the host.
    pub fn last(&self) -> Option<&Jump> {
        self.hops.last()
    }
}

/// As `ssh -G` prints it: the last hop taken apart, the others as written.
impl fmt::Display for Jumps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(others) = &self.others {
            write!(f, "{others},")?;
        }
        self.last().map_or(Ok(()), |last| last.fmt(f))
    }
}

impl Jump {
    fn parse(hop: &str) -> Option<Self> {
        match hop.strip_prefix("ssh://") {
            Some(address) => Self::parse_uri(address),
            None => Self::parse_plain(hop),
        }
    }

    fn parse_plain(hop: &str) -> Option<Self> {
        let (user, address) = match hop.rsplit_once('@') {
            Some(("", _)) => return None,
            Some((user, address)) => (Some(user.to_owned()), address),
            None => (None, hop),
        };
        let (host, delimiter, port) = split_address(address)?;
        if delimiter == Some('/') {
            return None;
        }
        let port = if port.is_empty() { None } else { Some(parse_port(port)?) };
        Some(Self { user, host: host.to_owned(), port })
    }

    /// draft-ietf-secsh-scp-sftp-ssh-uri §3: connection parameters are left out, a path is refused.
    fn parse_uri(uri: &str) -> Option<Self> {
        let (user, address) = match uri.split_once('@') {
            Some((info, address)) => (Some(info.split(';').next().unwrap_or_default()), address),
            None => (None, uri),
        };
        let user = match user {
            Some("") => return None,
            Some(user) => Some(decode(user)?),
            None => None,
        };
        let (host, delimiter, rest) = split_address(address)?;
        let (port, path) = match delimiter {
            Some(':') => rest.split_once('/').unwrap_or((rest, "")),
            _ => ("", rest),
        };
        let port = if port.is_empty() { None } else { Some(parse_port(port)?) };
        (path.is_empty() && is_domain(host)).then(|| Self { user, host: host.to_owned(), port })
    }
}

impl fmt::Display for Jump {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(user) = &self.user {
            write!(f, "{user}@")?;
        }
        let is_numeric =
            self.host.contains(':') || self.host.bytes().all(|c| c.is_ascii_digit() || c == b'.');
        match is_numeric {
            true => write!(f, "[{}]", self.host)?,
            false => f.write_str(&self.host)?,
        }
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

/// The host without brackets, what ends it (`:` or `/`), and what follows.
fn split_address(address: &str) -> Option<(&str, Option<char>, &str)> {
    let (host, rest) = match address.strip_prefix('[') {
        Some(inner) => inner.split_once(']')?,
        None => address.split_at(address.find([':', '/']).unwrap_or(address.len())),
    };
    let mut rest = rest.chars();
    match rest.next() {
        _ if host.is_empty() => None,
        end @ (None | Some(':' | '/')) => Some((host, end, rest.as_str())),
        Some(_) => None,
    }
}

fn parse_port(port: &str) -> Option<u16> {
    port.parse().ok().filter(|&port| port > 0)
}

/// `%xx` (RFC 3986 §2.1).
fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let (digits, after) = rest.split_at_checked(2)?;
        let digits = str::from_utf8(digits).ok().filter(|digits| !digits.starts_with('+'))?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        rest = after;
    }
    String::from_utf8(bytes).ok()
}

/// As OpenSSH's `valid_domain`: an address of IPv6 is none.
pub(super) fn is_domain(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.bytes().all(|c| c.is_ascii_alphanumeric() || b".-_".contains(&c))
        && !name.contains("..")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(value: &str) -> String {
        Jumps::parse(value).unwrap().unwrap().to_string()
    }

    #[test]
    fn hops_are_taken_apart() {
        let jumps = Jumps::parse("a,u@[::1]:33,ssh://c%40d@e:4/").unwrap().unwrap();
        let hop = |user: Option<&str>, host: &str, port| Jump {
            user: user.map(str::to_owned),
            host: host.to_owned(),
            port,
        };
        assert_eq!(
            jumps.hops,
            [hop(None, "a", None), hop(Some("u"), "::1", Some(33)), hop(Some("c@d"), "e", Some(4))]
        );
        assert_eq!(Jumps::parse("None"), Ok(None));
    }

    #[test]
    fn the_last_hop_is_shown_taken_apart() {
        assert_eq!(shown("ssh://x:1,ssh://u;p=1@b:3/"), "ssh://x:1,u@b:3");
        assert_eq!(shown("10.0.0.1:22"), "[10.0.0.1]:22");
        assert_eq!(shown("u@v@[fe80::1]"), "u@v@[fe80::1]");
        assert_eq!(shown("b: # the other"), "b");
    }

    #[test]
    fn what_is_no_hop_is_refused() {
        for value in [
            "",
            "a,",
            "@b",
            "a:x",
            "a:0",
            "a/1",
            "[::1",
            "[::1]x",
            "ssh://",
            "ssh://a/b",
            "ssh://[::1]:22",
            "ssh://@b",
            "ssh://%4@b",
        ] {
            assert!(Jumps::parse(value).is_err(), "{value}");
        }
    }

    proptest! {
        #[test]
        fn no_value_panics(value in "(ssh://)?[a%@:/,;\\[\\]#0-9]{0,12}") {
            let _ = Jumps::parse(&value);
        }
    }
}
