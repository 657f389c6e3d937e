//! Addresses of views.

use proptest::prelude::*;

use super::*;

fn refusal(address: &str) -> String {
    View::parse(address).expect(address).unwrap_err().message().to_owned()
}

#[test]
fn every_view_has_its_address() {
    for address in [
        "docker",
        "docker/",
        "docker/web/logs",
        "docker/web/logs?lines=5&since=10m",
        "docker/web/inspect",
        "docker/web/stats",
        "podman",
        "podman/web/logs",
        "podman/web/inspect",
        "podman/web/stats",
        "compose",
        "compose/shop",
        "compose/shop/logs",
        "zfs",
        "zfs/tank",
        "zfs/tank/datasets",
        "zfs/snapshots",
        "syslog",
        "syslog?unit=nginx&since=2026-01-31%2012:00&priority=warning&lines=7",
        "k8s",
        "k8s/default/pods",
        "k8s/default/pod/web-0",
        "k8s/default/pod/web-0/logs",
        "k8s/default/pods/web-0/logs?since=1h",
        "systemd",
        "systemd/getty%40tty1.service",
        "processes",
        "processes?sort=memory&lines=3",
        "network",
        "disk",
    ] {
        let view = View::parse(address).expect(address).expect(address);
        assert_eq!(view.to_string(), address);
        let script = view.question.ask().script().command();
        // csh cannot quote a line break.
        assert!(!script.contains(&b'\n') && script.len() < 4_096, "{address}");
    }
}

#[test]
fn other_addresses_are_those_of_paths() {
    for address in [
        "",
        "etc/hosts",
        "docker/web",
        "docker/web/logs/x",
        "docker/list/all/of",
        "Docker",
        "compose/a/b/c",
        "zfs/a/b",
        "syslog/x",
        "k8s/a",
        "k8s/a/b/c/d",
        "/docker",
        "docker//",
        "network/eth0",
        "%ff/x",
    ] {
        assert!(View::parse(address).is_none(), "{address}");
    }
}

#[test]
fn malformed_names_and_unknown_parameters_are_refused_before_anything_runs() {
    for (address, message) in [
        ("docker/-v/logs", "Not the name of a container: '-v'"),
        ("docker/a%20b/inspect", "Not the name of a container: 'a b'"),
        ("docker/web%2Flogs/logs", "Not the name of a container: 'web/logs'"),
        ("compose/a.b", "Not the name of a project: 'a.b'"),
        ("zfs/-tank", "Not the name of a pool: '-tank'"),
        ("k8s/Default/pods", "Not the name of a namespace: 'Default'"),
        ("k8s/default/pods,secrets", "Not the name of a kind: 'pods,secrets'"),
        ("k8s/default/pod/$(id)", "Not the name of a resource: '$(id)'"),
        ("systemd/*", "Not the name of a unit: '*'"),
        ("docker?all=1", "Unknown parameter 'all'. Known here: none"),
        ("docker/web/logs?follow=1", "Unknown parameter 'follow'. Known here: lines, since"),
    ] {
        assert_eq!(refusal(address), message);
    }
}

#[test]
fn a_host_whose_name_is_no_scheme_has_addresses_too() {
    assert_eq!(address("web1", "docker"), "web1://docker");
    assert_eq!(address("web_1", "docker/a/logs"), "scout://web_1/:docker/a/logs");
    assert_eq!(address("::1", "zfs"), "scout://%3A%3A1/:zfs");
}

proptest! {
    #[test]
    fn never_panics(address in "(docker|compose|zfs|k8s|syslog|systemd)?[a-z/?&=%0-9\u{e9}]{0,30}") {
        if let Some(Ok(view)) = View::parse(&address) {
            prop_assert!(view.question.ask().script().command().starts_with(b"set --"));
        }
    }
}
