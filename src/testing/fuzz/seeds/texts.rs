//! What the fuzzers of text start from: files, command lines and messages as they really are.

use super::KEY;
use crate::base::limits::CONFIG_WARNINGS_MAX;

/// The seeds of a target whose inputs are text, or nearly.
pub(super) fn seeds(target: &str) -> Option<Vec<Vec<u8>>> {
    Some(match target {
        "command_policy" => plain(&COMMANDS),
        "http_request" => HTTP.iter().map(|text| [b"\x10\x03", text.as_bytes()].concat()).collect(),
        "known_hosts" => known_hosts(),
        "mcp_session" => {
            SESSIONS.iter().map(|(first, lines)| [&[*first], lines.as_bytes()].concat()).collect()
        }
        "rpc" => plain(&MESSAGES),
        "settings" => plain(&SETTINGS),
        "sse" => streams(),
        "ssh_config" => plain(&CONFIGS),
        "target_uri" => plain(&TARGETS),
        _ => return None,
    })
}

fn plain(texts: &[&str]) -> Vec<Vec<u8>> {
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}

/// Behind the byte that says which name is looked up; each ends with a key.
fn known_hosts() -> Vec<Vec<u8>> {
    let each = KNOWN_HOSTS.iter().zip((0..4).cycle());
    let mut seeds: Vec<_> = each
        .map(|(text, first)| [&[first][..], text.as_bytes(), KEY.as_bytes(), b" comment\n"].concat())
        .collect();
    // As many lines to be warned of as warnings are kept, and a good one.
    let bad = b"x\n".repeat(CONFIG_WARNINGS_MAX);
    seeds.push([&[0], &bad[..], b"host ", KEY.as_bytes(), b"\n"].concat());
    seeds
}

/// Each event: which fields there are, and the fields.
fn streams() -> Vec<Vec<u8>> {
    let field = |text: &str| [&[text.len() as u8][..], text.as_bytes()].concat();
    let data = |text: &str| [&[4][..], &field(text)].concat();
    let whole = |id, event, data| [vec![7], field(id), field(event), field(data)].concat();
    vec![
        [whole("1", "message", "{}"), whole("2", "", "a\nb\r\nc\rd\n"), data("")].concat(),
        [vec![8 + 16, 0, 0, 11, 184, 1 + 8], field("5_7"), vec![0; 4], data("id: 6\n\ndata: x")].concat(),
        [vec![1], field("a\0b\nc"), vec![2], field("x\r\n"), data(":"), vec![1, 0], data("\u{feff}y")]
            .concat(),
    ]
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

const HTTP: [&str; 9] = [
    "GET /a?b HTTP/1.1\r\nHost: a.example:80\r\n\r\nHEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    "POST /mcp HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nX-Key: one\r\nx-key: two\r\n\r\n{}\r\nGET /",
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n\
     3;a=\"b\"\r\nabc\r\n0A \r\n0123456789\r\n0\r\nT: u\r\n\r\n",
    "GET http://b/x HTTP/1.0\r\nConnection: keep-alive\r\n\r\nOPTIONS * HTTP/1.1\r\nHost: [::1]\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "PUT / HTTP/1.1\r\nHost: a\r\nHost: b\r\nContent-Length: 1, 1\r\nExpect: x\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n z\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
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
const SESSIONS: [(u8, &str); 7] = [
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
    // As many calls under way as there may be, and one more when one of them has been taken back.
    (
        0,
        r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{}}}
{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"scout","arguments":{"target":"localhost:/wait"}}}
{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"scout","arguments":{"target":"localhost:/wait"}}}
{"jsonrpc":"2.0","id":4,"method":"tools/call","params":{"name":"scout","arguments":{"target":"localhost:/wait"}}}
{"jsonrpc":"2.0","id":5,"method":"tools/call","params":{"name":"scout","arguments":{"target":"localhost:/wait"}}}
{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":5}}
{"jsonrpc":"2.0","id":6,"method":"tools/call","params":{"name":"scout","arguments":{"target":"localhost:/wait"}}}"#,
    ),
    (0, "nonsense\n{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}\n"),
];

const KNOWN_HOSTS: [&str; 6] = [
    "# a comment\n\nhost,192.0.2.1 ",
    "[host]:2222,*.example.org,!bad.example.org ",
    "@revoked * ",
    "@cert-authority *.example.org ",
    "|1|F1E1KeoE/eEWhi10WpGv4OdiO6Y=|3988QV0VE8wmZL7suNrYQLITLCg= ",
    "host ssh-rsa AAAA\nhost\n|1|x|y ssh-ed25519 AAAA\n@nothing host ",
];

const CONFIGS: [&str; 9] = [
    "Host a b *.example.org !c\n  HostName %h.internal\n  User me\n  Port 2222\n",
    "Host=\"a\"\nIdentityFile ~/.ssh/id_%r_${NAME}\nIdentitiesOnly yes\nIdentityAgent $NAME\n",
    "Match host a,b user me !localuser root\n\tProxyJump j1,me@j2:22\nMatch all\n\tCompression no\n",
    "Host a\r\nKexAlgorithms +curve25519-sha256\r\nCiphers -aes*\r\nMACs ^hmac-sha2-256\r\n",
    "Host a\nProxyCommand nc -X %p \"%h\" # not a comment\nUserKnownHostsFile /a \"/b c\" ${NAME}\n",
    "Host *\nServerAliveInterval 5m30s\nConnectTimeout 1\nRekeyLimit 1G 1h\nSetEnv A=1 \"B=2 3\"\nSendEnv N* -L*\n",
    "Host \"unclosed\nPort seventy\nNoSuchKeyword x\nIgnoreUnknown No*\nMatch final canonical\nUser x\n",
    "AddressFamily inet6\nBindAddress ::1\nStrictHostKeyChecking accept-new\nHashKnownHosts yes\nHost a\n",
    "Host a\nIdentityFile ${NAME}/id\nUserKnownHostsFile ~/${NAME}\n",
];

/// A directory, NUL, and a command.
const COMMANDS: [&str; 12] = [
    "/var/log\0ls -la '/etc' \"a b\" c\\ d",
    "~/a b\0cat ~/x ~root/y ~nobody ~ | grep -i 'it'\\''s' | wc -l",
    "~daemon\0find . ! -name '*.rs' \\( -size +1k \\)",
    "-\0sort -t '\t' -k2,2nr -u x",
    "a!b\0grep \"\\$HOME\\`\\\"\\\\\\a\" '' \"\" ''\"\"''",
    "it's\0cat =ls a=~/b :~ x#y ''#z ~\"\"/x \\~ a~b '~'/x",
    "~+\0head -n5 a|tail -n 1|uniq -c",
    "/\0rg -e 'a|b' --glob '!*.o' \u{e9}\u{1f600}",
    "..data\0di\"ff\" 'a;b' 'a&b' '<a' '>b' '(c)' '{d,e}'",
    "/\0cat a; cat b",
    "/\0cat $(id) `id` > x",
    "/\0cat 'x",
];

/// Lines for the environment, an empty one, and the file.
const SETTINGS: [&str; 10] = [
    "SCOUT_COMMAND_TIMEOUT=500ms\nMCP_CAT_IDLE_TIMEOUT=2m\nSCOUT_MAX_FILE_SIZE=1MiB\n\n",
    "\n\ncommand_timeout = 1\nidle_timeout = \"2m\"\nmax_file_size = \"1MiB\"\nallow_any_command = true\n",
    "\n\n[groups]\nweb = [\"web*\", \"!web9\"]\nall = \"@web,db1\"\n",
    "SCOUT_GROUPS=a=@b;b=c\nSCOUT_ALLOWLIST=*.example.org,!x\nSCOUT_CORES=auto\n\nlog_level = 'loud'\n",
    "SCOUT_TRANSPORT=http\nSCOUT_HTTP_HOST=::1\nSCOUT_HTTP_PORT=0\nSCOUT_TRUSTED_PROXIES=10.0.0.0/8 ::1\n\n",
    "SCOUT_ALLOWED_ORIGINS=https://*.example.org\nSCOUT_TRANSFER_ROOTS=~/a,/b\nSCOUT_KNOWN_HOSTS=none\n\n",
    "SCOUT_TOOLS=focused\nSCOUT_SSH_CONFIG=~user/x\nSCOUT_CACHE_MAX_SIZE=99999999999G\n\n",
    "\n\nmax_queue = [1]\nno_such = 1\n",
    "\n\nmax_queue = 1.5\nwarm_hosts = '''a\n\u{1b}[2J'''\nconnect_timeout = 2026-01-01\n",
    "SCOUT_COMMAND_TIMEOUT=60m\n\nidle_timeout = \"24h\"\nkeepalive_interval = 3600\nconnect_timeout = \"600000ms\"\n",
];
