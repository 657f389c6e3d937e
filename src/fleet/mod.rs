//! The brain of one core: its hosts and their connections. Knows neither MCP nor JSON.

/// The hosts of one core.
#[derive(Debug)]
pub struct Fleet {}
