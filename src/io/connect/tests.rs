//! Races between addresses of this machine. A listener whose queue is full stands for an address that is dead: the
//! kernel drops whatever knocks there.

use crate::base::time::Duration;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, TcpListener};
use std::os::fd::OwnedFd;

use super::*;
use crate::base::time::now;

fn listener(ip: IpAddr) -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind((ip, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

fn v4(last: u8) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(127, 0, 0, last))
}

/// Nobody listens there.
fn closed() -> SocketAddr {
    listener(v4(1)).1
}

/// An address that never answers, as long as what holds it is kept.
fn dead() -> (SocketAddr, Vec<OwnedFd>) {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.bind(&SocketAddr::new(v4(1), 0).into()).unwrap();
    socket.listen(0).unwrap();
    let address = socket.local_addr().unwrap().as_socket().unwrap();
    let mut held = vec![OwnedFd::from(socket)];
    for _ in 0..4 {
        held.push(begin(address, &Origin::default()).unwrap().into());
    }
    (address, held)
}

fn connect_within(limit: Duration, addresses: &[SocketAddr], origin: &Origin) -> Option<Result<SocketAddr>> {
    let work = async {
        let stream = connect(addresses, origin, 1).await?;
        Ok(stream.peer_addr().unwrap())
    };
    runtime::run(async { runtime::within(limit, work).await }).unwrap()
}

fn reached(addresses: &[SocketAddr]) -> Result<SocketAddr> {
    connect_within(Duration::from_secs(10), addresses, &Origin::default()).expect("it ends")
}

/// Sockets of this process that connect to `address`.
fn attempts_at(address: SocketAddr) -> usize {
    let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
    let remote = format!(" 0100007F:{:04X} 02 ", address.port());
    table.lines().filter(|line| line.contains(&remote)).count()
}

#[test]
fn families_take_turns() {
    let [a, b] = [1, 2].map(|last| SocketAddr::new(v4(last), 22));
    let [x, y, z] =
        [1, 2, 3].map(|last| SocketAddr::new(Ipv6Addr::new(0, 0, 0, 0, 0, 0, 0, last).into(), 22));
    assert_eq!(interleaved(&[x, y, z, a, b]), [x, a, y, b, z]);
    assert_eq!(interleaved(&[a, b, x, y, z]), [a, x, b, y, z]);
    assert_eq!(interleaved(&[]), []);
}

#[test]
fn an_address_that_refuses_gives_way_at_once() {
    let (_kept, open) = listener(v4(1));
    let begun = now();
    assert_eq!(reached(&[closed(), closed(), open]), Ok(open));
    assert!(now() - begun < NEXT_ADDRESS_AFTER);
}

#[test]
fn an_address_that_does_not_answer_is_overtaken() {
    let (dead, _held) = dead();
    let (_kept, open) = listener(v4(1));
    let begun = now();
    assert_eq!(reached(&[dead, open]), Ok(open));
    let took = now() - begun;
    assert!(took >= NEXT_ADDRESS_AFTER && took < Duration::from_secs(5), "{took:?}");
}

#[test]
fn a_race_that_is_given_up_leaves_nothing() {
    let (dead, _held) = dead();
    let before = attempts_at(dead);
    let races = async {
        let (addresses, origin) = ([dead; 3], Origin::default());
        let limit = Duration::from_millis(1);
        for _ in 0..20 {
            assert!(runtime::within(limit, connect(&addresses, &origin, 1)).await.is_none());
        }
        // The kernel takes a moment to cancel the last ones.
        let late = now() + Duration::from_secs(10);
        while attempts_at(dead) > before {
            assert!(now() < late, "sockets are left");
            runtime::sleep_until(now() + limit).await;
        }
    };
    runtime::run(races).unwrap();
}

#[test]
fn every_address_is_named_with_its_reason() {
    let (one, other) = (closed(), closed());
    let error = reached(&[one, other]).unwrap_err();
    assert_eq!(error.kind(), Kind::Unreachable);
    for address in [one, other] {
        assert!(error.message().contains(&format!("{address}: Connection refused")), "{error}");
    }
}

#[test]
fn the_own_address_is_the_one_that_was_asked_for() {
    let (listener, address) = listener(v4(1));
    let origin = Origin { addresses: vec![SocketAddr::new(v4(9), 0)], keep_alive: true, ..Origin::default() };
    let limit = Duration::from_secs(10);
    assert_eq!(connect_within(limit, &[address], &origin), Some(Ok(address)));
    assert_eq!(listener.accept().unwrap().1.ip(), v4(9));
    let v6 = SocketAddr::new(Ipv6Addr::LOCALHOST.into(), address.port());
    let error = connect_within(limit, &[v6], &origin).unwrap().unwrap_err();
    assert!(error.message().contains("BindAddress"), "{error}");
}

#[test]
fn an_interface_that_is_not_there_is_named_so() {
    let origin = Origin { interface: Some("none7".into()), ..Origin::default() };
    let error = connect_within(Duration::from_secs(10), &[closed()], &origin).unwrap().unwrap_err();
    assert!(error.message().contains("No such device"), "{error}");
    let (_kept, open) = listener(v4(1));
    let origin = Origin { interface: Some("lo".into()), ..Origin::default() };
    assert_eq!(connect_within(Duration::from_secs(10), &[open], &origin), Some(Ok(open)));
}

#[test]
fn another_round_finds_who_comes_late() {
    let address = closed();
    let late = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(300));
        TcpListener::bind(address).unwrap()
    });
    let connected = runtime::run(connect(&[address], &Origin::default(), 2)).unwrap();
    assert!(connected.is_ok());
    drop(late.join());
}
