//! What `ssh -G` says, and what we say in its place.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use scout_mcp::config::ssh::{Exec, Names};
use scout_mcp::config::{AlgorithmLists, Env, SshConfig};

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

pub type Values = BTreeMap<String, Vec<String>>;

/// What ssh takes from the password database instead of the environment.
pub fn env() -> Env {
    let mut env = Env::current();
    if let Some(home) = env.homes.get(&env.user) {
        env.home = home.clone();
    }
    env
}

pub fn theirs(file: &Path, host: &str) -> Result<Values, String> {
    let output = Command::new("ssh").arg("-G").arg("-F").arg(file).arg(host).output();
    let output = output.expect("ssh is needed for this test: apt-get install openssh-client");
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    let text = String::from_utf8(output.stdout).unwrap();
    Ok(group(text.lines().filter_map(|line| line.split_once(' '))))
}

pub fn ours(config: &SshConfig, host: &str) -> Result<Values, String> {
    let lines = config.resolve(host).map_err(|error| error.to_string())?.lines();
    Ok(group(lines.iter().map(|(key, value)| (*key, value.as_str()))))
}

/// What lists of algorithms are made from when nothing is said about them.
pub fn defaults() -> AlgorithmLists {
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

/// Whatever `Match exec` asks, run as ssh runs it.
fn exec() -> Exec {
    let run = |command: &str| {
        Command::new("sh").arg("-c").arg(command).status().is_ok_and(|status| status.success())
    };
    Exec(run)
}

pub fn load(file: &Path, env: &Env, defaults: &AlgorithmLists) -> SshConfig {
    SshConfig::load_with(Some(file), env, defaults.clone(), Some(exec())).unwrap()
}

/// What differs, to be read by people: the first key with both values, or who says no and why.
pub fn differing(ours: &Result<Values, String>, theirs: &Result<Values, String>) -> Option<String> {
    match (ours, theirs) {
        (Ok(ours), Ok(theirs)) => {
            let key = KEYS.into_iter().find(|&key| ours.get(key) != theirs.get(key))?;
            Some(format!("{key}: ours {:?}, theirs {:?}", ours.get(key), theirs.get(key)))
        }
        (Err(ours), _) => Some(format!("we say: {ours}")),
        (_, Err(theirs)) => Some(format!("ssh says: {theirs}")),
    }
}
