//! Reads what programs that search print, however long its lines are.

use std::ops::ControlFlow;

use super::Query;
use crate::base::limits::{
    PATH_BYTES_MAX, SEARCH_BEFORE_BYTES, SEARCH_LINE_BYTES_MAX, SEARCH_SHOWN_BYTES_MAX,
};

/// A line that was found. Bytes that are no UTF-8 are replaced by U+FFFD.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    pub path: String,
    /// The first of the file is 1.
    pub line: u64,
    /// Where in the line, in bytes from 1, as far as it is known.
    pub column: Option<u64>,
    /// The line; of a long one what stands around the place.
    pub text: String,
}

/// How a program writes a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// Path, NUL, line, colon, column, colon, text.
    NullAndColumn,
    /// Path, NUL, line, colon, text.
    Null,
    /// For each file: NUL, path, NUL; and for each of its lines: line, colon, text.
    Files,
}

/// Takes the output as it comes.
#[derive(Debug)]
pub(super) struct Parser<'a> {
    query: &'a Query,
    /// What has come of the path, and of the rest of the line.
    path: Vec<u8>,
    rest: Vec<u8>,
    is_in_rest: bool,
    hits: Vec<Hit>,
    is_over: bool,
}

impl<'a> Parser<'a> {
    pub fn new(query: &'a Query) -> Self {
        Self {
            query,
            path: Vec::new(),
            rest: Vec::new(),
            is_in_rest: false,
            hits: Vec::new(),
            is_over: false,
        }
    }

    pub fn take(&mut self, form: Form, mut bytes: &[u8]) -> ControlFlow<()> {
        while !bytes.is_empty() {
            if form == Form::Files && bytes[0] == 0 && self.is_at_begin() {
                self.path.clear();
                self.is_in_rest = false;
                bytes = &bytes[1..];
                continue;
            }
            let (part, end, room) = match self.is_in_rest {
                false => (&mut self.path, 0, 2 * PATH_BYTES_MAX),
                true => (&mut self.rest, b'\n', SEARCH_LINE_BYTES_MAX),
            };
            let at = memchr::memchr(end, bytes);
            let piece = &bytes[..at.unwrap_or(bytes.len())];
            part.extend_from_slice(&piece[..piece.len().min(room - part.len())]);
            let Some(at) = at else { break };
            bytes = &bytes[at + 1..];
            if self.is_in_rest {
                self.end_line(form)?;
            }
            self.is_in_rest = form == Form::Files || !self.is_in_rest;
        }
        ControlFlow::Continue(())
    }

    /// Nothing has come yet of what comes next. No line of a file begins with anything but its number.
    fn is_at_begin(&self) -> bool {
        if self.is_in_rest { self.rest.is_empty() } else { self.path.is_empty() }
    }

    /// There are more lines than were wanted.
    pub fn is_over(&self) -> bool {
        self.is_over
    }

    /// The lines in order.
    pub fn finish(mut self) -> Vec<Hit> {
        self.hits.sort_by(|a, b| (&a.path, a.line).cmp(&(&b.path, b.line)));
        self.hits
    }

    /// What is no such line was some other word of the program.
    fn end_line(&mut self, form: Form) -> ControlFlow<()> {
        let hit = self.read(form);
        if form != Form::Files {
            self.path.clear();
        }
        self.rest.clear();
        let Some(hit) = hit else { return ControlFlow::Continue(()) };
        if self.hits.len() == self.query.limit {
            self.is_over = true;
            return ControlFlow::Break(());
        }
        self.hits.push(hit);
        ControlFlow::Continue(())
    }

    fn read(&self, form: Form) -> Option<Hit> {
        let path = match form {
            Form::Files => &self.path,
            Form::Null | Form::NullAndColumn => without_remarks(&self.path),
        };
        let (line, rest) = number(&self.rest)?;
        let (column, text) = match form {
            Form::NullAndColumn => number(rest).map(|(column, text)| (Some(column), text))?,
            Form::Null | Form::Files => (column(self.query, rest), rest),
        };
        let path = String::from_utf8_lossy(path).into_owned();
        Some(Hit { path, line, column, text: shown(text, column) })
    }
}

/// Digits and a colon, and what follows.
fn number(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let end = memchr::memchr(b':', bytes)?;
    let number = std::str::from_utf8(&bytes[..end]).ok()?.parse().ok()?;
    Some((number, &bytes[end + 1..]))
}

/// A path without what the program has said before of a binary file: a line of its own.
fn without_remarks(path: &[u8]) -> &[u8] {
    let mut path = path;
    while let Some(end) = memchr::memchr(b'\n', path)
        && memchr::memmem::find(&path[..end], b"binary file ").is_some()
    {
        path = &path[end + 1..];
    }
    path
}

/// Where a pattern stands that is as good as a text.
fn column(query: &Query, line: &[u8]) -> Option<u64> {
    let is_plain = |char: char| char.is_alphanumeric() || "_-/:;,=@%&~<>'\"! ".contains(char);
    if !query.is_literal && !query.pattern.chars().all(is_plain) {
        return None;
    }
    let pattern = query.pattern.as_bytes();
    let at = match query.ignores_case {
        false => memchr::memmem::find(line, pattern),
        true => line.windows(pattern.len()).position(|part| part.eq_ignore_ascii_case(pattern)),
    };
    at.map(|at| at as u64 + 1)
}

/// A line, or as much of it around a column as is shown.
fn shown(line: &[u8], column: Option<u64>) -> String {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if line.len() <= SEARCH_SHOWN_BYTES_MAX {
        return String::from_utf8_lossy(line).into_owned();
    }
    let column = column.and_then(|column| usize::try_from(column).ok()).unwrap_or(0);
    let last = line.len() - SEARCH_SHOWN_BYTES_MAX;
    let begin = column.saturating_sub(SEARCH_BEFORE_BYTES).min(last);
    let begin = (begin..begin.min(last) + 4).find(|at| line[*at] & 0xC0 != 0x80).unwrap_or(begin);
    let end = line.len().min(begin + SEARCH_SHOWN_BYTES_MAX);
    let end = (0..4).map(|back| end - back).find(|at| line.get(*at).is_none_or(|byte| byte & 0xC0 != 0x80));
    let part = String::from_utf8_lossy(&line[begin..end.unwrap_or(line.len())]);
    let (before, after) = (if begin > 0 { "…" } else { "" }, if end == Some(line.len()) { "" } else { "…" });
    format!("{before}{part}{after}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(query: &Query, form: Form, output: &[u8], piece: usize) -> (Vec<Hit>, bool) {
        let mut parser = Parser::new(query);
        let _ = output.chunks(piece).try_for_each(|piece| parser.take(form, piece));
        let is_over = parser.is_over();
        (parser.finish(), is_over)
    }

    fn hit(path: &str, line: u64, column: Option<u64>, text: &str) -> Hit {
        Hit { path: path.into(), line, column, text: text.into() }
    }

    #[test]
    fn lines_are_read_however_they_come() {
        let query = Query::new("x");
        for piece in 1..20 {
            for (form, output, hits) in [
                (
                    Form::NullAndColumn,
                    &b"/b\x0012:3:a x: 1\n/b: binary file matches (found \"\\0\")\n/a\nb\x007:1:x\r\n/c\x001:1:x"[..],
                    vec![hit("/a\nb", 7, Some(1), "x"), hit("/b", 12, Some(3), "a x: 1")],
                ),
                (Form::Null, b"/a:1:\x002:1:x\n/\xff\x003:\xffx\n", vec![
                    hit("/a:1:", 2, Some(3), "1:x"),
                    hit("/\u{fffd}", 3, Some(2), "\u{fffd}x"),
                ]),
                (Form::Files, b"\0/a\n/b:3:x\x002:x\n4:\0x\n\0/c\x009:1:x\n", vec![
                    hit("/a\n/b:3:x", 2, Some(1), "x"),
                    hit("/a\n/b:3:x", 4, Some(2), "\0x"),
                    hit("/c", 9, Some(3), "1:x"),
                ]),
            ] {
                assert_eq!(parsed(&query, form, output, piece), (hits, false), "{form:?} by {piece}");
            }
        }
    }

    #[test]
    fn as_many_as_are_wanted_and_no_more() {
        let query = Query { limit: 2, ..Query::new("x") };
        let output = b"/b\x001:x\n/a\x002:x\n/a\x003:x\n";
        let (hits, is_over) = parsed(&query, Form::Null, output, 99);
        assert_eq!((hits, is_over), (vec![hit("/a", 2, Some(1), "x"), hit("/b", 1, Some(1), "x")], true));
        assert!(!parsed(&query, Form::Null, &output[..14], 99).1);
    }

    #[test]
    fn of_a_long_line_the_place_is_shown() {
        let line = format!("{}needle{}", "é".repeat(400), "-".repeat(10_000_000));
        let output = format!("/a\x001:801:{line}\n/a\x002:1:x\n");
        let (hits, _) = parsed(&Query::new("x"), Form::NullAndColumn, output.as_bytes(), 32_768);
        assert_eq!(hits.len(), 2);
        let text = &hits[0].text;
        assert!(text.starts_with("…éé") && text.contains("éneedle---") && text.ends_with("-…"), "{text}");
        assert!(text.len() < SEARCH_SHOWN_BYTES_MAX + 10);
    }

    #[test]
    fn columns_are_found_of_patterns_that_are_texts() {
        let of = |query: Query, line: &str| column(&query, line.as_bytes());
        assert_eq!(of(Query::new("b c"), "a b c"), Some(3));
        assert_eq!(of(Query::new("b.c"), "a b.c"), None);
        assert_eq!(of(Query { is_literal: true, ..Query::new("b.c") }, "a b.c"), Some(3));
        assert_eq!(of(Query { ignores_case: true, ..Query::new("B C") }, "a b c"), Some(3));
    }
}
