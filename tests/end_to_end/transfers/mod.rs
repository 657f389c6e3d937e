//! Files on their way: long ones that are read, and those that are transferred to, from and between hosts.

mod broken;
mod refusals;

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use crate::support::{Distance, Dropbear, KeyType, Library, McpPipe, PythonServer, Reply, Scout, Sshd};

fn content(bytes: usize) -> Vec<u8> {
    (0..bytes).map(|at| (at ^ (at >> 8) ^ (at >> 16)) as u8).collect()
}

#[test]
fn a_file_arrives_whole_though_keys_are_renewed_after_every_megabyte() {
    let sshd = Sshd::builder().config("RekeyLimit 1M").start();
    let content = content(20_000_000);
    let file = sshd.write("long", &content);
    let scout = Scout::new().known_hosts(&sshd.endpoint.known_hosts());
    let scout = scout.unknown_host("h1", &sshd.endpoint, "RekeyLimit 1M");
    let read = scout.run(&["read", &format!("h1:{file}")]);
    assert!(read.success() == content);
    let copy = scout.run(&["copy", &format!("h1:{file}"), &format!("h1:{file}.copy")]);
    copy.success();
    assert!(fs::read(sshd.path("long.copy")).unwrap() == content);
}

#[test]
fn a_file_of_several_pieces_arrives_whole_from_afar() {
    let sshd = Sshd::start();
    let content = content(13_000_001);
    let file = sshd.write("long", &content);
    let far = Distance::from(&sshd, std::time::Duration::from_millis(15));
    let read = Scout::with(&far.endpoint).run(&["read", &format!("h1:{file}")]);
    assert!(read.success() == content);
}

/// Two hosts, and a client of a server with two cores.
struct Site {
    one: Sshd,
    two: Sshd,
    scout: Scout,
    client: McpPipe,
}

impl Site {
    fn start() -> Self {
        Self::with(&[])
    }

    fn with(arguments: &[&str]) -> Self {
        let (one, two) = (Sshd::start(), Sshd::start());
        let scout = Scout::with(&one.endpoint).host("h2", &two.endpoint);
        let mut client = scout.serve_with(&[&["--cores", "2"], arguments].concat());
        client.initialize("2025-11-25");
        Self { one, two, scout, client }
    }

    fn transfer(&mut self, arguments: Value) -> Reply {
        transfer(&mut self.client, arguments)
    }

    fn copy(&mut self, from: &str, to: &str) -> Reply {
        self.transfer(json!({ "from": from, "to": to }))
    }

    /// A file below the directory that the server may use.
    fn here(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.scout.home().join(name);
        fs::write(&path, content).expect("a file");
        path.to_str().expect("a UTF-8 path").to_owned()
    }
}

fn transfer(client: &mut McpPipe, arguments: Value) -> Reply {
    client.request("tools/call", json!({ "name": "transfer", "arguments": arguments }))
}

/// Files that were begun and not finished.
fn unfinished(directory: impl AsRef<Path>) -> Vec<String> {
    let names =
        fs::read_dir(directory).expect("a directory").map(|entry| entry.expect("an entry").file_name());
    names.map(|name| name.to_string_lossy().into_owned()).filter(|name| name.contains(".scout-")).collect()
}

fn set_mode(path: &str, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("its mode");
}

fn set_time(path: &str, seconds: u64) {
    let file = fs::File::options().append(true).open(path).expect("a file");
    file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)).expect("its time");
}

/// A file and its copy are the same, and nothing else is left behind.
fn check_copy(from: &str, to: &str) {
    let read = |path: &str| fs::read(path).expect("a file");
    assert!(read(from) == read(to), "{to}");
    let metadata = |path: &str| fs::metadata(path).expect("a file");
    let (from, copy) = (metadata(from), metadata(to));
    assert_eq!((copy.mode(), copy.mtime()), (from.mode(), from.mtime()), "{to}");
    assert_eq!(unfinished(Path::new(to).parent().expect("a directory")), Vec::<String>::new());
}

#[test]
fn a_file_goes_up_and_comes_down_with_its_mode_and_time() {
    let mut site = Site::start();
    let here = site.here("notes", content(3_000_001));
    set_mode(&here, 0o640);
    set_time(&here, 1_234_567_890);
    let there = site.one.path("notes");
    let up = site.copy(&here, &format!("h1:{there}"));
    let text = up.text();
    let head = format!("✓ Uploaded {here} → h1:{there}\n  Size: 2.86 MB\n  SHA-256: ");
    let programs = ["openssl", "sha256sum"];
    let by = programs.iter().find(|program| text.ends_with(&format!(" (compared by {program})")));
    assert!(text.starts_with(&head) && by.is_some(), "{text}");
    check_copy(&here, &there);
    let structured = &up.result()["structuredContent"];
    assert_eq!((&structured["kind"], &structured["size"]), (&json!("transfer"), &json!(3_000_001)));
    assert_eq!((&structured["checked_by"], &structured["notes"]), (&json!(by), &json!([])));

    let back = site.scout.home().join("back").to_str().unwrap().to_owned();
    let down = site.copy(&format!("h1:{there}"), &back).text();
    assert!(down.starts_with(&format!("✓ Downloaded h1:{there} → {back}\n")), "{down}");
    assert!(down.ends_with(" (compared by reading it back)"), "{down}");
    check_copy(&here, &back);
    // Names of this machine begin in the working directory.
    site.copy("notes", "h1:~/relative").text();
    check_copy(&here, &site.one.path("relative"));
}

#[test]
fn a_file_goes_from_host_to_host_and_within_one() {
    let mut site = Site::start();
    let from = site.one.write("long", content(9_000_000));
    let to = site.two.path("long");
    let text = site.copy(&format!("h1:{from}"), &format!("h2:{to}")).text();
    assert!(
        text.starts_with(&format!("✓ Streamed h1:{from} → h2:{to} (remote-to-remote)\n  Size: 8.58 MB\n")),
        "{text}"
    );
    check_copy(&from, &to);
    let same = site.one.path("copy");
    site.copy(&format!("h1:{from}"), &format!("h1:{same}")).text();
    check_copy(&from, &same);
    // The built-in host is this machine, below the same directories.
    let here = site.here("mine", "x");
    site.copy(&format!("localhost:{here}"), &format!("h2:{}", site.two.path("mine"))).text();
    check_copy(&here, &site.two.path("mine"));
}

#[test]
fn a_directory_is_what_a_file_is_put_into() {
    let mut site = Site::start();
    let here = site.here("notes", "content");
    site.one.write("dir/other", "");
    let dir = site.one.path("dir");
    symlink(&dir, site.one.path("door")).unwrap();
    for (name, to) in [("dir", dir.clone()), ("dir/", format!("{dir}/")), ("a link", site.one.path("door"))] {
        let reply = site.copy(&here, &format!("h1:{to}"));
        let to = reply.result()["structuredContent"]["to"].as_str().map(str::to_owned);
        assert!(to.is_some_and(|to| to.ends_with("/notes")), "{name}: {reply:?}");
        check_copy(&here, &format!("{dir}/notes"));
        fs::remove_file(format!("{dir}/notes")).unwrap();
    }
    let sub = site.scout.home().join("sub");
    fs::create_dir(&sub).unwrap();
    let other = site.one.path("dir/other");
    site.copy(&format!("h1:{other}"), "sub").text();
    check_copy(&other, sub.join("other").to_str().unwrap());

    let missing = site.copy(&here, &format!("h1:{dir}/none/")).tool_error();
    assert_eq!(missing, format!("Error: There is no directory to write h1:{dir}/none/ in"));
    let missing = site.copy(&here, &format!("h1:{dir}/none/notes")).tool_error();
    assert_eq!(missing, format!("Error: There is no directory to write h1:{dir}/none/notes in"));
    fs::create_dir(site.one.path("dir/notes")).unwrap();
    let directory = site.copy(&here, &format!("h1:{dir}")).tool_error();
    assert_eq!(directory, format!("Error: h1:{dir}/notes is a directory; expected a file"));
    let source = site.copy(&format!("h1:{dir}"), "here").tool_error();
    assert_eq!(source, format!("Error: h1:{dir} is a directory; expected a file"));
    let source = site.copy("sub", &format!("h1:{dir}")).tool_error();
    assert_eq!(source, "Error: sub is a directory; expected a file");
}

#[test]
fn files_without_content_with_holes_and_with_odd_names() {
    let mut site = Site::start();
    let empty = site.here("empty", "");
    site.copy(&empty, &format!("h1:{}", site.one.path("empty"))).text();
    check_copy(&empty, &site.one.path("empty"));
    site.copy(&format!("h1:{}", site.one.path("empty")), "empty again").text();
    check_copy(&empty, site.scout.home().join("empty again").to_str().unwrap());

    let sparse = site.one.path("sparse");
    let file = fs::File::create(&sparse).unwrap();
    std::os::unix::fs::FileExt::write_at(&file, b"in the middle", 20_000_000).unwrap();
    file.set_len(50_000_001).unwrap();
    let (copy, here) = (site.two.path("sparse"), site.scout.home().join("sparse"));
    site.copy(&format!("h1:{sparse}"), &format!("h2:{copy}")).text();
    check_copy(&sparse, &copy);
    site.copy(&format!("h1:{sparse}"), "sparse").text();
    check_copy(&sparse, here.to_str().unwrap());
    for copy in [Path::new(&copy), &here] {
        let blocks = fs::metadata(copy).unwrap().blocks();
        assert!(blocks * 512 < 10_000_000, "{blocks} blocks of {}", copy.display());
    }

    for name in ["with space", "quo'te", "$HOME", "`id`", "-rf", "ü漢", "a:b", "new\nline"] {
        let here = site.here(name, name);
        let there = site.one.path(name);
        site.copy(&here, &format!("h1:{there}")).text();
        check_copy(&here, &there);
    }
}

#[test]
fn a_host_that_knows_no_sums_is_read_back() {
    let sshd = Sshd::builder().config("SetEnv PATH=/nowhere").start();
    let scout = Scout::with(&sshd.endpoint);
    fs::write(scout.home().join("notes"), content(2_000_000)).unwrap();
    let to = format!("h1:{}", sshd.path("notes"));
    let reply = transfer(&mut scout.client(), json!({ "from": "notes", "to": to }));
    assert_eq!(reply.result()["structuredContent"]["checked_by"], json!("reading it back"), "{reply:?}");
    assert!(fs::read(sshd.path("notes")).unwrap() == content(2_000_000));
}

#[test]
fn small_reads_go_on_beside_a_transfer() {
    let sshd = Sshd::start();
    let scout = Scout::with(&sshd.endpoint);
    fs::write(scout.home().join("long"), content(100_000_000)).unwrap();
    let small = sshd.write("small", "small");
    let mut client = scout.client();
    let to = format!("h1:{}", sshd.path("long"));
    let id =
        client.post("tools/call", json!({ "name": "transfer", "arguments": { "from": "long", "to": to } }));
    let mut reads = 0;
    while !client.has_answer(id) {
        assert_eq!(client.read(&format!("h1:{small}")), "small");
        reads += 1;
    }
    client.wait(id).text();
    assert!(reads > 5, "{reads} reads");
    assert_eq!(sshd.connections(), 1);
}

#[test]
fn servers_of_other_make_take_and_give_files() {
    let (dropbear, asyncssh) = (Dropbear::start(&[KeyType::Ed25519]), PythonServer::start(Library::AsyncSsh));
    let scout = Scout::with(&dropbear.endpoint).host("h2", &asyncssh.endpoint);
    let here = scout.home().join("notes").to_str().expect("a UTF-8 path").to_owned();
    fs::write(&here, content(3_000_000)).unwrap();
    set_mode(&here, 0o640);
    set_time(&here, 1_234_567_890);
    let mut client = scout.client();
    for (host, account) in [("h1", &dropbear.account), ("h2", &asyncssh.account)] {
        let there = account.home().join("notes").to_str().expect("a UTF-8 path").to_owned();
        for overwrite in [false, true] {
            let order = json!({ "from": here, "to": format!("{host}:{there}"), "overwrite": overwrite });
            transfer(&mut client, order.clone()).text();
            check_copy(&here, &there);
            if !overwrite {
                let exists = transfer(&mut client, order).tool_error();
                assert!(exists.contains("exists already"), "{exists}");
            }
        }
        let back = format!("{here}.{host}");
        transfer(&mut client, json!({ "from": format!("{host}:{there}"), "to": back })).text();
        check_copy(&here, &back);
    }
    let to = format!("h2:{}", asyncssh.account.home().join("across").display());
    transfer(&mut client, json!({ "from": "h1:notes", "to": to })).text();
    check_copy(&here, asyncssh.account.home().join("across").to_str().expect("a UTF-8 path"));
}

#[test]
fn beams_of_the_tool_scout() {
    let mut site = Site::with(&["--tools", "scout"]);
    let here = site.here("notes", vec![b'x'; 1239]);
    let there = site.one.path("notes");
    let up = site.client.scout(json!({ "target": format!("h1:{there}"), "beam": here })).text();
    assert_eq!(up, format!("✓ Uploaded {here} → h1:{there}\n  Size: 1.21 KB"));
    let back = format!("{here}.back");
    let down = site.client.scout(json!({ "target": format!("h1:{there}"), "beam": back })).text();
    assert_eq!(down, format!("✓ Downloaded h1:{there} → {back}\n  Size: 1.21 KB"));
    check_copy(&here, &back);
    let across = format!("h2:{}", site.two.path("notes"));
    let arguments = json!({ "beam_source": format!("h1:{there}"), "beam_target": across });
    let text = site.client.scout(arguments.clone()).text();
    assert_eq!(text, format!("✓ Streamed h1:{there} → {across} (remote-to-remote)\n  Size: 1.21 KB"));
    let text = site.client.scout(arguments).tool_error();
    let exists = format!("{across} exists already, and is replaced only when asked (overwrite)");
    assert_eq!(text, format!("✗ Transfer failed: Transfer failed: {exists}"));
    for (arguments, text) in [
        (
            json!({ "target": "h1:/nope", "beam": "new" }),
            "✗ Transfer failed: Source file not found or inaccessible: h1:/nope",
        ),
        (
            json!({ "beam_source": "zz:/a", "beam_target": "h1:/b" }),
            "Error: Unknown source host 'zz'. Available: h1, h2, localhost",
        ),
        (
            json!({ "beam_source": "h1:/a", "beam_target": "zz:/b" }),
            "Error: Unknown target host 'zz'. Available: h1, h2, localhost",
        ),
        (json!({ "beam_source": "h1:/a" }), "Error: beam_source requires beam_target to be specified."),
        (
            json!({ "target": "hosts", "beam": "x" }),
            "Error: beam parameter requires a valid host:/path target, not 'hosts'",
        ),
    ] {
        assert_eq!(site.client.scout(arguments).tool_error(), text);
    }
    // What may not be read here is not taken for what is to come here.
    let arguments = json!({ "target": format!("h1:{there}"), "beam": "/etc/hostname" });
    let text = site.client.scout(arguments).tool_error();
    assert!(text.starts_with("Error: Forbidden: /etc/hostname is not below "), "{text}");
}

#[test]
fn where_transfer_is_offered_scout_only_looks() {
    let mut site = Site::start();
    let here = site.here("notes", "x");
    let there = format!("h1:{}", site.one.path("notes"));
    for arguments in [
        json!({ "target": there, "beam": here }),
        json!({ "beam_source": "h1:/etc/hostname", "beam_target": there }),
    ] {
        let told = site.client.scout(arguments).tool_error();
        assert!(told.starts_with("Error: This server copies files with the tool transfer: {"), "{told}");
        assert!(!Path::new(&site.one.path("notes")).exists());
    }
    // What contradicts itself is told first.
    let told = site.client.scout(json!({ "beam_source": "h1:/a" })).tool_error();
    assert_eq!(told, "Error: beam_source requires beam_target to be specified.");
    let call = told_to_call(&site.client.scout(json!({ "target": there, "beam": here })).tool_error());
    let members: Vec<_> = call.as_object().expect("arguments").keys().collect();
    assert_eq!(members, ["from", "to"]);
    site.copy(&here, &there).text();
    check_copy(&here, &site.one.path("notes"));
}

/// The arguments that a text shows.
fn told_to_call(text: &str) -> Value {
    let (begin, end) = (text.find('{').expect("a beginning"), text.rfind('}').expect("an end"));
    serde_json::from_str(&text[begin..=end]).expect("JSON")
}

#[test]
fn progress_is_told() {
    let mut site = Site::start();
    site.here("long", content(20_000_000));
    let arguments = json!({ "from": "long", "to": format!("h1:{}", site.one.path("long")) });
    let meta = json!({ "progressToken": "t" });
    site.client
        .request("tools/call", json!({ "name": "transfer", "arguments": arguments, "_meta": meta }))
        .result();
    let told = site.client.wait_for_notice("notifications/progress");
    let last = &told.last().unwrap()["params"];
    assert_eq!((&last["progress"], &last["total"]), (&json!(20_000_000.0), &json!(20_000_000.0)));
}
