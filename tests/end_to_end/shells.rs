//! Shells that are kept on hosts, where accounts make something else of what we start there, and what is left of commands.

use serde_json::json;

use crate::support::{Dropbear, KeyType, Scout, Sshd, eventually, process_running, program};

#[test]
fn commands_share_a_shell_where_there_is_one_and_are_right_where_there_is_none() {
    for (forced, sessions) in [
        ("sh -c \"$SSH_ORIGINAL_COMMAND\"", 1),
        // Both streams come as one.
        ("sh -c \"$SSH_ORIGINAL_COMMAND\" 2>&1", 5),
        ("sh -c \"$SSH_ORIGINAL_COMMAND\" 2>&1 | cat", 5),
        // It talks, before anything else runs.
        ("echo welcome; exec sh -c \"$SSH_ORIGINAL_COMMAND\"", 1),
        ("exec bash -c \"$SSH_ORIGINAL_COMMAND\"", 1),
    ] {
        let sshd = Sshd::builder().without_sftp().config(&format!("ForceCommand {forced}")).start();
        let file = sshd.write("file", "content\n");
        let mut client = Scout::with(&sshd.endpoint).client();
        for round in 0..4 {
            let text = client.query("h1:/", &format!("cat {file}"));
            assert!(text.ends_with("content\n") || text.ends_with("content"), "{forced}, {round}: {text}");
        }
        let begun = sshd.log().count("Starting session: ");
        assert!(begun <= sessions, "{forced}: {begun} sessions");
    }
}

#[test]
fn what_a_view_leaves_running_prints_into_no_other_command() {
    let programs = crate::support::Programs::new(&[]);
    programs.put("docker", "#!/bin/sh\n(sleep 1; echo LEFT; echo LEFT >&2) &\necho web\n");
    let sshd = Sshd::builder().config(&programs.config()).start();
    let fifo = sshd.fifo("silent");
    let mut client = Scout::with(&sshd.endpoint).env("SCOUT_COMMAND_TIMEOUT", 3).client();
    let view = client.post_scout(json!({ "target": "h1://docker" }));
    let text = client.query("h1:/", &format!("cat {fifo}"));
    assert!(!text.contains("LEFT"), "{text}");
    client.wait(view);
}

#[test]
fn a_command_given_up_is_ended_by_servers_that_signal_the_shell_alone() {
    let dropbear = Dropbear::start(&[KeyType::Ed25519]);
    let fifo = dropbear.account.home().join("silent");
    assert!(program("mkfifo", "coreutils").arg(&fifo).status().is_ok_and(|status| status.success()));
    let fifo = fifo.display().to_string();
    let mut client = Scout::with(&dropbear.endpoint).client();
    let id = client.post_scout(json!({ "target": "h1:/", "query": format!("cat {fifo}") }));
    eventually("cat runs", || process_running(&fifo));
    client.cancel(id);
    eventually("cat is gone", || !process_running(&fifo));
}

#[test]
fn a_command_that_ignores_the_first_signal_is_ended_by_the_second() {
    let sshd = Sshd::start();
    let marker = format!("4343.{}", std::process::id());
    let mut client = Scout::with(&sshd.endpoint)
        .env("SCOUT_ALLOW_ANY_COMMAND", "true")
        .env("SCOUT_COMMAND_TIMEOUT", 1)
        .client();
    let text = client.query("h1:/", &format!("trap '' TERM; sleep {marker}; sleep {marker}"));
    assert!(text.contains("timed out after 1s"), "{text}");
    eventually("it is gone", || !process_running(&marker));
}
