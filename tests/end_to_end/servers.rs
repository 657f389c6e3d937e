//! The habits of real servers. Their algorithms are in [`matrix`](crate::matrix).

use serde_json::json;

use crate::support::{
    Dropbear, Endpoint, KeyType, Library, PythonServer, Scout, Sshd, Tap, TinySsh, eventually,
};

#[test]
fn no_common_algorithm_names_what_the_server_offers() {
    for (line, word) in [
        ("Ciphers aes128-cbc", "aes128-cbc"),
        ("KexAlgorithms diffie-hellman-group14-sha1", "diffie-hellman-group14-sha1"),
        ("HostKeyAlgorithms ssh-rsa", "ssh-rsa"),
    ] {
        let sshd = Sshd::builder().host_keys(&[KeyType::Rsa]).config(line).start();
        let message = Scout::with(&sshd.endpoint).run(&["read", "h1:/etc/hostname"]).failure();
        assert!(message.contains("no common") && message.contains(word), "{line}: {message}");
    }
}

#[test]
fn the_server_may_ask_for_new_keys_at_any_time() {
    let text: String = (0..400_000).map(|n| format!("{n:09}\n")).collect();
    for cipher in ["aes128-gcm@openssh.com", "chacha20-poly1305@openssh.com"] {
        let sshd = Sshd::builder().config("RekeyLimit 256K").config(&format!("Ciphers {cipher}")).start();
        let file = sshd.write("large", &text);
        let scout = Scout::with(&sshd.endpoint)
            .env("SCOUT_MAX_FILE_SIZE", 16 * 1024 * 1024)
            .env("SCOUT_MAX_OUTPUT_SIZE", 16 * 1024 * 1024);
        let mut client = scout.client();
        let reads: Vec<u64> =
            (0..4).map(|_| client.post_scout(json!({ "target": format!("h1:{file}") }))).collect();
        let command = client.post_scout(json!({ "target": "h1:~", "query": "cat large" }));
        for id in reads {
            assert!(client.wait(id).text() == text, "{cipher}: a read");
        }
        assert!(client.wait(command).text().trim_end() == text.trim_end(), "{cipher}: a command");
        client.close();
        assert_eq!(sshd.connections(), 1, "{cipher}");
    }
}

#[test]
fn the_servers_keepalives_are_answered() {
    let sshd = Sshd::builder().config("ClientAliveInterval 1").config("ClientAliveCountMax 1").start();
    let scout = Scout::with(&sshd.endpoint).env("SCOUT_ALLOW_ANY_COMMAND", "true");
    assert_eq!(scout.client().query("h1:/", "sleep 4; echo alive").trim_end(), "alive");
}

#[test]
fn we_take_our_leave() {
    let sshd = Sshd::start();
    let scout = Scout::with(&sshd.endpoint);
    scout.run(&["read", "h1:/proc/version"]).success();
    sshd.log().wait_for_count("Received disconnect", 1);
    let mut client = scout.client();
    client.read("h1:/proc/version");
    assert!(client.close().success());
    sshd.log().wait_for_count("Received disconnect", 2);
}

#[test]
fn an_idle_connection_is_given_up() {
    let sshd = Sshd::start();
    let mut client = Scout::with(&sshd.endpoint).env("SCOUT_IDLE_TIMEOUT", 1).client();
    client.read("h1:/proc/version");
    sshd.log().wait_for("Received disconnect");
    client.read("h1:/proc/version");
    assert_eq!(sshd.connections(), 2);
}

#[test]
fn a_banner_is_no_answer() {
    let banner = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(banner.path(), "AUTHORIZED USERS ONLY\n").unwrap();
    let sshd = Sshd::builder().config(&format!("Banner {}", banner.path().display())).start();
    let file = sshd.write("notes.txt", "content");
    assert_eq!(Scout::with(&sshd.endpoint).run(&["read", &format!("h1:{file}")]).text(), "content");
}

#[test]
fn shells_that_talk_do_not_break_file_reads() {
    // ForceCommand stands for start-up files that print: SFTP then starts with a line that is no packet.
    let sshd = Sshd::builder().config("ForceCommand echo welcome").start();
    let message = Scout::with(&sshd.endpoint).run(&["read", "h1:/proc/version"]);
    assert!(
        message.code.is_some_and(|code| code != 0) || message.stdout.starts_with(b"Linux"),
        "{message:?}"
    );
}

#[test]
fn dropbear_runs_commands_and_has_no_sftp() {
    for host_key in [KeyType::Ed25519, KeyType::Ecdsa256, KeyType::Rsa] {
        let dropbear = Dropbear::start(&[host_key]);
        std::fs::write(dropbear.account.home().join("notes.txt"), "content\n").unwrap();
        check_small(&dropbear.endpoint);
    }
}

#[test]
fn dropbear_survives_many_commands() {
    // A session that waits for its command when another command ends: dropbear closes it, or dies.
    let dropbear = Dropbear::start(&[KeyType::Ed25519]);
    let mut client = Scout::with(&dropbear.endpoint).client();
    let query = json!({ "target": "h1:/", "query": "grep -c Linux /proc/version" });
    for at_once in [8, 1, 1, 1, 30, 1, 2, 2, 2, 2] {
        let ids: Vec<u64> = (0..at_once).map(|_| client.post_scout(query.clone())).collect();
        for id in ids {
            assert_eq!(client.wait(id).text().trim_end(), "1", "{}", dropbear.log().text());
        }
    }
}

#[test]
fn tinysshd_runs_commands_and_has_no_sftp() {
    let tinysshd = TinySsh::start();
    std::fs::write(tinysshd.account.home().join("notes.txt"), "content\n").unwrap();
    check_small(&tinysshd.endpoint);
}

#[test]
fn servers_made_of_libraries_run_commands() {
    for library in [Library::AsyncSsh, Library::Paramiko, Library::LibSsh] {
        let server = PythonServer::start(library);
        std::fs::write(server.account.home().join("notes.txt"), "content\n").unwrap();
        check_small(&server.endpoint);
    }
}

#[test]
fn servers_of_every_make_are_met_again() {
    let sshd = Sshd::start();
    meet_twice("OpenSSH", &sshd.endpoint);
    meet_twice("dropbear", &Dropbear::start(&[KeyType::Ed25519]).endpoint);
    meet_twice("TinySSH", &TinySsh::start().endpoint);
    for library in [Library::AsyncSsh, Library::Paramiko, Library::LibSsh] {
        meet_twice(&format!("{library:?}"), &PythonServer::start(library).endpoint);
    }
}

/// What was learned at the first meeting goes into the second: where it can be, the key exchange is guessed.
fn meet_twice(make: &str, endpoint: &Endpoint) {
    const QUERY: &str = "grep -c Linux /proc/version";
    let tap = Tap::on(endpoint.address);
    let mut client = Scout::with(&endpoint.at(tap.address)).client();
    assert_eq!(client.query("h1:/", QUERY).trim_end(), "1", "{make}");
    tap.cut();
    let answered_again = || {
        // A request that was under way when the line was cut may fail.
        let result = client.scout(json!({ "target": "h1:/", "query": QUERY })).result();
        result["content"][0]["text"].as_str().map(str::trim_end) == Some("1")
    };
    eventually(&format!("{make} answers again"), answered_again);
    assert_eq!(tap.connections(), 2, "{make}");
    let (ours, theirs) = tap.offers().expect("both have offered");
    // Only what the server prefers itself can be guessed rightly (RFC 4253 §7.1).
    let can_guess = ours.kex.contains(&theirs.kex[0]) && ours.host_keys.contains(&theirs.host_keys[0]);
    assert_eq!(ours.guesses, can_guess, "{make}: {theirs:?}");
}

fn check_small(endpoint: &Endpoint) {
    let mut client = Scout::with(endpoint).client();
    assert_eq!(client.query("h1:~", "cat notes.txt | wc -l").trim(), "1");
    assert_eq!(client.query("h1:~", "grep zzz notes.txt"), "[exit code: 1]");
    assert_eq!(client.read("h1:~/notes.txt"), "content\n");
    assert!(client.read("h1:~").contains("notes.txt"));
    let missing = client.scout(json!({ "target": "h1:/nope" })).tool_error();
    assert_eq!(missing, "Error: Path not found: /nope");
}
