//! ZFS, logs, units, clusters, and the machine itself.

use super::{Scene, heading};
use crate::support::{Scout, Sshd};
use serde_json::json;

#[test]
fn zfs_pools() {
    let mut scene = Scene::new(&["zpool", "zfs"]);
    let overview = heading("ZFS Overview: h1")
        + "\n## Pools\n"
        + "\n● rpool (ONLINE)\n    Size:  464G\n    Used:  100G (21%)\n    Free:  364G\n    View:  h1://zfs/rpool\n"
        + "\n○ tank (DEGRADED)\n    Size:  9.06T\n    Used:  8.64T (95%)\n    Free:  430G\n    View:  h1://zfs/tank\n"
        + "\n## Quick Links\n\n  Snapshots: h1://zfs/snapshots\n  rpool datasets: h1://zfs/rpool/datasets\n"
        + "  tank datasets: h1://zfs/tank/datasets";
    assert_eq!(scene.text("h1://zfs"), overview);
    let status = scene.text("h1://zfs/tank");
    assert!(status.starts_with("# ZFS Pool: tank@h1\n\n  pool: tank\n state: DEGRADED\n"), "{status}");
    assert!(status.ends_with("errors: No known data errors"), "{status}");
    scene.programs.put("zfs.empty", "");
    assert_eq!(scene.text("h1://zfs"), "# ZFS on h1\n\nZFS is installed but no pools are configured.");
}

#[test]
fn a_missing_zfs_pool() {
    let mut scene = Scene::new(&["zpool", "zfs"]);
    assert_eq!(scene.error("h1://zfs/gone"), "Pool 'gone' not found on h1. Available pools: rpool, tank");
    assert_eq!(
        scene.error("h1://zfs/gone/datasets"),
        "Pool 'gone' not found or has no datasets on h1. Use h1://zfs to see available pools."
    );
}

#[test]
fn zfs_datasets() {
    let mut scene = Scene::new(&["zpool", "zfs"]);
    let row = |name: &str, used: &str, free: &str, refer: &str, at: &str| {
        format!("\n{name:<50} {used:>8} {free:>8} {refer:>8} {at}")
    };
    let table = heading("ZFS Datasets: tank@h1")
        + &row("NAME", "USED", "AVAIL", "REFER", "MOUNTPOINT")
        + &format!("\n{}", "-".repeat(90))
        + &row("tank", "1.50T", "430G", "96K", "/tank")
        + &row("...me-that-is-much-longer-than-its-column-allows", "96K", "1K", "0", "none");
    assert_eq!(scene.text("h1://zfs/tank/datasets"), table);
}

#[test]
fn zfs_snapshots() {
    let mut scene = Scene::new(&["zpool", "zfs"]);
    let text = scene.text("h1://zfs/snapshots");
    let begin = heading("ZFS Snapshots: h1")
        + "(showing last 50 snapshots)\n\n  tank@daily-11\n      Used: 96K        Created: Mon Jan 26  0:00 2026\n";
    assert!(text.starts_with(&begin), "{text}");
    assert_eq!(text.matches("Created:").count(), 50);
    scene.programs.put("zfs.empty", "");
    assert_eq!(scene.text("h1://zfs/snapshots"), "# ZFS Snapshots: h1\n\nNo snapshots found.");
}

#[test]
fn syslog_from_the_journal() {
    let mut scene = Scene::new(&["journalctl"]);
    let line = "2026-01-31T12:30:00+0000 h1 sshd[812]: Server listening on 0.0.0.0 port 22.";
    assert_eq!(scene.contents("h1://syslog")["text"], format!("# Syslog: h1 (journalctl)\n\n{line}"));
    assert_eq!(scene.programs.calls(), ["journalctl -q --no-pager -o short-iso -n 100"]);
    scene.contents("h1://syslog?unit=ssh.service&since=2026-01-31T12:00:00Z&priority=warn&lines=7");
    assert_eq!(
        scene.programs.calls(),
        [
            "journalctl -q --no-pager -o short-iso -n 7 --since=2026-01-31 12:00:00 UTC --priority=warning --unit=ssh.service"
        ]
    );
    assert_eq!(scene.text("h1://syslog?unit=quiet"), "# Syslog: h1 (journalctl)\n\n(no entries)");
}

#[test]
fn syslog_where_there_is_no_journal_to_read() {
    let mut scene = Scene::new(&["journalctl"]);
    scene.programs.put("journal.denied", "");
    let text = scene.text("h1://syslog");
    let none = "System logs are not available on this host.\n\n\
        Neither journalctl nor /var/log/syslog nor /var/log/messages is accessible.";
    // What the machine of the tests has.
    assert!(text == none || text.starts_with("# Syslog: h1 (/var/log/"), "{text}");
}

#[test]
fn a_kubernetes_cluster() {
    let mut scene = Scene::new(&["kubectl"]);
    let overview = scene.text("h1://k8s");
    for part in [
        "# Kubernetes on h1\n=====",
        "\n## Namespaces\n\nNAME          STATUS   AGE\ndefault       Active   9d\n",
        "\n## Nodes\n\nNAME    STATUS",
        "\n## Pods that are not well\n\nNAMESPACE   NAME   READY   STATUS",
        "\nLists: h1://k8s/NAMESPACE/KIND, such as h1://k8s/default/pods",
    ] {
        assert!(overview.contains(part), "{overview}");
    }
    assert!(scene.text("h1://k8s/default/pods").contains("\nweb-0   1/1     Running"));
    assert_eq!(scene.text("h1://k8s/other/pods"), "No pods found in namespace 'other' on h1.");
    assert!(scene.text("h1://k8s/default/pod/web-0").starts_with("Name:             web-0\n"));
    let log = "[pod/web-0/nginx] 2026-01-31T12:30:00.000000000Z GET / 200";
    assert_eq!(scene.contents("h1://k8s/default/pod/web-0/logs?since=1h&lines=3")["text"], log);
    let asked = "kubectl --request-timeout=15s logs web-0 -n default --all-containers --prefix --timestamps --tail=3 \
        --since=3600s";
    assert_eq!(scene.programs.calls().last().map(String::as_str), Some(asked));
}

#[test]
fn values_of_kubernetes_secrets_are_not_asked_for() {
    let mut scene = Scene::new(&["kubectl"]);
    assert_eq!(
        scene.text("h1://k8s/default/secrets").lines().last(),
        Some("credentials   Opaque   1      9d")
    );
    let secret = scene.text("h1://k8s/default/secret/credentials");
    assert!(secret.ends_with("Data\n====\npassword:  12 bytes"), "{secret}");
    assert!(scene.programs.calls().iter().all(|call| !call.contains("json") && !call.contains("yaml")));
}

#[test]
fn missing_kubernetes_resources_and_a_cluster_that_is_down() {
    let mut scene = Scene::new(&["kubectl"]);
    for (view, message) in [
        (
            "default/pod/gone",
            "'pod/gone' not found in namespace 'default' on h1. Use h1://k8s/default/pod to see what there is.",
        ),
        (
            "default/pod/gone/logs",
            "Pod 'gone' not found in namespace 'default' on h1. Use h1://k8s/default/pods to see what there is.",
        ),
        ("default/widgets", "error: the server doesn't have a resource type \"widgets\" (on h1)"),
    ] {
        assert_eq!(scene.error(&format!("h1://k8s/{view}")), message);
    }
    scene.programs.put("cluster.down", "");
    let said =
        "The connection to the server localhost:8080 was refused - did you specify the right host or port?";
    assert_eq!(scene.error("h1://k8s"), format!("Kubernetes error on h1: {said}"));
}

#[test]
fn systemd_units() {
    let mut scene = Scene::new(&["systemctl"]);
    let list = heading("systemd on h1: degraded")
        + "\n✗ nginx.service (failed/failed) A high performance web server\n\
           ● cron.service (active/running) Regular background program processing daemon\n\
           \nStatus of one: h1://systemd/UNIT";
    assert_eq!(scene.text("h1://systemd"), list);
    assert!(scene.text("h1://systemd/nginx").contains("Active: failed (Result: exit-code)"));
    let message = "Unit 'gone' not found on h1. Use h1://systemd to see active units.";
    assert_eq!(scene.error("h1://systemd/gone"), message);
}

#[test]
fn the_machine_itself() {
    let sshd = Sshd::start();
    let mut client = Scout::with(&sshd.endpoint).client();
    let processes = client.scout(json!({ "target": "h1://processes?sort=memory&lines=3" })).result();
    let text = processes["structuredContent"]["text"].as_str().unwrap().to_owned();
    assert!(text.starts_with("# Processes on h1\nLoad: "), "{text}");
    assert!(text.contains("3 of ") && text.contains(", by memory\n"), "{text}");
    assert_eq!(processes["structuredContent"]["rows"].as_array().map(Vec::len), Some(3));
    let network = client.read("h1://network");
    for part in
        ["# Network of h1\n=====", "## Addresses\n", "127.0.0.1", "## Listening sockets\n", "## Routes\n"]
    {
        assert!(network.contains(part), "{network}");
    }
    assert!(network.contains(&sshd.endpoint.address.port().to_string()), "{network}");
    let disks = client.scout(json!({ "target": "h1://disk" })).result();
    let text = disks["structuredContent"]["text"].as_str().unwrap().to_owned();
    for part in ["## Block devices\n", "## Mounts\n", "## File systems (KiB)\n", "## Inodes\n"] {
        assert!(text.contains(part), "{text}");
    }
    let rows = disks["structuredContent"]["rows"].as_array().unwrap();
    assert!(rows.iter().any(|row| row["mount"] == "/"), "{text}");
    // This machine is asked alike.
    assert!(client.read("localhost://disk").contains("## Inodes\n"));
}
