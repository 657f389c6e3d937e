//! stub
use crate::base::Result;
pub enum Policy {
    ReadOnly,
    Any,
}
pub struct Command(String);
impl Command {
    pub fn parse(t: &str, _p: Policy) -> Result<Self> {
        Ok(Self(t.into()))
    }
}
pub fn quote(word: &str) -> String {
    format!("'{}'", word.replace('\'', "'\\''"))
}
pub fn in_directory(dir: &str, c: &Command) -> String {
    format!("cd {} && {}", dir, c.0)
}
