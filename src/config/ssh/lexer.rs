//! One line of `ssh_config` taken apart as OpenSSH does it: `strdelim` for the keyword, `argv_split` for the rest.
//!
//! ssh2-config splits lines differently (it cuts `a#b` at the `#`, keeps quotes in lists, knows no `'`), so it is
//! only ever handed lines that [`quote`] has written.

/// A line that says something.
#[derive(Debug, PartialEq, Eq)]
pub struct Line<'a> {
    /// In lower case.
    pub keyword: String,
    /// Everything after the keyword and its separator, for directives that take the rest of the line as it is.
    pub rest: &'a str,
}

impl<'a> Line<'a> {
    /// `None` for an empty line or a comment.
    pub fn parse(line: &'a str) -> Option<Self> {
        let mut rest = line.trim_end_matches(|c| BLANK.contains(&c) || c == '\x0c').trim_start_matches(BLANK);
        let keyword = word(&mut rest)?;
        if keyword.is_empty() || keyword.starts_with('#') {
            return None;
        }
        Some(Self { keyword: keyword.to_ascii_lowercase(), rest: rest.trim_start_matches(BLANK) })
    }

    /// The rest of the line for directives that take a command or a list of hops; there OpenSSH skips any number of
    /// equals signs.
    pub fn command(&self) -> &'a str {
        self.rest.trim_start_matches(|c| BLANK.contains(&c) || c == '=')
    }

    /// The arguments: quotes and escapes resolved, a comment at the end left out.
    ///
    /// # Errors
    /// A quote that is not closed.
    pub fn args(&self) -> Result<Vec<String>, UnclosedQuote> {
        split(self.rest)
    }
}

/// A `"` or `'` without its partner.
#[derive(Debug, PartialEq, Eq)]
pub struct UnclosedQuote;

/// Takes the next word off `rest`: up to blanks, one `=` or, when it is quoted, the closing quote.
pub fn word<'a>(rest: &mut &'a str) -> Option<&'a str> {
    if rest.is_empty() {
        return None;
    }
    if let Some(quoted) = rest.strip_prefix('"') {
        let (word, after) = quoted.split_once('"')?;
        *rest = after.trim_start_matches(BLANK);
        return Some(word);
    }
    let end = rest.find(|c| BLANK.contains(&c) || c == '=' || c == '"').unwrap_or(rest.len());
    let (word, after) = rest.split_at(end);
    let after = after.trim_start_matches(BLANK);
    *rest = after.strip_prefix('=').map_or(after, |after| after.trim_start_matches(BLANK));
    Some(word)
}

/// `value` as one quoted argument, from which ssh2-config reads `value` again.
pub fn quote(value: &str) -> String {
    let mut quoted = String::with_capacity(value.len() + 2);
    quoted.push('"');
    for c in value.chars() {
        if matches!(c, '"' | '\\' | '\'') {
            quoted.push('\\');
        }
        quoted.push(c);
    }
    quoted.push('"');
    quoted
}

const BLANK: [char; 4] = [' ', '\t', '\r', '\n'];

fn split(rest: &str) -> Result<Vec<String>, UnclosedQuote> {
    let mut args = Vec::new();
    let mut chars = rest.chars().peekable();
    loop {
        while chars.next_if(|&c| c == ' ' || c == '\t').is_some() {}
        match chars.peek() {
            None | Some('#') => return Ok(args),
            Some(_) => args.push(argument(&mut chars)?),
        }
    }
}

fn argument(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Result<String, UnclosedQuote> {
    let mut arg = String::new();
    let mut open: Option<char> = None;
    while let Some(c) = chars.next() {
        match (open, c) {
            (None, ' ' | '\t') => return Ok(arg),
            (_, '\\') => match chars
                .next_if(|&next| matches!(next, '"' | '\'' | '\\') || open.is_none() && next == ' ')
            {
                Some(escaped) => arg.push(escaped),
                None => arg.push('\\'),
            },
            (None, '"' | '\'') => open = Some(c),
            (Some(quote), _) if quote == c => open = None,
            _ => arg.push(c),
        }
    }
    if open.is_some() { Err(UnclosedQuote) } else { Ok(arg) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn args(line: &str) -> Vec<String> {
        Line::parse(line).unwrap().args().unwrap()
    }

    #[test]
    fn keywords_end_at_blanks_or_one_equals_sign() {
        for line in
            ["User x", "user=x", " \tUSER\t=  x\r", "user \"x\"", "\"user\" x", "user x \x0c", "User = x #y"]
        {
            let parsed = Line::parse(line).unwrap();
            assert_eq!(
                (parsed.keyword.as_str(), parsed.args().unwrap()),
                ("user", vec!["x".to_owned()]),
                "{line}"
            );
        }
        assert_eq!(args("user==x"), ["=x"]);
        assert_eq!(Line::parse("user =").unwrap().rest, "");
        for nothing in ["", "  \r\n", "# User x", "\t#"] {
            assert_eq!(Line::parse(nothing), None);
        }
    }

    #[test]
    fn arguments_as_openssh_splits_them() {
        assert_eq!(
            args(r#"k "a b"c 'd e' f\ g a#b "" "x\"y" #z w"#),
            ["a bc", "d e", "f g", "a#b", "", "x\"y"]
        );
        assert_eq!(Line::parse("k \"a").unwrap().args(), Err(UnclosedQuote));
        assert_eq!(Line::parse("k a'").unwrap().args(), Err(UnclosedQuote));
    }

    #[test]
    fn the_rest_of_a_line_stays_as_it_is() {
        assert_eq!(Line::parse("ProxyCommand=a \"b\" # c \n").unwrap().command(), "a \"b\" # c");
        assert_eq!(Line::parse("ProxyCommand == a=b").unwrap().command(), "a=b");
    }

    proptest! {
        #[test]
        fn quoting_is_undone_by_splitting(value in "[^\n\r\0]*") {
            prop_assert_eq!(split(&quote(&value)), Ok(vec![value]));
        }

        #[test]
        fn no_line_panics(line in "\\PC*") {
            if let Some(line) = Line::parse(&line) {
                let _ = line.args();
            }
        }
    }
}
