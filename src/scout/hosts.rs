//! The host list.

use std::fmt::Write;

use crate::fleet::{Host, HostStatus, Presence};

/// The hosts that somebody may see, and the groups that they are in.
#[derive(Debug, Clone)]
pub struct HostList {
    pub hosts: Vec<HostStatus>,
    /// Their names, sorted.
    pub groups: Vec<String>,
}

impl HostList {
    /// What an agent sees.
    pub fn text(&self) -> String {
        let text = text(&self.hosts);
        if self.groups.is_empty() {
            return text;
        }
        let groups: Vec<_> = self.groups.iter().map(|name| format!("@{name}")).collect();
        format!("{text}\n\nGroups: {}", groups.join(", "))
    }
}

/// The list as agents know it, a line for each host.
pub fn text(hosts: &[HostStatus]) -> String {
    if hosts.is_empty() {
        return "No SSH hosts configured.".into();
    }
    let mut text = String::from("Available hosts:");
    for status in hosts {
        let (mark, state) = match (&status.host, status.presence) {
            (Err(_), _) => ('✗', "misconfigured"),
            (_, Presence::Online) => ('✓', "online"),
            (_, Presence::Offline) => ('✗', "offline"),
            (_, Presence::Unknown) => ('?', "not known"),
        };
        // Writing to a String cannot fail.
        let _ = write!(text, "\n  [{mark}] {} ({state}) -> {}", status.name, place(status));
        if let Some(behind) = &status.behind {
            let _ = write!(text, " behind {behind}");
        }
    }
    text
}

/// Where a host is: `user@hostname:port`, or what is wrong with its configuration.
pub fn place(status: &HostStatus) -> String {
    match &status.host {
        Ok(Host::Local) => "this machine".into(),
        Ok(Host::Remote(host)) => format!("{}@{}:{}", host.user, host.hostname, host.port),
        Err(error) => error.to_string(),
    }
}
