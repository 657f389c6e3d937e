//! io_uring where the kernel offers it, epoll where it does not; and a quick start.

use std::process::Command;
use std::time::Duration;

use scout_mcp::base::time::now;
use serde_json::json;

use crate::support::{McpPipe, Scout, Sshd, eventually, process_running, test_file};

#[test]
fn io_uring_is_in_use_where_the_kernel_offers_it() {
    let mut client = Scout::new().client();
    client.read("localhost:/proc/version");
    let without = std::env::var_os("SCOUT_TEST_WITHOUT_IO_URING").is_some();
    let expected = if io_uring_is_offered() && !without { "[io_uring]" } else { "[eventpoll]" };
    let descriptors = descriptors(&client);
    assert!(descriptors.iter().any(|name| name.contains(expected)), "no {expected} in {descriptors:?}");
}

#[test]
fn with_io_uring_refused_everything_works_alike() {
    let sshd = Sshd::start();
    let file = sshd.write("notes.txt", "content\n");
    let scout = Scout::with(&sshd.endpoint).without_io_uring().env("SCOUT_ALLOW_ANY_COMMAND", "true");
    let mut client = scout.client();
    let target = format!("h1:{file}");
    let ids: Vec<u64> = (0..50).map(|_| client.post_scout(json!({ "target": target }))).collect();
    ids.into_iter().for_each(|id| assert_eq!(client.wait(id).text(), "content\n"));
    assert!(client.read("h1:~").contains("notes.txt"));
    assert_eq!(client.query("h1:~", "cat notes.txt | wc -l").trim(), "1");
    assert_eq!(client.query("localhost:/", "echo here").trim(), "here");
    let marker = format!("4343.{}", std::process::id());
    let id = client.post_scout(json!({ "target": "h1:/", "query": format!("sleep {marker}") }));
    eventually("sleep runs", || process_running(&marker));
    client.cancel(id);
    eventually("sleep is gone", || !process_running(&marker));
    let descriptors = descriptors(&client);
    assert!(!descriptors.iter().any(|name| name.contains("io_uring")), "{descriptors:?}");
    assert!(client.close().success());
    assert_eq!(scout.run(&["read", &target]).text(), "content\n");
}

#[test]
fn the_first_answer_comes_at_once() {
    let mut scout = Scout::new();
    for n in 0..100 {
        scout = scout.config(&format!("Host host-{n}\n  HostName 127.0.0.{n}\n"));
    }
    // 15 ms is the bound for a release build. The best of several starts: other tests share the machine.
    let bound = Duration::from_millis(if cfg!(debug_assertions) { 100 } else { 15 });
    let start = || {
        let begun = now();
        scout.serve().initialize("2025-11-25");
        now() - begun
    };
    let best = (0..20).map(|_| start()).min().unwrap();
    assert!(best <= bound, "{best:?}");
}

fn descriptors(client: &McpPipe) -> Vec<String> {
    let entries = std::fs::read_dir(format!("/proc/{}/fd", client.pid())).expect("its descriptors");
    let links = entries.filter_map(|entry| std::fs::read_link(entry.ok()?.path()).ok());
    links.map(|link| link.to_string_lossy().into_owned()).collect()
}

fn io_uring_is_offered() -> bool {
    let probe = Command::new("/usr/bin/python3").arg(test_file("support/without_io_uring.py")).status();
    probe.expect("python3 runs").success()
}
