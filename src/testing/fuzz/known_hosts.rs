//! known_hosts files of any content: read within bounds, and never a reason to trust a key that is not in them.

use super::check_shown;
use crate::base::limits::CONFIG_WARNINGS_MAX;
use crate::config::{KnownHosts, known_hosts::Verdict};
use crate::testing::choices::Choices;
use crate::testing::scratch;

/// The first byte is the name that is looked up, the rest the file.
pub fn run(data: &[u8]) {
    let mut choices = Choices::new(data);
    let (name, port) =
        choices.pick(&[("host", 22), ("host", 2222), ("192.0.2.1", 22), ("h.example.org", 22)]);
    let content = choices.rest();
    let known = KnownHosts::load(&[scratch::file(content)]);
    assert!(known.warnings().len() <= CONFIG_WARNINGS_MAX);
    for warning in known.warnings() {
        check_shown(&warning.to_string(), 4_096);
    }
    assert_ne!(known.check(name, port, b"a key that no file holds"), Verdict::Known);
}
