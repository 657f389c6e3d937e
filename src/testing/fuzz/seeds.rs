//! What the fuzzers start from: whole lives of connections, files and messages as they really are. Kept in
//! `fuzz/corpus/` beside what the fuzzers have found.

use crate::ssh::agent;
use crate::ssh::number;
use crate::ssh::packet::Sealer;
use crate::ssh::wire::Write;
use crate::ssh::{Offer, SignatureAlgorithm};
use crate::testing::choices::noise;
use crate::testing::protections::{packet_key, protections};
use crate::testing::ssh_server_kex::{CertificateRequest, HostSecret};

/// The seeds of a target, in an order that does not change.
pub fn seeds(target: &str) -> Vec<Vec<u8>> {
    match target {
        "http_request" => HTTP.iter().map(|text| [b"\x10\x03", text.as_bytes()].concat()).collect(),
        "known_hosts" => texts(&KNOWN_HOSTS, 4),
        "mcp_session" => {
            SESSIONS.iter().map(|(first, lines)| [&[*first], lines.as_bytes()].concat()).collect()
        }
        "rpc" => MESSAGES.iter().map(|text| text.as_bytes().to_vec()).collect(),
        "sftp" => sftp(),
        "ssh_client" => ssh_client(),
        "ssh_config" => texts(&CONFIGS, 1).into_iter().map(|text| text[1..].to_vec()).collect(),
        "ssh_packet" => ssh_packet(),
        "ssh_wire" => ssh_wire(),
        "target_uri" => TARGETS.iter().map(|text| text.as_bytes().to_vec()).collect(),
        _ => Vec::new(),
    }
}

const TARGETS: [&str; 10] = [
    "hosts",
    " HOSTS\n",
    "web1:/etc/hosts",
    "[::1]:/var/log/a b",
    "db-1.example.org:~user/notes.txt",
    "h:/a/../b",
    "a;b:/x",
    ":",
    "web1://docker/web/logs?lines=5&since=2h",
    "scout://h%5F1/:k8s/default/pods",
];

const HTTP: [&str; 8] = [
    "GET /a?b HTTP/1.1\r\nHost: a.example:80\r\n\r\nHEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    "POST /mcp HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nX-Key: one\r\nx-key: two\r\n\r\n{}\r\nGET /",
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n\
     3;a=\"b\"\r\nabc\r\n0A \r\n0123456789\r\n0\r\nT: u\r\n\r\n",
    "GET http://b/x HTTP/1.0\r\nConnection: keep-alive\r\n\r\nOPTIONS * HTTP/1.1\r\nHost: [::1]\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "PUT / HTTP/1.1\r\nHost: a\r\nHost: b\r\nContent-Length: 1, 1\r\nExpect: x\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n z\r\n\r\n",
    "\r\nGET /\u{e9}#x HTTP/2.0\nHost : a\n\n",
];

const MESSAGES: [&str; 10] = [
    r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"cursor":null}}"#,
    r#"{"jsonrpc":"2.0","id":"\ud83d\ude00\n","method":"\u0061"}"#,
    r#" [{"jsonrpc":"2.0","id":1.5e3,"method":"a"},{"jsonrpc":"2.0","method":"b"},1,{}]"#,
    r#"{"jsonrpc":"2.0","id":null,"error":{"code":-1,"message":"x"}}"#,
    r#"{"jsonrpc":"2.0","id":"a","result":{}}"#,
    r#"{"jsonrpc":"2.0","id":1,"id":2,"method":"a"}"#,
    r#"{"jsonrpc":"1.0","id":-0,"method":"a","params":[]}"#,
    r#"{"jsonrpc":"2.0","id":{},"method":"a","params":3}"#,
    r#"{"jsonrpc":"2.0","id":1,"method":"\ud800"}"#,
    "[[[[[[[[",
];

/// The first byte, and what follows it: both eras, with labels and without.
const SESSIONS: [(u8, &str); 6] = [
    (
        0,
        r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"a","version":"1"}}}
{"jsonrpc":"2.0","method":"notifications/initialized"}
{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"scout","arguments":{"target":"localhost:/x"},"_meta":{"progressToken":7}}}
{"jsonrpc":"2.0","id":3,"method":"resources/subscribe","params":{"uri":"scout://localhost/x"}}
{"jsonrpc":"2.0","id":4,"method":"logging/setLevel","params":{"level":"debug"}}
{"jsonrpc":"2.0","id":5,"method":"tools/call","params":{"name":"run","arguments":{"target":"localhost","command":"wait"}}}
{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":5}}"#,
    ),
    (
        49,
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}}
{"jsonrpc":"2.0","id":2,"method":"subscriptions/listen","params":{"notifications":{"resourcesListChanged":true,"resourceSubscriptions":["scout://localhost/x"]},"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}}"#,
    ),
    (
        0,
        r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-03-26","capabilities":{"roots":{}}}}
[{"jsonrpc":"2.0","id":2,"method":"ping"},{"jsonrpc":"2.0","id":3,"method":"resources/read","params":{"uri":"hosts://list"}},{"jsonrpc":"2.0","id":2,"method":"x"}]"#,
    ),
    (
        32,
        r#"{"jsonrpc":"2.0","id":"a","method":"server/discover","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}}
{"jsonrpc":"2.0","id":"b","method":"completion/complete","params":{"ref":{"type":"ref/resource","uri":"scout://{host}/{+path}"},"argument":{"name":"host","value":"l"}}}"#,
    ),
    (
        0,
        r#"{"jsonrpc":"2.0","id":1,"method":"prompts/get","params":{"name":"compare_config","arguments":{"path":"/etc/hosts"}}}
{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"batch","arguments":{"calls":[{"target":"localhost:/a"},{"target":"hosts"}]}}}
{"jsonrpc":"2.0","id":"x","result":{}}"#,
    ),
    (0, "nonsense\n{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}\n"),
];

const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE9VZ3qLcHJyTnVnZ0tlS2V5S2V5S2V5S2V5S2V5S2V5";

const KNOWN_HOSTS: [&str; 6] = [
    "# a comment\n\nhost,192.0.2.1 ",
    "[host]:2222,*.example.org,!bad.example.org ",
    "@revoked * ",
    "@cert-authority *.example.org ",
    "|1|F1E1KeoE/eEWhi10WpGv4OdiO6Y=|3988QV0VE8wmZL7suNrYQLITLCg= ",
    "host ssh-rsa AAAA\nhost\n|1|x|y ssh-ed25519 AAAA\n@nothing host ",
];

const CONFIGS: [&str; 8] = [
    "Host a b *.example.org !c\n  HostName %h.internal\n  User me\n  Port 2222\n",
    "Host=\"a\"\nIdentityFile ~/.ssh/id_%r_%h\nIdentitiesOnly yes\nIdentityAgent $NAME\n",
    "Match host a,b user me !localuser root\n\tProxyJump j1,me@j2:22\nMatch all\n\tCompression no\n",
    "Host a\r\nKexAlgorithms +curve25519-sha256\r\nCiphers -aes*\r\nMACs ^hmac-sha2-256\r\n",
    "Host a\nProxyCommand nc -X %p \"%h\" # not a comment\nUserKnownHostsFile /a \"/b c\" none\n",
    "Host *\nServerAliveInterval 5m30s\nConnectTimeout 1\nRekeyLimit 1G 1h\nSetEnv A=1 \"B=2 3\"\nSendEnv N* -L*\n",
    "Host \"unclosed\nPort seventy\nNoSuchKeyword x\nIgnoreUnknown No*\nMatch final canonical\nUser x\n",
    "AddressFamily inet6\nBindAddress ::1\nStrictHostKeyChecking accept-new\nHashKnownHosts yes\nHost a\n",
];

/// Texts behind a byte that the body reads first; a key is put behind each line of known hosts.
fn texts(texts: &[&str], firsts: u8) -> Vec<Vec<u8>> {
    let with_key = |text: &str| if firsts > 1 { format!("{text}{KEY} comment\n") } else { text.to_owned() };
    let each = texts.iter().zip((0..firsts).cycle());
    each.map(|(text, first)| [&[first][..], with_key(text).as_bytes()].concat()).collect()
}

// --- sftp

fn sftp() -> Vec<Vec<u8>> {
    let string = |bytes: &[u8]| [&(bytes.len() as u32).to_be_bytes()[..], bytes].concat();
    let attrs = [&[0, 0, 0, 5][..], &1000_u64.to_be_bytes(), &0o100_644_u32.to_be_bytes()].concat();
    let names = [&[0, 0, 0, 1][..], &string(b"name"), &string(b"lrwxrwxrwx"), &[0; 4]].concat();
    // Acts of a hostile server: ask (0, path, what, numbers), VERSION (3), replies (5, type, which, body).
    let ask = |what: u8, numbers: &[u8]| [&[0, 0, 0, what][..], numbers].concat();
    let version = [3, 0, 0].to_vec();
    let reply =
        |kind: u8, body: &[u8]| [&[5, kind, 0][..], &(body.len() as u16).to_be_bytes(), body].concat();
    let read = [
        &[0, 0][..],
        &version,
        &ask(1, &[0, 0, 4, 0]),
        &reply(4, &attrs),
        &reply(1, &string(b"handle")),
        &reply(2, &string(b"content")),
        &reply(0, &[&[0, 0, 0, 1][..], &string(b"End of file"), &string(b"")].concat()),
    ];
    let list = [
        &[0, 0][..],
        &version,
        &ask(3, &[4, 0, 15, 0]),
        &reply(1, &string(b"h")),
        &reply(3, &names),
        &reply(0, &[0, 0, 0, 1]),
        &reply(3, &names),
    ];
    let refused = [&[0, 0][..], &version, &ask(0, &[]), &reply(0, &[0, 0, 0, 2, 0, 0, 0, 2, b'n', b'o'])];
    let mut seeds = vec![read.concat(), list.concat(), refused.concat()];
    // An obedient one: whatever is asked and however it is cut.
    seeds.extend((0..6).map(|seed| [&[1][..], &noise(seed, 120)].concat()));
    seeds
}

// --- ssh_packet

fn ssh_packet() -> Vec<Vec<u8>> {
    let all = (0_u8..).zip(protections());
    let each = all.flat_map(|(index, protection)| {
        let mut sealer = Sealer::default();
        sealer.direction.install(packet_key(protection), true);
        let mut stream = vec![index, 0];
        sealer.seal(&mut stream, |out| out.extend_from_slice(b"first"));
        sealer.seal(&mut stream, |out| out.extend_from_slice(&[9; 40]));
        // Truthful about its length: padding, content, padding.
        let forged = [&[index, 1, 0, 0, 28, 10][..], &[7; 27]].concat();
        let whole = [&[index, 2, 0, 3][..], b"abc", &[0, 40], &[5; 40]].concat();
        [stream, forged, whole]
    });
    each.collect()
}

// --- ssh_wire

fn ssh_wire() -> Vec<Vec<u8>> {
    let mut values = vec![0];
    values.put_string(b"string");
    values.put_unsigned(&[0x80, 1]);
    values.put_name_list(["one", "two"]);
    // The cookie is drawn anew each time, and means nothing.
    let mut kexinit = Offer::default().to_kexinit(true, false);
    kexinit[1..17].fill(0);
    let mut keys = vec![12];
    keys.put_u32(1);
    keys.put_string(b"blob");
    keys.put_string(b"comment");
    let mut answer = Vec::new();
    answer.put_string(&keys);
    let with = |which: u8, bytes: &[u8]| [&[which][..], bytes].concat();
    let block = |bytes: &[u8]| [&(bytes.len() as u16).to_be_bytes()[..], bytes].concat();
    let mut point = Vec::new();
    point.put_string(&[1; 32]);
    let mut extensions = vec![number::EXT_INFO];
    extensions.put_u32(1);
    extensions.put_string(b"server-sig-algs");
    extensions.put_string(b"ssh-ed25519,rsa-sha2-512");
    let private: [&[u8]; 4] = [
        include_bytes!("../../ssh/tests/keys/ed25519"),
        include_bytes!("../../ssh/tests/keys/ecdsa256"),
        b"-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmU=\n-----END OPENSSH PRIVATE KEY-----\n",
        b"PuTTY-User-Key-File-3: ssh-ed25519\n",
    ];
    let mut seeds = vec![
        values,
        with(1, b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"),
        with(1, b"notice\r\n\r\nSSH-1.99-x\n"),
        with(2, &kexinit),
        with(3, &[&[0][..], &block(&point), &block(&[1; 64])].concat()),
        with(4, &block(&answer)),
        with(4, &block(&agent::list_request())),
        with(6, b"\0\0\0\x0bssh-ed25519\0\0\0\x04abcd"),
        with(6, KEY.as_bytes()),
        with(7, &extensions),
    ];
    // RSA signs the same every time.
    let rsa = SignatureAlgorithm::RsaSha512;
    let key = HostSecret::new(rsa);
    for (kind, which) in [(2, 8), (1, 9)] {
        let request = CertificateRequest { kind, ..CertificateRequest::default() };
        let certificate = request.grant(rsa, &key, &key);
        seeds.push(match which {
            8 => {
                let behind_its_type = &certificate[4 + rsa.certificate_type().len()..];
                let index =
                    SignatureAlgorithm::ALL.iter().position(|other| *other == rsa).unwrap_or_default();
                with(8, &[&[index as u8][..], &block(behind_its_type), &block(&[1; 256])].concat())
            }
            _ => with(9, &certificate),
        });
    }
    seeds.extend(private.iter().map(|key| with(5, key)));
    seeds
}

// --- ssh_client

/// Numbers of acts, as [`ssh_play`](crate::testing::ssh_play) reads them.
mod act {
    pub const OPEN: u8 = 0;
    pub const SEND: u8 = 2;
    pub const EOF: u8 = 3;
    pub const CONSUME: u8 = 4;
    pub const CLOSE: u8 = 6;
    pub const INJECT: u8 = 15;
    pub const INJECT_RAW: u8 = 21;
    pub const GO_ON: u8 = 31;
}

/// What is chosen before the first act. All zero: password, no rekeying, nothing cut into pieces.
const HEADER_BYTES: usize = 14;
/// Where the header says that the key exchange is skipped.
const KEYED_AT: usize = 10;

fn header(mood: u8, is_keyed: bool) -> Vec<u8> {
    let mut header = vec![0; HEADER_BYTES];
    header[0] = mood;
    header[KEYED_AT] = u8::from(is_keyed);
    header
}

fn inject(payload: &[u8]) -> Vec<u8> {
    let length = (payload.len() as u16).to_be_bytes();
    [&[act::INJECT][..], &length, payload, &[act::GO_ON, 8]].concat()
}

fn message(number: u8, write: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut payload = vec![number];
    write(&mut payload);
    payload
}

fn about(number: u8, write: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    message(number, |out| {
        out.put_u32(0);
        write(out);
    })
}

/// What a server says after the key exchange, in this order.
fn life() -> Vec<Vec<u8>> {
    vec![
        message(number::SERVICE_ACCEPT, |out| out.put_string(b"ssh-userauth")),
        message(number::USERAUTH_BANNER, |out| out.extend_from_slice(&[0, 0, 0, 2, b'h', b'i', 0, 0, 0, 0])),
        message(number::USERAUTH_FAILURE, |out| {
            out.put_name_list(["publickey", "password", "keyboard-interactive"]);
            out.put_bool(true);
        }),
        message(number::USERAUTH_INFO_REQUEST, |out| {
            out.extend_from_slice(&[0; 12]);
            out.put_u32(1);
            out.put_string(b"Password: ");
            out.put_bool(false);
        }),
        vec![number::USERAUTH_SUCCESS],
        about(number::CHANNEL_OPEN_CONFIRMATION, |out| {
            [5, 1 << 20, 1 << 15].iter().for_each(|n| out.put_u32(*n))
        }),
        about(number::CHANNEL_SUCCESS, |_| {}),
        about(number::CHANNEL_DATA, |out| out.put_string(b"output")),
        about(number::CHANNEL_EXTENDED_DATA, |out| {
            out.put_u32(1);
            out.put_string(b"errors");
        }),
        about(number::CHANNEL_WINDOW_ADJUST, |out| out.put_u32(1000)),
        message(number::GLOBAL_REQUEST, |out| {
            out.put_string(b"hostkeys-00@openssh.com");
            out.put_bool(true);
        }),
        about(number::CHANNEL_REQUEST, |out| {
            out.put_string(b"exit-status");
            out.put_bool(false);
            out.put_u32(0);
        }),
        about(number::CHANNEL_REQUEST, |out| {
            out.put_string(b"exit-signal");
            out.put_bool(true);
            out.put_string(b"TERM");
            out.extend_from_slice(&[0; 9]);
        }),
        about(number::CHANNEL_EOF, |_| {}),
        about(number::CHANNEL_CLOSE, |_| {}),
        message(number::DISCONNECT, |out| {
            out.put_u32(2);
            out.put_string(b"bye");
            out.put_string(b"");
        }),
    ]
}

fn ssh_client() -> Vec<Vec<u8>> {
    let owner: &[u8] = &[
        act::OPEN,
        3,
        1,
        0,
        act::GO_ON,
        60,
        act::SEND,
        0,
        2,
        0,
        act::CONSUME,
        0,
        0,
        9,
        act::EOF,
        0,
        act::CLOSE,
        0,
    ];
    let mut whole = [&header(2, true)[..], &[act::OPEN, 0, 0, 0]].concat();
    life().iter().for_each(|payload| whole.extend(inject(payload)));
    // As many hostile ones with the login done by the server as there are things to say after it.
    let served = life().into_iter().skip(5).map(|payload| {
        [&header(2, true)[..], &[act::OPEN, 4, 0, 0, act::GO_ON, 60], &inject(&payload), &[act::GO_ON, 9]]
            .concat()
    });
    let mut kexinit = Offer::default().to_kexinit(true, false);
    kexinit[1..17].fill(0);
    let ident = b"SSH-2.0-x\r\n";
    let start = [
        &header(4, false)[..],
        &[act::INJECT_RAW, 0, ident.len() as u8],
        ident,
        &inject(&kexinit),
        &inject(&[31, 0, 0, 0, 0]),
    ];
    let mut seeds = vec![
        [&header(0, true)[..], owner].concat(),
        [&header(0, false)[..], owner].concat(),
        [&header(1, false)[..], owner, &[14, 0]].concat(),
        whole,
        start.concat(),
    ];
    seeds.extend(served);
    seeds.extend((0..5).map(|seed| {
        let mut noise = noise(seed, 200);
        noise[0] = seed as u8;
        noise
    }));
    seeds
}
