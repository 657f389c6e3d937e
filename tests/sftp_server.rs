//! The SFTP client against OpenSSH's sftp-server, over pipes.

#![allow(clippy::unwrap_used)]

use scout_mcp::base::time::now;
use scout_mcp::sftp::{Failure, FileType, LookMax, NewAttrs, Opening, Outcome, Session, StatusCode};
use std::io::{Read, Write};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

const PROGRAM: &str = "/usr/lib/openssh/sftp-server";
const LIST_BYTES_MAX: usize = 1 << 20;

/// A session with a server process of its own.
struct Client {
    session: Session,
    server: Child,
}

impl Client {
    fn start() -> Self {
        let server = Command::new(PROGRAM).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let server = server.expect("no OpenSSH SFTP server here: apt-get install openssh-sftp-server");
        Self { session: Session::new(true, now()), server }
    }

    /// Runs everything that has been started; results in the order the operations were started in.
    fn run(&mut self, count: usize) -> Vec<Result<Outcome, Failure>> {
        let mut done = Vec::new();
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let mut out = Vec::new();
            self.session.poll_transmit(&mut out);
            self.server.stdin.as_mut().unwrap().write_all(&out).unwrap();
            done.extend(std::iter::from_fn(|| self.session.poll_done()));
            if done.len() == count {
                done.sort_by_key(|(op, _)| *op);
                return done.into_iter().map(|(_, result)| result).collect();
            }
            let n = self.server.stdout.as_mut().unwrap().read(&mut buffer).unwrap();
            assert!(n > 0, "the server went away");
            self.session.handle_input(&buffer[..n]).unwrap();
        }
    }

    fn read(&mut self, path: &Path, bytes_max: u64) -> Result<(Vec<u8>, bool), Failure> {
        self.session.read(path.as_os_str().as_encoded_bytes(), 0, bytes_max, now()).unwrap();
        self.run(1).remove(0).map(|outcome| match outcome {
            Outcome::Read { data, more, .. } => (data, more),
            other => panic!("{other:?}"),
        })
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

fn bytes(len: usize) -> Vec<u8> {
    (0..len).map(|i| (i * 31 + i / 251) as u8).collect()
}

#[test]
fn files_of_every_size_arrive_whole() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("file");
    let mut client = Client::start();
    for len in [0, 1, 32_767, 32_768, 255 * 1024, 255 * 1024 + 1, 7_000_000] {
        std::fs::write(&path, bytes(len)).unwrap();
        assert!(client.read(&path, len as u64).unwrap() == (bytes(len), false), "{len}");
    }
    assert!(client.read(&path, 3_000_000).unwrap() == (bytes(3_000_000), true));
}

#[test]
fn what_the_kernel_makes_up_is_read_to_its_end() {
    let mut client = Client::start();
    let (data, more) = client.read(Path::new("/proc/self/maps"), 1 << 20).unwrap();
    assert!(data.ends_with(b"\n") && data.len() > 1000 && !more);
    let (data, more) = client.read(Path::new("/proc/self/maps"), 100).unwrap();
    assert_eq!((data.len(), more), (100, true));
}

#[test]
fn special_files_neither_block_nor_run_on() {
    let dir = tempfile::tempdir().unwrap();
    let fifo = dir.path().join("fifo");
    assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let mut client = Client::start();
    assert_eq!(client.read(&fifo, 10), Err(Failure::NotRegular(FileType::Fifo)));
    assert_eq!(client.read(Path::new("/dev/zero"), 10), Err(Failure::NotRegular(FileType::CharDevice)));
    assert_eq!(client.read(dir.path(), 10), Err(Failure::NotRegular(FileType::Directory)));
    let missing = client.read(&dir.path().join("missing"), 10);
    assert!(matches!(missing, Err(Failure::Status { code: StatusCode::NoSuchFile, .. })), "{missing:?}");
}

#[test]
fn a_directory_lists_like_ls() {
    let dir = tempfile::tempdir().unwrap();
    for i in 0..300 {
        std::fs::write(dir.path().join(format!("{i:03}")), "x").unwrap();
    }
    std::os::unix::fs::symlink("/nowhere/at all", dir.path().join("link")).unwrap();
    let mut client = Client::start();
    client.session.list(dir.path().as_os_str().as_encoded_bytes(), 1000, LIST_BYTES_MAX).unwrap();
    client.session.list(dir.path().as_os_str().as_encoded_bytes(), 100, LIST_BYTES_MAX).unwrap();
    let results = client.run(2);
    let Ok(Outcome::List { entries, truncated: false }) = &results[0] else { panic!("{results:?}") };
    assert_eq!(entries.len(), 303);
    assert_eq!(
        (&entries[0].name[..], &entries[1].name[..], &entries[2].name[..]),
        (&b"."[..], &b".."[..], &b"000"[..])
    );
    assert_eq!(entries[302].link.as_deref(), Some(&b"/nowhere/at all"[..]));
    assert!(entries[2].longname.starts_with(b"-rw"));
    assert!(matches!(&results[1], Ok(Outcome::List { entries, truncated: true }) if entries.len() == 100));
}

#[test]
fn two_hundred_reads_at_once_are_two_hundred_right_answers() {
    let dir = tempfile::tempdir().unwrap();
    let mut client = Client::start();
    for i in 0..200 {
        let path = dir.path().join(i.to_string());
        std::fs::write(&path, bytes(i * 1000)).unwrap();
        client.session.read(path.as_os_str().as_encoded_bytes(), 0, 1 << 20, now()).unwrap();
    }
    for (i, result) in client.run(200).into_iter().enumerate() {
        assert!(
            matches!(result, Ok(Outcome::Read { data, more: false, .. }) if data == bytes(i * 1000)),
            "{i}"
        );
    }
}

const LOOK: LookMax = LookMax { file_bytes: 1 << 20, entries: 1000, entries_bytes: LIST_BYTES_MAX };

#[test]
fn handles_are_predicted_whatever_stands_at_the_paths() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name);
    for n in 0..20 {
        std::fs::write(path(&format!("f{n}")), bytes(n * 20_000)).unwrap();
        std::fs::create_dir(path(&format!("d{n}"))).unwrap();
        std::fs::write(path(&format!("d{n}/inside")), "x").unwrap();
    }
    assert!(Command::new("mkfifo").arg(path("fifo")).status().unwrap().success());
    let mut client = Client::start();
    // The second time files are opened at once, one of them having become a directory meanwhile.
    for round in 0..3 {
        let names = (0..20).flat_map(|n| [format!("f{n}"), format!("d{n}")]);
        let names: Vec<_> = names.chain(["fifo".into(), "none".into()]).collect();
        for name in &names {
            client.session.look(path(name).as_os_str().as_encoded_bytes(), LOOK, now()).unwrap();
        }
        for (name, result) in names.iter().zip(client.run(names.len())) {
            let number = name[1..].parse::<usize>();
            match (&name[..1], result) {
                ("f", Ok(Outcome::Read { data, more: false, .. })) => {
                    assert!(data == bytes(number.unwrap() * 20_000), "{name}, round {round}");
                }
                ("d", Ok(Outcome::List { entries, .. })) => {
                    assert_eq!(entries.len(), 3, "{name}, round {round}")
                }
                ("f", Ok(Outcome::List { .. })) => assert_eq!((name.as_str(), round), ("f7", 2)),
                (_, Err(Failure::NotRegular(FileType::Fifo))) => assert_eq!(name, "fifo"),
                (_, Err(Failure::Status { code: StatusCode::NoSuchFile, .. })) => assert_eq!(name, "none"),
                (_, other) => panic!("{name}, round {round}: {other:?}"),
            }
        }
        if round == 1 {
            std::fs::remove_file(path("f7")).unwrap();
            std::fs::create_dir(path("f7")).unwrap();
        }
    }
}

#[test]
fn what_is_written_is_there() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("file");
    let mut client = Client::start();
    for len in [10_000_000, 0, 1, 255 * 1024 + 1] {
        let _ = std::fs::remove_file(&path);
        client.session.open(path.as_os_str().as_encoded_bytes(), Opening::New { mode: 0o600 }).unwrap();
        let Ok(Outcome::Opened(file)) = client.run(1).remove(0) else { panic!("it can be made") };
        client.session.write_piece(&file, 0, bytes(len)).unwrap();
        assert_eq!(client.run(1).remove(0), Ok(Outcome::Done));
        client.session.read_piece(&file, 0, 1 << 20).unwrap();
        assert!(client.run(1).remove(0) == Ok(Outcome::Data(bytes(len.min(1 << 20)))));
        let attrs = NewAttrs { mode: Some(0o640), times: Some((1, 1_234_567_890)) };
        client.session.change(&file, attrs).unwrap();
        client.session.sync(&file).unwrap();
        client.session.close(file).unwrap();
        assert!(client.run(3).iter().all(|result| *result == Ok(Outcome::Done)));
        assert!(std::fs::read(&path).unwrap() == bytes(len), "{len}");
        let metadata = std::fs::metadata(&path).unwrap();
        assert_eq!((metadata.mode() & 0o777, metadata.mtime()), (0o640, 1_234_567_890));
    }
}
