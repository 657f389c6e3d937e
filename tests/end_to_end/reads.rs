//! Reading files and listing directories, over SFTP and without it.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::json;

use crate::support::{Scout, Sshd};

#[test]
fn a_file_comes_verbatim() {
    let sshd = Sshd::start();
    let text = "first\n\n  third, ü, 漢字, 🙂\ttab\r\nno newline at the end";
    let file = sshd.write("notes.txt", text);
    let scout = Scout::with(&sshd.endpoint);
    assert_eq!(scout.client().read(&format!("h1:{file}")), text);
    assert_eq!(scout.run(&["read", &format!("h1:{file}")]).text(), text);
}

#[test]
fn the_command_line_passes_bytes_on_untouched() {
    let sshd = Sshd::start();
    let bytes: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    let file = sshd.write("bytes", &bytes);
    let scout = Scout::with(&sshd.endpoint);
    assert!(scout.run(&["read", &format!("h1:{file}")]).success() == bytes);
}

#[test]
fn an_empty_file_is_empty() {
    let sshd = Sshd::start();
    let file = sshd.write("empty", "");
    let scout = Scout::with(&sshd.endpoint);
    assert_eq!(scout.run(&["read", &format!("h1:{file}")]).success(), b"");
    assert_eq!(scout.client().read(&format!("h1:{file}")), "");
}

#[test]
fn a_file_of_exactly_the_limit_is_whole() {
    let sshd = Sshd::start();
    let exact = sshd.write("exact", "x".repeat(1000));
    let longer = sshd.write("longer", "y".repeat(1001));
    let scout = Scout::with(&sshd.endpoint).env("SCOUT_MAX_FILE_SIZE", 1000);
    let mut client = scout.client();
    assert_eq!(client.read(&format!("h1:{exact}")), "x".repeat(1000));
    let cut = format!("{}\n\n[truncated at 1000 bytes]", "y".repeat(1000));
    assert_eq!(client.read(&format!("h1:{longer}")), cut);
}

#[test]
fn the_command_line_prints_whole_files() {
    let sshd = Sshd::start();
    let file = sshd.write("long", "y".repeat(100_000));
    let scout = Scout::with(&sshd.endpoint).env("SCOUT_MAX_FILE_SIZE", 1000);
    assert!(scout.run(&["read", &format!("h1:{file}")]).success() == "y".repeat(100_000).as_bytes());
}

#[test]
fn the_limit_never_cuts_a_character() {
    let sshd = Sshd::start();
    // The limit falls into the second byte of an é, the second and the third of a 漢, and all but the first of a 🙂.
    let cases = [("aé", 2), ("a漢", 2), ("a漢", 3), ("a🙂", 2), ("a🙂", 3), ("a🙂", 4)];
    for (text, limit) in cases {
        let file = sshd.write("text", text);
        let scout = Scout::with(&sshd.endpoint).env("SCOUT_MAX_FILE_SIZE", limit);
        let read = scout.client().read(&format!("h1:{file}"));
        assert_eq!(read, format!("a\n\n[truncated at {limit} bytes]"), "{text} at {limit}");
    }
}

#[test]
fn a_large_file_comes_whole() {
    let sshd = Sshd::start();
    let text: String = (0..800_000).map(|n| format!("{n:09}\n")).collect();
    let file = sshd.write("large", &text);
    let scout = Scout::with(&sshd.endpoint).env("SCOUT_MAX_FILE_SIZE", 16 * 1024 * 1024);
    assert!(scout.run(&["read", &format!("h1:{file}")]).success() == text.as_bytes());
    assert!(scout.client().read(&format!("h1:{file}")) == text);
}

#[test]
fn files_of_proc_have_content_though_their_size_is_zero() {
    let sshd = Sshd::start();
    let version = fs::read_to_string("/proc/version").unwrap();
    let mut client = Scout::with(&sshd.endpoint).client();
    assert_eq!(client.read("h1:/proc/version"), version);
    assert!(client.read("h1:/proc/self/status").contains("Name:"));
}

#[test]
fn names_may_hold_anything_but_a_null() {
    let sshd = Sshd::start();
    let names =
        ["with space", "quo'te", "dou\"ble", "$HOME", "`id`", "semi;colon", "-rf", "ü漢", "*", "a:b", "#x"];
    let mut client = Scout::with(&sshd.endpoint).client();
    for name in names {
        let file = sshd.write(name, name);
        assert_eq!(client.read(&format!("h1:{file}")), name);
    }
}

#[test]
fn two_dots_in_a_name_are_no_traversal() {
    let sshd = Sshd::start();
    // Kubernetes mounts its volumes so.
    let file = sshd.write("volume/..data/key", "value");
    let mut client = Scout::with(&sshd.endpoint).client();
    assert_eq!(client.read(&format!("h1:{file}")), "value");
    let up = client.scout(json!({ "target": format!("h1:{}/../x", sshd.path("volume")) })).failure();
    assert!(up.contains("Path traversal not allowed"), "{up}");
}

#[test]
fn a_tilde_is_the_home_directory() {
    let sshd = Sshd::start();
    sshd.write("notes.txt", "mine");
    let mut client = Scout::with(&sshd.endpoint).client();
    assert_eq!(client.read("h1:~/notes.txt"), "mine");
    assert!(client.read("h1:~").contains("notes.txt"));
}

#[test]
fn links_are_followed() {
    let sshd = Sshd::start();
    let file = sshd.write("file", "content");
    std::os::unix::fs::symlink(&file, sshd.path("link")).unwrap();
    std::os::unix::fs::symlink("nowhere", sshd.path("dangling")).unwrap();
    let mut client = Scout::with(&sshd.endpoint).client();
    assert_eq!(client.read(&format!("h1:{}", sshd.path("link"))), "content");
    let dangling = client.scout(json!({ "target": format!("h1:{}", sshd.path("dangling")) })).tool_error();
    assert!(dangling.contains("Path not found"), "{dangling}");
}

#[test]
fn a_directory_is_listed_as_ls_does() {
    let sshd = Sshd::start();
    check_listing(&sshd);
}

#[test]
fn failures_are_named() {
    let sshd = Sshd::builder().bound_by_modes().start();
    check_failures(&sshd);
}

#[test]
fn a_server_without_sftp_is_read_by_commands() {
    let sshd = Sshd::builder().without_sftp().start();
    let text = "ü, 漢字\nno newline";
    let file = sshd.write("with space and 'quote'", text);
    let scout = Scout::with(&sshd.endpoint);
    let mut client = scout.client();
    assert_eq!(client.read(&format!("h1:{file}")), text);
    assert_eq!(scout.run(&["read", &format!("h1:{file}")]).text(), text);
    sshd.write("notes.txt", "mine");
    assert_eq!(client.read("h1:~/notes.txt"), "mine");
    fs::remove_file(file).unwrap();
    check_listing(&sshd);

    let limited = Scout::with(&sshd.endpoint).env("SCOUT_MAX_FILE_SIZE", 3);
    let exact = sshd.write("exact", "abc");
    assert_eq!(limited.client().read(&format!("h1:{exact}")), "abc");
    let longer = sshd.write("longer", "abcd");
    assert_eq!(limited.client().read(&format!("h1:{longer}")), "abc\n\n[truncated at 3 bytes]");
}

#[test]
fn a_server_without_sftp_fails_alike() {
    let sshd = Sshd::builder().without_sftp().bound_by_modes().start();
    check_failures(&sshd);
}

#[test]
fn a_device_without_end_is_read_up_to_the_limit() {
    for sshd in [Sshd::start(), Sshd::builder().without_sftp().start()] {
        let scout = Scout::with(&sshd.endpoint).env("SCOUT_MAX_FILE_SIZE", 1000);
        let mut client = scout.client();
        for target in ["h1:/dev/zero", "localhost:/dev/zero"] {
            assert_eq!(client.read(target), format!("{}\n\n[truncated at 1000 bytes]", "\0".repeat(1000)));
        }
        assert_eq!(client.read("h1:/dev/null"), "");
        assert!(client.read("h1:/proc/version").contains("Linux"), "the connection lives on");
    }
}

#[test]
fn this_machine_needs_no_ssh() {
    let sshd = Sshd::start();
    let file = sshd.write("here/notes.txt", "local");
    let scout = Scout::new();
    let mut client = scout.client();
    assert_eq!(client.read(&format!("localhost:{file}")), "local");
    assert!(client.read(&format!("localhost:{}", sshd.path("here"))).contains("notes.txt"));
    let missing = client.scout(json!({ "target": "localhost:/nope" })).tool_error();
    assert_eq!(missing, "Error: Path not found: /nope");
    assert_eq!(scout.run(&["read", &format!("localhost:{file}")]).text(), "local");
}

fn check_listing(sshd: &Sshd) {
    sshd.write("dir/one.txt", "12345");
    sshd.write("dir/.hidden", "");
    sshd.write("dir/sub/deeper", "");
    let _ = std::os::unix::fs::symlink("one.txt", sshd.path("dir/link"));
    let scout = Scout::with(&sshd.endpoint);
    let target = format!("h1:{}", sshd.path("dir"));
    for listing in [scout.client().read(&target), scout.run(&["ls", &target]).text()] {
        let line = |name: &str| {
            let found = listing
                .lines()
                .find(|line| line.split_once(" -> ").map_or(*line, |(own, _)| own).ends_with(name));
            found.unwrap_or_else(|| panic!("no {name:?} in\n{listing}")).to_owned()
        };
        let file = line(" one.txt");
        assert!(file.starts_with("-rw") && file.contains(" 5 "), "{file}");
        assert!(line(" sub").starts_with("drwx"), "{listing}");
        assert!(line(" link").starts_with('l') && line(" link").ends_with(" link -> one.txt"), "{listing}");
        line(" .hidden");
        assert!(!listing.contains("deeper"), "{listing}");
    }
}

fn check_failures(sshd: &Sshd) {
    let secret = sshd.write("secret", "x");
    set_mode(&secret, 0o000);
    sshd.write("closed/file", "x");
    let closed = sshd.path("closed");
    set_mode(&closed, 0o000);
    let fifo = sshd.fifo("fifo");

    let cases: [(&str, &[&str]); 5] = [
        ("/nope", &["Path not found: /nope"]),
        (&secret, &["ermission denied", "secret"]),
        (&closed, &["ermission denied", "closed"]),
        (&fifo, &["fifo", "FIFO"]),
        ("/etc/passwd/x", &["/etc/passwd/x"]),
    ];
    let scout = Scout::with(&sshd.endpoint);
    let mut client = scout.client();
    for (path, words) in cases {
        let target = format!("h1:{path}");
        let subcommand = if path == closed { "ls" } else { "read" };
        let failures = [
            client.scout(json!({ "target": target })).tool_error(),
            scout.run(&[subcommand, &target]).failure(),
        ];
        for failure in failures {
            for word in words {
                assert!(failure.contains(word), "{path}: {failure}");
            }
        }
    }
    // The temporary directory could not be removed otherwise.
    set_mode(&closed, 0o700);
}

fn set_mode(path: &str, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("its mode");
}
