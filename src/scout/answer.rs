//! What a request was answered with: a value, and the text that agents see of it.

use std::borrow::Cow;

use super::cache::Remembered;
use super::hosts;
use super::look::Found;
use super::run::Output;
use super::system::Shown;
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
    /// The host's software has said something.
    Shown(Shown),
}

impl Answer {
    /// What an agent sees.
    pub fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Hosts(hosts) => hosts::text(hosts).into(),
            Self::Place(seen) => seen.text(),
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
        }
    }

    /// The content, in bytes; marks of our own are not counted.
    pub fn size(&self) -> usize {
        match self {
            Self::Found(Found::File(content)) => content.data.len(),
            Self::Found(Found::Directory(listing)) => listing.lines.iter().map(String::len).sum(),
            Self::Found(Found::Tree(tree)) => tree.lines.len(),
            Self::Ran(output) => output.stdout.len() + output.stderr.len(),
            Self::Remembered(remembered) => remembered.content.len(),
            Self::Shown(shown) => shown.text.len(),
        }
    }

    /// At how many bytes it was cut, if it was.
    pub fn cut_at(&self) -> Option<u64> {
        match self {
            Self::Found(Found::File(content)) => content.truncated.then_some(content.limit),
            Self::Found(Found::Directory(listing)) => listing.truncated.then(|| self.size() as u64),
            Self::Found(Found::Tree(tree)) => tree.is_cut.then(|| self.size() as u64),
            Self::Ran(output) => output.cut_at(),
            Self::Remembered(_) => None,
            Self::Shown(shown) => shown.cut_at,
        }
    }
}
