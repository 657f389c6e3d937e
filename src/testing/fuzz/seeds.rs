//! What the fuzzers start from: whole lives of connections, files and messages as they really are. Kept in
//! `fuzz/corpus/` beside what the fuzzers have found.

mod texts;

use crate::base::limits::SSH_IDENT_BYTES_MAX;
use crate::ssh::agent;
use crate::ssh::number;
use crate::ssh::packet::Sealer;
use crate::ssh::wire::Write;
use crate::ssh::{Offer, SignatureAlgorithm};
use crate::testing::choices::noise;
use crate::testing::protections::{packet_key, protections};
use crate::testing::ssh_play::HEADER_BYTES;
use crate::testing::ssh_server_kex::{CertificateRequest, HostSecret};

/// The seeds of a target, in an order that does not change.
pub fn seeds(target: &str) -> Vec<Vec<u8>> {
    match target {
        "sftp" => sftp(),
        "ssh_client" => ssh_client(),
        "ssh_packet" => ssh_packet(),
        "ssh_wire" => ssh_wire(),
        _ => texts::seeds(target).unwrap_or_default(),
    }
}

const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE9VZ3qLcHJyTnVnZ0tlS2V5S2V5S2V5S2V5S2V5S2V5";

// --- sftp

fn sftp() -> Vec<Vec<u8>> {
    let string = |bytes: &[u8]| [&(bytes.len() as u32).to_be_bytes()[..], bytes].concat();
    let attrs = [&[0, 0, 0, 5][..], &1000_u64.to_be_bytes(), &0o100_644_u32.to_be_bytes()].concat();
    let names = [&[0, 0, 0, 1][..], &string(b"name"), &string(b"lrwxrwxrwx"), &[0; 4]].concat();
    // Acts of a hostile server: ask (0, path, what, numbers), VERSION (3), replies (5, type, which, body).
    let ask = |what: u8, numbers: &[u8]| [&[0, 0, 0, what][..], numbers].concat();
    let version = [3, 0, 0].to_vec();
    let reply =
        |kind: u8, body: &[u8]| [&[5, kind, 0][..], &(body.len() as u16).to_be_bytes(), body].concat();
    let read = [
        &[0, 0][..],
        &version,
        &ask(1, &[0, 0, 4, 0]),
        &reply(4, &attrs),
        &reply(1, &string(b"handle")),
        &reply(2, &string(b"content")),
        &reply(0, &[&[0, 0, 0, 1][..], &string(b"End of file"), &string(b"")].concat()),
    ];
    let list = [
        &[0, 0][..],
        &version,
        &ask(3, &[4, 0, 15, 0]),
        &reply(1, &string(b"h")),
        &reply(3, &names),
        &reply(0, &[0, 0, 0, 1]),
        &reply(3, &names),
    ];
    let refused = [&[0, 0][..], &version, &ask(0, &[]), &reply(0, &[0, 0, 0, 2, 0, 0, 0, 2, b'n', b'o'])];
    let mut seeds = vec![read.concat(), list.concat(), refused.concat()];
    // An obedient one: whatever is asked and however it is cut.
    seeds.extend((0..6).map(|seed| [&[1][..], &noise(seed, 120)].concat()));
    seeds
}

// --- ssh_packet

fn ssh_packet() -> Vec<Vec<u8>> {
    let all = (0_u8..).zip(protections());
    let each = all.flat_map(|(index, protection)| {
        let mut sealer = Sealer::default();
        sealer.direction.install(packet_key(protection), true);
        let mut stream = vec![index, 0];
        sealer.seal(&mut stream, |out| out.extend_from_slice(b"first"));
        sealer.seal(&mut stream, |out| out.extend_from_slice(&[9; 40]));
        // Truthful about its length: how much is padding, one byte that is not, padding.
        let forged = [&[index, 1, 0, 0, 28, 26][..], &[7; 27]].concat();
        let whole = [&[index, 2, 0, 3][..], b"abc", &[0, 40], &[5; 40]].concat();
        [stream, forged, whole]
    });
    each.collect()
}

// --- ssh_wire

fn ssh_wire() -> Vec<Vec<u8>> {
    let mut values = vec![0];
    values.put_string(b"string");
    values.put_unsigned(&[0x80, 1]);
    values.put_name_list(["one", "two"]);
    // The cookie is drawn anew each time, and means nothing.
    let mut kexinit = Offer::default().to_kexinit(true, false);
    kexinit[1..17].fill(0);
    let mut keys = vec![12];
    keys.put_u32(1);
    keys.put_string(b"blob");
    keys.put_string(b"comment");
    let mut answer = Vec::new();
    answer.put_string(&keys);
    let with = |which: u8, bytes: &[u8]| [&[which][..], bytes].concat();
    let block = |bytes: &[u8]| [&(bytes.len() as u16).to_be_bytes()[..], bytes].concat();
    let mut point = Vec::new();
    point.put_string(&[1; 32]);
    let mut extensions = vec![number::EXT_INFO];
    extensions.put_u32(1);
    extensions.put_string(b"server-sig-algs");
    extensions.put_string(b"ssh-ed25519,rsa-sha2-512");
    let private: [&[u8]; 4] = [
        include_bytes!("../../ssh/tests/keys/ed25519"),
        include_bytes!("../../ssh/tests/keys/ecdsa256"),
        b"-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmU=\n-----END OPENSSH PRIVATE KEY-----\n",
        b"PuTTY-User-Key-File-3: ssh-ed25519\n",
    ];
    let mut seeds = vec![
        values,
        with(1, b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"),
        with(1, b"notice\r\n\r\nSSH-1.99-x\n"),
        // As long as one may be.
        with(1, &[b"SSH-2.0-", &[b'x'; SSH_IDENT_BYTES_MAX - 10][..], b"\r\n"].concat()),
        with(2, &kexinit),
        with(3, &[&[0][..], &block(&point), &block(&[1; 64])].concat()),
        with(4, &block(&answer)),
        with(4, &block(&agent::list_request())),
        with(6, b"\0\0\0\x0bssh-ed25519\0\0\0\x04abcd"),
        with(6, KEY.as_bytes()),
        with(7, &extensions),
    ];
    // RSA signs the same every time.
    let rsa = SignatureAlgorithm::RsaSha512;
    let key = HostSecret::new(rsa);
    for (kind, which) in [(2, 8), (1, 9)] {
        let request = CertificateRequest { kind, ..CertificateRequest::default() };
        let certificate = request.grant(rsa, &key, &key);
        seeds.push(match which {
            8 => {
                let behind_its_type = &certificate[4 + rsa.certificate_type().len()..];
                let index =
                    SignatureAlgorithm::ALL.iter().position(|other| *other == rsa).unwrap_or_default();
                with(8, &[&[index as u8][..], &block(behind_its_type), &block(&[1; 256])].concat())
            }
            _ => with(9, &certificate),
        });
    }
    seeds.extend(private.iter().map(|key| with(5, key)));
    seeds
}

// --- ssh_client

/// Numbers of acts, as [`ssh_play`](crate::testing::ssh_play) reads them.
mod act {
    pub const OPEN: u8 = 0;
    pub const SEND: u8 = 2;
    pub const EOF: u8 = 3;
    pub const CONSUME: u8 = 4;
    pub const CLOSE: u8 = 6;
    pub const INJECT: u8 = 15;
    pub const INJECT_RAW: u8 = 21;
    pub const FLOOD: u8 = 23;
    pub const GO_ON: u8 = 31;
}

/// Where the header says that the key exchange is skipped.
const KEYED_AT: usize = 10;
/// Where it says how much a channel takes before something is read.
const WINDOW_AT: usize = 11;

/// All zero: password, no rekeying, nothing cut into pieces.
fn header(mood: u8, is_keyed: bool) -> Vec<u8> {
    let mut header = vec![0; HEADER_BYTES];
    header[0] = mood;
    header[KEYED_AT] = u8::from(is_keyed);
    header
}

fn inject(payload: &[u8]) -> Vec<u8> {
    let length = (payload.len() as u16).to_be_bytes();
    [&[act::INJECT][..], &length, payload, &[act::GO_ON, 8]].concat()
}

fn message(number: u8, write: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut payload = vec![number];
    write(&mut payload);
    payload
}

fn about(number: u8, write: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    message(number, |out| {
        out.put_u32(0);
        write(out);
    })
}

/// What a server says after the key exchange, in this order.
fn life() -> Vec<Vec<u8>> {
    vec![
        message(number::SERVICE_ACCEPT, |out| out.put_string(b"ssh-userauth")),
        message(number::USERAUTH_BANNER, |out| out.extend_from_slice(&[0, 0, 0, 2, b'h', b'i', 0, 0, 0, 0])),
        message(number::USERAUTH_FAILURE, |out| {
            out.put_name_list(["publickey", "password", "keyboard-interactive"]);
            out.put_bool(true);
        }),
        message(number::USERAUTH_INFO_REQUEST, |out| {
            out.extend_from_slice(&[0; 12]);
            out.put_u32(1);
            out.put_string(b"Password: ");
            out.put_bool(false);
        }),
        vec![number::USERAUTH_SUCCESS],
        about(number::CHANNEL_OPEN_CONFIRMATION, |out| {
            [5, 1 << 20, 1 << 15].iter().for_each(|n| out.put_u32(*n))
        }),
        about(number::CHANNEL_SUCCESS, |_| {}),
        about(number::CHANNEL_DATA, |out| out.put_string(b"output")),
        about(number::CHANNEL_EXTENDED_DATA, |out| {
            out.put_u32(1);
            out.put_string(b"errors");
        }),
        about(number::CHANNEL_WINDOW_ADJUST, |out| out.put_u32(1000)),
        message(number::GLOBAL_REQUEST, |out| {
            out.put_string(b"hostkeys-00@openssh.com");
            out.put_bool(true);
        }),
        about(number::CHANNEL_REQUEST, |out| {
            out.put_string(b"exit-status");
            out.put_bool(false);
            out.put_u32(0);
        }),
        about(number::CHANNEL_REQUEST, |out| {
            out.put_string(b"exit-signal");
            out.put_bool(true);
            out.put_string(b"TERM");
            out.extend_from_slice(&[0; 9]);
        }),
        about(number::CHANNEL_EOF, |_| {}),
        about(number::CHANNEL_CLOSE, |_| {}),
        message(number::DISCONNECT, |out| {
            out.put_u32(2);
            out.put_string(b"bye");
            out.put_string(b"");
        }),
    ]
}

fn ssh_client() -> Vec<Vec<u8>> {
    let owner: &[u8] = &[
        act::OPEN,
        3,
        1,
        0,
        act::GO_ON,
        60,
        act::SEND,
        0,
        2,
        0,
        act::CONSUME,
        0,
        0,
        9,
        act::EOF,
        0,
        act::CLOSE,
        0,
    ];
    let mut whole = [&header(2, true)[..], &[act::OPEN, 0, 0, 0]].concat();
    life().iter().for_each(|payload| whole.extend(inject(payload)));
    // As many hostile ones with the login done by the server as there are things to say after it.
    let served = life().into_iter().skip(5).map(|payload| {
        [&header(2, true)[..], &[act::OPEN, 4, 0, 0, act::GO_ON, 60], &inject(&payload), &[act::GO_ON, 9]]
            .concat()
    });
    // All that the smallest window holds, and again when it has been read.
    let mut small = header(2, true);
    small[WINDOW_AT] = 1;
    let flood = [act::FLOOD, 0, 100, act::GO_ON, 2];
    let full = [
        &small[..],
        &[act::OPEN, 4, 0, 0, act::GO_ON, 60],
        &flood,
        &[act::CONSUME, 0, 1, 0, act::GO_ON, 60],
        &flood,
    ];
    let mut kexinit = Offer::default().to_kexinit(true, false);
    kexinit[1..17].fill(0);
    let ident = b"SSH-2.0-x\r\n";
    let start = [
        &header(4, false)[..],
        &[act::INJECT_RAW, 0, ident.len() as u8],
        ident,
        &inject(&kexinit),
        &inject(&[31, 0, 0, 0, 0]),
    ];
    let mut seeds = vec![
        [&header(0, true)[..], owner].concat(),
        [&header(0, false)[..], owner].concat(),
        [&header(1, false)[..], owner, &[14, 0]].concat(),
        whole,
        start.concat(),
        full.concat(),
    ];
    seeds.extend(served);
    seeds.extend((0..5).map(|seed| {
        let mut noise = noise(seed, 200);
        noise[0] = seed as u8;
        noise
    }));
    seeds
}
