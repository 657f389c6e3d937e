//! What went wrong lately, by the logs.

use super::{Argument, GROUPED, Given, HOSTS, Prompt, UNREACHED};
use crate::config::Scope;
use crate::mcp::catalog::completion::Values;
use crate::mcp::catalog::tools::Invalid;

pub const PROMPT: Prompt = Prompt {
    name: "find_errors",
    title: "Find errors in logs",
    description: "What the logs of hosts say about errors of the last minutes, hours or days.",
    arguments: &[
        HOSTS,
        Argument {
            name: "since",
            title: "Since",
            description: "How far back: minutes, hours or days, such as 30m, 2h or 1d. An hour if left out.",
            is_required: false,
            values: Values::OneOf(&["10m", "30m", "1h", "2h", "6h", "12h", "1d", "7d"]),
        },
        Argument {
            name: "directory",
            title: "Directory",
            description: "Where the logs are. /var/log if left out.",
            is_required: false,
            values: Values::Path,
        },
    ],
    scope: Scope::Command,
    write,
};

fn write(given: &Given<'_>) -> Result<String, Invalid> {
    let since = given.text("since")?.unwrap_or_else(|| "1h".to_owned());
    let minutes = minutes(&since).ok_or_else(|| {
        Invalid(
            "Argument 'since' must be a number of minutes, hours or days, such as 30m, 2h or 1d".to_owned(),
        )
    })?;
    let directory = given.text("directory")?.unwrap_or_else(|| "/var/log".to_owned());
    let written = given.everywhere(&directory, Some(&format!("find . -type f -mmin -{minutes}")));
    let grep = given.example(&directory, GREP);
    Ok(format!(
        "Find out what went wrong on hosts in the last {since}.\n\n\
         1. Call the tool `scout` with this, which names the logs that were written to:\n{written}\n{GROUPED}\n\n\
         2. For every such log that is text (no journal, wtmp, btmp, lastlog, nor anything compressed), all at once, in \
         this way, with the name of the log in the place of LOG:\n{grep}\n\n\
         3. Leave out lines from before that time. Put lines together that say the same, with how often, when first and \
         when last. Look at the lines around a new kind of error: `grep -n -B 5 -A 5`.\n\
         4. Report by cause rather than by file: what failed, on which hosts, since when, how it may hang together across \
         hosts, and what to look at next. Quote the lines that show it.\n\n{UNREACHED}"
    ))
}

const GREP: &str = "grep -anEi 'error|fail|fatal|panic|critical|denied|refused|timed out|out of memory|segfault' LOG | tail -n 100";

fn minutes(text: &str) -> Option<u32> {
    let (number, minutes) = match text.char_indices().next_back()? {
        (at, 'm') => (&text[..at], 1),
        (at, 'h') => (&text[..at], 60),
        (at, 'd') => (&text[..at], 24 * 60),
        _ => return None,
    };
    number.parse::<u32>().ok()?.checked_mul(minutes).filter(|minutes| *minutes > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_units() {
        for (text, read) in [
            ("30m", Some(30)),
            ("2h", Some(120)),
            ("7d", Some(10_080)),
            ("0m", None),
            ("h", None),
            ("90", None),
            ("-1h", None),
            ("4000000d", None),
            ("1\u{b5}", None),
            ("", None),
        ] {
            assert_eq!(minutes(text), read, "{text}");
        }
    }
}
