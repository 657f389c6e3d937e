//! Transfers that do not come to their end.

use std::fs;
use std::path::Path;

use rustix::process::Signal;
use serde_json::json;

use super::{content, set_mode, transfer, unfinished};
use crate::support::{Scout, Sshd, eventually};

#[test]
fn a_full_disk_leaves_nothing_behind() {
    let sshd = Sshd::start();
    let scout = Scout::with(&sshd.endpoint);
    fs::write(scout.home().join("notes"), content(3_000_000)).unwrap();
    // What a process of the server may write at most stands for a disk.
    let limited = sshd.write("limited", "#!/bin/sh\nulimit -f 100\nexec /usr/lib/openssh/sftp-server\n");
    set_mode(&limited, 0o755);
    let small = Sshd::builder().without_sftp().config(&format!("Subsystem sftp {limited}")).start();
    let scout = scout.host("h2", &small.endpoint);
    let to = small.path("notes");
    let text =
        transfer(&mut scout.client(), json!({ "from": "notes", "to": format!("h2:{to}") })).tool_error();
    assert!(text.contains(&format!("h2:{to}")) || text.contains("SFTP server ended"), "{text}");
    assert!(!Path::new(&to).exists());
}

#[test]
fn a_broken_transfer_goes_on_where_it_ended() {
    let mut sshd = Sshd::start();
    let scout = Scout::with(&sshd.endpoint);
    let data = content(120_000_000);
    fs::write(scout.home().join("long"), &data).unwrap();
    let (home, to) = (sshd.account.home(), format!("h1:{}", sshd.path("long")));
    let mut client = scout.client();
    let order = json!({ "from": "long", "to": to, "resume": true });
    let broken = client.post("tools/call", json!({ "name": "transfer", "arguments": order }));
    let begun = || {
        unfinished(&home)
            .iter()
            .any(|name| fs::metadata(home.join(name)).is_ok_and(|file| file.len() > 5_000_000))
    };
    eventually("something is written", begun);
    sshd.crash();
    let text = client.wait(broken).tool_error();
    assert!(text.contains("h1"), "{text}");
    assert!(!home.join("long").exists());
    let left = unfinished(&home);
    assert_eq!(left.len(), 1);
    let kept = fs::metadata(home.join(&left[0])).unwrap().len();
    sshd.start_again();
    let reply = transfer(&mut client, order);
    assert_eq!(reply.result()["structuredContent"]["resumed_at"], json!(kept), "{reply:?}");
    assert!(fs::read(home.join("long")).unwrap() == data && unfinished(&home).is_empty());

    // What is no beginning of it is begun anew.
    fs::remove_file(home.join("long")).unwrap();
    fs::write(home.join(&left[0]), b"something else").unwrap();
    let order = json!({ "from": "long", "to": to, "resume": true });
    let reply = transfer(&mut client, order);
    assert_eq!(reply.result()["structuredContent"]["resumed_at"], json!(0), "{reply:?}");
    assert!(fs::read(home.join("long")).unwrap() == data && unfinished(&home).is_empty());
}

#[test]
fn a_transfer_that_is_taken_back_leaves_nothing_behind() {
    let sshd = Sshd::start();
    let scout = Scout::with(&sshd.endpoint);
    fs::write(scout.home().join("long"), content(200_000_000)).unwrap();
    let there = sshd.write("long", content(200_000_000));
    let mut client = scout.client();
    let target = sshd.path("dir/long");
    fs::create_dir(sshd.path("dir")).unwrap();
    fs::create_dir(scout.home().join("dir")).unwrap();
    for (from, to, directory) in [
        ("long".to_owned(), format!("h1:{target}"), Path::new(&sshd.path("dir")).to_owned()),
        (format!("h1:{there}"), "dir".to_owned(), scout.home().join("dir")),
    ] {
        let id =
            client.post("tools/call", json!({ "name": "transfer", "arguments": { "from": from, "to": to } }));
        eventually("it has begun", || !unfinished(&directory).is_empty());
        client.cancel(id);
        eventually("nothing is left", || fs::read_dir(&directory).unwrap().next().is_none());
        assert!(!client.has_answer(id));
    }
    assert_eq!(client.read(&format!("h1:{}", sshd.write("small", "works"))), "works");
}

#[test]
fn a_copy_ends_with_its_process_and_leaves_nothing_behind() {
    let sshd = Sshd::start();
    let scout = Scout::with(&sshd.endpoint);
    fs::write(scout.home().join("long"), content(200_000_000)).unwrap();
    fs::create_dir(sshd.path("dir")).unwrap();
    let directory = sshd.path("dir");
    let mut copy = scout.start(&["copy", "long", &format!("h1:{directory}")]);
    eventually("it has begun", || !unfinished(&directory).is_empty());
    copy.signal(Signal::INT);
    assert_eq!(copy.wait_for_exit().code(), Some(1));
    eventually("nothing is left", || fs::read_dir(&directory).unwrap().next().is_none());
}

#[test]
fn what_a_lost_connection_leaves_behind_is_removed_by_the_next() {
    let sshd = Sshd::start();
    let scout = Scout::with(&sshd.endpoint);
    fs::write(scout.home().join("long"), content(200_000_000)).unwrap();
    fs::create_dir(sshd.path("dir")).unwrap();
    let directory = sshd.path("dir");
    let mut client = scout.client();
    let arguments = json!({ "from": "long", "to": format!("h1:{directory}") });
    let id = client.post("tools/call", json!({ "name": "transfer", "arguments": arguments }));
    eventually("it has begun", || !unfinished(&directory).is_empty());
    sshd.signal_sessions(Signal::KILL);
    let text = client.wait(id).tool_error();
    assert!(text.contains("h1"), "{text}");
    assert!(fs::read_dir(&directory).unwrap().next().is_none(), "before it is said");
    assert_eq!(sshd.connections(), 2);
}
