//! One file on many hosts.

use super::{Argument, GROUPED, Given, HOSTS, Prompt, UNREACHED};
use crate::base::text::shown;
use crate::config::Scope;
use crate::mcp::catalog::completion::Values;
use crate::mcp::catalog::tools::Invalid;

pub const PROMPT: Prompt = Prompt {
    name: "compare_config",
    title: "Compare a file across hosts",
    description: "Where a configuration file differs between hosts, and what the differences mean.",
    arguments: &[
        Argument {
            name: "path",
            title: "Path",
            description: "The file on every host, such as /etc/ssh/sshd_config.",
            is_required: true,
            values: Values::Path,
        },
        HOSTS,
    ],
    scope: Scope::Read,
    write,
};

fn write(given: &Given<'_>) -> Result<String, Invalid> {
    let path = given.text("path")?.unwrap_or_default();
    let (call, path) = (given.everywhere(&path, None), shown(&path));
    Ok(format!(
        "Compare {path} across hosts.\n\n\
         1. Call the tool `scout` with this:\n{call}\n{GROUPED}\n\n\
         2. Put hosts together whose files say the same; comments, blank lines and the order of independent lines do not \
         count. Take the largest group for what is meant.\n\
         3. For every other group name its hosts, and each difference with both values and what it changes. Begin with \
         what matters most: security, then what breaks, then taste.\n\
         4. Name the hosts that have no such file.\n\n{UNREACHED}"
    ))
}
