//! A fleet on loopback, called without an SSH library.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use super::*;
use crate::base::time::{self, Duration};
use crate::simulated::weather::{Startups, Weather};

fn site(change: impl FnOnce(&mut Plan)) -> Site {
    let mut plan = Plan { hosts: 3, ..Plan::default() };
    change(&mut plan);
    Site::start(plan, None).unwrap()
}

fn call(site: &Site, n: usize) -> TcpStream {
    TcpStream::connect(SocketAddr::from((site.address(n), site.port()))).unwrap()
}

/// What a host says first, without its end of line; nothing where it hangs up.
fn greeting(mut stream: &TcpStream) -> String {
    let mut greeting = Vec::new();
    let mut byte = [0];
    while stream.read(&mut byte).unwrap_or(0) == 1 && byte != *b"\r" {
        greeting.extend(byte);
    }
    String::from_utf8(greeting).unwrap()
}

#[test]
fn hosts_answer_at_their_addresses_and_nowhere_else() {
    let site = site(|plan| plan.cores = 2);
    for n in 1..=3 {
        assert!(greeting(&call(&site, n)).starts_with("SSH-2.0-"));
    }
    for address in ["127.0.0.1".parse().unwrap(), plan::address(4)] {
        let stream = TcpStream::connect((address, site.port())).unwrap();
        assert_eq!(greeting(&stream), "");
    }
    assert_eq!(site.stop().connections, 3);
}

#[test]
fn hosts_that_are_down_refuse_and_silent_ones_say_nothing() {
    let site = site(|plan| (plan.down, plan.silent) = (1, 1));
    let config = std::fs::read_to_string(site.ssh_config()).unwrap();
    let (_, down) = config.split_once("Host host0003\n").unwrap();
    let port = down.lines().find_map(|line| line.trim().strip_prefix("Port ")).unwrap();
    let refused = TcpStream::connect((site.address(3), port.parse().unwrap()));
    assert_eq!(refused.unwrap_err().kind(), io::ErrorKind::ConnectionRefused);
    let silent = call(&site, 2);
    silent.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
    assert_eq!(greeting(&silent), "");
    assert_eq!(site.counts().open, 1, "it is still there");
    assert!(greeting(&call(&site, 1)).starts_with("SSH-2.0-"));
}

#[test]
fn handshakes_take_their_time() {
    let handshake = Duration::from_millis(30);
    let site = site(|plan| plan.weather = Weather { handshake, ..Weather::default() });
    let begun = time::now();
    // Not one after the other.
    let calls: Vec<_> = (1..=3).map(|n| call(&site, n)).collect();
    calls.iter().for_each(|call| drop(greeting(call)));
    let took = time::now() - begun;
    assert!(took >= handshake && took < 3 * handshake, "{took:?}");
}

#[test]
fn too_many_that_have_not_logged_in_are_dropped() {
    let site = site(|plan| plan.startups = Some(Startups { begin: 2, rate: 100, full: 2 }));
    let first: Vec<_> = (0..2).map(|_| call(&site, 1)).collect();
    assert!(first.iter().all(|call| greeting(call).starts_with("SSH-2.0-")));
    assert_eq!(greeting(&call(&site, 1)), "");
    assert!(greeting(&call(&site, 2)).starts_with("SSH-2.0-"), "another host has its own");
    drop(first);
    while site.counts().open > 0 {
        std::thread::yield_now();
    }
    assert!(greeting(&call(&site, 1)).starts_with("SSH-2.0-"));
    assert_eq!(site.counts().dropped, 1);
}

#[test]
fn who_speaks_no_ssh_is_hung_up_on() {
    let site = site(|_| ());
    let mut stream = call(&site, 1);
    stream.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    let mut rest = Vec::new();
    let _ = stream.read_to_end(&mut rest);
    while site.counts().open > 0 {
        std::thread::yield_now();
    }
    assert_eq!(site.stop().faults, 1);
}

#[test]
fn what_was_written_for_clients_is_removed_in_the_end() {
    let site = site(|_| ());
    let (config, key) = (site.ssh_config(), site.key());
    assert!(config.exists() && site.known_hosts().exists());
    let mode = std::os::unix::fs::MetadataExt::mode(&key.metadata().unwrap());
    assert_eq!(mode & 0o777, 0o600);
    drop(site);
    assert!(!config.exists() && !key.exists());
}
