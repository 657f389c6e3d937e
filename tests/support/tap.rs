//! A relay that listens in on the plain part of connections: what both sides offer before they encrypt.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddrV4, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use super::loopback::listen;

/// Version string and KEXINIT of either side take less.
const PLAIN_BYTES: usize = 16 * 1024;
/// Name lists in a KEXINIT (RFC 4253 §7.1).
const LISTS: usize = 10;
const KEXINIT: u8 = 20;
const COOKIE_BYTES: usize = 16;

/// What one side offers (RFC 4253 §7.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kexinit {
    pub kex: Vec<String>,
    pub host_keys: Vec<String>,
    pub ciphers_to_server: Vec<String>,
    pub ciphers_to_client: Vec<String>,
    pub macs_to_server: Vec<String>,
    pub macs_to_client: Vec<String>,
    /// A guessed packet of the key exchange follows.
    pub guesses: bool,
}

/// Stands before a server and keeps the beginning of every connection.
pub struct Tap {
    pub address: SocketAddrV4,
    heard: Arc<Mutex<Vec<Heard>>>,
}

/// A connection, and the first bytes of either side of it.
struct Heard {
    stream: TcpStream,
    client: Vec<u8>,
    server: Vec<u8>,
}

impl Tap {
    pub fn on(server: SocketAddrV4) -> Self {
        let (listener, address) = listen();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let shared = Arc::clone(&heard);
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let heard = Arc::clone(&shared);
                thread::spawn(move || relay(client, server, heard));
            }
        });
        Self { address, heard }
    }

    /// What client and server offered in the latest connection in which both did: a host that is slow to answer gets
    /// another one beside it, which may just begin.
    pub fn offers(&self) -> Option<(Kexinit, Kexinit)> {
        let heard = self.heard.lock().expect("no relay has panicked");
        let offered = |heard: &Heard| Some((Kexinit::read(&heard.client)?, Kexinit::read(&heard.server)?));
        heard.iter().rev().find_map(offered)
    }

    /// Connections so far.
    pub fn connections(&self) -> usize {
        self.heard.lock().expect("no relay has panicked").len()
    }

    /// Loses all connections.
    pub fn cut(&self) {
        for heard in self.heard.lock().expect("no relay has panicked").iter() {
            // It may be gone already.
            let _ = heard.stream.shutdown(Shutdown::Both);
        }
    }

    /// The server's software, such as `OpenSSH_9.2p1`, and what it offers to somebody who just connects.
    pub fn probe(server: SocketAddrV4) -> (String, Kexinit) {
        let mut stream = TcpStream::connect(server).expect("the server listens");
        // Some wait for the client's version string.
        stream.write_all(b"SSH-2.0-probe\r\n").expect("the server reads");
        let mut heard = Vec::new();
        let mut buffer = [0; 4096];
        loop {
            let count = stream.read(&mut buffer).expect("the server speaks");
            assert!(count > 0, "no KEXINIT from the server: {:?}", String::from_utf8_lossy(&heard));
            heard.extend_from_slice(&buffer[..count]);
            if let Some(kexinit) = Kexinit::read(&heard) {
                return (software(&heard), kexinit);
            }
        }
    }
}

impl Kexinit {
    /// The first KEXINIT in what one side has said; `None` while it is not complete.
    fn read(stream: &[u8]) -> Option<Self> {
        // A server may say other lines first (RFC 4253 §4.2).
        let ident = memchr::memmem::find(stream, b"SSH-2.0-")?;
        let packet = &stream[ident + memchr::memchr(b'\n', &stream[ident..])? + 1..];
        let length = u32::from_be_bytes(*packet.first_chunk()?) as usize;
        let payload = packet.get(5..4 + length)?;
        assert_eq!(payload.first(), Some(&KEXINIT), "the first message");
        let mut rest = payload.get(1 + COOKIE_BYTES..)?;
        let mut lists = [const { Vec::new() }; LISTS];
        for list in &mut lists {
            let length = u32::from_be_bytes(*rest.first_chunk()?) as usize;
            let names = rest.get(4..4 + length)?;
            *list = String::from_utf8_lossy(names).split(',').map(str::to_owned).collect();
            rest = &rest[4 + length..];
        }
        let guesses = *rest.first()? != 0;
        let [kex, host_keys, ciphers_to_server, ciphers_to_client, macs_to_server, macs_to_client, ..] =
            lists;
        Some(Self {
            kex,
            host_keys,
            ciphers_to_server,
            ciphers_to_client,
            macs_to_server,
            macs_to_client,
            guesses,
        })
    }
}

/// `OpenSSH_9.2p1` of `SSH-2.0-OpenSSH_9.2p1 Debian-2`.
fn software(stream: &[u8]) -> String {
    let text = String::from_utf8_lossy(stream);
    let ident = text.lines().find_map(|line| line.strip_prefix("SSH-2.0-")).unwrap_or_default();
    ident.split(' ').next().unwrap_or_default().to_owned()
}

fn relay(client: TcpStream, server: SocketAddrV4, heard: Arc<Mutex<Vec<Heard>>>) {
    let Ok(server) = TcpStream::connect(server) else { return };
    let Ok(stream) = client.try_clone() else { return };
    let number = {
        let mut heard = heard.lock().expect("no relay has panicked");
        heard.push(Heard { stream, client: Vec::new(), server: Vec::new() });
        heard.len() - 1
    };
    let keep = move |bytes: &[u8], side: fn(&mut Heard) -> &mut Vec<u8>| {
        let mut heard = heard.lock().expect("no relay has panicked");
        let side = side(&mut heard[number]);
        side.extend_from_slice(&bytes[..bytes.len().min(PLAIN_BYTES - side.len())]);
    };
    thread::scope(|scope| {
        scope.spawn(|| copy(&client, &server, |bytes| keep(bytes, |heard| &mut heard.client)));
        copy(&server, &client, |bytes| keep(bytes, |heard| &mut heard.server));
    });
}

fn copy(mut from: &TcpStream, mut to: &TcpStream, keep: impl Fn(&[u8])) {
    // A small packet must not wait for the acknowledgement of the one before.
    let _ = to.set_nodelay(true);
    let mut buffer = [0; 64 * 1024];
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        keep(&buffer[..count]);
        if to.write_all(&buffer[..count]).is_err() {
            break;
        }
    }
    // Either side may be gone at any moment.
    let _ = to.shutdown(Shutdown::Write);
}
