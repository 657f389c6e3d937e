//! The arguments of the tool `scout`, and what they ask for. Nothing here waits for anything.

use std::fmt;

use super::action::Action;
use super::select::{check_targets, pattern_bytes_of};
use super::system::View;
use super::{command, find};
use crate::base::limits::{FIND_DEPTH_DEFAULT, PLACES_MAX, TREE_DEPTH_DEFAULT};
use crate::base::text::{SharedText, shown};
use crate::base::{Error, Kind, Result};
use crate::target::{HostName, RemotePath, Target};

/// The arguments of the `scout` operation as the caller gave them, not yet parsed.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// `hosts`, or `host:/path`, or the address of a view, `host://docker`; or a path or a view on several hosts:
    /// `web*,@db:/path`.
    pub target: String,
    /// Places to look at instead, each written as a target.
    pub targets: Vec<String>,
    /// A command to run in the target's directory.
    pub query: Option<String>,
    /// Several levels of a directory instead of its entries.
    pub tree: bool,
    /// A pattern for names of files to be found below the target.
    pub find: Option<String>,
    /// How many levels, of either.
    pub depth: Option<i64>,
    /// A file or directory may be as it was a while ago. Commands are always run.
    pub cache: bool,
}

/// What a request asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Plan {
    /// The host list.
    Hosts,
    One {
        host: HostName,
        action: Action,
    },
    Many(Vec<Aim>),
}

/// What is to be done on hosts that may be several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Aim {
    pub hosts: Hosts,
    pub action: Action,
}

/// How the hosts of an aim are named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hosts {
    /// By a list that is the whole target: what is wrong with it is wrong with the request.
    List(String),
    /// The same, as one of several targets: what is wrong with it is one failure among their answers.
    ListAmongOthers(String),
    /// One by its name, as one of several targets.
    Named(HostName),
}

/// The texts of a request, which all of its places share: they may be many, and the texts long.
struct Texts {
    command: Option<SharedText>,
    name: Option<SharedText>,
}

impl Request {
    /// Reads a request.
    ///
    /// Errors: a target is none, or a view of something whose name is malformed; a text is too long.
    pub fn plan(&self) -> Result<Plan> {
        if !self.targets.is_empty() {
            check_targets(&self.targets, PLACES_MAX)?;
            let texts = self.texts()?;
            return self
                .targets
                .iter()
                .map(|target| self.aim(&texts, target))
                .collect::<Result<_>>()
                .map(Plan::Many);
        }
        if let Some((hosts, path)) = Target::several(&self.target)? {
            let hosts = Hosts::List(hosts.to_owned());
            return Ok(Plan::Many(vec![Aim { hosts, action: self.action(&self.texts()?, path)? }]));
        }
        Ok(match Target::parse(&self.target)? {
            Target::Hosts => Plan::Hosts,
            Target::Path { host, path } => Plan::One { host, action: self.action(&self.texts()?, path)? },
        })
    }

    /// How long its patterns of hosts are, in bytes.
    pub fn pattern_bytes(&self) -> usize {
        match self.targets.is_empty() {
            true => pattern_bytes_of([self.target.as_str()]),
            false => pattern_bytes_of(self.targets.iter().map(String::as_str)),
        }
    }

    /// Whether it is about several places, as far as can be told without reading all of it.
    pub fn is_many(&self) -> bool {
        !self.targets.is_empty() || matches!(Target::several(&self.target), Ok(Some(_)))
    }

    /// Where, fit for logs; of many places the first.
    pub fn places(&self) -> String {
        match self.targets.split_first() {
            None => shown(&self.target),
            Some((first, [])) => shown(first),
            Some((first, others)) => format!("{} and {} more", shown(first), others.len()),
        }
    }

    /// Errors: one is too long.
    fn texts(&self) -> Result<Texts> {
        self.query.as_deref().map_or(Ok(()), command::check_length)?;
        self.find.as_deref().map_or(Ok(()), find::check_length)?;
        let shared = |text: &Option<String>| text.as_deref().map(SharedText::from);
        Ok(Texts { command: shared(&self.query), name: shared(&self.find) })
    }

    /// What is to be done at a path.
    ///
    /// Errors: it is a view of something whose name is malformed.
    fn action(&self, texts: &Texts, path: RemotePath) -> Result<Action> {
        let depth = |default: u8| self.depth.unwrap_or(i64::from(default));
        Ok(match (&texts.command, View::at(&path)) {
            _ if let Some(name) = &texts.name => {
                let query = find::Query {
                    depth: depth(FIND_DEPTH_DEFAULT),
                    ..find::Query::new(SharedText::clone(name))
                };
                Action::Find { path, query }
            }
            (Some(command), _) => Action::Run { directory: path, command: SharedText::clone(command) },
            (None, Some(view)) => Action::View(view?),
            (None, None) if self.tree => Action::Tree { path, depth: depth(TREE_DEPTH_DEFAULT) },
            (None, None) => Action::Look { path, may_cache: self.cache },
        })
    }

    fn aim(&self, texts: &Texts, target: &str) -> Result<Aim> {
        if Target::parse(target) == Ok(Target::Hosts) {
            let message = "broadcast targets must be 'host:/path', not 'hosts'";
            return Err(Error::new(Kind::InvalidTarget, message));
        }
        let aim = |hosts, path| self.action(texts, path).map(|action| Aim { hosts, action });
        let read = match Target::several(target) {
            Ok(Some((hosts, path))) => aim(Hosts::ListAmongOthers(hosts.to_owned()), path),
            Ok(None) => Target::place(target).and_then(|(host, path)| aim(Hosts::Named(host), path)),
            Err(error) => Err(error),
        };
        read.map_err(|error| error.context(format!("Error parsing target '{}'", shown(target))))
    }
}

/// As it is named among others: where, and what is run there.
impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.places())?;
        self.query.as_ref().map_or(Ok(()), |query| write!(f, " $ {}", shown(query)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::limits::{COMMAND_BYTES_MAX, HOST_PATTERNS_BYTES_MAX, PATH_BYTES_MAX};

    fn refusal(targets: &[&str]) -> String {
        let targets = targets.iter().map(|target| (*target).to_owned()).collect();
        let request = Request { targets, ..Request::default() };
        request.plan().unwrap_err().message().to_owned()
    }

    #[test]
    fn a_target_that_is_none_is_named_among_others() {
        assert_eq!(refusal(&["web1:/x", " HOSTS "]), "broadcast targets must be 'host:/path', not 'hosts'");
        assert_eq!(
            refusal(&["web1:/x", "foo", "hosts"]),
            "Error parsing target 'foo': Invalid target 'foo'. Expected 'host:/path' or 'hosts'"
        );
        assert_eq!(
            refusal(&["web*:/a/../b"]),
            "Error parsing target 'web*:/a/../b': Path traversal not allowed: /a/../b"
        );
    }

    #[test]
    fn there_are_only_so_many_targets_and_patterns() {
        assert_eq!(refusal(&vec!["web1:/x"; PLACES_MAX + 1]), "10001 targets, at most 10000");
        assert_eq!(
            refusal(&vec!["*:/x"; HOST_PATTERNS_BYTES_MAX + 1]),
            "Patterns of hosts too long: 1025 bytes, at most 1024"
        );
        let targets = vec!["web1:/x*".to_owned(); PLACES_MAX];
        assert!(Request { targets, ..Request::default() }.plan().is_ok());
    }

    #[test]
    fn texts_are_bounded_and_there_once_for_all_places() {
        let refused = |target: &str, query: usize, find: usize| {
            let text = |bytes: usize| (bytes > 0).then(|| "x".repeat(bytes));
            let request = Request {
                target: target.to_owned(),
                query: text(query),
                find: text(find),
                ..Request::default()
            };
            request.plan().err().map(|error| error.message().to_owned())
        };
        for target in ["web1:/x", "web*:/x"] {
            assert_eq!(refused(target, COMMAND_BYTES_MAX, PATH_BYTES_MAX), None);
            let long = refused(target, COMMAND_BYTES_MAX + 1, 0).unwrap();
            assert_eq!(long, "Command too long: 65537 bytes, at most 65536");
            let long = refused(target, 0, PATH_BYTES_MAX + 1).unwrap();
            assert_eq!(long, "Find failed: the pattern is too long: 4096 bytes, at most 4095");
        }

        let targets = vec!["web1:/x".to_owned(), "web*:/y".to_owned()];
        let request = Request { targets, query: Some("ls".to_owned()), ..Request::default() };
        let Ok(Plan::Many(aims)) = request.plan() else { panic!("no aims") };
        let commands: Vec<_> = aims
            .iter()
            .map(|aim| match &aim.action {
                Action::Run { command, .. } => command,
                other => panic!("{other:?}"),
            })
            .collect();
        assert!(SharedText::ptr_eq(commands[0], commands[1]));
    }

    #[test]
    fn several_hosts_are_an_aim() {
        let request = |target: &str, targets: &[&str]| Request {
            target: target.to_owned(),
            targets: targets.iter().map(|target| (*target).to_owned()).collect(),
            query: Some("ls".to_owned()),
            ..Request::default()
        };
        let path = RemotePath::parse("/x").unwrap();
        let aim = |hosts| {
            let action = Action::Run { directory: path.clone(), command: "ls".into() };
            Aim { hosts, action }
        };
        let list = request("web*:/x", &[]);
        assert!(list.is_many());
        assert_eq!(list.plan(), Ok(Plan::Many(vec![aim(Hosts::List("web*".to_owned()))])));
        // They win over a target.
        let listed = request("hosts", &["web1:/x", "@db:/x"]);
        let aims = vec![
            aim(Hosts::Named(HostName::parse("web1").unwrap())),
            aim(Hosts::ListAmongOthers("@db".to_owned())),
        ];
        assert!(listed.is_many());
        assert_eq!(listed.plan(), Ok(Plan::Many(aims)));
        let one = request("web1:/x", &[]);
        assert!(!one.is_many() && matches!(one.plan(), Ok(Plan::One { .. })));
    }
}
