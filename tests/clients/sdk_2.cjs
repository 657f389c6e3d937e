// The official SDK, 2.x line: opens with `initialize`, or with `server/discover` when told to.
"use strict";

const assert = require("node:assert/strict");
const { Client, StreamableHTTPClientTransport } = require("@modelcontextprotocol/client");
const { StdioClientTransport } = require("@modelcontextprotocol/client/stdio");

const { check, me, run, transport } = require("./job.cjs");

const [mode, version] = process.argv.slice(2);

run(async () => {
    const client = new Client(me, { versionNegotiation: { mode } });
    await client.connect(transport({ StdioClientTransport, StreamableHTTPClientTransport }));
    assert.equal(client.getNegotiatedProtocolVersion(), version);
    await check(client, (params, options) => client.callTool(params, options));
});
