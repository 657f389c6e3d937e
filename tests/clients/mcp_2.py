"""The official client, 2.x line: opens with `server/discover`, or with `initialize` when told to."""

import sys

import anyio
from mcp import Client
from mcp.client.stdio import StdioServerParameters

from job import JOB, check


async def main(mode, version):
    server = StdioServerParameters(command=JOB["command"], args=JOB["arguments"], env=JOB["environment"])
    async with Client(server, mode=mode) as client:
        assert client.protocol_version == version, client.protocol_version
        assert client.server_info.version == JOB["version"], client.server_info

        async def cancel_running_call(arguments, wait):
            # Abandoning a call sends the notification.
            async with anyio.create_task_group() as calls:
                calls.start_soon(client.call_tool, "scout", arguments)
                await wait()
                calls.cancel_scope.cancel()

        await check(client, cancel_running_call)


anyio.run(main, *sys.argv[1:])
