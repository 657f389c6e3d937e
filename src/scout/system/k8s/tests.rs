//! Recorded answers of kubectl 1.32.

use proptest::prelude::*;

use super::*;
use crate::base::Kind;

const PODS: &str = "\
NAME                   READY   STATUS    RESTARTS      AGE    IP           NODE    NOMINATED NODE   READINESS GATES
web-5d8f7c9b4d-x2x4z   1/1     Running   0             2d3h   10.42.0.17   node1   <none>           <none>
db-0                   0/1     Pending   3 (10m ago)   5m     <none>       node1   <none>           <none>
";

const SECRET: &str = "\
Name:         credentials
Namespace:    default
Labels:       <none>
Annotations:  <none>

Type:  Opaque

Data
====
password:  12 bytes
";

fn read(view: &Kubernetes, stdout: &str, stderr: &str, code: u32) -> Result<Shown> {
    view.read("kube1", &Answer::recorded(stdout, stderr, code))
}

fn pods() -> Kubernetes {
    Kubernetes::list("default", "pods").unwrap()
}

fn logs() -> Kubernetes {
    Kubernetes::logs("default", "web-0", &mut Query::default()).unwrap()
}

#[test]
fn a_list_is_a_table() {
    let shown = read(&pods(), &format!("ok\n{PODS}"), "", 0).unwrap();
    assert_eq!(shown.text, PODS.trim_end());
    let rows = shown.rows.unwrap();
    assert_eq!(rows.column("restarts"), ["0", "3 (10m ago)"]);
    assert_eq!(rows.column("nominated_node"), ["<none>", "<none>"]);
    let none = read(&pods(), "ok\n", "No resources found in default namespace.\n", 0).unwrap();
    assert_eq!(none.text, "No pods found in namespace 'default' on kube1.");
}

#[test]
fn of_a_secret_only_the_lengths_are_shown() {
    let view = Kubernetes::object("default", "secret", "credentials").unwrap();
    assert_eq!(read(&view, &format!("ok\n{SECRET}"), "", 0).unwrap().text, SECRET.trim_end());
    let script = String::from_utf8(view.script().command()).unwrap();
    assert!(script.contains("describe") && !script.contains("json") && !script.contains("yaml"), "{script}");
}

#[test]
fn the_overview_has_its_parts() {
    let stdout = "ok\n\u{1}scout Namespaces\nNAME      STATUS   AGE\ndefault   Active   9d\n\
        \u{1}scout Nodes\n\u{1}scout Pods that are not well\n";
    let shown = read(&Kubernetes::Overview, stdout, "", 0).unwrap();
    assert!(
        shown.text.contains("\n## Namespaces\n\nNAME      STATUS   AGE\ndefault   Active   9d\n"),
        "{}",
        shown.text
    );
    assert!(shown.text.contains("\n## Nodes\n\n(nothing)\n"), "{}", shown.text);
    let links = "\nLists: kube1://k8s/NAMESPACE/KIND, such as kube1://k8s/default/pods";
    assert!(shown.text.ends_with(links), "{}", shown.text);
    assert_eq!(shown.rows.unwrap().column("name"), ["default"]);
}

#[test]
fn what_is_missing_is_told_with_the_list() {
    let said = "Error from server (NotFound): pods \"web-0\" not found";
    let pod = Kubernetes::object("default", "pod", "web-0").unwrap();
    let error = read(&pod, "ok\n", said, 1).unwrap_err();
    assert_eq!(error.kind(), Kind::NotFound);
    assert_eq!(
        error.message(),
        "'pod/web-0' not found in namespace 'default' on kube1. Use kube1://k8s/default/pod to see what there is."
    );
    let error = read(&logs(), &format!("ok\n{said}\n"), "", 1).unwrap_err();
    assert_eq!(
        error.message(),
        "Pod 'web-0' not found in namespace 'default' on kube1. Use kube1://k8s/default/pods to see what there is."
    );
    let kind =
        read(&pods(), "ok\n", "error: the server doesn't have a resource type \"pods\"\n", 1).unwrap_err();
    assert_eq!(kind.message(), "error: the server doesn't have a resource type \"pods\" (on kube1)");
}

#[test]
fn without_kubectl_it_says_so() {
    let text = read(&Kubernetes::Overview, "absent\n", "", 0).unwrap().text;
    assert_eq!(text, "# Kubernetes on kube1\n\nkubectl is not available on this host.");
    let error = read(&logs(), "absent\n", "", 0).unwrap_err();
    assert_eq!((error.kind(), error.message()), (Kind::NotFound, "kubectl is not available on kube1"));
}

#[test]
fn a_cluster_that_is_down_or_refuses_is_told() {
    let down =
        "The connection to the server localhost:8080 was refused - did you specify the right host or port?";
    for view in [Kubernetes::Overview, pods()] {
        let error = read(&view, "ok\n", down, 1).unwrap_err();
        assert_eq!(
            (error.kind(), error.message()),
            (Kind::Remote, &*format!("Kubernetes error on kube1: {down}"))
        );
    }
    let refused =
        "Error from server (Forbidden): pods is forbidden: User \"scout\" cannot list resource \"pods\"";
    assert_eq!(read(&pods(), "ok\n", refused, 1).unwrap_err().kind(), Kind::PermissionDenied);
}

#[test]
fn logs_come_as_they_are() {
    let line = "[pod/web-0/nginx] 2026-01-31T12:30:00.000000000Z GET / 200";
    assert_eq!(read(&logs(), &format!("ok\n{line}\n"), "", 0).unwrap().text, line);
    assert_eq!(read(&logs(), "ok\n", "", 0).unwrap().text, "(no logs available)");
    let script =
        Kubernetes::logs("a", "b", &mut Query::parse("since=10m&lines=3").unwrap()).unwrap().script();
    assert!(script.command().starts_with(b"set -- a b 3 --since=600s ;"));
}

proptest! {
    #[test]
    fn never_panics(stdout in "[A-Z a-z0-9\u{1}\n]{0,80}", code in 0_u32..2) {
        for view in [Kubernetes::Overview, pods(), logs(), Kubernetes::object("a", "b", "c").unwrap()] {
            let _ = read(&view, &stdout, &stdout, code);
        }
    }
}
