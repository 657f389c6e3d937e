//! What a request was answered with: a value, and the text that agents see of it.

use std::borrow::Cow;

use super::broadcast::Broadcast;
use super::cache::Remembered;
use super::find::Matches;
use super::hosts::HostList;
use super::list::Listed;
use super::look::Found;
use super::read::Excerpt;
use super::run::Output;
use super::search::{Hit, Hits};
use super::system::Shown;

/// The answer to a [`Request`](super::Request).
#[derive(Debug)]
pub enum Answer {
    Hosts(HostList),
    Place(Seen),
    Many(Broadcast),
}

/// What one host has to say.
#[derive(Debug)]
pub enum Seen {
    Found(Found),
    /// A command ran.
    Ran(Output),
    /// What was found a while ago.
    Remembered(Remembered),
    /// The host's software has said something.
    Shown(Shown),
    /// A part of a file.
    Read(Excerpt),
    /// Some of a directory's entries.
    Listed(Listed),
    /// Names that were found.
    Matches(Matches),
    /// Lines that were found.
    Hits(Hits),
}

impl Answer {
    /// What an agent sees.
    pub fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Hosts(list) => list.text().into(),
            Self::Place(seen) => seen.text(),
            Self::Many(broadcast) => broadcast.text().into(),
        }
    }

    /// At how many bytes any of it was cut, if it was.
    pub fn cut_at(&self) -> Option<u64> {
        match self {
            Self::Hosts(_) => None,
            Self::Place(seen) => seen.cut_at(),
            Self::Many(broadcast) => broadcast.cut_at(),
        }
    }

    /// The content, in bytes; names and marks of our own are not counted.
    pub fn size(&self) -> usize {
        match self {
            Self::Hosts(list) => list.hosts.iter().map(|status| status.name.len()).sum(),
            Self::Place(seen) => seen.size(),
            Self::Many(broadcast) => broadcast.size(),
        }
    }
}

impl Seen {
    /// What an agent sees.
    pub fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Found(found) => found.text(),
            Self::Ran(output) => output.text().into(),
            Self::Remembered(remembered) => remembered.text(),
            Self::Shown(shown) => shown.text.as_str().into(),
            Self::Read(excerpt) => excerpt.text(),
            Self::Listed(listed) => listed.text().into(),
            Self::Matches(matches) => matches.text().into(),
            Self::Hits(hits) => hits.text().into(),
        }
    }

    /// The content, in bytes; marks of our own are not counted.
    pub fn size(&self) -> usize {
        match self {
            Self::Found(Found::File(content)) => content.data.len(),
            Self::Found(Found::Directory(listing)) => listing.lines.len(),
            Self::Found(Found::Tree(tree)) => tree.lines.len(),
            Self::Ran(output) => output.stdout.len() + output.stderr.len(),
            Self::Remembered(remembered) => remembered.content.len(),
            Self::Shown(shown) => shown.text.len(),
            Self::Read(excerpt) => excerpt.piece.data.len(),
            Self::Listed(listed) => listed.size(),
            Self::Matches(matches) => matches.paths.iter().map(String::len).sum(),
            Self::Hits(hits) => hits.hits.iter().map(Hit::size).sum(),
        }
    }

    /// At how many bytes it was cut, if it was.
    pub fn cut_at(&self) -> Option<u64> {
        match self {
            Self::Found(Found::File(content)) => content.truncated.then_some(content.limit),
            Self::Found(Found::Directory(listing)) => listing.truncated.then(|| self.size() as u64),
            Self::Found(Found::Tree(tree)) => tree.is_cut.then(|| self.size() as u64),
            Self::Ran(output) => output.cut_at(),
            Self::Remembered(_) | Self::Listed(_) => None,
            Self::Shown(shown) => shown.cut_at,
            Self::Read(excerpt) => excerpt.piece.cut_at(),
            Self::Matches(matches) => matches.stop.map(|_| self.size() as u64),
            Self::Hits(hits) => hits.stop.map(|_| self.size() as u64),
        }
    }
}
