//! Which way a path is looked at.
//!
//! SFTP is the cheap one: it shares one process on the host with all others. But it must know that a path is a regular
//! file before it opens it, and where it does not, that costs a second round trip. A command on a session opened ahead
//! finds that out on the spot, at the price of a process and what a shell takes to start. So:
//!
//! | path was a file a moment ago | absolute | way to the host | an unused session for each request | looked at by | round trips |
//! |---|---|---|---|---|---|
//! | yes | any | any | any | SFTP | 1 |
//! | no | no | any | any | SFTP | 1 for a directory, 2 for a file |
//! | no | yes | short | any | SFTP | 1 for a directory, 2 for a file |
//! | no | yes | long | no | SFTP | 1 for a directory, 2 for a file |
//! | no | yes | long | yes | SFTP and a command | 1 |
//!
//! Both look at absolute paths only: SFTP may begin in another directory than the shell. Absolute paths lead both to the
//! same file where SFTP's root is the shell's, as with OpenSSH, whose `ChrootDirectory` holds for either. A server that
//! locks up its SFTP alone, beside a shell that sees everything, is not recognised: what is read there may be the shell's.
//!
//! Where both look, only the content of a file is taken from the command, so that what is said of a path never depends
//! on the way.

use crate::base::limits::LONG_ROUND_TRIP;
use crate::fleet::Outlook;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    Sftp,
    /// Both at once; the first content wins.
    SftpAndCommand,
}

impl Way {
    pub(super) fn choose(path: &[u8], outlook: Outlook) -> Self {
        let is_absolute = path.starts_with(b"/");
        let is_long = outlook.round_trip.is_some_and(|time| time >= LONG_ROUND_TRIP);
        if is_absolute && is_long && !outlook.is_known_file && outlook.requests <= outlook.unused_sessions {
            Self::SftpAndCommand
        } else {
            Self::Sftp
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::time::Duration;

    const FIRST_OF_A_FAR_HOST: Outlook = Outlook {
        is_known_file: false,
        round_trip: Some(Duration::from_millis(50)),
        unused_sessions: 1,
        requests: 1,
    };

    #[test]
    fn the_table() {
        let far = FIRST_OF_A_FAR_HOST;
        for (outlook, way) in [
            (far, Way::SftpAndCommand),
            (Outlook { is_known_file: true, ..far }, Way::Sftp),
            (Outlook { round_trip: Some(Duration::from_micros(200)), ..far }, Way::Sftp),
            (Outlook { round_trip: None, ..far }, Way::Sftp),
            (Outlook { unused_sessions: 0, ..far }, Way::Sftp),
            (Outlook { requests: 2, ..far }, Way::Sftp),
            (Outlook { requests: 8, unused_sessions: 8, ..far }, Way::SftpAndCommand),
        ] {
            assert_eq!(Way::choose(b"/file", outlook), way, "{outlook:?}");
            assert_eq!(Way::choose(b"file", outlook), Way::Sftp, "{outlook:?}");
        }
    }
}
