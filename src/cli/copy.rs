//! A copy as people ask for it: from and to wherever they may, and taken back by Ctrl-C.

use futures_util::future::{Either, select};

use crate::base::{Error, Kind, Result};
use crate::fleet::Shards;
use crate::io::signals::EndRequest;
use crate::scout::Client;
use crate::scout::transfer::{Roots, Transfer, Transferred, transfer, withdrawn};

/// Errors: those of the transfer; somebody asked for its end, and what was written is removed.
pub async fn copy(shards: &Shards, order: &Transfer) -> Result<Transferred> {
    let end = EndRequest::new()?;
    let client = Client::ourselves();
    let copied = Box::pin(transfer(shards, &client, &Roots::Anywhere, order, &|_, _| ()));
    match select(copied, Box::pin(end.heard())).await {
        Either::Left((copied, _)) => copied.map_err(|failed| failed.error),
        Either::Right((heard, copied)) => {
            drop(copied);
            withdrawn(shards, &order.to).await;
            heard?;
            Err(Error::new(Kind::Cancelled, "the copy was taken back"))
        }
    }
}
