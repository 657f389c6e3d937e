//! Hosts that take a password, alone or with a key, plainly or in a dialogue; and that it stays a secret.

use std::os::unix::fs::PermissionsExt;

use crate::support::{Account, Endpoint, PythonServer, Scout, Sshd, eventually, is_connected};

const PROBE: &str = "h1:/proc/version";

/// No key, and the server's password from somewhere.
fn scout(endpoint: &Endpoint, variable: &str, value: impl ToString) -> Scout {
    keyless(endpoint).env(variable, value)
}

fn keyless(endpoint: &Endpoint) -> Scout {
    let endpoint = Endpoint { identity: "/nonexistent/key".into(), ..endpoint.clone() };
    Scout::with(&endpoint)
}

fn works(scout: &Scout) -> bool {
    scout.run(&["read", PROBE]).text().contains("Linux")
}

#[test]
fn a_password_comes_from_a_file_a_command_or_the_environment() {
    let sshd = Sshd::builder().password().start();
    let file = sshd.account.secret("word", &format!("{}\nmore\n", Account::PASSWORD));
    assert!(works(&scout(&sshd.endpoint, "SCOUT_SSH_PASSWORD_FILE", file.display())));
    let command =
        format!("test $SCOUT_HOST-$SCOUT_USER = h1-{} && echo {}", Account::USER, Account::PASSWORD);
    assert!(works(&scout(&sshd.endpoint, "SCOUT_SSH_PASSWORD_COMMAND", command)));
    assert!(works(&scout(&sshd.endpoint, "SCOUT_SSH_PASSWORD", Account::PASSWORD)));
    let arguments = ["--ssh-password-file", file.to_str().unwrap(), "read", PROBE];
    assert!(keyless(&sshd.endpoint).run(&arguments).text().contains("Linux"));
}

#[test]
fn a_key_and_a_password_are_enough_where_both_are_wanted() {
    let sshd = Sshd::builder().password().config("AuthenticationMethods publickey,password").start();
    let scout = Scout::with(&sshd.endpoint).env("SCOUT_SSH_PASSWORD", Account::PASSWORD);
    assert!(works(&scout));
    // Nothing is opened early where the key alone is not enough.
    let mut client = scout.env("SCOUT_IDLE_TIMEOUT", "1ms").client();
    for _ in 0..3 {
        assert!(client.scout(serde_json::json!({ "target": PROBE })).text().contains("Linux"));
        eventually("the connection is closed", || !is_connected(sshd.endpoint.address));
    }
}

#[test]
fn a_dialogue_is_answered_with_the_password() {
    let server = PythonServer::with_dialogue();
    assert!(works(&scout(&server.endpoint, "SCOUT_SSH_PASSWORD", Account::PASSWORD)));
    let message =
        scout(&server.endpoint, "SCOUT_SSH_PASSWORD", "battery staple").run(&["read", PROBE]).failure();
    assert!(message.contains("it did not take the password"), "{message}");
    let message = keyless(&server.endpoint).run(&["read", PROBE]).failure();
    assert!(message.contains("no password is set"), "{message}");
}

#[test]
fn no_password_is_asked_for_where_a_key_will_do() {
    let sshd = Sshd::builder().password().start();
    let marker = sshd.account.path("asked");
    let command = format!("touch {}", marker.display());
    assert!(works(&Scout::with(&sshd.endpoint).env("SCOUT_SSH_PASSWORD_COMMAND", command)));
    assert!(!marker.exists());
}

#[test]
fn preferred_authentications_decide() {
    let sshd = Sshd::builder().password().start();
    let scout = |lines: &str| {
        let scout = Scout::new().unknown_host("h1", &sshd.endpoint, lines);
        scout.known_hosts(&sshd.endpoint.known_hosts()).env("SCOUT_SSH_PASSWORD", Account::PASSWORD)
    };
    assert!(works(&scout("PreferredAuthentications password,publickey")));
    assert_eq!((sshd.log().count("Accepted password"), sshd.log().count("Accepted publickey")), (1, 0));
    assert!(works(&scout("PubkeyAuthentication no")));
    let message = scout("PubkeyAuthentication no\nPasswordAuthentication no").run(&["read", PROBE]).failure();
    assert!(message.contains("nothing tried") && message.contains("password"), "{message}");
}

#[test]
fn what_is_wrong_with_the_password_is_told_without_it() {
    let sshd = Sshd::builder().password().start();
    let file = sshd.account.secret("word", Account::PASSWORD);
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
    for (variable, value, expected) in [
        ("SCOUT_SSH_PASSWORD_FILE", file.display().to_string(), "chmod 600"),
        ("SCOUT_SSH_PASSWORD_FILE", "/nonexistent/word".into(), "there is no such file"),
        ("SCOUT_SSH_PASSWORD_COMMAND", "echo hunter2; exit 7".into(), "exit code 7"),
        ("SCOUT_SSH_PASSWORD_COMMAND", "true".into(), "is empty"),
        ("SCOUT_SSH_PASSWORD", "hunter2".into(), "it did not take the password"),
    ] {
        let scout = scout(&sshd.endpoint, variable, value).env("SCOUT_LOG_LEVEL", "trace");
        let message = scout.run(&["read", PROBE]).failure();
        assert!(message.contains(expected), "{message}");
        assert!(!message.contains("hunter2") && !message.contains(Account::PASSWORD), "{message}");
    }
    assert_eq!(sshd.log().count("Failed password"), 1, "a password that was refused is not sent again");
}

#[test]
fn a_refused_password_is_sent_once_in_any_number_of_requests() {
    for (prompts, tries) in [(1, 6), (3, 6), (3, 1)] {
        let sshd = Sshd::builder().password().config(&format!("MaxAuthTries {tries}")).start();
        let lines = format!("PubkeyAuthentication no\nNumberOfPasswordPrompts {prompts}");
        let scout = Scout::new().unknown_host("h1", &sshd.endpoint, &lines);
        let word = sshd.account.secret("word", "hunter2");
        let scout =
            scout.known_hosts(&sshd.endpoint.known_hosts()).env("SCOUT_SSH_PASSWORD_FILE", word.display());
        let mut client = scout.client();
        let mut ask = || client.scout(serde_json::json!({ "target": PROBE }));
        ask().failure();
        let message = ask().failure();
        assert!(message.contains("not sent again until it is another one"), "{prompts}, {tries}: {message}");
        assert_eq!(sshd.log().count("Failed password"), 1, "{prompts}, {tries}");
        std::fs::write(&word, Account::PASSWORD).unwrap();
        assert!(ask().text().contains("Linux"));
    }
}

#[test]
fn a_host_with_a_new_key_gets_no_password() {
    let sshd = Sshd::builder().password().start();
    let endpoint = Endpoint { identity: "/nonexistent/key".into(), ..sshd.endpoint.clone() };
    let scout = Scout::new()
        .unknown_host("h1", &endpoint, "StrictHostKeyChecking accept-new")
        .env("SCOUT_SSH_PASSWORD", Account::PASSWORD);
    let message = scout.run(&["read", PROBE]).failure();
    assert!(message.contains("no password is sent to a host whose key is new"), "{message}");
    assert_eq!(sshd.log().count("Failed password"), 0);
    assert!(works(&scout), "now it is known");
}

#[test]
fn programs_that_we_start_do_not_inherit_secrets() {
    let scout = Scout::new().env("SCOUT_SSH_PASSWORD", "hunter2").env("SCOUT_PASSPHRASE", "hunter2");
    let command = ["--allow-any-command", "run", "localhost:/", "env; true"];
    assert!(!scout.run(&command).text().contains("hunter2"));
}
