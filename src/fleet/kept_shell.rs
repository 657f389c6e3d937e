//! A shell on a host that is kept for several commands: they need no session of their own, and neither sshd nor a login
//! shell has to start for them.
//!
//! The first command comes with the shell, the others as lines of its input, one at a time. Each runs in a process of its
//! own, so that nothing of it is left for the next: neither directory nor variables nor open files. Its output goes the
//! way of any command's, and its end is told in band: a mark on either stream, which holds a number that no content can
//! know. When the input ends, so does everything that runs (as on a [leash](super::leash)): for that the shell listens
//! while its command runs, and does not wait for it.
//!
//! Only for commands that may run twice, as whatever goes wrong with the shell, they are run again without it; and that leave
//! nothing running, which would print into the next one's output.

use std::ops::ControlFlow;

use super::leash::{begin, end_all};
use super::machine::Sink;
use crate::base::limits::{KEPT_SHELL_LINE_BYTES_MAX, SHELL_NOISE_BYTES_MAX};
use crate::base::shell::quote;
use crate::crypto::random;
use crate::ssh::Stream;

/// Runs in any POSIX `sh`. `$1` is the number of the first command, `$2` the command; a line of input is both for another
/// one, or is empty: the last one is only waited for, which takes no time as it has told its end.
///
/// The first mark is for what start-up files of the login shell may have printed before it. A command gets a subshell
/// inside of the one that tells its end, as it may leave by `exit` or `exec`. ksh93 does not wait for all of a pipeline, and
/// is not kept. bash complains of a process that it has waited for already.
const SCRIPT: &str = concat!(
    "case $KSH_VERSION in *93*) exit; esac; ",
    begin!(),
    "printf '\\001(%s\\n' $1; printf '\\001(%s\\n' $1 >&2; ",
    "while :; do ",
    "case $2 in '') ;; *) { exec 3<&-; (trap - TERM; eval \"$2\"); set -- $1 $?; ",
    "printf '\\001)%s %d\\n' $1 $2 >&2; printf '\\001)%s %d\\n' $1 $2; } & esac; ",
    "IFS= read -r l <&3 || break; wait $! 2>/dev/null; ",
    "set -- \"${l%% *}\" \"${l#* }\"; done; ",
    "case $2 in '') exit; esac; ",
    "j=$!; { ",
    end_all!(),
    " } >/dev/null 2>&1 & wait $j",
);

/// `$0` of the shell.
const NAME: &str = "scout-shell";

/// Tells one command from all others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Number(Box<str>);

impl Number {
    /// One that nobody can guess.
    pub fn random() -> Self {
        let bytes: [u8; 16] = random::array();
        Self(format!("{:032x}", u128::from_be_bytes(bytes)).into())
    }
}

/// Whether a command can be handed to a shell that is kept: as one line, of which the shell reads byte by byte.
pub fn takes(command: &[u8]) -> bool {
    (1..=KEPT_SHELL_LINE_BYTES_MAX).contains(&command.len()) && !command.contains(&b'\n')
}

/// A line that makes any login shell start such a shell, with a first command, or become one where it is `sh` already:
/// starting another would cost the host a third of what the command does. Servers tell which one it is by `SHELL`, and
/// a login shell that cannot read the text for `sh` is not handed it but as a word.
pub fn for_login_shell(number: &Number, command: &[u8]) -> Vec<u8> {
    let (number, command) = (number.0.as_bytes(), quote(command));
    let become_one = [b"set -- ".as_slice(), number, b" ", &command, b"; ", SCRIPT.as_bytes(), b"; exit"];
    let (become_one, script) = (quote(&become_one.concat()), quote(SCRIPT.as_bytes()));
    let words =
        [b"eval", become_one.as_slice(), b"|| exec sh -c", &script, NAME.as_bytes(), number, &command];
    [b"test \"$SHELL\" = /bin/sh && ".as_slice(), &words.join(&b' ')].concat()
}

/// What a shell that has nothing to do is told to have it run another command.
pub fn line(number: &Number, command: &[u8]) -> Vec<u8> {
    [number.0.as_bytes(), b" ", command, b"\n"].concat()
}

/// What such a shell is told before its input ends, so that it need not look for anything to end.
pub const FAREWELL: &[u8] = b"\n";

/// What a command brings that runs in a shell which is kept: the bytes between its marks, and how it ended.
#[derive(Debug)]
pub struct Reading {
    begin: Mark,
    end: Mark,
    streams: [Position; 2],
    is_next: bool,
    has_output: bool,
}

/// The streams do not look as the shell would make them, or it has ended before the command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Broken;

/// What became of some bytes.
#[derive(Debug, PartialEq, Eq)]
pub struct Taken {
    /// So many of them are done with; the others are wanted again, with those that follow them.
    pub bytes: usize,
    /// The sink has had enough.
    pub flow: ControlFlow<()>,
}

#[derive(Debug)]
struct Mark(Vec<u8>);

/// Where a stream is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Position {
    /// In front of the first command; so many bytes belong to nobody.
    Before {
        noise: usize,
    },
    Within,
    Behind {
        status: u32,
    },
}

/// A status and the end of its line: of three digits.
const STATUS_BYTES_MAX: usize = 4;

impl Reading {
    /// Of a shell's first command.
    pub fn first(number: &Number) -> Self {
        Self::new(number, Position::Before { noise: 0 })
    }

    /// Of one that the shell was handed.
    pub fn next(number: &Number) -> Self {
        Self::new(number, Position::Within)
    }

    fn new(Number(number): &Number, position: Position) -> Self {
        Self {
            begin: Mark(format!("\x01({number}").into()),
            end: Mark(format!("\x01){number} ").into()),
            streams: [position; 2],
            is_next: position == Position::Within,
            has_output: false,
        }
    }

    /// Whether the shell has said on both streams that it is one of ours.
    pub fn has_begun(&self) -> bool {
        self.streams.iter().all(|position| !matches!(position, Position::Before { .. }))
    }

    /// Whether the shell has run others before.
    pub fn is_next(&self) -> bool {
        self.is_next
    }

    /// Whether nothing has been heard of the shell since it was handed the command.
    pub fn is_silent(&self) -> bool {
        !self.has_output && (self.is_next || !self.has_begun())
    }

    /// Whether a sink has got anything.
    pub fn has_output(&self) -> bool {
        self.has_output
    }

    /// The command's status, once it is at its end with all that it printed.
    pub fn status(&self) -> Option<u32> {
        match self.streams {
            [Position::Behind { status }, Position::Behind { .. }] => Some(status),
            _ => None,
        }
    }

    /// Looks at what `stream` has received, and hands the sink what the command has printed.
    ///
    /// # Errors
    /// Anything stands where the shell would not have put it.
    pub fn take(&mut self, stream: Stream, bytes: &[u8], sink: &mut dyn Sink) -> Result<Taken, Broken> {
        let mut rest = &bytes[self.pass_noise(stream, bytes)?..];
        let mut flow = ControlFlow::Continue(());
        if !self.has_begun() {
            return Ok(Taken { bytes: bytes.len() - rest.len(), flow });
        }
        let position = &mut self.streams[stream as usize];
        if *position == Position::Within {
            let (passed, found) = self.end.find(rest);
            if passed > 0 {
                self.has_output = true;
                flow = sink.take(stream, &rest[..passed]);
            }
            rest = &rest[passed..];
            if let Some(behind) = found
                && let Some((status, behind)) = status(behind)?
            {
                rest = behind;
                *position = Position::Behind { status };
            }
        }
        match position {
            Position::Behind { .. } if !rest.is_empty() => Err(Broken),
            _ => Ok(Taken { bytes: bytes.len() - rest.len(), flow }),
        }
    }

    /// How many bytes stand in front of what the command has printed, the mark of its beginning included.
    fn pass_noise(&mut self, stream: Stream, bytes: &[u8]) -> Result<usize, Broken> {
        let mut rest = bytes;
        let position = &mut self.streams[stream as usize];
        if let Position::Before { noise } = position {
            let (passed, found) = self.begin.find(rest);
            *noise += passed;
            if *noise > SHELL_NOISE_BYTES_MAX {
                return Err(Broken);
            }
            rest = &rest[passed..];
            match found {
                Some([b'\n', behind @ ..]) => {
                    rest = behind;
                    *position = Position::Within;
                }
                // It comes through something that makes lines its own way.
                Some([_, ..]) => return Err(Broken),
                Some([]) | None => {}
            }
        }
        // Both streams are one.
        let begins_twice = *position == Position::Within && !self.is_next && rest.starts_with(&self.begin.0);
        if begins_twice { Err(Broken) } else { Ok(bytes.len() - rest.len()) }
    }
}

impl Mark {
    /// How many bytes stand before the mark or what may become it, and what stands behind it if it is there.
    fn find<'a>(&self, bytes: &'a [u8]) -> (usize, Option<&'a [u8]>) {
        let Self(mark) = self;
        if let Some(at) = memchr::memmem::find(bytes, mark) {
            return (at, Some(&bytes[at + mark.len()..]));
        }
        let tail = bytes.len().saturating_sub(mark.len() - 1);
        let begins = |at: &usize| mark.starts_with(&bytes[*at..]);
        ((tail..bytes.len()).find(begins).unwrap_or(bytes.len()), None)
    }
}

/// Reads the status behind a mark, and what stands behind that; `None` until it is there.
fn status(bytes: &[u8]) -> Result<Option<(u32, &[u8])>, Broken> {
    let Some(end) = memchr::memchr(b'\n', bytes) else {
        return if bytes.len() < STATUS_BYTES_MAX { Ok(None) } else { Err(Broken) };
    };
    let digits = str::from_utf8(&bytes[..end]).map_err(|_| Broken)?;
    let status = digits.parse::<u8>().map_err(|_| Broken)?;
    Ok(Some((status.into(), &bytes[end + 1..])))
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::io::Write;
    use std::os::unix::ffi::OsStrExt;
    use std::path::Path;
    use std::process::{Command, Stdio};

    use proptest::prelude::*;

    use super::*;
    use crate::fleet::Collected;

    fn number() -> Number {
        Number("00ff".into())
    }

    fn begin_errors(reading: &mut Reading) {
        let taken = reading.take(Stream::Stderr, b"\x01(00ff\n", &mut Collected::up_to(0));
        assert_eq!(taken, Ok(Taken { bytes: 7, flow: ControlFlow::Continue(()) }));
    }

    /// What comes of a stream that arrives in these pieces.
    fn read<'a>(
        mut reading: Reading,
        pieces: impl IntoIterator<Item = &'a [u8]>,
    ) -> Result<(Option<u32>, Vec<u8>), Broken> {
        let mut output = Collected::up_to(1_000_000);
        let mut waiting = Vec::new();
        begin_errors(&mut reading);
        for piece in pieces {
            waiting.extend_from_slice(piece);
            let taken = reading.take(Stream::Stdout, &waiting, &mut output)?;
            waiting.drain(..taken.bytes);
        }
        reading.take(Stream::Stderr, b"\x01)00ff 3\n", &mut Collected::up_to(0))?;
        Ok((reading.status(), output.stdout))
    }

    #[test]
    fn noise_stands_before_and_nothing_behind() {
        let whole = b"Welcome!\n\x01(00f\n\x01(00ff\nout\x01)00fe 1\nput\x01)00ff 3\n";
        let first = || Reading::first(&number());
        assert_eq!(read(first(), [&whole[..]]), Ok((Some(3), b"out\x01)00fe 1\nput".to_vec())));
        assert_eq!(read(first(), [&b"\x01(00ff\nout\x01)00ff 3"[..]]), Ok((None, b"out".to_vec())));
        for broken in ["3\nmore", "256\n", "\n", "x\n", "1234", "-1\n"] {
            let stream = format!("\x01(00ff\n\x01)00ff {broken}");
            assert_eq!(read(first(), [stream.as_bytes()]), Err(Broken), "{broken}");
        }
        assert_eq!(read(first(), [vec![b'x'; SHELL_NOISE_BYTES_MAX + 1].as_slice()]), Err(Broken));
    }

    #[test]
    fn what_was_too_much_is_said() {
        let mut reading = Reading::first(&number());
        begin_errors(&mut reading);
        let taken = reading.take(Stream::Stdout, b"\x01(00ff\n12345", &mut Collected::up_to(4)).unwrap();
        assert!(taken.flow.is_break() && reading.has_begun());
    }

    #[test]
    fn streams_that_others_have_changed_are_not_believed() {
        let mut sink = Collected::up_to(100);
        for changed in ["x\n\x01(00ff\n\x01(00ff\nboth are one", "\x01(00ff\r\nlines end otherwise"] {
            let mut reading = Reading::first(&number());
            let taken = reading.take(Stream::Stdout, changed.as_bytes(), &mut sink);
            assert_eq!((taken, reading.has_output(), reading.has_begun()), (Err(Broken), false, false));
        }
        // Nothing is passed on before it is known that they are two.
        let mut reading = Reading::first(&number());
        let taken = reading.take(Stream::Stdout, b"\x01(00ff\nout", &mut sink);
        assert_eq!((taken.unwrap().bytes, reading.has_output()), (7, false));
        begin_errors(&mut reading);
        assert_eq!(reading.take(Stream::Stdout, b"out", &mut sink).unwrap().bytes, 3);
        assert_eq!(sink.stdout, b"out");
    }

    #[test]
    fn a_command_is_one_line() {
        assert!(takes(b"ls") && !takes(b"") && !takes(b"a\nb"));
        assert!(!takes(&vec![b'x'; KEPT_SHELL_LINE_BYTES_MAX + 1]));
        assert!(!for_login_shell(&Number::random(), b"ls").contains(&b'\n'));
    }

    #[test]
    fn it_is_the_login_shell_where_that_is_sh_and_another_one_where_it_is_not() {
        let shells = ["sh", "bash", "zsh", "fish", "csh", "tcsh", "mksh"].map(|name| format!("/bin/{name}"));
        for shell in shells.iter().filter(|shell| Path::new(shell).exists()) {
            let name = if shell == "/bin/sh" { shell } else { NAME };
            for (command, printed) in [("printf %s \"$0\"", name), ("printf %s 'it'\\''s \\!'", "it's \\!")] {
                let (number, mut sink) = (number(), Collected::up_to(1000));
                let line = for_login_shell(&number, format!("{command}; exit 3").as_bytes());
                let mut process = Command::new(shell);
                process.arg("-c").arg(OsStr::from_bytes(&line)).env("SHELL", shell).env("HOME", "/");
                process.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
                let mut process = process.spawn().unwrap();
                process.stdin.take().unwrap().write_all(FAREWELL).unwrap();
                let output = process.wait_with_output().unwrap();
                let mut reading = Reading::first(&number);
                let (mut out, errors) = (output.stdout.as_slice(), output.stderr.as_slice());
                // Of the output no more than the mark is taken before the errors have theirs.
                out = &out[reading.take(Stream::Stdout, out, &mut sink).unwrap().bytes..];
                reading.take(Stream::Stderr, errors, &mut sink).unwrap();
                reading.take(Stream::Stdout, out, &mut sink).unwrap();
                assert_eq!(reading.status(), Some(3), "{shell}");
                assert_eq!(String::from_utf8_lossy(&sink.stdout), printed, "{shell}");
            }
        }
    }

    proptest! {
        #[test]
        fn pieces_do_not_matter(output in "[\u{1}()0f \n]{0,40}", cuts in prop::collection::vec(0usize..80, 0..6)) {
            let stream = format!("\x01(00ff\n{output}\x01)00ff 3\n");
            prop_assume!(!output.contains("\x01)00ff"));
            let mut cuts: Vec<_> = cuts.into_iter().map(|cut| cut.min(stream.len())).collect();
            cuts.extend([0, stream.len()]);
            cuts.sort_unstable();
            let pieces = cuts.windows(2).map(|cut| &stream.as_bytes()[cut[0]..cut[1]]);
            prop_assert_eq!(read(Reading::first(&number()), pieces), Ok((Some(3), output.into_bytes())));
        }
    }
}
