//! Writes the words of commands and the paths of directories so that a shell reads the same ones again.

use super::lexer::{Word, is_user};
use crate::base::shell::{push_bare_or_quoted, push_quoted};

/// A path as one word. A leading `~` or `~user` is left to the remote shell; a leading `-` is kept from looking like
/// an option.
pub fn quote_path(path: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(path.len() + 4);
    match split_home(path) {
        Some((user, rest)) => push_home(&mut out, user, rest),
        None => {
            if path.starts_with(b"-") {
                out.extend_from_slice(b"./");
            }
            push_quoted(&mut out, path);
        }
    }
    out
}

/// `cd` to a directory that is absolute, relative to the login directory, or begins with `~` or `~user`.
pub(super) fn change_directory(directory: &[u8]) -> Vec<u8> {
    let mut out = b"cd ".to_vec();
    if directory.starts_with(b"/") || split_home(directory).is_some() {
        out.extend(quote_path(directory));
    } else {
        // A bare relative name would be looked up in CDPATH, too, and `-` means the directory before.
        out.extend_from_slice(b"./");
        push_bare_or_quoted(&mut out, directory);
    }
    out
}

/// The words of one command.
pub(super) fn words(words: &[Word]) -> Vec<u8> {
    let mut out = Vec::new();
    for word in words {
        if !out.is_empty() {
            out.push(b' ');
        }
        match word {
            Word::Literal(text) => push_quoted(&mut out, text.as_bytes()),
            Word::Home { user, rest } => push_home(&mut out, user, rest.as_ref().map(String::as_bytes)),
        }
    }
    out
}

/// The user and what follows the slash, when shells would put a home directory in place of the beginning of `path`.
fn split_home(path: &[u8]) -> Option<(&str, Option<&[u8]>)> {
    let after = path.strip_prefix(b"~")?;
    let mut parts = after.splitn(2, |byte| *byte == b'/');
    let user = std::str::from_utf8(parts.next()?).ok().filter(|user| is_user(user))?;
    Some((user, parts.next()))
}

/// The `~`, the user and the slash stand outside all quotes, else they would not be special.
fn push_home(out: &mut Vec<u8>, user: &str, rest: Option<&[u8]>) {
    out.push(b'~');
    out.extend_from_slice(user.as_bytes());
    if let Some(rest) = rest {
        out.push(b'/');
        push_bare_or_quoted(out, rest);
    }
}
