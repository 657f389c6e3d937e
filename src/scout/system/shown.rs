//! What a view shows: text for agents, and rows for programs where the answer is a list.

use std::fmt::Write;

use super::script::{Answer, Section};

/// The answer to a [`View`](super::View).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    pub text: String,
    pub media: Media,
    /// What the text lists, if it lists anything.
    pub rows: Option<Rows>,
    /// At how many bytes it was cut, if it was.
    pub cut_at: Option<u64>,
}

/// What the text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Media {
    Text,
    Yaml,
    Json,
}

/// Rows of equal length, as `columns` names their cells.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rows {
    pub columns: Vec<String>,
    pub rows: Vec<Vec<String>>,
}

impl Media {
    pub const fn mime_type(self) -> &'static str {
        match self {
            Self::Text => "text/plain",
            Self::Yaml => "text/yaml",
            Self::Json => "application/json",
        }
    }
}

impl Shown {
    /// Text made of an answer, which may have been cut.
    pub(super) fn of(answer: &Answer, text: impl Into<String>) -> Self {
        let mut text = text.into();
        text.truncate(text.trim_end_matches('\n').len());
        text.push_str(&answer.ending());
        Self { text, media: Media::Text, rows: None, cut_at: answer.cut_at() }
    }

    /// The lines of a log.
    pub(super) fn log(answer: &Answer, lines: &str) -> Self {
        Self::of(answer, if lines.trim().is_empty() { "(no logs available)" } else { lines })
    }

    pub(super) fn with(self, rows: Rows) -> Self {
        Self { rows: Some(rows), ..self }
    }
}

impl Rows {
    pub(super) fn new<const N: usize>(
        columns: [&str; N],
        rows: impl IntoIterator<Item = [String; N]>,
    ) -> Self {
        let columns = columns.map(str::to_owned).into();
        Self { columns, rows: rows.into_iter().map(Into::into).collect() }
    }

    /// Each row, as pairs of a column's name and what stands there.
    pub fn named(&self) -> impl Iterator<Item = impl Iterator<Item = (&str, &str)>> {
        let names = || self.columns.iter().map(String::as_str);
        self.rows.iter().map(move |row| names().zip(row.iter().map(String::as_str)))
    }

    /// What stands in the column of this name; nothing if there is none.
    pub fn column(&self, name: &str) -> Vec<&str> {
        let Some(at) = self.columns.iter().position(|column| column == name) else { return Vec::new() };
        self.rows.iter().filter_map(|row| row.get(at)).map(String::as_str).collect()
    }
}

/// The heading of a list: a title, underlined.
pub(super) fn heading(title: &str) -> String {
    format!("# {title}\n{}\n", "=".repeat(RULE_CHARS))
}

/// An answer of several programs, a part for each.
pub(super) fn parts(title: &str, sections: &[Section<'_>]) -> String {
    let mut text = heading(title);
    for (part, said) in sections {
        let said = if said.trim().is_empty() { "(nothing)" } else { said.trim_matches('\n') };
        // Writing to a String cannot fail.
        let _ = write!(text, "\n## {part}\n\n{said}\n");
    }
    text
}

const RULE_CHARS: usize = 50;
