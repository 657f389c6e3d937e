"""libssh2 through ssh2-python, blocking: a session for each host, a thread for each host that is asked."""

import asyncio
import socket
from concurrent.futures import ThreadPoolExecutor

from driver import check, drive, file, obey, site
from ssh2.session import Session
from ssh2.sftp import LIBSSH2_FXF_READ

SITE = site()
THREADS = 100


class Host:
    def __init__(self, ip, port):
        self.ip, self.port = ip, port
        self.session = self.files = None

    def connected(self):
        if self.session is None:
            stream = socket.create_connection((self.ip, self.port))
            stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            session = Session()
            session.handshake(stream)
            session.userauth_publickey_fromfile(SITE["user"], SITE["key"], "", SITE["key"] + ".pub")
            self.session = session
        return self.session

    def run(self, path):
        channel = self.connected().open_session()
        channel.execute(f"cat {path}")
        found = b"".join(iter(lambda: channel.read(65536)[1], b""))
        channel.wait_eof()
        channel.close()
        channel.wait_closed()
        return found

    def read(self, path, size):
        if self.files is None:
            self.files = self.connected().sftp_init()
        with self.files.open(path, LIBSSH2_FXF_READ, 0) as handle:
            # It makes a buffer of this size each time.
            return b"".join(iter(lambda: handle.read(size)[1], b""))

    def perform(self, what):
        path, size = file(SITE, what)
        check(self.run(path) if what == "command" else self.read(path, size), size)


HOSTS = [Host(host["ip"], host["port"]) for host in SITE["hosts"]]
POOL = ThreadPoolExecutor(THREADS)


async def operation(what, host):
    await asyncio.get_running_loop().run_in_executor(POOL, HOSTS[host].perform, what)


async def perform(request):
    if request["at_once"] > 1:
        return await drive(**request, operation=operation)

    async def here(what, host):
        HOSTS[host].perform(what)

    # One at a time needs no thread: the hop would be measured along with it.
    return await drive(**request, operation=here)


asyncio.run(obey(perform))
