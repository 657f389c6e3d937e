"""asyncssh: one connection for each host, an exec for each command, one SFTP session for all reads."""

import asyncio

import asyncssh
from driver import check, drive, file, obey, site

SITE = site()
KNOWN_HOSTS = asyncssh.read_known_hosts(SITE["known_hosts"])
KEY = asyncssh.read_private_key(SITE["key"])


class Host:
    def __init__(self, ip, port):
        self.ip, self.port = ip, port
        self.lock = asyncio.Lock()
        self.execs = asyncio.Semaphore(SITE["execs"])
        self.connection = self.files = None

    async def connected(self):
        async with self.lock:
            if self.connection is None:
                self.connection = await asyncssh.connect(
                    self.ip,
                    self.port,
                    username=SITE["user"],
                    client_keys=[KEY],
                    known_hosts=KNOWN_HOSTS,
                    config=None,
                    agent_path=None,
                )
            return self.connection

    async def sftp(self):
        connection = await self.connected()
        async with self.lock:
            if self.files is None:
                self.files = await connection.start_sftp_client()
            return self.files

    async def perform(self, what):
        path, size = file(SITE, what)
        if what == "command":
            connection = await self.connected()
            async with self.execs:
                result = await connection.run(f"cat {path}", encoding=None, check=True)
            found = result.stdout
        else:
            sftp = await self.sftp()
            async with sftp.open(path, "rb") as handle:
                found = await handle.read()
        check(found, size)


HOSTS = [Host(host["ip"], host["port"]) for host in SITE["hosts"]]


async def operation(what, host):
    await HOSTS[host].perform(what)


asyncio.run(obey(lambda request: drive(**request, operation=operation)))
