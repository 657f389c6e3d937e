//! Groups of hosts: names for lists of patterns, as the operator wrote them. Knows no host: which ones a list means is
//! said where the names are (`scout/select.rs`).
//!
//! A list holds names of hosts, patterns with `*` and `?`, other groups as `@name`, and any of these with `!` in front,
//! which excludes. Whether groups contain themselves is found out here, so that nobody has to ask later.

use std::collections::BTreeMap;
use std::fmt;

use super::pattern;
use crate::base::limits::{GROUP_DEPTH_MAX, GROUP_TERMS_MAX, GROUPS_MAX};
use crate::base::text::shown;

/// All groups there are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Groups(BTreeMap<Box<str>, Vec<Term>>);

/// One word of a list of hosts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    /// What it means is left out, whatever else the list says.
    pub is_excluded: bool,
    pub hosts: Hosts,
}

/// What a word means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hosts {
    /// The host of this name.
    Named(Box<str>),
    /// Those whose names match.
    Like(Box<str>),
    /// Those of a group.
    Group(Box<str>),
}

impl Groups {
    /// Reads `web=web*,!web9; all=@web,db1`.
    ///
    /// # Errors
    /// What is wrong, as a sentence that names the group.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut groups = BTreeMap::new();
        for group in text.split(';').map(str::trim).filter(|group| !group.is_empty()) {
            let (name, list) =
                group.split_once('=').ok_or_else(|| format!("'{}' has no `=`", shown(group)))?;
            let name = name.trim();
            if !is_name(name) {
                return Err(format!("'{}' is no name of a group", shown(name)));
            }
            let terms = Term::list(list).map_err(|word| no_term(name, &word))?;
            if groups.insert(name.into(), terms).is_some() {
                return Err(format!("'{name}' is there twice"));
            }
        }
        let groups = Self(groups);
        groups.check().map(|()| groups)
    }

    /// Their names, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(AsRef::as_ref)
    }

    /// A group as it is written, with its name as it is kept here.
    pub fn get(&self, name: &str) -> Option<(&str, &[Term])> {
        self.0.get_key_value(name).map(|(name, terms)| (name.as_ref(), terms.as_slice()))
    }

    fn check(&self) -> Result<(), String> {
        if self.0.len() > GROUPS_MAX {
            return Err(format!("{} groups are too many: at most {GROUPS_MAX}", self.0.len()));
        }
        let terms: usize = self.0.values().map(Vec::len).sum();
        if terms > GROUP_TERMS_MAX {
            return Err(format!("{terms} hosts and patterns are too many: at most {GROUP_TERMS_MAX}"));
        }
        let mut depths = BTreeMap::new();
        self.names().try_for_each(|name| self.depth(name, &mut Vec::new(), &mut depths).map(drop))
    }

    /// How many groups stand inside each other; `above` are those that this one stands in, `known` the depths of others.
    fn depth<'a>(
        &'a self,
        name: &'a str,
        above: &mut Vec<&'a str>,
        known: &mut BTreeMap<&'a str, usize>,
    ) -> Result<usize, String> {
        if let Some(depth) = known.get(name) {
            return Ok(*depth);
        }
        if let Some(at) = above.iter().position(|outer| *outer == name) {
            let circle: Vec<_> =
                above.iter().skip(at).chain([&name]).map(|name| format!("@{name}")).collect();
            return Err(format!("@{name} contains itself: {}", circle.join(" has ")));
        }
        // Checked on the way down as well, so that nobody's groups make us go deeper.
        if above.len() >= GROUP_DEPTH_MAX {
            return Err(too_deep(name));
        }
        let (name, terms) = self.get(name).ok_or_else(|| self.no_group(name, above.last().copied()))?;
        above.push(name);
        let mut depth = 1;
        for inner in terms.iter().filter_map(Term::group) {
            depth = depth.max(1 + self.depth(inner, above, known)?);
        }
        above.pop();
        if depth > GROUP_DEPTH_MAX {
            return Err(too_deep(name));
        }
        known.insert(name, depth);
        Ok(depth)
    }

    fn no_group(&self, name: &str, outer: Option<&str>) -> String {
        let known: Vec<_> = self.names().map(|name| format!("@{name}")).collect();
        format!("@{} has @{name}, which is no group; there are {}", outer.unwrap_or(name), known.join(", "))
    }
}

impl Term {
    /// Reads words between commas or spaces.
    ///
    /// # Errors
    /// A word that is none.
    pub fn list(text: &str) -> Result<Vec<Self>, String> {
        let words = text.split([',', ' ', '\t']).filter(|word| !word.is_empty());
        words.map(|word| Self::parse(word).ok_or_else(|| word.to_owned())).collect()
    }

    fn parse(word: &str) -> Option<Self> {
        let (is_excluded, word) = match word.strip_prefix('!') {
            Some(rest) => (true, rest),
            None => (false, word),
        };
        let hosts = match word.strip_prefix('@') {
            Some(name) if is_name(name) => Hosts::Group(name.into()),
            None if word.is_empty() || word.contains(['!', '@']) => return None,
            None if pattern::is_literal(word) => Hosts::Named(word.into()),
            None => Hosts::Like(word.into()),
            Some(_) => return None,
        };
        Some(Self { is_excluded, hosts })
    }

    fn group(&self) -> Option<&str> {
        match &self.hosts {
            Hosts::Group(name) => Some(name),
            Hosts::Named(_) | Hosts::Like(_) => None,
        }
    }
}

/// As they are written.
impl fmt::Display for Groups {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let groups = self.0.iter().map(|(name, terms)| {
            let terms: Vec<_> = terms.iter().map(ToString::to_string).collect();
            format!("{name}={}", terms.join(","))
        });
        let groups: Vec<_> = groups.collect();
        if groups.is_empty() { f.write_str("none") } else { f.write_str(&groups.join("; ")) }
    }
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.is_excluded { "!" } else { "" };
        match &self.hosts {
            Hosts::Named(text) | Hosts::Like(text) => write!(f, "{sign}{text}"),
            Hosts::Group(name) => write!(f, "{sign}@{name}"),
        }
    }
}

fn is_name(text: &str) -> bool {
    let is_fit = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    !text.is_empty() && text.bytes().all(is_fit)
}

fn no_term(group: &str, word: &str) -> String {
    format!("'{}' in @{group} is neither a host nor a pattern nor a group", shown(word))
}

fn too_deep(name: &str) -> String {
    format!("@{name} stands in or has more than {GROUP_DEPTH_MAX} groups, one inside the other")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str) -> String {
        Groups::parse(text).unwrap_err()
    }

    #[test]
    fn lists_of_hosts_patterns_and_groups() {
        let groups = Groups::parse(" web = web*, !web9 ; all=@web db1,!@old;old=;").unwrap();
        assert_eq!(groups.names().collect::<Vec<_>>(), ["all", "old", "web"]);
        assert_eq!(groups.to_string(), "all=@web,db1,!@old; old=; web=web*,!web9");
        assert_eq!(Groups::parse(&groups.to_string()), Ok(groups.clone()));
        let term = |is_excluded, hosts| Term { is_excluded, hosts };
        assert_eq!(
            groups.get("all").unwrap().1,
            [
                term(false, Hosts::Group("web".into())),
                term(false, Hosts::Named("db1".into())),
                term(true, Hosts::Group("old".into())),
            ]
        );
        assert_eq!(groups.get("web").unwrap().1[0], term(false, Hosts::Like("web*".into())));
        assert_eq!(groups.get("db"), None);
        assert_eq!(Groups::parse(""), Ok(Groups::default()));
        assert_eq!(Groups::default().to_string(), "none");
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, message) in [
            ("web", "'web' has no `=`"),
            ("a b=x", "'a b' is no name of a group"),
            ("=x", "'' is no name of a group"),
            ("a=x;a=y", "'a' is there twice"),
            ("a=x,@", "'@' in @a is neither a host nor a pattern nor a group"),
            ("a=!", "'!' in @a is neither a host nor a pattern nor a group"),
            ("a=!!x", "'!!x' in @a is neither a host nor a pattern nor a group"),
            ("a=@b;c=x", "@a has @b, which is no group; there are @a, @c"),
            ("a=@a", "@a contains itself: @a has @a"),
            ("a=@b;b=!@c;c=x,@a", "@a contains itself: @a has @b has @c has @a"),
            ("x=@b;b=@c;c=@b", "@b contains itself: @b has @c has @b"),
        ] {
            assert_eq!(refusal(text), message, "{text}");
        }
    }

    #[test]
    fn groups_stand_inside_each_other_up_to_a_depth() {
        let chain = |depth: usize| {
            let links: String = (1..depth).map(|n| format!("g{}=@g{n};", n - 1)).collect();
            format!("{links}g{}=host", depth - 1)
        };
        assert!(Groups::parse(&chain(GROUP_DEPTH_MAX)).is_ok());
        assert!(refusal(&chain(GROUP_DEPTH_MAX + 1)).contains("one inside the other"));
        assert!(refusal(&chain(GROUPS_MAX)).contains("one inside the other"));
        // However the names are sorted.
        let backwards = |depth: usize| {
            let name = |n: usize| format!("g{:03}", 999 - n);
            let links: String = (1..depth).map(|n| format!("{}=@{};", name(n - 1), name(n))).collect();
            format!("{links}{}=host", name(depth - 1))
        };
        assert!(Groups::parse(&backwards(GROUP_DEPTH_MAX)).is_ok());
        assert!(refusal(&backwards(GROUP_DEPTH_MAX + 1)).contains("one inside the other"));
    }

    #[test]
    fn there_are_only_so_many() {
        let many: String = (0..=GROUPS_MAX).map(|n| format!("g{n}=;")).collect();
        assert_eq!(refusal(&many), "1001 groups are too many: at most 1000");
        let long = vec!["h"; GROUP_TERMS_MAX + 1].join(",");
        assert!(refusal(&format!("a={long}")).contains("hosts and patterns are too many"));
    }
}
