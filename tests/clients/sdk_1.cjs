// The official SDK, 1.x line: opens with `initialize`.
"use strict";

const { Client } = require("@modelcontextprotocol/sdk/client/index.js");
const { StdioClientTransport } = require("@modelcontextprotocol/sdk/client/stdio.js");
const { StreamableHTTPClientTransport } = require("@modelcontextprotocol/sdk/client/streamableHttp.js");

const { check, me, run, transport } = require("./job.cjs");

run(async () => {
    const client = new Client(me);
    await client.connect(transport({ StdioClientTransport, StreamableHTTPClientTransport }));
    await check(client, (params, options) => client.callTool(params, undefined, options));
});
