//! Which of some files are the same, and how the others differ. Knows no hosts.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt::Write;

use super::unified;
use crate::base::{Result, limits};
use crate::crypto::hash::sha256;
use crate::scout::decode::Encoding;

/// A file that was to be read.
#[derive(Debug)]
pub(super) struct File {
    /// Its host and path.
    pub place: String,
    /// What it is called in a diff.
    pub name: String,
    pub content: Result<Content>,
}

/// The beginning of a file.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Content {
    pub data: Vec<u8>,
    pub goes_on: bool,
}

/// What came of a comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    /// Files that are the same, the most of them first.
    pub groups: Vec<Group>,
    /// Files that could not be read, and why.
    pub failed: Vec<(String, String)>,
    /// They go on after so many bytes, which alone were compared.
    pub cut_at: Option<usize>,
    /// What an expected text has to do with the one file.
    with_text: bool,
}

/// Files that hold the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    pub places: Vec<String>,
    /// In bytes.
    pub size: usize,
    /// In hexadecimal digits.
    pub sha256: String,
    /// How it differs from the first group, or from the expected text; empty where it does not.
    pub diff: String,
}

impl Comparison {
    /// Whether all is the same.
    pub fn is_same(&self) -> bool {
        self.failed.is_empty() && self.groups.iter().all(|group| group.diff.is_empty())
    }

    /// What an agent sees.
    pub fn text(&self) -> String {
        let mut text = match self.groups.as_slice() {
            [one] if self.with_text && one.diff.is_empty() => {
                format!("File matches expected content: {}", one.places.concat())
            }
            [one] if self.with_text => one.diff.clone(),
            [one] if self.failed.is_empty() => format!("Files are identical:{}", lines(&one.places)),
            [first, second] if first.places.len() + second.places.len() == 2 && self.failed.is_empty() => {
                second.diff.clone()
            }
            groups => many(groups),
        };
        for (place, error) in &self.failed {
            let _ = write!(text, "\n\n{place}: {error}");
        }
        if let Some(limit) = self.cut_at {
            let _ = write!(text, "\n\n[compared only the first {limit} bytes]");
        }
        text
    }
}

/// Files of which most are told first, and then how the others differ from them.
fn many(groups: &[Group]) -> String {
    let mut text = String::new();
    for (nth, group) in groups.iter().enumerate() {
        let count = group.places.len();
        let _ = match nth {
            0 if count == 1 => write!(text, "1 file is like no other:{}", lines(&group.places)),
            0 => write!(text, "{count} files are identical:{}", lines(&group.places)),
            _ if count == 1 => write!(text, "\n\n1 differs:{}\n{}", lines(&group.places), group.diff),
            _ => write!(text, "\n\n{count} differ:{}\n{}", lines(&group.places), group.diff),
        };
    }
    text
}

fn lines(places: &[String]) -> String {
    places.iter().map(|place| format!("\n  {place}")).collect()
}

/// Errors: the file could not be read.
pub(super) fn with_text(files: Vec<File>, expected: &str, limit: u64) -> Result<Comparison> {
    let expected = Content { data: expected.into(), goes_on: false };
    let mut groups = Vec::new();
    let mut cut_at = None;
    for file in files {
        let content = file.content?;
        cut_at = content.goes_on.then_some(content.data.len());
        let diff = match content == expected {
            true => String::new(),
            false => between(("expected", &expected), (&file.name, &content), room(limit)),
        };
        groups.push(Group::new(vec![file.name], &content, diff));
    }
    Ok(Comparison { groups, failed: Vec::new(), cut_at, with_text: true })
}

/// Lets others work with `rest` between two comparisons.
///
/// Errors: fewer than two files could be read.
pub(super) async fn with_each_other<F: Future<Output = ()>>(
    files: Vec<File>,
    limit: u64,
    rest: impl Fn() -> F,
) -> Result<Comparison> {
    let is_pair = files.len() == 2;
    let (mut alike, mut failed) = (Vec::<Alike>::new(), Vec::new());
    let mut known: HashMap<Content, usize> = HashMap::new();
    for file in files {
        match file.content {
            Err(error) if is_pair => return Err(error),
            Err(error) => failed.push((file.place, error)),
            Ok(content) => {
                let nth = *known.entry(content).or_insert_with(|| {
                    alike.push(Alike { name: file.name, places: Vec::new() });
                    alike.len() - 1
                });
                alike[nth].places.push(file.place);
            }
        }
    }
    if alike.is_empty()
        && let Some((_, error)) = failed.pop()
    {
        return Err(error);
    }
    let mut alike: Vec<(Alike, Content)> = {
        let mut contents: Vec<(usize, Content)> =
            known.into_iter().map(|(content, nth)| (nth, content)).collect();
        contents.sort_unstable_by_key(|(nth, _)| *nth);
        alike.into_iter().zip(contents.into_iter().map(|(_, content)| content)).collect()
    };
    // The first of two stays the first.
    alike.sort_by_key(|(alike, _)| std::cmp::Reverse(alike.places.len()));
    let cut = alike.iter().filter(|(_, content)| content.goes_on);
    let cut_at = cut.map(|(_, content)| content.data.len()).min();
    let mut groups: Vec<Group> = Vec::with_capacity(alike.len());
    for (nth, (other, content)) in alike.iter().enumerate() {
        let diff = match nth {
            0 => String::new(),
            _ if nth > limits::DIFF_SHOWN_MAX => "[its differences are left out]".to_owned(),
            _ => {
                if nth > 1 {
                    rest().await;
                }
                let (most, like) = &alike[0];
                between((&most.name, like), (&other.name, content), room(limit))
            }
        };
        groups.push(Group::new(other.places.clone(), content, diff));
    }
    let failed = failed.into_iter().map(|(place, error)| (place, error.message().to_owned())).collect();
    Ok(Comparison { groups, failed, cut_at, with_text: false })
}

/// Files that are the same.
struct Alike {
    /// Of the first.
    name: String,
    places: Vec<String>,
}

impl Group {
    fn new(places: Vec<String>, content: &Content, diff: String) -> Self {
        Self { places, size: content.data.len(), sha256: hash(content), diff }
    }
}

fn between(old: (&str, &Content), new: (&str, &Content), room: usize) -> String {
    match (text(old.1), text(new.1)) {
        (Some(was), Some(is)) if was == is => match old.1.goes_on == new.1.goes_on {
            true => format!("The same text in other bytes:{}", both(old, new)),
            false => format!("One is longer than the other:{}", both(old, new)),
        },
        (Some(was), Some(is)) => unified((old.0, &was), (new.0, &is), room),
        _ => format!("Binary files differ:{}", both(old, new)),
    }
}

fn both(old: (&str, &Content), new: (&str, &Content)) -> String {
    format!("\n  {}\n  {}", told(old.0, old.1), told(new.0, new.1))
}

fn text(content: &Content) -> Option<Cow<'_, str>> {
    Encoding::guess(&content.data).map(|encoding| encoding.decode(&content.data))
}

fn told(name: &str, content: &Content) -> String {
    let more = if content.goes_on { "more than " } else { "" };
    format!("{name} ({more}{} bytes, sha256 {})", content.data.len(), hash(content))
}

fn hash(content: &Content) -> String {
    sha256(&[&content.data]).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn room(limit: u64) -> usize {
    usize::try_from(limit).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use futures_util::future::ready;

    use super::*;
    use crate::base::{Error, Kind};

    fn file(host: &str, data: impl AsRef<[u8]>) -> File {
        let content = Ok(Content { data: data.as_ref().to_vec(), goes_on: false });
        File { place: format!("{host}:/p"), name: "/p".into(), content }
    }

    fn failed(host: &str) -> File {
        let content = Err(Error::new(Kind::NotFound, "Failed to read /p: Path not found: /p"));
        File { content, ..file(host, "") }
    }

    fn compared(files: Vec<File>) -> Result<Comparison> {
        with_each_other(files, 1000, || ready(())).now_or_never().unwrap()
    }

    fn text(files: Vec<File>) -> String {
        compared(files).unwrap().text()
    }

    #[test]
    fn two_files() {
        assert_eq!(text(vec![file("h1", "a"), file("h2", "a")]), "Files are identical:\n  h1:/p\n  h2:/p");
        let diff = text(vec![file("h1", "a\n"), file("h2", "b\n")]);
        assert_eq!(diff, "--- /p\n+++ /p\n@@ -1 +1 @@\n-a\n+b");
        let binary = text(vec![file("h1", "a"), file("h2", "\0")]);
        let hashes = [
            "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb",
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        ];
        let lines = hashes.map(|hash| format!("\n  /p (1 bytes, sha256 {hash})")).concat();
        assert_eq!(binary, format!("Binary files differ:{lines}"));
        let error = compared(vec![file("h1", ""), failed("h2")]).unwrap_err();
        assert_eq!(error.message(), "Failed to read /p: Path not found: /p");
    }

    #[test]
    fn many_files_are_told_by_what_most_of_them_hold() {
        let files =
            vec![file("h1", "a\n"), file("h2", "b\n"), failed("h3"), file("h4", "b\n"), file("h5", "\0")];
        let compared = compared(files).unwrap();
        let text = compared.text();
        assert!(!compared.is_same());
        let begin = "2 files are identical:\n  h2:/p\n  h4:/p\n\n1 differs:\n  h1:/p\n--- /p\n+++ /p\n@@ -1 +1 @@\n-b\n+a\n\n\
            1 differs:\n  h5:/p\nBinary files differ:\n  /p (2 bytes";
        assert!(text.starts_with(begin), "{text}");
        assert!(text.ends_with("\n\nh3:/p: Failed to read /p: Path not found: /p"), "{text}");
    }

    #[test]
    fn a_text_that_is_expected_may_be_empty() {
        let matches = |data: &str, expected| with_text(vec![file("h1", data)], expected, 1000).unwrap();
        assert_eq!(matches("a", "a").text(), "File matches expected content: /p");
        assert_eq!(matches("", "").text(), "File matches expected content: /p");
        let compared = matches("a\n", "");
        assert_eq!(compared.text(), "--- expected\n+++ /p\n@@ -0,0 +1 @@\n+a");
        assert!(!compared.is_same() && matches("", "").is_same());
    }

    #[test]
    fn of_long_files_the_beginning_is_compared() {
        let long = |host, data: &str| {
            let content = Ok(Content { data: data.into(), goes_on: true });
            File { content, ..file(host, "") }
        };
        let same = compared(vec![long("h1", "a\n"), long("h2", "a\n")]).unwrap();
        let mark = "\n\n[compared only the first 2 bytes]";
        assert_eq!(same.text(), format!("Files are identical:\n  h1:/p\n  h2:/p{mark}"));
        let longer = text(vec![file("h1", "a\n"), long("h2", "a\n")]);
        assert!(
            longer.starts_with("One is longer than the other:\n  /p (2 bytes") && longer.ends_with(mark),
            "{longer}"
        );
    }
}
