//! Knowing whom we talk to: known_hosts, and every way in which it says no.

use crate::support::{Authority, Key, KeyType, Scout, Sshd, program};

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
        for strict in ["", "StrictHostKeyChecking yes", "StrictHostKeyChecking ask"] {
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
    for strict in ["", "StrictHostKeyChecking no", "StrictHostKeyChecking accept-new"] {
        let scout = Scout::new().unknown_host("h1", &sshd.endpoint, strict).known_hosts(&line);
        let message = scout.run(&["read", PROBE]).failure();
        assert!(message.contains("CHANGED"), "{strict}: {message}");
        let place = format!("{}:2", scout.known_hosts_file().display());
        assert!(message.contains(&place), "which line: {message}");
        assert!(message.contains("ssh-keygen -R"), "how to fix it: {message}");
        assert_eq!(std::fs::read_to_string(scout.known_hosts_file()).unwrap(), line, "nothing was added");
    }
}

#[test]
fn a_new_key_is_remembered_where_the_configuration_says_so() {
    let sshd = Sshd::start();
    for (mode, hash) in [("accept-new", "no"), ("no", "yes")] {
        let lines = format!("StrictHostKeyChecking {mode}\nHashKnownHosts {hash}");
        let scout = Scout::new().unknown_host("h1", &sshd.endpoint, &lines).known_hosts("# mine");
        let first = scout.run(&["read", PROBE]);
        assert!(first.stderr.contains("permanently added"), "{mode}: {}", first.stderr);
        assert!(first.text().contains("Linux"));
        let known = std::fs::read_to_string(scout.known_hosts_file()).unwrap();
        let key = &sshd.endpoint.host_keys[0];
        match hash {
            "no" => assert_eq!(known, format!("# mine\n{} {key}\n", sshd.endpoint.known_name())),
            _ => {
                assert!(known.starts_with("# mine\n|1|") && known.ends_with(&format!(" {key}\n")), "{known}")
            }
        }
        let second = scout.run(&["read", PROBE]);
        assert!(!second.stderr.contains("added"), "it is known now: {}", second.stderr);
        assert!(second.text().contains("Linux"));
        assert_eq!(std::fs::read_to_string(scout.known_hosts_file()).unwrap(), known);
    }
}

#[test]
fn a_file_that_forgets_everything_is_no_trouble() {
    let sshd = Sshd::start();
    let lines = "StrictHostKeyChecking no\nUserKnownHostsFile /dev/null";
    let scout = Scout::new().unknown_host("h1", &sshd.endpoint, lines);
    for _ in 0..2 {
        assert!(scout.run(&["read", PROBE]).text().contains("Linux"));
    }
}

#[test]
fn a_revoked_list_is_obeyed_and_must_be_readable() {
    let sshd = Sshd::start();
    let list = sshd.account.path("revoked");
    let scout = |known: &str| {
        let line = format!("RevokedHostKeys {}", list.display());
        Scout::new().unknown_host("h1", &sshd.endpoint, &line).known_hosts(known)
    };
    let known = sshd.endpoint.known_hosts();
    let message = scout(&known).run(&["read", PROBE]).failure();
    assert!(message.contains("revoked host keys cannot be read: No such file"), "{message}");
    std::fs::write(&list, &sshd.endpoint.host_keys[0]).unwrap();
    let message = scout(&known).run(&["read", PROBE]).failure();
    assert!(message.contains(&format!("is marked as revoked in {}:1", list.display())), "{message}");
    let krl = program("ssh-keygen", "openssh-client").args(["-q", "-k", "-f"]).arg(&list).output().unwrap();
    assert!(krl.status.success());
    let message = scout(&known).run(&["read", PROBE]).failure();
    assert!(message.contains("(KRL) is not supported"), "{message}");
    std::fs::write(&list, "# nobody\n").unwrap();
    assert!(scout(&known).run(&["read", PROBE]).text().contains("Linux"));
}

/// A server whose key is certified, and who has certified it.
struct Certified {
    sshd: Sshd,
    authority: Authority,
    key: Key,
    _dir: tempfile::TempDir,
}

impl Certified {
    /// For the host `web.example`, as `certify` says.
    fn start(certify: impl FnOnce(&Authority, &Key)) -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let authority = Authority::generate(&dir.path().join("authority"));
        let key = Key::generate(&dir.path().join("host"), KeyType::Ed25519);
        certify(&authority, &key);
        let path = key.path.display();
        let builder = Sshd::builder().host_keys(&[]).config(&format!("HostKey {path}"));
        let sshd = builder.config(&format!("HostCertificate {path}-cert.pub")).start();
        Self { sshd, authority, key, _dir: dir }
    }

    fn scout(&self, lines: &str, known_hosts: &str) -> Scout {
        let lines = format!("HostKeyAlias web.example\n{lines}");
        Scout::new().unknown_host("h1", &self.sshd.endpoint, &lines).known_hosts(known_hosts)
    }

    /// The line that says whom to believe.
    fn line(&self, marker: &str) -> String {
        format!("{marker} *.example {}\n", self.authority.public())
    }
}

#[test]
fn a_certificate_of_a_known_authority_is_accepted() {
    let host = Certified::start(|authority, key| drop(authority.certify_host(key, "web.example,other")));
    let authority = host.line("@cert-authority");
    assert!(host.scout("", &authority).run(&["read", PROBE]).text().contains("Linux"));
    // Nobody has to be believed: without an authority it is the plain key that counts.
    let message = host.scout("", "").run(&["read", PROBE]).failure();
    assert!(message.contains("is not known"), "{message}");
    let plain = format!("web.example {}\n", host.key.public);
    assert!(host.scout("", &plain).run(&["read", PROBE]).text().contains("Linux"));
    let refused =
        host.scout("CASignatureAlgorithms rsa-sha2-512", &authority).run(&["read", PROBE]).failure();
    assert!(refused.contains("is signed by ssh-ed25519, which CASignatureAlgorithms"), "{refused}");
}

#[test]
fn a_certificate_that_is_not_valid_is_refused_by_name() {
    type Certify = fn(&Authority, &Key);
    let cases: [(Certify, &str); 3] = [
        (|authority, key| drop(authority.certify_host(key, "db.example")), "is for other hosts: db.example"),
        (|authority, key| drop(authority.certify_host_for(key, "web.example", "-2d:-1d")), "expired"),
        (
            |authority, key| drop(authority.certify_host_for(key, "web.example", "+1d:+2d")),
            "is not yet valid",
        ),
    ];
    for (certify, expected) in cases {
        let host = Certified::start(certify);
        let authority = host.line("@cert-authority");
        for mode in ["yes", "accept-new", "no"] {
            let scout = host.scout(&format!("StrictHostKeyChecking {mode}"), &authority);
            let message = scout.run(&["read", PROBE]).failure();
            assert!(message.contains(expected), "{mode}: {message}");
            assert_eq!(std::fs::read_to_string(scout.known_hosts_file()).unwrap(), authority);
        }
    }
}

#[test]
fn a_revoked_authority_or_certified_key_is_refused() {
    let host = Certified::start(|authority, key| drop(authority.certify_host(key, "web.example")));
    let authority = host.line("@cert-authority");
    for (revoked, expected) in [
        (host.line("@revoked"), "of an authority that is marked as revoked"),
        (format!("@revoked * {}\n", host.key.public), "is marked as revoked"),
    ] {
        let scout = host.scout("StrictHostKeyChecking no", &format!("{authority}{revoked}"));
        let message = scout.run(&["read", PROBE]).failure();
        let place = format!("{expected} in {}:2", scout.known_hosts_file().display());
        assert!(message.contains(&place), "{message}");
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
