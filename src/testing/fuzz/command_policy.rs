//! What the policy for read-only commands admits, in a real shell: both the caller's text and what we make of it start
//! exactly the programs that we read in it, in this order, with these arguments, and do nothing else. Programs are
//! functions that tell what they were given, in a shell that has nothing but them (see `testing/jail.rs`).

use std::cell::RefCell;
use std::sync::LazyLock;

use super::check_shown;
use crate::config::Env;
use crate::scout::command::{Command, Policy};
use crate::target::RemotePath;
use crate::testing::jail::{HOME, Jail};

/// Each stage of a pipeline waits for the one before, so that their order shows.
const PROGRAMS: &str = r#"
tell() { while read -r line; do :; done; printf '%s\0' "$#" "$@" >&3; }
exec 3>&1
cat() { tell cat "$@"; }
cd() { tell cd "$@"; }
df() { tell df "$@"; }
diff() { tell diff "$@"; }
du() { tell du "$@"; }
file() { tell file "$@"; }
find() { tell find "$@"; }
grep() { tell grep "$@"; }
head() { tell head "$@"; }
ls() { tell ls "$@"; }
rg() { tell rg "$@"; }
sort() { tell sort "$@"; }
stat() { tell stat "$@"; }
tail() { tell tail "$@"; }
tree() { tell tree "$@"; }
uniq() { tell uniq "$@"; }
wc() { tell wc "$@"; }
"#;

/// Homes of other users, as shells find them.
static ENV: LazyLock<Env> = LazyLock::new(Env::current);

thread_local! {
    static SH: RefCell<Option<Shell>> = const { RefCell::new(None) };
}

/// Where the name of a user ends who is not there: no word has one otherwise.
const NOBODY: char = '\0';

/// A shell in its jail.
pub struct Shell {
    jail: Jail,
    /// BusyBox loses what stands behind the name of a user who is not there.
    loses_rest: bool,
}

impl Shell {
    /// Any one that keeps to POSIX, or nearly.
    pub fn start(words: &[&str]) -> Self {
        let mut jail = Jail::new(words, PROGRAMS);
        let loses_rest = jail.run(b"printf %s ~nobody-is-there/x") == b"~nobody-is-there";
        Self { jail, loses_rest }
    }

    /// A word as its program gets to see it.
    fn seen(&self, word: &str) -> String {
        match word.split_once(NOBODY) {
            Some((user, _)) if self.loses_rest => user.to_owned(),
            Some((user, rest)) => format!("{user}{rest}"),
            None => word.to_owned(),
        }
    }

    /// What a program says of its name and arguments.
    fn record(&self, words: &[String]) -> Vec<u8> {
        let count = words.len().to_string();
        let words = words.iter().map(|word| self.seen(word));
        std::iter::once(count).chain(words).flat_map(|word| [word.as_bytes(), b"\0"].concat()).collect()
    }
}

/// A directory to run in, NUL, and a command.
pub fn run(data: &[u8]) {
    SH.with_borrow_mut(|shell| run_in(shell.get_or_insert_with(|| Shell::start(&["sh"])), data));
}

/// The same in any shell.
pub fn run_in(shell: &mut Shell, data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (directory, text) = text.split_once('\0').unwrap_or(("/", &text));
    let Ok(directory) = RemotePath::parse(directory) else { return };
    let command = match Command::parse(text, Policy::ReadOnly) {
        Ok(command) => command,
        Err(error) => return check_shown(error.message(), 1_000),
    };
    let stages = command.words(|user| Some(home(user))).expect("a pipeline has words");
    let told: Vec<u8> = stages.iter().flat_map(|words| shell.record(words)).collect();

    let entered = shell.record(&["cd".to_owned(), announced(directory.as_str())]);
    let in_directory = command.to_shell_in(directory.as_str().as_bytes());
    let script = [text.as_bytes(), &command.to_shell(), &in_directory].map(evaluated).concat();
    let said = shell.jail.run(&script);
    let wanted = [&told[..], &told, &entered, &told].concat();
    assert_eq!(String::from_utf8_lossy(&said), String::from_utf8_lossy(&wanted));
}

/// In a process of its own, which cannot reach the shell's own input.
fn evaluated(text: &[u8]) -> Vec<u8> {
    let quoted = String::from_utf8_lossy(text).replace('\'', r"'\''");
    format!("(eval '{quoted}') </dev/null\n").into_bytes()
}

/// The directory that is to be entered.
fn announced(directory: &str) -> String {
    let tilde = directory
        .strip_prefix('~')
        .map(|rest| rest.split_once('/').map_or((rest, None), |(user, rest)| (user, Some(rest))));
    let plain = |user: &str| {
        let is_fit = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-".contains(&byte);
        user.bytes().all(is_fit) && !user.starts_with(|first: char| first.is_ascii_digit() || first == '-')
    };
    match tilde {
        Some((user, rest)) if plain(user) => {
            let home = home(user);
            rest.map_or(home.clone(), |rest| format!("{home}/{rest}"))
        }
        _ if directory.starts_with('/') => directory.to_owned(),
        _ => format!("./{directory}"),
    }
}

fn home(user: &str) -> String {
    match user {
        "" => HOME.to_owned(),
        user => ENV.homes.get(user).map_or(format!("~{user}{NOBODY}"), |home| home.display().to_string()),
    }
}
