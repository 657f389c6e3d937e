//! The ends of a transfer that are files of this machine. What they do would stop the event loop, so that it is done
//! beside it, one step after the other.

use std::cell::RefCell;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::FileExt;
use std::path::Path;

use rustix::fs::{
    AtFlags, FileType, FlockOperation, Mode, OFlags, RenameFlags, Stat, Timespec, Timestamps, fchmod, flock,
    fstat, futimens, openat, renameat, renameat_with, statat, unlinkat,
};
use rustix::io::Errno;
use rustix::process::geteuid;

use super::bridge::{Head, Partial};
use super::digest::{By, Digest, Span};
use super::place::name_of;
use super::receive::Target;
use super::roots::{Fault, Roots};
use super::send::Source;
use super::{exists, is_another, is_being_written, is_directory, is_link, names, no_directory};
use crate::base::limits::TRANSFER_PIECE_BYTES;
use crate::base::text::shown;
use crate::base::{Error, Kind, Result};
use crate::crypto::hash::Sha256;
use crate::fleet::Caller;

/// Permissions without those bits that are about whose a file is.
const MODE: u32 = 0o777;
/// While a file is written nobody else reads it.
const MODE_UNFINISHED: Mode = Mode::from_raw_mode(0o600);

/// Something that is handed to the thread where the work is done, and comes back with what came of it.
struct Desk<T>(RefCell<Option<T>>);

impl<T: Send + 'static> Desk<T> {
    fn new(thing: T) -> Self {
        Self(RefCell::new(Some(thing)))
    }

    /// Errors: those of the work; it is away, as its transfer is over.
    async fn work<R: Send + 'static>(
        &self,
        caller: &Caller,
        work: impl FnOnce(&mut T) -> Result<R> + Send + 'static,
    ) -> Result<R> {
        let away = || Error::new(Kind::Internal, "a file is used by two at once");
        let mut thing = self.0.take().ok_or_else(away)?;
        let work = move || {
            let result = work(&mut thing);
            (thing, result)
        };
        let (thing, result) = caller.offload(work).await?;
        self.0.replace(Some(thing));
        result
    }
}

/// A file of this machine that is read.
pub(super) struct LocalSource {
    caller: Caller,
    file: Desk<File>,
    head: Head,
}

impl LocalSource {
    /// Errors: there is no regular file at the path that may be read and lies below the roots.
    pub async fn open(caller: &Caller, path: &str, roots: &Roots) -> Result<Self> {
        let (path, roots) = (path.to_owned(), roots.clone());
        let (file, head) = caller.offload(move || open_source(&path, &roots)).await??;
        Ok(Self { caller: caller.clone(), file: Desk::new(file), head })
    }
}

/// Whether there is a regular file.
///
/// Errors: it would not lie below the roots.
pub(super) fn is_file(path: &str, roots: &Roots) -> Result<bool> {
    let found = match roots.open(Path::new(path), OFlags::PATH) {
        Ok(file) => fstat(file).ok(),
        Err(Fault::System(_)) => None,
        Err(fault) => return Err(roots.explain(path, fault)),
    };
    Ok(found.is_some_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile))
}

/// Without waiting for the other end of a FIFO.
fn open_source(path: &str, roots: &Roots) -> Result<(File, Head)> {
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY;
    let file = roots.open(Path::new(path), flags).map_err(|fault| roots.explain(path, fault))?;
    let stat = fstat(&file).map_err(|errno| roots.explain(path, Fault::System(errno)))?;
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => {}
        FileType::Directory => return Err(is_directory(path)),
        _ => {
            let text = format!("{} is a device, a FIFO or a socket; expected a file", shown(path));
            return Err(Error::new(Kind::WrongFileType, text));
        }
    }
    let head = Head {
        name: name_of(path).unwrap_or("file").to_owned(),
        label: path.to_owned(),
        size: stat.st_size.unsigned_abs(),
        mode: stat.st_mode & MODE,
        modified: Some(seconds(stat.st_mtime)),
    };
    Ok((File::from(file), head))
}

/// SFTP counts them in 32 bits, from 1970 on.
fn seconds(time: i64) -> u32 {
    u32::try_from(time.max(0)).unwrap_or(u32::MAX)
}

impl Source for LocalSource {
    fn ahead(&self) -> usize {
        1
    }

    fn head(&self) -> &Head {
        &self.head
    }

    async fn read(&self, offset: u64, len: u64) -> Result<Vec<u8>> {
        let label = self.head.label.clone();
        let read =
            move |file: &mut File| read(file, offset, len).map_err(|error| cannot("read", &label, &error));
        self.file.work(&self.caller, read).await
    }

    async fn digest(&self, span: Span) -> Result<Digest> {
        let label = self.head.label.clone();
        let read = move |file: &mut File| digest(file, span).map_err(|error| cannot("read", &label, &error));
        self.file.work(&self.caller, read).await
    }

    async fn state(&self) -> Result<(u64, Option<u32>)> {
        let label = self.head.label.clone();
        let stat = move |file: &mut File| {
            let stat = fstat(&*file).map_err(|errno| cannot("read", &label, &errno.into()))?;
            Ok((stat.st_size.unsigned_abs(), Some(seconds(stat.st_mtime))))
        };
        self.file.work(&self.caller, stat).await
    }
}

/// A file of this machine that is written.
pub(super) struct LocalTarget {
    caller: Caller,
    path: String,
    roots: Roots,
    may_replace: bool,
    resumes: bool,
    /// Once it is known where.
    unfinished: Option<Desk<Unfinished>>,
}

/// Where what is written stands, under its other name, and where it is to stand. It is removed when it is dropped, unless
/// it is to be gone on with.
struct Unfinished {
    directory: OwnedFd,
    name: String,
    unfinished_name: String,
    file: File,
    is_kept: bool,
    /// As the target is shown.
    label: String,
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if !self.is_kept {
            let _ = unlinkat(&self.directory, &self.unfinished_name, AtFlags::empty());
        }
    }
}

impl LocalTarget {
    pub fn new(caller: &Caller, path: &str, roots: &Roots, may_replace: bool, resumes: bool) -> Self {
        let (caller, path, roots) = (caller.clone(), path.to_owned(), roots.clone());
        Self { caller, path, roots, may_replace, resumes, unfinished: None }
    }

    async fn work<R: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Unfinished) -> Result<R> + Send + 'static,
    ) -> Result<R> {
        let not_open = || Error::new(Kind::Internal, "a transfer writes to a file that is not open");
        self.unfinished.as_ref().ok_or_else(not_open)?.work(&self.caller, work).await
    }
}

impl Target for LocalTarget {
    const AHEAD: usize = 1;

    async fn prepare(&mut self, head: &Head) -> Result<Partial> {
        let (path, roots, head) = (self.path.clone(), self.roots.clone(), head.clone());
        let (may_replace, resumes) = (self.may_replace, self.resumes);
        let prepare = move || {
            let (directory, name, label) = locate(&path, &roots, &head)?;
            check(&directory, &name, &label, may_replace)?;
            let unfinished = Unfinished::open(directory, name, label, resumes.then_some(&head.label))?;
            let partial = unfinished.partial(head.size)?;
            Ok((unfinished, partial))
        };
        let (unfinished, partial) = self.caller.offload(prepare).await??;
        self.unfinished = Some(Desk::new(unfinished));
        Ok(partial)
    }

    async fn restart(&mut self) -> Result<()> {
        self.work(|unfinished| unfinished.restart()).await
    }

    async fn write(&self, offset: u64, data: Vec<u8>) -> Result<()> {
        let write = move |unfinished: &mut Unfinished| {
            let written = unfinished.file.write_all_at(&data, offset);
            written.map_err(|error| cannot("write", &unfinished.label, &error))
        };
        self.work(write).await
    }

    async fn digest(&self, span: Span, _expected: &[u8]) -> Result<Digest> {
        let check = move |unfinished: &mut Unfinished| {
            let synced = unfinished.file.sync_all().and_then(|()| digest(&unfinished.file, span));
            synced.map_err(|error| cannot("write", &unfinished.label, &error))
        };
        self.work(check).await
    }

    fn spoil(&mut self) {
        if let Some(unfinished) = self.unfinished.as_mut().and_then(|desk| desk.0.get_mut().as_mut()) {
            unfinished.is_kept = false;
        }
    }

    async fn finish(&mut self, head: &Head) -> Result<(String, bool)> {
        let (may_replace, head) = (self.may_replace, head.clone());
        self.work(move |unfinished| unfinished.put_in_place(&head, may_replace)).await
    }
}

impl Unfinished {
    /// `source` is where it comes from, if what is there of it already is to be gone on with.
    fn open(directory: OwnedFd, name: String, label: String, source: Option<&String>) -> Result<Self> {
        let unfinished_name =
            source.map_or_else(|| names::fresh(&name), |source| names::lasting(&name, source));
        let left = match source {
            Some(_) => reopen(&directory, &unfinished_name, &label)?,
            None => None,
        };
        let file = match left {
            Some(file) => file,
            None => {
                if source.is_some() {
                    let _ = unlinkat(&directory, &unfinished_name, AtFlags::empty());
                }
                let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
                let opened = openat(&directory, &unfinished_name, flags, MODE_UNFINISHED);
                let opened = opened.map_err(|errno| match errno {
                    // Another one was faster.
                    Errno::EXIST => is_being_written(&label),
                    errno => cannot("write", &label, &errno.into()),
                })?;
                lock(&opened, &label)?;
                File::from(opened)
            }
        };
        Ok(Self { directory, name, unfinished_name, file, is_kept: source.is_some(), label })
    }

    /// What there is of it already. What is longer than the source is no part of it, and is not even read.
    fn partial(&self, size: u64) -> Result<Partial> {
        let len = self.file.metadata().map_or(0, |metadata| metadata.len());
        if len > size {
            self.restart()?;
        }
        if len == 0 || len > size {
            return Ok(Partial::NONE);
        }
        let digest = digest(&self.file, Span::Whole);
        let sha256 = digest.map_err(|error| cannot("read", &self.label, &error))?.sha256;
        Ok(Partial { len, sha256 })
    }

    fn restart(&self) -> Result<()> {
        self.file.set_len(0).map_err(|error| cannot("write", &self.label, &error))
    }

    fn put_in_place(&mut self, head: &Head, may_replace: bool) -> Result<(String, bool)> {
        let time = head.modified.map(|seconds| Timespec { tv_sec: seconds.into(), tv_nsec: 0 });
        let timed = time.map_or(Ok(()), |time| {
            futimens(&self.file, &Timestamps { last_access: time, last_modification: time })
        });
        let keeps = fchmod(&self.file, Mode::from_raw_mode(head.mode)).and(timed).is_ok();
        let (directory, from, to) = (&self.directory, &self.unfinished_name, &self.name);
        if !is_at(&self.file, directory, from) {
            // It is not ours to remove either.
            self.is_kept = true;
            return Err(is_another(&self.label));
        }
        let renamed = match may_replace {
            true => renameat(directory, from, directory, to),
            false => renameat_with(directory, from, directory, to, RenameFlags::NOREPLACE),
        };
        renamed.map_err(|errno| match errno {
            Errno::EXIST => exists(&self.label),
            errno => cannot("write", &self.label, &errno.into()),
        })?;
        // There is nothing of the other name any more.
        self.is_kept = true;
        Ok((self.label.clone(), keeps))
    }
}

/// What a broken transfer of ours has left behind, and no other one writes.
fn reopen(directory: &OwnedFd, name: &str, label: &str) -> Result<Option<File>> {
    if !statat(directory, name, AtFlags::SYMLINK_NOFOLLOW).is_ok_and(|stat| is_ours(&stat)) {
        return Ok(None);
    }
    let flags = OFlags::RDWR | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let Ok(file) = openat(directory, name, flags, Mode::empty()) else { return Ok(None) };
    if !fstat(&file).is_ok_and(|stat| is_ours(&stat)) {
        return Ok(None);
    }
    lock(&file, label)?;
    // Who held the lock before may have renamed it meanwhile.
    Ok(is_at(&file, directory, name).then(|| File::from(file)))
}

/// The name can be foretold: what others may have put there, or can read, is not written to.
fn is_ours(stat: &Stat) -> bool {
    FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile
        && Mode::from_raw_mode(stat.st_mode) == MODE_UNFINISHED
        && stat.st_uid == geteuid().as_raw()
        && stat.st_nlink == 1
}

/// Keeps other transfers out, of other processes as well, until the file is closed. Where a file system knows no locks, it
/// is done without.
fn lock(file: &OwnedFd, label: &str) -> Result<()> {
    match flock(file, FlockOperation::NonBlockingLockExclusive) {
        Err(Errno::WOULDBLOCK) => Err(is_being_written(label)),
        _ => Ok(()),
    }
}

/// Whether a name still leads to a file that was opened by it.
fn is_at(file: impl AsFd, directory: &OwnedFd, name: &str) -> bool {
    match (fstat(file), statat(directory, name, AtFlags::SYMLINK_NOFOLLOW)) {
        (Ok(open), Ok(named)) => (open.st_dev, open.st_ino) == (named.st_dev, named.st_ino),
        _ => false,
    }
}

/// The directory to write in, the name there, and how that is shown.
fn locate(path: &str, roots: &Roots, head: &Head) -> Result<(OwnedFd, String, String)> {
    let flags = OFlags::PATH | OFlags::DIRECTORY;
    match roots.open(Path::new(path), flags) {
        Ok(directory) => {
            let label = format!("{}/{}", path.trim_end_matches('/'), head.name);
            return Ok((directory, head.name.clone(), label));
        }
        Err(Fault::System(Errno::NOENT | Errno::NOTDIR | Errno::LOOP)) => {}
        Err(fault) => return Err(roots.explain(path, fault)),
    }
    let name = name_of(path).ok_or_else(|| no_directory(path))?;
    let parent = Path::new(path).parent().filter(|parent| !parent.as_os_str().is_empty());
    let directory = roots.open(parent.unwrap_or(Path::new(".")), flags).map_err(|fault| match fault {
        Fault::System(Errno::NOENT) => no_directory(path),
        fault => roots.explain(path, fault),
    })?;
    Ok((directory, name.to_owned(), path.to_owned()))
}

/// Over nothing but a file, and over that only when asked.
fn check(directory: &OwnedFd, name: &str, label: &str, may_replace: bool) -> Result<()> {
    match statat(directory, name, AtFlags::SYMLINK_NOFOLLOW) {
        Err(Errno::NOENT) => Ok(()),
        Err(errno) => Err(cannot("write", label, &errno.into())),
        Ok(stat) => match FileType::from_raw_mode(stat.st_mode) {
            FileType::RegularFile if may_replace => Ok(()),
            FileType::RegularFile => Err(exists(label)),
            FileType::Directory => Err(is_directory(label)),
            FileType::Symlink => Err(is_link(label)),
            _ => {
                let what = "is a device, a FIFO or a socket; expected a file or a directory";
                Err(Error::new(Kind::WrongFileType, format!("{} {what}", shown(label))))
            }
        },
    }
}

fn read(file: &File, offset: u64, len: u64) -> io::Result<Vec<u8>> {
    let mut data = vec![0; usize::try_from(len).unwrap_or(usize::MAX)];
    let mut filled = 0;
    while filled < data.len() {
        match file.read_at(&mut data[filled..], offset + filled as u64) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    data.truncate(filled);
    Ok(data)
}

fn digest(file: &File, span: Span) -> io::Result<Digest> {
    let (mut offset, end) = match span {
        Span::Whole => (0, u64::MAX),
        Span::First(count) => (0, count),
        Span::Behind(count) => (count, u64::MAX),
    };
    let mut sum = Sha256::new();
    while offset < end {
        let len = TRANSFER_PIECE_BYTES.min(end - offset);
        let piece = read(file, offset, len)?;
        sum.update(&piece);
        offset += piece.len() as u64;
        if (piece.len() as u64) < len {
            break;
        }
    }
    Ok(Digest { sha256: sum.finish(), by: By::ReadBack, is_synced: false })
}

fn cannot(verb: &str, label: &str, error: &io::Error) -> Error {
    let label = shown(label);
    match error.kind() {
        io::ErrorKind::PermissionDenied => {
            Error::new(Kind::PermissionDenied, format!("Permission denied: {label}"))
        }
        _ => Error::new(Kind::Local, format!("Cannot {verb} {label}: {error}")),
    }
}

#[cfg(test)]
mod tests;
