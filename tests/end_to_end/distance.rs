//! Hosts far away are looked at in other ways than near ones, and say the same.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::time::Duration;

use serde_json::json;

use crate::support::{Distance, McpPipe, Scout, Sshd};

/// Long enough that looking by a command as well pays.
const FAR: Duration = Duration::from_millis(15);

/// What a look says, good or bad.
fn said(client: &mut McpPipe, target: &str) -> String {
    let reply = client.scout(json!({ "target": target }));
    serde_json::to_string(&reply.result()["content"]).expect("JSON")
}

#[test]
fn near_and_far_say_the_same() {
    let sshd = Sshd::builder().bound_by_modes().start();
    let mut paths: Vec<String> =
        [0, 1, 1000, 200_000, 262_143, 262_144, 262_145, 300_000, 1_048_576, 1_048_577, 1_200_000]
            .iter()
            .map(|bytes| {
                sshd.write(&format!("bytes-{bytes}"), "é".repeat(bytes / 2) + &"x".repeat(bytes % 2))
            })
            .collect();
    let secret = sshd.write("secret", "x");
    std::fs::set_permissions(&secret, PermissionsExt::from_mode(0o000)).expect("chmod");
    sshd.write("directory/inside", "x");
    symlink("inside", sshd.path("directory/link")).expect("a link");
    symlink("nowhere", sshd.path("dangling")).expect("a link");
    let odd = sshd.write("it's $odd; `name`\\", "odd");
    let others = ["directory", "directory/link", "dangling", "missing", "missing/below", "bytes-1/below"];
    paths.extend(others.map(|name| sshd.path(name)));
    paths.extend([
        secret,
        odd,
        sshd.fifo("fifo"),
        "/dev/null".into(),
        "~/bytes-1000".into(),
        "bytes-1".into(),
    ]);
    paths.extend(["~".into(), ".".into(), "/etc/passwd".into()]);

    let far = Distance::from(&sshd, FAR);
    let scout = Scout::new().host("near", &sshd.endpoint).host("far", &far.endpoint);
    let (mut near, mut far) = (scout.client(), scout.client());
    for path in paths {
        let expected = said(&mut near, &format!("near:{path}"));
        // First of an unknown path, then of a known one.
        for time in ["first", "second"] {
            assert_eq!(said(&mut far, &format!("far:{path}")), expected, "{path}, the {time} time");
        }
    }
    far.close();
    near.close();
}

#[test]
fn an_account_without_a_shell_is_read_by_sftp_from_afar() {
    let sshd = Sshd::builder().config("ForceCommand internal-sftp").start();
    let files: Vec<String> =
        (0..3).map(|n| sshd.write(&format!("file-{n}"), format!("content {n}"))).collect();
    let far = Distance::from(&sshd, FAR);
    let mut client = Scout::with(&far.endpoint).client();
    for (n, file) in files.iter().enumerate() {
        assert_eq!(client.read(&format!("h1:{file}")), format!("content {n}"));
    }
}

#[test]
fn many_requests_at_once_from_afar() {
    let sshd = Sshd::start();
    let files: Vec<String> =
        (0..50).map(|n| sshd.write(&format!("file-{n}"), format!("content {n}"))).collect();
    let far = Distance::from(&sshd, FAR);
    let mut client = Scout::with(&far.endpoint).client();
    for _ in 0..3 {
        let ids: Vec<u64> =
            files.iter().map(|file| client.post_scout(json!({ "target": format!("h1:{file}") }))).collect();
        for (n, id) in ids.into_iter().enumerate() {
            assert_eq!(client.wait(id).text(), format!("content {n}"));
        }
    }
    assert!(client.close().success());
    assert_eq!(sshd.connections(), 1);
}
