use ssh_key::PublicKey;

use super::*;
use crate::base::Kind;
use crate::config::{AlgorithmLists, Env, SshConfig};
use crate::ssh::{HostCertificate, HostKey, SignatureAlgorithm};

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
fn a_comment_may_be_in_any_encoding() {
    let file = tempfile::NamedTempFile::new().unwrap();
    for (marker, expected) in [("", "known"), ("@revoked ", "revoked")] {
        let bytes = [marker.as_bytes(), b"h ", ED.as_bytes(), b" J\xfcrgen"].concat();
        std::fs::write(file.path(), bytes).unwrap();
        let known = KnownHosts::load(&[file.path()]);
        assert_eq!(line(known.check("h", 22, &key(ED))).0, expected);
        assert!(known.warnings().is_empty());
    }
    std::fs::write(file.path(), [b"h\xfc ", ED.as_bytes()].concat()).unwrap();
    assert_eq!(KnownHosts::load(&[file.path()]).warnings()[0].line, 1);
}

#[test]
fn a_revocation_that_cannot_be_read_makes_everything_unusable() {
    for broken in
        ["@revoked", "@revoked h", "@revoked h ssh-ed25519 !!!", " \t@revoked,h x y", "@revoked\th\tx y"]
    {
        let known = load(&format!("h {ED}\n{broken}\n"));
        let unusable = known.unusable().map(|diagnostic| diagnostic.line);
        assert_eq!(unusable, Some(2), "{broken}");
    }
    assert!(load(&format!("@revoked h {ED}\n# @revoked\n@what h x y\n")).unusable().is_none());
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

const CONFIG: &str = "Host web\n HostName web.example\n Port 2222\nHost aliased\n HostKeyAlias Key\n\
    Host new\n HostName web.example\n StrictHostKeyChecking accept-new\nHost no\n StrictHostKeyChecking no\n\
    Host hashed\n HashKnownHosts yes\nHost forgetful\n StrictHostKeyChecking no\n UserKnownHostsFile none\n\
    Host command\n StrictHostKeyChecking no\n KnownHostsCommand /bin/true\n\
    Host strict_ca\n HostName web.example\n CASignatureAlgorithms rsa-sha2-512\n\
    Host 127.0.0.1 localhost\n NoHostAuthenticationForLocalhost yes\n";

fn with(mut host: HostConfig, change: impl FnOnce(&mut HostConfig)) -> HostConfig {
    change(&mut host);
    host
}

/// A host of `CONFIG`, whose known_hosts file is `my hosts` in a directory.
struct Place {
    dir: tempfile::TempDir,
}

impl Place {
    fn new(lines: &str) -> Self {
        let place = Self { dir: tempfile::tempdir().unwrap() };
        std::fs::write(place.file(), lines).unwrap();
        place
    }

    fn file(&self) -> PathBuf {
        self.dir.path().join("my hosts")
    }

    fn host(&self, alias: &str) -> HostConfig {
        let path = self.dir.path().join("config");
        let file = format!("\nHost *\n UserKnownHostsFile '{}'\n", self.file().display());
        std::fs::write(&path, CONFIG.to_owned() + &file).unwrap();
        let config = SshConfig::load(Some(&path), &Env::default(), AlgorithmLists::spoken()).unwrap();
        with(config.resolve(alias).unwrap(), |host| host.global_known_hosts_files.clear())
    }

    fn revoking(&self, alias: &str, list: &str) -> HostConfig {
        let path = self.dir.path().join("revoked");
        std::fs::write(&path, list).unwrap();
        with(self.host(alias), |host| host.revoked_host_keys = Some(path))
    }

    fn verify(&self, host: &HostConfig, key: &HostKey) -> Result<Trust, String> {
        let known = KnownHosts::load_for(host);
        known.verify(host, key, NOW).map_err(|error| {
            assert_eq!(error.kind(), Kind::HostKey);
            error.message().replace(self.dir.path().to_str().unwrap(), "DIR")
        })
    }
}

const NOW: u64 = 1_000_000;

fn shown(certificate: Option<HostCertificate>) -> HostKey {
    HostKey::unproven(&key(ED), SignatureAlgorithm::Ed25519, certificate.map(Ok))
}

/// A certificate by `ED_OTHER` for `web.example`, valid for a second on either side of `NOW`.
fn certificate() -> HostCertificate {
    HostCertificate {
        authority: key(ED_OTHER),
        authority_algorithm: SignatureAlgorithm::Ed25519,
        key_id: "web's key".to_owned(),
        serial: 7,
        principals: vec!["web.example".to_owned()],
        valid_after: NOW - 1,
        valid_before: NOW + 1,
    }
}

fn verify(alias: &str, lines: &str) -> Result<Trust, String> {
    let place = Place::new(lines);
    place.verify(&place.host(alias), &shown(None))
}

fn verify_certified(alias: &str, lines: &str, certificate: HostCertificate) -> Result<Trust, String> {
    let place = Place::new(lines);
    place.verify(&place.host(alias), &shown(Some(certificate)))
}

#[test]
fn refusals_say_what_to_do() {
    assert_eq!(
        verify("web", "").unwrap_err(),
        "the host key of web is not known: it showed ssh-ed25519 SHA256:fW1G3VFtQLmSwDg6M29GHaK9DrgpgQHwUoxnuyc2Dso.\n\
         If that fingerprint is right, add the key: ssh-keyscan -p 2222 -t ed25519 web.example >> 'DIR/my hosts' \
         (or connect once with: ssh web)"
    );
    let changed = verify("web", &format!("\n[web.example]:2222 {ED_OTHER}")).unwrap_err();
    assert!(changed.contains("has CHANGED") && changed.contains("DIR/my hosts:2."), "{changed}");
    assert!(changed.ends_with("ssh-keygen -R '[web.example]:2222' -f 'DIR/my hosts'"), "{changed}");
    let revoked = verify("web", &format!("@revoked * {ED}")).unwrap_err();
    assert!(revoked.contains("is marked as revoked in DIR/my hosts:1"), "{revoked}");
}

#[test]
fn a_key_alias_is_what_to_forget_and_nothing_to_scan_for() {
    assert!(verify("aliased", "").unwrap_err().ends_with("by connecting once with: ssh aliased"));
    let changed = verify("aliased", &format!("key {ED_OTHER}")).unwrap_err();
    assert!(changed.contains("ssh-keygen -R key -f"), "{changed}");
}

#[test]
fn new_keys_are_taken_where_they_are_wanted_and_changed_ones_never() {
    assert_eq!(verify("new", ""), Ok(Trust::New));
    assert_eq!(verify("no", ""), Ok(Trust::New));
    assert_eq!(verify("no", &format!("no {ED}")), Ok(Trust::Known));
    for alias in ["new", "no"] {
        let lines = format!("{},{alias} {ED_OTHER}", if alias == "new" { "web.example" } else { "x" });
        assert!(verify(alias, &lines).unwrap_err().contains("has CHANGED"), "{alias}");
        assert!(verify(alias, &format!("@revoked * {ED}")).unwrap_err().contains("revoked"), "{alias}");
    }
    // Nothing could be remembered, or a command might contradict.
    assert!(verify("forgetful", "").unwrap_err().contains("is not known"));
    assert!(verify("command", "").unwrap_err().contains("is not known"));
}

#[test]
fn this_machine_may_have_any_key_that_is_not_revoked() {
    for alias in ["localhost", "127.0.0.1"] {
        assert_eq!(verify(alias, &format!("{alias} {ED_OTHER}")), Ok(Trust::Exempt), "{alias}");
        assert_eq!(verify(alias, &format!("{alias} {ED}")), Ok(Trust::Known), "{alias}");
        let place = Place::new("");
        assert!(place.verify(&place.revoking(alias, ED), &shown(None)).is_err(), "{alias}");
    }
}

#[test]
fn an_authority_vouches_for_the_names_it_is_known_for() {
    for lines in ["@cert-authority [web.example]:2222", "@cert-authority *.example,!other.example"] {
        let lines = format!("{lines} {ED_OTHER}");
        assert_eq!(verify_certified("web", &lines, certificate()), Ok(Trust::Authority), "{lines}");
    }
    let any = HostCertificate { principals: vec!["x".into(), "*.example".into()], ..certificate() };
    assert_eq!(verify_certified("web", &format!("@cert-authority * {ED_OTHER}"), any), Ok(Trust::Authority));
    let for_alias = HostCertificate { principals: vec!["key".into()], ..certificate() };
    assert_eq!(
        verify_certified("aliased", &format!("@cert-authority key {ED_OTHER}"), for_alias),
        Ok(Trust::Authority)
    );
    for lines in [
        format!("@cert-authority other {ED_OTHER}"),
        format!("@cert-authority * {ED}"),
        format!("x {ED_OTHER}"),
    ] {
        let refusal = verify_certified("web", &lines, certificate()).unwrap_err();
        assert!(refusal.contains("is not known"), "{lines}: {refusal}");
    }
    // A host's own key is no authority, and the other way round.
    let refusal = verify_certified("web", &format!("web.example {ED_OTHER}"), certificate());
    assert_eq!(refusal.map_err(|text| text.contains("is not known")), Err(true));
}

#[test]
fn a_certificate_that_says_nothing_to_us_leaves_the_key_in_it() {
    let fault = crate::ssh::Error::CertificateAuthority { algorithm: "ssh-rsa".to_owned() };
    let key = HostKey::unproven(&key(ED), SignatureAlgorithm::Ed25519, Some(Err(fault)));
    let verify = |alias: &str, lines: &str| {
        let place = Place::new(lines);
        place.verify(&place.host(alias), &key)
    };
    assert_eq!(verify("web", &format!("[web.example]:2222 {ED}")), Ok(Trust::Known));
    assert!(verify("web", &format!("[web.example]:2222 {ED_OTHER}")).unwrap_err().contains("has CHANGED"));
    for alias in ["web", "new", "no"] {
        let refusal = verify(alias, "").unwrap_err();
        assert!(refusal.contains("signed with \"ssh-rsa\", which is not supported"), "{refusal}");
    }
}

#[test]
fn a_certificate_that_is_not_valid_is_refused_by_name() {
    let lines = format!("@cert-authority * {ED_OTHER}");
    for (invalid, expected) in [
        (HostCertificate { valid_after: NOW + 5, ..certificate() }, "is not yet valid: it will be in 5 s"),
        (HostCertificate { valid_before: NOW, ..certificate() }, "expired 0 s ago"),
        (HostCertificate { principals: vec![], ..certificate() }, "names no host that it is for"),
        (
            HostCertificate { principals: vec!["a".into(), "web".into()], ..certificate() },
            "is for other hosts: a, web",
        ),
    ] {
        for alias in ["web", "new"] {
            let refusal = verify_certified(alias, &lines, invalid.clone()).unwrap_err();
            let expected = format!(
                "the certificate of {alias} ('web's key', serial 7) {expected}. Its authority is the one in DIR/my hosts:1,"
            );
            assert!(refusal.starts_with(&expected), "{refusal}");
        }
        let known = format!("{lines}\nweb.example {ED}");
        assert_eq!(verify_certified("web", &known, invalid), Ok(Trust::Known), "as the plain key");
    }
    let refusal = verify_certified("strict_ca", &lines, certificate()).unwrap_err();
    assert!(
        refusal.contains("is signed by ssh-ed25519, which CASignatureAlgorithms does not allow"),
        "{refusal}"
    );
}

#[test]
fn revoked_authorities_and_certified_keys_are_refused() {
    let authority = format!("@cert-authority * {ED_OTHER}\n");
    let refusal =
        verify_certified("web", &format!("{authority}@revoked * {ED_OTHER}"), certificate()).unwrap_err();
    assert!(refusal.contains("of an authority that is marked as revoked in DIR/my hosts:2"), "{refusal}");
    let refusal = verify_certified("web", &format!("{authority}@revoked * {ED}"), certificate()).unwrap_err();
    assert!(refusal.contains("is marked as revoked in DIR/my hosts:2"), "{refusal}");
}

#[test]
fn a_list_of_revoked_keys_goes_over_everything() {
    let place = Place::new(&format!("web.example {ED}\n@cert-authority * {ED_OTHER}"));
    let list = format!("# stolen\n\n{ED} a comment\n");
    let refusal = place.verify(&place.revoking("web", &list), &shown(None)).unwrap_err();
    assert!(refusal.contains("is marked as revoked in DIR/revoked:3"), "{refusal}");
    let refusal = place.verify(&place.revoking("web", ED_OTHER), &shown(Some(certificate()))).unwrap_err();
    assert!(refusal.contains("is marked as revoked in DIR/revoked:1"), "{refusal}");
    assert_eq!(place.verify(&place.revoking("web", ECDSA), &shown(None)), Ok(Trust::Known));
}

#[test]
fn a_list_of_revoked_keys_that_cannot_be_read_makes_everything_unusable() {
    let place = Place::new("");
    for (list, expected) in [
        ("SSHKRL\n\0\0\0", "(KRL) is not supported"),
        ("ssh-ed25519 !!!", "not a public key"),
        (&ED["ssh-".len()..], "not a public key"),
    ] {
        let host = place.revoking("web", list);
        let known = KnownHosts::load_for(&host);
        let unusable = known.unusable().unwrap().to_string();
        assert!(unusable.contains(expected), "{unusable}");
    }
    let missing = with(place.host("web"), |host| host.revoked_host_keys = Some("/nowhere".into()));
    assert!(KnownHosts::load_for(&missing).unusable().is_some());
}

#[test]
fn who_may_vouch_is_known() {
    let knows = |lines: &str| {
        let place = Place::new(lines);
        KnownHosts::load(&[place.file()]).knows_authority(&place.host("web"))
    };
    assert!(knows(&format!("@cert-authority web.example {ED}")));
    assert!(!knows(&format!("web.example {ED}\n@cert-authority other {ED}")));
}

#[test]
fn a_new_key_is_appended_as_a_line_of_its_own() {
    let place = Place::new("# no line end");
    let web = place.host("web");
    append(&web, &shown(None)).unwrap();
    append(&place.host("aliased"), &shown(None)).unwrap();
    let text = std::fs::read_to_string(place.file()).unwrap();
    assert_eq!(text, format!("# no line end\n[web.example]:2222 {ED}\nkey {ED}\n"));
    assert_eq!(place.verify(&web, &shown(None)), Ok(Trust::Known));
}

#[test]
fn names_are_hashed_where_that_is_wanted() {
    let place = Place::new("");
    let host = place.host("hashed");
    let appended = || {
        std::fs::write(place.file(), "").unwrap();
        assert_eq!(append(&host, &shown(None)), Ok(Remembered::Added));
        std::fs::read_to_string(place.file()).unwrap()
    };
    let lines = [appended(), appended()];
    assert!(lines.iter().all(|line| line.starts_with("|1|") && line.trim_end().ends_with(ED)), "{lines:?}");
    assert_ne!(lines[0], lines[1], "each has its own salt");
    assert_eq!(place.verify(&host, &shown(None)), Ok(Trust::Known));
    assert_eq!(append(&host, &shown(None)), Ok(Remembered::Already));
}

#[test]
fn a_missing_file_and_its_directory_are_made_for_us_alone() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new("");
    let folder = place.dir.path().join(".ssh");
    let host = with(place.host("web"), |host| host.user_known_hosts_files = vec![folder.join("known")]);
    append(&host, &shown(None)).unwrap();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&folder), mode(&folder.join("known"))), (0o700, 0o600));
}

#[test]
fn what_cannot_be_remembered_is_said() {
    let place = Place::new("");
    let to = |path: &str| with(place.host("web"), |host| host.user_known_hosts_files = vec![path.into()]);
    assert_eq!(append(&to("/dev/null"), &shown(None)), Ok(Remembered::Added));
    for (host, expected) in [
        (to("/nowhere/known"), "/nowhere/known: No such file or directory"),
        (to("/"), "/: Is a directory"),
        (
            with(place.host("web"), |host| host.user_known_hosts_files.clear()),
            "there is no UserKnownHostsFile",
        ),
        (with(place.host("web"), |host| host.hostname = "a,b".into()), "its name 'a,b' has characters"),
    ] {
        let outcome = append(&host, &shown(None)).unwrap();
        assert!(matches!(&outcome, Remembered::Not(reason) if reason.contains(expected)), "{outcome:?}");
    }
}

#[test]
fn those_who_meet_a_host_at_the_same_time_agree_on_one_key() {
    let place = Place::new("# mine");
    let host = place.host("web");
    let other = HostKey::unproven(&key(ED_OTHER), SignatureAlgorithm::Ed25519, None);
    let keys = [shown(None), other];
    let outcomes: Vec<_> = std::thread::scope(|scope| {
        let meet = |n: usize| {
            scope.spawn({
                let (host, key) = (&host, &keys[n % 2]);
                move || append(host, key)
            })
        };
        let meetings: Vec<_> = (0..16).map(meet).collect();
        meetings.into_iter().map(|meeting| meeting.join().unwrap()).collect()
    });
    let count = |wanted| outcomes.iter().filter(|outcome| outcome.as_ref().ok() == Some(&wanted)).count();
    assert_eq!((count(Remembered::Added), count(Remembered::Already)), (1, 7), "{outcomes:?}");
    for refusal in outcomes.iter().filter_map(|outcome| outcome.as_ref().err()) {
        assert!(refusal.message().contains("has CHANGED"), "{refusal}");
    }
    let text = std::fs::read_to_string(place.file()).unwrap();
    assert_eq!(text.lines().count(), 2, "{text}");
}

#[test]
fn what_was_written_since_the_host_was_met_is_heard() {
    for (line, expected) in
        [(format!("@revoked * {ED}"), "is marked as revoked"), ("@revoked".to_owned(), "cannot be read")]
    {
        let place = Place::new(&line);
        let error = append(&place.host("web"), &shown(None)).unwrap_err();
        assert_eq!(error.kind(), Kind::HostKey);
        assert!(error.message().contains(expected), "{error}");
        assert_eq!(std::fs::read_to_string(place.file()).unwrap(), line);
    }
}
