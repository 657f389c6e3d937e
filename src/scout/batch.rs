//! Several requests made as one: all that they ask of a host goes there together, and each is answered for itself.

use std::fmt::Write;

use futures_util::future::{OptionFuture, join};

use super::broadcast::Draft;
use super::gather::{Errand, gather};
use super::request::{Aim, Plan};
use super::{Answer, Client, Request, Seen, heading, hosts, measured};
use crate::base::limits::{BATCH_ITEMS_MAX, BATCH_PATTERNS_BYTES_MAX, COMPARING_MAX, PLACES_MAX};
use crate::base::{Error, Kind, Result};
use crate::fleet::Shards;
use crate::metrics::{Histogram, TargetType};

/// What became of the requests, in their order.
#[derive(Debug)]
pub struct Batch {
    pub items: Vec<Item>,
}

#[derive(Debug)]
pub struct Item {
    /// What was asked, fit to be shown.
    pub asked: String,
    pub answer: Result<Answer>,
}

/// What is known of an answer.
enum Draught {
    Hosts,
    One(Option<Result<Seen>>),
    Many(Box<Draft>),
    Failed(Error),
}

/// Does what all of them ask for. `told` hears how many places are done, and of how many.
///
/// Errors: there are none, or too many. What is wrong with one of them is the answer to that one.
pub async fn batch(
    shards: &Shards,
    client: &Client,
    requests: &[Request],
    told: &dyn Fn(usize, usize),
) -> Result<Batch> {
    if requests.is_empty() || requests.len() > BATCH_ITEMS_MAX {
        let message = format!("A batch has 1 to {BATCH_ITEMS_MAX} items, not {}", requests.len());
        return Err(Error::new(Kind::InvalidArgument, message));
    }
    let shown = format!("{} requests, the first of them {}", requests.len(), requests[0].places());
    let work = async { Ok(Box::pin(answer(shards, client, requests, told)).await) };
    let batch = measured(shards, TargetType::Broadcast, &shown, work).await?;
    shards.own().recorder().size(Histogram::OutputSize, batch.size());
    Ok(batch)
}

async fn answer(
    shards: &Shards,
    client: &Client,
    requests: &[Request],
    told: &dyn Fn(usize, usize),
) -> Batch {
    let mut errands = Vec::new();
    // Whose each errand is: which request's, and the how manieth of that.
    let mut origins = Vec::new();
    let mut draughts: Vec<_> = Vec::with_capacity(requests.len());
    let mut patterns = 0;
    for (nth, request) in requests.iter().enumerate() {
        let before = errands.len();
        patterns += request.pattern_bytes();
        draughts.push(match patterns > BATCH_PATTERNS_BYTES_MAX {
            true => Draught::Failed(too_many_patterns()),
            false => begin(shards, client, request, &mut errands),
        });
        origins.extend((0..errands.len() - before).map(|place| (nth, place)));
    }
    let wants_hosts = draughts.iter().any(|draught| matches!(draught, Draught::Hosts));
    let mut keep = |errand: usize, said| {
        let (nth, place) = origins[errand];
        match &mut draughts[nth] {
            Draught::One(answer) => *answer = Some(said),
            Draught::Many(draft) => draft.keep(place, said),
            Draught::Hosts | Draught::Failed(_) => {}
        }
    };
    let gathered = gather(shards, client, errands, told, &mut keep);
    let listed = OptionFuture::from(wants_hosts.then(|| hosts(shards, client, None, &|_, _| ())));
    let ((), listed) = join(gathered, listed).await;
    let until = shards.own().now() + COMPARING_MAX;
    let mut items = Vec::with_capacity(requests.len());
    for (request, draught) in requests.iter().zip(draughts) {
        let answer = match draught {
            Draught::Hosts => listed.clone().unwrap_or_else(|| Err(lost())).map(Answer::Hosts),
            Draught::One(said) => said.unwrap_or_else(|| Err(lost())).map(Answer::Place),
            Draught::Many(draft) => {
                let mut broadcast = draft.finish();
                broadcast.compare(shards, until).await;
                Ok(Answer::Many(broadcast))
            }
            Draught::Failed(error) => Err(error),
        };
        items.push(Item { asked: request.to_string(), answer });
    }
    Batch { items }
}

fn begin(shards: &Shards, client: &Client, request: &Request, errands: &mut Vec<Errand>) -> Draught {
    let many = |aims: &[Aim]| Draft::new(shards, client, aims);
    let begun = request.plan().and_then(|plan| match plan {
        Plan::Hosts => Ok((Draught::Hosts, Vec::new())),
        Plan::One { host, action } => {
            Ok((Draught::One(None), vec![Errand { host: host.as_str().into(), action }]))
        }
        Plan::Many(aims) => many(&aims).map(|(draft, errands)| (Draught::Many(Box::new(draft)), errands)),
    });
    match begun {
        Ok((_, more)) if errands.len() + more.len() > PLACES_MAX => {
            Draught::Failed(Error::new(Kind::TooLarge, format!("More than {PLACES_MAX} places at once")))
        }
        Ok((draught, more)) => {
            errands.extend(more);
            draught
        }
        Err(error) => Draught::Failed(error),
    }
}

fn too_many_patterns() -> Error {
    let message =
        format!("Patterns of hosts too long: more than {BATCH_PATTERNS_BYTES_MAX} bytes in one batch");
    Error::new(Kind::TooLarge, message)
}

fn lost() -> Error {
    Error::new(Kind::Internal, "nobody answered a request")
}

impl Batch {
    /// How many requests were answered.
    pub fn succeeded(&self) -> usize {
        self.items.iter().filter(|item| item.answer.is_ok()).count()
    }

    /// What an agent sees.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for (nth, Item { asked, answer }) in self.items.iter().enumerate() {
            let title = format!("{}. {asked}", nth + 1);
            match answer {
                Ok(answer) => {
                    text.push_str(&heading::of(&title));
                    text.push_str(answer.text().trim_end_matches('\n'));
                }
                Err(error) => {
                    text.push_str(&heading::of_failure(&title));
                    // Writing to a String cannot fail.
                    let _ = write!(text, "{}", error.told());
                }
            }
            text.push_str("\n\n");
        }
        let _ = write!(text, "─── {}/{} requests succeeded ───", self.succeeded(), self.items.len());
        text
    }

    fn size(&self) -> usize {
        self.items.iter().filter_map(|item| item.answer.as_ref().ok()).map(Answer::size).sum()
    }
}
