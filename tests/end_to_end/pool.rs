//! Many hosts and many requests on real servers with stock limits: nobody is refused, nobody is let go too early.

use std::net::{Ipv4Addr, SocketAddrV4};

use serde_json::json;

use crate::support::{Scout, Sshd, eventually, process_running};

/// Hosts `h1` and so on, each an address of its own of the same server.
fn hosts(sshd: &Sshd, count: u8) -> Scout {
    let port = sshd.endpoint.address.port();
    (1..=count).fold(Scout::new(), |scout, n| {
        let address = SocketAddrV4::new(Ipv4Addr::new(127, 0, 0, n), port);
        scout.host(&format!("h{n}"), &sshd.endpoint.at(address))
    })
}

#[test]
fn a_hundred_cold_hosts_of_one_stock_server_are_all_reached() {
    let sshd = Sshd::builder().everywhere().start();
    let file = sshd.write("file", "content");
    let mut client = hosts(&sshd, 100).client();
    let ids: Vec<u64> =
        (1..=100).map(|n| client.post_scout(json!({ "target": format!("h{n}:{file}") }))).collect();
    ids.into_iter().for_each(|id| assert_eq!(client.wait(id).text(), "content"));
    assert!(client.close().success());
}

#[test]
fn five_hundred_reads_at_once_of_one_host() {
    let sshd = Sshd::start();
    let target = format!("h1:{}", sshd.write("file", "content"));
    let mut client = Scout::with(&sshd.endpoint).client();
    let ids: Vec<u64> = (0..500).map(|_| client.post_scout(json!({ "target": target }))).collect();
    ids.into_iter().for_each(|id| assert_eq!(client.wait(id).text(), "content"));
    assert!(client.close().success());
    assert_eq!(sshd.connections(), 1);
}

#[test]
fn commands_that_take_long_get_more_connections_but_no_more_than_allowed() {
    let sshd = Sshd::start();
    let fifo = sshd.fifo("silent");
    let scout = Scout::with(&sshd.endpoint).env("SCOUT_MAX_CONNECTIONS_PER_HOST", 2);
    let mut client = scout.client();
    let query = json!({ "target": "h1:/", "query": format!("cat {fifo}") });
    let ids: Vec<u64> = (0..20).map(|_| client.post_scout(query.clone())).collect();
    eventually("sixteen run", || sshd.log().count("Starting session: command") >= 16);
    assert_eq!(sshd.connections(), 2);
    ids.into_iter().for_each(|id| client.cancel(id));
    eventually("none runs", || !process_running(&fifo));
    let file = sshd.write("file", "content");
    assert_eq!(client.query("h1:/", &format!("cat {file}")).trim_end(), "content");
}

#[test]
fn ten_connections_serve_fifty_hosts_and_a_running_command_stays() {
    let sshd = Sshd::builder().everywhere().start();
    let (file, fifo) = (sshd.write("file", "content"), sshd.fifo("silent"));
    let mut client = hosts(&sshd, 51).env("SCOUT_MAX_POOL_SIZE", 10).client();
    let running = client.post_scout(json!({ "target": "h51:/", "query": format!("cat {fifo}") }));
    eventually("cat runs", || process_running(&fifo));
    for _ in 0..2 {
        let ids: Vec<u64> =
            (1..=50).map(|n| client.post_scout(json!({ "target": format!("h{n}:{file}") }))).collect();
        ids.into_iter().for_each(|id| assert_eq!(client.wait(id).text(), "content"));
    }
    assert!(process_running(&fifo) && !client.has_answer(running));
}
