//! Reading parts, listing, finding, searching and comparing, on real servers and with names that are hard to like.

use std::ffi::OsStr;
use std::fs::{self, File, Permissions};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileExt, PermissionsExt, symlink};

use serde_json::{Value, json};

use crate::support::{
    Dropbear, Endpoint, KeyType, McpPipe, Programs, Scout, Sshd, eventually, process_running,
};

/// What a tool said in both forms.
fn told(client: &mut McpPipe, tool: &str, arguments: Value) -> (String, Value) {
    let reply = client.call(tool, arguments);
    (reply.text(), reply.result()["structuredContent"].clone())
}

fn text(client: &mut McpPipe, tool: &str, arguments: Value) -> String {
    told(client, tool, arguments).0
}

#[test]
fn any_part_of_a_file_of_many_gigabytes_is_read() {
    let sshd = Sshd::start();
    let path = sshd.write("sparse.log", "first\nsecond\n");
    let (file, size) = (File::options().write(true).open(&path).unwrap(), 20_u64 << 30);
    file.set_len(size).unwrap();
    file.write_all_at(b"\nlast but one\nlast\n", size - 19).unwrap();
    let mut client = Scout::with(&sshd.endpoint).client();
    let target = format!("h1:{path}");
    let read = |client: &mut McpPipe, mut arguments: Value| {
        arguments["target"] = target.as_str().into();
        told(client, "read", arguments)
    };
    let (head, form) = read(&mut client, json!({ "head": 2 }));
    assert_eq!((head.as_str(), &form["size"]), ("first\nsecond\n", &json!(size)));
    assert_eq!((&form["truncated"], &form["next_offset"]), (&json!(false), &json!(13)));
    assert_eq!(read(&mut client, json!({ "tail": 2 })).0, "last but one\nlast\n");
    assert_eq!(read(&mut client, json!({ "lines": "2" })).0, "second\n");
    assert_eq!(read(&mut client, json!({ "offset": i64::MAX })).0, "");
    let (part, form) = read(&mut client, json!({ "offset": size - 5 }));
    assert_eq!((part.as_str(), form.get("next_offset")), ("last\n", None));
    assert_eq!(read(&mut client, json!({ "offset": 6, "length": 3 })).0, "sec");
    // A line of 20 GB.
    let (cut, form) = read(&mut client, json!({ "tail": 3, "encoding": "latin-1" }));
    assert!(cut.starts_with("[truncated: only the last 1048576 bytes]\n\n\0\0"), "{}", &cut[..60]);
    assert_eq!(form["truncated"], json!(true));
    let both = client.call("read", json!({ "target": target, "head": 1, "tail": 1 })).failure();
    assert!(both.contains("only one of head, tail, lines"), "{both}");

    // Behind a line of 2 GB, which the host has to read.
    let size = 2_u64 << 30;
    file.set_len(size).unwrap();
    file.write_all_at(b"\nlast but one\nlast\n", size - 19).unwrap();
    assert_eq!(read(&mut client, json!({ "lines": "4-9" })).0, "last but one\nlast\n");
}

#[test]
fn parts_are_the_same_by_every_way() {
    let lines = |from: u64, to: u64| (from..=to).map(|n| format!("line {n}\n")).collect::<String>();
    for sshd in [Sshd::start(), Sshd::builder().without_sftp().start()] {
        let path = sshd.write("-lines of 'text'", lines(1, 50_000));
        let mut client = Scout::with(&sshd.endpoint).client();
        for host in ["h1", "localhost"] {
            let target = format!("{host}:{path}");
            let mut read = |arguments: Value| {
                let mut arguments = arguments;
                arguments["target"] = target.as_str().into();
                text(&mut client, "read", arguments)
            };
            assert_eq!(read(json!({ "head": 20_000 })), lines(1, 20_000), "{target}");
            assert_eq!(read(json!({ "tail": 20_000 })), lines(30_001, 50_000), "{target}");
            assert_eq!(read(json!({ "lines": "9000-9001" })), lines(9_000, 9_001), "{target}");
            assert_eq!(read(json!({ "lines": "49998-" })), lines(49_998, 50_000), "{target}");
            assert_eq!(read(json!({ "offset": 5, "length": 7 })), "1\nline ", "{target}");
            assert_eq!(read(json!({ "lines": "50001-" })), "", "{target}");
        }
        let mut read = |arguments| told(&mut client, "read", arguments);
        let (kernel, form) = read(json!({ "target": "h1:/proc/self/status", "head": 1 }));
        assert!(kernel.starts_with("Name:") && form.get("size").is_none(), "{form}");
        let (kernel, _) = read(json!({ "target": "h1:/proc/self/status", "tail": 1 }));
        assert!(kernel.starts_with("nonvoluntary_ctxt_switches:"), "{kernel}");
        let missing = client.call("read", json!({ "target": "h1:/nope", "tail": 1 })).tool_error();
        assert_eq!(missing, "Error: Path not found: /nope");
        let directory = client.call("read", json!({ "target": "h1:/etc", "head": 1 })).tool_error();
        assert_eq!(directory, "Error: /etc is a directory; expected a file");
    }
}

#[test]
fn files_come_as_what_they_are() {
    let sshd = Sshd::start();
    let mut client = Scout::with(&sshd.endpoint).client();
    let mut read = |name: &str, content: &[u8], mut arguments: Value| {
        let path = sshd.write(name, content);
        arguments["target"] = format!("h1:{path}").into();
        let result = client.call("read", arguments).result();
        (result["content"][0].clone(), result["structuredContent"].clone())
    };
    let (utf16, form) = read("windows.txt", b"\xff\xfea\0\xfc\0", json!({}));
    assert_eq!((&utf16["text"], &form["encoding"]), (&json!("a\u{fc}"), &json!("utf-16le")));
    let (latin, form) = read("old.conf", b"gr\xfcn", json!({}));
    assert_eq!((&latin["text"], &form["encoding"]), (&json!("gr\u{fc}n"), &json!("latin-1")));
    let png = b"\x89PNG\r\n\x1a\n\0";
    let (image, form) = read("picture", png, json!({}));
    assert_eq!(image, json!({ "type": "image", "data": "iVBORw0KGgoA", "mimeType": "image/png" }));
    assert_eq!((&form["mime_type"], &form["encoding"]), (&json!("image/png"), &json!("base64")));
    let (blob, form) = read("data.gz", b"\x1f\x8b\0\xff", json!({}));
    assert_eq!((&blob["type"], &blob["resource"]["blob"]), (&json!("resource"), &json!("H4sA/w==")));
    assert_eq!(blob["resource"]["mimeType"], "application/gzip");
    assert!(blob["resource"]["uri"].as_str().unwrap().ends_with("/data.gz"), "{blob}");
    assert_eq!(form["text"], "[application/gzip, 4 bytes; no text]");
    let (base64, _) = read("data.gz", b"\x1f\x8b\0\xff", json!({ "encoding": "base64" }));
    assert_eq!(base64["text"], "H4sA/w==");
}

/// Names that are hard to like, a loop, and a directory that nobody may enter.
fn awkward(home: &std::path::Path) {
    let site = home.join("site");
    fs::create_dir_all(site.join("deep/er")).expect("directories");
    for name in [
        "-n.txt",
        "two words.txt",
        "quo'te.txt",
        "line\nbreak.txt",
        "é😀.txt",
        "deep/er/b.txt",
        ".hidden.txt",
    ] {
        fs::write(site.join(name), format!("needle in {}\n", name.replace('\n', " "))).expect("a file");
    }
    fs::write(site.join(OsStr::from_bytes(b"\xff.txt")), "needle\n").expect("a file");
    symlink("..", site.join("deep/loop")).expect("a link");
    symlink("loop2", site.join("loop2")).expect("a link");
}

const TREE: &str = "├── -n.txt\n├── deep\n│   ├── er\n│   └── loop -> ..\n├── line\\nbreak.txt\n├── loop2 -> loop2\n\
    ├── quo'te.txt\n├── two words.txt\n├── é😀.txt\n└── \u{fffd}.txt";

fn check_awkward(endpoint: &Endpoint, home: &std::path::Path, which: &str) {
    awkward(home);
    let site = home.join("site").to_str().expect("UTF-8").to_owned();
    let target = format!("h1:{site}");
    let mut client = Scout::with(endpoint).client();
    let (_, found) = told(&mut client, "find", json!({ "target": target, "name": "*.txt" }));
    let names: Vec<&str> = found["paths"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|path| &path.as_str().expect("a text")[site.len() + 1..])
        .collect();
    let all = [
        "-n.txt",
        ".hidden.txt",
        "deep/er/b.txt",
        "line\nbreak.txt",
        "quo'te.txt",
        "two words.txt",
        "é😀.txt",
        "\u{fffd}.txt",
    ];
    assert_eq!(names, all, "{which}");
    let tree = text(&mut client, "scout", json!({ "target": target, "tree": true, "depth": 2 }));
    assert_eq!(tree, format!("{site}\n{TREE}"), "{which}");
    let (_, hits) =
        told(&mut client, "search", json!({ "target": target, "pattern": "^needle", "glob": "*o*.txt" }));
    let hits: Vec<_> = hits["matches"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|hit| hit["text"].as_str().expect("a text"))
        .collect();
    assert_eq!(hits, ["needle in quo'te.txt", "needle in two words.txt"], "{which}");
    for name in &all[..7] {
        let part = text(&mut client, "read", json!({ "target": format!("{target}/{name}"), "head": 1 }));
        assert_eq!(part, format!("needle in {}\n", name.replace('\n', " ")), "{which}: {name}");
    }
    let (_, listed) = told(&mut client, "list", json!({ "target": target, "hidden": false, "limit": 3 }));
    let names: Vec<_> =
        listed["entries"].as_array().expect("a list").iter().map(|entry| &entry["name"]).collect();
    assert_eq!(names[..2], ["-n.txt", "deep"], "{which}: {listed}");
    assert_eq!((&listed["total"], &listed["next_offset"]), (&json!(8), &json!(3)), "{which}");
    let same = json!({ "targets": [format!("{target}/-n.txt"), format!("{target}/-n.txt")] });
    assert!(text(&mut client, "diff", same).starts_with("Files are identical:\n  h1:"), "{which}");
    let looped = client.call("read", json!({ "target": format!("{target}/loop2"), "head": 1 })).tool_error();
    assert!(looped.starts_with("Error: "), "{which}: {looped}");
}

#[test]
fn awkward_names_are_seen_through_every_login_shell() {
    for shell in ["/bin/sh", "/usr/bin/tcsh", "/usr/bin/fish", "/bin/bash"] {
        assert!(fs::exists(shell).unwrap(), "apt-get install fish tcsh: {shell} is missing");
        for sshd in
            [Sshd::builder().shell(shell).start(), Sshd::builder().shell(shell).without_sftp().start()]
        {
            check_awkward(&sshd.endpoint, &sshd.account.home(), shell);
        }
    }
}

#[test]
fn a_noisy_start_up_file_disturbs_nothing() {
    let sshd = Sshd::builder().shell("/bin/bash").start();
    sshd.write(".bashrc", "echo Welcome to the jungle\nprintf 'no end \\001'\necho careful >&2\n");
    check_awkward(&sshd.endpoint, &sshd.account.home(), "noisy");
}

#[test]
fn dropbear_with_busybox_shows_the_same() {
    let dropbear = Dropbear::start_with_busybox(&[KeyType::Ed25519]);
    check_awkward(&dropbear.endpoint, &dropbear.account.home(), "busybox");
}

#[test]
fn what_may_not_be_read_half_way_is_no_failure() {
    let sshd = Sshd::builder().bound_by_modes().start();
    sshd.write("site/a.txt", "needle");
    sshd.write("site/closed/b.txt", "needle");
    sshd.write("site/secret.txt", "needle");
    let (closed, secret) = (sshd.path("site/closed"), sshd.path("site/secret.txt"));
    fs::set_permissions(&closed, Permissions::from_mode(0o000)).unwrap();
    fs::set_permissions(&secret, Permissions::from_mode(0o000)).unwrap();
    let site = sshd.path("site");
    let mut client = Scout::with(&sshd.endpoint).client();
    let mark = "\n\n[some places could not be read: permission denied]";
    let found = text(&mut client, "find", json!({ "target": format!("h1:{site}"), "name": "*.txt" }));
    assert_eq!(found, format!("{site}/a.txt\n{site}/secret.txt{mark}"));
    let hits = text(&mut client, "search", json!({ "target": format!("h1:{site}"), "pattern": "needle" }));
    assert_eq!(hits, format!("{site}/a.txt\n1:1: needle{mark}"));
    let tree = text(&mut client, "scout", json!({ "target": format!("h1:{site}"), "tree": true }));
    assert_eq!(tree, format!("{site}\n├── a.txt\n├── closed\n└── secret.txt"));
    for (tool, arguments) in [
        ("find", json!({ "target": format!("h1:{closed}"), "name": "*" })),
        ("search", json!({ "target": format!("h1:{secret}"), "pattern": "x" })),
        ("list", json!({ "target": format!("h1:{closed}") })),
        ("scout", json!({ "target": format!("h1:{closed}"), "tree": true })),
    ] {
        let error = client.call(tool, arguments).tool_error();
        assert!(error.starts_with("Error: Permission denied: "), "{tool}: {error}");
    }
    fs::set_permissions(&closed, Permissions::from_mode(0o700)).unwrap();
}

/// The texts of the first `scout_mcp`, word by word.
#[test]
fn find_tree_and_diff_say_what_they_always_said() {
    let sshd = Sshd::start();
    let (a, b, c) = (sshd.write("p/a.txt", "1\n2\n"), sshd.write("p/b.txt", "1\n3\n"), sshd.write("p/c", ""));
    let p = sshd.path("p");
    let mut client = Scout::with(&sshd.endpoint).client();
    // Home directories, and a name that looks like an option.
    sshd.write("-name", "needle\n");
    for target in ["h1", "h1:~", "h1:."] {
        let found = text(&mut client, "find", json!({ "target": target, "name": "[ab].txt" }));
        assert!(found.ends_with("/p/b.txt") && found.lines().count() == 2, "{target}: {found}");
    }
    let found = text(&mut client, "search", json!({ "target": "h1:-name", "pattern": "-e" }));
    assert_eq!(found, "No matches for '-e' in -name");
    assert_eq!(text(&mut client, "read", json!({ "target": "h1:-name", "tail": 1 })), "needle\n");
    let mut scout = |arguments: Value| client.call("scout", arguments);
    let target = format!("h1:{p}");
    assert_eq!(scout(json!({ "target": target, "find": "*.txt" })).text(), format!("{a}\n{b}"));
    let none = scout(json!({ "target": target, "find": "*.zzz" })).text();
    assert_eq!(none, format!("No files matching '*.zzz' found in {p}"));
    let depth = scout(json!({ "target": target, "find": "*", "depth": 0 })).tool_error();
    assert_eq!(depth, "Error: Find failed: depth must be 1-10, got 0");
    let tree = scout(json!({ "target": target, "tree": true })).text();
    assert_eq!(tree, format!("{p}\n├── a.txt\n├── b.txt\n└── c"));
    let (at_a, at_b) = (format!("h1:{a}"), format!("h1:{b}"));
    let diff = scout(json!({ "target": at_a, "diff": at_b })).text();
    assert_eq!(diff, format!("--- {a}\n+++ {b}\n@@ -1,2 +1,2 @@\n 1\n-2\n+3"));
    let same = scout(json!({ "target": at_a, "diff": at_a })).text();
    assert_eq!(same, format!("Files are identical:\n  h1:{a}\n  h1:{a}"));
    let hosts = scout(json!({ "target": at_a, "diff": "hosts" })).tool_error();
    assert_eq!(hosts, "Error: diff target must be 'host:/path', not 'hosts'");
    let unknown = scout(json!({ "target": at_a, "diff": "zz:/x" })).tool_error();
    assert_eq!(unknown, "Error: Unknown diff host 'zz'");
    let unknown = scout(json!({ "target": "zz:/x", "diff": at_a })).tool_error();
    assert_eq!(unknown, "Error: Unknown host 'zz'. Available: h1, localhost");
    let missing = scout(json!({ "target": at_a, "diff": "h1:/nope" })).tool_error();
    assert_eq!(missing, "Error: Diff failed: Failed to read /nope: Path not found: /nope");
    let expected = scout(json!({ "target": at_a, "diff_content": "1\n2\n" })).text();
    assert_eq!(expected, format!("File matches expected content: {a}"));
    let other = scout(json!({ "target": at_a, "diff_content": "1\n" })).text();
    assert_eq!(other, format!("--- expected\n+++ {a}\n@@ -1 +1,2 @@\n 1\n+2"));
    // An empty text is one to compare with, too.
    let empty = scout(json!({ "target": at_a, "diff_content": "" })).text();
    assert_eq!(empty, format!("--- expected\n+++ {a}\n@@ -0,0 +1,2 @@\n+1\n+2"));
    let empty = scout(json!({ "target": format!("h1:{c}"), "diff_content": "" })).text();
    assert_eq!(empty, format!("File matches expected content: {c}"));
}

#[test]
fn lines_around_what_is_found_are_told_in_both_forms() {
    let sshd = Sshd::start();
    let file = sshd.write("logs/app-1-.log", "12:30 a\n12:31 needle\n12:32 b\n12:33 c\n12:34 needle\n");
    let mut client = Scout::with(&sshd.endpoint).client();
    let mut search = |context: u64| {
        let target = format!("h1:{}", sshd.path("logs"));
        client.call("search", json!({ "target": target, "pattern": "needle", "context": context }))
    };
    let found = search(1);
    let lines = "1- 12:30 a\n2:7: 12:31 needle\n3- 12:32 b\n4- 12:33 c\n5:7: 12:34 needle";
    assert_eq!(found.text(), format!("{file}\n{lines}"));
    let form = found.result()["structuredContent"]["matches"].clone();
    assert_eq!(
        form,
        json!([
            { "path": file, "line": 2, "column": 7, "text": "12:31 needle", "before": ["12:30 a"], "after": ["12:32 b"] },
            { "path": file, "line": 5, "column": 7, "text": "12:34 needle", "before": ["12:33 c"] },
        ])
    );
    assert_eq!(search(0).text(), format!("{file}\n2:7: 12:31 needle\n5:7: 12:34 needle"));
    let many = search(21).failure();
    assert!(many.ends_with("Argument 'context' must be 0 to 20, not 21"), "{many}");
}

#[test]
fn files_of_many_hosts_are_compared_at_once() {
    let servers: Vec<_> = (0..4).map(|_| Sshd::start()).collect();
    let mut scout = Scout::new();
    let mut targets = Vec::new();
    for (n, sshd) in servers.iter().enumerate() {
        let text = if n == 2 { "one\nother\n" } else { "one\ntwo\n" };
        targets.push(format!("h{n}:{}", sshd.write("etc/app.conf", text)));
        scout = scout.host(&format!("h{n}"), &sshd.endpoint);
    }
    targets.push("h0:/nope".to_owned());
    let mut client = scout.client();
    let (said, form) = told(&mut client, "diff", json!({ "targets": targets }));
    let agree = format!(
        "3 files are identical:\n  {}\n  {}\n  {}\n\n1 differs:\n  {}\n",
        targets[0], targets[1], targets[3], targets[2]
    );
    assert!(said.starts_with(&agree), "{said}");
    assert!(
        said.contains(&format!(
            "\n--- {}\n+++ {}\n@@ -1,2 +1,2 @@\n one\n-two\n+other\n",
            targets[0], targets[2]
        )),
        "{said}"
    );
    assert!(said.ends_with("h0:/nope: Diff failed: Failed to read /nope: Path not found: /nope"), "{said}");
    assert_eq!((&form["identical"], form["groups"].as_array().unwrap().len()), (&json!(false), 2));
    let one = client.call("diff", json!({ "targets": [targets[0]] })).tool_error();
    assert_eq!(one, "Error: Diff failed: 2 to 1000 files are compared, not 1");
    let same = text(&mut client, "diff", json!({ "targets": ["h*:~/etc/app.conf", targets[0]] }));
    assert!(same.starts_with("4 files are identical:\n"), "{same}");
}

/// Puts a program in the place of one that a host may have.
fn stand_in(programs: &Programs, name: &str, script: &str) {
    programs.put(name, &format!("#!/bin/sh\n{script}\n"));
    fs::set_permissions(programs.path(name), Permissions::from_mode(0o755)).expect("its mode");
}

#[test]
fn what_takes_too_long_tells_what_it_has_found() {
    let programs = Programs::new(&[]);
    let marker = format!("4546.{}", std::process::id());
    let hang = format!("[ \"$2\" = -q ] && exit 1; printf '/found\\0007:3:a needle\\n'; sleep {marker}");
    stand_in(&programs, "rg", &hang);
    stand_in(&programs, "find", &format!("[ \"$2\" = -prune ] && exit; printf '/found\\0'; sleep {marker}"));
    let sshd = Sshd::builder().config(&programs.config()).start();
    let mut client = Scout::with(&sshd.endpoint).env("SCOUT_COMMAND_TIMEOUT", 1).client();
    let hits = text(&mut client, "search", json!({ "target": "h1:/", "pattern": "needle" }));
    assert_eq!(hits, "/found\n7:3: a needle\n\n[stopped after 1s: there may be more lines]");
    let found = text(&mut client, "find", json!({ "target": "h1:/", "name": "*" }));
    assert_eq!(found, "/found\n\n[stopped after 1s: there may be more matches]");
    eventually("the programs are ended", || !process_running(&marker));
}

#[test]
fn a_host_without_the_programs_says_so() {
    let programs = Programs::new(&[]);
    let sshd = Sshd::builder().config(&programs.config()).start();
    sshd.write("file", "");
    let home = sshd.path("");
    let mut client = Scout::with(&sshd.endpoint).client();
    for (tool, arguments) in [
        ("find", json!({ "target": "h1", "name": "*" })),
        ("search", json!({ "target": "h1:.", "pattern": "x" })),
        ("scout", json!({ "target": format!("h1:{home}"), "tree": true })),
    ] {
        let error = client.call(tool, arguments).tool_error();
        assert!(error.contains("not found"), "{tool}: {error}");
    }
    assert!(text(&mut client, "list", json!({ "target": "h1" })).contains(" file"));
}
