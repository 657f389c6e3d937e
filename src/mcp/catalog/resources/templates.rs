//! The addresses of places on hosts as templates (RFC 6570), and what may be put into them.
//!
//! All of them begin with `scout://{host}/`, which is an address whatever the host is called; `{host}://…` is none where a
//! name has an underscore, say.

use serde_json::{Value, json};

use super::SCOPE;
use crate::config::Scope;
use crate::mcp::catalog::completion::Values;

/// One of them.
pub struct Template {
    pub uri: &'static str,
    name: &'static str,
    title: &'static str,
    description: &'static str,
    /// Where it is known before it is read.
    mime_type: Option<&'static str>,
    pub blanks: &'static [(&'static str, Values)],
}

/// In the order in which clients see them.
pub const TEMPLATES: &[Template] = &[
    Template {
        uri: "scout://{host}/{+path}",
        name: "file",
        title: "A file or directory on a host",
        description: "The content of a file, or the listing of a directory. The path is absolute, or begins with ~ for the \
            home directory: scout://web1/etc/hosts, scout://web1/~/notes.txt. Where the name of the host can be a scheme, \
            web1://etc/hosts is the same. A long file is cut, and says so.",
        mime_type: None,
        blanks: &[HOST, ("path", Values::PathBehindSlash)],
    },
    Template {
        uri: "scout://{host}/:{+system}",
        name: "system",
        title: "What runs on a host",
        description: "docker, podman, compose, zfs, zfs/snapshots, syslog, k8s, systemd, processes, network or disk. \
            web1://docker is the same as scout://web1/:docker, here and in the templates below.",
        mime_type: Some("text/plain"),
        blanks: &[HOST, ("system", Values::OneOf(SYSTEMS))],
    },
    Template {
        uri: "scout://{host}/:{engine}/{container}/logs{?lines,since}",
        name: "container-logs",
        title: "Log of a container",
        description: "The last lines (100), since 10m, 2h or 2026-01-31T12:00:00Z.",
        mime_type: Some("text/plain"),
        blanks: &[HOST, ENGINE, CONTAINER],
    },
    Template {
        uri: "scout://{host}/:{engine}/{container}/{view}",
        name: "container",
        title: "A container",
        description: "inspect: its configuration and state as JSON; stats: what it takes of the machine.",
        mime_type: None,
        blanks: &[HOST, ENGINE, CONTAINER, ("view", Values::OneOf(&["inspect", "stats"]))],
    },
    Template {
        uri: "scout://{host}/:compose/{project}",
        name: "compose-files",
        title: "Files of a Compose project",
        description: "All of them, one after another.",
        mime_type: Some("text/yaml"),
        blanks: &[HOST, PROJECT],
    },
    Template {
        uri: "scout://{host}/:compose/{project}/logs{?lines,since}",
        name: "compose-logs",
        title: "Logs of a Compose project",
        description: "The last lines of each of its containers.",
        mime_type: Some("text/plain"),
        blanks: &[HOST, PROJECT],
    },
    Template {
        uri: "scout://{host}/:zfs/{pool}",
        name: "zfs-pool",
        title: "Status of a ZFS pool",
        description: "As zpool status tells it.",
        mime_type: Some("text/plain"),
        blanks: &[HOST, POOL],
    },
    Template {
        uri: "scout://{host}/:zfs/{pool}/datasets",
        name: "zfs-datasets",
        title: "Datasets of a ZFS pool",
        description: "What each uses, and where it is mounted.",
        mime_type: Some("text/plain"),
        blanks: &[HOST, POOL],
    },
    Template {
        uri: "scout://{host}/:syslog{?unit,since,priority,lines}",
        name: "syslog",
        title: "System log",
        description: "The journal, or /var/log/syslog, or /var/log/messages.",
        mime_type: Some("text/plain"),
        blanks: &[
            HOST,
            UNIT,
            (
                "priority",
                Values::OneOf(&["emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"]),
            ),
        ],
    },
    Template {
        uri: "scout://{host}/:k8s/{namespace}/{kind}",
        name: "k8s-list",
        title: "Kubernetes resources",
        description: "Those of a kind in a namespace, as kubectl on the host lists them.",
        mime_type: Some("text/plain"),
        blanks: &[HOST, NAMESPACE, KIND],
    },
    Template {
        uri: "scout://{host}/:k8s/{namespace}/{kind}/{name}",
        name: "k8s-resource",
        title: "A Kubernetes resource",
        description: "Its description; of secrets without their values.",
        mime_type: Some("text/plain"),
        blanks: &[
            HOST,
            NAMESPACE,
            KIND,
            ("name", Values::Listed { view: "k8s/{namespace}/{kind}", column: "name" }),
        ],
    },
    Template {
        uri: "scout://{host}/:k8s/{namespace}/pod/{pod}/logs{?lines,since}",
        name: "k8s-logs",
        title: "Log of a Kubernetes pod",
        description: "The last lines of each of its containers.",
        mime_type: Some("text/plain"),
        blanks: &[HOST, NAMESPACE, ("pod", Values::Listed { view: "k8s/{namespace}/pods", column: "name" })],
    },
    Template {
        uri: "scout://{host}/:systemd/{unit}",
        name: "systemd-unit",
        title: "Status of a systemd unit",
        description: "With the last lines of its log.",
        mime_type: Some("text/plain"),
        blanks: &[HOST, UNIT],
    },
    Template {
        uri: "scout://{host}/:processes{?sort,lines}",
        name: "processes",
        title: "Processes",
        description: "Those that take most, by cpu or memory.",
        mime_type: Some("text/plain"),
        blanks: &[HOST, ("sort", Values::OneOf(&["cpu", "memory"]))],
    },
];

const SYSTEMS: &[&str] = &[
    "docker",
    "podman",
    "compose",
    "zfs",
    "zfs/snapshots",
    "syslog",
    "k8s",
    "systemd",
    "processes",
    "network",
    "disk",
];

const HOST: (&str, Values) = ("host", Values::Host);
const ENGINE: (&str, Values) = ("engine", Values::OneOf(&["docker", "podman"]));
const CONTAINER: (&str, Values) = ("container", Values::Listed { view: "{engine}", column: "name" });
const PROJECT: (&str, Values) = ("project", Values::Listed { view: "compose", column: "name" });
const POOL: (&str, Values) = ("pool", Values::Listed { view: "zfs", column: "name" });
const UNIT: (&str, Values) = ("unit", Values::Listed { view: "systemd", column: "unit" });
const NAMESPACE: (&str, Values) = ("namespace", Values::Listed { view: "k8s", column: "name" });
const KIND: (&str, Values) = (
    "kind",
    Values::OneOf(&[
        "pods",
        "deployments",
        "statefulsets",
        "daemonsets",
        "jobs",
        "cronjobs",
        "services",
        "ingresses",
        "configmaps",
        "secrets",
        "events",
        "nodes",
        "persistentvolumeclaims",
    ]),
);

impl Template {
    pub fn named(uri: &str) -> Option<&'static Self> {
        TEMPLATES.iter().find(|template| template.uri == uri)
    }

    fn describe(&self) -> Value {
        let mut entry = json!({
            "uriTemplate": self.uri,
            "name": self.name,
            "title": self.title,
            "description": self.description,
        });
        if let Some(mime_type) = self.mime_type {
            entry["mimeType"] = mime_type.into();
        }
        entry
    }
}

/// The entries of `resources/templates/list`.
pub fn templates() -> Vec<(&'static [Scope], Value)> {
    TEMPLATES.iter().map(|template| (&[SCOPE][..], template.describe())).collect()
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::super::{Place, What};
    use super::*;
    use crate::scout::system::View;

    /// A template with its blanks filled, and without parameters.
    fn filled(template: &Template) -> String {
        let path = template.uri.split("{?").next().unwrap().to_owned();
        template.blanks.iter().fold(path, |uri, (name, values)| {
            let value = match values {
                Values::Host => "web_1",
                Values::OneOf(values) => values[0],
                _ => "name",
            };
            uri.replace(&format!("{{{name}}}"), value).replace(&format!("{{+{name}}}"), value)
        })
    }

    #[test]
    fn every_template_leads_to_a_place() {
        let hosts: [Rc<str>; 1] = ["web_1".into()];
        for template in TEMPLATES {
            let place = Place::at(&filled(template), &hosts, |_| true).expect(template.uri);
            let is_view = matches!(place.what, What::View(Ok(_)));
            assert_eq!(is_view, template.name != "file", "{}", filled(template));
        }
        assert!(SYSTEMS.iter().all(|system| matches!(View::parse(system), Some(Ok(_)))));
    }
}
