//! What a request was answered with: a value, and the text that agents see of it.

use std::borrow::Cow;

use super::cache::Remembered;
use super::hosts;
use super::look::Found;
use super::run::Output;
use crate::fleet::HostStatus;

/// The answer to a [`Request`](super::Request).
#[derive(Debug)]
pub enum Answer {
    Hosts(Vec<HostStatus>),
    Place(Seen),
}

/// What one host has to say.
#[derive(Debug)]
pub enum Seen {
    Found(Found),
    /// A command ran.
    Ran(Output),
    /// What was found a while ago.
    Remembered(Remembered),
}

impl Answer {
    /// What an agent sees.
    pub fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Hosts(hosts) => hosts::text(hosts).into(),
            Self::Place(Seen::Found(found)) => found.text(),
            Self::Place(Seen::Ran(output)) => output.text().into(),
            Self::Place(Seen::Remembered(remembered)) => remembered.text(),
        }
    }

    /// The content of the answer, in bytes; names and marks of our own are not counted.
    pub fn size(&self) -> usize {
        match self {
            Self::Hosts(hosts) => hosts.iter().map(|status| status.name.len()).sum(),
            Self::Place(Seen::Found(Found::File(content))) => content.data.len(),
            Self::Place(Seen::Found(Found::Directory(listing))) => {
                listing.lines.iter().map(String::len).sum()
            }
            Self::Place(Seen::Found(Found::Tree(tree))) => tree.lines.len(),
            Self::Place(Seen::Ran(output)) => output.stdout.len() + output.stderr.len(),
            Self::Place(Seen::Remembered(remembered)) => remembered.content.len(),
        }
    }

    /// At how many bytes it was cut, if it was.
    pub fn cut_at(&self) -> Option<u64> {
        match self {
            Self::Place(Seen::Found(Found::File(content))) => content.truncated.then_some(content.limit),
            Self::Place(Seen::Found(Found::Directory(listing))) => {
                listing.truncated.then(|| self.size() as u64)
            }
            Self::Place(Seen::Found(Found::Tree(tree))) => tree.is_cut.then(|| self.size() as u64),
            Self::Place(Seen::Ran(output)) => output.cut_at(),
            Self::Hosts(_) | Self::Place(Seen::Remembered(_)) => None,
        }
    }
}
