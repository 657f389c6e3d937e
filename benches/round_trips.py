"""asyncssh doing what `round_trips.rs` measures: one line of seconds for each row, `-` where there is none."""

import asyncio
import statistics
import sys
import time

import asyncssh

host, port, user, key, known_hosts, home, times = sys.argv[1:]
times = int(times)


def connect():
    return asyncssh.connect(
        host, int(port), username=user, client_keys=[key], known_hosts=known_hosts, config=None, agent_path=None
    )


async def median(once):
    taken = []
    for n in range(times):
        begun = time.perf_counter()
        await once(n)
        taken.append(time.perf_counter() - begun)
    print(statistics.median(taken))


async def main():
    async def cold_command(n):
        async with connect() as connection:
            await connection.run("cat /dev/null", check=True)

    async def cold_read(n):
        async with connect() as connection, connection.start_sftp_client() as sftp:
            await read(sftp, f"c{n}")

    async def read(sftp, name):
        async with sftp.open(f"{home}/{name}", "rb") as file:
            await file.read()

    await median(cold_command)
    await median(cold_command)
    await median(cold_read)
    await median(cold_read)
    async with connect() as connection, connection.start_sftp_client() as sftp:
        await median(lambda n: connection.run("cat /dev/null", check=True))
        await median(lambda n: sftp.readdir(f"{home}/list"))
        for kind in "ssll":
            await median(lambda n: read(sftp, f"{kind}{n}"))
        await median(lambda n: asyncio.gather(*(read(sftp, f"many{n}-{at}") for at in range(10))))


asyncio.run(main())
