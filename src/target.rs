//! What a caller points at: `hosts`, or `host:/path`. Knows which names and paths are well formed, not which exist.
//!
//! - `hosts` may be written in any case, with white space around it.
//! - The first colon ends the host. A host that contains colons itself stands in brackets, as in RFC 3986 §3.2.2:
//!   `[::1]:/etc/hosts` is the host `::1`.
//! - White space before the host is dropped. The path is taken byte for byte: `host:/a ` is not `host:/a`.
//! - A path is absolute, or relative to the login directory, or starts with `~` or `~user`. It is not normalised:
//!   what a name or a symbolic link means is for the host to say. Components `..` are refused, names that only
//!   contain two dots (`..data`, `foo..`) are not.
//! - `host://docker` is a path as well, in which `scout/system/` sees the address of a view; `scout://host/:docker` is the
//!   same, for hosts whose name can be no scheme.

use std::fmt;

use crate::base::limits::{HOST_NAME_BYTES_MAX, PATH_BYTES_MAX};
use crate::base::percent::decoded;
use crate::base::text::shown;
use crate::base::{Error, Kind, Result};

/// A well-formed target.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Target {
    /// Every host there is.
    Hosts,
    /// A place on one host.
    Path { host: HostName, path: RemotePath },
}

impl Target {
    /// Reads a target as a caller wrote it. The error's message is complete and safe to show.
    pub fn parse(text: &str) -> Result<Self> {
        if text.trim().eq_ignore_ascii_case("hosts") {
            return Ok(Self::Hosts);
        }
        if let Some((host, view)) = split_view(text.trim()) {
            let host = decoded(host).ok_or_else(|| invalid(text))?;
            return Ok(Self::Path {
                host: HostName::parse(&host)?,
                path: RemotePath::parse(&format!("//{view}"))?,
            });
        }
        let (host, path) = split(text.trim_start()).ok_or_else(|| invalid(text))?;
        if host.is_empty() {
            return Err(error("Host cannot be empty".to_owned()));
        }
        Ok(Self::Path { host: HostName::parse(host)?, path: RemotePath::parse(path)? })
    }

    /// Reads a target that must be a place on a host.
    pub fn place(text: &str) -> Result<(HostName, RemotePath)> {
        match Self::parse(text)? {
            Self::Path { host, path } => Ok((host, path)),
            Self::Hosts => Err(no_place(text)),
        }
    }

    /// Reads a path on hosts that are named by a list, which is for others to read; `None` when what stands before the
    /// first colon names one host, or there is no colon.
    pub fn several(text: &str) -> Result<Option<(&str, RemotePath)>> {
        match split(text.trim_start()) {
            Some((hosts, path)) if is_list(hosts) => Ok(Some((hosts, RemotePath::parse(path)?))),
            _ => Ok(None),
        }
    }

    /// Reads where something is to run: a directory on a host, or a host alone, for the home directory there.
    pub fn directory(text: &str) -> Result<(HostName, RemotePath)> {
        let name = text.trim();
        match name.contains(':') {
            true => Self::place(text),
            false => Ok((HostName::parse(name)?, RemotePath::home())),
        }
    }
}

/// A host as the SSH configuration names it: not empty, bounded, without white space, control characters and the
/// characters that mean something to a shell.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HostName(Box<str>);

impl HostName {
    pub fn parse(name: &str) -> Result<Self> {
        if name.is_empty() {
            return Err(error("Host cannot be empty".to_owned()));
        }
        if name.len() > HOST_NAME_BYTES_MAX {
            let message = format!("Host name too long: {} chars", name.chars().count());
            return Err(Error::new(Kind::TooLarge, message));
        }
        if name.chars().any(is_forbidden_in_host) {
            return Err(error(format!("Host contains invalid characters: '{}'", shown(name))));
        }
        Ok(Self(name.into()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it means several hosts where several may be meant.
    pub fn reads_as_list(&self) -> bool {
        is_list(&self.0)
    }
}

impl fmt::Display for HostName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A path on a host: not empty, bounded, without NUL and without `..` components.
///
/// It may start with `-` and hold any other character, line ends included: whoever puts it into a command line
/// quotes it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RemotePath(Box<str>);

impl RemotePath {
    pub fn parse(path: &str) -> Result<Self> {
        if path.trim().is_empty() {
            return Err(error("Path cannot be empty".to_owned()));
        }
        if path.len() > PATH_BYTES_MAX {
            let message =
                format!("Path too long: {} bytes, at most {PATH_BYTES_MAX}: '{}'", path.len(), shown(path));
            return Err(Error::new(Kind::TooLarge, message));
        }
        if path.as_bytes().contains(&0) {
            return Err(error(format!("Path contains null byte: '{}'", shown(path))));
        }
        if has_parent_component(path) {
            return Err(error(format!("Path traversal not allowed: {}", shown(path))));
        }
        Ok(Self(path.into()))
    }

    /// The home directory of who logs in.
    pub fn home() -> Self {
        Self("~".into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// For messages: control characters are escaped, and a long path is cut.
impl fmt::Display for RemotePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&shown(&self.0))
    }
}

/// Host and path, without the colon between them and the host's brackets.
fn split(text: &str) -> Option<(&str, &str)> {
    match text.strip_prefix('[') {
        Some(bracketed) => bracketed.split_once("]:"),
        None => text.split_once(':'),
    }
}

/// Host and view of `scout://HOST/:VIEW`; a `/:` further back is part of a path of the host `scout`.
fn split_view(text: &str) -> Option<(&str, &str)> {
    let (host, rest) = text.strip_prefix("scout://")?.split_once('/')?;
    let view = rest.strip_prefix(':')?;
    (!host.is_empty()).then_some((host, view))
}

/// Whether a text means several hosts: `web*`, `web?`, `a,b`, `!web9`, `@group`.
fn is_list(hosts: &str) -> bool {
    hosts.contains(['*', '?', ',']) || hosts.starts_with(['!', '@'])
}

fn is_forbidden_in_host(c: char) -> bool {
    match c {
        'a'..='z' | 'A'..='Z' | '0'..='9' | '-' | '.' | '_' => false,
        '/' | '\\' | ';' | '&' | '|' | '$' | '`' | '[' | ']' => true,
        _ => c.is_whitespace() || c.is_control(),
    }
}

/// Looks at the dots only: most paths have one or none.
fn has_parent_component(path: &str) -> bool {
    let bytes = path.as_bytes();
    path.match_indices('.').any(|(dot, _)| {
        let is_start = dot.checked_sub(1).is_none_or(|before| bytes.get(before) == Some(&b'/'));
        is_start && bytes.get(dot + 1) == Some(&b'.') && matches!(bytes.get(dot + 2), None | Some(b'/'))
    })
}

fn invalid(text: &str) -> Error {
    error(format!("Invalid target '{}'. Expected 'host:/path' or 'hosts'", shown(text)))
}

fn no_place(text: &str) -> Error {
    error(format!("Invalid target '{}'. Expected 'host:/path'", shown(text)))
}

fn error(message: String) -> Error {
    Error::new(Kind::InvalidTarget, message)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parsed(text: &str) -> (String, String) {
        match Target::parse(text) {
            Ok(Target::Path { host, path }) => (host.to_string(), path.as_str().to_owned()),
            other => panic!("{text:?} gave {other:?}"),
        }
    }

    fn refused(text: &str) -> String {
        Target::parse(text).expect_err(text).to_string()
    }

    #[test]
    fn hosts_in_any_case_and_padding() {
        for text in ["hosts", "HOSTS", " Hosts\n"] {
            assert_eq!(Target::parse(text), Ok(Target::Hosts), "{text:?}");
        }
    }

    #[test]
    fn the_first_colon_splits() {
        for (text, host, path) in [
            ("alpha:/etc/hosts", "alpha", "/etc/hosts"),
            ("  alpha:/a b[1]", "alpha", "/a b[1]"),
            ("alpha:/a:b", "alpha", "/a:b"),
            ("alpha:/a ", "alpha", "/a "),
            ("hosts:/x", "hosts", "/x"),
            ("h1:~", "h1", "~"),
            ("h1:~/x", "h1", "~/x"),
            ("h1:~user/x", "h1", "~user/x"),
            ("h1:notes.txt", "h1", "notes.txt"),
            ("h1:-rf", "h1", "-rf"),
            ("h1:/zeile\nzwei", "h1", "/zeile\nzwei"),
            ("[::1]:/x", "::1", "/x"),
            ("[fe80::1%eth0]:~", "fe80::1%eth0", "~"),
            ("münchen:/x", "münchen", "/x"),
            ("h1://docker", "h1", "//docker"),
            ("scout://h_1/:docker/web/logs", "h_1", "//docker/web/logs"),
            ("scout://%3A%3A1/:zfs ", "::1", "//zfs"),
            ("scout://h1/x", "scout", "//h1/x"),
            ("scout://h1/x/:y", "scout", "//h1/x/:y"),
            ("scout:///:y", "scout", "///:y"),
            ("scout://scout/:x/:y", "scout", "//x/:y"),
        ] {
            assert_eq!(parsed(text), (host.to_owned(), path.to_owned()), "{text:?}");
        }
    }

    #[test]
    fn places_and_directories() {
        let told = |read: Result<(HostName, RemotePath)>| match read {
            Ok((host, path)) => format!("{host} {}", path.as_str()),
            Err(error) => error.to_string(),
        };
        for (text, place, directory) in [
            ("h1:/x", "h1 /x", "h1 /x"),
            ("[::1]:/x", "::1 /x", "::1 /x"),
            ("hosts", "Invalid target 'hosts'. Expected 'host:/path'", "hosts ~"),
            (" h1 ", "Invalid target ' h1 '. Expected 'host:/path' or 'hosts'", "h1 ~"),
            ("", "Invalid target ''. Expected 'host:/path' or 'hosts'", "Host cannot be empty"),
            ("h1:", "Path cannot be empty", "Path cannot be empty"),
        ] {
            assert_eq!(
                (told(Target::place(text)), told(Target::directory(text))),
                (place.into(), directory.into())
            );
        }
    }

    #[test]
    fn lists_of_hosts_are_told_from_names() {
        for (text, hosts, path) in [
            ("web*:/x", "web*", "/x"),
            (" web?, db1:~/a:b", "web?, db1", "~/a:b"),
            ("@web:/x", "@web", "/x"),
            ("!a,*:/x*", "!a,*", "/x*"),
        ] {
            let (found, at) = Target::several(text).unwrap().unwrap();
            assert_eq!((found, at.as_str()), (hosts, path), "{text}");
        }
        for text in ["hosts", "web1:/x*", "user@box:/x", "a!:/x", "[::1]:/x,y", "web*", ""] {
            assert_eq!(Target::several(text), Ok(None), "{text}");
        }
        assert_eq!(Target::several("web*:").unwrap_err().message(), "Path cannot be empty");
    }

    #[test]
    fn dots_inside_names_are_no_traversal() {
        for path in ["/a/..data", "foo../x", "/...", "/a/.../b", "..data/x", "/."] {
            assert_eq!(parsed(&format!("h:{path}")).1, path);
        }
    }

    #[test]
    fn texts_of_refusals() {
        for (text, message) in [
            ("foo", "Invalid target 'foo'. Expected 'host:/path' or 'hosts'"),
            ("", "Invalid target ''. Expected 'host:/path' or 'hosts'"),
            ("[::1]/x", "Invalid target '[::1]/x'. Expected 'host:/path' or 'hosts'"),
            ("\u{1b}[2J", "Invalid target '\\x1b[2J'. Expected 'host:/path' or 'hosts'"),
            (":/x", "Host cannot be empty"),
            (":", "Host cannot be empty"),
            ("[]:/x", "Host cannot be empty"),
            ("h1:", "Path cannot be empty"),
            ("h1: \n", "Path cannot be empty"),
            ("h1:/a/../b", "Path traversal not allowed: /a/../b"),
            ("h1:..", "Path traversal not allowed: .."),
            ("h1:../x", "Path traversal not allowed: ../x"),
            ("h1:/a/..", "Path traversal not allowed: /a/.."),
            ("h1:~/../x", "Path traversal not allowed: ~/../x"),
            ("h1:/a\0b", "Path contains null byte: '/a\\x00b'"),
            ("a;b:/x", "Host contains invalid characters: 'a;b'"),
            ("a b:/x", "Host contains invalid characters: 'a b'"),
            ("a\rb:/x", "Host contains invalid characters: 'a\\rb'"),
            ("../a:/x", "Host contains invalid characters: '../a'"),
            ("[a]b]:/x", "Host contains invalid characters: 'a]b'"),
        ] {
            assert_eq!(refused(text), message, "{text:?}");
        }
    }

    #[test]
    fn lengths_at_their_bounds() {
        let host = "h".repeat(HOST_NAME_BYTES_MAX);
        assert_eq!(parsed(&format!("{host}:/x")).0, host);
        assert_eq!(refused(&format!("{host}h:/x")), "Host name too long: 254 chars");

        let path = "/".repeat(PATH_BYTES_MAX);
        assert_eq!(parsed(&format!("h:{path}")).1, path);
        let message = refused(&format!("h:/{}", "x".repeat(PATH_BYTES_MAX)));
        assert!(message.starts_with("Path too long: 4096 bytes, at most 4095: '/xxx"), "{message}");
        assert!(message.len() < 200, "{message}");
        assert!(refused(&"x".repeat(10_000)).len() < 200);
    }

    proptest! {
        #[test]
        fn never_panics_and_never_shows_control_characters(text in any::<String>()) {
            match Target::parse(&text) {
                Ok(Target::Hosts) => prop_assert!(text.trim().eq_ignore_ascii_case("hosts")),
                Ok(Target::Path { host, path }) => {
                    let is_view = text.trim().starts_with("scout://");
                    prop_assert!(is_view || text.ends_with(path.as_str()) && text.contains(host.as_str()));
                }
                Err(error) => prop_assert!(!error.message().chars().any(char::is_control)),
            }
        }

        #[test]
        fn a_parent_component_never_passes(
            before in "[a-z./~]{0,12}",
            after in "[a-z./]{0,12}",
        ) {
            let text = format!("h:{before}/../{after}");
            prop_assert!(Target::parse(&text).is_err());
        }
    }
}
