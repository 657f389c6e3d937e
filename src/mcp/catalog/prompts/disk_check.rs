//! Which disks fill up, and with what.

use super::{Argument, GROUPED, Given, HOSTS, Prompt, UNREACHED};
use crate::config::Scope;
use crate::mcp::catalog::completion::Values;
use crate::mcp::catalog::tools::Invalid;

pub const PROMPT: Prompt = Prompt {
    name: "disk_check",
    title: "Check disks across the fleet",
    description: "Which file systems are nearly full, of bytes or of inodes, and what fills them.",
    arguments: &[
        HOSTS,
        Argument {
            name: "threshold",
            title: "Threshold",
            description: "From how many per cent on a file system counts as nearly full. 80 if left out.",
            is_required: false,
            values: Values::OneOf(&["70", "80", "90", "95"]),
        },
    ],
    scope: Scope::Command,
    write,
};

fn write(given: &Given<'_>) -> Result<String, Invalid> {
    let threshold = match given.text("threshold")? {
        None => 80,
        Some(text) => text
            .trim_end_matches('%')
            .parse()
            .ok()
            .filter(|per_cent| (1..=100).contains(per_cent))
            .ok_or_else(|| Invalid("Argument 'threshold' must be a number from 1 to 100".to_owned()))?,
    };
    let (bytes, inodes) = (given.everywhere("/", Some("df -P")), given.everywhere("/", Some("df -Pi")));
    let largest = given.example("MOUNT", LARGEST);
    Ok(format!(
        "Check the disks of hosts.\n\n\
         1. Call the tool `scout` with both of these at once:\n{bytes}\n{inodes}\n{GROUPED}\n\n\
         2. Leave out what holds no files of its own (tmpfs, devtmpfs, overlay, squashfs, efivarfs). A file system is nearly \
         full from {threshold} % of its bytes or inodes on.\n\
         3. For each that is nearly full, all at once, in this way, with the directory it is mounted on in the place of \
         MOUNT:\n{largest}\n\n\
         4. Report a table of all file systems that are nearly full, the fullest first: host, mount, size, used per cent, \
         inodes per cent, what takes the most. Then what could be removed or rotated, and what only its owner can decide.\n\n\
         {UNREACHED}"
    ))
}

/// In KiB, as not every `sort` knows units.
const LARGEST: &str = "du -xk -d 2 . | sort -rn | head -n 20";
