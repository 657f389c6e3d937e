//! What a login costs our side: `cargo bench --bench handshake`.
//!
//! The sans-IO client logs in to an asyncssh server, which has all algorithms. Only the processor time of the client's
//! own calls counts, from its making to the end of the login: key exchange, the host's signature, our own with an
//! Ed25519 key. Loading that key does not, nor does waiting, the socket, or the server.

#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

#[allow(dead_code, unused_imports)]
#[path = "../tests/support/mod.rs"]
mod support;

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use rustix::time::{ClockId, clock_gettime};
use scout_mcp::base::time::now;
use scout_mcp::ssh::{
    Client, ClientConfig, Event, HostKeyAlgorithm, Identity, KexAlgorithm, Offer, SignatureAlgorithm,
};
use support::{Authority, Endpoint, Key, KeyType, Library, PythonServer};
use tempfile::TempDir;

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(3));
    targets = logins
}
criterion_main!(benches);

fn logins(criterion: &mut Criterion) {
    let dir = TempDir::with_prefix("host-keys-").unwrap();
    let authority = Authority::generate(&dir.path().join("authority"));
    let host_keys = KeyType::ALL.map(|key_type| {
        let key = Key::generate(&dir.path().join(format!("{key_type:?}")), key_type);
        authority.certify_host(&key, "host");
        key
    });
    let server = PythonServer::with_host_keys(Library::AsyncSsh, &host_keys.each_ref());
    let endpoint = &server.endpoint;
    let identity = Identity::from_openssh(&fs::read(&endpoint.identity).unwrap(), None).unwrap();

    let ed25519 = HostKeyAlgorithm::Plain(SignatureAlgorithm::Ed25519);
    // The largest group is left out: everybody prefers any other, and it takes longer than all of them together.
    for kex in KexAlgorithm::ALL.iter().filter(|kex| **kex != KexAlgorithm::Group18Sha512) {
        measure(criterion, endpoint, &identity, *kex, ed25519);
    }
    for host_key in HostKeyAlgorithm::all().filter(|host_key| *host_key != ed25519) {
        measure(criterion, endpoint, &identity, KexAlgorithm::Curve25519, host_key);
    }
}

fn measure(
    criterion: &mut Criterion,
    endpoint: &Endpoint,
    identity: &Identity,
    kex: KexAlgorithm,
    host_key: HostKeyAlgorithm,
) {
    let mut offer = Offer::default();
    (offer.kex, offer.host_keys) = (vec![kex], vec![host_key]);
    criterion.bench_function(&format!("{} with {}", kex.name(), host_key.name()), |bencher| {
        bencher.iter_custom(|times| (0..times).map(|_| log_in(endpoint, identity, &offer)).sum());
    });
}

/// Returns the processor time of the client's calls.
fn log_in(endpoint: &Endpoint, identity: &Identity, offer: &Offer) -> Duration {
    let mut spent = Duration::ZERO;
    let mut stream = TcpStream::connect(endpoint.address).unwrap();
    stream.set_nodelay(true).unwrap();
    let config = ClientConfig {
        identities: vec![identity.public()],
        offer: offer.clone(),
        ..ClientConfig::new(endpoint.user.as_str())
    };
    let mut client = timed(&mut spent, || Client::new(config, now()));
    let (mut input, mut output) = (vec![0; 64 * 1024], Vec::new());
    loop {
        output.clear();
        timed(&mut spent, || {
            answer(&mut client, identity);
            while client.poll_transmit(&mut output) {}
        });
        stream.write_all(&output).unwrap();
        if client.is_ready() {
            return spent;
        }
        let count = stream.read(&mut input).unwrap();
        assert!(count > 0, "the server hung up");
        timed(&mut spent, || client.handle_input(&input[..count], now()).unwrap());
    }
}

fn answer(client: &mut Client, identity: &Identity) {
    while let Some(event) = client.poll_event() {
        match event {
            Event::HostKey(_) => client.accept_host_key().unwrap(),
            Event::Sign { algorithm, data, .. } => {
                client.provide_signature(&identity.sign(&algorithm, &data).unwrap()).unwrap();
            }
            _ => {}
        }
    }
}

fn timed<T>(spent: &mut Duration, work: impl FnOnce() -> T) -> T {
    let begun = cpu();
    let result = work();
    *spent += cpu() - begun;
    result
}

/// Processor time of this thread.
fn cpu() -> Duration {
    clock_gettime(ClockId::ThreadCPUTime).try_into().unwrap()
}
