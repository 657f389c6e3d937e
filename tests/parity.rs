//! `docs/parity.md` says which test holds each feature of the Scout MCP that there was before. It says so for as long as
//! this passes: its rows are numbered without a gap, and every test it names is one.

#![allow(clippy::unwrap_used)]

use std::collections::HashSet;
use std::fs;
use std::path::Path;

/// What the third column begins with.
const WAYS: [&str; 4] = ["same", "more: ", "other: ", "gone: "];

struct Row<'a> {
    number: &'a str,
    here: &'a str,
    tests: Vec<&'a str>,
}

#[test]
fn the_rows_are_numbered_from_one() {
    let page = page();
    let numbers: Vec<_> = rows(&page).iter().map(|row| row.number.to_owned()).collect();
    let expected: Vec<_> = (1..=numbers.len()).map(|number| number.to_string()).collect();
    assert_eq!(numbers, expected);
    assert!(numbers.len() >= 59, "there were 59 features, not {}", numbers.len());
}

#[test]
fn every_row_says_how_it_is_here_and_which_test_says_so() {
    let tests = tests();
    let mut wrong = Vec::new();
    for Row { number, here, tests: named } in rows(&page()) {
        if !WAYS.iter().any(|way| here.starts_with(way)) {
            wrong.push(format!("{number}: begins with none of {WAYS:?}: {here}"));
        }
        if named.is_empty() {
            wrong.push(format!("{number}: names no test"));
        }
        let unknown = named.iter().filter(|name| !tests.contains(**name));
        wrong.extend(unknown.map(|name| format!("{number}: there is no test `{name}`")));
    }
    assert!(wrong.is_empty(), "docs/parity.md:\n{}", wrong.join("\n"));
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn page() -> String {
    fs::read_to_string(root().join("docs/parity.md")).unwrap()
}

/// The rows of its tables; `\|` is no border between cells.
fn rows(page: &str) -> Vec<Row<'_>> {
    let rows = page.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"));
    rows.filter(|row| row.starts_with(|first: char| first.is_ascii_digit()))
        .map(|row| {
            let cells: Vec<_> = row.split(" | ").collect();
            let [number, _, here, tests] = cells[..] else { panic!("four cells: {row}") };
            Row { number, here, tests: tests.split('`').skip(1).step_by(2).collect() }
        })
        .collect()
}

/// The names of all tests there are.
fn tests() -> HashSet<String> {
    let mut names = HashSet::new();
    for folder in ["src", "tests"] {
        collect(&root().join(folder), &mut names);
    }
    names
}

fn collect(folder: &Path, names: &mut HashSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, names);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            let after = text.split("#[test]").skip(1);
            names.extend(after.filter_map(|test| name(test).map(str::to_owned)));
        }
    }
}

/// The name of the function behind a mark.
fn name(behind: &str) -> Option<&str> {
    let (attributes, rest) = behind.split_once("fn ")?;
    let is_near = attributes.lines().count() <= 4;
    rest.split('(').next().filter(|name| is_near && !name.contains(char::is_whitespace))
}
