//! What agents see of a broadcast.

use std::fmt::{self, Write};

use super::super::run::{End, Output};
use super::super::{Seen, heading};
use super::{Answer, Broadcast, Form, Place};

impl Broadcast {
    /// What an agent sees.
    pub fn text(&self) -> String {
        match self.form {
            Form::Sections => self.sections(),
            Form::Groups => self.groups(),
        }
    }

    fn sections(&self) -> String {
        let mut text = String::new();
        for place in &self.places {
            let title = place.to_string();
            match &self.answers[place.answer].said {
                Ok(seen) => {
                    text.push_str(&heading::of(&title));
                    text.push_str(&body(seen));
                }
                Err(error) => {
                    text.push_str(&heading::of_failure(&title));
                    // Writing to a String cannot fail.
                    let _ = write!(text, "Error: {error}");
                }
            }
            text.push_str("\n\n");
        }
        let _ = write!(text, "─── {}/{} hosts succeeded ───", self.succeeded(), self.places.len());
        text
    }

    fn groups(&self) -> String {
        let is_path_common = self.common_path().is_some();
        let mut text = self.summary(if is_path_common { "host" } else { "place" });
        let mut was_failure = false;
        for answer in &self.answers {
            text.push_str(if was_failure { "\n" } else { "\n\n" });
            was_failure = answer.said.is_err();
            match &answer.said {
                Ok(seen) => {
                    text.push_str(&heading::of(&self.names(answer, is_path_common)));
                    match &answer.difference {
                        Some(difference) => text.push_str(difference.trim_end_matches('\n')),
                        None => text.push_str(seen.text().trim_end_matches('\n')),
                    }
                }
                Err(error) => {
                    let _ = write!(text, "✗ {}: {error}", self.names(answer, is_path_common));
                }
            }
        }
        text
    }

    /// How many agree: `47 hosts agree, 3 differ, 1 failed`.
    fn summary(&self, what: &str) -> String {
        let (answered, failed) = (self.succeeded(), self.places.len() - self.succeeded());
        let of = |count: usize| if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") };
        let most =
            self.answers.first().filter(|first| first.said.is_ok()).map_or(0, |first| first.places.len());
        let mut text = match (most, answered - most) {
            (0, _) => return format!("{} failed", of(failed)),
            (1, 0) => format!("{} answered", of(1)),
            (all, 0) => format!("{} agree", of(all)),
            (1, _) => format!("{}, all different", of(answered)),
            (most, others) => format!("{} agree, {others} differ", of(most)),
        };
        if failed > 0 {
            let _ = write!(text, ", {failed} failed");
        }
        text
    }

    /// Who gave an answer.
    fn names(&self, answer: &Answer, is_path_common: bool) -> String {
        let name = |place: &usize| {
            let place = &self.places[*place];
            if is_path_common { place.host.to_string() } else { place.to_string() }
        };
        answer.places.iter().map(name).collect::<Vec<_>>().join(", ")
    }
}

/// As a target would name it.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host.contains(':') {
            true => write!(f, "[{}]:{}", self.host, self.path),
            false => write!(f, "{}:{}", self.host, self.path),
        }
    }
}

/// Commands tell their errors and exit codes in another way here than alone.
fn body(seen: &Seen) -> String {
    match seen {
        Seen::Ran(Output { stdout, stderr, end: End::Code(code) }) => {
            let shown = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end_matches('\n').to_owned();
            let mut text = shown(stdout);
            if !stderr.is_empty() {
                let _ = write!(text, "\n---\nErrors:\n{}", shown(stderr));
            }
            if *code != 0 {
                let _ = write!(text, "\nExit code: {code}");
            }
            text
        }
        seen => seen.text().into_owned(),
    }
}
