//! What differs between two texts, as `diff -u` shows it. However they differ, it takes no longer than its time.

use std::fmt::Write;

use similar::{Algorithm, TextDiff};

use crate::base::limits::{DIFF_CONTEXT_LINES, DIFF_LINES_MAX, DIFF_TIME_MAX};

/// The differences, under the names of both; cut after so many bytes at the end of a line, and marked. Of longer texts only
/// so many lines are compared.
pub fn unified(old: (&str, &str), new: (&str, &str), bytes_max: usize) -> String {
    let mut text = format!("--- {}\n+++ {}\n", old.0, new.0);
    let (was, is) = (compared(old.1), compared(new.1));
    // Out of time, it takes what is left for one large difference.
    let diff = TextDiff::configure().algorithm(Algorithm::Myers).timeout(DIFF_TIME_MAX).diff_lines(was, is);
    let mut is_cut = false;
    for hunk in diff.unified_diff().context_radius(DIFF_CONTEXT_LINES).iter_hunks() {
        text.push_str(&hunk.to_string());
        is_cut = text.len() > bytes_max;
        if is_cut {
            let end = text.floor_char_boundary(bytes_max);
            text.truncate(text[..end].rfind('\n').unwrap_or(end));
            break;
        }
    }
    text.truncate(text.trim_end_matches('\n').len());
    if is_cut {
        let _ = write!(text, "\n\n[truncated at {bytes_max} bytes]");
    }
    if was.len() < old.1.len() || is.len() < new.1.len() {
        let _ = write!(text, "\n\n[compared only the first {DIFF_LINES_MAX} lines]");
    }
    text
}

/// As much of a text as is compared.
fn compared(text: &str) -> &str {
    let end = memchr::memchr_iter(b'\n', text.as_bytes()).nth(DIFF_LINES_MAX - 1);
    end.map_or(text, |end| &text[..=end])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::time::{Duration, now};

    #[test]
    fn looks_as_diff_prints_it() {
        let (old, new) = ("1\n2\n3\n4\n5\n6\n7\n8\n", "1\n2\n3\n4\nfive\n6\n7\n8\n");
        let text = "--- expected\n+++ /p\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8";
        assert_eq!(unified(("expected", old), ("/p", new), 1000), text);
        let text = "--- a\n+++ b\n@@ -1 +1 @@\n-x\n+x\n\\ No newline at end of file";
        assert_eq!(unified(("a", "x\n"), ("b", "x"), 1000), text);
        assert_eq!(unified(("a", ""), ("b", "x\n"), 1000), "--- a\n+++ b\n@@ -0,0 +1 @@\n+x");
    }

    #[test]
    fn a_long_one_ends_with_a_whole_line_and_a_mark() {
        let new = "0123456\n".repeat(100);
        let text = unified(("a", ""), ("b", &new), 50);
        assert!(text.starts_with("--- a\n+++ b\n@@ -0,0 +1,100 @@\n+0123456\n"), "{text}");
        assert!(text.ends_with("+0123456\n\n[truncated at 50 bytes]"), "{text}");
    }

    #[test]
    fn texts_that_have_nothing_in_common_take_no_longer_than_others() {
        // Lines that come again and again in another order are the worst there is.
        let lines = |seed: u64| -> String {
            let next = |n: &u64| Some(n.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(seed));
            let numbers = std::iter::successors(Some(seed), next).take(DIFF_LINES_MAX + 1);
            numbers.map(|n| format!("{}\n", n >> 54)).collect()
        };
        let (old, new, begun) = (lines(1), lines(3), now());
        let text = unified(("a", &old), ("b", &new), 1000);
        // It would be minutes.
        assert!(now() - begun < Duration::from_secs(5), "{:?}", now() - begun);
        assert!(
            text.ends_with("[truncated at 1000 bytes]\n\n[compared only the first 100000 lines]"),
            "{text}"
        );
    }
}
