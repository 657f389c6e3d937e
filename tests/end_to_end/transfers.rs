//! Long files.

use crate::support::{Distance, Scout, Sshd};

fn content(bytes: usize) -> Vec<u8> {
    (0..bytes).map(|at| (at ^ (at >> 8) ^ (at >> 16)) as u8).collect()
}

#[test]
fn a_file_arrives_whole_though_keys_are_renewed_after_every_megabyte() {
    let sshd = Sshd::builder().config("RekeyLimit 1M").start();
    let content = content(20_000_000);
    let file = sshd.write("long", &content);
    let scout = Scout::new().known_hosts(&sshd.endpoint.known_hosts());
    let scout = scout.unknown_host("h1", &sshd.endpoint, "RekeyLimit 1M");
    let read = scout.run(&["read", &format!("h1:{file}")]);
    assert!(read.success() == content);
}

#[test]
fn a_file_of_several_pieces_arrives_whole_from_afar() {
    let sshd = Sshd::start();
    let content = content(13_000_001);
    let file = sshd.write("long", &content);
    let far = Distance::from(&sshd, std::time::Duration::from_millis(15));
    let read = Scout::with(&far.endpoint).run(&["read", &format!("h1:{file}")]);
    assert!(read.success() == content);
}
