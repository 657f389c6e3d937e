//! Who we are, and what we can do.

use crate::mcp::provider::{About, Capabilities, Changing, Empty, Icon, Implementation};

pub const ABOUT: About = About {
    implementation: Implementation {
        name: "scout-mcp",
        title: "Scout MCP",
        version: env!("CARGO_PKG_VERSION"),
        website_url: None,
        icons: ICONS,
    },
    instructions: Some(INSTRUCTIONS),
    capabilities: Capabilities {
        tools: Some(Changing { list_changed: false, subscribe: false }),
        resources: Some(Changing { list_changed: true, subscribe: true }),
        prompts: Some(Changing { list_changed: false, subscribe: false }),
        completions: Some(Empty {}),
        logging: Some(Empty {}),
    },
};

/// A telescope, for light and dark grounds.
pub const ICONS: &[Icon] = &[Icon {
    src: "data:image/svg+xml,%3Csvg%20xmlns='http://www.w3.org/2000/svg'%20viewBox='0%200%2024%2024'%20fill='none'%20\
stroke='%232a9d8f'%20stroke-width='2'%20stroke-linecap='round'%20stroke-linejoin='round'%3E\
%3Cpath%20d='m4%2012%2013-7%203%205.5-13%207zM14%2014l4%207M11%2015l-3%206'/%3E%3C/svg%3E",
    mime_type: "image/svg+xml",
    sizes: &["any"],
}];

const INSTRUCTIONS: &str = "Scout looks at remote machines over SSH: it reads files, lists directories and runs commands on the \
hosts of the operator's SSH configuration. Begin with target \"hosts\" to learn their names. Calls run in parallel: to compare \
machines, ask them all at once. Files and directories are resources as well, at scout://HOST/PATH, and can be watched; containers, logs, pools and units \
are at HOST://docker, HOST://syslog and the like.";
