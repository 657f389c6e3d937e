//! Connections through a host: what they carry, how they end, and that the host's link stays for them.

use std::ops::Range;

use super::*;
use crate::base::Kind;
use crate::fleet::Tunnel;

/// The port of the hosts' echo.
const ECHO: u16 = 7;

fn open(world: &World, link: &Rc<Link>, host: &'static str, port: u16) -> Handle<Result<Rc<Tunnel>>> {
    let link = Rc::clone(link);
    world.spawn(async move { link.tunnel(host, port).await.map(Rc::new) })
}

fn opened(world: &World, link: &Rc<Link>) -> Rc<Tunnel> {
    let opening = open(world, link, "far", ECHO);
    world.pass(SECOND);
    opening.output().unwrap()
}

fn write(world: &World, tunnel: &Rc<Tunnel>, bytes: Vec<u8>) -> Handle<Result<()>> {
    let tunnel = Rc::clone(tunnel);
    world.spawn(async move { tunnel.write(&bytes).await })
}

fn read_some(world: &World, tunnel: &Rc<Tunnel>, count: usize) -> Handle<Result<Vec<u8>>> {
    let tunnel = Rc::clone(tunnel);
    world.spawn(async move {
        let mut bytes = Vec::new();
        while bytes.len() < count && tunnel.read(&mut bytes, 1000).await? > 0 {}
        Ok(bytes)
    })
}

fn numbers(range: Range<u32>) -> Vec<u8> {
    range.map(|at| (at % 251) as u8).collect()
}

#[test]
fn bytes_pass_in_order_as_fast_as_they_are_taken() {
    let world = World::new();
    world.host("alpha").pieces.set(Some(5));
    world.host("alpha").server.borrow_mut().window_bytes = 20_000;
    let link = world.link("alpha");
    let tunnel = opened(&world, &link);
    let input = numbers(0..3_000_000);
    let writing = write(&world, &tunnel, input.clone());
    world.pass(SECOND / 10);
    assert!(!writing.is_done(), "the host's window and our buffer hold less");
    world.pass(60 * SECOND);
    let reading = read_some(&world, &tunnel, input.len());
    world.pass(60 * SECOND);
    assert!(writing.output().is_ok());
    assert!(reading.output().unwrap() == input);
}

#[test]
fn a_refusal_names_the_host_and_the_reason() {
    let world = World::new();
    let link = world.link("alpha");
    let (closed, forbidden) = (open(&world, &link, "far", 22), open(&world, &link, "forbidden", ECHO));
    world.pass(SECOND);
    let error = closed.output().map(|_| ()).unwrap_err();
    assert_eq!(error.kind(), Kind::Unreachable);
    assert_eq!(error.message(), "alpha cannot connect to far:22: connect failed (Connection refused)");
    let error = forbidden.output().map(|_| ()).unwrap_err();
    assert_eq!(error.kind(), Kind::Refused);
    assert!(error.message().starts_with("alpha does not allow"), "{error}");
    assert!(error.message().contains("administratively prohibited"), "{error}");
}

#[test]
fn a_link_with_a_tunnel_is_not_idle() {
    let world = World::new();
    let link = world.link("alpha");
    let tunnel = opened(&world, &link);
    world.pass(600 * SECOND);
    assert!(!link.has_ended());
    drop(tunnel);
    world.pass(61 * SECOND);
    assert!(link.has_ended());
}

#[test]
fn when_the_link_dies_both_sides_of_its_tunnels_hear_of_it() {
    let world = World::new();
    let link = world.link("alpha");
    let tunnel = opened(&world, &link);
    let (writing, reading) =
        (write(&world, &tunnel, numbers(0..6_000_000)), read_some(&world, &tunnel, usize::MAX));
    world.settle();
    link.close();
    world.settle();
    for error in [writing.output().unwrap_err(), reading.output().unwrap_err()] {
        assert_eq!(error.kind(), Kind::ConnectionLost);
        assert!(error.message().contains("alpha"), "{error}");
    }
    let late = open(&world, &link, "far", ECHO);
    world.settle();
    assert_eq!(late.output().map(|_| ()).unwrap_err().kind(), Kind::NotBegun);
}

#[test]
fn closing_ends_the_wait_of_the_reader() {
    let world = World::new();
    let link = world.link("alpha");
    let tunnel = opened(&world, &link);
    let reading = read_some(&world, &tunnel, usize::MAX);
    world.pass(SECOND);
    assert!(!reading.is_done());
    tunnel.close();
    world.settle();
    assert_eq!(reading.output().unwrap(), b"");
}

#[test]
fn a_tunnel_given_up_while_it_opens_is_closed() {
    let world = World::new();
    let link = world.link("alpha");
    let opening = open(&world, &link, "far", ECHO);
    world.settle();
    opening.cancel();
    world.pass(SECOND);
    assert_eq!(link.active.get(), 0);
    let tunnel = opened(&world, &link);
    let (writing, reading) = (write(&world, &tunnel, b"ping".to_vec()), read_some(&world, &tunnel, 4));
    world.pass(SECOND);
    assert!(writing.output().is_ok());
    assert_eq!(reading.output().unwrap(), b"ping");
}
