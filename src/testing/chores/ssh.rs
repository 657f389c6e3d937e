//! Packets under every protection, and our half of every key exchange.

use std::hint::black_box;

use super::Chore;
use crate::simulated::exchange::respond;
use crate::ssh::KexAlgorithm;
use crate::ssh::cipher::Protection;
use crate::ssh::kex::share::Share;
use crate::ssh::packet::{Opener, Sealer};
use crate::testing::protections::{packet_key, protections};

/// A keystroke, a screen, what a file is read in.
const SIZES: [usize; 3] = [32, 1024, 32 * 1024];

pub fn chores() -> Vec<Chore> {
    let packets = protections().into_iter().flat_map(|protection| {
        SIZES.into_iter().flat_map(move |size| [sealed(protection, size), opened(protection, size)])
    });
    packets.chain(KexAlgorithm::ALL.iter().map(|algorithm| exchange(*algorithm))).collect()
}

fn name(protection: Option<Protection>, size: usize) -> String {
    let name = match protection {
        None => "none".to_owned(),
        Some(Protection { cipher, mac: None }) => cipher.name().to_owned(),
        Some(Protection { cipher, mac: Some(mac) }) => format!("{} {}", cipher.name(), mac.name()),
    };
    format!("packet {name} {size}")
}

fn sealed(protection: Option<Protection>, size: usize) -> Chore {
    let chore = Chore::new(format!("{}: seal", name(protection, size)), move || {
        let (mut sealer, payload, mut wire) = (Sealer::default(), vec![7; size], Vec::new());
        sealer.direction.install(packet_key(protection), true);
        move || {
            wire.clear();
            sealer.seal(&mut wire, |out| out.extend_from_slice(&payload));
            black_box(&wire);
        }
    });
    of(protection, chore, size)
}

/// Every packet has a number, so that each can be opened but once.
fn opened(protection: Option<Protection>, size: usize) -> Chore {
    let chore = Chore::new(format!("{}: seal and open", name(protection, size)), move || {
        let (mut sealer, mut opener) = (Sealer::default(), Opener::default());
        sealer.direction.install(packet_key(protection), true);
        opener.direction.install(packet_key(protection), true);
        let (payload, mut wire) = (vec![7; size], Vec::new());
        move || {
            wire.clear();
            sealer.seal(&mut wire, |out| out.extend_from_slice(&payload));
            black_box(opener.open(&mut wire).expect("a true packet"));
        }
    });
    of(protection, chore, size)
}

fn of(protection: Option<Protection>, chore: Chore, size: usize) -> Chore {
    let chore = chore.of_bytes(size);
    if protection.is_some() { chore.uncounted() } else { chore }
}

/// The server's value is always the same one. To a hybrid it was made for another key, which is found out later.
fn exchange(algorithm: KexAlgorithm) -> Chore {
    let ours = move || Share::generate(algorithm).expect("a key");
    Chore::new(format!("key exchange {}", algorithm.name()), move || {
        let (theirs, _) = respond(algorithm, &ours().public().expect("a value")).expect("an answer");
        move || {
            let share = ours();
            black_box(share.public().expect("a value"));
            drop(black_box(share.agree(&theirs).expect("a secret")));
        }
    })
    .uncounted()
}
