//! What becomes of requests good and bad, compared with what hyper makes of the same bytes. Where the two differ, the
//! table says why ours is meant.

#![allow(clippy::unwrap_used)]

mod hyper;
mod ours;
mod table;

use table::{Case, TABLE};

/// The statuses of the answers in the order in which they came, 100 included.
type Verdict = Vec<u16>;

fn statuses(said: &[u8]) -> Verdict {
    let text = String::from_utf8_lossy(said);
    let lines = text.lines().filter_map(|line| line.strip_prefix("HTTP/1."));
    lines.filter_map(|line| line.get(2..5)?.parse().ok()).collect()
}

#[test]
fn verdicts_are_those_of_the_table() {
    let wrong: Vec<_> = TABLE
        .iter()
        .filter_map(|case| {
            let Case { bytes, ours, hyper, .. } = case;
            let seen = (ours::verdict(bytes.as_bytes()), hyper::verdict(bytes.as_bytes()));
            let is_right = seen.0 == *ours && seen.1 == *hyper;
            (!is_right).then(|| format!("{bytes:?}: {seen:?} instead of {:?}", (ours, hyper)))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_difference_has_its_reason() {
    for case in TABLE {
        assert_eq!(case.ours != case.hyper, !case.why.is_empty(), "{:?}", case.bytes);
    }
    let taken = |verdict: &[u16]| verdict.iter().filter(|status| **status == 200).count();
    assert!(TABLE.iter().all(|case| taken(case.ours) <= taken(case.hyper)), "hyper refuses what we take");
}
