//! SSH configurations of any content: read within bounds, and every host resolves or says which line is to blame.
//! Lines that would read other files are left out; commands of `Match exec` are not run where nobody offers to.

use super::check_shown;
use crate::base::limits::CONFIG_WARNINGS_MAX;
use crate::config::{AlgorithmLists, Env, SshConfig};
use crate::testing::scratch;
use std::path::PathBuf;

/// A few names are enough: the first ones that the file mentions, and one that it does not.
const NAMES_MAX: usize = 4;
const TEXT_BYTES_MAX: usize = 8 * 1024;

pub fn run(data: &[u8]) {
    let env = Env {
        home: PathBuf::from("/nowhere"),
        user: "user".to_owned(),
        uid: 1000,
        hostname: "here".to_owned(),
        vars: [("NAME".to_owned(), "value".to_owned())].into(),
        homes: [("user".to_owned(), PathBuf::from("/nowhere"))].into(),
        ..Env::default()
    };
    let file = scratch::file(&harmless(data));
    let config = SshConfig::load(Some(&file), &env, AlgorithmLists::spoken()).expect("the file is there");
    assert!(config.warnings().len() <= CONFIG_WARNINGS_MAX);
    for warning in config.warnings() {
        check_shown(&warning.to_string(), TEXT_BYTES_MAX);
    }
    let names = config.hosts().iter().map(String::as_str).take(NAMES_MAX).chain(["unnamed"]);
    for name in names {
        if let Err(error) = config.resolve(name) {
            check_shown(error.message(), TEXT_BYTES_MAX);
        }
    }
}

/// Without the lines that mention `Include`, in whatever way it is written.
fn harmless(data: &[u8]) -> Vec<u8> {
    let is_harmless = |line: &&[u8]| memchr::memmem::find(&line.to_ascii_lowercase(), b"include").is_none();
    data.split(|byte| *byte == b'\n').filter(is_harmless).collect::<Vec<_>>().join(&b'\n')
}
