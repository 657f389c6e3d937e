//! What is known of a host beyond the life of a connection. One for each host that was ever dialled.

use std::cell::Cell;

/// See the module's documentation.
#[derive(Debug, Default)]
pub struct Memory {
    /// It refuses SFTP, hangs up when asked for it, or has no room for it besides commands.
    pub(super) lacks_sftp: Cell<bool>,
    /// A connection serves one session and no other after it (TinySSH).
    pub(super) serves_one_session: Cell<bool>,
}
