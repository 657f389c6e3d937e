"""What many peers cost who ask for nothing: idle connections, and requests that never end.

    cargo build --release && python3 benches/http_peers.py target/release/scout-mcp

Needs room for 10,000 descriptors in this process and in the server (`ulimit -n 20000`).
"""

import os
import re
import socket
import statistics
import subprocess
import sys
import time

IDLE, SLOW, ASKED, ROUNDS = 10_000, 1_000, 2_000, 9
PORT = 18573
REQUEST = b"GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n"


def connect():
    return socket.create_connection(("127.0.0.1", PORT))


def ask(peer):
    peer.sendall(REQUEST)
    assert peer.recv(4096).startswith(b"HTTP/1.1 404 ")


def resident(server):
    with open(f"/proc/{server.pid}/status") as status:
        return int(re.search(r"VmRSS:\s+(\d+)", status.read())[1])


def latency(peer, between=lambda n: None):
    """Of one who asks again and again: the median round's median and 99th percentile, in microseconds."""
    rounds = []
    for number in range(ROUNDS):
        taken = []
        for n in range(ASKED):
            between(number * ASKED + n)
            begun = time.perf_counter()
            ask(peer)
            taken.append(1e6 * (time.perf_counter() - begun))
        rounds.append((statistics.median(taken), statistics.quantiles(taken, n=100)[98]))
    p50, p99 = map(statistics.median, zip(*rounds))
    return f"p50 {p50:.0f} us, p99 {p99:.0f} us"


def main():
    command = [sys.argv[1], "serve", "--transport", "http", "--port", str(PORT), "--cores", "1"]
    env = os.environ | {"SCOUT_RATE_LIMIT_PER_MINUTE": "0"}
    with subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            measure(server)
        finally:
            server.terminate()


def measure(server):
    for _ in range(100):
        try:
            peer = connect()
            break
        except ConnectionRefusedError:
            time.sleep(0.05)
    ask(peer)
    before = resident(server)
    print("alone:", latency(peer))
    idle = [connect() for _ in range(IDLE)]
    for other in idle:
        ask(other)
    print(f"{IDLE} idle: {(resident(server) - before) / IDLE:.2f} KiB each;", latency(peer))
    for other in idle:
        other.close()
    slow = [connect() for _ in range(SLOW)]

    def drip(n):
        if n % 10 == 0:
            slow[n // 10 % SLOW].send(b"POST /mcp HTTP/1.1\r\n" if n // 10 < SLOW else b"X")

    print("alone:", latency(peer))
    print(f"{SLOW} slow:", latency(peer, drip))
    print("and what became of them:", {other.recv(64)[:12] for other in slow})


main()
