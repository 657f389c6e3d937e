//! Answers of many places for programs, beside their text: what several places said alike is there once.

use serde::Serialize;

use super::structured::{self, Form};
use crate::base::Result;
use crate::mcp::content::{Structured, ToolOutput};
use crate::scout::Answer;
use crate::scout::batch::Batch;
use crate::scout::broadcast::Broadcast;

/// What an agent asked for, whatever it is.
///
/// # Errors
/// It cannot be written, which no text and no number provokes.
pub fn answer(answer: &Answer) -> Result<ToolOutput> {
    match answer {
        Answer::Hosts(list) => structured::hosts(list),
        Answer::Place(seen) => structured::seen(seen),
        Answer::Many(broadcast) => {
            let output = structured::output(&broadcast.text(), of_broadcast(broadcast)?)?;
            Ok(ToolOutput { is_error: broadcast.succeeded() == 0, ..output })
        }
    }
}

/// As [`answer`].
pub fn batch(batch: &Batch) -> Result<ToolOutput> {
    let results = batch.items.iter().map(|item| Outcome::of_request(&item.answer)).collect::<Result<_>>()?;
    let output = structured::output(&batch.text(), structured::written(&Form::Batch { results })?)?;
    Ok(ToolOutput { is_error: batch.succeeded() == 0, ..output })
}

/// One answer among others.
#[derive(Serialize)]
pub struct Outcome {
    /// The places that gave it.
    #[serde(skip_serializing_if = "Option::is_none")]
    targets: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<Structured>,
    /// Why there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

impl Outcome {
    fn of_request(answer: &Result<Answer>) -> Result<Self> {
        let answer = match answer {
            Ok(Answer::Hosts(list)) => structured::of_hosts(list)?,
            Ok(Answer::Place(seen)) => structured::of_seen(seen, &structured::text(&seen.text())?)?,
            Ok(Answer::Many(broadcast)) => of_broadcast(broadcast)?,
            Err(error) => {
                return Ok(Self { targets: None, answer: None, error: Some(error.to_string()) });
            }
        };
        Ok(Self { targets: None, answer: Some(answer), error: None })
    }
}

fn of_broadcast(broadcast: &Broadcast) -> Result<Structured> {
    let outcomes = broadcast.answers.iter().map(|answer| {
        let targets = answer.places.iter().map(|place| broadcast.places[*place].to_string()).collect();
        let (said, error) = match &answer.said {
            Ok(seen) => (Some(structured::of_seen(seen, &structured::text(&seen.text())?)?), None),
            Err(error) => (None, Some(error.to_string())),
        };
        Ok(Outcome { targets: Some(targets), answer: said, error })
    });
    let succeeded = broadcast.succeeded();
    structured::written(&Form::Many {
        succeeded,
        failed: broadcast.places.len() - succeeded,
        results: outcomes.collect::<Result<_>>()?,
    })
}
