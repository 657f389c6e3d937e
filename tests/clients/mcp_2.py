"""The official client, 2.x line: opens with `server/discover`, or with `initialize` when told to."""

import sys
from contextlib import asynccontextmanager

import anyio
from mcp import Client as Session, types
from mcp.client.stdio import StdioServerParameters
from mcp.client.streamable_http import create_mcp_http_client, streamable_http_client

from job import JOB, Client, check


@asynccontextmanager
async def transport():
    if JOB["url"]:
        async with create_mcp_http_client(headers=JOB["headers"]) as http:
            yield streamable_http_client(JOB["url"], http_client=http)
    else:
        yield StdioServerParameters(command=JOB["command"], args=JOB["arguments"], env=JOB["environment"])


async def main(mode, version):
    async with transport() as server, Session(server, mode=mode) as session:
        assert session.protocol_version == version, session.protocol_version
        assert session.server_info.version == JOB["version"], session.server_info
        await check(Client(session, types))


anyio.run(main, *sys.argv[1:])
