"""What every client in Python does with the server: the job comes as JSON on stdin, a failed check ends in a traceback.

The drivers beside this file connect each its own package, over stdio or, where the job has a URL, over HTTP.
"""

import json
import sys
from pathlib import Path

import anyio

JOB = json.load(sys.stdin)


class Client:
    """What `check` asks of a session of the `mcp` package, whose two lines differ only in how fields are spelled."""

    def __init__(self, session, types):
        self.session = session
        self.types = types

    async def tools(self):
        return [tool.name for tool in (await self.session.list_tools()).tools]

    async def call(self, tool, arguments, progress=None):
        """Text, and whether the tool failed."""
        result = await self.session.call_tool(tool, arguments, progress_callback=progress)
        failed = result.isError if hasattr(result, "isError") else result.is_error
        return "".join(part.text for part in result.content), failed

    async def read(self, uri):
        return (await self.session.read_resource(uri)).contents[0].text

    async def complete(self, template, name, value):
        reference = self.types.ResourceTemplateReference(type="ref/resource", uri=template)
        return (await self.session.complete(reference, {"name": name, "value": value})).completion.values

    async def call_and_cancel(self, wait, tool, arguments, progress):
        """Cancels the call once `wait` is over. Abandoning it is enough: the package tells the server."""
        async with anyio.create_task_group() as calls:
            calls.start_soon(self.call, tool, arguments, progress)
            await wait()
            calls.cancel_scope.cancel()


def is_running(marker):
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if marker in file.read_text(errors="replace").replace("\0", " "):
                return True
        except OSError:
            pass  # It has just ended.
    return False


async def until(what, condition):
    with anyio.move_on_after(30) as scope:
        while not condition():
            await anyio.sleep(0.01)
    assert not scope.cancelled_caught, f"still not so: {what}"


async def check(client):
    async def scout(failed=False, **arguments):
        text, has_failed = await client.call("scout", arguments)
        assert has_failed == failed, text
        return text

    assert await client.tools() == ["scout", *(tool["name"] for tool in JOB["tools"])]
    assert await scout(target=JOB["file"]) == JOB["content"]
    assert Path(JOB["file"]).name in await scout(target=JOB["directory"])
    assert (await scout(target=JOB["directory"], query=JOB["query"])).rstrip() == JOB["content"].rstrip()
    assert "Path not found: /nope" in await scout(failed=True, target="h1:/nope")
    assert "h1 (online)" in await scout(target="hosts")
    for tool in JOB["tools"]:
        text, has_failed = await client.call(tool["name"], tool["arguments"])
        assert not has_failed and tool["says"] in text, (tool, text)

    assert "h1" in await client.read("hosts://list")
    assert await client.read(JOB["resource"]) == JOB["content"]
    assert await client.complete(JOB["template"], "host", "h") == ["h1", "localhost"]

    marker = JOB["marker"]
    seconds = []

    async def progress(value, _total, _message):
        seconds.append(value)

    async def wait():
        await until("sleep tells its seconds", lambda: seconds)
        assert is_running(marker)

    await client.call_and_cancel(wait, "scout", {"target": "h1:/", "query": f"sleep {marker}"}, progress)
    assert seconds[0] >= 1, seconds
    await until("sleep is gone", lambda: not is_running(marker))
    assert await scout(target=JOB["file"]) == JOB["content"]
