// What every client in JavaScript does with the server: the job comes as JSON on stdin, a failed check ends in a trace.
//
// The drivers beside this file connect each its own line of the SDK, over stdio or, where the job has a URL, over HTTP.
"use strict";

const assert = require("node:assert/strict");
const fs = require("node:fs");
const path = require("node:path");
const { setTimeout: sleep } = require("node:timers/promises");

const job = JSON.parse(fs.readFileSync(0, "utf8"));
const me = { name: "test", version: "1" };

/** A transport of the line's own making. */
function transport({ StdioClientTransport, StreamableHTTPClientTransport }) {
    if (job.url) return new StreamableHTTPClientTransport(new URL(job.url), { requestInit: { headers: job.headers } });
    return new StdioClientTransport({ command: job.command, args: job.arguments, env: job.environment });
}

function isRunning(marker) {
    return fs.readdirSync("/proc").some((pid) => {
        if (!/^\d+$/.test(pid)) return false;
        try {
            return fs.readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").includes(marker);
        } catch {
            return false; // It has just ended.
        }
    });
}

async function until(what, condition) {
    const end = Date.now() + 30_000;
    while (!condition()) {
        assert.ok(Date.now() < end, `still not so: ${what}`);
        await sleep(10);
    }
}

/** `call(params, options)` is the line's own way of calling a tool. */
async function check(client, call) {
    const answer = async (params, failed = false) => {
        const result = await call(params);
        assert.equal(result.isError ?? false, failed, JSON.stringify(result));
        return result.content.map((part) => part.text).join("");
    };
    const scout = (args, failed) => answer({ name: "scout", arguments: args }, failed);
    const read = async (uri) => (await client.readResource({ uri })).contents[0].text;

    assert.equal(client.getServerVersion().version, job.version);
    const names = (await client.listTools()).tools.map((tool) => tool.name);
    assert.deepEqual(names, ["scout", ...job.tools.map((tool) => tool.name)]);
    assert.equal(await scout({ target: job.file }), job.content);
    assert.ok((await scout({ target: job.directory })).includes(path.basename(job.file)));
    assert.equal((await scout({ target: job.directory, query: job.query })).trimEnd(), job.content.trimEnd());
    assert.match(await scout({ target: "h1:/nope" }, true), /Path not found: \/nope/);
    assert.match(await scout({ target: "hosts" }), /h1 \(online\)/);
    for (const { name, arguments: args, says } of job.tools) {
        const text = await answer({ name, arguments: args });
        assert.ok(text.includes(says), `${name}: ${text}`);
    }

    assert.match(await read("hosts://list"), /h1/);
    assert.equal(await read(job.resource), job.content);
    const ref = { type: "ref/resource", uri: job.template };
    const completed = await client.complete({ ref, argument: { name: "host", value: "h" } });
    assert.deepEqual(completed.completion.values, ["h1", "localhost"]);

    const seconds = [];
    const cancel = new AbortController();
    const running = call(
        { name: "scout", arguments: { target: "h1:/", query: `sleep ${job.marker}` } },
        { signal: cancel.signal, onprogress: ({ progress }) => seconds.push(progress) },
    );
    const cancelled = assert.rejects(running, /cancelled by test/);
    await until("sleep tells its seconds", () => seconds.length > 0);
    assert.ok(seconds[0] >= 1 && isRunning(job.marker), `${seconds}`);
    cancel.abort("cancelled by test");
    await cancelled;
    await until("sleep is gone", () => !isRunning(job.marker));
    assert.equal(await scout({ target: job.file }), job.content);
    await client.close();
}

/** Ends the process with a trace when the check fails: what the client still holds open does not keep it. */
function run(main) {
    main().then(
        () => process.exit(0),
        (error) => {
            console.error(error);
            process.exit(1);
        },
    );
}

module.exports = { check, job, me, run, transport };
