//! Several cores in one process: each has its hosts, and nobody outside notices.

use std::{fs, thread};

use serde_json::json;

use crate::support::{Scout, Sshd, eventually, process_running};

const CORES: usize = 4;

/// A server with several cores, and four machines that sixteen hosts are on.
fn fleet() -> (Vec<Sshd>, Scout) {
    let machines: Vec<_> = (0..4).map(|_| Sshd::start()).collect();
    let hosts = (0..16).map(|n| (format!("h{n}"), &machines[n % machines.len()].endpoint));
    let scout = hosts.fold(Scout::new(), |scout, (alias, endpoint)| scout.host(&alias, endpoint));
    (machines, scout.env("SCOUT_CORES", CORES))
}

/// The names of a process's threads.
fn threads(pid: u32) -> Vec<String> {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).expect("a process");
    // One may end while it is looked at.
    let names = tasks.flatten().flat_map(|task| fs::read_to_string(task.path().join("comm")));
    names.map(|name| name.trim_end().to_owned()).collect()
}

#[test]
fn hosts_of_all_cores_answer_in_one_conversation() {
    let (machines, scout) = fleet();
    let files: Vec<_> = machines.iter().map(|machine| machine.write("file", "content")).collect();
    let mut client = scout.client();
    let names = threads(client.pid());
    for core in 1..CORES {
        assert!(names.contains(&format!("core-{core}")), "{names:?}");
    }
    for _ in 0..2 {
        let ids: Vec<_> = (0..16)
            .map(|n| client.post_scout(json!({ "target": format!("h{n}:{}", files[n % files.len()]) })))
            .collect();
        ids.into_iter().for_each(|id| assert_eq!(client.wait(id).text(), "content"));
    }
    // Each host has its connection, on the core that owns it and no other.
    assert!(machines.iter().all(|machine| machine.connections() == 4));
    let hosts = client.scout(json!({ "target": "hosts" })).text();
    assert_eq!(hosts.matches("(online)").count(), 17, "{hosts}");

    assert!(client.close().success());
    // Every core took leave of its hosts.
    machines.iter().for_each(|machine| machine.log().wait_for_count("Received disconnect", 4));
}

#[test]
fn with_io_uring_refused_cores_go_on_while_they_wait_for_mail() {
    let (machines, scout) = fleet();
    let files: Vec<_> = machines.iter().map(|machine| machine.write("file", "content")).collect();
    let mut client = scout.without_io_uring().client();
    for n in 0..16 {
        assert_eq!(client.read(&format!("h{n}:{}", files[n % files.len()])), "content");
    }
    assert!(client.close().success());
}

#[test]
fn a_cancelled_command_ends_on_the_hosts_of_every_core() {
    let (machines, scout) = fleet();
    let marker = machines[0].path("cancelled-on-every-core");
    let scout = scout.env("SCOUT_ALLOW_ANY_COMMAND", true);
    let mut client = scout.client();
    let ids: Vec<_> = (0..16)
        .map(|n| {
            let query = format!("tail -f /dev/null {marker}-h{n}");
            client.post_scout(json!({ "target": format!("h{n}:/"), "query": query }))
        })
        .collect();
    for n in 0..16 {
        eventually("the command runs", || process_running(&format!("{marker}-h{n}")));
    }
    ids.into_iter().for_each(|id| client.cancel(id));
    for n in 0..16 {
        eventually("the command has ended", || !process_running(&format!("{marker}-h{n}")));
    }
    assert!(client.close().success());
}

#[test]
fn cores_give_up_connections_that_another_one_has_no_room_for() {
    let (machines, scout) = fleet();
    let files: Vec<_> = machines.iter().map(|machine| machine.write("file", "content")).collect();
    let target = |n: usize| format!("h{n}:{}", files[n % files.len()]);
    let mut client = scout.env("SCOUT_MAX_POOL_SIZE", 1).client();
    for n in 0..16 {
        assert_eq!(client.read(&target(n)), "content");
    }
    let ids: Vec<_> = (0..16).map(|n| client.post_scout(json!({ "target": target(n) }))).collect();
    ids.into_iter().for_each(|id| assert_eq!(client.wait(id).text(), "content"));
    assert!(client.close().success());
}

#[test]
fn one_core_is_enough() {
    let sshd = Sshd::start();
    let target = format!("h1:{}", sshd.write("file", "content"));
    let mut client = Scout::with(&sshd.endpoint).env("SCOUT_CORES", 1).client();
    assert_eq!(client.read(&target), "content");
    assert!(!threads(client.pid()).iter().any(|name| name.starts_with("core-")));
    assert!(client.close().success());
}

#[test]
fn one_client_has_half_of_the_processors_and_many_have_all() {
    let processors = thread::available_parallelism().map_or(1, usize::from);
    let scout = Scout::new().env("SCOUT_CORES", "auto");
    let besides = |pid| threads(pid).iter().filter(|name| name.starts_with("core-")).count();
    let mut client = scout.client();
    assert_eq!(besides(client.pid()), (processors / 2).clamp(1, 4) - 1);
    assert!(client.close().success());
    let server = scout.serve_with(&["--transport", "http", "--port", "0"]);
    eventually("all cores are there", || besides(server.pid()) == processors - 1);
}

#[test]
fn a_number_of_cores_that_makes_no_sense_is_refused() {
    for text in ["0", "-1", "many", "100000"] {
        let refused = Scout::new().env("SCOUT_CORES", text).run(&["hosts"]);
        let expected = format!("SCOUT_CORES: '{text}' is not a number of cores: expected `auto`");
        let failure = refused.failure();
        assert!(failure.contains(&expected), "{failure}");
    }
}
