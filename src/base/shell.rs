//! Writes words so that sh, bash, zsh, fish and csh read the same words again.
//!
//! The one form all of them agree on: safe characters bare, everything else in single quotes, except three
//! characters that stand outside them behind a backslash: `'`, which ends the quotes; `\`, which fish interprets
//! inside them; `!`, which csh interprets inside them. A line break is beyond it: csh ends the quotes there and takes the
//! next line for a command, so that no login shell may get to see one (`fleet/leash.rs`).

/// One word, quoted where needed.
pub fn quote(word: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(word.len() + 2);
    push_quoted(&mut out, word);
    out
}

/// Appends one word.
pub fn push_quoted(out: &mut Vec<u8>, word: &[u8]) {
    if word.is_empty() {
        out.extend_from_slice(b"''");
    } else if word.starts_with(b"=") {
        // zsh puts the path of a program in place of `=name`.
        out.extend_from_slice(b"'='");
        push_bare_or_quoted(out, &word[1..]);
    } else {
        push_bare_or_quoted(out, word);
    }
}

/// Appends the rest of a word that has begun.
pub fn push_bare_or_quoted(out: &mut Vec<u8>, rest: &[u8]) {
    if rest.iter().copied().all(is_safe) {
        out.extend_from_slice(rest);
        return;
    }
    for run in rest.chunk_by(|a, b| !is_escaped(*a) && !is_escaped(*b)) {
        match run {
            [byte] if is_escaped(*byte) => out.extend_from_slice(&[b'\\', *byte]),
            run => {
                out.push(b'\'');
                out.extend_from_slice(run);
                out.push(b'\'');
            }
        }
    }
}

fn is_safe(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_-./,:@+=".contains(&byte)
}

fn is_escaped(byte: u8) -> bool {
    matches!(byte, b'\'' | b'\\' | b'!')
}
