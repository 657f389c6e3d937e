//! What a host of a fleet has: files that name it, and the commands that people look around with, answered by what they
//! mean.

use std::sync::Arc;

use super::programs::{Programs, Subsystem};
use super::session::{Exit, Session};
use super::sftp::{Knobs, Node, Numbering, SftpServer, Tree, long_name, resolved};
use super::words::Line;
use crate::base::time::Duration;

/// Where the user of every host is at home.
const HOME: &str = "/home/scout";
/// Bytes of `/srv/small` on hosts whose names have eight letters, as have all up to the 9,999th, and of `/srv/large`.
pub const SMALL_BYTES: usize = 1400;
pub const LARGE_BYTES: usize = 1024 * 1024;

const NAME_BYTES: usize = 8;

const UPTIME: &[u8] = b" 12:00:00 up 42 days,  3:07,  1 user,  load average: 0.08, 0.03, 0.01\n";
const DF: &[u8] = b"Filesystem     1K-blocks    Used Available Use% Mounted on\n\
    /dev/sda1       41152736 9874328  29362728  26% /\n\
    tmpfs            4012345       0   4012345   0% /dev/shm\n";
const OS_RELEASE: &str = "PRETTY_NAME=\"Simulated GNU/Linux 1 (still)\"\nNAME=\"Simulated GNU/Linux\"\nID=simulated\n\
    VERSION_ID=\"1\"\n";

/// The files of every host of a fleet; `/srv/list` has so many entries.
pub fn tree(entries: usize) -> Tree {
    let mut tree = Tree::default();
    for folder in ["/etc", "/home", HOME, "/srv", "/srv/list", "/tmp", "/var", "/var/log"] {
        tree.put(folder.as_bytes(), Node::Directory);
    }
    tree.put(b"/etc/hostname", Node::Named("%h\n".into()));
    tree.put(b"/etc/motd", Node::Named("Welcome to %h, which is not there.\n".into()));
    tree.put_file("/etc/os-release", OS_RELEASE);
    tree.put_file(&format!("{HOME}/.profile"), "# nothing\n");
    let line = "Jan  1 00:00:00 %h simulated[1]: nothing happened\n";
    tree.put(b"/var/log/syslog", Node::Named(line.repeat(100)));
    let named = padded("%h\n", SMALL_BYTES + "%h".len() - NAME_BYTES);
    tree.put(b"/srv/small", Node::Named(named));
    tree.put_file("/srv/large", padded("", LARGE_BYTES));
    for n in 0..entries {
        tree.put_file(&format!("/srv/list/entry{n:05}"), "x\n");
    }
    tree
}

/// Text that goes on until it has about so many bytes.
fn padded(head: &str, bytes: usize) -> String {
    let line = "the quick brown fox jumps over the lazy dog, and nobody minds at all\n";
    let mut text = head.to_owned();
    text.push_str(&line.repeat(bytes / line.len() + 1));
    text.truncate(bytes);
    text
}

/// One host.
pub struct Installed {
    tree: Arc<Tree>,
    name: String,
}

impl Installed {
    pub fn new(tree: Arc<Tree>, name: String) -> Self {
        Self { tree, name }
    }

    /// Runs a command in a directory; its exit status.
    fn execute(&self, words: &[String], directory: &str, session: &mut Session) -> u32 {
        let (name, arguments) = match words.split_first() {
            Some((name, arguments)) => (name.as_str(), arguments),
            None => return 0,
        };
        match name {
            "true" | ":" => {}
            "false" => return 1,
            "exit" => return arguments.first().and_then(|code| code.parse().ok()).unwrap_or(0),
            "echo" => say(session, &arguments.join(" ")),
            "hostname" => say(session, &self.name),
            "uname" => say(session, &format!("Linux {} 6.1.0-simulated x86_64", self.name)),
            "whoami" => say(session, "scout"),
            "id" => say(session, "uid=1000(scout) gid=1000(scout) groups=1000(scout)"),
            "pwd" => say(session, directory),
            "uptime" => session.print(UPTIME),
            "df" => session.print(DF),
            "cat" if arguments.is_empty() => session.echo(),
            "cat" => return self.cat(arguments, directory, session),
            "ls" => return self.ls(arguments, directory, session),
            "sleep" => {
                let seconds = arguments.first().and_then(|seconds| seconds.parse().ok());
                let time = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
                session.take_time(time.unwrap_or_default());
            }
            _ => {
                session.complain(format!("sh: 1: {name}: not found\n").as_bytes());
                return 127;
            }
        }
        0
    }

    fn cat(&self, paths: &[String], directory: &str, session: &mut Session) -> u32 {
        let mut failed = 0;
        for path in paths.iter().filter(|path| !path.starts_with('-')) {
            let followed = self.tree.follow(&absolute(path, directory));
            match followed.and_then(|path| self.tree.content(&path, &self.name)) {
                Some(content) => session.print(&content),
                None => {
                    session.complain(format!("cat: {path}: No such file or directory\n").as_bytes());
                    failed = 1;
                }
            }
        }
        failed
    }

    fn ls(&self, arguments: &[String], directory: &str, session: &mut Session) -> u32 {
        let flags: String = arguments.iter().filter_map(|word| word.strip_prefix('-')).collect();
        let path = arguments.iter().find(|word| !word.starts_with('-')).map_or(directory, String::as_str);
        let followed = self.tree.follow(&absolute(path, directory));
        let Some(whole) = followed else {
            session.complain(format!("ls: cannot access '{path}': No such file or directory\n").as_bytes());
            return 2;
        };
        let paths = match self.tree.node(&whole) {
            Some(Node::Directory) => self.tree.children(&whole),
            _ => [whole].into(),
        };
        for path in paths.iter().rev() {
            let name = path.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
            if name.starts_with(b".") && !flags.contains('a') {
                continue;
            }
            if flags.contains('l') {
                session.print(&long_name(name, self.tree.attrs(path, &self.name)));
            } else {
                session.print(name);
            }
            session.print(b"\n");
        }
        0
    }

    /// What the script of ours answers that shows the content of files: the path, and how much of it.
    fn show(&self, arguments: &[String], session: &mut Session) -> u32 {
        let path = arguments.first().map(String::as_str).unwrap_or_default();
        let bytes = arguments.get(1).and_then(|word| word.parse().ok()).unwrap_or(0);
        let followed = self.tree.follow(&absolute(path, HOME));
        let content = followed.as_ref().and_then(|path| self.tree.content(path, &self.name));
        match (content, followed.is_some()) {
            (Some(content), _) => {
                session.print(b"\x01scout file\n");
                session.print(content.get(..bytes).unwrap_or(&content));
            }
            (None, true) => session.print(b"\x01scout other\n"),
            (None, false) => session.print(b"\x01scout missing\n"),
        }
        0
    }
}

impl Programs for Installed {
    fn run(&self, line: &str, session: &mut Session) -> bool {
        let status = match Line::read(line) {
            Line::Command { directory, words } => {
                let directory = absolute(directory.as_deref().unwrap_or(HOME), HOME);
                match self.tree.node(&directory) {
                    Some(Node::Directory) => {
                        self.execute(&words, &String::from_utf8_lossy(&directory), session)
                    }
                    _ => {
                        let shown = String::from_utf8_lossy(&directory);
                        session.complain(format!("sh: 1: cd: can't cd to {shown}\n").as_bytes());
                        2
                    }
                }
            }
            Line::Show(arguments) => self.show(&arguments, session),
            Line::Foreign => {
                session.complain(b"sh: 1: simulated hosts know single commands only\n");
                127
            }
        };
        // What repeats its input has not ended.
        if session.is_command() {
            session.end(Exit::Status(status));
        }
        true
    }

    fn subsystem(&self, name: &str) -> Option<Subsystem> {
        let knobs =
            || Knobs { numbering: Numbering::OpenSsh, is_writable: false, home: HOME, ..Knobs::default() };
        let server = || SftpServer::of(Arc::clone(&self.tree), &self.name, knobs());
        (name == "sftp").then(|| Subsystem::Sftp(Box::new(server())))
    }
}

fn say(session: &mut Session, text: &str) {
    session.print(text.as_bytes());
    session.print(b"\n");
}

/// A path as it is meant in a directory.
fn absolute(path: &str, directory: &str) -> Vec<u8> {
    match path.strip_prefix('~') {
        Some(rest) if rest.is_empty() || rest.starts_with('/') => {
            resolved(rest.trim_start_matches('/').as_bytes(), HOME)
        }
        _ => resolved(path.as_bytes(), directory),
    }
}
