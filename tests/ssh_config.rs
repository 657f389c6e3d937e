//! What we make of an SSH configuration equals what `ssh -G` makes of it, for every host of every file in
//! `tests/data/ssh_config`.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use scout_mcp::config::ssh::Names;
use scout_mcp::config::{AlgorithmLists, Env, SshConfig};

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/ssh_config");

/// The keys of `ssh -G` that are compared.
const KEYS: [&str; 41] = [
    "host",
    "user",
    "hostname",
    "port",
    "addressfamily",
    "bindaddress",
    "bindinterface",
    "casignaturealgorithms",
    "certificatefile",
    "checkhostip",
    "ciphers",
    "connectionattempts",
    "connecttimeout",
    "globalknownhostsfile",
    "hashknownhosts",
    "hostkeyalgorithms",
    "hostkeyalias",
    "identitiesonly",
    "identityagent",
    "identityfile",
    "kbdinteractiveauthentication",
    "kexalgorithms",
    "knownhostscommand",
    "macs",
    "nohostauthenticationforlocalhost",
    "numberofpasswordprompts",
    "passwordauthentication",
    "preferredauthentications",
    "proxycommand",
    "proxyjump",
    "pubkeyacceptedalgorithms",
    "pubkeyauthentication",
    "rekeylimit",
    "revokedhostkeys",
    "sendenv",
    "serveralivecountmax",
    "serveraliveinterval",
    "setenv",
    "stricthostkeychecking",
    "tcpkeepalive",
    "userknownhostsfile",
];

/// Hosts that no file may name, to see what wildcards say.
const STRANGERS: [&str; 5] = ["stranger", "db7.prod.example.com", "web-12", "Bastion", "x.internal"];

type Values = BTreeMap<String, Vec<String>>;

/// What ssh takes from the password database instead of the environment.
fn env() -> Env {
    let mut env = Env::current();
    if let Some(home) = env.homes.get(&env.user) {
        env.home = home.clone();
    }
    env
}

fn theirs(file: &Path, host: &str) -> Result<Values, String> {
    let output = Command::new("ssh").arg("-G").arg("-F").arg(file).arg(host).output();
    let output = output.expect("ssh is needed for this test: apt-get install openssh-client");
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    let text = String::from_utf8(output.stdout).unwrap();
    Ok(group(text.lines().filter_map(|line| line.split_once(' '))))
}

fn ours(config: &SshConfig, host: &str) -> Result<Values, String> {
    let lines = config.resolve(host).map_err(|error| error.to_string())?.lines();
    Ok(group(lines.iter().map(|(key, value)| (*key, value.as_str()))))
}

/// What lists of algorithms are made from when nothing is said about them.
fn defaults() -> AlgorithmLists {
    let printed = theirs(Path::new("none"), "x").unwrap();
    let list = |key: &str| printed[key][0].split(',').map(str::to_owned).collect::<Names>();
    AlgorithmLists {
        kex: list("kexalgorithms"),
        host_keys: list("hostkeyalgorithms"),
        ciphers: list("ciphers"),
        macs: list("macs"),
        pubkey_accepted: list("pubkeyacceptedalgorithms"),
        ca_signatures: list("casignaturealgorithms"),
    }
}

fn group<'a>(lines: impl Iterator<Item = (&'a str, &'a str)>) -> Values {
    let mut values = Values::new();
    for (key, value) in lines.filter(|(key, _)| KEYS.contains(key)) {
        values.entry(key.to_owned()).or_default().push(value.to_owned());
    }
    values
}

/// A copy of the files of a folder of the corpus. `Include` wants absolute paths, written as `$DIR`, and ssh wants files
/// that only their owner can write.
struct Corpus {
    dir: tempfile::TempDir,
}

impl Corpus {
    fn copy() -> Self {
        let dir = tempfile::tempdir().unwrap();
        for folder in ["", "inc", "broken"] {
            let to = dir.path().join(folder);
            std::fs::create_dir_all(&to).unwrap();
            for file in files(&Path::new(DATA).join(folder)) {
                let text = std::fs::read_to_string(&file).unwrap();
                let copy = to.join(file.file_name().unwrap());
                std::fs::write(&copy, text.replace("$DIR", dir.path().to_str().unwrap())).unwrap();
                std::fs::set_permissions(&copy, Permissions::from_mode(0o600)).unwrap();
            }
        }
        Self { dir }
    }

    fn files(&self, folder: &str) -> Vec<PathBuf> {
        files(&self.dir.path().join(folder))
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = entries.filter(|path| path.is_file()).collect();
    files.sort();
    files
}

#[test]
fn every_host_of_every_file_resolves_as_ssh_resolves_it() {
    let (corpus, env, defaults, mut compared) = (Corpus::copy(), env(), defaults(), 0);
    let files = corpus.files("");
    for file in &files {
        let config = SshConfig::load(Some(file), &env, defaults.clone()).unwrap();
        for host in config.hosts().iter().map(String::as_str).chain(STRANGERS) {
            assert_eq!(ours(&config, host), theirs(file, host), "{host} of {}", file.display());
            compared += 1;
        }
        assert!(config.warnings().is_empty(), "{}: {:?}", file.display(), config.warnings());
    }
    assert!(files.len() >= 25, "{} files", files.len());
    assert!(compared >= 200, "{compared} hosts");
}

#[test]
fn what_ssh_refuses_costs_only_the_hosts_it_is_about() {
    let (corpus, env, defaults) = (Corpus::copy(), env(), defaults());
    let files = corpus.files("broken");
    for file in &files {
        let config = SshConfig::load(Some(file), &env, defaults.clone()).unwrap();
        theirs(file, "bad").expect_err("ssh refuses the file");
        assert_eq!(config.resolve("good").unwrap().user, "fine", "{}", file.display());
        let error = config.resolve("bad").unwrap_err().to_string();
        let text = std::fs::read_to_string(file).unwrap();
        let comment = text.lines().position(|line| line.contains("# wrong")).unwrap();
        let place = format!("{}:{}: ", file.display(), comment + 2);
        assert!(error.starts_with(&place), "{error} should start with {place}");
    }
    assert!(files.len() >= 6, "{} files", files.len());
}
