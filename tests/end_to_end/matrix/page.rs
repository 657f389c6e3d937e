//! The matrix as a page of the documentation.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

use super::rows::{Kind, Row};

const PAGE: &str = "docs/interop.md";

const HEAD: &str = "\
# Interoperability

Every algorithm that we speak, against every server of the test suite that offers it. Where a cell says *works*, the
client offered that algorithm alone, logged in, read a file and ran a command, and renewed its keys on the way. A dash
means that the server does not offer it.

What was offered is read from the wire, what a server made of it from its log. dropbear and TinySSH keep no such log:
there it shows only in that all data arrived. The servers are those of Debian 12 and of the Python package index.

Written by a test: `UPDATE_GOLDEN=1 scripts/test --test end_to_end matrix::`
";

/// One server's results.
#[derive(Debug)]
pub struct Column {
    /// `OpenSSH_9.2p1`
    pub software: String,
    pub works: Vec<Row>,
}

/// Compares the page with the results, or rewrites it.
pub fn check(columns: &[Column]) {
    let actual = render(columns);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGE);
    if env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, &actual).expect("the page can be written");
    }
    let golden = fs::read_to_string(&path).expect("the page can be read");
    // Other versions of the servers offer other algorithms. All that these offered has worked.
    if golden.contains(&heading(columns)) {
        assert!(golden == actual, "{PAGE} is out of date; UPDATE_GOLDEN=1 rewrites it:\n{actual}");
    }
}

fn render(columns: &[Column]) -> String {
    let mut page = HEAD.to_owned();
    for kind in Kind::ALL {
        let _ = write!(page, "\n## {}\n\n{}", kind.title(), heading(columns));
        for name in kind.algorithms() {
            let row = Row { kind, name };
            let cells = columns.iter().map(|column| if column.works.contains(&row) { "works" } else { "–" });
            let _ = writeln!(page, "| `{name}` | {} |", cells.collect::<Vec<_>>().join(" | "));
        }
    }
    page
}

fn heading(columns: &[Column]) -> String {
    let names: Vec<String> = columns.iter().map(|column| column.software.replacen('_', " ", 1)).collect();
    let rule = "---|".repeat(columns.len() + 1);

    format!("| | {} |\n|{rule}\n", names.join(" | "))
}
