//! Proving who we are: key files, passphrases, agents.

use serde_json::json;

use crate::support::{
    Account, Agent, Authority, Dropbear, Endpoint, Key, KeyType, Library, PythonServer, Scout, Sshd, TinySsh,
    eventually, is_connected,
};

const PROBE: &str = "h1:/proc/version";

#[test]
fn every_key_type_is_let_in() {
    for key_type in KeyType::ALL {
        let sshd = Sshd::builder().client_key(key_type).start();
        assert!(Scout::with(&sshd.endpoint).run(&["read", PROBE]).text().contains("Linux"), "{key_type:?}");
    }
}

#[test]
fn numbers_with_leading_zeros_are_read() {
    // A quarter of all 521-bit private numbers are a byte shorter than the rest: twelve keys hold one with 97 %.
    let sshd = Sshd::start();
    for n in 0..12 {
        let key = Key::generate(&sshd.account.path(&format!("key_{n}")), KeyType::Ecdsa521);
        sshd.account.authorize(&key);
        let mut endpoint = sshd.endpoint.clone();
        endpoint.identity = key.path;
        assert!(Scout::with(&endpoint).run(&["read", PROBE]).text().contains("Linux"), "key {n}");
    }
}

#[test]
fn rsa_keys_never_sign_with_sha1() {
    let line = "PubkeyAcceptedAlgorithms rsa-sha2-512,rsa-sha2-256";
    let sshd = Sshd::builder().client_key(KeyType::Rsa).config(line).start();
    assert!(Scout::with(&sshd.endpoint).run(&["read", PROBE]).text().contains("Linux"));
}

#[test]
fn an_encrypted_key_opens_with_the_passphrase_file() {
    for key_type in [KeyType::Ed25519, KeyType::Rsa] {
        let sshd = Sshd::start();
        let key = Key::encrypted(&sshd.account.path("encrypted"), key_type, "correct horse");
        sshd.account.authorize(&key);
        let mut endpoint = sshd.endpoint.clone();
        endpoint.identity = key.path;
        let passphrase = sshd.account.secret("passphrase", "correct horse\n");
        let scout = Scout::with(&endpoint).env("SCOUT_PASSPHRASE_FILE", passphrase.display());
        assert!(scout.run(&["read", PROBE]).text().contains("Linux"), "{key_type:?}");
    }
}

#[test]
fn an_encrypted_key_without_its_passphrase_is_explained() {
    let sshd = Sshd::start();
    let key = Key::encrypted(&sshd.account.path("encrypted"), KeyType::Ed25519, "correct horse");
    sshd.account.authorize(&key);
    let mut endpoint = sshd.endpoint.clone();
    endpoint.identity = key.path.clone();
    let without = Scout::with(&endpoint).run(&["read", PROBE]).failure();
    assert!(without.contains("SCOUT_PASSPHRASE_FILE") && without.contains("ssh-agent"), "{without}");
    assert!(without.contains(key.path.to_str().unwrap()), "{without}");

    let passphrase = sshd.account.secret("passphrase", "battery staple\n");
    let wrong = Scout::with(&endpoint)
        .env("SCOUT_PASSPHRASE_FILE", passphrase.display())
        .run(&["read", PROBE])
        .failure();
    assert!(wrong.contains("passphrase"), "{wrong}");
    assert!(!wrong.contains("battery"), "no secret in a message: {wrong}");
}

#[test]
fn every_key_type_signs_in_the_agent() {
    for key_type in KeyType::ALL {
        let sshd = Sshd::start();
        let agent = Agent::start();
        let key = Key::generate(&sshd.account.path("in_agent"), key_type);
        agent.add(&key);
        // Only the agent may open this door.
        std::fs::write(sshd.account.authorized_keys(), "").unwrap();
        sshd.account.authorize(&key);
        let lines = "IdentitiesOnly no\nIdentityFile ~/.ssh/none";
        let scout =
            Scout::new().unknown_host("h1", &sshd.endpoint, lines).known_hosts(&sshd.endpoint.known_hosts());
        let scout = scout.env("SSH_AUTH_SOCK", agent.socket.display());
        assert!(scout.run(&["read", PROBE]).text().contains("Linux"), "{key_type:?}");
    }
}

#[test]
fn the_configuration_names_the_agent() {
    let sshd = Sshd::start();
    let agent = Agent::start();
    let key = Key::generate(&sshd.account.path("in_agent"), KeyType::Ed25519);
    agent.add(&key);
    std::fs::write(sshd.account.authorized_keys(), "").unwrap();
    sshd.account.authorize(&key);
    let lines = format!("IdentitiesOnly no\nIdentityAgent {}", agent.socket.display());
    let scout =
        Scout::new().unknown_host("h1", &sshd.endpoint, &lines).known_hosts(&sshd.endpoint.known_hosts());
    assert!(scout.run(&["read", PROBE]).text().contains("Linux"));
}

#[test]
fn a_full_agent_does_not_use_up_the_tries() {
    // sshd hangs up after six keys that it does not want.
    let sshd = Sshd::start();
    let agent = Agent::start();
    for n in 0..8 {
        agent.add(&Key::generate(&sshd.account.path(&format!("other_{n}")), KeyType::Ed25519));
    }
    let scout = Scout::with(&sshd.endpoint).env("SSH_AUTH_SOCK", agent.socket.display());
    assert!(scout.run(&["read", PROBE]).text().contains("Linux"));
}

#[test]
fn an_agent_that_is_gone_leaves_the_key_files() {
    let sshd = Sshd::start();
    let lines = "IdentitiesOnly no";
    let scout =
        Scout::new().unknown_host("h1", &sshd.endpoint, lines).known_hosts(&sshd.endpoint.known_hosts());
    let scout = scout.env("SSH_AUTH_SOCK", "/nonexistent/agent");
    assert!(scout.run(&["read", PROBE]).text().contains("Linux"));
}

#[test]
fn a_rejected_key_is_explained() {
    let sshd = Sshd::start();
    let stranger = Key::generate(&sshd.account.path("stranger"), KeyType::Ed25519);
    let mut endpoint = sshd.endpoint.clone();
    endpoint.identity = stranger.path.clone();
    let scout = Scout::with(&endpoint);
    let message = scout.client().scout(json!({ "target": PROBE })).tool_error();
    assert!(message.starts_with("Error: Cannot connect to h1: "), "{message}");
    assert!(message.contains("refused: 1 key tried") && message.contains("publickey"), "{message}");
    assert!(scout.run(&["read", PROBE]).failure().contains("h1"));
}

#[test]
fn a_server_that_wants_more_than_a_key_is_explained() {
    let methods = "AuthenticationMethods publickey,password";
    let sshd = Sshd::builder().config("PasswordAuthentication yes").config(methods).start();
    let message = Scout::with(&sshd.endpoint).run(&["read", PROBE]).failure();
    assert!(message.contains("password"), "what the server still wants: {message}");
}

#[test]
fn a_key_that_is_no_file_is_named_and_not_waited_for() {
    let sshd = Sshd::start();
    let mut endpoint = sshd.endpoint.clone();
    endpoint.identity = sshd.fifo("key").into();
    let message = Scout::with(&endpoint).run(&["read", PROBE]).failure();
    assert!(message.contains("not a regular file"), "{message}");
}

#[test]
fn passphrases_come_from_commands_and_the_environment_too() {
    let sshd = Sshd::start();
    let key = Key::encrypted(&sshd.account.path("encrypted"), KeyType::Ed25519, "correct horse");
    sshd.account.authorize(&key);
    let mut endpoint = sshd.endpoint.clone();
    endpoint.identity = key.path.clone();
    let command = format!("test $SCOUT_KEY_FILE = {} && echo correct horse", key.path.display());
    for (name, value) in
        [("SCOUT_PASSPHRASE_COMMAND", command.as_str()), ("SCOUT_PASSPHRASE", "correct horse")]
    {
        assert!(
            Scout::with(&endpoint).env(name, value).run(&["read", PROBE]).text().contains("Linux"),
            "{name}"
        );
    }
}

/// A server that trusts an authority, and a key that the authority may certify.
fn certified(key_type: KeyType) -> (Sshd, Authority, Key) {
    let sshd = Sshd::start();
    let authority = Authority::generate(&sshd.account.path("authority"));
    std::fs::write(sshd.account.authorized_keys(), "").expect("authorized_keys");
    sshd.account.trust(&authority);
    let key = Key::generate(&sshd.account.path("certified"), key_type);
    (sshd, authority, key)
}

fn with_identity(endpoint: &Endpoint, key: &Key) -> Endpoint {
    Endpoint { identity: key.path.clone(), ..endpoint.clone() }
}

#[test]
fn certificates_beside_keys_are_used() {
    for key_type in KeyType::ALL {
        let (sshd, authority, key) = certified(key_type);
        authority.certify_user(&key, Account::USER);
        let scout = Scout::with(&with_identity(&sshd.endpoint, &key));
        assert!(scout.run(&["read", PROBE]).text().contains("Linux"), "{key_type:?}");
        assert_eq!(sshd.log().count("Failed publickey"), 0, "{key_type:?}: it goes first");
    }
}

#[test]
fn certificates_are_named_and_their_keys_may_be_in_the_agent() {
    let (sshd, authority, key) = certified(KeyType::Rsa);
    let beside = authority.certify_user(&key, Account::USER);
    let elsewhere = sshd.account.path("elsewhere.pub");
    std::fs::rename(beside, &elsewhere).unwrap();
    let agent = Agent::start();
    agent.add(&key);
    std::fs::remove_file(&key.path).unwrap();
    let lines = format!("CertificateFile {}", elsewhere.display());
    let scout = Scout::new()
        .unknown_host("h1", &with_identity(&sshd.endpoint, &key), &lines)
        .known_hosts(&sshd.endpoint.known_hosts())
        .env("SSH_AUTH_SOCK", agent.socket.display());
    assert!(scout.run(&["read", PROBE]).text().contains("Linux"));
}

#[test]
fn an_expired_certificate_is_left_out_and_named() {
    let (sshd, authority, key) = certified(KeyType::Ed25519);
    authority.certify_user_once(&key, Account::USER);
    let message = Scout::with(&with_identity(&sshd.endpoint, &key)).run(&["read", PROBE]).failure();
    assert!(message.contains("certified-cert.pub: the certificate has expired"), "{message}");
    assert!(message.contains("1 key tried"), "{message}");
}

#[test]
fn a_public_key_names_the_one_in_the_agent() {
    let sshd = Sshd::start();
    let agent = Agent::start();
    for n in 0..8 {
        agent.add(&Key::generate(&sshd.account.path(&format!("other_{n}")), KeyType::Ed25519));
    }
    agent.add(&Key { path: sshd.endpoint.identity.clone(), public: String::new() });
    let public = sshd.endpoint.identity.with_extension("pub");
    for identity in [public, sshd.endpoint.identity.clone()] {
        let endpoint = Endpoint { identity, ..sshd.endpoint.clone() };
        let scout = Scout::with(&endpoint).env("SSH_AUTH_SOCK", agent.socket.display());
        assert!(scout.run(&["read", PROBE]).text().contains("Linux"));
        let _ = std::fs::remove_file(&sshd.endpoint.identity);
    }
    assert_eq!(sshd.log().count("Failed publickey"), 0);
}

/// Reads on a connection of its own, each time.
fn read_anew(scout: Scout, endpoint: &Endpoint) -> impl FnMut() {
    let mut client = scout.env("SCOUT_IDLE_TIMEOUT", "1ms").client();
    let address = endpoint.address;
    move || {
        assert!(client.scout(json!({ "target": PROBE })).text().contains("Linux"));
        eventually("the connection is closed", || !is_connected(address));
    }
}

#[test]
fn an_agent_may_hold_more_keys_than_a_connection_may_try() {
    let sshd = Sshd::builder().config("MaxAuthTries 2").start();
    let agent = Agent::start();
    for n in 0..4 {
        agent.add(&Key::generate(&sshd.account.path(&format!("other_{n}")), KeyType::Ed25519));
    }
    agent.add(&Key { path: sshd.endpoint.identity.clone(), public: String::new() });
    let lines = "IdentitiesOnly no\nIdentityFile ~/.ssh/none";
    let scout = Scout::new()
        .unknown_host("h1", &sshd.endpoint, lines)
        .known_hosts(&sshd.endpoint.known_hosts())
        .env("SSH_AUTH_SOCK", agent.socket.display());
    // The configuration names the key as well; what counts is that the agent's others come before it.
    std::fs::rename(&sshd.endpoint.identity, sshd.account.path("moved")).unwrap();
    std::fs::remove_file(sshd.endpoint.identity.with_extension("pub")).unwrap();
    let mut read = read_anew(scout, &sshd.endpoint);
    read();
    assert_eq!((sshd.connections(), sshd.log().count("Failed publickey")), (3, 4));
    read();
    assert_eq!(
        (sshd.connections(), sshd.log().count("Failed publickey")),
        (4, 4),
        "the taken key goes first"
    );
}

#[test]
fn keys_that_are_all_refused_are_counted_over_connections() {
    let sshd = Sshd::builder().config("MaxAuthTries 2").start();
    let agent = Agent::start();
    for n in 0..3 {
        agent.add(&Key::generate(&sshd.account.path(&format!("other_{n}")), KeyType::Ed25519));
    }
    let lines = "IdentitiesOnly no\nIdentityFile none";
    let scout = Scout::new()
        .unknown_host("h1", &sshd.endpoint, lines)
        .known_hosts(&sshd.endpoint.known_hosts())
        .env("SSH_AUTH_SOCK", agent.socket.display());
    std::fs::remove_file(&sshd.endpoint.identity).unwrap();
    std::fs::remove_file(sshd.endpoint.identity.with_extension("pub")).unwrap();
    let message = scout.run(&["read", PROBE]).failure();
    assert!(message.contains("2 of the keys were refused before the host hung up"), "{message}");
    assert!(message.contains("1 key tried"), "{message}");
}

/// Logs in with one key twice, so that channels are opened early the second time, and then with another key, so that
/// they are opened too early.
fn hurry(account: &Account, endpoint: &Endpoint) {
    let second = Key::generate(&account.path("second"), KeyType::Ed25519);
    account.authorize(&second);
    let lines =
        format!("IdentityFile {}\nIdentityFile {}", endpoint.identity.display(), second.path.display());
    let scout = Scout::new().unknown_host("h1", endpoint, &lines).known_hosts(&endpoint.known_hosts());
    let mut read = read_anew(scout, endpoint);
    read();
    read();
    let kept = format!("{}\n", second.public);
    std::fs::write(account.authorized_keys(), kept).expect("authorized_keys");
    read();
    read();
}

#[test]
fn haste_ends_well_with_every_server() {
    let sshd = Sshd::start();
    hurry(&sshd.account, &sshd.endpoint);
    assert_eq!(sshd.log().count("Failed publickey"), 1, "{}", sshd.log().text());
    let dropbear = Dropbear::start(&[KeyType::Ed25519]);
    hurry(&dropbear.account, &dropbear.endpoint);
    let tinyssh = TinySsh::start();
    hurry(&tinyssh.account, &tinyssh.endpoint);
    for library in [Library::Paramiko, Library::LibSsh] {
        let server = PythonServer::start(library);
        hurry(&server.account, &server.endpoint);
    }
    // It reads its authorized_keys file once: only the haste that ends well can be had.
    let asyncssh = PythonServer::start(Library::AsyncSsh);
    let mut read = read_anew(Scout::with(&asyncssh.endpoint), &asyncssh.endpoint);
    read();
    read();
    read();
}

#[test]
fn an_agent_that_hangs_leaves_time_for_key_files() {
    let sshd = Sshd::start();
    let socket = tempfile::tempdir().unwrap();
    let listener = std::os::unix::net::UnixListener::bind(socket.path().join("agent")).unwrap();
    let lines = format!("IdentityAgent {}\nConnectTimeout 3", socket.path().join("agent").display());
    let scout =
        Scout::new().unknown_host("h1", &sshd.endpoint, &lines).known_hosts(&sshd.endpoint.known_hosts());
    assert!(scout.run(&["read", PROBE]).text().contains("Linux"));
    drop(listener);
}
