//! A command line as it may be shown to others: what follows a name that sounds like a secret is left out.

/// Words in the names of variables and options whose values are nobody's business.
const TELLING: [&str; 6] = ["key", "token", "secret", "passw", "passphrase", "authorization"];
/// What stands for them.
const MASK: &str = "***";

/// The words of a command line without their secrets, and those of command lines among them.
pub fn without_secrets(words: impl Iterator<Item = String>) -> Vec<String> {
    let mut is_next_secret = false;
    words
        .map(|word| {
            let shown = match std::mem::take(&mut is_next_secret) {
                true => MASK.to_owned(),
                false => masked(&word),
            };
            is_next_secret = !word.contains(char::is_whitespace) && names_secret(&word);
            shown
        })
        .collect()
}

/// One argument, which may be a command line by itself.
fn masked(argument: &str) -> String {
    let mut is_next_secret = false;
    let words = argument.split(' ').map(|word| {
        let shown = match std::mem::take(&mut is_next_secret) {
            true => MASK.to_owned(),
            false => masked_word(word),
        };
        is_next_secret = names_secret(word);
        shown
    });
    words.collect::<Vec<_>>().join(" ")
}

/// `NAME=value`, and what stands behind the `?` of an address.
fn masked_word(word: &str) -> String {
    if let Some((address, _)) = word.split_once('?').filter(|(address, _)| address.contains("://")) {
        return format!("{address}?{MASK}");
    }
    match word.split_once('=') {
        Some((name, _)) if sounds_secret(name) => format!("{name}={MASK}"),
        _ => word.to_owned(),
    }
}

/// Whether the next word is a secret: `--token`.
fn names_secret(word: &str) -> bool {
    word.starts_with("--") && !word.contains('=') && sounds_secret(word)
}

/// A file with a secret, or a command that prints it, is none.
fn sounds_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let is_elsewhere = ["file", "command", "hosts"].iter().any(|end| name.ends_with(end));
    !is_elsewhere && TELLING.iter().any(|word| name.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_left_out_and_nothing_else() {
        for (line, shown) in [
            ("bench|run|--hosts|web*", "bench|run|--hosts|web*"),
            ("--api-key-file|/k", "--api-key-file|/k"),
            ("--token|x|--hosts|y", "--token|***|--hosts|y"),
            ("--api-key=x", "--api-key=***"),
            (
                "--command|env API_KEY=x DEBUG=1 server --password y -v",
                "--command|env API_KEY=*** DEBUG=1 server --password *** -v",
            ),
            ("--command|ssh-mcp --password=y", "--command|ssh-mcp --password=***"),
            ("--url|http://web1/mcp?token=x", "--url|http://web1/mcp?***"),
            ("--known-hosts|/f", "--known-hosts|/f"),
        ] {
            let words = line.split('|').map(str::to_owned);
            assert_eq!(without_secrets(words).join("|"), shown);
        }
    }
}
