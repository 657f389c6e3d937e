//! Settings from a file and the environment, whatever stands there: a value that is taken keeps to the bounds that the
//! table documents, and of one that is not it is said, on one line, which setting it was or which line of the file.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::check_shown;
use crate::config::settings::{Setting, table};
use crate::config::{Env, Overrides, Settings};
use crate::testing::scratch;

/// What a refusal may say at most, in bytes.
const MESSAGE_BYTES_MAX: usize = 8 * 1024;

/// Lines `NAME=value` for the environment up to an empty one, and the file.
pub fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (pairs, _) = text.split_once("\n\n").unwrap_or((&text, ""));
    let file = memchr::memmem::find(data, b"\n\n").map_or(&data[..0], |end| &data[end + 2..]);
    let path = scratch::file(file);
    let mut vars: HashMap<String, String> = pairs
        .lines()
        .filter_map(|line| line.split_once('='))
        .map(|(k, v)| (k.to_owned(), v.to_owned()))
        .collect();
    vars.insert("SCOUT_SETTINGS".to_owned(), path.display().to_string());
    let env = Env {
        home: PathBuf::from("/nowhere"),
        homes: [("user".to_owned(), PathBuf::from("/nowhere"))].into(),
        vars,
        ..Env::default()
    };
    let read = Settings::load(&Overrides::default(), &env);
    assert_eq!(read, Settings::load(&Overrides::default(), &env), "the same is read twice");
    match read {
        Ok(settings) => check_bounds(&settings),
        Err(error) => check_refusal(error.message(), &env, &path, file),
    }
}

/// Numbers, sizes and durations against what the table says of them.
fn check_bounds(settings: &Settings) {
    for ((name, value), row) in settings.shown().into_iter().zip(table()) {
        assert_eq!(name, row.name);
        // Parts of a unit are not shown, and are allowed below the least whole one.
        let is_time = row.expected.contains("500ms");
        if let (Some((min, max)), Ok(value)) = (documented(&row.expected), value.parse::<u64>()) {
            assert!(value <= max && (is_time || min <= value), "{name} is {value}: {}", row.expected);
        }
    }
    let times = [
        settings.connect_timeout,
        settings.command_timeout,
        settings.request_timeout,
        settings.idle_timeout,
        settings.breaker_open,
        settings.cache_ttl,
    ];
    assert!(times.iter().all(|time| !time.is_zero()), "no time at all");
}

/// `from 1 to 600` in what is expected.
fn documented(expected: &str) -> Option<(u64, u64)> {
    let (_, bounds) = expected.split_once(" from ")?;
    let (min, rest) = bounds.split_once(" to ")?;
    let max = rest.split(|c: char| !c.is_ascii_digit()).next()?;
    Some((min.parse().ok()?, max.parse().ok()?))
}

fn check_refusal(message: &str, env: &Env, path: &Path, file: &[u8]) {
    check_shown(message, MESSAGE_BYTES_MAX);
    let is_variable = |row: &Setting| {
        let names = [Some(&row.env), row.older_env.as_ref()];
        names
            .into_iter()
            .flatten()
            .any(|name| env.var(name).is_some() && message.starts_with(&format!("{name}: ")))
    };
    let in_file = message.strip_prefix(&path.display().to_string());
    let is_in_file =
        |row: &Setting| in_file.is_some_and(|rest| rest.starts_with(&format!(": {}: ", row.name)));
    let is_line = in_file.and_then(|rest| rest.strip_prefix(':')?.split_once(": ")?.0.parse().ok());
    let lines = file.iter().filter(|byte| **byte == b'\n').count() + 1;
    let is_line = is_line.is_some_and(|line: usize| (1..=lines).contains(&line));
    let is_whole = in_file == Some(": is not UTF-8") && str::from_utf8(file).is_err();
    let is_named = table().iter().any(|row| is_variable(row) || is_in_file(row));
    assert!(is_named || is_line || is_whole, "what is it about: {message}");
}
