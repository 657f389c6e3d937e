//! Looking at a path, or remembering what was there a while ago where the caller allows that.

use std::borrow::Cow;

use super::{in_time, look};
use crate::base::Result;
use crate::base::time::Duration;
use crate::fleet::{Cached, Caller};
use crate::target::RemotePath;

/// The text of a file or a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remembered {
    pub content: String,
    /// How long ago it was looked at; `None` just now.
    pub age: Option<Duration>,
}

impl Remembered {
    /// The content for an agent, with its age if it comes from memory: `[cached 12s ago]`.
    pub fn text(&self) -> Cow<'_, str> {
        match self.age {
            Some(age) => format!("{}\n\n[cached {}s ago]", self.content, age.as_secs()).into(),
            None => self.content.as_str().into(),
        }
    }
}

/// A file or a directory, perhaps as it was.
///
/// Errors: as [`look`](look::look); they are not remembered.
pub async fn remembered(caller: &Caller, host: &str, path: &RemotePath) -> Result<Remembered> {
    let (name, place) = (host.to_owned(), path.clone());
    let fetch = |caller: Caller| async move {
        in_time(&caller, async { Ok(look::look(&caller, &name, &place).await?.text().into_owned()) }).await
    };
    let Cached { text, age } = caller.cached(host, path.as_str(), fetch).await?;
    Ok(Remembered { content: text.as_ref().to_owned(), age })
}
