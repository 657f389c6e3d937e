//! A server whose configuration changes while it serves.

use std::fs;

use rustix::process::Signal;
use serde_json::json;

use crate::support::{Endpoint, Key, KeyType, Scout, Sshd, eventually};

const READ_AGAIN: &str = "read the configuration again";

#[test]
fn a_new_host_is_there_and_one_that_did_not_change_keeps_its_connection() {
    let (one, two) = (Sshd::start(), Sshd::start());
    let (first, second) = (one.write("file", "first"), two.write("file", "second"));
    let scout = Scout::with(&one.endpoint);
    let mut client = scout.client();
    assert_eq!(client.read(&format!("h1:{first}")), "first");
    let unknown = client.scout(json!({ "target": format!("h2:{second}") })).tool_error();
    assert!(unknown.contains("Unknown host 'h2'. Available: h1, localhost"), "{unknown}");

    let scout = scout.host("h2", &two.endpoint);
    client.stderr.wait_for(READ_AGAIN);
    assert_eq!(client.read(&format!("h2:{second}")), "second");
    assert_eq!(client.read(&format!("h1:{first}")), "first");
    assert_eq!((one.connections(), two.connections()), (1, 1));

    // What is said of h1 only changes its connection only. The first value wins.
    let text = fs::read_to_string(scout.config_file()).unwrap();
    fs::write(scout.config_file(), format!("Host h1\nServerAliveInterval 7\n\n{text}")).unwrap();
    client.stderr.wait_for_count(READ_AGAIN, 2);
    one.log().wait_for("Received disconnect");
    assert_eq!(client.read(&format!("h1:{first}")), "first");
    assert_eq!(client.read(&format!("h2:{second}")), "second");
    assert_eq!((one.connections(), two.connections()), (2, 1));
    assert!(client.close().success());
}

#[test]
fn work_on_a_host_that_is_gone_is_finished() {
    let sshd = Sshd::start();
    let fifo = sshd.fifo("fifo");
    let scout = Scout::with(&sshd.endpoint);
    let mut client = scout.client();
    let running = client.post_scout(json!({ "target": "h1:/", "query": format!("cat {fifo}") }));
    sshd.log().wait_for("Starting session: command");
    fs::write(scout.config_file(), "Host other\n").unwrap();
    client.stderr.wait_for(READ_AGAIN);
    assert!(client.scout(json!({ "target": "h1:/" })).tool_error().contains("Unknown host 'h1'"));
    assert!(!client.has_answer(running));
    fs::write(&fifo, "late").unwrap();
    assert_eq!(client.wait(running).text(), "late");
    sshd.log().wait_for("Received disconnect");
    assert!(client.close().success());
}

#[test]
fn what_cannot_be_read_changes_nothing_and_is_said_once() {
    let sshd = Sshd::start();
    let target = format!("h1:{}", sshd.write("file", "content"));
    let scout = Scout::with(&sshd.endpoint);
    let settings = scout.home().join("settings.toml");
    fs::write(&settings, "command_timeout = 5\n").unwrap();
    let scout = scout.env("SCOUT_SETTINGS", settings.display());
    let mut client = scout.client();
    assert_eq!(client.read(&target), "content");

    let text = fs::read_to_string(scout.config_file()).unwrap();
    fs::remove_file(scout.config_file()).unwrap();
    client.stderr.wait_for("cannot read the SSH configuration");
    fs::write(&settings, "command_timeout = 5\nno_such = 1\n").unwrap();
    let refusal = client.stderr.wait_for("no_such");
    assert!(refusal.contains("settings.toml:2: unknown field `no_such`"), "{refusal}");
    assert_eq!(client.read(&target), "content");

    // A broken line is the affair of the hosts it is about.
    fs::write(scout.config_file(), format!("Host broken\nPort many\n\n{text}")).unwrap();
    client.stderr.wait_for("config:2: ");
    assert_eq!(client.read(&target), "content");
    // Said as soon as it is read; it counts when all cores have it.
    eventually("the new configuration counts", || {
        client.scout(json!({ "target": "broken:/" })).tool_error().contains("config:2: ")
    });
    assert_eq!(client.stderr.count("config:2: "), 1);
    assert_eq!(sshd.connections(), 1);
    assert!(client.close().success());
}

#[test]
fn a_signal_is_enough_and_settings_are_taken_over() {
    let sshd = Sshd::start();
    let fifo = sshd.fifo("fifo");
    let scout = Scout::with(&sshd.endpoint);
    let settings = scout.home().join("settings.toml");
    fs::write(&settings, "").unwrap();
    let mut client = scout.env("SCOUT_SETTINGS", settings.display()).client();
    assert_eq!(client.query("h1:/", "stat -c %F /"), "directory");
    client.signal(Signal::HUP);
    client.stderr.wait_for(READ_AGAIN);
    fs::write(&settings, "command_timeout = '300ms'\nmax_pool_size = 7\nlog_level = 'debug'\n").unwrap();
    client.signal(Signal::HUP);
    client.stderr.wait_for_count(READ_AGAIN, 2);
    client.stderr.wait_for("max_pool_size: the new value needs a restart");
    let late = client.query("h1:/", &format!("cat {fifo}"));
    assert!(late.contains("[exit code: 124]"), "{late}");
    assert_eq!(sshd.connections(), 1);
    assert!(client.close().success());
    client.stderr.wait_for("DEBUG");
}

#[test]
fn keys_that_were_refused_are_not_offered_by_every_request_until_it_is_told_to() {
    let sshd = Sshd::start();
    let stranger = Key::generate(&sshd.account.path("stranger"), KeyType::Ed25519);
    let endpoint = Endpoint { identity: stranger.path.clone(), ..sshd.endpoint.clone() };
    let mut client = Scout::with(&endpoint).client();
    let read = json!({ "target": "h1:/proc/version" });
    let first = client.scout(read.clone()).tool_error();
    let ids: Vec<_> = (0..200).map(|_| client.post_scout(read.clone())).collect();
    for id in ids {
        let message = client.wait(id).tool_error();
        assert!(message.starts_with(&first) && message.contains("s ago; tried again in "), "{message}");
    }
    assert_eq!(sshd.connections(), 1);
    sshd.account.authorize(&stranger);
    client.signal(Signal::HUP);
    client.stderr.wait_for(READ_AGAIN);
    assert!(client.scout(read).text().contains("Linux"));
    assert_eq!(sshd.connections(), 2);
}
