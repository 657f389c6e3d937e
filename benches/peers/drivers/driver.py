"""What the Python drivers share: they obey lines of JSON, which `library.py` beside them describes."""

import asyncio
import json
import sys
import time


async def drive(what, hosts, at_once, seconds, operation):
    """Keeps `at_once` operations under way, on the hosts in turn, until each had its turn and the time is over."""
    taken, errors = [], {}
    begun = time.perf_counter()
    turn = 0

    async def worker():
        nonlocal turn
        while turn < len(hosts) or time.perf_counter() - begun < seconds:
            host = hosts[turn % len(hosts)]
            turn += 1
            started = time.perf_counter()
            try:
                await operation(what, host)
                taken.append(time.perf_counter() - started)
            except Exception as error:
                text = f"{type(error).__name__}: {error}"[:200]
                errors[text] = errors.get(text, 0) + 1

    await asyncio.gather(*(worker() for _ in range(at_once)))
    return {"seconds": time.perf_counter() - begun, "taken": taken, "errors": errors}


async def obey(perform):
    """Answers each line with what came of it. `perform(request)` is awaited."""
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        print(json.dumps(await perform(json.loads(line))), flush=True)


def site():
    """The hosts, the account and the files, as `worlds.py` wrote them."""
    with open(sys.argv[1]) as file:
        return json.load(file)


def file(site, what):
    """The path and the size of what is read, by a command or not."""
    name = "large" if what == "large" else "small"
    return site[name], site["bytes"][name]


def check(found, size):
    if len(found) != size:
        raise ValueError(f"{len(found)} bytes instead of {size}")
