use ssh_key::PublicKey;

use super::*;
use crate::base::Kind;
use crate::config::{AlgorithmLists, Env, SshConfig};

const ED: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAD9xsXfQKPl4bzmdR2lpWU91ulcmooEligi4u4rB0Pa";
const ED_OTHER: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB9dG4kjRhQTtWTVzd2t27+t0DEHBPW7iOD23TUiYLio";
const ECDSA: &str = "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBHkdkGTeXG7kSGSnILFehH9hvyO2lLgbUlUeB0Gkf0TNrKujvQ6pGYRQRS24ke7ZhG3InVaUj/rTkhHZcpXJY7M=";
/// `[127.0.0.1]:22977`, hashed by ssh-keygen -H.
const HASHED: &str = "|1|e568KRO5V5qAClQvx66vRDQKA3w=|T9bPTF3fmJlRBx5gU7MStCoS054=";

fn load(text: &str) -> KnownHosts {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    KnownHosts::load(&[file.path()])
}

fn key(text: &str) -> Vec<u8> {
    text.parse::<PublicKey>().unwrap().to_bytes().unwrap()
}

fn line(verdict: Verdict) -> (&'static str, usize) {
    match verdict {
        Verdict::Known => ("known", 0),
        Verdict::Unknown => ("unknown", 0),
        Verdict::Changed { line, .. } => ("changed", line),
        Verdict::Revoked { line, .. } => ("revoked", line),
    }
}

fn check(text: &str, host: &str, port: u16) -> (&'static str, usize) {
    line(load(text).check(host, port, &key(ED)))
}

#[test]
fn names_ports_patterns_and_hashes() {
    for hosts in ["h", "x,H,y", "?", "*,!z", "[h]:22,h", HASHED] {
        let (host, port) = if hosts == HASHED { ("127.0.0.1", 22977) } else { ("h", 22) };
        assert_eq!(check(&format!("{hosts} {ED}\n"), host, port).0, "known", "{hosts}");
    }
    for hosts in ["g", "*,!h", "[h]:22", "[h]:2222", HASHED] {
        assert_eq!(check(&format!("{hosts} {ED}\n"), "h", 22).0, "unknown", "{hosts}");
    }
    assert_eq!(check(&format!("[h]:2222 {ED}"), "H", 2222).0, "known");
    assert_eq!(check(&format!("[*]:22?? {ED}"), "h", 2222).0, "known");
}

#[test]
fn fields_may_be_separated_and_followed_by_anything() {
    assert_eq!(check(&format!(" \th\t\t{ED}\tcomment # more\r\n"), "h", 22).0, "known");
    assert_eq!(check(&format!("@revoked\th  {ED}"), "h", 22), ("revoked", 1));
}

/// As observed with OpenSSH 9.2.
#[test]
fn verdicts_are_those_of_openssh() {
    assert_eq!(check(&format!("h {ED_OTHER}\nh {ED}"), "h", 22).0, "known");
    assert_eq!(check(&format!("h {ECDSA}\nh {ED_OTHER}\nh {ECDSA}"), "h", 22), ("changed", 2));
    assert_eq!(check(&format!("h {ECDSA}"), "h", 22), ("changed", 1));
    assert_eq!(check(&format!("h {ED}\n@revoked * {ED}"), "h", 22), ("revoked", 2));
    assert_eq!(check(&format!("@cert-authority h {ED}"), "h", 22).0, "unknown");
    assert_eq!(check(&format!("@cert-authority h {ED}\nh {ED_OTHER}"), "h", 22), ("changed", 2));
}

#[test]
fn a_plain_name_vouches_for_other_ports_but_does_not_accuse() {
    assert_eq!(check(&format!("h {ED}"), "h", 2222).0, "known");
    assert_eq!(check(&format!("h {ED_OTHER}"), "h", 2222).0, "unknown");
    assert_eq!(check(&format!("@revoked h {ED}"), "h", 2222).0, "revoked");
    assert_eq!(check(&format!("[h]:2222 {ED_OTHER}\nh {ED}"), "h", 2222), ("changed", 1));
}

#[test]
fn broken_lines_are_warnings() {
    let known =
        load(&format!("# c\n\nh\nh ssh-ed25519 !!!\nh ssh-rsa {}\n\u{0}\n@what h {ED}\nh {ED}\n", &ED[12..]));
    assert_eq!(line(known.check("h", 22, &key(ED))).0, "known");
    let lines: Vec<usize> = known.warnings().iter().map(|warning| warning.line).collect();
    assert_eq!(lines, [3, 4, 5, 6, 7]);
}

#[test]
fn files_are_read_in_order_and_missing_ones_are_empty() {
    let dir = tempfile::tempdir().unwrap();
    let files = ["none", "a", "b"].map(|name| dir.path().join(name));
    std::fs::write(&files[1], format!("h {ED_OTHER}\n")).unwrap();
    std::fs::write(&files[2], format!("h {ED}\n")).unwrap();
    assert_eq!(line(KnownHosts::load(&files).check("h", 22, &key(ED))).0, "known");
    assert!(KnownHosts::load(&files).warnings().is_empty());
    let directory = KnownHosts::load(&[dir.path()]);
    assert!(directory.warnings()[0].to_string().ends_with(": cannot be read: is a directory"));
}

#[test]
fn the_types_to_ask_for() {
    let known = load(&format!("h {ECDSA}\nh {ED}\nh {ED_OTHER}\n@cert-authority g {ED}\n[h]:2222 {ED}"));
    assert_eq!(known.algorithms_of("h", 22), ["ecdsa-sha2-nistp256", "ssh-ed25519"]);
    assert_eq!(known.algorithms_of("h", 2222), ["ssh-ed25519"]);
    assert_eq!(known.algorithms_of("h", 1).len(), 2);
    assert!(known.algorithms_of("g", 22).is_empty());
}

const CONFIG: &str = "Host web\n HostName web.example\n Port 2222\nHost aliased\n HostKeyAlias Key\n";

/// What is said when `host` shows the key `ED` and the file `my hosts` has `lines`.
fn refusal(host: &str, lines: &str) -> String {
    let dir = tempfile::tempdir().unwrap();
    let (config, file) = (dir.path().join("config"), dir.path().join("my hosts"));
    std::fs::write(&config, CONFIG).unwrap();
    std::fs::write(&file, lines).unwrap();
    let config = SshConfig::load(Some(&config), &Env::default(), AlgorithmLists::spoken()).unwrap();
    let host = config.resolve(host).unwrap();
    let error = KnownHosts::load(&[file]).verify(&host, "ssh-ed25519", &key(ED)).unwrap_err();
    assert_eq!(error.kind(), Kind::HostKey);
    error.message().replace(dir.path().to_str().unwrap(), "DIR")
}

#[test]
fn refusals_say_what_to_do() {
    assert_eq!(
        refusal("web", ""),
        "the host key of web is not known: it showed ssh-ed25519 SHA256:fW1G3VFtQLmSwDg6M29GHaK9DrgpgQHwUoxnuyc2Dso.\n\
         If that fingerprint is right, add the key: ssh-keyscan -p 2222 -t ed25519 web.example >> 'DIR/my hosts' \
         (or connect once with: ssh web)"
    );
    let changed = refusal("web", &format!("\n[web.example]:2222 {ED_OTHER}"));
    assert!(changed.contains("has CHANGED") && changed.contains("DIR/my hosts:2."), "{changed}");
    assert!(changed.ends_with("ssh-keygen -R '[web.example]:2222' -f 'DIR/my hosts'"), "{changed}");
    assert!(refusal("web", &format!("@revoked * {ED}")).contains("is marked as revoked in DIR/my hosts:1"));
}

#[test]
fn a_key_alias_is_what_to_forget_and_nothing_to_scan_for() {
    assert!(refusal("aliased", "").ends_with("by connecting once with: ssh aliased"));
    assert!(refusal("aliased", &format!("key {ED_OTHER}")).contains("ssh-keygen -R key -f"));
}
