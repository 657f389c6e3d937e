//! A script that asks programs on a host, and its output in sections.
//!
//! The script prints a mark, `\x01scout WORD`, before each section. What stands before the first one was printed by the
//! start-up files of the login shell.

use std::borrow::Cow;

use crate::base::text::on_one_line;
use crate::base::time::Duration;
use crate::base::{Error, Kind, Result, limits};
use crate::fleet::{Caller, Collected, Exit, Machine};
use crate::metrics::Counter;
use crate::scout::script::{MARK, SAY, command, no_answer};

/// A script in POSIX `sh`, each line of which ends as [`command`] wants it, and its arguments, `$1` and so on.
#[derive(Debug)]
pub struct Script {
    text: &'static str,
    arguments: Vec<String>,
}

/// What every script may use. Start-up files may have complained, too. Administrators' programs are not in everybody's
/// `PATH`; other languages than English are not understood by us.
const PRELUDE: &str = r#"
printf '\001scout \n' >&2;
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin;
export PATH LC_ALL=C.UTF-8;
has() { command -v "$1" >/dev/null 2>&1; };
need() { has "$1" || { say absent; exit 0; }; };
"#;

impl Script {
    pub fn new(text: &'static str) -> Self {
        Self { text, arguments: Vec::new() }
    }

    #[must_use]
    pub fn with(mut self, argument: impl ToString) -> Self {
        self.arguments.push(argument.to_string());
        self
    }

    /// What the host's shell gets to see.
    pub fn command(&self) -> Vec<u8> {
        command(&self.arguments, &[SAY, PRELUDE, self.text])
    }
}

/// What a script printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// From the first mark on.
    output: Vec<u8>,
    /// The line of stderr that says most.
    complaint: String,
    end: End,
}

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// `None`: by a signal.
    Code(Option<u32>),
    /// By us, after so many bytes.
    TooLong(u64),
    /// By us, after so long.
    TooLate(Duration),
}

/// A part of the output: the word of its mark, and what follows.
pub type Section<'a> = (&'a str, Cow<'a, str>);

impl Answer {
    /// Runs a command.
    ///
    /// Errors: those of the connection; the host has no usable shell; nothing came in time.
    pub async fn of(caller: &Caller, machine: &Machine, command: &[u8]) -> Result<Self> {
        let settings = caller.settings();
        let (limit, timeout) = (settings.max_output_size, settings.command_timeout);
        let mut collected = Collected::up_to(limit.saturating_add(limits::SHELL_NOISE_BYTES_MAX as u64));
        let run = async { machine.query_alone(command, &mut collected).await.map(Some) };
        let exit = caller.within(timeout, run, || Ok(None)).await?;
        if exit.is_none() {
            caller.recorder().count(Counter::RequestTimeouts);
        }
        Self::read(collected, exit.as_ref(), limit, timeout)
    }

    /// `exit` is `None` when time was up.
    fn read(collected: Collected, exit: Option<&Exit>, limit: u64, timeout: Duration) -> Result<Self> {
        let Collected { mut stdout, stderr, .. } = collected;
        let Some(begin) = memchr::memmem::find(&stdout, MARK) else {
            let late = || late(timeout);
            return Err(exit.map_or_else(late, |exit| no_answer(exit, &stdout, &stderr)));
        };
        let mut output = stdout.split_off(begin);
        let mut end = match exit {
            None => End::TooLate(timeout),
            Some(Exit::Code(code)) => End::Code(Some(*code)),
            Some(Exit::Signal(_)) => End::Code(None),
            Some(Exit::Stopped) => End::TooLong(limit),
        };
        let room = usize::try_from(limit).unwrap_or(usize::MAX).saturating_add(MARK_BYTES_MAX);
        if output.len() > room {
            output.truncate(room);
            end = End::TooLong(limit);
        }
        Ok(Self { output, complaint: complaint(&stderr), end })
    }

    /// The word of the first mark, and all that follows, whatever it holds.
    pub fn whole(&self) -> Section<'_> {
        section(self.output.get(MARK.len()..).unwrap_or_default())
    }

    /// All sections, in order.
    pub fn sections(&self) -> Vec<Section<'_>> {
        let mut starts: Vec<usize> = memchr::memmem::find_iter(&self.output, MARK).collect();
        starts.push(self.output.len());
        starts.windows(2).map(|pair| section(&self.output[pair[0] + MARK.len()..pair[1]])).collect()
    }

    /// The program that was to be asked is not there.
    pub fn is_absent(&self) -> bool {
        self.whole().0 == ABSENT
    }

    /// What a program said on stderr, in a line.
    pub fn complaint(&self) -> &str {
        &self.complaint
    }

    /// Whether the script, or the program that took its place, exited with 0 or was ended by us.
    pub fn is_success(&self) -> bool {
        !matches!(self.end, End::Code(code) if code != Some(0))
    }

    /// The status with which it exited.
    pub fn code(&self) -> Option<u32> {
        match self.end {
            End::Code(code) => code,
            End::TooLong(_) | End::TooLate(_) => None,
        }
    }

    /// Errors: it was ended because it took too long, so that what there is of it may mean something else.
    pub fn in_time(&self) -> Result<()> {
        match self.end {
            End::TooLate(timeout) => Err(late(timeout)),
            End::Code(_) | End::TooLong(_) => Ok(()),
        }
    }

    /// At how many bytes it was cut, if it was.
    pub fn cut_at(&self) -> Option<u64> {
        match self.end {
            End::TooLong(limit) => Some(limit),
            End::Code(_) | End::TooLate(_) => None,
        }
    }

    /// What is to be said behind an answer that has not come to its end.
    pub fn ending(&self) -> String {
        match self.end {
            End::Code(_) => String::new(),
            End::TooLong(limit) => format!("\n\n[truncated at {limit} bytes]"),
            End::TooLate(timeout) => {
                format!("\n\n[timed out after {}s; the rest is missing]", timeout.as_secs_f64())
            }
        }
    }
}

/// What [`PRELUDE`] says of a program that is not there.
const ABSENT: &str = "absent";

/// A mark with the longest of our words, a path among them.
const MARK_BYTES_MAX: usize = 64;

fn late(timeout: Duration) -> Error {
    let text = format!("No answer within {}s; the command was ended", timeout.as_secs_f64());
    Error::new(Kind::CommandTimeout, text)
}

fn section(behind_mark: &[u8]) -> Section<'_> {
    let line = memchr::memchr(b'\n', behind_mark).unwrap_or(behind_mark.len());
    let word = std::str::from_utf8(&behind_mark[..line]).unwrap_or_default();
    (word, String::from_utf8_lossy(behind_mark.get(line + 1..).unwrap_or_default()))
}

/// The first line behind the mark that is no mere warning; the last one where there is none.
fn complaint(stderr: &[u8]) -> String {
    let begin = memchr::memmem::find(stderr, MARK).map_or(0, |mark| mark + MARK.len());
    let text = String::from_utf8_lossy(&stderr[begin..]);
    let lines = || text.lines().map(str::trim).filter(|line| !line.is_empty());
    let said = lines().find(|line| !is_warning(line)).or_else(|| lines().next_back()).unwrap_or_default();
    on_one_line(said, limits::COMPLAINT_BYTES_MAX)
}

/// Of a shell without our locale, of Docker, Podman and Compose (logrus), of kubectl (klog: `E1121 14:59:26 …`).
fn is_warning(line: &str) -> bool {
    let is_klog = |line: &str| {
        let mut words = line.split(' ');
        let word = words.next().unwrap_or_default().strip_prefix(['I', 'W', 'E']);
        word.is_some_and(|day| day.len() == 4 && day.bytes().all(|byte| byte.is_ascii_digit()))
    };
    line.contains("setlocale:") || line.starts_with("time=") || line.starts_with("WARN[") || is_klog(line)
}

#[cfg(test)]
impl Answer {
    /// As a script would have printed it that exited with this code; `\x01scout` is left out before the first mark.
    pub fn recorded(stdout: &str, stderr: &str, code: u32) -> Self {
        let mut collected = Collected::up_to(u64::MAX);
        collected.stdout = format!("\u{1}scout {stdout}").into_bytes();
        collected.stderr = stderr.into();
        Self::read(collected, Some(&Exit::Code(code)), u64::MAX, Duration::from_secs(1)).expect("a mark")
    }

    /// The same, cut at the end of the text.
    pub fn cut(stdout: &str) -> Self {
        Self { end: End::TooLong(stdout.len() as u64), ..Self::recorded(stdout, "", 0) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(stdout: &[u8], exit: Option<Exit>, limit: u64) -> Result<Answer> {
        let mut collected = Collected::up_to(u64::MAX);
        collected.stdout = stdout.into();
        collected.stderr = b"oh\nno".into();
        Answer::read(collected, exit.as_ref(), limit, Duration::from_secs(3))
    }

    #[test]
    fn sections_follow_their_marks() {
        let answer = read(b"Hi!\n\x01scout a b\n1\n2\n\x01scout c\n", Some(Exit::Code(7)), 100).unwrap();
        assert_eq!(answer.sections(), [("a b", "1\n2\n".into()), ("c", "".into())]);
        assert_eq!(answer.whole(), ("a b", "1\n2\n\u{1}scout c\n".into()));
        assert_eq!((answer.code(), answer.is_success(), answer.complaint()), (Some(7), false, "oh"));
        assert!(read(b"\x01scout absent\n", Some(Exit::Code(0)), 100).unwrap().is_absent());
    }

    #[test]
    fn what_was_ended_says_so() {
        let cut = read(b"\x01scout a\nxx", Some(Exit::Stopped), 2).unwrap();
        assert_eq!((cut.cut_at(), &*cut.ending()), (Some(2), "\n\n[truncated at 2 bytes]"));
        let late = read(b"\x01scout a\nxx", None, 100).unwrap();
        assert_eq!(late.ending(), "\n\n[timed out after 3s; the rest is missing]");
        assert!(cut.is_success() && late.is_success());
        assert!(cut.in_time().is_ok());
        let message = "No answer within 3s; the command was ended";
        assert_eq!(late.in_time().unwrap_err().message(), message);
        let long = [b"\x01scout a\n".as_slice(), &[b'x'; 200]].concat();
        let long = read(&long, Some(Exit::Code(0)), 100).unwrap();
        assert_eq!((long.cut_at(), long.output.len()), (Some(100), 100 + MARK_BYTES_MAX));
    }

    #[test]
    fn of_what_programs_say_the_line_counts_that_says_why() {
        for (stderr, said) in [
            ("", ""),
            ("\nno\nTry --help\n", "no"),
            (
                "E1121 14:59:26.03 24892 memcache.go:265] \"Unhandled\"\nThe connection was refused\n",
                "The connection was refused",
            ),
            ("sh: warning: setlocale: LC_ALL: cannot change locale (C.UTF-8)\nno\n", "no"),
            (
                "time=\"2026-01-31T12:30:00Z\" level=warning msg=\"the version is obsolete\"\n\u{1b}[31mno\n",
                "\\x1b[31mno",
            ),
            ("WARN[0000] only this\n", "WARN[0000] only this"),
            ("E112 is no log line", "E112 is no log line"),
            ("tput: No value for $TERM\n\u{1}scout \nno\n", "no"),
            ("tput: No value for $TERM\n\u{1}scout \n", ""),
        ] {
            assert_eq!(complaint(stderr.as_bytes()), said, "{stderr}");
        }
    }

    #[test]
    fn no_mark_is_no_answer() {
        let error = |exit| read(b"This account is not available.\n", exit, 100).unwrap_err();
        assert_eq!(
            error(Some(Exit::Code(1))).message(),
            "The host's shell did not run our script (exit code 1): oh"
        );
        assert_eq!(error(None).kind(), Kind::CommandTimeout);
    }

    #[test]
    fn arguments_reach_the_script_as_they_are() {
        let command = Script::new("x \"$1\"").with("a'b; c").with(3).command();
        let text = String::from_utf8(command).unwrap();
        assert!(text.starts_with(r"set -- 'a'\''b; c' 3 ;"), "{text}");
        assert!(text.ends_with("x \"$1\"") && !text.contains('\n'), "{text}");
    }

    proptest! {
        #[test]
        fn never_panics(stdout in any::<Vec<u8>>(), limit in 0_u64..100) {
            let stdout = [b"\x01scout ".as_slice(), &stdout].concat();
            let answer = read(&stdout, Some(Exit::Code(0)), limit).unwrap();
            prop_assert!(!answer.sections().is_empty());
        }
    }
}
