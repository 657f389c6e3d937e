"""What every client does with the server: the job comes as JSON on stdin, a failed check ends in a traceback.

The two drivers beside this file give it a client with the same few methods for either line of the `mcp` package.
"""

import json
import sys
from pathlib import Path

import anyio

JOB = json.load(sys.stdin)


def text(result, failed):
    assert failed == bool(result.isError if hasattr(result, "isError") else result.is_error), result
    return "".join(part.text for part in result.content)


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


async def check(client, cancel_running_call):
    """`cancel_running_call(arguments, wait)` calls the tool, awaits `wait`, and cancels the call."""

    async def scout(failed=False, **arguments):
        return text(await client.call_tool("scout", arguments), failed)

    tools = (await client.list_tools()).tools
    assert [tool.name for tool in tools] == ["scout"], tools
    assert await scout(target=JOB["file"]) == JOB["content"]
    assert Path(JOB["file"]).name in await scout(target=JOB["directory"])
    assert (await scout(target=JOB["directory"], query=JOB["query"])).rstrip() == JOB["content"].rstrip()
    assert "Path not found: /nope" in await scout(failed=True, target="h1:/nope")
    assert "h1 (online)" in await scout(target="hosts")

    marker = JOB["marker"]
    arguments = {"target": "h1:/", "query": f"sleep {marker}"}
    await cancel_running_call(arguments, lambda: until("sleep runs", lambda: is_running(marker)))
    await until("sleep is gone", lambda: not is_running(marker))
    assert await scout(target=JOB["file"]) == JOB["content"]
