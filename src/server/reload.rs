//! Keeps the cores of a server up with its configuration.

use async_channel::Receiver;

use super::{Configuration, Fresh};
use crate::base::{Error, Kind, Result};
use crate::fleet::Shards;
use crate::io::watch;

/// Hands every new configuration to all cores, and to `adopt`, for as long as it is polled.
///
/// Errors: the files cannot be watched.
pub async fn keep_up(shards: &Shards, configuration: Configuration, adopt: impl Fn(&Fresh)) -> Result<()> {
    let failed = |error| Error::new(Kind::Local, format!("Cannot watch the configuration: {error}"));
    let news: Receiver<Fresh> = watch::start(configuration).map_err(failed)?;
    while let Ok(fresh) = news.recv().await {
        adopt(&fresh);
        shards.reconfigure(&fresh.ssh, &fresh.settings);
        tracing::info!(hosts = fresh.ssh.hosts().len(), "read the configuration again");
    }
    // The watch has said why it ended; what is known goes on to count.
    std::future::pending().await
}
