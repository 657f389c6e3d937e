"""fastmcp: opens with `server/discover`."""

import anyio
import mcp_types
from fastmcp import Client as Session
from fastmcp.client.transports import StdioTransport, StreamableHttpTransport

from job import JOB, Client, check


def transport():
    if JOB["url"]:
        return StreamableHttpTransport(JOB["url"], headers=JOB["headers"])
    return StdioTransport(JOB["command"], JOB["arguments"], env=JOB["environment"], keep_alive=False)


class Fast(Client):
    async def tools(self):
        return [tool.name for tool in await self.session.list_tools()]

    async def call(self, tool, arguments, progress=None):
        result = await self.session.call_tool(tool, arguments, progress_handler=progress, raise_on_error=False)
        return "".join(part.text for part in result.content), result.is_error

    async def read(self, uri):
        return (await self.session.read_resource(uri))[0].text

    async def complete(self, template, name, value):
        reference = mcp_types.ResourceTemplateReference(type="ref/resource", uri=template)
        return (await self.session.complete(reference, {"name": name, "value": value})).values


async def main():
    async with Session(transport()) as session:
        assert session.protocol_version == "2026-07-28", session.protocol_version
        await check(Fast(session, mcp_types))


anyio.run(main)
