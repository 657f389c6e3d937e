//! Transfers that are not begun.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use serde_json::json;

use super::{Site, check_copy, set_mode, transfer, unfinished};
use crate::support::{HttpServer, Scout, Sshd};

#[test]
fn what_is_there_is_replaced_only_when_asked() {
    let mut site = Site::start();
    let here = site.here("notes", "new");
    let there = site.one.write("notes", "old");
    set_mode(&there, 0o600);
    let target = format!("h1:{there}");
    let text = site.copy(&here, &target).tool_error();
    assert_eq!(text, format!("Error: {target} exists already, and is replaced only when asked (overwrite)"));
    assert_eq!(fs::read_to_string(&there).unwrap(), "old");
    site.transfer(json!({ "from": here, "to": target, "overwrite": true })).text();
    check_copy(&here, &there);

    let text = site.copy(&target, &here).tool_error();
    assert_eq!(text, format!("Error: {here} exists already, and is replaced only when asked (overwrite)"));
    fs::write(&there, "newer").unwrap();
    site.transfer(json!({ "from": target, "to": here, "overwrite": true })).text();
    check_copy(&there, &here);

    // Not what a link leads to, nor the link.
    let link = site.one.path("link");
    symlink(&there, &link).unwrap();
    let text =
        site.transfer(json!({ "from": here, "to": format!("h1:{link}"), "overwrite": true })).tool_error();
    assert_eq!(text, format!("Error: h1:{link} is a symbolic link; name what it leads to"));
    let fifo = site.one.fifo("fifo");
    let text =
        site.transfer(json!({ "from": here, "to": format!("h1:{fifo}"), "overwrite": true })).tool_error();
    assert_eq!(text, format!("Error: h1:{fifo} is a FIFO; expected a file or a directory"));
}

#[test]
fn who_may_not_read_or_write_is_told_so() {
    let sshd = Sshd::builder().bound_by_modes().start();
    let scout = Scout::with(&sshd.endpoint);
    fs::write(scout.home().join("notes"), "x").unwrap();
    let secret = sshd.write("secret", "x");
    set_mode(&secret, 0o000);
    sshd.write("closed/file", "x");
    let closed = sshd.path("closed");
    set_mode(&closed, 0o555);
    let mut client = scout.client();
    let mut from_to =
        |from: &str, to: &str| transfer(&mut client, json!({ "from": from, "to": to })).tool_error();
    assert_eq!(from_to(&format!("h1:{secret}"), "here"), format!("Error: Permission denied: h1:{secret}"));
    let text = from_to("notes", &format!("h1:{closed}"));
    assert_eq!(text, format!("Error: Permission denied: h1:{closed}/notes"));
    assert_eq!(from_to("h1:/nope", "here"), "Error: Path not found: h1:/nope");
    assert_eq!(from_to("nope", "h1:/tmp"), "Error: Path not found: nope");
    assert_eq!(from_to("notes", "other"), "Error: Cannot transfer from local to local");
    assert_eq!(from_to("notes", "zz:/x"), "Error: Unknown host 'zz'. Available: h1, localhost");
    assert!(!scout.home().join("here").exists() && unfinished(scout.home()).is_empty());
    set_mode(&closed, 0o755);
}

#[test]
fn only_files_below_the_roots_are_touched() {
    let sshd = Sshd::start();
    let file = sshd.write("file", "x");
    let scout = Scout::with(&sshd.endpoint);
    let (root, outside) = (scout.home().join("root"), scout.home().join("outside"));
    fs::create_dir(&root).unwrap();
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("secret"), "s").unwrap();
    symlink(outside.join("secret"), root.join("link")).unwrap();
    symlink("../outside", root.join("door")).unwrap();
    let (root, outside) = (root.to_str().unwrap(), outside.to_str().unwrap());
    let scout = scout.env("SCOUT_TRANSFER_ROOTS", root);
    let mut client = scout.client();
    let mut from_to = |from: &str, to: &str| transfer(&mut client, json!({ "from": from, "to": to }));
    let (there, remote) = (sshd.path("stolen"), format!("h1:{file}"));
    let there = format!("h1:{there}");
    let forbidden = |path: &str| format!("Error: Forbidden: {path} is not below {root} (transfer_roots)");
    for path in [
        format!("{outside}/secret"),
        format!("{root}/link"),
        format!("{root}/door/secret"),
        "/etc/passwd".into(),
    ] {
        assert_eq!(from_to(&path, &there).tool_error(), forbidden(&path));
        let local = format!("localhost:{path}");
        assert_eq!(from_to(&local, &there).tool_error(), forbidden(&path));
    }
    for path in [
        format!("{outside}/new"),
        format!("{root}/door/new"),
        format!("{root}/door"),
        format!("{root}/link"),
        outside.to_owned(),
        "here".into(),
    ] {
        assert_eq!(from_to(&remote, &path).tool_error(), forbidden(&path));
    }
    let up = format!("{root}/../outside/secret");
    assert_eq!(from_to(&up, &there).tool_error(), format!("Error: Path traversal not allowed: {up}"));
    assert_eq!(fs::read_to_string(format!("{outside}/secret")).unwrap(), "s");
    from_to(&remote, root).text();
    assert!(!Path::new(&sshd.path("stolen")).exists());
    // People at their own machine are not kept from their files.
    scout.run(&["copy", &remote, &format!("{root}/../outside/new")]).success();
    assert_eq!(fs::read_to_string(format!("{outside}/new")).unwrap(), "x");
}

#[test]
fn a_host_without_sftp_is_told_of() {
    let sshd = Sshd::builder().without_sftp().start();
    let file = sshd.write("file", "x");
    let scout = Scout::with(&sshd.endpoint);
    fs::write(scout.home().join("notes"), "x").unwrap();
    let mut client = scout.client();
    for (from, to) in [(format!("h1:{file}"), "here"), ("notes".to_owned(), "h1:/tmp/there")] {
        let text = transfer(&mut client, json!({ "from": from, "to": to })).tool_error();
        let expected =
            "Error: h1 has no SFTP server, which transfers need (with dropbear: OpenSSH's sftp-server)";
        assert_eq!(text, expected);
    }
}

#[test]
fn over_http_only_those_transfer_of_whom_it_was_said() {
    const KEYS: &str = r#"
[[key]]
key = "0123456789abcdef-all"
[[key]]
key = "0123456789abcdef-transfer"
scopes = ["read", "transfer"]
[[key]]
key = "0123456789abcdef-read"
scopes = ["read"]
[[key]]
key = "0123456789abcdef-other"
scopes = ["transfer"]
hosts = ["db*"]
"#;
    let sshd = Sshd::start();
    let file = sshd.write("file", "x");
    let scout = Scout::with(&sshd.endpoint);
    let keys = scout.home().join("keys.toml");
    fs::write(&keys, KEYS).unwrap();
    fs::set_permissions(&keys, fs::Permissions::from_mode(0o600)).unwrap();
    let scout = scout.env("SCOUT_API_KEYS_FILE", keys.display());
    let ask = |server: &HttpServer, key: &str, to: &str| {
        let arguments = json!({ "from": format!("h1:{file}"), "to": to });
        let call = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": { "name": "transfer", "arguments": arguments } });
        let key = format!("0123456789abcdef-{key}");
        let headers = [("X-API-Key", key.as_str()), ("MCP-Protocol-Version", "2025-11-25")];
        let answer = server.door.post(&headers, call.to_string().as_bytes());
        format!("{} {}", answer.status, answer.body)
    };
    let server = HttpServer::start(&scout);
    let there = format!("h1:{}", sshd.path("copy"));
    assert!(ask(&server, "all", &there).contains("transfers are off on this server"));
    assert!(ask(&server, "read", &there).contains("scope 'transfer'"));
    assert!(ask(&server, "other", &there).contains("Unknown host 'h1'"));
    assert!(!Path::new(&sshd.path("copy")).exists());
    let moved = ask(&server, "transfer", &there);
    assert!(moved.contains("✓ Streamed"), "{moved}");
    // No directory of the server's machine is for those who come over the network, unless it is named.
    let local = ask(&server, "transfer", "here");
    assert!(local.contains("there is none (transfer_roots)"), "{local}");
    drop(server);

    let scout = scout.env("SCOUT_HTTP_TRANSFERS", "true").env("SCOUT_TRANSFER_ROOTS", "~");
    let server = HttpServer::start(&scout);
    let moved = ask(&server, "all", &scout.home().join("here").display().to_string());
    assert!(moved.contains("✓ Downloaded"), "{moved}");
}
