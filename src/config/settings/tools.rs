//! Which tools clients are offered: what an agent is told of each of them is a part of its context.

use super::rule::Rule;
use crate::config::Env;

/// A choice of tools.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ToolSet {
    /// One tool for everything.
    Scout,
    /// A tool for each kind of work.
    Focused,
    #[default]
    All,
}

/// The name of one.
pub struct ToolSetName;

impl Rule for ToolSetName {
    type Value = ToolSet;

    fn parse(&self, text: &str, _: &Env) -> Result<ToolSet, String> {
        match text.to_ascii_lowercase().as_str() {
            "scout" => Ok(ToolSet::Scout),
            "focused" => Ok(ToolSet::Focused),
            "all" => Ok(ToolSet::All),
            _ => Err(self.refuse(text, "is no choice of tools")),
        }
    }

    fn expected(&self) -> String {
        "scout, focused or all".to_owned()
    }

    fn show(&self, value: &ToolSet) -> String {
        match value {
            ToolSet::Scout => "scout".to_owned(),
            ToolSet::Focused => "focused".to_owned(),
            ToolSet::All => "all".to_owned(),
        }
    }
}
