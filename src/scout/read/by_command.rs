//! Parts of files by command: for hosts without SFTP, this machine, files that the kernel makes up, and lines far behind.

use std::ops::ControlFlow;

use super::lines::Cutter;
use super::part::{Cut, Part, Piece};
use crate::base::{Error, Kind, Result};
use crate::fleet::{Caller, Exit, Machine};
use crate::scout::paths::{is_directory, not_readable};
use crate::scout::script;
use crate::target::RemotePath;

/// Shows a part of the regular file at `$p` behind its size: `$2` says of what kind, `$3` and `$4` which, `$5` how many
/// bytes of it at most.
const SCRIPT: &str = r#"
if [ -f "$p" ]; then
  if [ -r "$p" ]; then
    say "file $(LC_ALL=C ls -dlnL "$p" | { read -r _ _ _ _ s _; echo "$s"; })";
    case $2 in
      bytes) if [ "$3" = 1 ]; then head -c "$5" "$p"; else tail -c "+$3" "$p" | head -c "$5"; fi ;;
      head) head -n "$3" "$p" | head -c "$5" ;;
      tail) tail -n "$3" "$p" | tail -c "$5" ;;
      lines) tail -n "+$3" "$p" | head -n "$4" | head -c "$5" ;;
    esac;
  else say denied; fi;
elif [ -d "$p" ]; then say dir;
elif [ -c "$p" ] || [ -b "$p" ]; then say device;
else say_other; fi
"#;

/// A part of a regular file, up to a limit in bytes.
///
/// Errors: the path is missing, forbidden or no regular file; the host has no usable shell, or takes too long.
pub(super) async fn part(
    caller: &Caller,
    machine: &Machine,
    path: &RemotePath,
    part: Part,
    limit: u64,
) -> Result<Piece> {
    let most = usize::try_from(limit.saturating_add(1)).unwrap_or(usize::MAX);
    let mut data = Vec::new();
    let mut keep = |_: &str, bytes: &[u8]| {
        let room = most - data.len();
        data.extend_from_slice(&bytes[..room.min(bytes.len())]);
        if bytes.len() > room { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let words = words(part, limit);
    let words = words.each_ref().map(String::as_str);
    let asked = script::ask(machine, path, &words, SCRIPT, &mut keep);
    let timeout = caller.settings().command_timeout;
    let late = || {
        let text = format!("{path} gave nothing to read for {}s", timeout.as_secs_f64());
        Err(Error::new(Kind::CommandTimeout, text))
    };
    let told = caller.within(timeout, asked, late).await?;
    let size = match told.word.split_once(' ') {
        Some(("file", size)) => size.parse().ok().filter(|size| *size > 0),
        _ if told.word == "dir" => return Err(is_directory(path)),
        _ if told.word == "device" => return Err(not_readable(path, "a device")),
        _ => return Err(told.refusal(path)),
    };
    match told.exit {
        Exit::Code(0) | Exit::Stopped => Ok(piece(part, data, size, limit)),
        _ => Err(Error::new(Kind::Remote, format!("Cannot read {path}: {}", told.complaint()))),
    }
}

/// The script's arguments. One line or byte more than wanted tells whether the file goes on.
fn words(part: Part, limit: u64) -> [String; 4] {
    let most = limit.saturating_add(1);
    let (kind, first, count, bytes) = match part {
        Part::Bytes { offset, length } => {
            let wanted = length.unwrap_or(limit).min(limit);
            ("bytes", offset.saturating_add(1), 0, wanted.saturating_add(1))
        }
        Part::Head(lines) => ("head", lines.saturating_add(1), 0, most),
        Part::Tail(lines) => ("tail", lines, 0, most),
        Part::Lines { first, .. } => ("lines", first.get(), lines(part).saturating_add(1), most),
    };
    [kind.to_owned(), first.to_string(), count.to_string(), bytes.to_string()]
}

/// How many lines are wanted.
fn lines(part: Part) -> u64 {
    match part {
        Part::Bytes { .. } => u64::MAX,
        Part::Head(lines) | Part::Tail(lines) => lines,
        Part::Lines { first, last } => last.saturating_sub(first.get() - 1),
    }
}

/// What the script's output is.
fn piece(part: Part, mut data: Vec<u8>, size: Option<u64>, limit: u64) -> Piece {
    if let Part::Tail(_) = part {
        let more = data.len().saturating_sub(usize::try_from(limit).unwrap_or(usize::MAX));
        data.drain(..more);
        let offset = size.map(|size| size.saturating_sub(data.len() as u64));
        let cut = (more > 0).then_some(Cut::Beginning(limit));
        return Piece { data, offset, size, goes_on: false, cut };
    }
    let (offset, most, may_cut) = match part {
        Part::Bytes { offset, length } => {
            (Some(offset), length.unwrap_or(limit).min(limit), length.is_none_or(|length| length > limit))
        }
        Part::Lines { first, .. } if first.get() > 1 => (None, limit, true),
        _ => (Some(0), limit, true),
    };
    let mut cutter = Cutter::new(0, lines(part), most);
    let is_through = cutter.take(&data);
    let goes_on = cutter.is_cut || !is_through;
    let cut = (cutter.is_cut && may_cut).then_some(Cut::End(limit));
    Piece { data: cutter.data, offset, size, goes_on, cut }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU64;

    use super::*;

    #[test]
    fn one_more_tells_whether_the_file_goes_on() {
        let first = NonZeroU64::new(7).unwrap();
        for (part, output, kept, goes_on, cut) in [
            (Part::Bytes { offset: 5, length: Some(3) }, "abcd", "abc", true, None),
            (Part::Bytes { offset: 5, length: Some(3) }, "abc", "abc", false, None),
            (Part::Bytes { offset: 0, length: None }, "abcdefghijk", "abcdefghij", true, Some(Cut::End(10))),
            (
                Part::Bytes { offset: 0, length: Some(11) },
                "abcdefghijk",
                "abcdefghij",
                true,
                Some(Cut::End(10)),
            ),
            (Part::Head(2), "a\nb\nc\n", "a\nb\n", true, None),
            (Part::Head(2), "a\nb\n", "a\nb\n", false, None),
            (Part::Tail(2), "a\nb", "a\nb", false, None),
            (Part::Tail(2), "abcdefghijk", "bcdefghijk", false, Some(Cut::Beginning(10))),
            (Part::Lines { first, last: 7 }, "a\nb\n", "a\n", true, None),
            (Part::Lines { first, last: 6 }, "a\n", "", true, None),
            (Part::Lines { first, last: 9 }, "abcdefghijk", "abcdefghij", true, Some(Cut::End(10))),
        ] {
            let piece = piece(part, output.into(), None, 10);
            let seen = (String::from_utf8(piece.data).unwrap(), piece.goes_on, piece.cut);
            assert_eq!(seen, (kept.to_owned(), goes_on, cut), "{part:?} of {output:?}");
        }
    }
}
