//! Looking at a path, or remembering what was there a while ago where the caller allows that.

use super::{in_time, look};
use crate::base::Result;
use crate::fleet::{Cached, Caller};
use crate::target::RemotePath;

/// The text of a file or a directory, with its age if it comes from memory: `[cached 12s ago]`.
///
/// Errors: as [`look`](look::look); they are not remembered.
pub async fn text(caller: &Caller, host: &str, path: &RemotePath) -> Result<String> {
    let (name, place) = (host.to_owned(), path.clone());
    let fetch = |caller: Caller| async move {
        in_time(&caller, async { Ok(look::look(&caller, &name, &place).await?.text()) }).await
    };
    let Cached { text, age } = caller.cached(host, path.as_str(), fetch).await?;
    Ok(match age {
        Some(age) => format!("{text}\n\n[cached {}s ago]", age.as_secs()),
        None => text.as_ref().to_owned(),
    })
}
