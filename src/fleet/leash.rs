//! Ties a command to its input: when the input ends, so does the command.
//!
//! SSH has signals (RFC 4254 §6.9), but OpenSSH refuses them for root and for forced commands, dropbear sends them to
//! the shell alone, TinySSH to nobody. What every server does is to close the command's input when we do, or when the
//! connection is lost; on this machine the kernel does it when we die. So a watcher waits for that beside the command. It costs a fork; it has nothing to do and
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
    "s=$1; shift; eval \"$s\" 3<&-; c=$?; ",
    "{ kill -s KILL $!; wait $!; } 2>/dev/null; exit $c",
);

/// The arguments with which `sh` runs a command line on a leash.
pub fn arguments(command: &[u8]) -> [&[u8]; 4] {
    [b"-c", SCRIPT.as_bytes(), b"scout", command]
}

/// A line that makes any login shell run a command line on a leash.
pub fn for_login_shell(command: &[u8]) -> Vec<u8> {
    [b"exec sh ".as_slice(), &arguments(command).map(quote).join(&b' ')].concat()
}
