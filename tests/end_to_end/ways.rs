//! Ways to a host that need no other host: several addresses, our own address, programs, variables on arrival.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;

use crate::support::{Fake, Names, Relay, Scout, Sshd, eventually, process_running, test_file};

const PROBE: &str = "h1:/proc/version";

/// A line that reaches the host as `ssh` would with netcat.
fn netcat() -> String {
    format!("ProxyCommand /usr/bin/python3 {} %h %p", test_file("support/netcat.py").display())
}

fn with(sshd: &Sshd, lines: &str) -> Scout {
    Scout::new().known_hosts(&sshd.endpoint.known_hosts()).unknown_host("h1", &sshd.endpoint, lines)
}

#[test]
fn a_program_may_be_the_way() {
    let sshd = Sshd::start();
    let text: String = (0..200_000).map(|n| format!("{n:09}\n")).collect();
    let file = sshd.write("large", &text);
    for scout in [with(&sshd, &netcat()), with(&sshd, &netcat()).without_io_uring()] {
        let mut client = scout.env("SCOUT_MAX_FILE_SIZE", 16 * 1024 * 1024).client();
        assert!(client.read(&format!("h1:{file}")) == text);
        assert_eq!(client.query("h1:~", "wc -l large").split_whitespace().next(), Some("200000"));
        assert!(client.close().success());
    }
    assert_eq!(sshd.connections(), 2);
}

#[test]
fn a_program_ends_with_the_connection() {
    let sshd = Sshd::start();
    let marker = format!("marker-{}", std::process::id());
    // The shell waits for the program, so there are two to be ended.
    let command = format!("{} {marker}; true", netcat());
    let mut client = with(&sshd, &command).env("SCOUT_IDLE_TIMEOUT", 1).client();
    client.read(PROBE);
    assert!(process_running(&marker));
    eventually("the program has ended", || !process_running(&marker));
    client.read(PROBE);
    assert!(process_running(&marker));
    assert!(client.close().success());
    eventually("the program has ended again", || !process_running(&marker));
}

#[test]
fn a_program_that_never_speaks_is_ended_at_the_connect_timeout() {
    let sshd = Sshd::start();
    let marker = format!("4545.{}", std::process::id());
    let command = format!("ProxyCommand sh -c \"trap '' HUP; sleep {marker}\"");
    let mut client = with(&sshd, &command).env("SCOUT_CONNECT_TIMEOUT", 1).client();
    let message = client.scout(json!({ "target": PROBE })).tool_error();
    assert!(message.contains("timeout after 1s while waiting for its version string"), "{message}");
    eventually("the program is gone", || !process_running(&marker));
}

#[test]
fn a_program_that_fails_says_why() {
    let sshd = Sshd::start();
    let scout = with(&sshd, "ProxyCommand sh -c 'echo first >&2; echo no way there >&2; exit 1'");
    let message = scout.run(&["read", PROBE]).failure();
    assert!(message.contains("the ProxyCommand ended: no way there"), "{message}");
    let message = with(&sshd, "ProxyCommand /no/such/program").run(&["read", PROBE]).failure();
    assert!(message.contains("not found"), "{message}");
}

#[test]
fn a_program_that_passes_a_socket_is_refused() {
    let sshd = Sshd::start();
    let message = with(&sshd, &format!("{}\nProxyUseFdpass yes", netcat())).run(&["read", PROBE]).failure();
    assert!(message.contains("ProxyUseFdpass"), "{message}");
}

#[test]
fn an_ipv6_host_is_a_host() {
    let sshd = Sshd::builder().config("ListenAddress ::1").start();
    let port = sshd.endpoint.address.port();
    let scout = Scout::new()
        .known_hosts(&format!("[::1]:{port} {}\n", sshd.endpoint.host_keys[0]))
        .unknown_host("h1", &sshd.endpoint, "HostName ::1");
    assert!(scout.run(&["read", PROBE]).text().contains("Linux"));
    sshd.log().wait_for("Connection from ::1 port");
}

/// The server's own address is one of a name's; what `others` are is the test's affair.
fn named(sshd: &Sshd, others: &[&str], lines: &str) -> Scout {
    let ip = sshd.endpoint.address.ip().to_string();
    let names = Names::of("many.test", &[others, &[&ip]].concat());
    let port = sshd.endpoint.address.port();
    Scout::new()
        .names(&names)
        .known_hosts(&format!("[many.test]:{port} {}\n", sshd.endpoint.host_keys[0]))
        .unknown_host("h1", &sshd.endpoint, &format!("HostName many.test\n{lines}"))
}

#[test]
fn all_addresses_of_a_name_are_tried() {
    let sshd = Sshd::start();
    for scout in
        [named(&sshd, &["127.9.9.9", "::1"], ""), named(&sshd, &["127.9.9.9"], "").without_io_uring()]
    {
        assert!(scout.run(&["read", PROBE]).text().contains("Linux"));
        assert!(scout.run(&["hosts"]).text().contains("h1 (online)"));
    }
}

#[test]
fn every_address_is_named_when_none_answers() {
    let sshd = Sshd::start();
    let port = Fake::offline(&sshd).endpoint.address.port();
    let scout = named(&sshd, &["127.9.9.9", "127.9.9.8"], &format!("Port {port}"));
    let message = scout.run(&["read", PROBE]).failure();
    for address in ["127.9.9.9", "127.9.9.8", &sshd.endpoint.address.ip().to_string()] {
        assert!(message.contains(&format!("{address}:{port}: Connection refused")), "{message}");
    }
}

#[test]
fn the_address_family_may_be_asked_for() {
    let sshd = Sshd::start();
    let scout = named(&sshd, &["::1"], "AddressFamily inet6");
    let message = scout.run(&["read", PROBE]).failure();
    assert!(message.contains("[::1]:") && !message.contains("127."), "{message}");
    let message = with(&sshd, "AddressFamily inet6").run(&["read", PROBE]).failure();
    assert!(message.contains("AddressFamily"), "{message}");
}

#[test]
fn our_own_address_may_be_chosen() {
    let sshd = Sshd::start();
    assert!(with(&sshd, "BindAddress 127.7.7.7").run(&["read", PROBE]).text().contains("Linux"));
    sshd.log().wait_for("Connection from 127.7.7.7 port");
    assert!(with(&sshd, "BindInterface lo").run(&["read", PROBE]).text().contains("Linux"));
    let message = with(&sshd, "BindAddress 192.0.2.1").run(&["read", PROBE]).failure();
    assert!(message.contains("Cannot assign requested address"), "{message}");
}

#[test]
fn variables_are_set_and_sent() {
    let sshd = Sshd::builder().config("AcceptEnv SCOUT_*").start();
    let lines = "SetEnv SCOUT_COLOUR=green REFUSED=x\nSendEnv SCOUT_SE*";
    let scout = with(&sshd, lines).env("SCOUT_SENT", "yes").env("SCOUT_ALLOW_ANY_COMMAND", "true");
    let text = scout.run(&["run", "h1:/", "echo $SCOUT_COLOUR,$SCOUT_SENT,$REFUSED."]).text();
    assert_eq!(text.trim(), "green,yes,.");
}

#[test]
fn a_server_that_turns_us_away_is_tried_again() {
    let sshd = Sshd::start();
    let relay = Relay::cut_after(&sshd, usize::MAX);
    let seen = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&seen);
    let target = relay.endpoint.address;
    let busy = Fake::start(&sshd, move |mut client| match count.fetch_add(1, Ordering::Relaxed) {
        0 => drop(client.write_all(b"Exceeded MaxStartups\r\n")),
        1 => drop(client.shutdown(Shutdown::Both)),
        _ => Relay::pass(client, target),
    });
    let scout = Scout::new().known_hosts(&busy.endpoint.known_hosts()).unknown_host("h1", &busy.endpoint, "");
    assert!(scout.run(&["read", PROBE]).text().contains("Linux"));
    assert_eq!(seen.load(Ordering::Relaxed), 3);
}

#[test]
fn a_server_that_always_turns_us_away_is_given_up() {
    let sshd = Sshd::start();
    let seen = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&seen);
    let busy = Fake::start(&sshd, move |mut client| {
        count.fetch_add(1, Ordering::Relaxed);
        let _ = client.read(&mut [0; 4096]);
        let _ = client.write_all(b"Exceeded MaxStartups\r\n");
    });
    let message = Scout::with(&busy.endpoint).run(&["read", PROBE]).failure();
    assert!(message.contains("MaxStartups"), "{message}");
    assert_eq!(seen.load(Ordering::Relaxed), 9);
}

#[test]
fn a_crowded_server_lets_everybody_in_in_the_end() {
    let sshd = Sshd::builder().config("MaxStartups 2:100:2").start();
    let mut scout = Scout::new();
    for n in 0..6 {
        scout = scout.host(&format!("h{n}"), &sshd.endpoint);
    }
    let mut client = scout.client();
    let ids: Vec<u64> =
        (0..6).map(|n| client.post_scout(json!({ "target": format!("h{n}:/proc/version") }))).collect();
    ids.into_iter().for_each(|id| assert!(client.wait(id).text().contains("Linux")));
}
