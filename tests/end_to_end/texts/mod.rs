//! What is said to agents, compared with the documented texts of the Scout MCP that there was before, which agents and
//! prompts know. Where the two differ, the table says why ours is meant.

mod calls;
mod resources;
mod settings;
mod stage;

use serde_json::Value;

use stage::{AS_OF_OLD, Stage};

/// A call, and what both answer to it.
///
/// In all of it `{home}` and its like stand for what is another in every run; in answers `…` for any text.
struct Row {
    asks: Ask,
    /// As it was documented.
    original: &'static str,
    ours: &'static str,
    /// Why ours is another, where it is.
    why: &'static str,
}

enum Ask {
    /// The tool `scout` with these arguments in JSON.
    Scout(&'static str),
    /// A resource.
    Resource(&'static str),
    /// A resource while there is such a file, of a project without services, beside the stand-ins of programs: [`crate::support::Programs::put`].
    While(&'static str, &'static str),
    /// The MIME type of a resource.
    Mime(&'static str),
}

const fn same(asks: Ask, both: &'static str) -> Row {
    Row { asks, original: both, ours: both, why: "" }
}

const fn differ(asks: Ask, original: &'static str, ours: &'static str, why: &'static str) -> Row {
    Row { asks, original, ours, why }
}

/// What is wrong with a table.
fn check(stage: &mut Stage, table: &[Row]) {
    let wrong: Vec<_> = table.iter().filter_map(|row| wrong_with(stage, row)).collect();
    assert!(wrong.is_empty(), "{} of {} rows:\n\n{}", wrong.len(), table.len(), wrong.join("\n\n"));
}

fn wrong_with(stage: &mut Stage, row: &Row) -> Option<String> {
    let (shown, seen) = match row.asks {
        Ask::Scout(arguments) => (arguments, stage.scout(arguments)),
        Ask::Resource(uri) => (uri, stage.resource(uri)),
        Ask::While(file, uri) => (uri, stage.resource_while(file, uri)),
        Ask::Mime(uri) => (uri, stage.mime_type(uri)),
    };
    let (original, ours) = (stage.filled(row.original), stage.filled(row.ours));
    let says_why = row.why.is_empty() == (row.original == row.ours);
    if fits(&seen, &ours) && says_why && (row.why.is_empty() || !fits(&seen, &original)) {
        return None;
    }
    let cut = |text: &str| text.chars().take(2_000).collect::<String>();
    Some(format!("{shown}\n  says {:?}\n  ours {ours:?}\n  original {original:?}", cut(&seen)))
}

/// Whether a text is what a pattern says; `…` is any text.
fn fits(text: &str, pattern: &str) -> bool {
    let mut parts = pattern.split('…');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let mut parts: Vec<_> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        match rest.split_once(part) {
            Some((_, behind)) => rest = behind,
            None => return false,
        }
    }
    rest.ends_with(last)
}

/// Answers as text alone, which is what all clients show.
fn text_of(content: &Value) -> String {
    let parts = content.as_array().into_iter().flatten();
    parts.filter_map(|part| part["text"].as_str()).collect()
}

#[test]
fn patterns() {
    for (text, pattern, is_so) in [
        ("abc", "abc", true),
        ("abc", "ab", false),
        ("abc", "a…c", true),
        ("ac", "a…c", true),
        ("abcd", "a…c", false),
        ("a", "a…a", false),
        ("abcbd", "…b…d", true),
        ("", "…", true),
    ] {
        assert_eq!(fits(text, pattern), is_so, "{text:?} {pattern:?}");
    }
}

#[test]
fn calls_are_answered_as_ever() {
    check(&mut Stage::of_files(AS_OF_OLD), calls::TABLE);
}

#[test]
fn resources_are_shown_as_ever() {
    check(&mut Stage::of_software(), resources::TABLE);
}
