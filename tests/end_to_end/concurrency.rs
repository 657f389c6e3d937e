//! Many requests, one connection, nothing left behind.

use serde_json::json;

use crate::support::{McpPipe, Scout, Sshd, eventually, process_running, resident_kib};

#[test]
fn two_hundred_reads_at_once_share_one_connection() {
    let sshd = Sshd::start();
    let files: Vec<String> =
        (0..200).map(|n| sshd.write(&format!("file-{n}"), format!("content {n}"))).collect();
    let mut client = Scout::with(&sshd.endpoint).client();
    let ids: Vec<u64> =
        files.iter().map(|file| client.post_scout(json!({ "target": format!("h1:{file}") }))).collect();
    for (n, id) in ids.into_iter().enumerate() {
        assert_eq!(client.wait(id).text(), format!("content {n}"));
    }
    assert!(client.close().success());
    assert_eq!(sshd.connections(), 1);
}

#[test]
fn a_hundred_commands_at_once_stay_below_the_servers_limit() {
    let sshd = Sshd::start();
    let files: Vec<String> =
        (0..100).map(|n| sshd.write(&format!("file-{n}"), format!("content {n}"))).collect();
    let mut client = Scout::with(&sshd.endpoint).client();
    let ids: Vec<u64> = files
        .iter()
        .map(|file| client.post_scout(json!({ "target": "h1:/", "query": format!("cat {file}") })))
        .collect();
    for (n, id) in ids.into_iter().enumerate() {
        assert_eq!(client.wait(id).text().trim_end(), format!("content {n}"));
    }
    assert!(client.close().success());
    // More than one where they waited for sessions; a dial that nobody waits for any more is given up.
    let logins = sshd.log().count_starting("Accepted publickey for ");
    assert!((1..=4).contains(&logins), "{logins} logins:\n{}", sshd.log().text());
}

#[test]
fn a_thousand_warm_reads_leave_nothing_behind() {
    let sshd = Sshd::start();
    let target = format!("h1:{}", sshd.write("file", "content"));
    let mut client = Scout::with(&sshd.endpoint).client();
    let read = |client: &mut McpPipe, times| {
        for _ in 0..times {
            assert_eq!(client.read(&target), "content");
        }
    };
    read(&mut client, 100);
    let (descriptors, resident) = (descriptors(client.pid()), resident_kib(client.pid()));
    read(&mut client, 900);
    assert_eq!(self::descriptors(client.pid()), descriptors);
    let growth = resident_kib(client.pid()).saturating_sub(resident);
    // A page or two may settle late; 900 requests that each left 1 KiB behind would show.
    assert!(growth < 512, "{growth} KiB more than after the first hundred");
    assert!(client.close().success());
    assert_eq!(sshd.connections(), 1);
}

#[test]
fn hosts_do_not_wait_for_each_other() {
    let (slow, fast) = (Sshd::start(), Sshd::start());
    let fifo = slow.fifo("silent");
    let file = fast.write("file", "content");
    let mut client = Scout::new().host("slow", &slow.endpoint).host("fast", &fast.endpoint).client();
    let waiting = client.post_scout(json!({ "target": "slow:/", "query": format!("cat {fifo}") }));
    eventually("cat runs", || process_running(&fifo));
    assert_eq!(client.read(&format!("fast:{file}")), "content");
    assert!(!client.has_answer(waiting), "answers leave as they are ready");
}

#[test]
fn answers_leave_as_they_are_ready() {
    let sshd = Sshd::start();
    let fifo = sshd.fifo("silent");
    let file = sshd.write("file", "content");
    let mut client = Scout::with(&sshd.endpoint).client();
    let waiting = client.post_scout(json!({ "target": "h1:/", "query": format!("cat {fifo}") }));
    eventually("cat runs", || process_running(&fifo));
    assert_eq!(client.read(&format!("h1:{file}")), "content");
    assert_eq!(client.query("h1:/", &format!("cat {file}")).trim_end(), "content");
    assert!(!client.has_answer(waiting));
}

#[test]
fn cancelling_a_call_ends_its_command() {
    let sshd = Sshd::start();
    for local in [false, true] {
        let marker = format!("4242.{}{}", std::process::id(), u8::from(local));
        let scout = Scout::with(&sshd.endpoint).env("SCOUT_ALLOW_ANY_COMMAND", "true");
        let mut client = scout.client();
        let target = if local { "localhost:/" } else { "h1:/" };
        let id = client.post_scout(json!({ "target": target, "query": format!("sleep {marker}") }));
        eventually("sleep runs", || process_running(&marker));
        client.cancel(id);
        eventually("sleep is gone", || !process_running(&marker));
        client.request("ping", json!({})).result();
        assert!(!client.has_answer(id), "a cancelled request has no answer");
        assert!(client.close().success());
    }
}

#[test]
fn cancelling_what_is_done_or_never_was_is_no_error() {
    let sshd = Sshd::start();
    let target = format!("h1:{}", sshd.write("file", "content"));
    let mut client = Scout::with(&sshd.endpoint).client();
    let id = client.post_scout(json!({ "target": target }));
    assert_eq!(client.wait(id).text(), "content");
    client.cancel(id);
    client.cancel(99_999);
    assert_eq!(client.read(&target), "content");
}

#[test]
fn many_cancelled_calls_leave_the_connection_whole() {
    let sshd = Sshd::start();
    let target = format!("h1:{}", sshd.write("file", "x".repeat(500_000)));
    let mut client = Scout::with(&sshd.endpoint).client();
    assert_eq!(client.read(&target).len(), 500_000);
    for _ in 0..20 {
        let ids: Vec<u64> = (0..10).map(|_| client.post_scout(json!({ "target": target }))).collect();
        ids.into_iter().for_each(|id| client.cancel(id));
    }
    assert_eq!(client.read(&target).len(), 500_000);
    assert!(client.close().success());
    assert_eq!(sshd.connections(), 1);
}

#[test]
fn what_is_in_flight_at_eof_is_finished() {
    let sshd = Sshd::start();
    let scout = Scout::with(&sshd.endpoint).env("SCOUT_ALLOW_ANY_COMMAND", "true");
    let mut client = scout.client();
    let id = client.post_scout(json!({ "target": "h1:/", "query": "sleep 1; echo done" }));
    assert!(client.close().success());
    assert_eq!(client.wait(id).text().trim_end(), "done");
}

#[test]
fn a_full_queue_is_refused_at_once() {
    let sshd = Sshd::start();
    let fifo = sshd.fifo("silent");
    let scout = Scout::with(&sshd.endpoint).env("SCOUT_MAX_CONCURRENCY", 2).env("SCOUT_MAX_QUEUE", 3);
    let mut client = scout.client();
    // Those who ask while it is being connected to do not take the places of those who wait besides.
    let query = json!({ "target": "h1:/", "query": format!("cat {fifo}") });
    let ids: Vec<u64> = (0..6).map(|_| client.post_scout(query.clone())).collect();
    let message = client.wait(ids[5]).failure();
    assert!(message.to_lowercase().contains("busy"), "{message}");
    eventually("cat runs", || process_running(&fifo));
    assert!(ids[..5].iter().all(|id| !client.has_answer(*id)), "the others wait or run");
    // The host is connected to by now, and as many are taken on.
    let message = client.scout(query).failure();
    assert!(message.to_lowercase().contains("busy"), "{message}");
}

#[test]
fn waiting_counts_towards_the_request_timeout() {
    let sshd = Sshd::start();
    let fifo = sshd.fifo("silent");
    let scout = Scout::with(&sshd.endpoint).env("SCOUT_MAX_CONCURRENCY", 1).env("SCOUT_REQUEST_TIMEOUT", 1);
    let mut client = scout.client();
    let query = json!({ "target": "h1:/", "query": format!("cat {fifo}") });
    let ids = [client.post_scout(query.clone()), client.post_scout(query)];
    for id in ids {
        assert_eq!(client.wait(id).tool_error(), "Error: Request timeout after 1s");
    }
}

fn descriptors(pid: u32) -> usize {
    std::fs::read_dir(format!("/proc/{pid}/fd")).expect("its descriptors").count()
}
