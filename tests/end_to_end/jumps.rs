//! Hosts behind hosts: `ProxyJump`.

use serde_json::json;

use crate::support::{Endpoint, Fake, Relay, Scout, Sshd, eventually};

/// A host behind others; `proxy` as in ssh_config(5).
fn behind(scout: Scout, alias: &str, endpoint: &Endpoint, proxy: &str) -> Scout {
    scout.known_hosts(&endpoint.known_hosts()).unknown_host(alias, endpoint, &format!("ProxyJump {proxy}"))
}

/// Reads a file of the host.
fn reads(scout: &Scout, host: &str) -> String {
    scout.run(&["read", &format!("{host}:/proc/version")]).text()
}

#[test]
fn twenty_hosts_share_one_connection_to_each_hop() {
    let (first, second) = (Sshd::start(), Sshd::start());
    let target = Sshd::builder().config("MaxStartups 100").start();
    let mut scout = Scout::new().host("first", &first.endpoint).host("second", &second.endpoint);
    for n in 0..20 {
        scout = behind(scout, &format!("far{n}"), &target.endpoint, "first,second");
    }
    let file = target.write("notes.txt", "content");
    let mut client = scout.client();
    let ids: Vec<u64> =
        (0..20).map(|n| client.post_scout(json!({ "target": format!("far{n}:{file}") }))).collect();
    ids.into_iter().for_each(|id| assert_eq!(client.wait(id).text(), "content"));
    assert_eq!(client.query("far7:~", "cat notes.txt").trim_end(), "content");
    assert_eq!((first.connections(), second.connections(), target.connections()), (1, 1, 20));
    // The hop is a host like any other.
    client.read("first:/proc/version");
    assert_eq!(first.connections(), 1);
    assert!(client.close().success());
    target.log().wait_for_count("Received disconnect", 20);
}

#[test]
fn large_files_pass_through_hops_whole() {
    let (hop, target) = (Sshd::start(), Sshd::start());
    let text: String = (0..500_000).map(|n| format!("{n:09}\n")).collect();
    let file = target.write("large", &text);
    let scout = behind(Scout::new().host("hop", &hop.endpoint), "far", &target.endpoint, "hop");
    let scout = scout.env("SCOUT_MAX_FILE_SIZE", 16 * 1024 * 1024);
    let mut client = scout.client();
    let ids: Vec<u64> =
        (0..3).map(|_| client.post_scout(json!({ "target": format!("far:{file}") }))).collect();
    ids.into_iter().for_each(|id| assert!(client.wait(id).text() == text));
}

#[test]
fn a_hop_may_be_no_host_of_the_configuration() {
    let (hop, target) = (Sshd::start(), Sshd::start());
    let address = hop.endpoint.address;
    let scout = behind(Scout::new(), "far", &target.endpoint, &format!("scout@{address}"));
    let scout = scout.known_hosts(&hop.endpoint.known_hosts()).config(&format!(
        "Host {}\n  IdentityFile {}\n",
        address.ip(),
        hop.endpoint.identity.display()
    ));
    assert!(reads(&scout, "far").contains("Linux"));
    assert_eq!(hop.connections(), 1);
}

#[test]
fn a_hop_is_reached_as_its_own_configuration_says_unless_the_chain_does() {
    let (outer, inner, target) = (Sshd::start(), Sshd::start(), Sshd::start());
    let scout = behind(Scout::new().host("outer", &outer.endpoint), "inner", &inner.endpoint, "outer");
    let scout = behind(scout, "far", &target.endpoint, "inner");
    let scout = behind(scout, "near", &target.endpoint, "outer,inner");
    let scout = behind(scout, "other", &target.endpoint, "inner,outer");
    let mut client = scout.client();
    client.read("far:/proc/version");
    assert_eq!((outer.connections(), inner.connections()), (1, 1));
    // The same way in other words.
    client.read("near:/proc/version");
    assert_eq!((outer.connections(), inner.connections()), (1, 1));
    // `outer` through `inner` is another connection than `outer`.
    client.read("other:/proc/version");
    assert_eq!((outer.connections(), inner.connections()), (2, 1));
}

#[test]
fn another_user_or_port_is_another_connection() {
    let (hop, target) = (Sshd::start(), Sshd::start());
    let port = hop.endpoint.address.port();
    let scout = behind(
        Scout::new().host("hop", &hop.endpoint),
        "same",
        &target.endpoint,
        &format!("scout@hop:{port}"),
    );
    let scout = behind(scout, "plain", &target.endpoint, "hop");
    let scout = behind(scout, "stranger", &target.endpoint, "nobody@hop");
    let mut client = scout.client();
    client.read("plain:/proc/version");
    client.read("same:/proc/version");
    assert_eq!(hop.connections(), 1);
    let message = client.scout(json!({ "target": "stranger:/proc/version" })).tool_error();
    assert!(message.contains("Cannot connect to stranger: Cannot connect to hop: "), "{message}");
    assert_eq!(hop.connections(), 2);
}

#[test]
fn a_hop_that_refuses_is_named_with_its_reason() {
    let strict = Sshd::builder().config("AllowTcpForwarding no").start();
    let (hop, target) = (Sshd::start(), Sshd::start());
    let closed = Fake::offline(&target);
    let scout = Scout::new().host("strict", &strict.endpoint).host("hop", &hop.endpoint);
    let scout = behind(scout, "far", &target.endpoint, "strict");
    let scout = behind(scout, "closed", &closed.endpoint, "hop");
    let message = scout.run(&["read", "far:/proc/version"]).failure();
    let to = target.endpoint.address;
    assert!(
        message.contains(&format!("Cannot connect to far: strict does not allow connections to {to}")),
        "{message}"
    );
    assert!(message.contains("administratively prohibited"), "{message}");
    let message = scout.run(&["read", "closed:/proc/version"]).failure();
    assert!(message.contains("hop cannot connect to") && message.contains("Connection refused"), "{message}");
}

#[test]
fn a_hop_without_sessions_is_a_hop() {
    let hop = Sshd::builder().config("MaxSessions 0").start();
    let target = Sshd::start();
    let scout = behind(Scout::new().host("hop", &hop.endpoint), "far", &target.endpoint, "hop");
    assert!(reads(&scout, "far").contains("Linux"));
}

#[test]
fn hosts_behind_hops_are_verified_under_their_own_names() {
    let (hop, target) = (Sshd::start(), Sshd::start());
    let scout = Scout::new().host("hop", &hop.endpoint);
    // The key is known, but for the hop's name.
    let key = &target.endpoint.host_keys[0];
    let scout = scout.known_hosts(&format!("{} {key}\n", hop.endpoint.known_name())).unknown_host(
        "far",
        &target.endpoint,
        "ProxyJump hop",
    );
    let message = scout.run(&["read", "far:/proc/version"]).failure();
    assert!(message.contains("Cannot connect to far: the host key of far is not known"), "{message}");
}

#[test]
fn when_a_hop_dies_the_error_names_it_and_the_next_request_dials_anew() {
    let (hop, target) = (Sshd::start(), Sshd::start());
    let relay = Relay::cut_after(&hop, 1_000_000);
    let large = target.write("large", vec![b'x'; 3_000_000]);
    let small = target.write("small", "content");
    let scout =
        Scout::new().known_hosts(&relay.endpoint.known_hosts()).unknown_host("hop", &relay.endpoint, "");
    let scout = behind(scout, "far", &target.endpoint, "hop").env("SCOUT_MAX_FILE_SIZE", 16 * 1024 * 1024);
    let mut client = scout.client();
    assert_eq!(client.read(&format!("far:{small}")), "content");
    let message = client.scout(json!({ "target": format!("far:{large}") })).tool_error();
    assert!(message.contains("far") && message.contains("hop"), "{message}");
    assert_eq!(client.read(&format!("far:{small}")), "content");
}

#[test]
fn circles_and_endless_chains_are_named() {
    let sshd = Sshd::start();
    let scout = behind(Scout::new(), "a", &sshd.endpoint, "b");
    let scout = behind(scout, "b", &sshd.endpoint, "a");
    let long: Vec<String> = (0..9).map(|n| format!("hop{n}")).collect();
    let scout = behind(scout, "far", &sshd.endpoint, &long.join(","));
    let message = scout.run(&["read", "a:/x"]).failure();
    assert!(message.contains("round in a circle: a, b, a"), "{message}");
    let message = scout.run(&["read", "far:/x"]).failure();
    assert!(message.contains("more than 8 hosts"), "{message}");
    assert_eq!(sshd.connections(), 0);
}

#[test]
fn the_connect_timeout_covers_the_whole_way() {
    let target = Sshd::start();
    let silent = Fake::start(&target, |stream| {
        let mut stream = stream;
        let _ = std::io::copy(&mut stream, &mut std::io::sink());
    });
    let scout = Scout::new().unknown_host("hop", &silent.endpoint, "ConnectTimeout 30");
    let scout = behind(scout, "far", &target.endpoint, "hop").env("SCOUT_CONNECT_TIMEOUT", 1);
    let message = scout.run(&["read", "far:/x"]).failure();
    assert!(
        message.contains("Cannot connect to far: timeout after 1s while waiting for its jump host"),
        "{message}"
    );
    assert!(message.contains("(through hop)"), "{message}");
}

#[test]
fn hosts_behind_hops_are_listed_as_what_they_are() {
    let (hop, target) = (Sshd::start(), Sshd::start());
    let gone = Fake::offline(&hop);
    let scout = Scout::new().host("hop", &hop.endpoint).host("gone", &gone.endpoint);
    let scout = behind(scout, "far", &target.endpoint, "hop");
    let scout = behind(scout, "lost", &target.endpoint, "gone");
    let scout = scout.config("Host cmd\n  HostName cmd.example\n  User me\n  ProxyCommand nc %h %p\n");
    let mut client = scout.client();
    let place = format!("scout@{}", target.endpoint.address);
    let hosts = client.read("hosts");
    for line in [
        format!("[?] far (not known) -> {place} behind hop"),
        format!("[✗] lost (offline) -> {place} behind gone"),
        "[?] cmd (not known) -> me@cmd.example:22 behind ProxyCommand".to_owned(),
    ] {
        assert!(hosts.contains(&line), "{line}\n{hosts}");
    }
    client.read("far:/proc/version");
    let hosts = client.read("hosts");
    assert!(hosts.contains(&format!("[✓] far (online) -> {place} behind hop")), "{hosts}");
    let listed = scout.run(&["--json", "hosts"]).json();
    let far = listed.as_array().unwrap().iter().find(|host| host["name"] == "far").unwrap();
    assert_eq!((&far["online"], &far["behind"]), (&json!(null), &json!("hop")));
}

#[test]
fn two_hundred_dials_through_a_hop_leave_nothing_behind() {
    let (hop, target) = (Sshd::start(), Sshd::start());
    let file = target.write("notes.txt", "content");
    let scout = Scout::new().host("hop", &hop.endpoint);
    let scout = behind(scout, "one", &target.endpoint, "hop");
    // Room for the hop and one host behind it: each read makes the other host leave.
    let scout = behind(scout, "two", &target.endpoint, "hop").env("SCOUT_MAX_POOL_SIZE", 2);
    let mut client = scout.client();
    let round = |client: &mut crate::support::McpPipe| {
        for host in ["one", "two"] {
            assert_eq!(client.read(&format!("{host}:{file}")), "content");
        }
    };
    round(&mut client);
    let before = descriptors(client.pid());
    (0..99).for_each(|_| round(&mut client));
    eventually("what was closed is gone", || descriptors(client.pid()) <= before);
    assert_eq!((hop.connections(), target.connections()), (1, 200));
    assert!(client.close().success());
}

#[test]
fn a_pool_too_small_for_the_way_says_so() {
    let (hop, target) = (Sshd::start(), Sshd::start());
    let scout = behind(Scout::new().host("hop", &hop.endpoint), "far", &target.endpoint, "hop");
    let message = scout.env("SCOUT_MAX_POOL_SIZE", 1).run(&["read", "far:/x"]).failure();
    assert!(message.contains("takes 2 connections"), "{message}");
}

#[test]
fn hops_work_with_io_uring_refused() {
    let (first, second, target) = (Sshd::start(), Sshd::start(), Sshd::start());
    let scout = Scout::new().host("first", &first.endpoint).host("second", &second.endpoint);
    let scout = behind(scout, "far", &target.endpoint, "first,second").without_io_uring();
    assert!(reads(&scout, "far").contains("Linux"));
}

fn descriptors(pid: u32) -> usize {
    std::fs::read_dir(format!("/proc/{pid}/fd")).expect("its descriptors").count()
}
