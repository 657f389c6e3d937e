//! Calls of the tool `scout`.

use super::Ask::Scout;
use super::{Row, differ, same};

const LINE_END: &str = "what joins two parts is the end of the last line of the first, not another one";

pub const TABLE: &[Row] = &[
    // --- hosts ---
    same(
        Scout(r#"{"target": "hosts"}"#),
        "Available hosts:\n  [✓] alpha (online) -> {alpha}\n  [✓] beta (online) -> {beta}\n  [✗] down (offline) -> {down}",
    ),
    same(Scout(r#"{"target": "  HOSTS "}"#), "Available hosts:\n  [✓] alpha (online) -> …"),
    // --- targets ---
    same(Scout(r#"{"target": "foo"}"#), "Error: Invalid target 'foo'. Expected 'host:/path' or 'hosts'"),
    same(Scout(r#"{"target": ":/x"}"#), "Error: Host cannot be empty"),
    same(Scout(r#"{"target": "alpha:"}"#), "Error: Path cannot be empty"),
    same(Scout(r#"{"target": "alpha:/a/../b"}"#), "Error: Path traversal not allowed: /a/../b"),
    same(Scout(r#"{"target": "alpha:/a/.."}"#), "Error: Path traversal not allowed: /a/.."),
    same(Scout(r#"{"target": "alpha:.."}"#), "Error: Path traversal not allowed: .."),
    same(Scout(r#"{"target": "alpha:../b"}"#), "Error: Path traversal not allowed: ../b"),
    same(Scout(r#"{"target": "alpha:/a\u0000b"}"#), "Error: Path contains null byte: '…'"),
    same(Scout(r#"{"target": "a;b:/x"}"#), "Error: Host contains invalid characters: 'a;b'"),
    same(Scout(r#"{"target": "{254 letters}:/x"}"#), "Error: Host name too long: 254 chars"),
    same(Scout(r#"{"target": "zz:/x"}"#), "Error: Unknown host 'zz'. Available: alpha, beta, down"),
    same(Scout(r#"{"target": "down:/x"}"#), "Error: Cannot connect to down: …"),
    same(Scout(r#"{"target": "alpha:/nope"}"#), "Error: Path not found: /nope"),
    differ(
        Scout(r#"{"target": "alpha:{home}/..data/key"}"#),
        "Error: Path traversal not allowed: {home}/..data/key",
        "value\n",
        "a name that begins with two dots was taken for the parent directory",
    ),
    // --- files and directories ---
    same(Scout(r#"{"target": "alpha:{home}/hello"}"#), "hello\n"),
    same(Scout(r#"{"target": "alpha:hello"}"#), "hello\n"),
    differ(
        Scout(r#"{"target": "alpha:~/hello"}"#),
        "Error: Path not found: ~/hello",
        "hello\n",
        "`~` was quoted, and so named no home directory",
    ),
    same(Scout(r#"{"target": "alpha:{home}/long"}"#), "xxx…xxx\n\n[truncated at 1048576 bytes]"),
    differ(
        Scout(r#"{"target": "alpha:{home}/exact"}"#),
        "xxx…xxx\n\n[truncated at 1048576 bytes]",
        "xxx…xxx",
        "a file of exactly the limit was marked truncated",
    ),
    differ(
        Scout(r#"{"target": "alpha:{home}/split"}"#),
        "xxx…xxx\u{fffd}\n\n[truncated at 1048576 bytes]",
        "xxx…xxx\n\n[truncated at 1048576 bytes]",
        "a character that the limit cuts in two came as U+FFFD",
    ),
    differ(
        Scout(r#"{"target": "alpha:{home}/site"}"#),
        "total …\ndrwx…",
        "drwx… .\n…",
        "listings come from SFTP, where hosts have it, and are alike wherever they come from; disk blocks tell an agent \
         nothing",
    ),
    same(
        Scout(r#"{"target": "alpha:{home}/site", "tree": true}"#),
        "{home}/site\n├── a.conf\n├── b.conf\n└── copy.conf",
    ),
    // --- commands ---
    differ(Scout(r#"{"target": "alpha:{home}", "query": "cat hello"}"#), "hello\n", "hello", LINE_END),
    differ(
        Scout(r#"{"target": "alpha:{home}", "query": "cat hello /nope"}"#),
        "hello\n\n[stderr]\ncat: /nope: No such file or directory\n\n[exit code: 1]",
        "hello\n[stderr]\ncat: /nope: No such file or directory\n[exit code: 1]",
        LINE_END,
    ),
    differ(
        Scout(r#"{"target": "alpha:{home}", "query": "cat hello | wc -l"}"#),
        "hello\n…[exit code: 1]",
        "1",
        "`|` was given to the command as the name of a file",
    ),
    differ(
        Scout(r#"{"target": "alpha:{home}/site", "query": "ls a.*"}"#),
        "[stderr]\n…a.*…[exit code: 2]",
        "Error: Command failed: Pattern character '*' not allowed: quote it, or use find -name",
        "patterns were quoted, and so found nothing, without a word of why",
    ),
    differ(
        Scout(r#"{"target": "alpha:{home}/site", "query": "find . -name a.conf -exec head '{}' +"}"#),
        "worker_processes 1;\nevents {}\n",
        "Error: Command failed: …-exec…",
        "options of allowed commands ran any other command",
    ),
    same(Scout(r#"{"target": "alpha:{home}", "query": "grep zzz hello"}"#), "[exit code: 1]"),
    same(Scout(r#"{"target": "alpha:{home}", "query": "head -n 0 hello"}"#), "(no output)"),
    same(
        Scout(r#"{"target": "alpha:{home}", "query": "whoami"}"#),
        "Error: Command failed: Command 'whoami' not allowed. Allowed commands: cat, df, diff, du, file, find, grep, head, \
         ls, rg, sort, stat, tail, tree, uniq, wc",
    ),
    same(Scout(r#"{"target": "alpha:{home}", "query": "  "}"#), "Error: Command failed: Empty command"),
    same(
        Scout(r#"{"target": "alpha:{home}", "query": "grep 'a"}"#),
        "Error: Command failed: Invalid command syntax: No closing quotation",
    ),
    same(Scout(r#"{"target": "alpha:{home}/hello", "query": ""}"#), "hello\n"),
    // --- find ---
    same(Scout(r#"{"target": "alpha:{home}/site", "find": "a.*"}"#), "{home}/site/a.conf"),
    same(
        Scout(r#"{"target": "alpha:{home}/site", "find": "*.zzz"}"#),
        "No files matching '*.zzz' found in {home}/site",
    ),
    same(
        Scout(r#"{"target": "alpha:{home}/site", "find": "*", "depth": 0}"#),
        "Error: Find failed: depth must be 1-10, got 0",
    ),
    same(
        Scout(r#"{"target": "alpha:{home}/site", "find": "*", "depth": 11}"#),
        "Error: Find failed: depth must be 1-10, got 11",
    ),
    // --- diff ---
    same(
        Scout(r#"{"target": "alpha:{home}/site/a.conf", "diff": "beta:{home}/site/b.conf"}"#),
        "--- {home}/site/a.conf\n+++ {home}/site/b.conf\n@@ -1,2 +1,2 @@\n-worker_processes 1;\n+worker_processes 2;\n \
         events {}…",
    ),
    same(
        Scout(r#"{"target": "alpha:{home}/site/a.conf", "diff": "beta:{home}/site/copy.conf"}"#),
        "Files are identical:\n  alpha:{home}/site/a.conf\n  beta:{home}/site/copy.conf",
    ),
    same(
        Scout(r#"{"target": "alpha:{home}/hello", "diff": "hosts"}"#),
        "Error: diff target must be 'host:/path', not 'hosts'",
    ),
    same(Scout(r#"{"target": "alpha:{home}/hello", "diff": "zz:/x"}"#), "Error: Unknown diff host 'zz'"),
    differ(
        Scout(r#"{"target": "alpha:/nope", "diff": "beta:{home}/hello"}"#),
        "Error: Diff failed: Failed to read /nope: head: cannot open…",
        "Error: Diff failed: Failed to read /nope: Path not found: /nope",
        "files are read without `head`, and that one is missing is said in the same words everywhere",
    ),
    same(
        Scout(r#"{"target": "alpha:{home}/hello", "diff_content": "hello\nworld\n"}"#),
        "--- expected\n+++ {home}/hello\n@@ -1,2 +1 @@\n hello\n-world…",
    ),
    same(
        Scout(r#"{"target": "alpha:{home}/hello", "diff_content": "hello\n"}"#),
        "File matches expected content: {home}/hello",
    ),
    differ(
        Scout(r#"{"target": "alpha:{home}/hello", "diff_content": ""}"#),
        "hello\n",
        "--- expected\n+++ {home}/hello\n@@ -0,0 +1 @@\n+hello",
        "an expected content that is empty was ignored",
    ),
    // --- many places ---
    same(
        Scout(r#"{"targets": ["alpha:/proc/sys/kernel/ostype", "beta:/proc/sys/kernel/ostype"]}"#),
        "═══ alpha:/proc/sys/kernel/ostype ══════════════════════════\nLinux\n\n\n\
         ═══ beta:/proc/sys/kernel/ostype ═══════════════════════════\nLinux\n\n\n─── 2/2 hosts succeeded ───",
    ),
    same(
        Scout(r#"{"targets": ["alpha:/proc/sys/kernel/ostype", "alpha:/nope", "zz:/x"]}"#),
        "═══ alpha:/proc/sys/kernel/ostype ══════════════════════════\nLinux\n\n\n\
         ═══ alpha:/nope [FAILED] ══════════════════════════════════\nError: Path not found: /nope\n\n\
         ═══ zz:/x [FAILED] ════════════════════════════════════════\nError: Unknown host: zz\n\n─── 1/3 hosts succeeded ───",
    ),
    differ(
        Scout(r#"{"targets": ["alpha:{home}/long"]}"#),
        "═══ alpha:{home}/long …\nxxx…xxx\n\n─── 1/1 hosts succeeded ───",
        "═══ alpha:{home}/long …\nxxx…xxx\n\n[truncated at 1048576 bytes]\n\n─── 1/1 hosts succeeded ───",
        "nothing said that there was more",
    ),
    differ(
        Scout(r#"{"targets": ["alpha:/", "beta:/"], "query": "grep -c zzz /proc/sys/kernel/ostype"}"#),
        "═══ alpha:/ [FAILED] ══════════════════════════════════════\nError: Command exited with code 1\n\n\
         ═══ beta:/ [FAILED] ═══════════════════════════════════════\nError: Command exited with code 1\n\n\
         ─── 0/2 hosts succeeded ───",
        "═══ alpha:/ ════════════════════════════════════════════════\n0\nExit code: 1\n\n\
         ═══ beta:/ ═════════════════════════════════════════════════\n0\nExit code: 1\n\n─── 2/2 hosts succeeded ───",
        "an exit code other than 0 dropped what the command had said",
    ),
    same(
        Scout(r#"{"targets": ["alpha:/", "beta:/"], "query": "ls proc/sys/kernel/ostype /nope"}"#),
        "═══ alpha:/ ════════════════════════════════════════════════\nproc/sys/kernel/ostype\n---\nErrors:\n\
         ls: cannot access '/nope': No such file or directory\nExit code: 2\n\n…",
    ),
    same(
        Scout(r#"{"targets": ["alpha:/x", "hosts"]}"#),
        "Error: broadcast targets must be 'host:/path', not 'hosts'",
    ),
    same(
        Scout(r#"{"targets": ["alpha:/x", "foo"]}"#),
        "Error parsing target 'foo': Invalid target 'foo'. Expected 'host:/path' or 'hosts'",
    ),
    // --- beam ---
    same(
        Scout(r#"{"target": "alpha:{home}/report", "beam": "{here}/report"}"#),
        "✓ Uploaded {here}/report → alpha:{home}/report\n  Size: 1.21 KB",
    ),
    same(
        Scout(r#"{"target": "alpha:{home}/report", "beam": "{here}/again"}"#),
        "✓ Downloaded alpha:{home}/report → {here}/again\n  Size: 1.21 KB",
    ),
    same(
        Scout(r#"{"beam_source": "alpha:{home}/report", "beam_target": "beta:{there}/report"}"#),
        "✓ Streamed alpha:{home}/report → beta:{there}/report (remote-to-remote)\n  Size: 1.21 KB",
    ),
    same(
        Scout(r#"{"target": "alpha:/nope/x", "beam": "{here}/report"}"#),
        "✗ Transfer failed: Transfer failed: …",
    ),
    same(
        Scout(r#"{"beam_source": "alpha:/nope", "beam_target": "beta:{there}/x"}"#),
        "✗ Transfer failed: Source file not found or inaccessible: …",
    ),
    same(Scout(r#"{"target": "down:/x", "beam": "{here}/report"}"#), "Error: Beam transfer failed: …"),
    same(
        Scout(r#"{"target": "alpha:/x", "beam": "{here}/x", "beam_source": "alpha:/x"}"#),
        "Error: Cannot use both 'beam' and 'beam_source/beam_target'. Use 'beam' for local transfers or \
         'beam_source/beam_target' for remote-to-remote.",
    ),
    same(Scout(r#"{"beam_source": "alpha:/x"}"#), "Error: beam_source requires beam_target to be specified."),
    same(Scout(r#"{"beam_target": "alpha:/x"}"#), "Error: beam_target requires beam_source to be specified."),
    same(
        Scout(r#"{"target": "hosts", "beam": "{here}/x"}"#),
        "Error: beam parameter requires a valid host:/path target, not 'hosts'",
    ),
    same(
        Scout(r#"{"beam_source": "foo", "beam_target": "alpha:/x"}"#),
        "Error: beam_source must be in format 'host:/path'",
    ),
    same(
        Scout(r#"{"beam_source": "zz:/x", "beam_target": "alpha:/x"}"#),
        "Error: Unknown source host 'zz'. Available: alpha, beta, down",
    ),
    same(
        Scout(r#"{"beam_source": "alpha:{home}/report", "beam_target": "zz:/x"}"#),
        "Error: Unknown target host 'zz'. Available: alpha, beta, down",
    ),
];
