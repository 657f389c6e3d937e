"""parallel-ssh: its client of one host where one is asked, its parallel client where many are."""

import json
import sys
import time

from driver import check, file, site
from pssh.clients import ParallelSSHClient, SSHClient
from pssh.config import HostConfig

SITE = site()
PATH, SIZE = file(SITE, "command")
OPTIONS = {"user": SITE["user"], "pkey": SITE["key"], "num_retries": 1}
clients = {}


def verify(host_output):
    """It gives lines, and does not say whether the last one had an end."""
    found = "\n".join(host_output.stdout).encode()
    check(found if len(found) == SIZE else found + b"\n", SIZE)


def one(host):
    if host not in clients:
        where = SITE["hosts"][host]
        clients[host] = SSHClient(where["ip"], port=where["port"], **OPTIONS)
    verify(clients[host].run_command(f"cat {PATH}"))


def many(hosts):
    name = tuple(hosts)
    if name not in clients:
        where = [SITE["hosts"][host] for host in hosts]
        ports = [HostConfig(port=host["port"]) for host in where]
        # Addresses are distinct: it tells hosts apart by them.
        clients[name] = ParallelSSHClient(
            [host["ip"] for host in where], host_config=ports, pool_size=len(hosts), **OPTIONS
        )
    outputs = clients[name].run_command(f"cat {PATH}")
    clients[name].join(outputs)
    for host_output in outputs:
        verify(host_output)


def perform(what, hosts, at_once, seconds):
    assert what == "command"
    taken, errors = [], {}
    begun = time.perf_counter()
    while not taken or time.perf_counter() - begun < seconds:
        started = time.perf_counter()
        try:
            one(hosts[0]) if len(hosts) == 1 else many(hosts)
        except Exception as error:
            errors[f"{type(error).__name__}: {error}"[:200]] = len(hosts)
            break
        # All of them came together.
        taken += [time.perf_counter() - started] * len(hosts)
    return {"seconds": time.perf_counter() - begun, "taken": taken, "errors": errors}


for line in sys.stdin:
    print(json.dumps(perform(**json.loads(line))), flush=True)
