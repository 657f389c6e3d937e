//! Which hosts are meant: `web*`, `web?`, `!web9`, `@group`, and lists of these, among the hosts that somebody may see.
//! Pure. A host that he may not see is not there, and a group of nothing but such hosts is none.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt::Display;
use std::rc::Rc;

use crate::base::limits::{
    HOST_LIST_BYTES_MAX, HOST_LIST_TERMS_MAX, HOST_PATTERNS_BYTES_MAX, HOSTS_IN_ERROR_MAX, PLACES_MAX,
};
use crate::base::text::shown;
use crate::base::{Error, Kind, Result};
use crate::config::Groups;
use crate::config::groups::{Hosts, Term};
use crate::config::pattern;

/// Hosts as somebody sees them.
pub struct Selection<'a> {
    /// Sorted.
    names: &'a [Rc<str>],
    groups: &'a Groups,
    /// Groups that have been looked up, as places among the names.
    known: RefCell<HashMap<&'a str, Rc<[usize]>>>,
}

/// How long the patterns of a list are, in bytes: what it costs to find out what it means.
pub fn pattern_bytes(list: &str) -> usize {
    let words = list.split(',').filter(|word| !pattern::is_literal(word));
    words.map(str::len).sum()
}

/// The same of what stands before the path in each of some targets.
pub fn pattern_bytes_of<'a>(targets: impl IntoIterator<Item = &'a str>) -> usize {
    targets.into_iter().map(|target| target.split(':').next().map_or(0, pattern_bytes)).sum()
}

/// Looks at some targets before any of them is read.
///
/// Errors: there are more than `most`; their patterns are too long together.
pub fn check_targets(targets: &[String], most: usize) -> Result<()> {
    let patterns = pattern_bytes_of(targets.iter().map(String::as_str));
    let message = if targets.len() > most {
        format!("{} targets, at most {most}", targets.len())
    } else if patterns > HOST_PATTERNS_BYTES_MAX {
        format!("Patterns of hosts too long: {patterns} bytes, at most {HOST_PATTERNS_BYTES_MAX}")
    } else {
        return Ok(());
    };
    Err(Error::new(Kind::TooLarge, message))
}

impl<'a> Selection<'a> {
    /// `names` are sorted.
    pub fn new(names: &'a [Rc<str>], groups: &'a Groups) -> Self {
        Self { names, groups, known: RefCell::default() }
    }

    /// The hosts that a text means, each once: in the order of the text, and by name where one word means several.
    ///
    /// Errors: a word that is none, or that means no host; what there is instead is told.
    pub fn hosts(&self, text: &str) -> Result<Vec<Rc<str>>> {
        if let Ok(place) = self.place(text) {
            return Ok(vec![Rc::clone(&self.names[place])]);
        }
        check_length(text)?;
        let terms = Term::list(text).map_err(|word| invalid(text, &word))?;
        if terms.len() > HOST_LIST_TERMS_MAX {
            let message =
                format!("{} hosts and patterns in one list, at most {HOST_LIST_TERMS_MAX}", terms.len());
            return Err(Error::new(Kind::TooLarge, message));
        }
        for term in terms.iter().filter(|term| !term.is_excluded) {
            if self.meant(&term.hosts).is_empty() {
                return Err(self.nothing(&term.hosts));
            }
        }
        let chosen = self.chosen(&terms);
        match chosen.len() {
            0 => Err(unknown(format!("No host is left of '{}'. {}", shown(text), self.available()))),
            count if count > PLACES_MAX => {
                let message = format!("'{}' means {count} hosts, at most {PLACES_MAX} at once", shown(text));
                Err(Error::new(Kind::TooLarge, message))
            }
            _ => Ok(chosen.into_iter().map(|place| Rc::clone(&self.names[place])).collect()),
        }
    }

    /// The names of groups that hold any of the hosts.
    pub fn groups(&self) -> impl Iterator<Item = &'a str> {
        self.groups.names().filter(|name| !self.group(name).is_empty())
    }

    /// What a list means. Whether groups stand inside each other for ever has been checked when they were read.
    fn chosen(&self, terms: &[Term]) -> Vec<usize> {
        let mut is_done = vec![false; self.names.len()];
        for term in terms.iter().filter(|term| term.is_excluded) {
            self.meant(&term.hosts).iter().for_each(|place| is_done[*place] = true);
        }
        let mut chosen = Vec::new();
        for term in terms.iter().filter(|term| !term.is_excluded) {
            let meant = self.meant(&term.hosts);
            chosen.extend(meant.iter().filter(|place| !std::mem::replace(&mut is_done[**place], true)));
        }
        chosen
    }

    fn meant(&self, hosts: &Hosts) -> Rc<[usize]> {
        match hosts {
            Hosts::Named(name) => self.place(name).into_iter().collect(),
            Hosts::Like(like) => {
                let named = self.names.iter().enumerate();
                named.filter(|(_, name)| pattern::matches(like, name)).map(|(place, _)| place).collect()
            }
            Hosts::Group(name) => self.group(name),
        }
    }

    fn group(&self, name: &str) -> Rc<[usize]> {
        if let Some(known) = self.known.borrow().get(name) {
            return Rc::clone(known);
        }
        let Some((name, terms)) = self.groups.get(name) else { return Rc::default() };
        let meant: Rc<[usize]> = self.chosen(terms).into();
        self.known.borrow_mut().insert(name, Rc::clone(&meant));
        meant
    }

    fn place(&self, name: &str) -> Result<usize, usize> {
        self.names.binary_search_by(|known| known.as_ref().cmp(name))
    }

    fn nothing(&self, hosts: &Hosts) -> Error {
        unknown(match hosts {
            Hosts::Named(name) => format!("Unknown host '{}'. {}", shown(name), self.available()),
            Hosts::Like(like) => format!("No host matches '{}'. {}", shown(like), self.available()),
            Hosts::Group(name) => match self.groups().map(|name| format!("@{name}")).collect::<Vec<_>>() {
                groups if groups.is_empty() => format!("Unknown group '@{name}'. There are no groups"),
                groups => format!("Unknown group '@{name}'. Groups: {}", listed(&groups)),
            },
        })
    }

    fn available(&self) -> String {
        format!("Available: {}", listed(self.names))
    }
}

fn check_length(list: &str) -> Result<()> {
    let (length, patterns) = (list.len(), pattern_bytes(list));
    let (what, bytes, most) = match length > HOST_LIST_BYTES_MAX {
        true => ("List", length, HOST_LIST_BYTES_MAX),
        false => ("Patterns", patterns, HOST_PATTERNS_BYTES_MAX),
    };
    if bytes <= most {
        return Ok(());
    }
    Err(Error::new(Kind::TooLarge, format!("{what} of hosts too long: {bytes} bytes, at most {most}")))
}

/// Names as errors list them.
fn listed(names: &[impl AsRef<str> + Display]) -> String {
    let seen = names.get(..HOSTS_IN_ERROR_MAX).unwrap_or(names);
    let text = seen.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(", ");
    match names.len() - seen.len() {
        0 => text,
        more => format!("{text} and {more} more"),
    }
}

fn invalid(text: &str, word: &str) -> Error {
    let message = if word == text {
        format!(
            "Invalid host list '{}'. Expected names, 'web*', '@group', '!name', joined by commas",
            shown(text)
        )
    } else {
        format!(
            "Invalid '{}' in host list '{}'. Expected names, 'web*', '@group', '!name', joined by commas",
            shown(word),
            shown(text)
        )
    };
    Error::new(Kind::InvalidTarget, message)
}

fn unknown(message: String) -> Error {
    Error::new(Kind::UnknownHost, message)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NAMES: [&str; 7] = ["db1", "db2", "odd,name", "old", "web1", "web2", "web9"];
    const GROUPS: &str = "web=web*,!web9; data=db2,db1,gone; all=@web,@data; none=gone,x*; few=@all,!@data";

    fn names(names: &[&str]) -> Vec<Rc<str>> {
        names.iter().map(|name| Rc::from(*name)).collect()
    }

    fn asked(seen: &[&str], text: &str) -> Result<Vec<String>, String> {
        let (names, groups) = (names(seen), Groups::parse(GROUPS).unwrap());
        let hosts = Selection::new(&names, &groups).hosts(text);
        let owned = |hosts: Vec<Rc<str>>| hosts.iter().map(|name| name.as_ref().to_owned()).collect();
        hosts.map(owned).map_err(|error| error.message().to_owned())
    }

    #[test]
    fn hosts_come_in_the_order_of_the_text_each_once() {
        for (text, hosts) in [
            ("web1", &["web1"][..]),
            ("odd,name", &["odd,name"]),
            ("web*", &["web1", "web2", "web9"]),
            ("web?,!web9", &["web1", "web2"]),
            ("!web9, web*", &["web1", "web2"]),
            ("old,db*,web1", &["old", "db1", "db2", "web1"]),
            ("db2,db*", &["db2", "db1"]),
            ("*,!@all,!o*", &["web9"]),
            ("@web", &["web1", "web2"]),
            ("@data", &["db2", "db1"]),
            ("@all", &["web1", "web2", "db2", "db1"]),
            ("@few,web9", &["web1", "web2", "web9"]),
            ("web9,@web,@all", &["web9", "web1", "web2", "db2", "db1"]),
            ("web*,!gone,!x*", &["web1", "web2", "web9"]),
        ] {
            assert_eq!(asked(&NAMES, text).unwrap(), hosts, "{text}");
        }
    }

    #[test]
    fn what_means_nothing_is_told_with_what_there_is() {
        let available = "Available: db1, db2, odd,name, old, web1, web2, web9";
        for (text, message) in [
            ("web*,zz", format!("Unknown host 'zz'. {available}")),
            ("zz*", format!("No host matches 'zz*'. {available}")),
            ("web1,!web*", format!("No host is left of 'web1,!web*'. {available}")),
            ("!web9", format!("No host is left of '!web9'. {available}")),
            ("@zz", "Unknown group '@zz'. Groups: @all, @data, @few, @web".to_owned()),
            ("@none", "Unknown group '@none'. Groups: @all, @data, @few, @web".to_owned()),
            (
                "@",
                "Invalid host list '@'. Expected names, 'web*', '@group', '!name', joined by commas".to_owned(),
            ),
            (
                "web1,!",
                "Invalid '!' in host list 'web1,!'. Expected names, 'web*', '@group', '!name', joined by commas"
                    .to_owned(),
            ),
        ] {
            assert_eq!(asked(&NAMES, text), Err(message), "{text}");
        }
    }

    #[test]
    fn hosts_that_may_not_be_seen_are_not_there() {
        let seen = ["db1", "old"];
        assert_eq!(asked(&seen, "*").unwrap(), seen);
        assert_eq!(asked(&seen, "@all").unwrap(), ["db1"]);
        assert_eq!(asked(&seen, "web*").unwrap_err(), "No host matches 'web*'. Available: db1, old");
        // Neither which groups others have nor that there is one.
        assert_eq!(asked(&seen, "@web").unwrap_err(), "Unknown group '@web'. Groups: @all, @data");
        assert_eq!(asked(&seen, "@zz").unwrap_err(), "Unknown group '@zz'. Groups: @all, @data");
        assert_eq!(asked(&["old"], "@web").unwrap_err(), "Unknown group '@web'. There are no groups");
    }

    #[test]
    fn lists_are_bounded() {
        let long = "w".repeat(HOST_LIST_BYTES_MAX + 1);
        assert!(asked(&NAMES, &long).unwrap_err().starts_with("List of hosts too long: "));
        let patterns = vec!["web*"; HOST_PATTERNS_BYTES_MAX / 4 + 1].join(",");
        assert_eq!(
            asked(&NAMES, &patterns).unwrap_err(),
            "Patterns of hosts too long: 1028 bytes, at most 1024"
        );
        let many = vec!["a"; HOST_LIST_TERMS_MAX + 1].join(",");
        assert!(asked(&NAMES, &many).unwrap_err().ends_with("at most 1024"));
        let names: Vec<Rc<str>> = (0..=PLACES_MAX).map(|n| format!("h{n:06}").into()).collect();
        let groups = Groups::default();
        let error = Selection::new(&names, &groups).hosts("*").unwrap_err();
        assert_eq!(error.message(), "'*' means 10001 hosts, at most 10000 at once");
        assert_eq!(error.kind(), Kind::TooLarge);
    }

    proptest! {
        /// What is chosen is what a list of patterns says of each name by itself.
        #[test]
        fn agrees_with_lists_of_patterns(
            terms in prop::collection::vec("!?[ab*?]{1,3}", 1..6),
            names in prop::collection::btree_set("[ab]{1,3}", 1..8),
        ) {
            let text = terms.join(",");
            let names: Vec<Rc<str>> = names.iter().map(|name| Rc::from(name.as_str())).collect();
            let groups = Groups::default();
            let by_each: Vec<_> = names
                .iter()
                .filter(|name| pattern::matches_list(terms.iter().map(String::as_str), name) == pattern::Match::Yes)
                .cloned()
                .collect();
            match Selection::new(&names, &groups).hosts(&text) {
                Ok(mut hosts) => {
                    hosts.sort_unstable();
                    prop_assert_eq!(hosts, by_each);
                }
                Err(error) => {
                    let is_left = error.message().starts_with("No host is left");
                    prop_assert!(!is_left || by_each.is_empty(), "{}", error);
                }
            }
        }
    }
}
