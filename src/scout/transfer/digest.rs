//! SHA-256 of what a host has: by a program there, or else by reading it back. The program also brings what was written to
//! the disk: the SFTP server, which does one thing after the other, would answer nobody meanwhile.

use std::fmt;

use crate::base::limits::SHELL_NOISE_BYTES_MAX;
use crate::crypto::hash::SHA256_BYTES;
use crate::fleet::{Collected, Machine};
use crate::scout::script;

/// What a file holds there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Digest {
    pub sha256: [u8; SHA256_BYTES],
    pub by: By,
    /// It is on the disk, as far as was asked.
    pub is_synced: bool,
}

/// How it was found out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// A program of the host.
    Program(&'static str),
    ReadBack,
}

impl fmt::Display for By {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Program(name) => f.write_str(name),
            Self::ReadBack => f.write_str("reading it back"),
        }
    }
}

/// A part of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Span {
    Whole,
    /// As many bytes from the beginning.
    First(u64),
    /// Everything behind as many bytes.
    Behind(u64),
}

/// Programs that know SHA-256: of OpenSSL, of GNU and busybox, of Perl, of the BSDs. OpenSSL stands first as it asks the
/// processor for it, which coreutils do where they were built so only: a fifth of the time.
const PROGRAMS: [&str; 4] = ["openssl", "sha256sum", "shasum", "sha256"];

/// Says the sum of `$2` (`whole`, `first` or `behind`) and `$3` bytes of the file `$1`, and, where `$4` is `sync`, whether
/// it is on the disk. Its lines become one.
const SCRIPT: &str = r#"
p=$1;
case $p in /*) ;; *) p=./$p ;; esac;
sum() {
  case $t in
    openssl) openssl dgst -sha256 -r ;;
    sha256sum) sha256sum ;;
    shasum) shasum -a 256 ;;
    sha256) sha256 -q ;;
  esac;
};
[ "$4" != sync ] || sync "$p" 2>/dev/null &
for t in openssl sha256sum shasum sha256; do
  command -v $t >/dev/null 2>&1 || continue;
  case $2 in
    whole) d=$(sum <"$p") ;;
    first) d=$(head -c "$3" "$p" | sum) ;;
    behind) d=$(tail -c +$(($3 + 1)) "$p" | sum) ;;
  esac;
  case $d in "") continue ;; esac;
  wait $! && s=yes || s=no;
  printf '\001scout %s %s %s\n' $t "${d%% *}" $s;
  break;
done
"#;

/// By a program of the host; `None` where there is none that can tell. A program may stand in another root than SFTP
/// does, so that only a sum which is right says something. With `syncs` the file is brought to the disk.
pub(super) async fn by_program(machine: &Machine, path: &[u8], span: Span, syncs: bool) -> Option<Digest> {
    let (what, count) = match span {
        Span::Whole => ("whole", 0),
        Span::First(count) => ("first", count),
        Span::Behind(count) => ("behind", count),
    };
    let syncs = if syncs { "sync" } else { "no" };
    let command =
        script::command(&[path, what.as_bytes(), count.to_string().as_bytes(), syncs.as_bytes()], &[SCRIPT]);
    let mut output = Collected::up_to(SHELL_NOISE_BYTES_MAX as u64);
    machine.query(&command, &mut output).await.ok()?;
    parse(&output.stdout)
}

/// Start-up files of the shell may have printed something before.
fn parse(output: &[u8]) -> Option<Digest> {
    let output = String::from_utf8_lossy(output);
    let (_, line) = output.rsplit_once("\u{1}scout ")?;
    let mut words = line.trim_end().split(' ');
    let name = words.next()?;
    let name = PROGRAMS.into_iter().find(|known| *known == name)?;
    let sha256 = from_hex(words.next()?)?;
    Some(Digest { sha256, by: By::Program(name), is_synced: words.next() == Some("yes") })
}

fn from_hex(text: &str) -> Option<[u8; SHA256_BYTES]> {
    let mut sum = [0; SHA256_BYTES];
    if text.len() != 2 * SHA256_BYTES || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    for (byte, digits) in sum.iter_mut().zip(text.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()?;
    }
    Some(sum)
}

/// As programs show it.
pub(super) fn hex(sum: &[u8]) -> String {
    sum.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_found_behind_what_shells_print() {
        let sum = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
        let said = format!("Welcome!\n\u{1}scout sha256sum {sum} yes\n");
        let digest = parse(said.as_bytes()).unwrap();
        assert_eq!((hex(&digest.sha256).as_str(), digest.by), (sum, By::Program("sha256sum")));
        assert!(digest.is_synced && !parse(said.replace("yes", "no").as_bytes()).unwrap().is_synced);
        for other in
            ["", "\u{1}scout ", "\u{1}scout sha256sum \n", "\u{1}scout sha256sum 9f86\n", "Welcome!\n"]
        {
            assert_eq!(parse(other.as_bytes()), None, "{other:?}");
        }
        assert_eq!(parse(said.replace("sha256sum", "md5").as_bytes()), None);
    }
}
