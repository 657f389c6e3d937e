//! What the arguments of prompts and of resource addresses may be.

use std::cmp::Reverse;
use std::rc::Rc;

use futures_util::FutureExt;
use futures_util::future::ready;

use super::prompts::{self, Prompt};
use super::resources::{SCOPE, Template};
use crate::base::limits::{COMPLETION_PATIENCE, COMPLETIONS_MAX};
use crate::base::text::shown;
use crate::fleet::{Caller, Claim, Class, ClientId, Shards};
use crate::mcp::content::Completion;
use crate::mcp::provider::{Blank, Client, Reference, Work};
use crate::rpc::Error;
use crate::scout::list::Listing;
use crate::scout::look;
use crate::scout::system::{self, View};
use crate::target::RemotePath;

/// What an argument stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Values {
    Host,
    /// Several, with commas between them.
    Hosts,
    /// On the host, or the first of the hosts, that is known already.
    Path,
    /// The same, but what is typed stands behind a slash.
    PathBehindSlash,
    OneOf(&'static [&'static str]),
    /// What a column of a view on the host holds. In the view's address other arguments stand as `{name}`.
    Listed {
        view: &'static str,
        column: &'static str,
    },
}

/// `hosts` are those that the client may see.
///
/// # Errors
/// There is no such prompt or template, or it has no such argument.
pub fn complete(
    shards: &Rc<Shards>,
    client: &Client,
    hosts: &[Rc<str>],
    blank: &Blank<'_>,
) -> Result<Work<Completion>, Error> {
    let typed = blank.value;
    let names = || hosts.iter().map(AsRef::as_ref);
    let done = |completion| ready(Ok(completion)).boxed_local();
    let may_read = client.access.has(SCOPE);
    let host = || host_in(blank.known).filter(|host| may_read && names().any(|name| name == *host));
    Ok(match values_of(blank)? {
        Values::Host => done(matching(names(), typed)),
        Values::Hosts => done(last_of_list(names(), typed)),
        Values::OneOf(values) => done(matching(values.iter().copied(), typed)),
        Values::Listed { view, column } => {
            let view = View::parse(&filled(view, blank.known)).and_then(Result::ok);
            match host().zip(view) {
                Some((host, view)) => {
                    let (name, typed) = (host.to_owned(), typed.to_owned());
                    of_host(shards, client.id, host.to_owned(), move |caller| async move {
                        let rows = system::show(&caller, &name, &view).await?.rows.unwrap_or_default();
                        Ok(matching(rows.column(column).into_iter(), &typed))
                    })
                }
                None => done(Completion::default()),
            }
        }
        kind @ (Values::Path | Values::PathBehindSlash) => {
            let typed = Typed::read(typed, kind == Values::PathBehindSlash);
            match host().zip(typed) {
                Some((host, typed)) => {
                    let name = host.to_owned();
                    of_host(shards, client.id, host.to_owned(), move |caller| async move {
                        look::list(&caller, &name, &typed.directory)
                            .await
                            .map(|listing| typed.among(&listing))
                    })
                }
                None => done(Completion::default()),
            }
        }
    })
}

fn values_of(blank: &Blank<'_>) -> Result<Values, Error> {
    let of_prompt = |prompt: &Prompt| {
        prompt
            .arguments
            .iter()
            .find(|argument| argument.name == blank.argument)
            .map(|argument| argument.values)
    };
    let (found, of) = match blank.of {
        Reference::Prompt(name) => (of_prompt(prompts::named(name)?), name),
        Reference::Resource(uri) => {
            let unknown = || Error::invalid_params(format!("Unknown resource template: {}", shown(uri)));
            let template = Template::named(uri).ok_or_else(unknown)?;
            let named = template.blanks.iter().find(|(name, _)| *name == blank.argument);
            (named.map(|(_, values)| *values), uri)
        }
    };
    found.ok_or_else(|| Error::invalid_params(format!("{of} has no argument '{}'", shown(blank.argument))))
}

/// Text with what is known in the place of its blanks. Blanks of what is put there stay: filled as well, they would multiply.
fn filled(text: &str, known: &[(String, String)]) -> String {
    let mut pieces = text.split('{');
    let mut filled = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let blank = piece.split_once('}').and_then(|(name, after)| {
            let (_, value) = known.iter().find(|(known, _)| known == name)?;
            Some((value, after))
        });
        match blank {
            Some((value, after)) => filled.extend([value, after]),
            None => filled.extend(["{", piece]),
        }
    }
    filled
}

fn host_in(known: &[(String, String)]) -> Option<&str> {
    let value = |wanted| known.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str());
    value("host").or_else(|| prompts::listed(value("hosts")?).next())
}

/// Those that begin with what was typed, then those that contain it.
fn matching<'a>(values: impl Iterator<Item = &'a str>, typed: &str) -> Completion {
    let typed = typed.to_ascii_lowercase();
    let rank = |value: &'a str| Some((value.to_ascii_lowercase().find(&typed)? > 0, value));
    let mut found: Vec<_> = values.filter_map(rank).collect();
    found.sort_by_key(|(is_inside, _)| *is_inside);
    completion(found.into_iter().map(|(_, value)| value.to_owned()).collect())
}

/// Completes the last one of a list; those before it are not offered again.
fn last_of_list<'a>(values: impl Iterator<Item = &'a str>, typed: &str) -> Completion {
    let (before, last) = typed.split_at(typed.rfind(',').map_or(0, |comma| comma + 1));
    let values = values.filter(|value| !prompts::listed(before).any(|known| known == *value));
    let mut completion = matching(values, last.trim_start());
    completion.values.iter_mut().for_each(|value| value.insert_str(0, before));
    completion
}

fn completion(mut values: Vec<String>) -> Completion {
    let total = values.len();
    values.truncate(COMPLETIONS_MAX);
    Completion { has_more: total > values.len(), values, total: Some(total) }
}

/// The beginning of a path.
#[derive(Debug, PartialEq, Eq)]
struct Typed {
    /// To be listed.
    directory: RemotePath,
    /// What stands before a name in the completed path.
    front: String,
    /// Of the name.
    beginning: String,
}

impl Typed {
    fn read(typed: &str, is_behind_slash: bool) -> Option<Self> {
        let (front, beginning) = typed.split_at(typed.rfind('/').map_or(0, |slash| slash + 1));
        let (front, directory) = match (front, is_behind_slash && !front.starts_with('~')) {
            ("", false) if beginning.is_empty() => ("/", "/".to_owned()),
            ("", false) => ("", ".".to_owned()),
            (front, true) => (front, format!("/{front}")),
            (front, false) => (front, front.to_owned()),
        };
        let directory = match directory.trim_end_matches('/') {
            "" => RemotePath::parse("/").ok()?,
            directory => RemotePath::parse(directory).ok()?,
        };
        Some(Self { directory, front: front.into(), beginning: beginning.into() })
    }

    /// Directories come with a slash, and hidden names only to who has typed their dot.
    fn among(&self, listing: &Listing) -> Completion {
        let fits = |name: &str| {
            let is_shown = !name.starts_with('.') || self.beginning.starts_with('.');
            name != "." && name != ".." && is_shown && name.starts_with(&self.beginning)
        };
        let mut entries: Vec<_> = listing.entries.iter().filter(|entry| fits(&entry.name)).collect();
        entries.sort_by_key(|entry| Reverse(entry.kind == 'd'));
        let slash = |kind| if kind == 'd' { "/" } else { "" };
        let value =
            |entry: &crate::scout::list::Entry| format!("{}{}{}", self.front, entry.name, slash(entry.kind));
        completion(entries.into_iter().map(value).collect())
    }
}

/// What is found on a host within the time that somebody who is typing has.
fn of_host<W, F>(shards: &Rc<Shards>, client: ClientId, host: String, find: W) -> Work<Completion>
where
    W: FnOnce(Caller) -> F + Send + 'static,
    F: Future<Output = crate::base::Result<Completion>> + 'static,
{
    let shards = Rc::clone(shards);
    let found = async move {
        let fleet = shards.own();
        let deadline = fleet.now() + COMPLETION_PATIENCE;
        let claim = Claim { class: Class::Interactive, client, deadline };
        let found = fleet.until(deadline, shards.on(&host, claim, find), || Ok(Completion::default()));
        Ok(found.await.unwrap_or_default())
    };
    found.boxed_local()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scout::list::Entry;

    #[test]
    fn what_begins_so_comes_before_what_contains_it() {
        let names = ["db1", "old-web", "Web2", "web1"];
        let found = |typed| matching(names.into_iter(), typed).values;
        assert_eq!(found("web"), ["Web2", "web1", "old-web"]);
        assert_eq!(found("WEB1"), ["web1"]);
        assert_eq!(found(""), names);
        assert!(found("x").is_empty());
        let many: Vec<String> = (0..=COMPLETIONS_MAX).map(|n| format!("h{n}")).collect();
        let found = matching(many.iter().map(String::as_str), "h");
        assert_eq!((found.values.len(), found.total, found.has_more), (100, Some(101), true));
    }

    #[test]
    fn blanks_of_what_is_filled_in_stay() {
        let known = [("a", "{b}{b}"), ("b", "x")].map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(filled("v/{a}/{b}{c}/{", &known), "v/{b}{b}/x{c}/{");
        assert_eq!(filled("", &known), "");
    }

    #[test]
    fn lists_are_completed_at_their_end() {
        let found = |typed| last_of_list(["a1", "a2", "b"].into_iter(), typed).values;
        assert_eq!(found("a"), ["a1", "a2"]);
        assert_eq!(found("b,a"), ["b,a1", "b,a2"]);
        assert_eq!(found("a1, a"), ["a1,a2"]);
        assert!(found("b,b").is_empty());
    }

    #[test]
    fn paths_are_completed_behind_their_last_slash() {
        let typed = |text, is_behind| {
            let typed = Typed::read(text, is_behind).unwrap();
            (typed.directory.as_str().to_owned(), typed.front, typed.beginning)
        };
        let parts = |a: &str, b: &str, c: &str| (a.to_owned(), b.to_owned(), c.to_owned());
        assert_eq!(typed("", false), parts("/", "/", ""));
        assert_eq!(typed("/et", false), parts("/", "/", "et"));
        assert_eq!(typed("/etc/ng", false), parts("/etc", "/etc/", "ng"));
        assert_eq!(typed("~/n", false), parts("~", "~/", "n"));
        assert_eq!(typed("n", false), parts(".", "", "n"));
        assert_eq!(typed("", true), parts("/", "", ""));
        assert_eq!(typed("etc/ng", true), parts("/etc", "etc/", "ng"));
        assert_eq!(typed("~/n", true), parts("~", "~/", "n"));
        assert_eq!(Typed::read("/a/../b", false), None);
    }

    #[test]
    fn directories_come_first_and_hidden_names_to_who_asks() {
        let entry = |name: &str, kind| Entry {
            name: name.into(),
            kind,
            size: None,
            link: None,
            mode: None,
            modified: None,
            owner: None,
        };
        let entries = [(".", 'd'), ("..", 'd'), (".git", 'd'), ("a", '-'), ("ab", 'd'), ("b", 'l')]
            .map(|(n, k)| entry(n, k));
        let listing = Listing { lines: String::new(), entries: entries.into(), truncated: false };
        let among = |typed| Typed::read(typed, false).unwrap().among(&listing).values;
        assert_eq!(among("/x/"), ["/x/ab/", "/x/a", "/x/b"]);
        assert_eq!(among("/x/a"), ["/x/ab/", "/x/a"]);
        assert_eq!(among("/x/."), ["/x/.git/"]);
    }
}
