//! Replies of the SFTP server, written where they leave from.

use crate::sftp::wire::kind;
use crate::ssh::wire::Write;

/// Error codes of the draft (§7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    Ok = 0,
    Eof = 1,
    NoSuchFile = 2,
    PermissionDenied = 3,
    Failure = 4,
    BadMessage = 5,
    Unsupported = 8,
}

impl Status {
    /// As OpenSSH words them.
    const fn text(self) -> &'static str {
        match self {
            Self::Ok => "Success",
            Self::Eof => "End of file",
            Self::NoSuchFile => "No such file",
            Self::PermissionDenied => "Permission denied",
            Self::Failure => "Failure",
            Self::BadMessage => "Bad message",
            Self::Unsupported => "Operation unsupported",
        }
    }
}

/// Writes one packet: its length, its type, the request's number where there is one, and what `write` appends.
pub fn packet(out: &mut Vec<u8>, kind: u8, id: Option<u32>, write: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.put_u32(0);
    out.push(kind);
    if let Some(id) = id {
        out.put_u32(id);
    }
    write(out);
    let length = u32::try_from(out.len() - start - size_of::<u32>()).unwrap_or(u32::MAX);
    if let Some(field) = out.get_mut(start..start + size_of::<u32>()) {
        field.copy_from_slice(&length.to_be_bytes());
    }
}

pub fn status(out: &mut Vec<u8>, id: u32, status: Status) {
    packet(out, kind::STATUS, Some(id), |out| {
        out.put_u32(status as u32);
        out.put_string(status.text().as_bytes());
        out.put_string(b"");
    });
}

/// Attributes as they stand in replies (draft §5): size and mode, and times where there are any.
pub fn put_attrs(out: &mut Vec<u8>, (size, mode): (u64, u32), time: Option<u32>) {
    const SIZE: u32 = 1;
    const MODE: u32 = 4;
    const TIMES: u32 = 8;
    out.put_u32(SIZE | MODE | if time.is_some() { TIMES } else { 0 });
    out.extend_from_slice(&size.to_be_bytes());
    out.put_u32(mode);
    for time in time.iter().chain(&time) {
        out.put_u32(*time);
    }
}

/// The line of `ls -l` for a name: what clients show of a directory.
pub fn long_name(name: &[u8], (size, mode): (u64, u32)) -> Vec<u8> {
    let kind = match mode & 0o170_000 {
        0o040_000 => 'd',
        0o120_000 => 'l',
        0o010_000 => 'p',
        _ => '-',
    };
    let bits = (0..9).rev().map(|bit| if mode >> bit & 1 == 0 { '-' } else { ['x', 'w', 'r'][bit % 3] });
    let bits: String = std::iter::once(kind).chain(bits).collect();
    [format!("{bits} 1 scout scout {size:>8} Jan  1 00:00 ").as_bytes(), name].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_as_of_ls() {
        let line = |mode| String::from_utf8(long_name(b"x", (12, mode))).unwrap();
        assert_eq!(line(0o100_644), "-rw-r--r-- 1 scout scout       12 Jan  1 00:00 x");
        assert_eq!(line(0o040_755), "drwxr-xr-x 1 scout scout       12 Jan  1 00:00 x");
    }
}
