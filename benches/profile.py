"""Where the processor is while a server reads small files for a hundred users, in microseconds of a request.

    cargo build --release && python3 benches/profile.py target/release/scout-mcp

Hosts are simulated; the server has one core, so that it does not wait for itself. Needs `perf` (Debian: linux-perf) and the
right to use it (root, or `sysctl kernel.perf_event_paranoid=1`).
"""

import collections
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SECONDS = 4
SAMPLES_PER_SECOND = 1999

# What a symbol of ours, of a library or of the kernel is part of: the first that matches.
PARTS = [
    ("malloc and free", r"malloc|calloc|realloc|^_int_|^c?free$|tcache|unlink_chunk|__rust_(de)?alloc|__rdl_"),
    ("memmove, memcmp", r"^_*mem(cpy|move|set|cmp|chr)|memchr::|bcmp"),
    ("reading the clock", r"clock_gettime|vdso|read_tsc|pvclock"),
    ("crypto", r"aes|gcm|ghash|aws_lc|CRYPTO|EVP|gf_"),
    ("JSON, JSON-RPC", r"serde_json|serde|scout_mcp::rpc"),
    ("HTTP", r"httparse|scout_mcp::(io::)?http"),
    ("SFTP", r"scout_mcp::sftp"),
    ("SSH", r"scout_mcp::(ssh|crypto)"),
    ("MCP", r"scout_mcp::mcp"),
    ("scout, target", r"scout_mcp::(scout|target)"),
    ("fleet", r"scout_mcp::fleet"),
    ("server, sockets, histograms", r"scout_mcp::(server|io|metrics|base|config|cli)|hdrhistogram"),
    ("the runtime: tasks, wakers", r"monoio|futures_|async_channel|event_listener|core::task|io_uring::"),
]
KERNEL_PARTS = [
    ("kernel: io_uring", r"^_*io_(?!schedule)"),
    ("kernel: TCP, sockets, copies", r"tcp|sock|skb|inet|^ip_|__ip|net|copy|csum|loopback|xmit|nf_|qdisc|ep_|poll|fget|fput|iov"),
    ("kernel: waking, scheduling", r"sched|wake|switch|futex|enqueue|dequeue|idle|irq|ipi|ttwu|pick_|load|cpuacct|rcu|timer|kvm|pv_"),
    ("kernel: entry, memory", r""),
]
REST = "small things of ours, hashing"


def part(symbol, is_kernel):
    if is_kernel:
        return next(name for name, pattern in KERNEL_PARTS if re.search(pattern, symbol))
    return next((name for name, pattern in PARTS if re.search(pattern, symbol)), REST)


def shares(data):
    command = ["perf", "report", "-i", data, "--no-children", "--stdio", "-F", "overhead,sym", "-g", "none", "--percent-limit", "0"]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = collections.Counter()
    for line in text.splitlines():
        row = re.match(r"\s*([0-9.]+)%\s+\[(.)\] (.*?)\s*$", line)
        if row:
            found[part(row[3], row[2] == "k")] += float(row[1]) / 100
    return found


def main():
    if not shutil.which("perf"):
        sys.exit("perf is missing: apt-get install linux-perf")
    binary = Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        fleet = subprocess.Popen(
            [binary, "bench", "fleet", "--until-eof", "--hosts", "1", "--folder", folder],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        wait_for(lambda: (folder / "ssh_config").exists() and (folder / "known_hosts").exists())
        env = os.environ | {"SCOUT_RATE_LIMIT_PER_MINUTE": "0", "SCOUT_SSH_CONFIG": str(folder / "ssh_config")}
        log = folder / "log"
        server = subprocess.Popen(
            [binary, "serve", "--transport", "http", "--port", "0", "--cores", "1", "--log-level", "info"],
            env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=log.open("w"),
        )
        try:
            measure(binary, server, log, folder, env)
        finally:
            server.terminate()
            fleet.stdin.close()
            server.wait()
            fleet.wait()


def measure(binary, server, log, folder, env):
    address = wait_for(lambda: re.search(r"serving MCP at (\S+)", log.read_text()))[1]
    load = subprocess.Popen(
        [binary, "bench", "run", "--url", address, "--hosts", "host0001", "--path", "/srv/small", "-c", "100"]
        + ["-d", f"{SECONDS + 2}s", "--warmup", "1s", "--pid", str(server.pid), "--export-json", folder / "load.json"],
        env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )
    time.sleep(2)
    data = folder / "perf.data"
    record = ["perf", "record", "-q", "-F", str(SAMPLES_PER_SECOND), "-p", str(server.pid), "-o", data]
    subprocess.run([*record, "--", "sleep", str(SECONDS)], check=True)
    load.wait()
    step = json.loads((folder / "load.json").read_text())["steps"][0]
    each = step["server"]["cpu_us_per_request"]
    found = shares(data)
    print(f"{each:.1f} µs of processor time a request, of which\n\n| part | |\n|---|---|")
    for name, share in found.most_common():
        print(f"| {name} | {share / sum(found.values()) * each:.1f} µs |")


def wait_for(look):
    for _ in range(200):
        if found := look():
            return found
        time.sleep(0.05)
    sys.exit("the hosts or the server did not come up")


if __name__ == "__main__":
    main()
