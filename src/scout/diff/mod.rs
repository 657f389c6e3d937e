//! Comparing files: of two hosts or of many, or one with what it is expected to hold.
//!
//! The owner of each host reads there; what they bring is compared here. Files that are the same are told once, and the
//! others by what differs from most.

mod compare;
mod unified;

use std::fmt;

use super::{Client, access, in_time, measured, read};
use crate::base::{Error, Kind, Result, limits};
use crate::config::Scope;
use crate::fleet::{Caller, Class, Shards};
use crate::metrics::{Histogram, TargetType};
use crate::scout::read::Part;
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
pub enum Other {
    /// With each other, and how they are called: by their paths, or with their hosts.
    Places { others: Vec<Place>, by_path: bool },
    /// With a text.
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

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host.as_str() {
            host if host.contains(':') => write!(f, "[{host}]:{}", self.path),
            host => write!(f, "{host}:{}", self.path),
        }
    }
}

/// Compares a file with others.
///
/// Errors: one of two cannot be read; of many, none can; what the client's access does not allow.
pub async fn diff(shards: &Shards, client: &Client, place: &Place, other: &Other) -> Result<Comparison> {
    measured(shards, TargetType::Path, place, compared(shards, client, place, other)).await
}

async fn compared(shards: &Shards, client: &Client, place: &Place, other: &Other) -> Result<Comparison> {
    let mut places = vec![place.clone()];
    if let Other::Places { others, .. } = other {
        places.extend(others.iter().cloned());
    }
    if places.len() > limits::DIFF_PLACES_MAX {
        let text = format!("Diff failed: {} files, at most {}", places.len(), limits::DIFF_PLACES_MAX);
        return Err(Error::new(Kind::TooLarge, text));
    }
    check(shards, client, &places)?;
    let each = limits::DIFF_FILE_BYTES_MAX.min(limits::DIFF_BYTES_MAX / places.len() as u64);
    let limit = shards.own().settings().max_file_size.min(each);
    let contents = contents(shards, client, &places, limit).await;
    let named = |place: &Place| match other {
        Other::Places { by_path: false, .. } => place.to_string(),
        _ => place.path.to_string(),
    };
    let files = places.iter().zip(contents).map(|(place, content)| {
        let content = content.map_err(|error| error.context(format!("Failed to read {}", place.path)));
        compare::File { place: place.to_string(), name: named(place), content }
    });
    let compared = match other {
        Other::Text(expected) => compare::with_text(files.collect(), expected, limit),
        Other::Places { .. } => compare::with_each_other(files.collect(), limit, || rest(shards)).await,
    };
    let compared = compared.map_err(|error| error.context("Diff failed"))?;
    shards.own().recorder().size(Histogram::OutputSize, compared.text().len());
    Ok(compared)
}

/// Whether the client may read files of all these hosts, and there are such.
fn check(shards: &Shards, client: &Client, places: &[Place]) -> Result<()> {
    access::require(shards, &client.access, Scope::Read)?;
    let includes = |host: &str| client.access.includes(host);
    for (nth, place) in places.iter().enumerate() {
        let host = place.host.as_str();
        let is_known = includes(host)
            && !matches!(shards.own().host(host), Err(error) if error.kind() == Kind::UnknownHost);
        match nth {
            _ if is_known => {}
            0 => return Err(shards.own().unknown_host(host, includes)),
            _ => return Err(Error::new(Kind::UnknownHost, format!("Unknown diff host '{host}'"))),
        }
    }
    Ok(())
}

/// The beginnings of the files.
async fn contents(shards: &Shards, client: &Client, places: &[Place], limit: u64) -> Vec<Result<Content>> {
    let claim = *shards.own().caller(Class::Interactive, client.id).claim();
    let hosts: Vec<&str> = places.iter().map(|place| place.host.as_str()).collect();
    let asked = places.to_vec();
    let read = move |caller: Caller, nth: usize| {
        let Place { host, path } = asked[nth].clone();
        async move {
            let part = Part::Bytes { offset: 0, length: Some(limit) };
            let piece = in_time(&caller, read::read(&caller, host.as_str(), &path, part)).await?;
            Ok(Content { data: piece.data, goes_on: piece.goes_on })
        }
    };
    shards.on_each(&hosts, claim, read).await
}

/// Lets others work on this core for a moment.
async fn rest(shards: &Shards) {
    let fleet = shards.own();
    fleet.sleep_until(fleet.now() + limits::DIFF_PAUSE).await;
}
