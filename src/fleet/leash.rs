//! Ties a command to its input: when the input ends, so does the command.
//!
//! SSH has signals (RFC 4254 §6.9), but OpenSSH refuses them for root and for forced commands, dropbear sends them to
//! the shell alone, TinySSH to nobody. What every server does is to close the command's input when we do, or when the
//! connection is lost; on this machine the kernel does it when we die. So a watcher waits for that beside the command.
//! It costs a fork; it has nothing to do and leaves no trace when the command ends by itself.

use crate::base::limits::COMMAND_LINE_BYTES_MAX;
use crate::base::shell::quote;
use crate::base::{Error, Kind, Result};

/// What may be set in the environment of users does not change what follows; the input is kept for us. `TERM` is for the
/// command: servers that send it to the shell alone would leave nobody to look after the command.
macro_rules! begin {
    () => {
        "set +eux; unset TMOUT; exec 3<&0 </dev/null; trap '' TERM; "
    };
}
pub(super) use begin;

/// Ends what the shell `$$` has started, and the shell, which ignores `TERM`: asks first.
///
/// When `sh` leads its process group, as under OpenSSH, the whole group is ended. Elsewhere the group is the server's
/// own, so only what descends from `sh` is, the process `$w` spared that runs this: a child of the shell.
macro_rules! end_all {
    () => {
        concat!(
            "w=$(exec sh -c 'echo $PPID'); ",
            "read -r _ _ _ _ g _ </proc/$$/stat || g=$(ps -o pgid= -p $$); ",
            "kids() { cat /proc/$1/task/$1/children || pgrep -P $1; }; ",
            "tree() { for p in $(kids $1); do [ $p = $w ] || { (tree $p $2); kill -s $2 $p; }; done; }; ",
            "finish() { if [ \"${g:-0}\" -eq $$ ]; then kill -s $1 -- -$$; else tree $$ $1; kill -s $1 $$; fi; }; ",
            "finish TERM; sleep 2; finish KILL;",
        )
    };
}
pub(super) use end_all;

/// Runs in any POSIX `sh`; `$1` is the command line. One line, as csh cannot quote a line break. The command gets a
/// subshell: the watcher must not be a job it could wait for, nor its jobs be taken for the watcher.
const SCRIPT: &str = concat!(
    begin!(),
    "{ read _ <&3; ",
    end_all!(),
    " } >/dev/null 2>&1 & ",
    "scout_watcher=$!; (trap - TERM; eval \"$1\") 3<&-; set -- $?; ",
    "{ kill -s KILL $scout_watcher; wait $scout_watcher; } 2>/dev/null; exit $1",
);

/// The arguments with which `sh` runs a command line on a leash.
///
/// Errors: it is too long for one argument.
pub fn arguments(command: &[u8]) -> Result<[&[u8]; 4]> {
    check_length(command)?;
    Ok(words(command))
}

fn words(command: &[u8]) -> [&[u8]; 4] {
    [b"-c", SCRIPT.as_bytes(), b"scout", command]
}

/// A line that makes any login shell run a command line on a leash. It holds no line break: csh reads none inside quotes,
/// and would run what stands behind one as a command of its own.
///
/// Errors: it would be too long: the server hands it to the shell as one argument.
pub fn for_login_shell(command: &[u8]) -> Result<Vec<u8>> {
    let words = if command.contains(&b'\n') {
        let script = [DECODE.as_bytes(), SCRIPT.as_bytes()].concat();
        [b"-c".as_slice(), &script, b"scout", &encoded(command)].map(quote)
    } else {
        words(command).map(quote)
    };
    let line = [b"exec sh ".as_slice(), &words.join(&b' ')].concat();
    check_length(&line)?;
    Ok(line)
}

fn check_length(line: &[u8]) -> Result<()> {
    if line.len() <= COMMAND_LINE_BYTES_MAX {
        return Ok(());
    }
    let text = format!(
        "Command too long: {} bytes once it is quoted for the host's shell, at most {COMMAND_LINE_BYTES_MAX}",
        line.len()
    );
    Err(Error::new(Kind::TooLarge, text))
}

/// Makes of an [encoded] `$1` what it was; a mark keeps line breaks at its end from being dropped.
const DECODE: &str = "set -- \"$(printf %b_ \"$1\")\"; set -- \"${1%_}\"; ";

/// As `printf %b` decodes it.
fn encoded(command: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(command.len() + 8);
    for byte in command {
        match byte {
            b'\\' => out.extend_from_slice(br"\\"),
            b'\n' => out.extend_from_slice(br"\n"),
            byte => out.push(*byte),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_has_a_line_break() {
        for command in [&b"ls"[..], b"cd 'a\nb' && ls", b"\n", b"a\\\nb\n"] {
            assert!(!for_login_shell(command).unwrap().contains(&b'\n'));
        }
        assert_eq!(encoded(b"a\\nb\nc"), br"a\\nb\nc");
    }
    #[test]
    fn what_counts_is_how_long_a_line_is_once_it_is_quoted() {
        let quotes = |count| for_login_shell(&b"'".repeat(count)).map(|line| line.len());
        assert!(quotes(32 * 1024).unwrap() < COMMAND_LINE_BYTES_MAX);
        let error = quotes(64 * 1024).unwrap_err();
        assert!(error.message().ends_with("quoted for the host's shell, at most 131071"), "{error}");
        assert!(arguments(&b"'".repeat(64 * 1024)).is_ok());
        assert!(arguments(&b"'".repeat(128 * 1024)).is_err());
    }
}
