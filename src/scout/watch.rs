//! Watching a place on a host by looking at it again and again. All who watch the same place share the looks of the core
//! that owns the host, and nobody looks when nobody watches.

use std::rc::Rc;

use futures_util::stream::{Stream, unfold};

use super::paths::{explain, sftp_path, unexpected};
use super::{fallback, in_time};
use crate::base::Result;
use crate::base::limits::{WATCH_EVERY, WATCH_SHARED_FOR};
use crate::fleet::{Caller, Class, ClientId, Machine, Need, Repeat, Shards};
use crate::sftp::{Attrs, Failure, Outcome, StatusCode};
use crate::target::RemotePath;

/// An item whenever something else than before stands at the path: another size, another time of modification, another
/// type, or nothing. While the host cannot be asked, nothing is known to have changed.
pub fn changes(
    shards: Rc<Shards>,
    client: ClientId,
    host: String,
    path: RemotePath,
) -> impl Stream<Item = ()> + 'static {
    unfold(Watch { shards, client, host, path, last: None }, |mut watch| async move {
        watch.next().await;
        Some(((), watch))
    })
}

struct Watch {
    shards: Rc<Shards>,
    client: ClientId,
    host: String,
    path: RemotePath,
    /// What was seen last.
    last: Option<String>,
}

impl Watch {
    async fn next(&mut self) {
        let fleet = Rc::clone(self.shards.own());
        loop {
            let begun = fleet.now();
            let seen = self.look().await;
            if let Ok(seen) = seen
                && let Some(last) = self.last.replace(seen)
                && Some(last) != self.last
            {
                return;
            }
            fleet.sleep_until(begun + WATCH_EVERY).await;
        }
    }

    async fn look(&self) -> Result<String> {
        let claim = *self.shards.own().caller(Class::Background, self.client).claim();
        let (host, path) = (self.host.clone(), self.path.clone());
        let look = move |caller: Caller| async move {
            let (at, what) = (host.clone(), path.clone());
            let look = |caller: Caller| async move { in_time(&caller, mark(&caller, &at, &what)).await };
            caller
                .sight(&host, path.as_str(), WATCH_SHARED_FOR, look)
                .await
                .map(|seen| seen.as_ref().to_owned())
        };
        self.shards.on(&self.host, claim, look).await
    }
}

/// A text that is another one when the content of what stands at the path is, or when it comes or goes.
async fn mark(caller: &Caller, host: &str, path: &RemotePath) -> Result<String> {
    let mark = async |machine: &Machine| match (machine.files()?, sftp_path(path)) {
        (Some(link), Some(sftp_path)) => match link.stat(sftp_path).await? {
            Ok(Outcome::Stat(attrs)) => Ok(mark_of(&attrs)),
            Ok(_) => Err(unexpected()),
            Err(Failure::Status { code: StatusCode::NoSuchFile, .. }) => Ok("nothing".to_owned()),
            Err(failure) => Err(explain(path, &failure)),
        },
        _ => fallback::mark(machine, path).await,
    };
    caller.work(host, Need::Files, Repeat::Safe, mark).await
}

/// SFTP tells no inode (draft §5).
fn mark_of(attrs: &Attrs) -> String {
    format!("{:?} {:?} {:?}", attrs.size, attrs.modified, attrs.mode)
}
