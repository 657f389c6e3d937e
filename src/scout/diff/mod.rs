//! Comparing files: of two hosts or of many, or one with what it is expected to hold.
//!
//! The owner of each host reads there; what they bring is compared here. Files that are the same are told once, and the
//! others by what differs from most.

mod compare;
mod unified;

use std::fmt;

use super::gather::{Errand, gather};
use super::read::{Excerpt, Part, Reading};
use super::select::{Selection, check_targets};
use super::{Action, Client, Seen, measured};
use crate::base::{Error, Kind, Result, limits};
use crate::fleet::Shards;
use crate::metrics::{Histogram, TargetType};
use crate::target::{HostName, RemotePath, Target};
use compare::Content;

pub use compare::{Comparison, Group};
pub use unified::unified;

/// A file on a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub host: HostName,
    pub path: RemotePath,
}

/// What files are compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum With {
    /// Each other; in a diff they are called by their paths alone, or with their hosts.
    EachOther { by_path: bool },
    /// What one file is expected to hold.
    Text(String),
}

impl Place {
    /// Reads one that is to be compared with another.
    ///
    /// Errors: it is none.
    pub fn parse(target: &str) -> Result<Self> {
        match Target::parse(target)? {
            Target::Path { host, path } => Ok(Self { host, path }),
            Target::Hosts => {
                let text = "diff target must be 'host:/path', not 'hosts'";
                Err(Error::new(Kind::InvalidTarget, text))
            }
        }
    }
}

/// The places that some targets mean, be they on several hosts.
///
/// Errors: a target is none; a list of hosts is wrong; they are more than can be compared.
pub fn places(shards: &Shards, client: &Client, targets: &[String]) -> Result<Vec<Place>> {
    let (names, settings) = (shards.names_seen_by(&client.access), shards.own().settings());
    places_among(&Selection::new(&names, &settings.groups), targets)
}

/// Every target is one place at least, and counted before its places are made.
fn places_among(selection: &Selection<'_>, targets: &[String]) -> Result<Vec<Place>> {
    check_targets(targets, limits::DIFF_PLACES_MAX).map_err(|error| error.context("Diff failed"))?;
    let mut places = Vec::new();
    for target in targets {
        let Some((list, path)) = Target::several(target)? else {
            places.push(Place::parse(target)?);
            continue;
        };
        let hosts = selection.hosts(list)?;
        if places.len() + hosts.len() > limits::DIFF_PLACES_MAX {
            let text = format!("Diff failed: more than {} files", limits::DIFF_PLACES_MAX);
            return Err(Error::new(Kind::TooLarge, text));
        }
        for host in &hosts {
            places.push(Place { host: HostName::parse(host)?, path: path.clone() });
        }
    }
    Ok(places)
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host.as_str() {
            host if host.contains(':') => write!(f, "[{host}]:{}", self.path),
            host => write!(f, "{host}:{}", self.path),
        }
    }
}

/// Compares files.
///
/// Errors: one of two cannot be read; of many, none can; what the client's access does not allow.
pub async fn diff(shards: &Shards, client: &Client, places: &[Place], with: &With) -> Result<Comparison> {
    let shown = places.first().map(Place::to_string).unwrap_or_default();
    measured(shards, TargetType::Path, &shown, compared(shards, client, places, with)).await
}

async fn compared(shards: &Shards, client: &Client, places: &[Place], with: &With) -> Result<Comparison> {
    let wrong = |text: String| Err(Error::new(Kind::InvalidArgument, format!("Diff failed: {text}")));
    match (places.len(), with) {
        (1, With::Text(_)) | (2..=limits::DIFF_PLACES_MAX, With::EachOther { .. }) => {}
        (count, With::Text(_)) => {
            return wrong(format!("a text is compared with one file, not with {count}"));
        }
        (count, With::EachOther { .. }) => {
            return wrong(format!("2 to {} files are compared, not {count}", limits::DIFF_PLACES_MAX));
        }
    }
    let each = limits::DIFF_FILE_BYTES_MAX.min(limits::DIFF_BYTES_MAX / places.len() as u64);
    let limit = shards.own().settings().max_file_size.min(each);
    let contents = contents(shards, client, places, limit).await;
    let named = |place: &Place| match with {
        With::EachOther { by_path: false } => place.to_string(),
        _ => place.path.to_string(),
    };
    let files = places.iter().zip(contents).enumerate().map(|(nth, (place, content))| {
        let content = content.map_err(|error| explain(nth, place, error));
        compare::File { place: place.to_string(), name: named(place), content }
    });
    let compared = match with {
        With::Text(expected) => compare::with_text(files.collect(), expected, limit),
        With::EachOther { .. } => compare::with_each_other(files.collect(), limit, || rest(shards)).await,
    }?;
    shards.own().recorder().size(Histogram::OutputSize, compared.text().len());
    Ok(compared)
}

/// The beginnings of the files.
async fn contents(shards: &Shards, client: &Client, places: &[Place], limit: u64) -> Vec<Result<Content>> {
    let part = Part::Bytes { offset: 0, length: Some(limit) };
    let errand = |place: &Place| Errand {
        host: place.host.as_str().into(),
        action: Action::Read { path: place.path.clone(), part, reading: Reading::Bytes },
    };
    let unanswered = || Err(Error::new(Kind::Internal, "nobody answered for a host"));
    let mut contents: Vec<Result<Content>> = places.iter().map(|_| unanswered()).collect();
    let mut take = |nth: usize, seen: Result<Seen>| {
        contents[nth] = seen.and_then(|seen| match seen {
            Seen::Read(Excerpt { piece, .. }) => Ok(Content { data: piece.data, goes_on: piece.goes_on }),
            _ => unanswered(),
        });
    };
    gather(shards, client, places.iter().map(errand).collect(), &|_, _| (), &mut take).await;
    contents
}

/// A host that is not known is told as a wrong argument is.
fn explain(nth: usize, place: &Place, error: Error) -> Error {
    match (error.kind(), nth) {
        (Kind::UnknownHost, 0) | (Kind::Forbidden, _) => error,
        (Kind::UnknownHost, _) => {
            Error::new(Kind::UnknownHost, format!("Unknown diff host '{}'", place.host))
        }
        _ => error.context(format!("Diff failed: Failed to read {}", place.path)),
    }
}

/// Lets others work on this core for a moment.
async fn rest(shards: &Shards) {
    let fleet = shards.own();
    fleet.sleep_until(fleet.now() + limits::DIFF_PAUSE).await;
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::*;
    use crate::base::limits::{DIFF_PLACES_MAX, HOST_PATTERNS_BYTES_MAX};
    use crate::config::Groups;

    fn among(hosts: usize, targets: &[&str]) -> Result<usize, String> {
        let names: Vec<Rc<str>> = (0..hosts).map(|n| format!("h{n:04}").into()).collect();
        let targets: Vec<_> = targets.iter().map(|target| (*target).to_owned()).collect();
        let groups = Groups::default();
        let places = places_among(&Selection::new(&names, &groups), &targets);
        places.map(|places| places.len()).map_err(|error| error.message().to_owned())
    }

    #[test]
    fn targets_mean_only_as_many_places_as_are_compared() {
        assert_eq!(among(DIFF_PLACES_MAX, &["*:/x"]), Ok(DIFF_PLACES_MAX));
        assert_eq!(among(2, &["h*:/x", "other:/y"]), Ok(3));
        assert_eq!(
            among(DIFF_PLACES_MAX, &["*:/x", "*:/x"]),
            Err("Diff failed: more than 1000 files".into())
        );
        assert_eq!(among(DIFF_PLACES_MAX + 1, &["*:/x"]), Err("Diff failed: more than 1000 files".into()));
        let targets = vec!["h:/x"; DIFF_PLACES_MAX + 1];
        assert_eq!(among(1, &targets), Err("Diff failed: 1001 targets, at most 1000".into()));
        let long = format!("{}:/x", "*".repeat(HOST_PATTERNS_BYTES_MAX / 2 + 1));
        assert_eq!(
            among(1, &[&long, &long]),
            Err("Diff failed: Patterns of hosts too long: 1026 bytes, at most 1024".into())
        );
    }
}
