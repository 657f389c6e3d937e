//! Reads what programs that search print, however long its lines are.

use std::collections::VecDeque;
use std::fmt::Write;
use std::ops::ControlFlow;

use super::Query;
use crate::base::limits::{
    PATH_BYTES_MAX, SEARCH_BEFORE_BYTES, SEARCH_CONTEXT_BYTES_MAX, SEARCH_LINE_BYTES_MAX,
    SEARCH_SHOWN_BYTES_MAX,
};
use crate::base::text::harmless;

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
    /// The lines right before it, if any were asked for. A line between two that were found stands with one of them.
    pub before: Vec<String>,
    /// The lines right after it.
    pub after: Vec<String>,
}

/// How a program writes a line. In the place of a colon before the text, a hyphen says that the line is only around one
/// that was found.
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
    around: Around,
    is_over: bool,
}

/// A line, as it was written.
struct Line<'a> {
    path: &'a [u8],
    number: u64,
    column: Option<u64>,
    text: &'a [u8],
    /// It was found, and is not only around one.
    is_found: bool,
}

/// Lines that no line was found behind so far.
#[derive(Debug)]
struct Around {
    path: Vec<u8>,
    /// The number of the next one, if there is one.
    next: u64,
    lines: VecDeque<String>,
    /// How many more bytes of such lines are taken.
    room: usize,
}

impl Hit {
    /// Whether lines around it are known.
    pub fn has_context(&self) -> bool {
        !(self.before.is_empty() && self.after.is_empty())
    }

    /// The number of the first of its lines.
    pub(super) fn begin(&self) -> u64 {
        self.line.saturating_sub(self.before.len() as u64)
    }

    /// The number of the line behind them.
    pub(super) fn end(&self) -> u64 {
        self.line.saturating_add(1 + self.after.len() as u64)
    }

    /// Its lines as an agent sees them, each behind a line break.
    pub(super) fn write_to(&self, text: &mut String) {
        // Writing to a String cannot fail.
        let around = |begin: u64, lines: &[String], text: &mut String| {
            for (nth, line) in lines.iter().enumerate() {
                let _ = write!(text, "\n{}- {}", begin.saturating_add(nth as u64), harmless(line));
            }
        };
        around(self.begin(), &self.before, text);
        let column = self.column.map(|column| format!("{column}:")).unwrap_or_default();
        let _ = write!(text, "\n{}:{column} {}", self.line, harmless(&self.text));
        around(self.line.saturating_add(1), &self.after, text);
    }

    /// What is shown of it, in bytes.
    pub fn size(&self) -> usize {
        let around = self.before.iter().chain(&self.after).map(String::len);
        self.text.len() + around.sum::<usize>()
    }
}

impl<'a> Parser<'a> {
    pub fn new(query: &'a Query) -> Self {
        Self {
            query,
            path: Vec::new(),
            rest: Vec::new(),
            is_in_rest: false,
            hits: Vec::new(),
            around: Around {
                path: Vec::new(),
                next: 0,
                lines: VecDeque::new(),
                room: SEARCH_CONTEXT_BYTES_MAX,
            },
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

    /// How many lines there are, where there would be more of them, or more around them.
    pub fn over(&self) -> Option<usize> {
        self.is_over.then_some(self.hits.len())
    }

    /// The lines in order.
    pub fn finish(mut self) -> Vec<Hit> {
        self.hits.sort_by(|a, b| (&a.path, a.line).cmp(&(&b.path, b.line)));
        self.hits
    }

    /// What is no such line was some other word of the program.
    fn end_line(&mut self, form: Form) -> ControlFlow<()> {
        let (path, rest) = (std::mem::take(&mut self.path), std::mem::take(&mut self.rest));
        let kept = match line(form, self.query, &path, &rest) {
            Some(line) if line.is_found => self.keep(&line),
            Some(line) => self.keep_around(&line),
            None => ControlFlow::Continue(()),
        };
        (self.path, self.rest) = (path, rest);
        self.rest.clear();
        if form != Form::Files {
            self.path.clear();
        }
        kept
    }

    fn keep(&mut self, line: &Line<'_>) -> ControlFlow<()> {
        if self.hits.len() == self.query.limit {
            self.is_over = true;
            return ControlFlow::Break(());
        }
        self.hits.push(Hit {
            path: String::from_utf8_lossy(line.path).into_owned(),
            line: line.number,
            column: line.column,
            text: shown(line.text, line.column),
            before: self.around.before(line),
            after: Vec::new(),
        });
        ControlFlow::Continue(())
    }

    /// A line right after one that was found stands with that one; any other may come to stand before the next.
    fn keep_around(&mut self, line: &Line<'_>) -> ControlFlow<()> {
        let text = shown(line.text, None);
        let Some(room) = self.around.room.checked_sub(text.len()) else {
            self.is_over = true;
            return ControlFlow::Break(());
        };
        self.around.room = room;
        let most = self.query.context;
        match self.hits.last_mut() {
            Some(hit)
                if hit.after.len() < most
                    && hit.end() == line.number
                    && hit.path == String::from_utf8_lossy(line.path) =>
            {
                hit.after.push(text);
            }
            _ => self.around.keep(line, text, most),
        }
        ControlFlow::Continue(())
    }
}

impl Around {
    /// The lines right before one that was found; others are forgotten.
    fn before(&mut self, line: &Line<'_>) -> Vec<String> {
        let lines = std::mem::take(&mut self.lines);
        if self.next == line.number && self.path == line.path { lines.into() } else { Vec::new() }
    }

    fn keep(&mut self, line: &Line<'_>, text: String, most: usize) {
        if self.next != line.number || self.path != line.path {
            self.lines.clear();
            self.path = line.path.to_vec();
        }
        self.lines.push_back(text);
        if self.lines.len() > most {
            self.lines.pop_front();
        }
        self.next = line.number.saturating_add(1);
    }
}

fn line<'a>(form: Form, query: &Query, path: &'a [u8], rest: &'a [u8]) -> Option<Line<'a>> {
    let (path, rest) = match form {
        Form::Null | Form::NullAndColumn => (without_remarks(path), rest),
        Form::Files => (path, rest),
    };
    let (number, mark, text) = numbered(rest)?;
    let is_found = mark == b':';
    let (column, text) = match form {
        _ if !is_found => (None, text),
        Form::NullAndColumn => {
            let (column, _, text) = numbered(text)?;
            (Some(column), text)
        }
        Form::Null | Form::Files => (column(query, text), text),
    };
    Some(Line { path, number, column, text, is_found })
}

/// Digits, the colon or hyphen behind them, and what follows.
fn numbered(bytes: &[u8]) -> Option<(u64, u8, &[u8])> {
    let end = memchr::memchr2(b':', b'-', bytes)?;
    let number = std::str::from_utf8(&bytes[..end]).ok()?.parse().ok()?;
    Some((number, bytes[end], &bytes[end + 1..]))
}

/// A path without what the program has said before it: of a binary file, or of a gap between lines. Each is a line of its
/// own; no path that we give to programs begins with a hyphen.
fn without_remarks(path: &[u8]) -> &[u8] {
    let mut path = path;
    while let Some(end) = memchr::memchr(b'\n', path)
        && (&path[..end] == GAP || memchr::memmem::find(&path[..end], b"binary file ").is_some())
    {
        path = &path[end + 1..];
    }
    path
}

/// What programs write between lines that do not follow each other.
const GAP: &[u8] = b"--";

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
impl Hit {
    /// One without anything around it.
    pub fn alone(path: &str, line: u64, column: Option<u64>, text: &str) -> Self {
        let (path, text) = (path.into(), text.into());
        Self { path, line, column, text, before: Vec::new(), after: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parsed(query: &Query, form: Form, output: &[u8], piece: usize) -> (Vec<Hit>, bool) {
        let mut parser = Parser::new(query);
        let _ = output.chunks(piece).try_for_each(|piece| parser.take(form, piece));
        let is_over = parser.over().is_some();
        (parser.finish(), is_over)
    }

    fn hit(path: &str, line: u64, column: Option<u64>, text: &str) -> Hit {
        Hit::alone(path, line, column, text)
    }

    /// A hit with what is around it, a line for each word.
    fn around(line: u64, before: &str, after: &str) -> Hit {
        let lines = |text: &str| text.split_whitespace().map(str::to_owned).collect();
        Hit { before: lines(before), after: lines(after), ..hit("/a", line, Some(1), "x") }
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
    fn lines_around_one_stand_with_it_and_each_stands_once() {
        let query = Query { context: 2, ..Query::new("x") };
        // Lines 1, 3, 6, 9, 30 were found; the last file is another one.
        let lines = "1:x\n2-b\n3:x\n4-d\n5-e\n6:x\n7-g\n8-10:12:13\n9:x\n10-j\n--\n28-k\n29-7-l\n30:x\n";
        let expected = [
            around(1, "", "b"),
            around(3, "", "d e"),
            around(6, "", "g 10:12:13"),
            around(9, "", "j"),
            around(30, "k 7-l", ""),
            Hit { path: "/a-1-b:2:x".into(), ..around(1, "", "") },
        ];
        let with_path = |column: &str| -> String {
            let of = |line: &str| match line {
                "--" => "--\n".to_owned(),
                _ => format!("/a\0{}\n", line.replacen(":x", &format!(":{column}x"), 1)),
            };
            lines.lines().map(of).chain([format!("--\n/a-1-b:2:x\x001:{column}x\n")]).collect()
        };
        let by_file = format!("\0/a\0{lines}\0/a-1-b:2:x\x001:x\n\0/empty\0");
        for piece in 1..9 {
            for (form, output) in [
                (Form::NullAndColumn, with_path("1:")),
                (Form::Null, with_path("")),
                (Form::Files, by_file.clone()),
            ] {
                let found = parsed(&query, form, output.as_bytes(), piece);
                assert_eq!(found, (expected.to_vec(), false), "{form:?} by {piece}");
            }
        }
    }

    #[test]
    fn lines_may_have_any_number() {
        let query = Query { context: 3, ..Query::new("x") };
        let last = u64::MAX;
        let output = format!("/a\x000-y\n/a\x000:x\n/a\0{last}:x\n/a\0{last}-y\n/a\0{last}-y\n");
        let (hits, _) = parsed(&query, Form::Null, output.as_bytes(), 99);
        let mut text = String::new();
        hits.iter().for_each(|hit| hit.write_to(&mut text));
        assert_eq!(text, format!("\n0:1: x\n{last}:1: x\n{last}- y\n{last}- y"));
    }

    #[test]
    fn there_is_an_end_to_what_stands_around() {
        let query = Query { context: 20, ..Query::new("x") };
        let long = "y".repeat(SEARCH_SHOWN_BYTES_MAX);
        let lines: String = (1_u64..).take(10_000).map(|line| format!("/a\0{line}-{long}\n")).collect();
        let (hits, is_over) = parsed(&query, Form::Null, format!("/a\x000:x\n{lines}").as_bytes(), 32_768);
        assert!(is_over);
        assert_eq!((hits.len(), hits[0].after.len()), (1, 20));
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

    proptest! {
        /// However the output is cut into pieces it means the same, and no line of it is told twice.
        #[test]
        fn any_output_is_read(output in "[\\x00-\\x02\\n:x0-9-]{0,80}", piece in 1_usize..9, context in 0_usize..4) {
            let query = Query { context, limit: 5, ..Query::new("x") };
            for form in [Form::NullAndColumn, Form::Null, Form::Files] {
                let whole = parsed(&query, form, output.as_bytes(), 99);
                prop_assert_eq!(&parsed(&query, form, output.as_bytes(), piece), &whole);
                let told: usize = whole.0.iter().map(|hit| 1 + hit.before.len() + hit.after.len()).sum();
                prop_assert!(told <= output.lines().count(), "{:?}", whole.0);
                let mut text = String::new();
                whole.0.iter().for_each(|hit| hit.write_to(&mut text));
            }
        }
    }
}
