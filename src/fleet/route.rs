//! The way to a host as its configuration describes it: jump hosts, each a host with a connection of its own.
//!
//! As `ssh` does it: of a chain `ProxyJump a,b` the last hop is reached through those before it, whatever its own
//! configuration says; the first one as its own configuration says.

use std::rc::Rc;

use crate::base::{Error, Kind, Result, limits};
use crate::config::ssh::{Jump, Proxy};
use crate::config::{HostConfig, SshConfig};

/// A host and the hops before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// Names the connection: routes that lead to the same place by the same way share it.
    pub key: Rc<str>,
    pub host: Rc<HostConfig>,
    /// The last hop.
    pub hop: Option<Rc<Route>>,
}

impl Route {
    /// The way to a host that the user named.
    ///
    /// Errors: the configuration of a hop, each named; too many hops, which a circle leads to.
    pub fn to(config: &SshConfig, host: HostConfig) -> Result<Rc<Self>> {
        let hop = Finder { config, trail: vec![host.alias.clone()] }.hop(&host.proxy)?;
        Ok(Rc::new(Self { key: host.alias.as_str().into(), host: Rc::new(host), hop }))
    }

    /// The host's own leg, then that of its hop, and so on to the one that begins here.
    pub fn legs(self: &Rc<Self>) -> impl Iterator<Item = &Rc<Self>> {
        std::iter::successors(Some(self), |route| route.hop.as_ref())
    }

    /// The hop that is reached from here; `None` when the host itself is.
    pub fn first_hop(self: &Rc<Self>) -> Option<&Rc<Self>> {
        self.legs().skip(1).last()
    }
}

struct Finder<'a> {
    config: &'a SshConfig,
    /// From the host towards us.
    trail: Vec<String>,
}

impl Finder<'_> {
    /// The last hop of a proxy.
    fn hop(&mut self, proxy: &Proxy) -> Result<Option<Rc<Route>>> {
        let Proxy::Jump(jumps) = proxy else { return Ok(None) };
        let Some((last, before)) = jumps.split_last() else { return Ok(None) };
        self.trail.push(last.host.clone());
        if self.trail.len() > limits::HOPS_MAX + 1 {
            return Err(self.too_long());
        }
        let resolved = self.config.resolve_jump(last);
        let host = resolved.map_err(|error| error.context(format_args!("its jump host {}", last.host)))?;
        let hop = match before {
            [] => self.hop(&host.proxy)?,
            before => self.hop(&Proxy::Jump(before.to_vec()))?,
        };
        let key = self.key(last, &host, hop.as_ref())?;
        Ok(Some(Rc::new(Route { key, host: Rc::new(host), hop })))
    }

    /// The alias, where the connection is the one that the alias alone would lead to.
    fn key(&self, jump: &Jump, host: &HostConfig, hop: Option<&Rc<Route>>) -> Result<Rc<str>> {
        let plain = self.config.resolve(&jump.host)?;
        let plain_hop = Finder { config: self.config, trail: self.trail.clone() }.hop(&plain.proxy);
        let key_of = |hop: Option<&Rc<Route>>| hop.map(|hop| Rc::clone(&hop.key));
        let is_plain = (&plain.user, plain.port) == (&host.user, host.port)
            && plain_hop.is_ok_and(|plain| key_of(plain.as_ref()) == key_of(hop));
        if is_plain {
            return Ok(host.alias.as_str().into());
        }
        // No alias holds a space.
        let way = hop.map_or_else(|| "directly".to_owned(), |hop| format!("through {}", hop.key));
        Ok(format!("{} as {} on port {} {way}", host.alias, host.user, host.port).into())
    }

    fn too_long(&self) -> Error {
        let (last, before) = self.trail.split_last().map_or(("", &[][..]), |(last, before)| (last, before));
        let way = self.trail.join(", ");
        let text = match before.iter().any(|passed| passed == last) {
            true => format!("its ProxyJump goes round in a circle: {way}"),
            false => format!("its ProxyJump leads through more than {} hosts: {way}", limits::HOPS_MAX),
        };
        Error::new(Kind::HostConfig, text)
    }
}
