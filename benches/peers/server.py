"""An MCP server as a peer: this process is its client, over its stdin and stdout."""

import json
import re
import time

from process import PeerFailed, Process

PATIENCE = 30
ID = re.compile(rb'"id": ?(\d+)')
HANDSHAKE = {
    "protocolVersion": "2025-06-18",
    "capabilities": {},
    "clientInfo": {"name": "peers", "version": "1"},
}


class Server:
    """`calls[what](host, path)` is the tool and its arguments for one operation; a broadcast takes many hosts."""

    def __init__(self, command, env, calls, world, log):
        self.calls, self.world = calls, world
        self.process = Process(command, world.env() | env, world.home, log)
        self.next_id = 1
        try:
            self.process.write(self.line("initialize", HANDSHAKE))
            self.answer(time.perf_counter() + PATIENCE)
        except PeerFailed:
            self.process.end()
            raise
        #: Seconds from its start to the answer to `initialize`.
        self.ready = time.perf_counter() - self.process.begun
        self.process.write(b'{"jsonrpc":"2.0","method":"notifications/initialized"}\n')

    def line(self, method, params):
        message = {"jsonrpc": "2.0", "id": self.next_id, "method": method, "params": params}
        self.next_id += 1
        return json.dumps(message, separators=(",", ":")).encode() + b"\n"

    def answer(self, deadline):
        """The next answers, by their ids; what a server says of its own accord is passed over."""
        while True:
            answers = {}
            for line in self.process.lines(deadline):
                # Looked for near the ends: members are in any order, and the text between may hold anything.
                if found := ID.search(line[:80]) or ID.search(line[-80:]):
                    answers[int(found[1])] = line
            if answers:
                return answers

    def ask(self, what, hosts, at_once, seconds, patience):
        """Keeps `at_once` requests under way, on the hosts in turn, until each had its turn and the time is over."""
        call = self.calls[what]
        path = self.world.large if what == "large" else self.world.small
        proof, length = self.world.proof(path)
        asked = [self.world.hosts[host] for host in hosts]
        # One call names all of them, or each has one.
        calls = [call(asked, path)] if what == "broadcast" else [call(host, path) for host in asked]
        heads, tails = zip(*(self.request(*call) for call in calls))
        taken, errors, under_way, turn = [], {}, {}, 0
        begun = now = time.perf_counter()
        deadline = begun + seconds + patience
        room = at_once
        while True:
            batch = []
            while room and (turn < len(calls) or now - begun < seconds):
                under_way[self.next_id] = now
                batch.append(b"%b%d%b" % (heads[turn % len(calls)], self.next_id, tails[turn % len(calls)]))
                self.next_id, turn, room = self.next_id + 1, turn + 1, room - 1
            self.process.write(b"".join(batch))
            if not under_way:
                return {"seconds": now - begun, "taken": taken, "errors": errors}
            answers = self.answer(deadline)
            now = time.perf_counter()
            for number, line in answers.items():
                started = under_way.pop(number, None)
                if started is None:
                    raise PeerFailed(f"an answer to nothing: {line[:200]!r}")
                room += 1
                if len(line) > length and proof in line:
                    taken.append(now - started)
                else:
                    text = ID.sub(b'"id":0', line)[:400].decode(errors="replace")
                    errors[text] = errors.get(text, 0) + 1

    def request(self, tool, arguments):
        """A call before and behind its id."""
        call = {"method": "tools/call", "params": {"name": tool, "arguments": arguments}}
        return b'{"jsonrpc":"2.0","id":', b"," + json.dumps(call, separators=(",", ":")).encode()[1:] + b"\n"
