//! Servers that die, vanish or stand still under load: nobody waits for ever, every answer is right, and when the server
//! is back so are we.

use rustix::process::Signal;
use serde_json::json;

use crate::support::{McpPipe, Reply, Scout, Sshd, eventually};

const READS: usize = 100;

/// As many requests at once as may execute.
fn post_reads(client: &mut McpPipe, target: &str) -> Vec<u64> {
    (0..READS).map(|_| client.post_scout(json!({ "target": target }))).collect()
}

#[test]
fn reads_outlive_the_sessions_that_are_killed_under_them() {
    let sshd = Sshd::start();
    let target = format!("h1:{}", sshd.write("file", "content"));
    let mut client = Scout::with(&sshd.endpoint).client();
    for _ in 0..5 {
        let ids = post_reads(&mut client, &target);
        sshd.signal_sessions(Signal::KILL);
        // They only look, so they look once more.
        ids.into_iter().for_each(|id| assert_eq!(client.wait(id).text(), "content"));
    }
    assert!(client.close().success());
}

#[test]
fn a_command_that_may_have_had_effects_tells_that_its_connection_was_lost() {
    let sshd = Sshd::start();
    let marker = sshd.path("killed-under-load");
    let mut client = Scout::with(&sshd.endpoint).env("SCOUT_ALLOW_ANY_COMMAND", true).client();
    let query = format!("echo once >> {marker}; tail -f {marker}");
    let ids: Vec<_> =
        (0..3).map(|_| client.post_scout(json!({ "target": "h1:/", "query": query }))).collect();
    let lines = || std::fs::read_to_string(&marker).unwrap_or_default().lines().count();
    eventually("all have begun", || lines() == 3);
    sshd.signal_sessions(Signal::KILL);
    for id in ids {
        let failure = client.wait(id).tool_error();
        assert!(failure.contains("h1") && failure.ends_with("; the command may have run"), "{failure}");
    }
    assert_eq!(lines(), 3, "none was begun twice");
    assert_eq!(client.query("h1:/", "echo again"), "again");
    assert!(client.close().success());
}

#[test]
fn a_server_that_is_gone_is_told_from_one_that_is_back() {
    let mut sshd = Sshd::start();
    let target = format!("h1:{}", sshd.write("file", "content"));
    let scout = Scout::with(&sshd.endpoint).env("SCOUT_BREAKER_OPEN", "1s");
    let mut client = scout.client();
    assert_eq!(client.read(&target), "content");
    let ids = post_reads(&mut client, &target);
    sshd.crash();
    for id in ids {
        let reply = client.wait(id);
        if is_error(&reply) {
            let failure = reply.tool_error();
            // Who stood in the listener's queue as it died was reset.
            let is_gone = failure.contains("refused") || failure.contains("Connection reset");
            assert!(failure.contains("Cannot connect to h1") && is_gone, "{failure}");
        }
    }
    // Until it is left alone for a while.
    eventually("the circuit is open", || {
        client.scout(json!({ "target": target })).tool_error().contains("circuit open after 5 failures")
    });
    sshd.start_again();
    eventually("it is back", || !is_error(&client.scout(json!({ "target": target }))));
    assert_eq!(client.read(&target), "content");
    assert!(client.close().success());
}

#[test]
fn a_server_that_stands_still_keeps_nobody_past_his_deadline() {
    let sshd = Sshd::start();
    let target = format!("h1:{}", sshd.write("file", "content"));
    let mut client = Scout::with(&sshd.endpoint).client();
    // Enough to know how fast it answers.
    for _ in 0..50 {
        assert_eq!(client.read(&target), "content");
    }
    sshd.signal(Signal::STOP);
    for id in post_reads(&mut client, &target) {
        let failure = client.wait(id).tool_error();
        assert!(failure.contains("h1"), "{failure}");
    }
    sshd.signal(Signal::CONT);
    assert_eq!(client.read(&target), "content");
    assert!(client.close().success());
}

fn is_error(reply: &Reply) -> bool {
    reply.result()["isError"] == true
}
