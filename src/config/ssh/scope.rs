//! For which hosts a line counts: `Host` and `Match` headers, nested by `Include`.
//!
//! Plain names of `Host` headers stand in a hash map, so that resolving a host does not look at every other host.

use std::collections::HashMap;

use super::lexer;
use crate::config::pattern::{self, Match};

/// Index of a scope.
pub type ScopeId = u32;

/// The scope of lines above the first header.
pub const EVERYWHERE: ScopeId = 0;

/// What a header says.
#[derive(Debug, PartialEq, Eq)]
pub enum Condition {
    Always,
    /// Nothing: a header we could not read or do not evaluate. Its lines must not count for anyone.
    Never,
    /// `Host`: the patterns with wildcards; the plain names are in the index.
    Host(Vec<String>),
    /// `Match`: all of them.
    Match(Vec<Criterion>),
}

/// One criterion of a `Match` header.
#[derive(Debug, PartialEq, Eq)]
pub struct Criterion {
    pub subject: Subject,
    pub negated: bool,
    /// A comma list of patterns.
    pub patterns: String,
}

/// What a criterion looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// The host name after `HostName` so far.
    Host,
    /// The name the user gave.
    OriginalHost,
    /// The remote user so far.
    User,
    LocalUser,
}

/// What `Match` compares with, as far as the lines before it have decided.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    pub host: &'a str,
    pub original_host: &'a str,
    pub user: &'a str,
    pub local_user: &'a str,
}

#[derive(Debug)]
struct Scope {
    /// The scope that the file with this header was included in.
    parent: ScopeId,
    condition: Condition,
}

/// All scopes of a configuration.
#[derive(Debug)]
pub struct Scopes {
    scopes: Vec<Scope>,
    /// For a plain name, the `Host` headers that have it, in order; `true` where it is negated.
    names: HashMap<String, Vec<(ScopeId, bool)>>,
}

impl Scopes {
    pub fn new() -> Self {
        Self {
            scopes: vec![Scope { parent: EVERYWHERE, condition: Condition::Always }],
            names: HashMap::new(),
        }
    }

    /// Adds a `Host` header inside `parent`.
    pub fn add_host(&mut self, parent: ScopeId, patterns: &[String]) -> ScopeId {
        let id = self.next();
        let mut wildcards = Vec::new();
        for text in patterns {
            let (name, negated) = text.strip_prefix('!').map_or((text.as_str(), false), |name| (name, true));
            if pattern::is_literal(name) {
                self.names.entry(name.to_owned()).or_default().push((id, negated));
            } else {
                wildcards.push(text.clone());
            }
        }
        self.add(parent, Condition::Host(wildcards))
    }

    /// Adds a header that is no `Host` inside `parent`.
    pub fn add(&mut self, parent: ScopeId, condition: Condition) -> ScopeId {
        let id = self.next();
        self.scopes.push(Scope { parent, condition });
        id
    }

    pub fn condition(&self, id: ScopeId) -> &Condition {
        self.scopes.get(id as usize).map_or(&Condition::Never, |scope| &scope.condition)
    }

    /// The `Host` headers that have `name` as it is, in order.
    pub fn named(&self, name: &str) -> impl Iterator<Item = ScopeId> {
        self.entries(name).iter().filter(|(_, negated)| !negated).map(|&(id, _)| id)
    }

    /// A view for one host.
    pub fn for_host<'a>(&'a self, alias: &'a str) -> View<'a> {
        View { scopes: self, alias, entries: self.entries(alias), decided: HashMap::new() }
    }

    fn entries(&self, name: &str) -> &[(ScopeId, bool)] {
        self.names.get(name).map_or(&[], Vec::as_slice)
    }

    fn next(&self) -> ScopeId {
        // Every scope is a line of files whose total size is bounded far below.
        ScopeId::try_from(self.scopes.len()).unwrap_or(ScopeId::MAX)
    }
}

/// Which scopes count for one host.
pub struct View<'a> {
    scopes: &'a Scopes,
    alias: &'a str,
    entries: &'a [(ScopeId, bool)],
    /// `Match` headers as they were decided when they were met: what follows them changes the facts.
    decided: HashMap<ScopeId, bool>,
}

impl View<'_> {
    /// Whether lines of `scope` count, given the facts at this point. Scopes are to be asked in order.
    pub fn counts(&mut self, mut scope: ScopeId, facts: &Facts<'_>) -> bool {
        while scope != EVERYWHERE {
            if !self.holds(scope, facts) {
                return false;
            }
            scope = self.scopes.scopes.get(scope as usize).map_or(EVERYWHERE, |scope| scope.parent);
        }
        true
    }

    /// Whether some lines in `scope` may count, whatever `Match` says: such a host is worth offering.
    pub fn may_count(&self, mut scope: ScopeId) -> bool {
        while scope != EVERYWHERE {
            let Some(Scope { parent, condition }) = self.scopes.scopes.get(scope as usize) else {
                return false;
            };
            let holds = match condition {
                Condition::Host(wildcards) => self.host_holds(scope, wildcards),
                other => *other != Condition::Never,
            };
            if !holds {
                return false;
            }
            scope = *parent;
        }
        true
    }

    fn holds(&mut self, id: ScopeId, facts: &Facts<'_>) -> bool {
        match self.scopes.condition(id) {
            Condition::Always => true,
            Condition::Never => false,
            Condition::Host(wildcards) => self.host_holds(id, wildcards),
            Condition::Match(criteria) => *self
                .decided
                .entry(id)
                .or_insert_with(|| criteria.iter().all(|criterion| criterion.holds(facts))),
        }
    }

    fn host_holds(&self, id: ScopeId, wildcards: &[String]) -> bool {
        let start = self.entries.partition_point(|&(entry, _)| entry < id);
        let mut named = self.entries.iter().skip(start).take_while(|&&(entry, _)| entry == id).peekable();
        let is_named = named.peek().is_some();
        if named.any(|&(_, negated)| negated) {
            return false;
        }
        match pattern::matches_list(wildcards.iter().map(String::as_str), self.alias) {
            Match::Excluded => false,
            Match::Yes => true,
            Match::No => is_named,
        }
    }
}

impl Criterion {
    fn holds(&self, facts: &Facts<'_>) -> bool {
        let (text, fold) = match self.subject {
            Subject::Host => (facts.host, true),
            Subject::OriginalHost => (facts.original_host, true),
            Subject::User => (facts.user, false),
            Subject::LocalUser => (facts.local_user, false),
        };
        let found = if fold {
            list_matches(&self.patterns.to_ascii_lowercase(), &text.to_ascii_lowercase())
        } else {
            list_matches(&self.patterns, text)
        };
        found != self.negated
    }
}

fn list_matches(patterns: &str, text: &str) -> bool {
    pattern::matches_list(patterns.split(','), text) == Match::Yes
}

/// Reads what follows `Match`.
///
/// # Errors
/// Why the header cannot be evaluated.
pub fn parse_match(mut rest: &str) -> Result<Condition, String> {
    let mut criteria = Vec::new();
    let mut all = false;
    while let Some(word) = lexer::word(&mut rest).filter(|word| !word.is_empty() && !word.starts_with('#')) {
        let (negated, name) = word.strip_prefix('!').map_or((false, word), |name| (true, name));
        let subject = match name.to_ascii_lowercase().as_str() {
            "all" if !negated => {
                all = true;
                continue;
            }
            "host" => Subject::Host,
            "originalhost" => Subject::OriginalHost,
            "user" => Subject::User,
            "localuser" => Subject::LocalUser,
            _ => return Err(format!("'Match {name}' is not supported")),
        };
        let patterns = lexer::word(&mut rest).filter(|patterns| !patterns.is_empty());
        let patterns = patterns.ok_or_else(|| format!("'Match {name}' has no pattern"))?.to_owned();
        criteria.push(Criterion { subject, negated, patterns });
    }
    match (all, criteria.is_empty()) {
        (true, true) => Ok(Condition::Always),
        (false, false) => Ok(Condition::Match(criteria)),
        (true, false) => Err("'Match all' cannot be combined with other criteria".to_owned()),
        (false, true) => Err("'Match' has no criteria".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FACTS: Facts<'_> = Facts { host: "h.example", original_host: "h", user: "ann", local_user: "me" };

    fn patterns(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    fn host_counts(header: &str, alias: &str) -> bool {
        let mut scopes = Scopes::new();
        let id = scopes.add_host(EVERYWHERE, &patterns(header));
        scopes.for_host(alias).counts(id, &FACTS)
    }

    #[test]
    fn host_headers() {
        for (header, alias) in [("a b", "b"), ("*", "x"), ("a* !ab", "ac"), ("!z ?", "a")] {
            assert!(host_counts(header, alias), "{header} {alias}");
        }
        for (header, alias) in [("a", "A"), ("a !a", "a"), ("* !ab", "ab"), ("!a", "b"), ("a !?", "a")] {
            assert!(!host_counts(header, alias), "{header} {alias}");
        }
    }

    #[test]
    fn a_nested_header_counts_only_where_its_parent_does() {
        let mut scopes = Scopes::new();
        let outer = scopes.add_host(EVERYWHERE, &patterns("a b"));
        let inner = scopes.add_host(outer, &patterns("b c"));
        assert!(scopes.for_host("b").counts(inner, &FACTS));
        assert!(!scopes.for_host("c").counts(inner, &FACTS));
        assert!(!scopes.for_host("c").may_count(inner));
    }

    #[test]
    fn match_headers() {
        let holds = |header: &str| {
            let mut scopes = Scopes::new();
            let id = scopes.add(EVERYWHERE, parse_match(header).unwrap());
            scopes.for_host("h").counts(id, &FACTS)
        };
        for yes in
            ["all", "host *.EXAMPLE user ann", "originalhost=h", "!user bob,eve", "localuser \"me\" # x"]
        {
            assert!(holds(yes), "{yes}");
        }
        for no in ["host h", "user Ann", "host *.example user bob", "!originalhost h", "host *,!h.*"] {
            assert!(!holds(no), "{no}");
        }
        for bad in ["", "foo", "exec true", "final all", "host", "all user x"] {
            assert!(parse_match(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_decision_about_match_is_kept() {
        let mut scopes = Scopes::new();
        let id = scopes.add(EVERYWHERE, parse_match("user ann").unwrap());
        let mut view = scopes.for_host("h");
        assert!(view.counts(id, &FACTS));
        assert!(view.counts(id, &Facts { user: "bob", ..FACTS }));
    }
}
