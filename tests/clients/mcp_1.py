"""The official client, 1.x line: opens with `initialize`."""

import anyio
from mcp import ClientSession, StdioServerParameters, types
from mcp.client.stdio import stdio_client

from job import JOB, check


async def main():
    server = StdioServerParameters(command=JOB["command"], args=JOB["arguments"], env=JOB["environment"])
    async with stdio_client(server) as (reader, writer), ClientSession(reader, writer) as session:
        opened = await session.initialize()
        assert opened.protocolVersion == types.LATEST_PROTOCOL_VERSION, opened
        assert opened.serverInfo.version == JOB["version"], opened
        await session.send_ping()

        async def cancel_running_call(arguments, wait):
            # This line of the client has no cancellation of its own: the notification is written by hand.
            async with anyio.create_task_group() as calls:
                request = session._request_id
                calls.start_soon(session.call_tool, "scout", arguments)
                await wait()
                params = types.CancelledNotificationParams(requestId=request, reason="test")
                await session.send_notification(types.ClientNotification(types.CancelledNotification(params=params)))
                calls.cancel_scope.cancel()

        await check(session, cancel_running_call)


anyio.run(main)
