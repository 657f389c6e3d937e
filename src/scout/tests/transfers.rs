//! Large files from afar: what a transfer waits for besides its windows.

use std::rc::Rc;

use super::{Far, SECOND, files};
use crate::base::limits::SFTP_CHANNEL_WINDOW_BYTES;
use crate::fleet::{Class, ClientId, Machine};
use crate::scout::read::copy;
use crate::sftp::Opening;
use crate::target::RemotePath;

/// How often a transfer fills the window of its receiver, which is one round trip each.
const WINDOWS: u32 = 10;
/// sshd's.
const SERVER_WINDOW_BYTES: u32 = 2 * 1024 * 1024;
/// Of a window, what is left for packets' heads, and for what sshd has consumed and not granted.
const SPARE_BYTES: u32 = 100_000;

fn far() -> Far {
    let far = Far::new();
    far.world.host("alpha").server.borrow_mut().sftp = Some(|| {
        let mut server = files();
        server.put_file("/long", vec![7; long_bytes()]);
        server
    });
    far.world.host("alpha").server.borrow_mut().window_bytes = SERVER_WINDOW_BYTES;
    far.look("/dir");
    far.world.pass(SECOND);
    far
}

fn long_bytes() -> usize {
    (WINDOWS * SFTP_CHANNEL_WINDOW_BYTES - SPARE_BYTES) as usize
}

#[test]
fn a_download_keeps_the_window_full() {
    let far = far();
    let caller = far.fleet.caller(Class::Interactive, ClientId::STDIO);
    let round_trips = far.round_trips(async move {
        let mut bytes = 0;
        let mut count = |piece: &[u8]| {
            bytes += piece.len();
            Ok(())
        };
        copy(&caller, "alpha", &RemotePath::parse("/long").unwrap(), &mut count).await.unwrap();
        assert_eq!(bytes, long_bytes());
    });
    // STAT.
    assert_eq!(round_trips, 1.0 + f64::from(WINDOWS));
}

#[test]
fn an_upload_keeps_the_window_full() {
    let far = far();
    let (fleet, deadline) = (Rc::clone(&far.fleet), far.world.now() + SECOND);
    let round_trips = far.round_trips(async move {
        let Ok(Machine::Remote(link)) = fleet.machine("alpha", deadline).await else { panic!("no link") };
        let bytes = (WINDOWS * (SERVER_WINDOW_BYTES - SPARE_BYTES)) as usize;
        let file = link.open(b"/new", Opening::New { mode: 0o600 }).await.unwrap().unwrap();
        file.write(0, vec![7; bytes]).await.unwrap().unwrap();
    });
    // OPEN.
    assert_eq!(round_trips, 1.0 + f64::from(WINDOWS));
}
