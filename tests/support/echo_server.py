"""The smallest MCP server that has a tool, in a language of its own: it says what it was asked, and stalls once."""
import json
import sys
import time

STALL_AT = int(sys.argv[1]) if len(sys.argv) > 1 else -1
calls = 0
for line in sys.stdin:
    message = json.loads(line)
    if message.get("method") == "initialize":
        version = message["params"]["protocolVersion"]
        info = {"name": "echo", "version": "1"}
        result = {"protocolVersion": version, "capabilities": {"tools": {}}, "serverInfo": info}
    elif message.get("method") == "tools/call":
        calls += 1
        if calls == STALL_AT:
            time.sleep(0.4)
        arguments = message["params"]["arguments"]
        is_known = message["params"]["name"] == "echo"
        text = arguments["words"] if is_known else "no such tool"
        result = {"content": [{"type": "text", "text": text}], "isError": not is_known}
    else:
        continue
    print(json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": result}), flush=True)
