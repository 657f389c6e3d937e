use crate::ssh::*;
use crate::testing::ssh_pair::{Link, Pair, User};
use crate::testing::ssh_server::ServerConfig;

#[test]
fn identities_are_tried_in_order_until_one_is_accepted() {
    let mut pair = Pair::with(ServerConfig::default(), Link::Whole, 3, |_| {});
    pair.server.config.accepts = Some(pair.users[2].public.blob.clone());
    assert_eq!(pair.exec("echo in", b""), b"in");
    assert_eq!(pair.server.tally().refused_logins, 2);
}

#[test]
fn libssh_is_asked_for_one_thing_at_a_time() {
    let writes = |ident| {
        let mut pair = Pair::new(ServerConfig { ident, ..ServerConfig::default() }, Link::Whole);
        while !pair.client.is_ready() {
            assert!(pair.round(), "no progress: {:?}", pair.error);
        }
        assert_eq!(pair.exec("echo in", b""), b"in");
        pair.client_writes.len()
    };
    assert_eq!(writes("SSH-2.0-libssh_0.10.6"), writes("SSH-2.0-OpenSSH_9.2p1") + 1);
}

#[test]
fn requests_are_bounded() {
    let mut pair = Pair::with(ServerConfig::default(), Link::Whole, 100, |_| {});
    pair.server.config.accepts = Some(Vec::new());
    pair.run();
    assert_eq!(pair.server.tally().refused_logins, 64);
    assert!(matches!(&pair.error, Some(Error::AuthRounds { tried }) if tried.identities.len() == 64));
}

#[test]
fn without_identities_the_server_is_asked_what_it_wants() {
    for (users, signs) in [(0, true), (2, false)] {
        let mut pair = Pair::with(ServerConfig::default(), Link::Whole, users, |_| {});
        pair.signs = signs;
        pair.run();
        let rejected = Error::AuthRejected { tried: Tried::default(), methods: "publickey".into() };
        assert_eq!(pair.error, Some(rejected));
    }
}

#[test]
fn banners_are_passed_on_clean() {
    let config = ServerConfig { banner: Some("hello\x1b[31m\r\n"), ..ServerConfig::default() };
    let mut pair = Pair::new(config, Link::Bytes);
    pair.run();
    assert_eq!(pair.events, [Event::Banner("hello.[31m\n".into()), Event::Ready]);
}

#[test]
fn rsa_signs_with_what_the_server_takes() {
    let rsa = || vec![User::from_file(include_bytes!("keys/rsa2048"))];
    for (algorithms, link, refused) in [
        ("rsa-sha2-512,rsa-sha2-256", Link::Bytes, 0),
        // Known before the first request is made.
        ("ssh-ed25519,rsa-sha2-256", Link::Whole, 0),
        // Guessed wrong before the server had said it, then corrected with the same key.
        ("ssh-ed25519,rsa-sha2-256", Link::Bytes, 1),
    ] {
        let config = ServerConfig { signature_algorithms: algorithms, ..ServerConfig::default() };
        let mut pair = Pair::of(rsa(), config, link, |_| {});
        assert_eq!(pair.exec("echo in", b""), b"in", "{algorithms} {link:?} {:?}", pair.error);
        assert_eq!(pair.server.tally().refused_logins, refused);
    }
}

#[test]
fn an_rsa_certificate_signs_with_what_the_server_takes_of_plain_keys() {
    // Servers name no certificate types in `server-sig-algs`.
    for (algorithms, tried) in [
        ("ssh-ed25519,rsa-sha2-512,rsa-sha2-256", Some("rsa-sha2-512-cert-v01@openssh.com")),
        ("ssh-ed25519,rsa-sha2-256", Some("rsa-sha2-256-cert-v01@openssh.com")),
        ("ssh-ed25519", None),
    ] {
        let (user, signed) = User::certified("ssh-rsa-cert-v01@openssh.com");
        let config = ServerConfig { signature_algorithms: algorithms, ..ServerConfig::default() };
        Pair::of(vec![user], config, Link::Whole, |_| {}).run();
        assert_eq!(signed.borrow().first().map(String::as_str), tried);
    }
}
