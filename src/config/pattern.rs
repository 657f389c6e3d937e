//! Patterns of `ssh_config` and `known_hosts`: `*` and `?`, and comma lists with `!` (ssh_config(5), PATTERNS).

/// Whether `text` matches `pattern`. Linear in the pattern for each character of the text at worst: no pattern makes
/// it exponential.
pub fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut p, mut t) = (0, 0);
    // Where to go on when what follows the last `*` did not fit: that `*` takes one character more.
    let mut retry: Option<(usize, usize)> = None;
    while let Some(&have) = text.get(t) {
        match pattern.get(p) {
            Some(b'*') => {
                retry = Some((p + 1, t));
                p += 1;
            }
            Some(&want) if want == b'?' || want == have => {
                p += 1;
                t += 1;
            }
            _ => {
                let Some((after, from)) = retry else { return false };
                retry = Some((after, from + 1));
                p = after;
                t = from + 1;
            }
        }
    }
    pattern.iter().skip(p).all(|&rest| rest == b'*')
}

/// Whether a pattern is a plain name.
pub fn is_literal(pattern: &str) -> bool {
    !pattern.contains(['*', '?'])
}

/// What a list of patterns says about a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Match {
    /// A pattern fits and none excludes it.
    Yes,
    /// No pattern fits.
    No,
    /// A pattern with `!` fits: excluded whatever else fits.
    Excluded,
}

/// Matches a name against patterns, each of which may be negated by a leading `!`.
pub fn matches_list<'a>(patterns: impl IntoIterator<Item = &'a str>, text: &str) -> Match {
    let mut found = Match::No;
    for pattern in patterns {
        match pattern.strip_prefix('!') {
            Some(negated) if matches(negated, text) => return Match::Excluded,
            Some(_) => {}
            None if matches(pattern, text) => found = Match::Yes,
            None => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn wildcards() {
        for (pattern, text) in
            [("*", ""), ("a*c", "abbc"), ("?", "x"), ("*.b.*", "a.b.b.c"), ("", ""), ("**", "z")]
        {
            assert!(matches(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [("?", ""), ("a", "A"), ("a*c", "abcd"), ("", "x"), ("*.b", "a.bc")] {
            assert!(!matches(pattern, text), "{pattern} {text}");
        }
    }

    #[test]
    fn a_negated_match_wins() {
        assert_eq!(matches_list(["*", "!a"], "a"), Match::Excluded);
        assert_eq!(matches_list(["!a"], "b"), Match::No);
        assert_eq!(matches_list(["!a", "?"], "b"), Match::Yes);
    }

    fn slow(pattern: &[u8], text: &[u8]) -> bool {
        match (pattern.split_first(), text.split_first()) {
            (None, None) => true,
            (Some((b'*', rest)), _) => {
                slow(rest, text) || text.split_first().is_some_and(|(_, t)| slow(pattern, t))
            }
            (Some((want, rest)), Some((have, t))) => (*want == b'?' || want == have) && slow(rest, t),
            _ => false,
        }
    }

    proptest! {
        #[test]
        fn agrees_with_the_definition(pattern in "[ab*?]{0,8}", text in "[ab]{0,10}") {
            prop_assert_eq!(matches(&pattern, &text), slow(pattern.as_bytes(), text.as_bytes()));
        }
    }
}
