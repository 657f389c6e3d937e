"""An SSH server by asyncssh, with SFTP. Every algorithm that asyncssh has and that is not broken is on offer."""

import asyncio
import logging
import os
import signal
from concurrent.futures import ThreadPoolExecutor

import asyncssh

import options

# asyncssh leaves out of its defaults what it finds slow or superfluous.
KEX = [
    "mlkem768x25519-sha256",
    "curve25519-sha256",
    "curve25519-sha256@libssh.org",
    "ecdh-sha2-nistp256",
    "ecdh-sha2-nistp384",
    "ecdh-sha2-nistp521",
    "diffie-hellman-group14-sha256",
    "diffie-hellman-group16-sha512",
]


class Server(asyncssh.SSHServer):
    """Besides keys, which asyncssh looks after, takes the password in a dialogue."""

    def kbdint_auth_supported(self):
        return OPTIONS.password is not None

    def get_kbdint_challenge(self, username, lang, submethods):
        return "Log in", "Say the word", "", [("Password: ", False)]

    def validate_kbdint_response(self, username, responses):
        return list(responses) == [OPTIONS.password]


async def serve(process):
    command = process.command
    if command is None:
        process.exit(1)
        return
    child = options.shell(command, HOME)
    loop = asyncio.get_running_loop()
    input_ = asyncio.create_task(copy_input(process, child, loop))
    try:
        await asyncio.gather(
            copy_output(child.stdout, process.stdout, loop), copy_output(child.stderr, process.stderr, loop)
        )
        code = await loop.run_in_executor(None, child.wait)
        if code < 0:
            process.exit_with_signal(signal.Signals(-code).name.removeprefix("SIG"))
        else:
            process.exit(code)
    except (BrokenPipeError, ConnectionError):
        pass
    finally:
        input_.cancel()
        options.end(child)


async def copy_output(source, sink, loop):
    while data := await loop.run_in_executor(None, os.read, source.fileno(), 65536):
        sink.write(data)
        await sink.drain()


async def copy_input(process, child, loop):
    while True:
        try:
            data = await process.stdin.read(65536)
        except asyncssh.SignalReceived as received:
            options.end(child, getattr(signal, "SIG" + received.signal))
            continue
        except asyncssh.BreakReceived:
            continue
        if not data:
            break
        await loop.run_in_executor(None, child.stdin.write, data)
    child.stdin.close()
    await process.wait_closed()
    # The client is gone, or wants no more of it.
    options.end(child)


async def main():
    # A process keeps three of them waiting, and there are many at once.
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(256))
    await asyncssh.listen(
        OPTIONS.address,
        OPTIONS.port,
        server_host_keys=OPTIONS.host_key,
        authorized_client_keys=OPTIONS.authorized_keys,
        server_factory=Server,
        process_factory=serve,
        sftp_factory=True,
        encoding=None,
        kex_algs=KEX,
        login_timeout=30,
    )
    logging.info("listening")
    await asyncio.Event().wait()


OPTIONS = options.parse()
HOME = OPTIONS.home
# Where SFTP starts.
os.chdir(HOME)
logging.basicConfig(level=logging.DEBUG, format="%(message)s")
asyncssh.set_debug_level(2)
asyncio.run(main())
