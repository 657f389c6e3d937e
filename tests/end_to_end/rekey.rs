//! New keys in the middle of transfers, started by either side, and nothing lost or reordered.

use std::rc::Rc;

use scout_mcp::config::{AlgorithmLists, Env, HostConfig, Overrides, Settings, SshConfig};
use scout_mcp::fleet::{Link, Memory, net::Net};
use scout_mcp::io::{Outside, runtime};
use scout_mcp::metrics::Recorder;
use scout_mcp::sftp::{Opening, Outcome};

use crate::support::{Scout, Sshd};

const BYTES: usize = 200_000_000;
/// On both sides, and for both directions of traffic together or apart: at most one exchange for every so many bytes.
const LIMIT: &str = "RekeyLimit 1M";
const LIMIT_BYTES: usize = 1 << 20;

#[test]
fn keys_change_every_mebibyte_of_a_large_transfer_both_ways() {
    let sshd = Sshd::builder().config(LIMIT).config("LogLevel DEBUG1").start();
    let (up, down) = (sshd.path("up"), sshd.write("down", pattern(1)));
    runtime::run(async {
        let link = link(&sshd).await;

        let read = link.read(down.as_bytes(), 0, BYTES as u64 + 1).await.unwrap().unwrap();
        let Outcome::Read { data, more: false, .. } = read else { panic!("the file has {BYTES} bytes") };
        assert!(data == pattern(1), "what came down is another");
        let exchanges = sshd.log().count("kex: algorithm: ");
        assert!(exchanges > BYTES / LIMIT_BYTES / 2, "{exchanges} key exchanges");

        let file = link.open(up.as_bytes(), Opening::New { mode: 0o600 }).await.unwrap().unwrap();
        file.write(0, pattern(2)).await.unwrap().unwrap();
        file.close().await.unwrap().unwrap();
        assert!(std::fs::read(&up).unwrap() == pattern(2), "what went up is another");
        let exchanges = sshd.log().count("kex: algorithm: ") - exchanges;
        assert!(exchanges > BYTES / LIMIT_BYTES / 2, "{exchanges} key exchanges");
        link.close();
    })
    .unwrap();
    assert_eq!(sshd.log().count("Accepted publickey"), 1, "one connection");
}

/// Bytes that are nowhere the same for long.
fn pattern(seed: u64) -> Vec<u8> {
    let mut state = seed;
    let mut next = || {
        // Marsaglia's xorshift.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    let mut bytes = Vec::with_capacity(BYTES);
    while bytes.len() < BYTES {
        bytes.extend_from_slice(&next());
    }
    bytes
}

async fn link(sshd: &Sshd) -> Rc<Link> {
    let known_hosts = sshd.account.path("known_hosts");
    std::fs::write(&known_hosts, sshd.endpoint.known_hosts()).expect("a writable account");
    let lines = format!("{LIMIT}\nUserKnownHostsFile {}", known_hosts.display());
    let scout = Scout::new().unknown_host("h1", &sshd.endpoint, &lines);
    let env = Env::default();
    let config =
        SshConfig::load(Some(&scout.config_file()), &env, AlgorithmLists::spoken()).expect("a configuration");
    let host: HostConfig = config.resolve("h1").expect("a host");
    let settings = Settings::load(&Overrides::default(), &env).expect("settings");
    let net = Outside::new(settings, scout.home().to_owned(), Recorder::new());
    let link = net.dial(Rc::new(host), Rc::new(Memory::default()), None).await.expect("a connection");
    assert!(link.serves_files().expect("a live link"), "the server speaks SFTP");
    link
}
