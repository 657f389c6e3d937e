//! Proving who we are: key files, passphrases, agents.

use serde_json::json;

use crate::support::{Agent, Key, KeyType, Scout, Sshd};

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
        let passphrase = sshd.account.path("passphrase");
        std::fs::write(&passphrase, "correct horse\n").unwrap();
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

    let passphrase = sshd.account.path("passphrase");
    std::fs::write(&passphrase, "battery staple\n").unwrap();
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
    assert!(message.contains("no identity was accepted") && message.contains("publickey"), "{message}");
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
