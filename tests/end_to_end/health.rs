//! What the server does by itself: it keeps connections, notices those that are dead, and remembers who is there.

use rustix::process::Signal;
use serde_json::json;

use crate::support::{Scout, Sshd};

#[test]
fn warm_hosts_are_connected_before_the_first_request() {
    let (one, two) = (Sshd::start(), Sshd::start());
    let target = format!("w1:{}", one.write("file", "content"));
    let scout = Scout::new().host("w1", &one.endpoint).host("other", &two.endpoint);
    let mut client = scout.env("SCOUT_WARM_HOSTS", "w*").env("SCOUT_IDLE_TIMEOUT", "100ms").client();
    one.log().wait_for("Accepted publickey");
    assert_eq!(client.read(&target), "content");
    assert_eq!((one.connections(), two.connections()), (1, 0));
    assert!(client.close().success());
}

#[test]
fn the_host_list_asks_nobody_twice_and_nobody_it_is_connected_to() {
    let (one, two) = (Sshd::start(), Sshd::start());
    let target = format!("h1:{}", one.write("file", "content"));
    let mut client = Scout::new().host("h1", &one.endpoint).host("h2", &two.endpoint).client();
    client.read(&target);
    for _ in 0..3 {
        let list = client.scout(json!({ "target": "hosts" })).text();
        assert!(list.contains("[✓] h1 (online)") && list.contains("[✓] h2 (online)"), "{list}");
    }
    assert_eq!((one.connections(), two.connections()), (1, 1));
    assert!(client.close().success());
}

#[test]
fn a_server_that_stands_still_is_noticed_and_met_again_when_it_goes_on() {
    let sshd = Sshd::start();
    let target = format!("h1:{}", sshd.write("file", "content"));
    let scout = Scout::with(&sshd.endpoint);
    // As 5 s and three questions, in less time.
    let scout = scout.env("SCOUT_KEEPALIVE_INTERVAL", "200ms").env("SCOUT_CONNECT_TIMEOUT", "500ms");
    let mut client = scout.client();
    assert_eq!(client.read(&target), "content");
    sshd.signal(Signal::STOP);
    let failure = client.scout(json!({ "target": target })).failure();
    assert!(failure.contains("h1"), "{failure}");
    sshd.signal(Signal::CONT);
    assert_eq!(client.read(&target), "content");
    assert!(client.close().success());
}

#[test]
fn a_cached_file_tells_its_age() {
    let sshd = Sshd::start();
    let path = sshd.write("file", "old");
    let mut client = Scout::with(&sshd.endpoint).client();
    let mut read =
        |cache: bool| client.scout(json!({ "target": format!("h1:{path}"), "cache": cache })).text();
    assert_eq!(read(true), "old");
    sshd.write("file", "new");
    let cached = read(true);
    assert!(cached.starts_with("old\n\n[cached ") && cached.ends_with("s ago]"), "{cached}");
    assert_eq!(read(false), "new");
    assert!(client.close().success());
}
