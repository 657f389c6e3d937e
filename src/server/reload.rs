//! Keeps the cores of a server up with its configuration.

use async_channel::Receiver;

use super::{Configuration, Fresh};
use crate::base::{Error, Kind, Result};
use crate::config::Settings;
use crate::fleet::Shards;
use crate::io::watch;

/// Hands every new configuration to all cores, and its settings to `adopt`, for as long as it is polled.
///
/// Errors: the files cannot be watched.
pub async fn keep_up(shards: &Shards, configuration: Configuration, adopt: impl Fn(&Settings)) -> Result<()> {
    let failed = |error| Error::new(Kind::Local, format!("Cannot watch the configuration: {error}"));
    let news: Receiver<Fresh> = watch::start(configuration).map_err(failed)?;
    while let Ok(Fresh { settings, ssh }) = news.recv().await {
        adopt(&settings);
        shards.reconfigure(&ssh, &settings);
        tracing::info!(hosts = ssh.hosts().len(), "read the configuration again");
    }
    // The watch has said why it ended; what is known goes on to count.
    std::future::pending().await
}
