//! Addresses of places on hosts: `scout://HOST/PATH`, and `HOST://PATH` where a host's name can be a scheme (RFC 3986 §3.1).
//!
//! Both are read as they are meant: there is neither query nor fragment, and a `%` that begins no escape stands for itself.

use std::borrow::Cow;
use std::rc::Rc;

use crate::base::limits::RESOURCE_URI_BYTES_MAX;
use crate::target::RemotePath;

/// A place on a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub host: Rc<str>,
    pub path: RemotePath,
}

impl Place {
    /// The place at an address; `None` when that is none of ours, or there is no such host among those of the sorted
    /// `hosts` that `may_be_seen`: the others are as if they were not there.
    pub fn at(uri: &str, hosts: &[Rc<str>], may_be_seen: impl Fn(&str) -> bool) -> Option<Self> {
        if uri.len() > RESOURCE_URI_BYTES_MAX {
            return None;
        }
        let (scheme, rest) = uri.split_once("://")?;
        let known = |name: &str| {
            let at = hosts.binary_search_by(|host| host.as_ref().cmp(name)).ok()?;
            hosts.get(at).filter(|host| may_be_seen(host)).cloned()
        };
        if scheme == SCHEME {
            let (host, path) = rest.split_once('/')?;
            return Some(Self { host: known(&decoded(host)?)?, path: path_of(path)? });
        }
        // Schemes are the same in any case, and clients may have written this one in small letters.
        let host = known(scheme).or_else(|| {
            let is_meant = |host: &str| host.eq_ignore_ascii_case(scheme) && may_be_seen(host);
            let mut alike = hosts.iter().filter(|host| is_meant(host));
            alike.next().filter(|_| alike.next().is_none()).cloned()
        })?;
        is_scheme(&host).then_some(Self { path: path_of(rest.trim_start_matches('/'))?, host })
    }
}

const SCHEME: &str = "scout";

/// The address of the home directory on a host.
pub fn home(host: &str) -> String {
    let mut uri = format!("{SCHEME}://");
    for byte in host.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => uri.push(char::from(byte)),
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri + "/~"
}

/// The path behind the slash of an address: absolute, or in a home directory.
fn path_of(text: &str) -> Option<RemotePath> {
    let path = decoded(text)?;
    let path = if path.starts_with('~') { path } else { format!("/{path}").into() };
    RemotePath::parse(&path).ok()
}

fn is_scheme(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
}

/// With its escapes replaced (RFC 3986 §2.1); `None` when that is no text.
fn decoded(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains('%') {
        return Some(text.into());
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let escaped = after.first_chunk().filter(|_| byte == b'%').and_then(|[high, low]| {
            let digit = |byte: &u8| char::from(*byte).to_digit(16);
            u8::try_from(digit(high)? << 4 | digit(low)?).ok()
        });
        bytes.push(escaped.unwrap_or(byte));
        rest = if escaped.is_some() { &after[2..] } else { after };
    }
    String::from_utf8(bytes).ok().map(Cow::Owned)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn hosts() -> Vec<Rc<str>> {
        let names = ["::1", "Alpha", "BETA", "a b", "beta", "gamma_1", "münchen", "stats"];
        assert!(names.is_sorted());
        names.map(Rc::from).into()
    }

    fn place(uri: &str) -> Option<String> {
        Place::at(uri, &hosts(), |_| true).map(|Place { host, path }| match host.contains(':') {
            true => format!("[{host}]:{}", path.as_str()),
            false => format!("{host}:{}", path.as_str()),
        })
    }

    #[test]
    fn addresses_of_places() {
        for (uri, target) in [
            ("scout://Alpha/etc/hosts", "Alpha:/etc/hosts"),
            ("scout://Alpha/etc%2Fa%20b%C3%A9", "Alpha:/etc/a b\u{e9}"),
            ("scout://Alpha/100%/%zz%4", "Alpha:/100%/%zz%4"),
            ("scout://Alpha/a?b#c", "Alpha:/a?b#c"),
            ("scout://Alpha/", "Alpha:/"),
            ("scout://Alpha//x", "Alpha://x"),
            ("scout://Alpha/~", "Alpha:~"),
            ("scout://Alpha/~/x", "Alpha:~/x"),
            ("scout://Alpha/%7Eann/x", "Alpha:~ann/x"),
            ("scout://gamma_1/x", "gamma_1:/x"),
            ("scout://stats/x", "stats:/x"),
            ("scout://%3A%3A1/x", "[::1]:/x"),
            ("scout://m%C3%BCnchen/x", "m\u{fc}nchen:/x"),
            ("Alpha://etc/hosts", "Alpha:/etc/hosts"),
            ("Alpha:///etc/hosts", "Alpha:/etc/hosts"),
            ("Alpha://", "Alpha:/"),
            ("alpha://~/x", "Alpha:~/x"),
            ("beta://x", "beta:/x"),
            ("BETA://x", "BETA:/x"),
        ] {
            assert_eq!(place(uri).as_deref(), Some(target), "{uri}");
        }
    }

    #[test]
    fn what_is_no_place() {
        for uri in [
            "",
            "scout://",
            "scout://Alpha",
            "scout://alpha/x",
            "scout:///x",
            "scout://nobody/x",
            &format!("Alpha:{}x", "/".repeat(20_000)),
            "scout://Alpha/a/../b",
            "scout://Alpha/%2e%2e/b",
            "scout://Alpha/%00",
            "scout://Alpha/%ff",
            "SCOUT://Alpha/x",
            "gamma_1://x",
            "Beta://x",
            "file:///etc/hosts",
            "Alpha:/etc/hosts",
        ] {
            assert_eq!(place(uri), None, "{uri}");
        }
    }

    #[test]
    fn a_host_that_may_not_be_seen_stands_in_nobodys_way() {
        let seen = |uri, host: &str| {
            let place = Place::at(uri, &hosts(), |name| name == host)?;
            Some(format!("{}:{}", place.host, place.path.as_str()))
        };
        assert_eq!(seen("beta://x", "BETA").as_deref(), Some("BETA:/x"));
        assert_eq!(seen("Beta://x", "beta").as_deref(), Some("beta:/x"));
        assert_eq!((seen("scout://beta/x", "BETA"), seen("Alpha://x", "beta")), (None, None));
    }

    #[test]
    fn homes_are_found_again() {
        for host in hosts() {
            assert_eq!(Place::at(&home(&host), &hosts(), |_| true).unwrap().host, host, "{}", home(&host));
        }
        assert_eq!(home("a b"), "scout://a%20b/~");
    }

    proptest! {
        #[test]
        fn never_panics(uri in any::<String>(), path in "[a%2fF/.~]{0,12}") {
            place(&uri);
            if let Some(target) = place(&format!("scout://Alpha/{path}")) {
                prop_assert!(crate::target::Target::parse(&target).is_ok());
            }
        }
    }
}
