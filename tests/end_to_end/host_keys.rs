//! Knowing whom we talk to: known_hosts, and every way in which it says no.

use crate::support::{Key, KeyType, Scout, Sshd, program};

const PROBE: &str = "h1:/proc/version";

#[test]
fn every_host_key_type_is_verified() {
    for key_type in KeyType::ALL {
        let sshd = Sshd::builder().host_keys(&[key_type]).start();
        assert!(Scout::with(&sshd.endpoint).run(&["read", PROBE]).text().contains("Linux"), "{key_type:?}");
    }
}

#[test]
fn hashed_names_are_found() {
    let sshd = Sshd::start();
    let file = sshd.account.path("hashed");
    std::fs::write(&file, sshd.endpoint.known_hosts()).unwrap();
    let hashed = program("ssh-keygen", "openssh-client").arg("-H").arg("-f").arg(&file).output().unwrap();
    assert!(hashed.status.success());
    let lines = std::fs::read_to_string(&file).unwrap();
    assert!(lines.starts_with("|1|"), "{lines}");
    let scout = Scout::new().unknown_host("h1", &sshd.endpoint, "").known_hosts(&lines);
    assert!(scout.run(&["read", PROBE]).text().contains("Linux"));
}

#[test]
fn patterns_and_lists_of_names_are_found() {
    let sshd = Sshd::start();
    let key = &sshd.endpoint.host_keys[0];
    let port = sshd.endpoint.address.port();
    let name = sshd.endpoint.known_name();
    let without_port = sshd.endpoint.address.ip();
    // As for ssh, a name without a port serves every port.
    for names in [
        without_port.to_string(),
        format!("other,{name}"),
        format!("[127.*]:{port}"),
        format!("{name},!nobody"),
    ] {
        let lines = format!("# a comment\n\nbroken line\n{names} {key} a comment\n");
        let scout = Scout::new().unknown_host("h1", &sshd.endpoint, "").known_hosts(&lines);
        assert!(scout.run(&["read", PROBE]).text().contains("Linux"), "{names}");
    }
}

#[test]
fn an_unknown_host_is_refused() {
    let sshd = Sshd::start();
    let fingerprint = host_key_fingerprint(&sshd);
    let port = sshd.endpoint.address.port();
    let key = &sshd.endpoint.host_keys[0];
    // Empty; another port; the wrong address.
    let known = [
        String::new(),
        format!("[{}]:1 {key}\n", sshd.endpoint.address.ip()),
        format!("[127.0.0.1]:{port} {key}\n"),
    ];
    for lines in known {
        for strict in ["", "StrictHostKeyChecking no", "StrictHostKeyChecking accept-new"] {
            let scout = Scout::new().unknown_host("h1", &sshd.endpoint, strict).known_hosts(&lines);
            let message = scout.run(&["read", PROBE]).failure();
            assert!(message.contains("is not known"), "{strict}: {message}");
            assert!(message.contains(&fingerprint), "{message}");
            assert!(
                message.contains("ssh-keyscan") || message.contains("ssh h1"),
                "how to fix it: {message}"
            );
            assert_eq!(
                std::fs::read_to_string(scout.known_hosts_file()).unwrap(),
                lines,
                "nothing was added"
            );
        }
    }
    assert_eq!(sshd.log().count("Accepted publickey"), 0, "no signature before the host is known");
}

#[test]
fn a_missing_known_hosts_file_knows_nobody() {
    let sshd = Sshd::start();
    let scout =
        Scout::new().unknown_host("h1", &sshd.endpoint, "").env("SCOUT_KNOWN_HOSTS", "/nonexistent/known");
    let message = scout.run(&["read", PROBE]).failure();
    assert!(message.contains("is not known"), "{message}");
}

#[test]
fn a_changed_key_is_refused() {
    let sshd = Sshd::start();
    let other = Key::generate(&sshd.account.path("other"), KeyType::Ed25519);
    let line = format!("# first line\n{} {}\n", sshd.endpoint.known_name(), other.public);
    for strict in ["", "StrictHostKeyChecking no"] {
        let scout = Scout::new().unknown_host("h1", &sshd.endpoint, strict).known_hosts(&line);
        let message = scout.run(&["read", PROBE]).failure();
        assert!(message.contains("CHANGED"), "{strict}: {message}");
        let place = format!("{}:2", scout.known_hosts_file().display());
        assert!(message.contains(&place), "which line: {message}");
        assert!(message.contains("ssh-keygen -R"), "how to fix it: {message}");
    }
}

#[test]
fn a_revoked_key_is_refused_even_when_it_is_known() {
    let sshd = Sshd::start();
    let known = sshd.endpoint.known_hosts();
    let scout = Scout::with(&sshd.endpoint).known_hosts(&format!("@revoked {known}"));
    let message = scout.run(&["read", PROBE]).failure();
    assert!(message.contains("revoked"), "{message}");
}

#[test]
fn the_key_type_that_is_known_is_asked_for() {
    let sshd = Sshd::builder().host_keys(&KeyType::ALL).start();
    for key in &sshd.endpoint.host_keys {
        let line = format!("{} {key}\n", sshd.endpoint.known_name());
        let scout = Scout::new().unknown_host("h1", &sshd.endpoint, "").known_hosts(&line);
        assert!(scout.run(&["read", PROBE]).text().contains("Linux"), "{key}");
    }
}

#[test]
fn the_hosts_own_file_wins_over_the_default_and_the_flag_over_both() {
    let sshd = Sshd::start();
    let right = sshd.account.path("right");
    let wrong = sshd.account.path("wrong");
    std::fs::write(&right, sshd.endpoint.known_hosts()).unwrap();
    std::fs::write(&wrong, "").unwrap();
    let line = |file: &std::path::Path| format!("UserKnownHostsFile {}", file.display());

    let own = Scout::new().unknown_host("h1", &sshd.endpoint, &line(&right));
    assert!(own.run(&["read", PROBE]).text().contains("Linux"));
    let hidden = Scout::new().unknown_host("h1", &sshd.endpoint, &line(&wrong));
    let hidden = hidden.known_hosts(&sshd.endpoint.known_hosts());
    hidden.run(&["read", PROBE]).failure();

    let flag = ["--known-hosts", right.to_str().unwrap(), "read", PROBE];
    assert!(hidden.run(&flag).text().contains("Linux"));
    let flag = ["--known-hosts", wrong.to_str().unwrap(), "read", PROBE];
    own.run(&flag).failure();
}

fn host_key_fingerprint(sshd: &Sshd) -> String {
    let file = sshd.account.path("host_key_0");
    let output =
        program("ssh-keygen", "openssh-client").arg("-lf").arg(file).output().expect("ssh-keygen runs");
    let text = String::from_utf8_lossy(&output.stdout);
    text.split(' ').nth(1).expect("a fingerprint").to_owned()
}

#[test]
fn a_file_that_cannot_be_read_vouches_for_nobody() {
    let sshd = Sshd::start();
    let message = Scout::with(&sshd.endpoint).run(&["--known-hosts", "/", "read", PROBE]).failure();
    assert!(message.contains("known host keys cannot be read: /"), "{message}");
}
