//! Our scripts under the login shells and tools that hosts have: each is run here as a server would.

use std::cell::Cell;
use std::fs;
use std::num::NonZeroU64;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use futures_util::FutureExt;
use futures_util::future::{self, LocalBoxFuture};

use super::*;
use crate::base::Result;
use crate::fleet::{Caller, Exit, LOCALHOST, Shell, Sink, Stream, leash};
use crate::scout::find::{self, FileKind, Stop, find};
use crate::scout::read::{Part, Piece, read};
use crate::scout::run::run;
use crate::scout::search::{self, Query, search};
use crate::scout::tree::tree;
use crate::testing;

/// A host as its commands meet it.
struct Host {
    /// The login shell.
    shell: &'static str,
    /// Where commands are looked for.
    path: PathBuf,
    /// What start-up files print.
    noise: &'static str,
    runs: Cell<u32>,
}

impl Shell for Host {
    fn run<'a>(&'a self, command: &'a [u8], sink: &'a mut dyn Sink) -> LocalBoxFuture<'a, Result<Exit>> {
        self.runs.set(self.runs.get() + 1);
        let line = [self.noise.as_bytes(), &leash::for_login_shell(command).unwrap()].concat();
        let mut process = Command::new(self.shell);
        process.arg("-c").arg(std::ffi::OsStr::from_bytes(&line));
        process.env_clear().env("PATH", &self.path).env("HOME", "/").env("RIPGREP_CONFIG_PATH", "/dev/full");
        // The leash ends what has no input any more.
        let mut child =
            process.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let input = child.stdin.take();
        let output = child.wait_with_output().unwrap();
        drop(input);
        let taken = [(Stream::Stderr, output.stderr), (Stream::Stdout, output.stdout)];
        let stops = taken.iter().any(|(stream, bytes)| sink.take(*stream, bytes).is_break());
        let exit = if stops { Exit::Stopped } else { Exit::Code(output.status.code().unwrap() as u32) };
        future::ready(Ok(exit)).boxed_local()
    }
}

/// Login shells, with which tools, and what start-up files print.
const HOSTS: [(&str, Tools, &str); 7] = [
    ("/bin/sh", Tools::All, ""),
    ("/bin/sh", Tools::WithoutRipgrep, ""),
    ("/bin/sh", Tools::Busybox, ""),
    ("/bin/bash", Tools::All, "printf 'welcome \\001 scout\\n'; echo careful >&2; "),
    ("/usr/bin/tcsh", Tools::All, ""),
    ("/usr/bin/fish", Tools::WithoutRipgrep, ""),
    ("/usr/bin/zsh", Tools::Busybox, "echo hello; "),
];

#[derive(Debug, Clone, Copy)]
enum Tools {
    All,
    WithoutRipgrep,
    Busybox,
}

/// A place with files, and what hosts of every kind say of it.
struct Site {
    root: tempfile::TempDir,
    tools: tempfile::TempDir,
}

impl Site {
    fn new() -> Self {
        let site = Self { root: tempfile::tempdir().unwrap(), tools: tempfile::tempdir().unwrap() };
        fs::create_dir(site.tools.path().join("gnu")).unwrap();
        fs::create_dir(site.tools.path().join("busybox")).unwrap();
        for tool in
            ["sh", "ls", "find", "head", "tail", "grep", "printf", "readlink", "cat", "kill", "ps", "sleep"]
        {
            symlink(which(tool), site.tools.path().join("gnu").join(tool)).unwrap();
            symlink(which("busybox"), site.tools.path().join("busybox").join(tool)).unwrap();
        }
        site
    }

    fn path(&self, name: &str) -> RemotePath {
        RemotePath::parse(self.root.path().join(name).to_str().unwrap()).unwrap()
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.root.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    fn each(&self, check: impl Fn(&str, &dyn Fn() -> (Caller, Rc<Host>))) {
        for (shell, tools, noise) in HOSTS.into_iter().filter(|(shell, ..)| Path::new(shell).exists()) {
            let path = match tools {
                Tools::All => PathBuf::from("/usr/bin:/bin"),
                Tools::WithoutRipgrep => self.tools.path().join("gnu"),
                Tools::Busybox => self.tools.path().join("busybox"),
            };
            let host = || {
                let host = Rc::new(Host { shell, path: path.clone(), noise, runs: Cell::new(0) });
                let fleet = testing::fleet_with(Rc::<Host>::clone(&host));
                (fleet.caller(Class::Interactive, ClientId::STDIO), host)
            };
            check(&format!("{shell} with {tools:?}"), &host);
        }
    }
}

fn which(tool: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap();
    std::env::split_paths(&path).map(|dir| dir.join(tool)).find(|file| file.exists()).expect(tool)
}

/// Nothing of this waits.
fn now<T>(work: impl Future<Output = T>) -> T {
    work.now_or_never().expect("a shell that answers at once")
}

#[test]
fn names_are_found_whatever_they_are() {
    let site = Site::new();
    for name in [
        "a.txt",
        "deep/b.txt",
        "deep/er/c.txt",
        "-n.txt",
        "two words.txt",
        "quo'te.txt",
        "line\nbreak.txt",
        "é😀.txt",
    ] {
        site.write(name, "");
    }
    fs::write(site.root.path().join(std::ffi::OsStr::from_bytes(b"\xff.txt")), "").unwrap();
    symlink(site.root.path(), site.root.path().join("deep/loop")).unwrap();
    let root = site.path("");
    site.each(|which, host| {
        let (caller, shell) = host();
        let found = |query: find::Query| {
            let found = now(find(&caller, LOCALHOST, &root, &query)).expect(which);
            let names =
                found.paths.iter().map(|path| path.strip_prefix(root.as_str()).expect(which).to_owned());
            (names.collect::<Vec<_>>(), found.stop)
        };
        let all = [
            "-n.txt",
            "a.txt",
            "deep/b.txt",
            "deep/er/c.txt",
            "line\nbreak.txt",
            "quo'te.txt",
            "two words.txt",
            "é😀.txt",
            "\u{fffd}.txt",
        ];
        assert_eq!(found(find::Query::new("*.txt")), (all.map(str::to_owned).into(), None), "{which}");
        assert_eq!(shell.runs.get(), 1, "{which}");
        let (first, stop) = found(find::Query { limit: 3, ..find::Query::new("*.txt") });
        assert_eq!((first.len(), stop), (3, Some(Stop::Enough(3))), "{which}");
        let kind = |kind, name: &str| found(find::Query { kind: Some(kind), ..find::Query::new(name) }).0;
        assert_eq!(kind(FileKind::Symlink, "*"), ["deep/loop"], "{which}");
        assert_eq!(kind(FileKind::Directory, "e?"), ["deep/er"], "{which}");
        assert_eq!(kind(FileKind::File, "deep/*"), ["deep/b.txt", "deep/er/c.txt"], "{which}");
        assert_eq!(found(find::Query { depth: 1, ..find::Query::new("[ab].txt") }).0, ["a.txt"], "{which}");
        let none =
            now(find(&caller, LOCALHOST, &site.path("deep"), &find::Query::new("*.zzz"))).expect(which);
        assert_eq!(
            none.text(),
            format!("No files matching '*.zzz' found in {}", site.path("deep")),
            "{which}"
        );
        let missing = now(find(&caller, LOCALHOST, &site.path("nope"), &find::Query::new("*"))).unwrap_err();
        assert_eq!(missing.message(), format!("Path not found: {}", site.path("nope")), "{which}");
    });
}

#[test]
fn contents_are_searched_alike() {
    let site = Site::new();
    let shout = "a line that says -Needle. here\n";
    site.write("s/one.conf", format!("first\n{shout}"));
    site.write("s/.hidden/two words.txt", format!("{shout}{shout}"));
    site.write("s/latin.txt", b"gr\xfcn -Needle.\n");
    site.write("s/ignored/.gitignore", "*");
    site.write("s/ignored/three.conf", "x-needle.");
    site.write("s/line\nbreak", "-Needle.\n");
    // A name that looks like a line of another file.
    site.write("s/one.conf\n/one.conf:7:-Needle.", "-Needle.\n");
    symlink(site.root.path(), site.root.path().join("s/loop")).unwrap();
    let root = site.path("s");
    site.each(|which, host| {
        let (caller, shell) = host();
        let found = |query: Query| {
            let found = now(search(&caller, LOCALHOST, &root, &query)).expect(which);
            assert!(!found.was_denied, "{which}");
            let place = |hit: &search::Hit| {
                (hit.path.strip_prefix(root.as_str()).unwrap_or(&hit.path).to_owned(), hit.line, hit.column)
            };
            (found.hits.iter().map(place).collect::<Vec<_>>(), found.stop)
        };
        let place = |path: &str, line, column| (path.to_owned(), line, Some(column));
        let all = vec![
            place("/.hidden/two words.txt", 1, 18),
            place("/.hidden/two words.txt", 2, 18),
            place("/latin.txt", 1, 6),
            place("/line\nbreak", 1, 1),
            place("/one.conf", 2, 18),
            place("/one.conf\n/one.conf:7:-Needle.", 1, 1),
        ];
        let literal = Query { is_literal: true, ..Query::new("-Needle.") };
        assert_eq!(found(literal.clone()), (all, None), "{which}");
        assert_eq!(shell.runs.get(), 1, "{which}");
        let (first, stop) = found(Query { limit: 2, ..literal.clone() });
        assert_eq!((first.len(), stop), (2, Some(Stop::Enough(2))), "{which}");
        let conf = Query { names: Some("*.conf".into()), ignores_case: true, ..literal.clone() };
        assert_eq!(found(conf).0, [place("/ignored/three.conf", 1, 2), place("/one.conf", 2, 18)], "{which}");
        let lines: Vec<_> = found(Query::new("^first|here$")).0.iter().map(|(_, line, _)| *line).collect();
        assert_eq!(lines, [1, 2, 1, 2], "{which}");
        let one = now(search(&caller, LOCALHOST, &site.path("s/one.conf"), &Query::new("fir"))).expect(which);
        assert_eq!(one.text(), format!("{}\n1:1: first", site.path("s/one.conf")), "{which}");
        let none = now(search(&caller, LOCALHOST, &root, &Query::new("nothing"))).expect(which);
        assert_eq!(none.text(), format!("No matches for 'nothing' in {root}"), "{which}");
        let bad = now(search(&caller, LOCALHOST, &root, &Query::new("("))).unwrap_err();
        assert!(bad.message().starts_with("Search failed: "), "{which}: {bad}");
    });
}

#[test]
fn lines_around_what_is_found_are_shown_alike() {
    let site = Site::new();
    let lines: String = (1..=20).map(|line| format!("{line}-{line}:{line} at 10:12:13\n")).collect();
    site.write("c/app-7-x.log", lines.replace("5-5:5", "needle").replace("18-18:18", "needle"));
    site.write("c/b.log", "needle\nlast\n");
    site.write("c/none.log", &lines);
    let root = site.path("c");
    site.each(|which, host| {
        let (caller, shell) = host();
        let query = Query { context: 2, ignores_case: true, ..Query::new("NEEDLE") };
        let text = now(search(&caller, LOCALHOST, &root, &query)).expect(which).text();
        let around = |lines: &[usize]| -> String {
            lines.iter().map(|line| format!("\n{line}- {line}-{line}:{line} at 10:12:13")).collect()
        };
        let expected = format!(
            "{root}/app-7-x.log{}\n5:1: needle at 10:12:13{}\n--{}\n18:1: needle at 10:12:13{}\n\n\
             {root}/b.log\n1:1: needle\n2- last",
            around(&[3, 4]),
            around(&[6, 7]),
            around(&[16, 17]),
            around(&[19, 20]),
        );
        assert_eq!(text, expected, "{which}");
        assert_eq!(shell.runs.get(), 1, "{which}");
        let bad =
            now(search(&caller, LOCALHOST, &root, &Query { context: 2, ..Query::new("(") })).unwrap_err();
        assert!(bad.message().starts_with("Search failed: "), "{which}: {bad}");
    });
}

#[test]
fn trees_look_alike_everywhere() {
    let site = Site::new();
    for name in ["t/b/x/deep", "t/a/2", "t/a/line\nbreak", "t/.hidden/file", "t/-n"] {
        site.write(name, "content");
    }
    symlink("a/2", site.root.path().join("t/link")).unwrap();
    let root = site.path("t");
    site.each(|which, host| {
        let (caller, shell) = host();
        let text = |path: &RemotePath, depth| {
            now(tree(&caller, LOCALHOST, path, depth)).expect(which).text().into_owned()
        };
        let lines =
            ["├── -n", "├── a", "│   ├── 2", "│   └── line\\nbreak", "├── b", "│   └── x", "└── link -> a/2"];
        assert_eq!(text(&root, 2), format!("{root}\n{}", lines.join("\n")), "{which}");
        assert_eq!(text(&site.path("t/a/2"), 3), "content", "{which}");
        assert_eq!(shell.runs.get(), 2, "{which}");
    });
}

#[test]
fn parts_of_files_are_the_same_everywhere() {
    let site = Site::new();
    site.write("-f x", (1..=20).map(|n| format!("line {n}\n")).collect::<String>());
    let file = site.path("-f x");
    let whole = fs::read(file.as_str()).unwrap();
    let line = |n| NonZeroU64::new(n).unwrap();
    site.each(|which, host| {
        let (caller, _) = host();
        let piece = |part| now(read(&caller, LOCALHOST, &file, part)).expect(which);
        for (part, text, offset, goes_on) in [
            (Part::Head(2), "line 1\nline 2\n", Some(0), true),
            (Part::Head(99), std::str::from_utf8(&whole).unwrap(), Some(0), false),
            (Part::Tail(1), "line 20\n", Some(whole.len() as u64 - 8), false),
            (Part::Lines { first: line(19), last: 99 }, "line 19\nline 20\n", None, false),
            (Part::Lines { first: line(2), last: 2 }, "line 2\n", None, true),
            (Part::Bytes { offset: 5, length: Some(4) }, "1\nli", Some(5), true),
            (Part::Bytes { offset: 0, length: Some(4) }, "line", Some(0), true),
            (Part::Bytes { offset: 1 << 40, length: None }, "", Some(1 << 40), false),
        ] {
            let expected =
                Piece { data: text.into(), offset, size: Some(whole.len() as u64), goes_on, cut: None };
            assert_eq!(piece(part), expected, "{which}: {part:?}");
        }
        assert_eq!(piece(Part::WHOLE).data, whole, "{which}");
        let failed = |name: &str| now(read(&caller, LOCALHOST, &site.path(name), Part::Tail(1))).unwrap_err();
        assert!(failed("").message().ends_with("is a directory; expected a file"), "{which}");
        assert_eq!(failed("nope").kind(), crate::base::Kind::NotFound, "{which}");
    });
}

#[test]
fn nothing_behind_a_line_break_is_a_command_of_its_own() {
    let site = Site::new();
    site.write("odd\nname/inside", "");
    site.each(|shell, host| {
        let (caller, _) = host();
        let said = |path: &RemotePath, line: &str| {
            let ran = run(&caller, LOCALHOST, path, line).now_or_never().expect(shell).expect(shell);
            String::from_utf8(ran.stdout).unwrap()
        };
        assert!(said(&site.path("odd\nname"), "ls").trim().ends_with("inside"), "{shell}");
        let loose = site.root.path().join("loose");
        let directory = format!("odd\ntouch {}\n#", loose.display());
        let path = RemotePath::parse(site.root.path().join(directory).to_str().unwrap()).unwrap();
        said(&path, "ls");
        assert!(!loose.exists(), "{shell}");
    });
}
