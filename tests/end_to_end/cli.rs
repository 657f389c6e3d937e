//! The command line, as people and scripts use it.

use std::collections::HashMap;

use crate::support::{Fake, KeyType, Scout, Sshd, program};

#[test]
fn help_teaches() {
    let scout = Scout::new();
    let help = scout.run(&["--help"]).text();
    for word in
        ["serve", "hosts", "read", "ls", "run", "scout", "resolve", "--ssh-config", "--known-hosts", "--json"]
    {
        assert!(help.contains(word), "no {word} in\n{help}");
    }
    assert!(help.contains("scout-mcp read "), "an example: {help}");
    for command in ["serve", "hosts", "read", "ls", "run", "scout", "resolve"] {
        assert!(scout.run(&[command, "--help"]).text().contains("Usage: scout-mcp"), "{command}");
    }
    let version = scout.run(&["--version"]).text();
    assert_eq!(version, format!("scout-mcp {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn arguments_that_make_no_sense_exit_with_two() {
    let scout = Scout::new();
    for arguments in [
        &[][..],
        &["nonsense"],
        &["read"],
        &["read", "a:/b", "c:/d"],
        &["run", "localhost:/"],
        &["--nonsense"],
    ] {
        let outcome = scout.run(arguments);
        assert_eq!(outcome.code, Some(2), "{arguments:?}: {outcome:?}");
        assert!(outcome.stdout.is_empty() && outcome.stderr.contains("--help"), "{outcome:?}");
    }
}

#[test]
fn hosts_are_listed_with_who_answers() {
    let sshd = Sshd::start();
    let down = Fake::offline(&sshd);
    let scout = Scout::new().host("up", &sshd.endpoint).host("down", &down.endpoint);
    let place = |endpoint: &crate::support::Endpoint| format!("scout@{}", endpoint.address);
    let list = scout.run(&["hosts"]).text();
    let expected = format!(
        "Available hosts:\n  [✗] down (offline) -> {}\n  [✓] localhost (online) -> this machine\n  [✓] up (online) -> {}\n",
        place(&down.endpoint),
        place(&sshd.endpoint)
    );
    assert_eq!(list, expected);
    assert_eq!(scout.run(&["scout", "hosts"]).text(), expected);
    let mut client = scout.client();
    for target in ["hosts", " Hosts "] {
        assert_eq!(client.read(target), expected.trim_end());
    }
}

#[test]
fn one_json_document_each() {
    let sshd = Sshd::start();
    let file = sshd.write("dir/notes.txt", "content\n");
    let dir = format!("h1:{}", sshd.path("dir"));
    let scout = Scout::with(&sshd.endpoint);
    let run = |arguments: &[&str]| {
        let outcome = scout.run(&[&["--json"], arguments].concat());
        assert_eq!(outcome.code, Some(0), "{arguments:?}: {}", outcome.stderr);
        outcome.json()
    };
    let hosts = run(&["hosts"]);
    let h1 = hosts.as_array().unwrap().iter().find(|host| host["name"] == "h1").unwrap();
    assert_eq!(h1["online"], true);
    assert_eq!(h1["port"], sshd.endpoint.address.port());
    assert_eq!(run(&["read", &format!("h1:{file}")])["text"], "content\n");
    let listing = run(&["ls", &dir]);
    let notes =
        listing["entries"].as_array().unwrap().iter().find(|entry| entry["name"] == "notes.txt").unwrap();
    assert_eq!(notes["size"], 8);
    let outcome = scout.run(&["--json", "run", &dir, "ls", "nope"]);
    assert_eq!(outcome.code, Some(2));
    let ran = outcome.json();
    assert_eq!(ran["exit_code"], 2);
    assert!(ran["stderr"].as_str().unwrap().contains("nope"));
    assert_eq!(run(&["scout", &format!("h1:{file}")])["text"], "content\n");
    assert_eq!(run(&["resolve", "h1"])["user"], "scout");

    let failed = scout.run(&["--json", "read", "h1:/nope"]);
    assert_eq!(failed.code, Some(1));
    let error: serde_json::Value = serde_json::from_str(&failed.stderr).unwrap();
    assert_eq!(error["error"]["kind"], "not_found");
}

#[test]
fn the_tool_is_a_command_too() {
    let sshd = Sshd::start();
    let file = sshd.write("notes.txt", "b\na\n");
    let scout = Scout::with(&sshd.endpoint);
    assert_eq!(scout.run(&["scout", &format!("h1:{file}")]).text().trim_end(), "b\na");
    assert_eq!(scout.run(&["scout", "h1:~", "--query", "sort notes.txt"]).text().trim_end(), "a\nb");
}

#[test]
fn words_of_a_command_are_taken_literally_and_one_is_a_line() {
    let sshd = Sshd::start();
    sshd.write("a b|c", "content\n");
    let scout = Scout::with(&sshd.endpoint);
    assert_eq!(scout.run(&["run", "h1:~", "cat", "a b|c"]).text(), "content\n");
    assert_eq!(scout.run(&["run", "h1:~", "cat 'a b|c' | wc -l"]).text().trim(), "1");
    // An option of the command, not of ours.
    assert_eq!(scout.run(&["run", "h1:~", "wc", "--help"]).code, Some(0));
}

#[test]
fn no_colours_into_a_pipe() {
    let sshd = Sshd::start();
    let scout = Scout::with(&sshd.endpoint).env("SCOUT_LOG_LEVEL", "debug");
    for arguments in [&["hosts"][..], &["ls", "h1:/"], &["read", "h1:/nope"], &["nonsense"]] {
        let outcome = scout.run(arguments);
        assert!(!outcome.stdout.contains(&0x1b) && !outcome.stderr.contains('\x1b'), "{outcome:?}");
    }
}

#[test]
fn resolve_says_what_ssh_says() {
    let sshd = Sshd::builder().host_keys(&[KeyType::Ed25519]).start();
    let scout = Scout::with(&sshd.endpoint).config("Host *\n  ConnectTimeout 7\n  User nobody\n");
    let ours = pairs(&scout.run(&["resolve", "h1"]).text());
    let config = scout.config_file();
    let ssh = program("ssh", "openssh-client").arg("-F").arg(config).args(["-G", "h1"]).output().unwrap();
    let theirs = pairs(&String::from_utf8_lossy(&ssh.stdout));
    for key in ["hostname", "user", "port", "identityfile", "identitiesonly", "connecttimeout"] {
        assert_eq!(ours.get(key), theirs.get(key), "{key}");
    }
    assert!(scout.run(&["resolve", "zz"]).failure().contains("Unknown host 'zz'. Available: h1, localhost"));
}

#[test]
fn the_default_files_are_those_of_the_home_directory() {
    let sshd = Sshd::start();
    let file = sshd.write("notes.txt", "content");
    let scout = Scout::with(&sshd.endpoint);
    let mut command = scout.command();
    command.env_remove("SCOUT_SSH_CONFIG").env_remove("SCOUT_KNOWN_HOSTS");
    let output = command.args(["read", &format!("h1:{file}")]).output().unwrap();
    assert_eq!(output.stdout, b"content", "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn flags_win_over_the_environment() {
    let sshd = Sshd::start();
    let file = sshd.write("notes.txt", "content");
    let scout = Scout::with(&sshd.endpoint);
    let (config, known) = (scout.config_file(), scout.known_hosts_file());
    let bare = Scout::new();
    let flags = ["--ssh-config", config.to_str().unwrap(), "--known-hosts", known.to_str().unwrap()];
    let target = format!("h1:{file}");
    // Global: before the subcommand and after it.
    assert_eq!(bare.run(&[&flags[..], &["read", &target]].concat()).text(), "content");
    assert_eq!(bare.run(&[&["read", &target], &flags[..]].concat()).text(), "content");
}

#[test]
fn settings_come_from_a_file_and_old_names_keep_working() {
    let sshd = Sshd::start();
    let target = format!("h1:{}", sshd.write("ten", "0123456789"));
    let file = sshd.account.path("settings.toml");
    std::fs::write(&file, "max_file_size = 5\n").unwrap();
    let read = |scout: Scout| scout.run(&["scout", &target]).text();
    let scout = || Scout::with(&sshd.endpoint);
    let from_file = || scout().env("SCOUT_SETTINGS", file.display());
    assert!(read(from_file()).starts_with("01234\n\n[truncated at 5 bytes]"));
    assert!(read(scout().env("MCP_CAT_MAX_FILE_SIZE", 4)).contains("[truncated at 4 bytes]"));
    assert!(read(from_file().env("MCP_CAT_MAX_FILE_SIZE", 4)).contains("[truncated at 4 bytes]"));
    assert!(
        read(from_file().env("MCP_CAT_MAX_FILE_SIZE", 4).env("SCOUT_MAX_FILE_SIZE", 3))
            .contains("at 3 bytes]")
    );
}

#[test]
fn a_bad_setting_is_refused_at_the_start() {
    let bad = [
        ("SCOUT_MAX_FILE_SIZE", "lots"),
        ("SCOUT_MAX_FILE_SIZE", "-1"),
        ("SCOUT_MAX_OUTPUT_SIZE", "99999999999999999999"),
        ("SCOUT_CONNECT_TIMEOUT", "soon"),
        ("SCOUT_COMMAND_TIMEOUT", "-5"),
        ("SCOUT_REQUEST_TIMEOUT", "NaN"),
        ("SCOUT_IDLE_TIMEOUT", "x"),
        ("SCOUT_KEEPALIVE_INTERVAL", "x"),
        ("SCOUT_KEEPALIVE_COUNT_MAX", "x"),
        ("SCOUT_MAX_SESSIONS_PER_CONNECTION", "0"),
        ("SCOUT_MAX_POOL_SIZE", "0"),
        ("SCOUT_MAX_CONCURRENCY", "0"),
        ("SCOUT_MAX_QUEUE", "x"),
        ("SCOUT_ALLOW_ANY_COMMAND", "perhaps"),
        ("SCOUT_LOG_LEVEL", "loud"),
    ];
    for (name, value) in bad {
        let outcome = Scout::new().env(name, value).run(&["hosts"]);
        assert_ne!(outcome.code, Some(0), "{name}={value} is taken");
        let message = outcome.failure();
        assert!(message.contains(name) && message.contains(value), "{name}={value}: {message}");
        let allowed = message.replace(name, "").replace(value, "");
        assert!(allowed.trim().len() > 30, "what is allowed: {message}");
    }
    let scout = Scout::new();
    let file = scout.home().join("settings.toml");
    for (text, word) in [("no_such_setting = 1\n", "no_such_setting"), ("max_file_size = [", "settings.toml")]
    {
        std::fs::write(&file, text).unwrap();
        let message = Scout::new().env("SCOUT_SETTINGS", file.display()).run(&["hosts"]).failure();
        assert!(message.contains(word), "{message}");
    }
}

#[test]
fn the_readme_names_every_setting_with_its_default() {
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    for setting in scout_mcp::config::settings::table() {
        let row = readme.lines().find(|line| line.starts_with(&format!("| `{}` |", setting.env)));
        let row = row.unwrap_or_else(|| panic!("{} is not in the README", setting.env));
        let is_path = setting.default.contains('~') || setting.default == "none";
        assert!(
            is_path || row.contains(&setting.default),
            "{} is {} by default: {row}",
            setting.env,
            setting.default
        );
        assert_eq!(row.contains("(restart)"), setting.needs_restart, "{row}");
    }
}

fn pairs(text: &str) -> HashMap<String, String> {
    text.lines()
        .filter_map(|line| line.split_once(' '))
        .map(|(key, value)| (key.into(), value.into()))
        .collect()
}
