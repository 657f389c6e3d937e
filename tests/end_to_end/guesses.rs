//! The first packet of a key exchange sent on a guess: what real servers make of right and wrong ones.

use std::io::{Read, Write};
use std::net::TcpStream;

use scout_mcp::base::time::now;
use scout_mcp::ssh::{
    Client, ClientConfig, Event, Guess, HostKeyAlgorithm, Identity, KexAlgorithm, SignatureAlgorithm,
};

use crate::support::{Endpoint, Library, PythonServer, Sshd};

/// The server has this method, and another first.
const WRONG: Guess =
    Guess { kex: KexAlgorithm::EcdhP256, host_key: HostKeyAlgorithm::Plain(SignatureAlgorithm::Ed25519) };

/// Logs in; what the server prefers, and how often it was written to.
fn log_in(endpoint: &Endpoint, guess: Option<Guess>) -> (Option<Guess>, usize) {
    let key = std::fs::read(&endpoint.identity).expect("the key is there");
    let identity = Identity::from_openssh(&key, None).expect("it is not encrypted");
    let identities = vec![identity.public()];
    let config = ClientConfig { identities, guess, ..ClientConfig::new(endpoint.user.as_str()) };
    let mut client = Client::new(config, now());
    let mut stream = TcpStream::connect(endpoint.address).expect("the server listens");
    let mut input = vec![0; 64 * 1024];
    let mut writes = 0;
    loop {
        answer(&mut client, &identity);
        let mut output = Vec::new();
        while client.poll_transmit(&mut output) {}
        writes += usize::from(!output.is_empty());
        stream.write_all(&output).expect("the server reads");
        if client.is_ready() {
            return (client.preferences().copied(), writes);
        }
        let count = stream.read(&mut input).expect("the server writes");
        assert!(count > 0, "{guess:?}: the server hung up {}", client.phase());
        client.handle_input(&input[..count], now()).expect("the server keeps the rules");
    }
}

fn answer(client: &mut Client, identity: &Identity) {
    while let Some(event) = client.poll_event() {
        match event {
            Event::HostKey(_) => client.accept_host_key().expect("there is a key to log in with"),
            Event::Sign { algorithm, data, .. } => {
                let signature = identity.sign(&algorithm, &data).expect("the algorithm is the key's");
                client.provide_signature(&signature).expect("the connection lives");
            }
            _ => {}
        }
    }
}

#[test]
fn a_right_guess_saves_a_round_trip_and_a_wrong_one_does_no_harm() {
    // The method that OpenSSH of this age likes best is one that we do not speak.
    let sshd = Sshd::builder().config("KexAlgorithms curve25519-sha256,ecdh-sha2-nistp256").start();
    let libraries = [Library::AsyncSsh, Library::Paramiko, Library::LibSsh].map(PythonServer::start);
    let endpoints = libraries.iter().map(|server| &server.endpoint);
    for endpoint in std::iter::once(&sshd.endpoint).chain(endpoints) {
        let (preferences, without) = log_in(endpoint, None);
        let guess = preferences.expect("we like best what it likes best");
        let (again, with) = log_in(endpoint, Some(guess));
        assert_eq!((again, with + 1), (preferences, without), "{guess:?}");
    }
    // Libraries take a guess for right when it names the method that is agreed on, whatever they like best.
    let (preferences, writes) = log_in(&sshd.endpoint, Some(WRONG));
    assert_eq!((preferences, writes), (None, 3), "it works, and is not worth to be guessed again");
}
