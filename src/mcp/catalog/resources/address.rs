//! Addresses of places on hosts: `scout://HOST/PATH`, and `HOST://PATH` where a host's name can be a scheme (RFC 3986 §3.1).
//!
//! Both are read as they are meant: there is neither query nor fragment, and a `%` that begins no escape stands for itself.
//!
//! Views of a host's software come before paths, as `HOST://docker/web/logs`, and have a colon to tell them from paths in
//! the form that is for every host, `scout://HOST/:docker/web/logs`: files below `/docker` are at `scout://HOST/docker/…`.

use std::borrow::Cow;
use std::rc::Rc;

use crate::base::Result;
use crate::base::limits::RESOURCE_URI_BYTES_MAX;
use crate::base::percent::{decoded, encoded, is_scheme};
use crate::scout::system::View;
use crate::target::{HostName, RemotePath};

/// A place on a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub host: Rc<str>,
    pub what: What,
}

/// What is at a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    Path(RemotePath),
    /// What the host's software says; or why the address is of none, though it looks so.
    View(Result<View>),
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
            let (host, rest) = rest.split_once('/')?;
            let what = rest.strip_prefix(':').and_then(View::parse).map(What::View);
            let what = what.or_else(|| path_of(rest).map(What::Path))?;
            return Some(Self { host: known(&decoded(host)?)?, what });
        }
        // Schemes are the same in any case, and clients may have written this one in small letters.
        let host = known(scheme).or_else(|| {
            let is_meant = |host: &str| host.eq_ignore_ascii_case(scheme) && may_be_seen(host);
            let mut alike = hosts.iter().filter(|host| is_meant(host));
            alike.next().filter(|_| alike.next().is_none()).cloned()
        })?;
        let path = || path_of(rest.trim_start_matches('/')).map(What::Path);
        let what = View::parse(rest).map(What::View).or_else(path)?;
        is_scheme(&host).then_some(Self { host, what })
    }
}

const SCHEME: &str = "scout";

/// The host that an address is certainly meant to name, whether there is one or not.
pub fn host_of(uri: &str) -> Option<Cow<'_, str>> {
    decoded(uri.strip_prefix(SCHEME)?.strip_prefix("://")?.split_once('/')?.0)
}

/// The address of the home directory on a host.
pub fn home(host: &str) -> String {
    of_path(host, "~")
}

/// The address of a path, which has neither a slash in front nor anything to encode.
pub fn of_path(host: &str, path: &str) -> String {
    format!("{SCHEME}://{}/{path}", encoded(host))
}

/// The address of a path on a host; relative ones begin in the home directory.
pub fn address(host: &HostName, path: &RemotePath) -> String {
    let path = path.as_str();
    let parts: Vec<_> = path.trim_start_matches('/').split('/').map(encoded).collect();
    let home = if path.starts_with(['/', '~']) { "" } else { "~/" };
    format!("{SCHEME}://{}/{home}{}", encoded(host.as_str()), parts.join("/"))
}

/// The path behind the slash of an address: absolute, or in a home directory.
fn path_of(text: &str) -> Option<RemotePath> {
    let path = decoded(text)?;
    let path = if path.starts_with('~') { path } else { format!("/{path}").into() };
    RemotePath::parse(&path).ok()
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
        let Place { host, what } = Place::at(uri, &hosts(), |_| true)?;
        let what = match what {
            What::Path(path) => path.as_str().to_owned(),
            What::View(view) => format!("//{}", view.ok()?),
        };
        Some(if host.contains(':') { format!("[{host}]:{what}") } else { format!("{host}:{what}") })
    }

    #[test]
    fn places_have_addresses() {
        for (path, address, target) in [
            ("/a b/c%", "scout://a%3Ab/a%20b/c%25", "/a b/c%"),
            ("~/x", "scout://a%3Ab/~/x", "~/x"),
            ("notes", "scout://a%3Ab/~/notes", "~/notes"),
        ] {
            let (host, path) = (HostName::parse("a:b").unwrap(), RemotePath::parse(path).unwrap());
            assert_eq!(super::address(&host, &path), address);
            let place = Place::at(address, &["a:b".into()], |_| true).unwrap();
            assert_eq!(place.what, What::Path(RemotePath::parse(target).unwrap()));
        }
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
            ("Alpha://docker", "Alpha://docker"),
            ("alpha://docker/web/logs?lines=5", "Alpha://docker/web/logs?lines=5"),
            ("scout://gamma_1/:docker/web/logs", "gamma_1://docker/web/logs"),
            ("scout://%3A%3A1/:zfs", "[::1]://zfs"),
            // Paths that only look like views.
            ("scout://Alpha/docker/web/logs", "Alpha:/docker/web/logs"),
            ("Alpha:///docker/web/logs", "Alpha:/docker/web/logs"),
            ("Alpha://docker/web/data/logs", "Alpha:/docker/web/data/logs"),
            ("scout://Alpha/:etc", "Alpha:/:etc"),
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
            "gamma_1://docker",
            "Alpha://docker/-v/logs",
            "scout://nobody/:docker",
            "Beta://x",
            "file:///etc/hosts",
            "Alpha:/etc/hosts",
        ] {
            assert_eq!(place(uri), None, "{uri}");
        }
    }

    #[test]
    fn a_host_that_may_not_be_seen_stands_in_nobodys_way() {
        let seen = |uri, host: &str| Place::at(uri, &hosts(), |name| name == host).map(|place| place.host);
        assert_eq!(seen("beta://x", "BETA").as_deref(), Some("BETA"));
        assert_eq!(seen("Beta://x", "beta").as_deref(), Some("beta"));
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
