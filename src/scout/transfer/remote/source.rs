//! A file of a host that is read.

use super::{Spot, cannot, reachable, read_back, regular};
use crate::base::limits::{
    TRANSFER_BYTES_PER_MICROSECOND, TRANSFER_PIECE_BYTES, TRANSFER_READS_AHEAD, TRANSFER_WAY_DOUBT,
};
use crate::base::time::Duration;
use crate::base::{Error, Result};
use crate::fleet::{Caller, OpenFile};
use crate::scout::transfer::bridge::Head;
use crate::scout::transfer::digest::{Digest, Span, by_program};
use crate::scout::transfer::place::name_of;
use crate::scout::transfer::send::Source;
use crate::sftp::{Failure, Opening};
use crate::target::RemotePath;

/// Permissions without those bits that are about whose a file is.
const MODE: u32 = 0o777;
/// Of a file of which the host does not tell them.
const MODE_DEFAULT: u32 = 0o644;

/// A file of a host that is read.
pub(in crate::scout::transfer) struct RemoteSource {
    spot: Spot,
    path: Vec<u8>,
    file: OpenFile,
    head: Head,
}

impl RemoteSource {
    /// Errors: those of the connection; there is no regular file at the path that may be read.
    pub async fn open(caller: &Caller, host: &str, path: &RemotePath) -> Result<Self> {
        let sftp = reachable(host, path)?.to_vec();
        let (spot, attrs) = Spot::reach(caller, host, async |link| link.stat(&sftp).await).await?;
        let label = spot.label(path.as_str());
        let explain = |failure: Failure| cannot("read", &label, &failure);
        regular(&label, &attrs.map_err(explain)?)?;
        let file = spot.link.open(&sftp, Opening::Read).await.map_err(Error::begun)?.map_err(explain)?;
        let attrs = file.stat().await?.map_err(explain)?;
        let head = Head {
            name: name_of(path.as_str()).unwrap_or("file").to_owned(),
            size: attrs.size.unwrap_or_default(),
            mode: attrs.mode.map_or(MODE_DEFAULT, |mode| mode & MODE),
            modified: attrs.modified,
            label,
        };
        Ok(Self { spot, path: sftp, file, head })
    }
}

impl Source for RemoteSource {
    fn ahead(&self) -> usize {
        pieces_ahead(self.file.round_trip())
    }

    fn head(&self) -> &Head {
        &self.head
    }

    async fn read(&self, offset: u64, len: u64) -> Result<Vec<u8>> {
        let explain = |failure: Failure| cannot("read", &self.head.label, &failure);
        self.file.read(offset, len).await?.map_err(explain)
    }

    async fn digest(&self, span: Span) -> Result<Digest> {
        match by_program(&self.spot.machine, &self.path, span, false).await {
            Some(digest) => Ok(digest),
            None => read_back(&self.file, span, &self.head.label).await,
        }
    }

    async fn state(&self) -> Result<(u64, Option<u32>)> {
        let explain = |failure: Failure| cannot("read", &self.head.label, &failure);
        let attrs = self.file.stat().await?.map_err(explain)?;
        Ok((attrs.size.unwrap_or_default(), attrs.modified))
    }
}

/// How many pieces are asked for at once: no more than the way takes, as whoever else reads files of the host waits for what
/// was asked before. What is known of a short way is mostly how long the host takes.
fn pieces_ahead(round_trip: Option<Duration>) -> usize {
    let Some(round_trip) = round_trip else { return TRANSFER_READS_AHEAD };
    let way = round_trip.saturating_sub(TRANSFER_WAY_DOUBT);
    let on_the_way = way.as_micros() * TRANSFER_BYTES_PER_MICROSECOND / u128::from(TRANSFER_PIECE_BYTES);
    usize::try_from(on_the_way).map_or(TRANSFER_READS_AHEAD, |pieces| (pieces + 2).min(TRANSFER_READS_AHEAD))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_much_is_asked_for_as_the_way_takes() {
        let of = |millis| pieces_ahead(Some(Duration::from_millis(millis)));
        assert_eq!((of(0), of(5), of(50)), (2, 2, TRANSFER_READS_AHEAD));
        assert!((3..TRANSFER_READS_AHEAD).contains(&of(7)));
        assert_eq!(pieces_ahead(None), TRANSFER_READS_AHEAD);
    }
}
