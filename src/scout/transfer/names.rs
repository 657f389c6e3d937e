//! What a file is called while it is written: `.NAME.scout-1a2b3c4d`, beside its target, so that renaming it is one step.

use crate::base::limits::TRANSFER_MARK_BYTES;
use crate::crypto::hash::sha256;
use crate::crypto::random;

/// What file systems allow for a name, in bytes.
const NAME_BYTES_MAX: usize = 255;
const INFIX: &str = ".scout-";

/// For a transfer that is not to be gone on with: another name each time.
pub(super) fn fresh(name: &str) -> String {
    marked(name, random::array())
}

/// The name that a transfer of the same source to the same target has as well.
pub(super) fn lasting(name: &str, source: &str) -> String {
    let digest = sha256(&[b"scout transfer\0", source.as_bytes()]);
    let mut mark = [0; TRANSFER_MARK_BYTES];
    mark.copy_from_slice(&digest[..TRANSFER_MARK_BYTES]);
    marked(name, mark)
}

fn marked(name: &str, mark: [u8; TRANSFER_MARK_BYTES]) -> String {
    let mark = u32::from_be_bytes(mark);
    let room = NAME_BYTES_MAX - 1 - INFIX.len() - 2 * TRANSFER_MARK_BYTES;
    let kept = (0..=name.len().min(room)).rev().find(|end| name.is_char_boundary(*end)).unwrap_or_default();
    format!(".{}{INFIX}{mark:08x}", &name[..kept])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_hidden_and_tell_transfers_apart() {
        let (one, other) = (fresh("notes"), fresh("notes"));
        assert!(one.starts_with(".notes.scout-") && one.len() == ".notes.scout-12345678".len());
        assert_ne!(one, other);
        assert_eq!(lasting("notes", "h1:/a"), lasting("notes", "h1:/a"));
        assert_ne!(lasting("notes", "h1:/a"), lasting("notes", "h2:/a"));
    }

    #[test]
    fn no_name_is_too_long() {
        let long = "é".repeat(127);
        let name = fresh(&long);
        assert!(name.len() <= NAME_BYTES_MAX && name.len() >= NAME_BYTES_MAX - 1, "{}", name.len());
    }
}
