//! What an operator lets a client do, and on which hosts.

use std::sync::Arc;

use super::settings::Patterns;

/// What one client may do. Names of jump hosts are a part of what is said of the hosts behind them, whoever asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// `None` is all of them, which nobody has named.
    scopes: Option<Vec<Scope>>,
    /// `None` is all of them.
    hosts: Option<Patterns>,
}

/// One that all cores read.
pub type SharedAccess = Arc<Access>;

/// A kind of work. None includes another: whoever may run commands may not on that account fetch files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Files, directories, and what the server knows of itself.
    Read,
    /// Commands, as far as the policy allows them.
    Command,
    /// Files from here to a host, from a host to here, or between hosts.
    Transfer,
}

impl Scope {
    pub const ALL: [Self; 3] = [Self::Read, Self::Command, Self::Transfer];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Command => "command",
            Self::Transfer => "transfer",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.name() == name)
    }
}

impl Access {
    /// Everything, everywhere.
    pub fn all() -> Self {
        Self { scopes: None, hosts: None }
    }

    /// Only this, and only there; without `hosts` everywhere.
    pub fn only(scopes: Vec<Scope>, hosts: Option<Patterns>) -> Self {
        Self { scopes: Some(scopes), hosts }
    }

    /// Everything, and only there.
    pub fn everything(hosts: Option<Patterns>) -> Self {
        Self { scopes: None, hosts }
    }

    pub fn has(&self, scope: Scope) -> bool {
        self.scopes.as_ref().is_none_or(|scopes| scopes.contains(&scope))
    }

    /// Whether somebody has named it when he gave access, and not just everything.
    pub fn names(&self, scope: Scope) -> bool {
        self.scopes.as_ref().is_some_and(|scopes| scopes.contains(&scope))
    }

    /// Whether it may know that there is a host of this name.
    pub fn includes(&self, host: &str) -> bool {
        self.hosts.as_ref().is_none_or(|hosts| hosts.include(host))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_named() {
        let access = Access::only(vec![Scope::Read], Some(["web*", "!web9"].into_iter().collect()));
        assert_eq!(Scope::ALL.map(|scope| access.has(scope)), [true, false, false]);
        assert_eq!(["web1", "web9", "db1"].map(|host| access.includes(host)), [true, false, false]);
        assert_eq!(Scope::ALL.map(|scope| Access::all().has(scope)), [true; 3]);
        assert!(Access::all().includes("anything"));
        assert!(access.names(Scope::Read) && !access.names(Scope::Transfer));
        assert!(!Access::all().names(Scope::Read));
    }

    #[test]
    fn scopes_have_names() {
        assert!(Scope::ALL.into_iter().all(|scope| Scope::named(scope.name()) == Some(scope)));
        assert_eq!(Scope::named("Read"), None);
    }
}
