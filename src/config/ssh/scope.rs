//! For which hosts a line counts: `Host` and `Match` headers, nested by `Include`.
//!
//! Plain names of `Host` headers stand in a hash map, so that resolving a host does not look at every other host.

use std::collections::HashMap;

use super::criteria::{Facts, Header};
use super::reader::Diagnostic;
use crate::config::pattern::{self, Match};

/// Index of a scope.
pub type ScopeId = u32;

/// The scope of lines above the first header.
pub const EVERYWHERE: ScopeId = 0;

/// What a header says.
#[derive(Debug, PartialEq, Eq)]
pub enum Condition {
    Always,
    /// Nothing: a header we could not read or must not evaluate. Its lines must not count for anyone.
    Never,
    /// `Host`: the patterns with wildcards; the plain names are in the index.
    Host(Vec<String>),
    /// `Match`, and where it stands, to tell what is wrong with it.
    Match(Header, Diagnostic),
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
    ///
    /// # Errors
    /// A `Match` header for which nobody can tell.
    pub fn counts(&mut self, scope: ScopeId, facts: &Facts<'_>) -> Result<bool, Diagnostic> {
        if scope == EVERYWHERE {
            return Ok(true);
        }
        // As deep as files are included.
        let parent = self.scopes.scopes.get(scope as usize).map_or(EVERYWHERE, |scope| scope.parent);
        Ok(self.counts(parent, facts)? && self.holds(scope, facts)?)
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

    fn holds(&mut self, id: ScopeId, facts: &Facts<'_>) -> Result<bool, Diagnostic> {
        match self.scopes.condition(id) {
            Condition::Always => Ok(true),
            Condition::Never => Ok(false),
            Condition::Host(wildcards) => Ok(self.host_holds(id, wildcards)),
            Condition::Match(header, place) => {
                if let Some(&decided) = self.decided.get(&id) {
                    return Ok(decided);
                }
                let holds = header.holds(facts).map_err(|message| Diagnostic { message, ..place.clone() })?;
                self.decided.insert(id, holds);
                Ok(holds)
            }
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

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use super::*;
    use crate::config::Env;
    use crate::config::ssh::expand::Tokens;

    fn with_user<T>(user: &str, use_them: impl FnOnce(&Facts<'_>) -> T) -> T {
        let env = Env::default();
        let tokens =
            Tokens { env: &env, hostname: "h", alias: "h", key_alias: "h", user, port: 22, jump: "" };
        use_them(&Facts { tokens, tag: "", is_final: false, exec: None })
    }

    fn counts(view: &mut View<'_>, scope: ScopeId, user: &str) -> bool {
        with_user(user, |facts| view.counts(scope, facts)).unwrap()
    }

    fn match_header(text: &str) -> Condition {
        let place = Diagnostic { file: Arc::from(Path::new("f")), line: 1, message: String::new() };
        Condition::Match(Header::parse(text), place)
    }

    fn patterns(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    fn host_counts(header: &str, alias: &str) -> bool {
        let mut scopes = Scopes::new();
        let id = scopes.add_host(EVERYWHERE, &patterns(header));
        counts(&mut scopes.for_host(alias), id, "ann")
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
        assert!(counts(&mut scopes.for_host("b"), inner, "ann"));
        assert!(!counts(&mut scopes.for_host("c"), inner, "ann"));
        assert!(!scopes.for_host("c").may_count(inner));
    }

    #[test]
    fn a_decision_about_match_is_kept() {
        let mut scopes = Scopes::new();
        let id = scopes.add(EVERYWHERE, match_header("user ann"));
        let mut view = scopes.for_host("h");
        assert!(counts(&mut view, id, "ann"));
        assert!(counts(&mut view, id, "bob"));
    }

    #[test]
    fn a_header_nobody_can_evaluate_matters_only_where_its_parent_counts() {
        let mut scopes = Scopes::new();
        let outer = scopes.add_host(EVERYWHERE, &patterns("a"));
        let inner = scopes.add(outer, match_header("foo"));
        assert!(!counts(&mut scopes.for_host("b"), inner, "ann"));
        let error = with_user("ann", |facts| scopes.for_host("a").counts(inner, facts)).unwrap_err();
        assert_eq!(error.to_string(), "f:1: 'Match foo' is not supported");
    }
}
