//! The hosts that the configuration names, and the ways to them. A new configuration is a new directory.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use super::LOCALHOST;
use super::route::Route;
use crate::base::{Error, Kind, Result, limits};
use crate::config::{Settings, SharedConfig};

/// See the module's documentation.
pub(super) struct Directory {
    config: SharedConfig,
    names: Rc<[Rc<str>]>,
    /// Those that somebody has asked for.
    routes: RefCell<HashMap<Rc<str>, Rc<Route>>>,
}

impl Directory {
    /// The hosts that the settings admit.
    pub fn new(config: SharedConfig, settings: &Settings) -> Self {
        let named = config.hosts().iter().map(String::as_str).chain([LOCALHOST]);
        let mut names: Vec<Rc<str>> = named.filter(|name| settings.admits(name)).map(Rc::from).collect();
        names.sort_unstable();
        names.dedup();
        Self { config, names: names.into(), routes: RefCell::default() }
    }

    /// Sorted, without duplicates.
    pub fn names(&self) -> &Rc<[Rc<str>]> {
        &self.names
    }

    /// The name as it is kept here, if there is such a host.
    pub fn name(&self, name: &str) -> Option<&Rc<str>> {
        let index = self.names.binary_search_by(|known| known.as_ref().cmp(name)).ok()?;
        self.names.get(index)
    }

    /// The way to a host; `None` to this machine.
    ///
    /// Errors: no such host (with the names there are); its configuration is broken (with file and line), or that of a
    /// hop.
    pub fn route(&self, name: &str) -> Result<Option<Rc<Route>>> {
        let name = self.name(name).ok_or_else(|| self.unknown(name, |_| true))?;
        if let Some(known) = self.routes.borrow().get(name) {
            return Ok(Some(Rc::clone(known)));
        }
        if name.as_ref() == LOCALHOST && !self.config.hosts().iter().any(|host| host == LOCALHOST) {
            return Ok(None);
        }
        let route = Route::to(&self.config, self.config.resolve(name)?)?;
        self.routes.borrow_mut().insert(Rc::clone(name), Rc::clone(&route));
        Ok(Some(route))
    }

    /// Whether the host at the end of a route is still reached by it.
    pub fn leads_by(&self, route: &Route) -> bool {
        self.route(&route.key).is_ok_and(|now| now.as_deref() == Some(route))
    }

    /// What somebody is told who asked for a host that is not there, or not for him: the names that are.
    pub fn unknown(&self, name: &str, is_seen: impl Fn(&str) -> bool) -> Error {
        let seen: Vec<&str> = self.names.iter().map(AsRef::as_ref).filter(|name| is_seen(name)).collect();
        let shown = seen.get(..limits::HOSTS_IN_ERROR_MAX).unwrap_or(&seen);
        let mut text = format!("Unknown host '{}'. Available: {}", name.escape_debug(), shown.join(", "));
        let more = seen.len() - shown.len();
        if more > 0 {
            text.push_str(&format!(" and {more} more"));
        }
        Error::new(Kind::UnknownHost, text)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::{AlgorithmLists, Env, SshConfig};
    use crate::testing;

    fn directory(text: &str) -> Directory {
        directory_with(text, testing::settings())
    }

    fn directory_with(text: &str, settings: Settings) -> Directory {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("config");
        std::fs::write(&path, text).unwrap();
        let config = SshConfig::load(Some(Path::new(&path)), &Env::default(), AlgorithmLists::spoken());
        Directory::new(config.unwrap().into(), &settings)
    }

    /// Defect D27 of the system before, whose lists knew no patterns.
    #[test]
    fn hosts_that_the_settings_do_not_admit_are_not_there_but_may_be_on_the_way() {
        let allowlist = ["web*", "!web9"].into_iter().collect();
        let settings = Settings { allowlist, ..testing::settings() };
        let directory = directory_with("Host web1 web9 db1\nHost web2\n ProxyJump db1\n", settings);
        assert_eq!(directory.names().to_vec(), ["web1", "web2"].map(Rc::from));
        let error = directory.route("db1").unwrap_err();
        assert_eq!(error.message(), "Unknown host 'db1'. Available: web1, web2");
        assert!(directory.route(LOCALHOST).is_err());
        assert!(directory.route("web2").unwrap().is_some_and(|route| route.hop.is_some()));
    }

    #[test]
    fn a_route_is_the_same_as_long_as_nothing_on_the_way_is_different() {
        let before = "Host a\n User me\nHost b\n ProxyJump a\nHost c\n ProxyJump x\n";
        let [a, b, c] = ["a", "b", "c"].map(|name| directory(before).route(name).unwrap().unwrap());
        let kept = |text: &str| [&a, &b, &c].map(|route| directory(text).leads_by(route));
        assert_eq!(kept(&format!("# new\n{before}Host d\n User me\n")), [true, true, true]);
        assert_eq!(kept(&before.replace("User me", "User you")), [false, false, true]);
        assert_eq!(
            kept(&before.replace("jump a", "jump x").replace("ProxyJump a", "ProxyJump x")),
            [true, false, true]
        );
        assert_eq!(kept(&format!("{before}Host x\n Port 23\n")), [true, true, false]);
        assert_eq!(kept("Host a\n User me\n"), [true, false, false], "a host that is gone");
    }
}
