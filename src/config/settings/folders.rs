//! Directories of this machine.

use std::path::PathBuf;

use super::rule::{self, Rule};
use crate::config::Env;

/// Directories, separated by commas; holds what stands for the default.
pub struct Folders(pub &'static str);

const NONE: &str = "none";

impl Rule for Folders {
    type Value = Option<Vec<PathBuf>>;

    fn parse(&self, text: &str, env: &Env) -> Result<Self::Value, String> {
        if text.eq_ignore_ascii_case(NONE) {
            return Ok(Some(Vec::new()));
        }
        let folder = |text: &str| match rule::path(text.trim(), env)? {
            path if path.is_absolute() => Ok(path),
            _ => Err(self.refuse(text, "is no absolute path")),
        };
        text.split(',').map(folder).collect::<Result<_, _>>().map(Some)
    }

    fn expected(&self) -> String {
        format!("absolute paths, `~` is the home directory, separated by commas; or `{NONE}`")
    }

    fn show(&self, value: &Self::Value) -> String {
        match value {
            None => self.0.to_owned(),
            Some(folders) if folders.is_empty() => NONE.to_owned(),
            Some(folders) => {
                let folders: Vec<_> = folders.iter().map(|folder| folder.display().to_string()).collect();
                folders.join(",")
            }
        }
    }
}
