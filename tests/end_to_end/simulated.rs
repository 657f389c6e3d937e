//! The simulated fleet, called by real clients: OpenSSH's, and ours.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use scout_mcp::io::site::Site;
use scout_mcp::simulated::Plan;
use scout_mcp::simulated::host::{LARGE_BYTES, SMALL_BYTES};
use serde_json::json;
use tempfile::TempDir;

use crate::support::{Scout, eventually, program, resident_kib};

fn site(change: impl FnOnce(&mut Plan)) -> Site {
    let mut plan = Plan { hosts: 3, ..Plan::default() };
    change(&mut plan);
    Site::start(plan, None).expect("a fleet")
}

/// Runs OpenSSH's client; what it printed.
fn openssh(config: &Path, arguments: &[&str]) -> Result<String, String> {
    let output =
        program("ssh", "openssh-client").arg("-F").arg(config).args(arguments).output().expect("ssh runs");
    match output.status.success() {
        true => Ok(String::from_utf8(output.stdout).expect("text")),
        false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
    }
}

/// Ours, that knows the fleet.
fn scout(site: &Site) -> Scout {
    Scout::new().config(&fs::read_to_string(site.ssh_config()).expect("a configuration"))
}

#[test]
fn openssh_runs_commands_on_every_host() {
    let site = site(|plan| (plan.own_keys, plan.only_key) = (true, true));
    for n in 1..=3 {
        assert_eq!(
            openssh(&site.ssh_config(), &[&site.name(n), "hostname"]),
            Ok(format!("{}\n", site.name(n)))
        );
    }
    assert!(openssh(&site.ssh_config(), &["host0001", "uptime"]).unwrap().contains("load average"));
    let listing = openssh(&site.ssh_config(), &["host0002", "ls -la /etc"]).unwrap();
    assert!(listing.contains("os-release"), "{listing}");
    let failed = openssh(&site.ssh_config(), &["host0002", "cat /none"]).unwrap_err();
    assert!(failed.contains("No such file"), "{failed}");
    // Some MB, and keys renewed on the way by the client.
    let large = openssh(&site.ssh_config(), &["-oRekeyLimit=128K", "host0001", "cat /srv/large"]).unwrap();
    assert_eq!(large.len(), LARGE_BYTES);
    let counts = site.stop();
    assert_eq!((counts.logins, counts.operations, counts.faults), (7, 7, 0), "{counts:?}");
}

#[test]
fn openssh_speaks_with_every_algorithm_that_is_offered() {
    let site = site(|_| ());
    for cipher in ["aes128-gcm@openssh.com", "aes256-ctr", "chacha20-poly1305@openssh.com"] {
        let cipher = format!("-oCiphers={cipher}");
        assert_eq!(openssh(&site.ssh_config(), &[&cipher, "host0001", "echo yes"]), Ok("yes\n".into()));
    }
    for kex in ["curve25519-sha256", "curve25519-sha256@libssh.org", "ecdh-sha2-nistp256"] {
        let kex = format!("-oKexAlgorithms={kex}");
        assert_eq!(openssh(&site.ssh_config(), &[&kex, "host0001", "echo yes"]), Ok("yes\n".into()));
    }
}

#[test]
fn sftp_of_openssh_lists_and_gets() {
    let site = site(|_| ());
    let folder = TempDir::new().unwrap();
    let batch = folder.path().join("batch");
    fs::write(&batch, "ls -l /srv\ncd /srv\nget large\nget small\n").unwrap();
    let mut sftp = program("sftp", "openssh-client");
    sftp.current_dir(&folder).arg("-F").arg(site.ssh_config()).arg("-b").arg(&batch).arg("host0003");
    let output = sftp.output().expect("ssh runs");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("large"), "{output:?}");
    assert_eq!(fs::read(folder.path().join("large")).unwrap().len(), LARGE_BYTES);
    let small = fs::read_to_string(folder.path().join("small")).unwrap();
    assert!(small.starts_with("host0003\n") && small.len() == SMALL_BYTES, "{small}");
    assert_eq!(site.stop().faults, 0);
}

#[test]
fn our_own_client_reads_lists_and_runs() {
    let site = site(|plan| plan.down = 1);
    let scout = scout(&site);
    assert_eq!(scout.run(&["read", "host0002:/etc/hostname"]).text(), "host0002\n");
    assert_eq!(scout.run(&["run", "host0001:/srv", "ls"]).text(), "large\nlist\nsmall\n");
    assert!(scout.run(&["ls", "host0001:/srv"]).text().contains("large"));
    let mut client = scout.client();
    // Cold and warm, by whatever way each takes.
    for _ in 0..3 {
        assert!(client.read("host0001:/srv/small").starts_with("host0001\n"));
        assert!(client.read("host0002:/srv/list").contains("entry00099"));
        assert!(client.read("host0001:~").contains(".profile"));
    }
    let (refused, code) = {
        let outcome = scout.run(&["read", "host0003:/etc/hostname"]);
        (outcome.stderr, outcome.code)
    };
    assert!(refused.contains("efused") && code == Some(1), "{refused}");
    drop(client);
    assert_eq!(site.stop().faults, 0);
}

#[test]
fn memory_that_large_directories_took_is_given_back_at_rest() {
    const ENTRIES: usize = 20_000;
    let site = site(|plan| plan.entries = ENTRIES);
    let mut client = scout(&site).client();
    assert_eq!(client.read("host0001:/etc/hostname"), "host0001\n");
    let before = resident_kib(client.pid());
    // At once, so that there is much in between of what they leave behind.
    let ask = |n| client.post_scout(json!({ "target": format!("host000{n}:/srv/list") }));
    let ids: Vec<_> = [1, 2, 3].map(ask).into();
    for id in ids {
        assert!(client.wait(id).text().contains(&format!("entry{:05}", ENTRIES - 1)));
    }
    // At rest for less than a second: all of it is still here.
    assert!(resident_kib(client.pid()) > before + 3 * 1024);
    eventually("it is given back", || resident_kib(client.pid()) < before + 3 * 1024);
    assert!(client.close().success());
}

#[test]
fn what_is_played_without_crypto_is_for_nobody_else() {
    let site = site(|plan| plan.null_crypto = true);
    let refused = openssh(&site.ssh_config(), &["host0001", "uptime"]).unwrap_err();
    assert!(refused.contains("no matching cipher"), "{refused}");
    // Whatever one configures.
    let scout = scout(&site);
    for line in ["", "Ciphers none\n", "Ciphers +none\n", "Ciphers aes128-gcm@openssh.com,none\n"] {
        let config = fs::read_to_string(site.ssh_config()).expect("a configuration");
        let scout = Scout::new().config(&format!("{line}{config}"));
        let outcome = scout.run(&["read", "host0001:/etc/hostname"]);
        assert_ne!(outcome.code, Some(0), "{line}: {outcome:?}");
        assert!(outcome.stdout.is_empty(), "{line}: {outcome:?}");
    }
    let outcome = scout.run(&["read", "host0001:/etc/hostname"]);
    assert!(outcome.stderr.contains("cipher"), "{outcome:?}");
    assert_eq!(site.stop().logins, 0);
}

#[test]
fn the_command_plays_until_its_input_ends() {
    let folder = TempDir::new().unwrap();
    let mut played = Command::new(env!("CARGO_BIN_EXE_scout-mcp"))
        .args(["bench", "fleet", "--hosts", "2", "--until-eof", "--folder"])
        .arg(folder.path())
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let config = folder.path().join("ssh_config");
    eventually("the fleet is there", || config.exists());
    eventually("a host answers", || openssh(&config, &["host0002", "hostname"]).is_ok());
    drop(played.stdin.take());
    let output = played.wait_with_output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{told}");
    assert!(told.contains("2 hosts") && told.contains("operations 1") && told.contains("logins 1"), "{told}");
}
