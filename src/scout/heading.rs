//! Headings between answers that are told one behind the other.

/// How wide a heading is, in characters.
const CHARS: usize = 60;

/// Above an answer.
pub(super) fn of(title: &str) -> String {
    let heading = format!("═══ {title} ");
    let rest = CHARS.saturating_sub(heading.chars().count());
    format!("{heading}{}\n", "═".repeat(rest))
}

/// Above the reason why there is none. As long as the other where the mark has ten letters, which it almost has.
pub(super) fn of_failure(title: &str) -> String {
    let heading = format!("═══ {title} ");
    let rest = (CHARS - 10).saturating_sub(heading.chars().count());
    format!("{heading}[FAILED] {}\n", "═".repeat(rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_are_as_wide_as_the_page() {
        assert_eq!(of("h1:/x"), format!("═══ h1:/x {}\n", "═".repeat(50)));
        assert_eq!(of_failure("h1:/x"), format!("═══ h1:/x [FAILED] {}\n", "═".repeat(40)));
        let long = "x".repeat(100);
        assert_eq!(of(&long), format!("═══ {long} \n"));
        assert_eq!(of_failure(&long), format!("═══ {long} [FAILED] \n"));
    }
}
