"""The official client, 1.x line: opens with `initialize`."""

from contextlib import asynccontextmanager

import anyio
from mcp import ClientSession, StdioServerParameters, types
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import create_mcp_http_client, streamable_http_client

from job import JOB, Client, check


@asynccontextmanager
async def connect():
    if JOB["url"]:
        async with (
            create_mcp_http_client(headers=JOB["headers"]) as http,
            streamable_http_client(JOB["url"], http_client=http) as (reader, writer, _session_id),
        ):
            yield reader, writer
    else:
        server = StdioServerParameters(command=JOB["command"], args=JOB["arguments"], env=JOB["environment"])
        async with stdio_client(server) as streams:
            yield streams


class Older(Client):
    async def call_and_cancel(self, wait, tool, arguments, progress):
        # This line of the client has no cancellation of its own: the notification is written by hand.
        async with anyio.create_task_group() as calls:
            request = self.session._request_id
            calls.start_soon(self.call, tool, arguments, progress)
            await wait()
            params = types.CancelledNotificationParams(requestId=request, reason="test")
            cancelled = types.CancelledNotification(params=params)
            await self.session.send_notification(types.ClientNotification(cancelled))
            calls.cancel_scope.cancel()


async def main():
    async with connect() as (reader, writer), ClientSession(reader, writer) as session:
        opened = await session.initialize()
        assert opened.protocolVersion == types.LATEST_PROTOCOL_VERSION, opened
        assert opened.serverInfo.version == JOB["version"], opened
        await session.send_ping()
        await check(Older(session, types))


anyio.run(main)
