//! Sockets in folders of their own.

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener as StdListener;
use std::rc::Rc;

use futures_util::FutureExt;
use futures_util::future::join;
use tempfile::TempDir;

use super::*;
use crate::base::time::{self, Duration};
use crate::io::runtime;

fn said(text: &'static str) -> Rc<listener::Say> {
    Rc::new(move || async move { Some(text.to_owned()) }.boxed_local())
}

/// One folder, not made yet.
fn folders() -> (TempDir, [PathBuf; 1]) {
    let dir = TempDir::new().unwrap();
    let folder = dir.path().join("cache/run");
    (dir, [folder])
}

#[test]
fn who_asks_is_told_and_the_socket_goes_with_its_owner() {
    let (_dir, folders) = folders();
    let [folder] = &folders;
    runtime::run(async {
        let listener = listen(&folders, said("figures")).unwrap();
        let path = socket_of(folder, std::process::id());
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        assert_eq!(fs::metadata(folder).unwrap().mode() & 0o777, 0o700);
        for asked in [None, Some(std::process::id())] {
            let found = read_all(&folders, asked).await;
            assert_eq!(found.len(), 1);
            assert_eq!(found[0].said, Ok(b"figures\n".to_vec()));
        }
        assert!(read_all(&folders, Some(1)).await.is_empty());
        drop(listener);
        assert!(fs::read_dir(folder).unwrap().next().is_none(), "nothing is left");
        assert!(read_all(&folders, None).await.is_empty());
    })
    .unwrap();
}

#[test]
fn a_server_is_found_by_its_number_among_very_many() {
    let (_dir, folders) = folders();
    let [folder] = &folders;
    runtime::run(async {
        let _listener = listen(&folders, said("figures")).unwrap();
        let pid = std::process::id();
        (1..=2 * limits::STATS_SERVERS_MAX as u32).filter(|other| *other != pid).for_each(|other| {
            fs::write(socket_of(folder, other), "").unwrap();
        });
        let found = read_all(&folders, Some(pid)).await;
        assert_eq!(found.first().map(|found| &found.said), Some(&Ok(b"figures\n".to_vec())));
    })
    .unwrap();
}

#[test]
fn what_the_killed_left_behind_is_cleared_away() {
    let (_dir, folders) = folders();
    let [folder] = &folders;
    own(folder).unwrap();
    drop(StdListener::bind(socket_of(folder, 1)).unwrap());
    let alive = StdListener::bind(socket_of(folder, 2)).unwrap();
    fs::write(folder.join("note"), "not ours").unwrap();
    runtime::run(async {
        let _listener = listen(&folders, said("figures")).unwrap();
        let mut left: Vec<_> = sockets(folder).into_iter().map(|(pid, _)| pid).collect();
        left.sort_unstable();
        assert_eq!(left, [2, std::process::id()]);
        assert!(folder.join("note").exists());
    })
    .unwrap();
    drop(alive);
}

#[test]
fn a_server_that_hangs_delays_nobody_for_long() {
    let (_dir, folders) = folders();
    let [folder] = &folders;
    own(folder).unwrap();
    let _silent = StdListener::bind(socket_of(folder, 2)).unwrap();
    runtime::run(async {
        let _listener = listen(&folders, said("figures")).unwrap();
        let found = read_all(&folders, None).await;
        let outcome = |pid: u32| &found.iter().find(|found| found.pid == pid).unwrap().said;
        assert!(outcome(std::process::id()).is_ok());
        assert!(outcome(2).as_ref().unwrap_err().message().contains("The server 2 does not answer"));
    })
    .unwrap();
}

/// Completes when so many who have connected stand before a socket: they are listed as it is, by proc(5).
async fn crowd(socket: &Path, count: usize) {
    let name = socket.to_string_lossy();
    let listed = || {
        fs::read_to_string("/proc/net/unix").unwrap().lines().filter(|line| line.ends_with(&*name)).count()
    };
    while listed() < 1 + count {
        runtime::sleep_until(time::now() + Duration::from_millis(1)).await;
    }
}

#[test]
fn a_server_that_is_killed_while_it_is_asked_is_not_there() {
    let (_dir, folders) = folders();
    let [folder] = &folders;
    own(folder).unwrap();
    let socket = socket_of(folder, 1);
    for says_something in [false, true] {
        let listener = StdListener::bind(&socket).unwrap();
        runtime::run(async {
            // Whoever looks whether it is there has connected as well.
            let kill = async {
                crowd(&socket, 2).await;
                if says_something {
                    let mut asked: Vec<_> = (0..2).map(|_| listener.accept().unwrap().0).collect();
                    asked.iter_mut().for_each(|stream| drop(stream.write_all(b"{")));
                }
                drop(listener);
            };
            let (found, ()) = join(read_all(&folders, None), kill).await;
            assert!(found.is_empty(), "{found:?}");
        })
        .unwrap();
        let _ = fs::remove_file(&socket);
    }
}

#[test]
fn too_many_who_ask_are_turned_away() {
    let (_dir, folders) = folders();
    let [folder] = &folders;
    let hang: Rc<listener::Say> = Rc::new(|| futures_util::future::pending().boxed_local());
    runtime::run(async {
        let _listener = listen(&folders, hang).unwrap();
        let many = vec![folder.clone(); limits::STATS_READERS_MAX + 1];
        let found = read_all(&many, None).await;
        let busy =
            found.iter().filter(|found| found.said.as_ref().is_err_and(|e| e.message().contains("busy")));
        assert!(busy.count() >= 1, "{found:?}");
    })
    .unwrap();
}

#[test]
fn a_folder_that_others_may_enter_is_not_used() {
    let (dir, folders) = folders();
    let [folder] = &folders;
    own(folder).unwrap();
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
    let long = dir.path().join("x".repeat(100));
    let good = dir.path().join("good");
    runtime::run(async {
        let reasons = listen(&[folder.clone(), long.clone()], said("figures")).unwrap_err();
        assert!(reasons.contains("chmod 700") && reasons.contains("at most 107 fit"), "{reasons}");
        assert!(!long.exists());
        let _listener = listen(&[folder.clone(), good.clone()], said("figures")).unwrap();
        assert_eq!(sockets(&good).len(), 1);
    })
    .unwrap();
}

#[test]
fn the_place_is_that_of_the_session_or_below_the_home() {
    let env = |runtime: Option<&str>| Env {
        home: "/home/ann".into(),
        vars: runtime.map(|path| ("XDG_RUNTIME_DIR".to_owned(), path.to_owned())).into_iter().collect(),
        ..Env::default()
    };
    let home = PathBuf::from("/home/ann/.cache/scout-mcp/run");
    assert_eq!(
        super::folders(&env(Some("/run/user/7"))),
        [PathBuf::from("/run/user/7/scout-mcp"), home.clone()]
    );
    assert_eq!(super::folders(&env(Some("relative"))), std::slice::from_ref(&home));
    assert_eq!(super::folders(&env(None)), [home]);
}
