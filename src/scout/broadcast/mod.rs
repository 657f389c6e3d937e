//! The same on many places. What several of them say alike is held once, and told once where they were not named one by
//! one; one that fails fails alone, and a command's exit code is a part of what it says.

mod difference;
mod draft;
mod text;

use super::gather::gather;
use super::request::Aim;
use super::{Client, Seen};
use crate::base::Result;
use crate::base::limits::{COMPARING_MAX, COMPARING_TURN, DIFF_PAUSE};
use crate::base::time::Instant;
use crate::fleet::Shards;

pub(super) use draft::Draft;

/// What many places said.
#[derive(Debug)]
pub struct Broadcast {
    /// In the order in which they were asked for.
    pub places: Vec<Place>,
    /// Each once: those that most places gave first, failures last.
    pub answers: Vec<Answer>,
    pub form: Form,
}

/// A place that was looked at.
#[derive(Debug)]
pub struct Place {
    pub host: Box<str>,
    /// Fit to be shown.
    pub path: Box<str>,
    /// Which of the answers is its own.
    pub answer: usize,
}

/// What one place or several said.
#[derive(Debug)]
pub struct Answer {
    pub said: Result<Seen>,
    /// Those places, in their order; there is at least one.
    pub places: Vec<usize>,
    /// How it differs from the first answer, where that is shorter than saying it again: a unified diff.
    pub difference: Option<String>,
}

/// How it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A section for each place, in their order.
    Sections,
    /// A section for each answer, with the places that gave it.
    Groups,
}

/// Does on all places what is to be done there. `told` hears how many are done, and of how many.
///
/// Errors: what the client may not do; hosts that are named by a list that is wrong. All else is said of each place.
pub async fn broadcast(
    shards: &Shards,
    client: &Client,
    aims: &[Aim],
    told: &dyn Fn(usize, usize),
) -> Result<Broadcast> {
    let (mut draft, errands) = Draft::new(shards, client, aims)?;
    gather(shards, client, errands, told, &mut |errand, said| draft.keep(errand, said)).await;
    let mut broadcast = draft.finish();
    broadcast.compare(shards, shards.own().now() + COMPARING_MAX).await;
    Ok(broadcast)
}

impl Broadcast {
    /// How many places have answered.
    pub fn succeeded(&self) -> usize {
        self.answers.iter().filter(|answer| answer.said.is_ok()).map(|answer| answer.places.len()).sum()
    }

    /// The content of all answers, each once, in bytes.
    pub fn size(&self) -> usize {
        self.said().map(Seen::size).sum()
    }

    /// At how many bytes any of them was cut, if one was.
    pub fn cut_at(&self) -> Option<u64> {
        self.said().filter_map(Seen::cut_at).min()
    }

    /// The path, if it is the same everywhere.
    fn common_path(&self) -> Option<&str> {
        let path = &self.places.first()?.path;
        self.places.iter().all(|place| place.path == *path).then_some(path)
    }

    fn said(&self) -> impl Iterator<Item = &Seen> {
        self.answers.iter().filter_map(|answer| answer.said.as_ref().ok())
    }

    /// Compares every answer with the first, until there is no more time for it.
    pub(super) async fn compare(&mut self, shards: &Shards, until: Instant) {
        if self.form == Form::Sections {
            return;
        }
        let fleet = shards.own();
        let mut begun = fleet.now();
        for nth in 1..self.answers.len() {
            self.answers[nth].difference = self.difference(nth);
            let now = fleet.now();
            if now >= until {
                return;
            }
            if now - begun >= COMPARING_TURN {
                // Others of this core have waited.
                fleet.sleep_until(now + DIFF_PAUSE).await;
                begun = fleet.now();
            }
        }
    }

    fn difference(&self, nth: usize) -> Option<String> {
        let (first, other) = (self.answers.first()?, self.answers.get(nth)?);
        let (Ok(before), Ok(after)) = (&first.said, &other.said) else { return None };
        let name = |answer: &Answer| self.places[answer.places[0]].to_string();
        difference::between((&name(first), &before.text()), (&name(other), &after.text()))
    }
}

#[cfg(test)]
mod tests;
