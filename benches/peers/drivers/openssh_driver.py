"""OpenSSH's client: a process for each command, over a connection that a first one left behind (ControlMaster)."""

import asyncio
import ctypes

from driver import check, drive, file, obey, site

SITE = site()
# Its default, sntrup761x25519-sha512, costs either side several times as much, and others here do not speak it.
KEY_EXCHANGE = "curve25519-sha256"
PR_SET_CHILD_SUBREAPER = 36
limits = {}


async def operation(what, host):
    path, size = file(SITE, what)
    name = SITE["hosts"][host]["name"]
    options = ("ControlMaster=auto", "ControlPersist=yes", "ControlPath=control/%n", f"KexAlgorithms={KEY_EXCHANGE}")
    words = [word for option in options for word in ("-o", option)]
    async with limits.setdefault(host, asyncio.Semaphore(SITE["execs"])):
        process = await asyncio.create_subprocess_exec(
            *("ssh", "-F", ".ssh/config", "-T", *words, name, f"cat {path}"),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            # The connection that stays behind keeps it open.
            stderr=asyncio.subprocess.DEVNULL,
            limit=1 << 20,
        )
        found = await process.stdout.read()
        code = await process.wait()
    if code != 0:
        raise ChildProcessError(f"ssh ended with {code}")
    check(found, size)


# What goes into the background stays our descendant, so that its processor time and memory are seen.
ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
asyncio.run(obey(lambda request: drive(**request, operation=operation)))
