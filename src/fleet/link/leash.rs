//! Ties a remote command to its channel: when the channel's input ends, so does the command.
//!
//! SSH has signals (RFC 4254 §6.9), but OpenSSH refuses them for root and for forced commands, dropbear sends them to
//! the shell alone, TinySSH to nobody. What every server does is to close the command's input when we do, or when the
//! connection is lost. So a watcher waits for that beside the command. It costs a fork; it has nothing to do and
//! leaves no trace when the command ends by itself.

use crate::base::shell::quote;

/// Runs in any POSIX `sh`; `$1` is the command line. One line, as csh cannot quote a line break.
///
/// When `sh` leads its process group, as under OpenSSH, the whole group is ended. Elsewhere the group is the server's
/// own, so only the children of `sh` are, the watcher (`$w`) spared.
const SCRIPT: &str = concat!(
    "exec 3<&0 </dev/null; ",
    "{ trap '' TERM; read _ <&3; w=$(exec sh -c 'echo $PPID'); ",
    "read -r _ _ _ _ g _ </proc/$$/stat || g=$(ps -o pgid= -p $$); ",
    "end() { if [ \"${g:-0}\" -eq $$ ]; then kill -s $1 -- -$$; else ",
    "for p in $(cat /proc/$$/task/$$/children || pgrep -P $$); do [ $p = $w ] || kill -s $1 $p; done; ",
    "kill -s $1 $$; fi; }; ",
    "end TERM; sleep 2; end KILL; } >/dev/null 2>&1 & ",
    "s=$1; shift; eval \"$s\"; c=$?; ",
    "{ kill -s KILL $!; wait $!; } 2>/dev/null; exit $c",
);

/// The command line that the login shell gets to see.
pub(super) fn tie(command: &[u8]) -> Vec<u8> {
    let words = [SCRIPT.as_bytes(), b"scout", command].map(quote);
    [b"exec sh -c ".as_slice(), &words.join(&b' ')].concat()
}
