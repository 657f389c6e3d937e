//! Running commands: what the shell sees, what comes back, and that nothing is left running.

use serde_json::json;

use crate::support::{McpPipe, Scout, Sshd, eventually, process_running};

#[test]
fn a_command_runs_in_its_directory() {
    let sshd = Sshd::start();
    sshd.write("a dir/notes.txt", "content\n");
    let target = format!("h1:{}", sshd.path("a dir"));
    let scout = Scout::with(&sshd.endpoint);
    assert_eq!(scout.client().query(&target, "cat notes.txt").trim_end(), "content");
    assert_eq!(scout.run(&["run", &target, "cat", "notes.txt"]).text(), "content\n");
    let gone = scout.client().query("h1:/nope", "ls");
    assert!(gone.contains("/nope") && gone.ends_with("[exit code: 2]"), "{gone}");
}

#[test]
fn a_tilde_is_expanded_in_directory_and_arguments() {
    let sshd = Sshd::start();
    sshd.write("notes.txt", "mine\n");
    let mut client = Scout::with(&sshd.endpoint).client();
    assert_eq!(client.query("h1:~", "cat notes.txt").trim_end(), "mine");
    assert_eq!(client.query("h1:/", "cat ~/notes.txt").trim_end(), "mine");
}

#[test]
fn pipelines_and_quotes_work() {
    let sshd = Sshd::start();
    sshd.write("words", "b c\na\nb c\n$HOME\n");
    let mut client = Scout::with(&sshd.endpoint).client();
    let mut query = |command: &str| client.query("h1:~", command).trim_end().to_owned();
    assert_eq!(query("cat words | sort | uniq | wc -l"), "3");
    assert_eq!(query("grep -c 'b c' words"), "2");
    assert_eq!(query(r#"grep "b c" words | head -n 1"#), "b c");
    assert_eq!(query("grep -F '$HOME' words"), "$HOME");
    assert_eq!(query(r"grep -c b\ c words"), "2");
    assert_eq!(query("grep 'a|b' words | wc -l"), "0");
}

#[test]
fn stderr_and_exit_code_are_results() {
    let sshd = Sshd::start();
    sshd.write("words", "a\n");
    sshd.write("empty", "");
    let scout = Scout::with(&sshd.endpoint);
    let mut client = scout.client();
    let mixed = client.query("h1:~", "ls words nope");
    assert!(mixed.starts_with("words\n"), "{mixed}");
    assert!(mixed.contains("[stderr]\n") && mixed.contains("nope"), "{mixed}");
    assert!(mixed.ends_with("[exit code: 2]"), "{mixed}");
    assert_eq!(client.query("h1:~", "grep zzz words"), "[exit code: 1]");
    assert_eq!(client.query("h1:~", "cat empty"), "(no output)");

    let outcome = scout.run(&["run", "h1:~", "ls", "words", "nope"]);
    assert_eq!(outcome.code, Some(2), "{outcome:?}");
    assert_eq!(outcome.stdout, b"words\n");
    assert!(outcome.stderr.contains("nope"), "{outcome:?}");
}

#[test]
fn a_command_never_waits_for_input() {
    let sshd = Sshd::start();
    assert_eq!(Scout::with(&sshd.endpoint).client().query("h1:/", "cat"), "(no output)");
}

#[test]
fn whatever_writes_or_executes_is_refused() {
    let sshd = Sshd::start();
    let witness = sshd.write("witness", "b\na\n");
    let refused = [
        ("whoami", "whoami"),
        ("rm witness", "rm"),
        ("/bin/rm witness", "rm"),
        ("cat witness | tee made", "tee"),
        ("find . -name witness -delete", "-delete"),
        ("find . -exec rm x +", "-exec"),
        ("find . -exec rm {} +", "{"),
        ("tail -f witness", "-f"),
        ("find . -execdir rm x +", "-execdir"),
        ("find . -ok rm x +", "-ok"),
        ("find . -fprintf made x", "-fprintf"),
        ("find . -fprint made", "-fprint"),
        ("find . -fls made", "-fls"),
        ("sort -o made witness", "-o"),
        ("sort -omade witness", "-o"),
        ("sort --output=made witness", "--output"),
        ("sort --out=made witness", "--out"),
        ("sort --compress-program=sh witness", "--compress-program"),
        ("uniq witness made", "uniq"),
        ("rg --pre sh x witness", "--pre"),
        ("tree -o made", "-o"),
        ("file -C -m witness", "-C"),
        ("cat witness > made", ">"),
        ("cat < witness", "<"),
        ("ls; touch made", ";"),
        ("ls && touch made", "&"),
        ("ls || touch made", "|"),
        ("ls & touch made", "&"),
        ("ls $(touch made)", "$("),
        ("ls `touch made`", "`"),
        ("ls\ntouch made", "line"),
        ("A=b ls", "A=b"),
        ("cat 'witness", "quot"),
        ("cat witness |", "|"),
    ];
    let scout = Scout::with(&sshd.endpoint);
    let mut client = scout.client();
    for (command, word) in refused {
        let reply = client.scout(json!({ "target": "h1:~", "query": command })).tool_error();
        assert!(reply.starts_with("Error: Command failed: "), "{command}: {reply}");
        assert!(reply.contains(word), "{command}: {reply}");
        assert!(!std::path::Path::new(&sshd.path("made")).exists(), "{command}");
        assert_eq!(std::fs::read(&witness).unwrap(), b"b\na\n", "{command}");
    }
    let whoami = client.scout(json!({ "target": "h1:~", "query": "whoami" })).tool_error();
    let allowed = "cat, df, diff, du, file, find, grep, head, ls, rg, sort, stat, tail, tree, uniq, wc";
    assert_eq!(
        whoami,
        format!("Error: Command failed: Command 'whoami' not allowed. Allowed commands: {allowed}")
    );
    let blank = client.scout(json!({ "target": "h1:~", "query": "  " })).tool_error();
    assert_eq!(blank, "Error: Command failed: Empty command");
    let message = scout.run(&["run", "h1:~", "whoami"]).failure();
    assert!(message.contains("'whoami' not allowed"), "{message}");
}

#[test]
fn nothing_that_is_refused_reaches_the_host() {
    let sshd = Sshd::start();
    let mut client = Scout::with(&sshd.endpoint).client();
    client.scout(json!({ "target": "h1:~", "query": "rm x" })).tool_error();
    client.close();
    assert_eq!(sshd.connections(), 0);
}

#[test]
fn a_command_has_its_jobs_to_itself() {
    let sshd = Sshd::start();
    let mut client = Scout::with(&sshd.endpoint).serve_with(&["--allow-any-command"]);
    client.initialize("2025-11-25");
    for target in ["h1:/", "localhost:/"] {
        assert_eq!(client.query(target, "true & wait; echo waited").trim_end(), "waited", "{target}");
    }
}

#[test]
fn any_command_may_be_allowed() {
    let sshd = Sshd::start();
    let scout = Scout::with(&sshd.endpoint);
    let mut read_only = scout.client();
    let mut any = scout.serve_with(&["--allow-any-command"]);
    any.initialize("2025-11-25");
    assert_eq!(any.query("h1:~", "echo $((1+2)) > made; cat made").trim_end(), "3");
    assert_eq!(any.query("h1:~", "exit 7"), "[exit code: 7]");
    assert_ne!(description(&mut any), description(&mut read_only), "the tool says what it allows");

    let by_environment = Scout::with(&sshd.endpoint).env("SCOUT_ALLOW_ANY_COMMAND", "true");
    assert_eq!(by_environment.run(&["run", "h1:~", "exit 7"]).code, Some(7));
}

fn description(client: &mut McpPipe) -> String {
    let result = client.request("tools/list", json!({})).result();
    result["tools"][0]["description"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn a_command_killed_by_a_signal_says_so() {
    let sshd = Sshd::start();
    let scout = Scout::with(&sshd.endpoint).env("SCOUT_ALLOW_ANY_COMMAND", "true");
    let text = scout.client().query("h1:~", "echo before; kill -KILL $$");
    assert!(text.starts_with("before"), "{text}");
    assert!(text.contains("KILL") || text.contains("[exit code: 137]"), "{text}");
    // What a shell reports for it.
    assert_eq!(scout.run(&["run", "h1:~", "kill -KILL $$"]).code, Some(137));
}

#[test]
fn a_command_that_takes_too_long_is_ended_on_the_host() {
    let sshd = Sshd::start();
    let fifo = sshd.fifo("silent");
    let scout = Scout::with(&sshd.endpoint).env("SCOUT_COMMAND_TIMEOUT", 1);
    let mut client = scout.client();
    let id = client.post_scout(json!({ "target": "h1:/", "query": format!("cat {fifo}") }));
    eventually("cat runs", || process_running(&fifo));
    let text = client.wait(id).text();
    assert!(text.starts_with("[timed out after 1s"), "{text}");
    eventually("cat is gone", || !process_running(&fifo));
    assert!(client.read("h1:/proc/version").contains("Linux"), "the connection lives on");

    // As timeout(1) does.
    assert_eq!(scout.run(&["run", "h1:/", &format!("cat {fifo}")]).code, Some(124));
    eventually("cat is gone", || !process_running(&fifo));
}

#[test]
fn a_command_that_ignores_the_first_signal_is_killed() {
    let sshd = Sshd::start();
    let marker = format!("stubborn-{}", std::process::id());
    let scout =
        Scout::with(&sshd.endpoint).env("SCOUT_COMMAND_TIMEOUT", 1).env("SCOUT_ALLOW_ANY_COMMAND", "true");
    let mut client = scout.client();
    let command = format!("trap '' TERM INT HUP; while : {marker}; do sleep 0.1; done");
    let id = client.post_scout(json!({ "target": "h1:/", "query": command }));
    eventually("it runs", || process_running(&marker));
    assert!(client.wait(id).text().contains("timed out after 1s"));
    eventually("it is gone", || !process_running(&marker));
}

#[test]
fn endless_output_is_bounded_and_its_source_ended() {
    let sshd = Sshd::start();
    let marker = format!("endless-{}", std::process::id());
    let scout = Scout::with(&sshd.endpoint)
        .env("SCOUT_MAX_OUTPUT_SIZE", 100_000)
        .env("SCOUT_COMMAND_TIMEOUT", 20)
        .env("SCOUT_ALLOW_ANY_COMMAND", "true");
    let mut client = scout.client();
    for redirect in ["", " >&2"] {
        let reply = client.scout(json!({ "target": "h1:/", "query": format!("yes {marker}{redirect}") }));
        let text = reply.text();
        assert!(text.len() < 101_000 && text.len() > 90_000, "{} bytes", text.len());
        assert!(text.contains("truncated at 100000 bytes"), "{}", &text[text.len() - 200..]);
        eventually("yes is gone", || !process_running(&marker));
    }
    assert!(client.read("h1:/proc/version").contains("Linux"), "the connection lives on");
}

#[test]
fn this_machine_runs_commands_alike() {
    let sshd = Sshd::start();
    let fifo = sshd.fifo("silent");
    sshd.write("notes.txt", "line\n");
    let target = format!("localhost:{}", sshd.path(""));
    let scout = Scout::new().env("SCOUT_COMMAND_TIMEOUT", 1);
    let mut client = scout.client();
    assert_eq!(client.query(&target, "cat notes.txt | wc -l").trim_end(), "1");
    assert_eq!(client.query(&target, "grep zzz notes.txt"), "[exit code: 1]");
    let text = client.query(&target, &format!("cat {fifo}"));
    assert!(text.starts_with("[timed out after 1s"), "{text}");
    eventually("cat is gone", || !process_running(&fifo));
    assert_eq!(scout.run(&["run", &target, "ls", "nope"]).code, Some(2));
}
