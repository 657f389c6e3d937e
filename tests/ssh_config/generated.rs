//! Configurations that nobody would write: any directives under any headers, in any of the forms that a line may have.

use std::cell::Cell;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;

use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use super::oracle::{defaults, differing, env, load, ours, theirs};

/// The hosts that are compared for each configuration.
const HOSTS: [&str; 3] = ["a", "ab", "b.example"];

const HOST_PATTERNS: [&str; 11] =
    ["a", "b", "ab", "a*", "?b", "!a", "*", "*.example", "!*b", "b.example", "c"];

const CRITERIA: [&str; 17] = [
    "all",
    "host a",
    "host *.example,ab",
    "!host a*",
    "originalhost a,b.*",
    "originalhost=ab",
    "!originalhost ab",
    "user ann",
    "!user ann,bob",
    "user \"b*\"",
    "localuser root",
    "!localuser nobody",
    "final",
    "!final",
    "canonical",
    "final all",
    "host a user ann",
];

/// Directives and values for them, a wrong one here and there.
const LINES: [(&str, &[&str]); 43] = [
    ("HostName", &["%h.example", "b.example", "A", "192.0.2.7", "2001:DB8::0:7", "%%"]),
    ("User", &["ann", "bob", "b\\\\c", "x#y"]),
    ("Port", &["22", "2222", "0", "65535"]),
    ("IdentityFile", &["~/.ssh/a", "/k/%h-%r", "none", "~/.ssh/%%", "/k/%d/%p"]),
    ("CertificateFile", &["~/.ssh/a-cert.pub", "/c/%n"]),
    ("IdentitiesOnly", &["yes", "NO", "true"]),
    ("IdentityAgent", &["none", "SSH_AUTH_SOCK", "~/agent", "/a/%h"]),
    ("UserKnownHostsFile", &["/u1", "/u1 ~/u2", "none", "/dev/null", "/u/%k"]),
    ("GlobalKnownHostsFile", &["/g1", "/g1 /g2 ~/g3", "none"]),
    ("StrictHostKeyChecking", &["yes", "no", "off", "ask", "accept-new", "Accept-New"]),
    ("HostKeyAlias", &["key", "KEY.Example"]),
    ("CheckHostIP", &["yes", "no"]),
    ("HashKnownHosts", &["yes", "no"]),
    ("RevokedHostKeys", &["/r", "none"]),
    ("NoHostAuthenticationForLocalhost", &["yes", "no"]),
    ("ConnectTimeout", &["5", "1m30s", "none", "0", "2h"]),
    ("ServerAliveInterval", &["5", "1m", "none"]),
    ("ServerAliveCountMax", &["0", "7"]),
    ("ConnectionAttempts", &["1", "4"]),
    ("TCPKeepAlive", &["yes", "no"]),
    ("AddressFamily", &["any", "inet", "INET6"]),
    ("BindAddress", &["192.0.2.1", "::1"]),
    ("BindInterface", &["eth0"]),
    (
        "ProxyJump",
        &["gate", "u@gate:2222,v@inner", "none", "ssh://u@gate:3", "[::1]:4", "192.0.2.3", "gate,,x"],
    ),
    ("ProxyCommand", &["nc %h %p", "none", "ssh -W '%h:%p' \"gate\""]),
    ("PreferredAuthentications", &["publickey", "password,publickey,gssapi-with-mic"]),
    ("PubkeyAuthentication", &["yes", "no", "unbound", "host-bound"]),
    ("PasswordAuthentication", &["yes", "no"]),
    ("KbdInteractiveAuthentication", &["yes", "no"]),
    ("ChallengeResponseAuthentication", &["no", "yes"]),
    ("NumberOfPasswordPrompts", &["0", "1"]),
    (
        "KexAlgorithms",
        &["curve25519-sha256", "+diffie-hellman-group1-sha1", "-*nistp*", "^ecdh-sha2-nistp521"],
    ),
    ("Ciphers", &["aes128-ctr,aes256-ctr", "+3des-cbc", "-*gcm*,chacha*", "^aes256-ctr"]),
    ("MACs", &["hmac-sha2-256", "+hmac-md5", "-*-etm*", "^hmac-sha1,hmac-sha2-512"]),
    ("HostKeyAlgorithms", &["ssh-ed25519", "+ssh-rsa", "-*cert*", "^rsa-*", "*ed25519*", "-*,!ssh-ed25519"]),
    ("PubkeyAcceptedKeyTypes", &["ssh-ed25519,ssh-rsa", "+ssh-dss", "-ecdsa-*", "^sk-*"]),
    ("CASignatureAlgorithms", &["ssh-ed25519", "+ssh-rsa", "-rsa*", "^*nistp521"]),
    ("RekeyLimit", &["1G", "default 1h", "512M none", "16 90", "0", "2k 0", "12"]),
    ("SetEnv", &["A=1", "A=1 B=2", "A=1 A=2 C="]),
    ("SendEnv", &["LANG", "LC_* A", "-L*", "-*", "Z -LANG"]),
    ("CanonicalizeHostname", &["no"]),
    ("ForwardAgent", &["yes", "no"]),
    ("ControlMaster", &["auto", "no"]),
];

/// What may stand between a keyword and its value, and behind the value.
const SEPARATORS: [&str; 6] = [" ", "\t", "=", " = ", "   ", " \t= "];
const ENDS: [&str; 6] = ["", "", " ", "\t", "\r", " # more"];

fn header() -> impl Strategy<Value = String> {
    let patterns = prop::collection::vec(select(&HOST_PATTERNS[..]), 1..4);
    prop_oneof![
        3 => patterns.prop_map(|patterns| format!("Host {}", patterns.join(" "))),
        2 => select(&CRITERIA[..]).prop_map(|criteria| format!("Match {criteria}")),
    ]
}

fn line() -> impl Strategy<Value = String> {
    let directive = select(&LINES[..]).prop_flat_map(|(keyword, values)| (Just(keyword), select(values)));
    (directive, select(&SEPARATORS[..]), select(&ENDS[..]), 0..8_u8).prop_map(
        |((keyword, value), separator, end, form)| {
            let keyword = match form % 3 {
                0 => keyword.to_ascii_lowercase(),
                1 => keyword.to_ascii_uppercase(),
                _ => keyword.to_owned(),
            };
            // A command is taken with its quotes and comments.
            let value = match form {
                7 if !keyword.to_ascii_lowercase().starts_with("proxy") && !value.contains([' ', '\\']) => {
                    format!("\"{value}\"")
                }
                _ => value.to_owned(),
            };
            format!("{}{keyword}{separator}{value}{end}", " ".repeat(usize::from(form % 4)))
        },
    )
}

fn configuration() -> impl Strategy<Value = String> {
    let block = (header(), prop::collection::vec(line(), 0..7));
    let blocks = prop::collection::vec(block, 1..7);
    (prop::collection::vec(line(), 0..3), blocks).prop_map(|(top, blocks)| {
        let mut lines = top;
        for (header, block) in blocks {
            lines.push(header);
            lines.extend(block);
        }
        lines.join("\n") + "\n"
    })
}

#[test]
fn any_configuration_resolves_as_ssh_resolves_it() {
    let (dir, env, defaults) = (tempfile::tempdir().unwrap(), env(), defaults());
    let file = dir.path().join("config");
    let config = Config { cases: 200, failure_persistence: None, ..Config::default() };
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let resolved = Cell::new(0);
    let compare = |text: String| {
        std::fs::write(&file, &text).unwrap();
        std::fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
        let config = load(&file, &env, &defaults);
        for host in HOSTS {
            match theirs(&file, host) {
                theirs @ Ok(_) => {
                    resolved.set(resolved.get() + 1);
                    let differing = differing(&ours(&config, host), &theirs);
                    prop_assert_eq!(differing, None, "{} of\n{}", host, text);
                }
                // A wrong line costs ssh every host, and us those that it is about.
                Err(error) => prop_assert!(
                    !config.warnings().is_empty() || ours(&config, host).is_err(),
                    "{} of\n{}\nshould not resolve: {}",
                    host,
                    text,
                    error
                ),
            }
        }
        Ok(())
    };
    TestRunner::new_with_rng(config, rng)
        .run(&configuration(), compare)
        .unwrap_or_else(|error| panic!("{error}"));
    assert!(resolved.get() >= 300, "ssh took only {} of 600", resolved.get());
}
