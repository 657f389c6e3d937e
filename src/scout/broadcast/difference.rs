//! How one answer differs from another, where that is worth telling. Pure.

use super::super::diff::unified;

/// A unified diff between two texts, each with its name; `None` when it shows nothing, or is no shorter than the second
/// text.
pub fn between(before: (&str, &str), after: (&str, &str)) -> Option<String> {
    let text = unified(before, after, usize::MAX);
    (text.contains("\n@@ ") && text.len() < after.1.len()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_is_told_where_that_is_shorter() {
        let lines = |changed: usize| -> String {
            (0..20)
                .map(|n| if n == changed { format!("other {n}\n") } else { format!("line {n}\n") })
                .collect()
        };
        let told = between(("a:/x", &lines(99)), ("b:/x", &lines(9))).unwrap();
        assert!(told.starts_with("--- a:/x\n+++ b:/x\n@@ -7,7 +7,7 @@\n"), "{told}");
        assert!(told.contains("\n-line 9\n+other 9\n"), "{told}");
        assert_eq!(between(("a", "one\n"), ("b", "two\n")), None);
        assert_eq!(between(("a", &lines(1)), ("b", &lines(1))), None);
    }
}
