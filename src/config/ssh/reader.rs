//! Reads the files of a configuration and sorts their lines by the hosts they count for.
//!
//! A line that cannot be used becomes the error of its section: the hosts it counts for fail with its place, the
//! others do not notice.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::algorithms::AlgorithmLists;
use super::criteria::Header;
use super::directive::{Directive, Parser, Text};
use super::lexer::Line;
use super::scope::{Condition, EVERYWHERE, ScopeId, Scopes};
use crate::base::limits::{
    CONFIG_WARNING_CHARS_MAX, CONFIG_WARNINGS_MAX, SSH_CONFIG_BYTES_MAX, SSH_CONFIG_FILE_BYTES_MAX,
    SSH_CONFIG_FILES_MAX, SSH_CONFIG_INCLUDE_DEPTH_MAX,
};
use crate::base::text::on_one_line;
use crate::config::{Env, Sources, file, pattern};

/// Something to tell about a line: `file:line: what is wrong`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    pub file: Arc<Path>,
    /// Counted from 1.
    pub line: usize,
    pub message: String,
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The message may repeat the line, and the line may be anything.
        let message = on_one_line(&self.message, CONFIG_WARNING_CHARS_MAX);
        write!(f, "{}:{}: {message}", self.file.display(), self.line)
    }
}

/// Consecutive lines of one file in one scope.
#[derive(Debug)]
pub struct Section {
    pub scope: ScopeId,
    pub file: Arc<Path>,
    /// With their line numbers.
    pub directives: Vec<(usize, Directive)>,
    /// The first line that cannot be used.
    pub error: Option<Diagnostic>,
}

/// Whose configuration a file is: it decides what a relative `Include` is relative to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    User,
    System,
}

/// Everything read so far.
#[derive(Debug)]
pub struct Reader<'a> {
    env: &'a Env,
    parser: Parser,
    owner: Owner,
    pub scopes: Scopes,
    pub sections: Vec<Section>,
    /// Plain names of `Host` headers, in file order, with repetitions.
    pub names: Vec<(String, ScopeId)>,
    pub warnings: Vec<Diagnostic>,
    /// A `Match` header asks for a second pass.
    pub wants_final: bool,
    /// Whether the commands of `Match exec` may be run.
    may_exec: bool,
    /// Keywords that need not be known.
    ignored: Option<String>,
    pub sources: Sources,
    files: usize,
    bytes: u64,
}

/// The place in the files.
struct Cursor {
    file: Arc<Path>,
    line: usize,
    /// The scope the file was included in.
    outer: ScopeId,
    scope: ScopeId,
    depth: usize,
}

impl Cursor {
    fn diagnostic(&self, message: impl Into<String>) -> Diagnostic {
        Diagnostic { file: Arc::clone(&self.file), line: self.line, message: message.into() }
    }
}

impl<'a> Reader<'a> {
    pub fn new(env: &'a Env, defaults: AlgorithmLists, may_exec: bool) -> Self {
        Self {
            env,
            parser: Parser::new(defaults),
            owner: Owner::User,
            scopes: Scopes::new(),
            sections: Vec::new(),
            names: Vec::new(),
            warnings: Vec::new(),
            wants_final: false,
            may_exec,
            ignored: None,
            sources: Sources::default(),
            files: 0,
            bytes: 0,
        }
    }

    /// Reads a file and what it includes.
    ///
    /// # Errors
    /// The file itself cannot be read. What is wrong inside is kept with the hosts it is about.
    pub fn read(&mut self, path: &Path, owner: Owner) -> std::io::Result<()> {
        self.owner = owner;
        self.read_file(path, EVERYWHERE, 0)
    }

    fn read_file(&mut self, path: &Path, outer: ScopeId, depth: usize) -> std::io::Result<()> {
        self.sources.note_file(path);
        let bytes = file::read(path, SSH_CONFIG_FILE_BYTES_MAX)?;
        self.files += 1;
        self.bytes += bytes.len() as u64;
        let mut cursor = Cursor { file: Arc::from(path), line: 0, outer, scope: outer, depth };
        for line in bytes.split(|&byte| byte == b'\n') {
            cursor.line += 1;
            self.read_line(&mut cursor, line);
        }
        Ok(())
    }

    fn read_line(&mut self, cursor: &mut Cursor, line: &[u8]) {
        if line.trim_ascii_start().first() == Some(&b'#') {
            return;
        }
        let Ok(text) = str::from_utf8(line) else { return self.fail(cursor, "the line is not UTF-8") };
        if text.contains('\0') {
            return self.fail(cursor, "the line has a NUL character: this is no text file");
        }
        let Some(line) = Line::parse(text) else { return };
        match line.keyword.as_str() {
            "host" => self.enter_host(cursor, &line),
            "match" => self.enter_match(cursor, &line),
            _ if *self.scopes.condition(cursor.scope) == Condition::Never => {}
            "include" => self.include(cursor, &line),
            "ignoreunknown" => self.ignore_unknown(cursor, &line),
            keyword if self.is_ignored(keyword) => {}
            _ => match self.parser.parse(&line) {
                Ok(Some(directive)) => self.take(cursor, directive),
                Ok(None) => {}
                Err(message) => self.fail(cursor, message),
            },
        }
    }

    fn take(&mut self, cursor: &Cursor, directive: Directive) {
        if matches!(&directive, Directive::Text(Text::KnownHostsCommand, command) if command != "none") {
            let message = "knownhostscommand is not run: hosts that only it knows are refused, and those that \
                           known_hosts files know are taken even where it would revoke their keys";
            self.warn(cursor.diagnostic(message));
        }
        self.section(cursor).directives.push((cursor.line, directive));
    }

    fn enter_host(&mut self, cursor: &mut Cursor, line: &Line<'_>) {
        let patterns = match line.args() {
            Ok(patterns) if !patterns.is_empty() => patterns,
            Ok(_) => return self.skip_block(cursor, "'Host' names no host"),
            Err(_) => return self.skip_block(cursor, "'Host' has a quote that is not closed"),
        };
        cursor.scope = self.scopes.add_host(cursor.outer, &patterns);
        if patterns.iter().any(String::is_empty) {
            self.fail(cursor, "'Host' has an empty pattern");
        }
        let names = patterns.into_iter().filter(|pattern| is_host_name(pattern));
        self.names.extend(names.map(|name| (name, cursor.scope)));
    }

    fn enter_match(&mut self, cursor: &mut Cursor, line: &Line<'_>) {
        let header = Header::parse(line.rest);
        self.wants_final |= header.wants_final;
        if header.has_exec && !self.may_exec {
            return self.skip_block(
                cursor,
                "'Match exec' would run a command, which SCOUT_MATCH_EXEC does not allow",
            );
        }
        let place = cursor.diagnostic("");
        cursor.scope = self.scopes.add(cursor.outer, Condition::Match(header, place));
        // An empty section, so that the header is evaluated at its place among the lines.
        self.section(cursor);
    }

    /// A header we cannot use: the lines below it must not count for the hosts of the header above.
    fn skip_block(&mut self, cursor: &mut Cursor, message: &str) {
        cursor.scope = self.scopes.add(cursor.outer, Condition::Never);
        self.warn(
            cursor.diagnostic(format!(
                "{message}; the lines below it, up to the next Host or Match, are skipped"
            )),
        );
    }

    fn ignore_unknown(&mut self, cursor: &Cursor, line: &Line<'_>) {
        match line.args().as_deref() {
            Ok([patterns]) => {
                self.ignored.get_or_insert_with(|| patterns.to_ascii_lowercase());
            }
            _ => self.fail(cursor, "ignoreunknown takes one list of patterns, separated by commas"),
        }
    }

    fn is_ignored(&self, keyword: &str) -> bool {
        let Some(patterns) = &self.ignored else { return false };
        pattern::matches_list(patterns.split(','), keyword) == pattern::Match::Yes
            && self.parser.check_keyword(keyword).is_err()
    }

    fn include(&mut self, cursor: &Cursor, line: &Line<'_>) {
        let args = match line.args() {
            Ok(args) if !args.is_empty() && args.iter().all(|arg| !arg.is_empty()) => args,
            _ => return self.fail(cursor, "include names no file"),
        };
        for arg in args {
            if let Err(message) = self.include_glob(cursor, &arg) {
                self.fail(cursor, message);
            }
        }
    }

    fn include_glob(&mut self, cursor: &Cursor, arg: &str) -> Result<(), String> {
        if cursor.depth >= SSH_CONFIG_INCLUDE_DEPTH_MAX {
            return Err(format!("include '{arg}': nested deeper than {SSH_CONFIG_INCLUDE_DEPTH_MAX} files"));
        }
        let pattern = self.include_path(arg)?;
        let found = glob::glob(&pattern).map_err(|error| format!("include '{arg}': {}", error.msg))?;
        let found: Vec<_> = found.take(SSH_CONFIG_FILES_MAX + 1).collect();
        let there: Vec<_> = found.iter().flatten().cloned().collect();
        self.sources.note_pattern(&pattern, &there);
        for file in found {
            let path = file.map_err(|error| format!("include '{arg}': {}", file::reason(error.error())))?;
            if self.files >= SSH_CONFIG_FILES_MAX || self.bytes >= SSH_CONFIG_BYTES_MAX {
                return Err(format!(
                    "include '{arg}': more than {SSH_CONFIG_FILES_MAX} files or {} MiB in all",
                    SSH_CONFIG_BYTES_MAX / (1024 * 1024)
                ));
            }
            match self.read_file(&path, cursor.scope, cursor.depth + 1) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(format!("include '{}': {}", path.display(), file::reason(&error)));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// The pattern to look for; what the directories before it are called is no part of it.
    fn include_path(&self, arg: &str) -> Result<String, String> {
        let (base, rest) = match (self.owner, arg.split_once('/')) {
            (_, Some((user, rest))) if user.starts_with('~') => {
                let home = self.env.expand_tilde(user);
                (home.ok_or_else(|| format!("include '{arg}': there is no such user"))?, rest)
            }
            (_, Some(("", _))) => return Ok(arg.to_owned()),
            (Owner::User, _) => (self.env.home.join(".ssh"), arg),
            (Owner::System, _) => (PathBuf::from("/etc/ssh"), arg),
        };
        let base =
            base.to_str().ok_or_else(|| format!("include '{arg}': the home directory is not UTF-8"))?;
        Ok(format!("{}/{rest}", glob::Pattern::escape(base)))
    }

    fn fail(&mut self, cursor: &Cursor, message: impl Into<String>) {
        if *self.scopes.condition(cursor.scope) == Condition::Never {
            return;
        }
        let diagnostic = cursor.diagnostic(message);
        self.section(cursor).error.get_or_insert_with(|| diagnostic.clone());
        self.warn(diagnostic);
    }

    fn warn(&mut self, diagnostic: Diagnostic) {
        if self.warnings.len() < CONFIG_WARNINGS_MAX {
            self.warnings.push(diagnostic);
        }
    }

    /// The section the cursor is in.
    fn section(&mut self, cursor: &Cursor) -> &mut Section {
        let goes_on = self
            .sections
            .last()
            .is_some_and(|last| last.scope == cursor.scope && Arc::ptr_eq(&last.file, &cursor.file));
        if !goes_on {
            let file = Arc::clone(&cursor.file);
            self.sections.push(Section { scope: cursor.scope, file, directives: Vec::new(), error: None });
        }
        let last = self.sections.len() - 1;
        &mut self.sections[last]
    }
}

/// Whether a pattern is a name that can be asked for. ssh itself refuses names that look like options or hold blanks.
fn is_host_name(pattern: &str) -> bool {
    let is_odd = |c: char| c.is_whitespace() || c.is_control();
    !pattern.is_empty()
        && !pattern.starts_with(['!', '-'])
        && pattern::is_literal(pattern)
        && !pattern.contains(is_odd)
}

/// Where the files are when no path is given: the user's first, as ssh reads them.
pub fn default_files(env: &Env) -> [(PathBuf, Owner); 2] {
    [(env.home.join(".ssh/config"), Owner::User), (PathBuf::from("/etc/ssh/ssh_config"), Owner::System)]
}
