//! Rules of what names hosts: patterns, and groups of them.

use std::fmt;

use super::rule::Rule;
use crate::base::text::on_one_line;
use crate::config::{Env, Groups, pattern};

/// Names and patterns of hosts, as on a `Host` line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Patterns(Vec<String>);

impl<'a> FromIterator<&'a str> for Patterns {
    fn from_iter<T: IntoIterator<Item = &'a str>>(patterns: T) -> Self {
        Self(patterns.into_iter().map(ToOwned::to_owned).collect())
    }
}

impl Patterns {
    /// Whether any host is meant.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether this one is meant.
    pub fn include(&self, host: &str) -> bool {
        pattern::matches_list(self.0.iter().map(String::as_str), host) == pattern::Match::Yes
    }
}

/// As one would write them.
impl fmt::Display for Patterns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() { f.write_str("none") } else { f.write_str(&self.0.join(",")) }
    }
}

/// Patterns, separated by commas or spaces.
pub struct HostPatterns;

impl Rule for HostPatterns {
    type Value = Patterns;

    fn parse(&self, text: &str, _: &Env) -> Result<Patterns, String> {
        Ok(text.split([',', ' ']).filter(|pattern| !pattern.is_empty()).collect())
    }

    fn expected(&self) -> String {
        "names of hosts, with `*`, `?` and `!` as in ssh_config, separated by commas".to_owned()
    }

    fn show(&self, value: &Patterns) -> String {
        value.to_string()
    }
}

/// What is said of groups at most.
const MESSAGE_CHARS_MAX: usize = 1_000;

/// Groups; in the settings file a table of them.
pub struct HostGroups;

impl Rule for HostGroups {
    type Value = Groups;

    fn parse(&self, text: &str, _: &Env) -> Result<Groups, String> {
        // Names of groups stand in some messages, and are as long as somebody makes them.
        let refused = |message: String| on_one_line(&message, MESSAGE_CHARS_MAX);
        Groups::parse(text).map_err(|message| format!("{}: expected {}", refused(message), self.expected()))
    }

    fn expected(&self) -> String {
        "lists such as `web=web*,!web9; all=@web,db1`".to_owned()
    }

    fn show(&self, value: &Groups) -> String {
        value.to_string()
    }
}
