//! What a client may read without calling a tool: the host list, our own figures, and every place on every host.
//!
//! | address | what |
//! |---|---|
//! | `hosts://list` | the host list |
//! | `scout://stats`, `scout://stats.json` | figures |
//! | `scout://HOST/PATH`, `HOST://PATH` | a file or directory |
//! | `scout://HOST/:VIEW`, `HOST://VIEW` | what the host's software says (`scout/system/`) |
//!
//! Of a host only its home directory is listed. What else there is on it stands in templates, whose arguments are completed:
//! nobody has asked yet which of a thousand hosts has Docker, and five entries more for each would fill a client's list with
//! what is not there.

mod address;
mod templates;

use std::rc::Rc;

use base64ct::{Base64UrlUnpadded, Encoding};
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, json};

use crate::base::Result;
use crate::base::limits::{HOST_NAME_BYTES_MAX, RESOURCES_PAGE_MAX};
use crate::config::Scope;
use crate::fleet::Shards;
use crate::mcp::content::{Base64, Body, Contents};
use crate::mcp::provider::{Client, Page, entries};
use crate::metrics::{Report, Source};
use crate::scout::kind;
use crate::scout::look::Found;
use crate::scout::{self, Action, Seen, system};
use crate::target::HostName;

pub use address::{Place, What, address, host_of};
pub use templates::{Template, templates};

/// A resource that is always there.
pub struct Fixed {
    pub uri: &'static str,
    name: &'static str,
    title: &'static str,
    description: &'static str,
    mime_type: &'static str,
    content: Content,
}

#[derive(Clone, Copy)]
enum Content {
    Hosts,
    Figures(fn(&Report) -> String),
}

/// Where the host list is.
pub const HOSTS: &str = "hosts://list";

/// In the order in which clients see them. Each has one content, as some clients show only the first.
const FIXED: &[Fixed] = &[
    Fixed {
        uri: HOSTS,
        name: "hosts",
        title: "Hosts",
        description: "The hosts that can be reached, and whether they are online.",
        mime_type: "text/plain",
        content: Content::Hosts,
    },
    Fixed {
        uri: "scout://stats",
        name: "stats",
        title: "Statistics",
        description: "What this server has done since its start: requests, connections, refusals, and how long things took \
            (p50, p90, p99, p99.9, max).",
        mime_type: "text/plain",
        content: Content::Figures(Report::to_string),
    },
    Fixed {
        uri: "scout://stats.json",
        name: "stats.json",
        title: "Statistics as JSON",
        description: "The same figures for programs.",
        mime_type: "application/json",
        content: Content::Figures(Report::json),
    },
];

impl Fixed {
    pub fn at(uri: &str) -> Option<&'static Self> {
        FIXED.iter().find(|resource| resource.uri == uri)
    }

    /// # Errors
    /// The hosts or figures cannot be gathered.
    pub async fn read(&self, shards: &Shards, stats: &dyn Source, client: &Client) -> Result<Contents> {
        let text = match self.content {
            Content::Figures(read) => read(&stats.report().await?),
            Content::Hosts => {
                let list = scout::hosts(shards, client, None, &|_, _| ()).await?;
                list.text() + &list.hosts.first().map(|host| resources_of(&host.name)).unwrap_or_default()
            }
        };
        Ok(Contents { uri: self.uri.into(), mime_type: self.mime_type, body: Body::Text(text), meta: None })
    }
}

/// What there is on a host, with addresses for example.
fn resources_of(host: &str) -> String {
    let view = |name: &str| system::address(host, name);
    format!(
        "\n\nOn each of them:\n  files and directories: {}\n  what runs there: {}, {}; also {}",
        address::of_path(host, "etc/hosts"),
        view("docker"),
        view("docker/NAME/logs"),
        "podman, compose, zfs, zfs/snapshots, syslog, k8s, systemd, processes, network, disk",
    )
}

/// Reads a file, lists a directory, or asks the host's software.
///
/// # Errors
/// As [`scout::ask`]; the view is malformed.
pub async fn read(shards: &Shards, client: &Client, place: Place, uri: String) -> Result<Contents> {
    let (path, action) = match place.what {
        What::Path(path) => (path.as_str().to_owned(), Action::Look { path, may_cache: false }),
        What::View(view) => (String::new(), Action::View(view?)),
    };
    let seen = scout::ask(shards, client, &HostName::parse(&place.host)?, action).await?;
    let meta = seen.cut_at().map(|limit| json!({ "scout-mcp/truncatedAt": limit }));
    let (mime_type, body) = match seen {
        Seen::Found(Found::File(file)) if !kind::is_text(file.whole()) => {
            (kind::of_bytes(&path), Body::Blob(Base64(file.data)))
        }
        Seen::Found(Found::File(_)) => (kind::of_text(&path), Body::Text(seen.text().into_owned())),
        Seen::Shown(shown) => (shown.media.mime_type(), Body::Text(shown.text)),
        _ => ("text/plain", Body::Text(seen.text().into_owned())),
    };
    Ok(Contents { uri, mime_type, body, meta })
}

/// What one needs to see any of them.
pub const SCOPE: Scope = Scope::Read;

/// The entries of the list that are always there, and who gets to see them.
pub fn describe() -> Vec<(&'static [Scope], Value)> {
    let describe = |resource: &Fixed| {
        let entry = json!({
            "uri": resource.uri,
            "name": resource.name,
            "title": resource.title,
            "description": resource.description,
            "mimeType": resource.mime_type,
        });
        (&[SCOPE][..], entry)
    };
    FIXED.iter().map(describe).collect()
}

/// A page of the list: what is always there, and the home directory on each host. `None` for a cursor that is none.
pub fn page<'a>(
    fixed: impl Iterator<Item = &'a RawValue>,
    hosts: &[Rc<str>],
    cursor: Option<&str>,
) -> Option<Page> {
    let from = match cursor {
        None => 0,
        Some(cursor) => {
            let last = host_in(cursor)?;
            // Meanwhile there may be others, or that one no longer.
            hosts.partition_point(|host| host.as_ref() <= last.as_str())
        }
    };
    let rest = hosts.get(from..)?;
    let shown = &rest[..rest.len().min(RESOURCES_PAGE_MAX)];
    let next = shown.last().filter(|_| shown.len() < rest.len()).map(|host| cursor_behind(host));
    let homes: Vec<_> = shown.iter().filter_map(|host| to_raw_value(&home(host)).ok()).collect();
    let mut shown: Vec<&RawValue> = fixed.filter(|_| cursor.is_none()).collect();
    shown.extend(homes.iter().map(|home| &**home));
    Some(Page { entries: entries(shown), next })
}

fn home(host: &str) -> Value {
    json!({
        "uri": address::home(host),
        "name": host,
        "title": format!("Home directory on {host}"),
        "mimeType": "text/plain",
    })
}

/// What makes a cursor one of ours.
const CURSOR: &str = "behind:";

fn cursor_behind(host: &str) -> String {
    Base64UrlUnpadded::encode_string(format!("{CURSOR}{host}").as_bytes())
}

fn host_in(cursor: &str) -> Option<String> {
    if cursor.len() > 2 * HOST_NAME_BYTES_MAX {
        return None;
    }
    let text = String::from_utf8(Base64UrlUnpadded::decode_vec(cursor).ok()?).ok()?;
    text.strip_prefix(CURSOR).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(page: &Page) -> Vec<String> {
        let entries: Vec<Value> = serde_json::from_str(page.entries.get()).unwrap();
        entries.iter().map(|entry| entry["name"].as_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn every_host_is_on_one_page() {
        let hosts: Vec<Rc<str>> =
            (0..2 * RESOURCES_PAGE_MAX + 1).map(|n| format!("h{n:04}").into()).collect();
        let fixed = to_raw_value(&json!({ "name": "always" })).unwrap();
        let page = |hosts: &[Rc<str>], cursor| page([&*fixed].into_iter(), hosts, cursor);
        let first = page(&hosts, None).unwrap();
        assert_eq!(names(&first).len(), 1 + RESOURCES_PAGE_MAX);
        let second = page(&hosts, first.next.as_deref()).unwrap();
        // A host that goes takes nobody else with it.
        let fewer = &hosts[..2 * RESOURCES_PAGE_MAX - 1];
        let gone = page(&[fewer, &hosts[2 * RESOURCES_PAGE_MAX..]].concat(), second.next.as_deref());
        assert_eq!(names(&gone.unwrap()), ["h0200"]);
        let third = page(&hosts, second.next.as_deref()).unwrap();
        let all = [names(&first), names(&second), names(&third)].concat();
        assert_eq!(all[1..], hosts.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert_eq!(third.next, None);
    }

    #[test]
    fn what_is_no_cursor_of_ours_is_none() {
        for cursor in ["", "x", "aG9zdHM", "!", &"A".repeat(10_000)] {
            assert!(page([].into_iter(), &["a".into()], Some(cursor)).is_none(), "{cursor}");
        }
        let behind = page([].into_iter(), &["a".into()], Some(&cursor_behind("z"))).unwrap();
        assert_eq!(behind.entries.get(), "[]");
    }
}
