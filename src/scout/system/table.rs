//! Tables that programs print for people: a line of headings, and cells below them.

use super::shown::Rows;

/// Reads a table whose columns are aligned to the left, with two blanks or more between headings, as `kubectl` prints it.
pub fn aligned(text: &str) -> Rows {
    // Of several tables the first, which ends with an empty line.
    let mut lines = text.trim_start_matches('\n').lines().take_while(|line| !line.trim().is_empty());
    let Some(head) = lines.next() else { return Rows::default() };
    let starts = starts(head);
    let row = |line: &str| cells(line, &starts);
    Rows {
        columns: row(head).into_iter().map(|name| name.to_ascii_lowercase().replace(' ', "_")).collect(),
        rows: lines.map(row).collect(),
    }
}

/// Splits a line into this many words and the rest. `None` where there are fewer words.
pub fn words<const N: usize>(line: &str) -> Option<([&str; N], &str)> {
    let mut words = [""; N];
    let mut rest = line.trim_start();
    for word in &mut words {
        let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
        *word = rest.get(..end).filter(|word| !word.is_empty())?;
        rest = rest[end..].trim_start();
    }
    Some((words, rest.trim_end()))
}

/// Where columns begin, in characters.
fn starts(head: &str) -> Vec<usize> {
    let chars: Vec<char> = head.chars().collect();
    let is_blank = |at: usize| chars[at] == ' ';
    let begins = |at: &usize| {
        let is_behind_gap = || *at > 1 && is_blank(at - 1) && is_blank(at - 2);
        !is_blank(*at) && (*at == 0 || is_behind_gap())
    };
    (0..chars.len()).filter(begins).collect()
}

fn cells(line: &str, starts: &[usize]) -> Vec<String> {
    let chars: Vec<char> = line.chars().collect();
    let end = |index: usize| starts.get(index + 1).copied().unwrap_or(chars.len()).min(chars.len());
    let cell = |(index, start): (usize, &usize)| {
        let cell = chars.get(*start..end(index)).unwrap_or_default();
        cell.iter().collect::<String>().trim().to_owned()
    };
    starts.iter().enumerate().map(cell).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn columns_stand_below_their_headings() {
        let rows = aligned(
            "NAME    READY   NOMINATED NODE   AGE\nweb-0   1/1     <none>           2d3h\nd\u{e9}b             <none>\n",
        );
        assert_eq!(rows.columns, ["name", "ready", "nominated_node", "age"]);
        assert_eq!(rows.rows[0], ["web-0", "1/1", "<none>", "2d3h"]);
        assert_eq!(rows.rows[1], ["d\u{e9}b", "", "<none>", ""]);
        assert_eq!(aligned("\n"), Rows::default());
        assert_eq!(aligned("\nA   B\n1   2\n\nC\n3\n").rows, [["1", "2"]]);
    }

    #[test]
    fn words_and_the_rest() {
        assert_eq!(words::<2>("  a  b c  d "), Some((["a", "b"], "c  d")));
        assert_eq!(words::<2>("a b"), Some((["a", "b"], "")));
        assert_eq!(words::<2>("a "), None);
    }

    proptest! {
        #[test]
        fn never_panics(text in "[A-Z a\u{e9}\n\t]{0,60}") {
            let rows = aligned(&text);
            prop_assert!(rows.rows.iter().all(|row| row.len() == rows.columns.len()));
            words::<3>(&text);
        }
    }
}
