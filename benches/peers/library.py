"""A library as a peer: a small driver program makes the load in its own process and tells how long each took.

The driver obeys lines like {"what": "command", "hosts": [0], "at_once": 10, "seconds": 0.5} and answers each with
{"seconds": ..., "taken": [seconds of each operation], "errors": {text: count}}.
"""

import json
import time

from process import Process


class Library:
    def __init__(self, command, world, log):
        self.process = Process([*command, str(world.site)], world.env(), world.home, log)
        #: It has no handshake: what it takes to start is in its first answer.
        self.ready = None

    def ask(self, what, hosts, at_once, seconds, patience):
        request = {"what": what, "hosts": hosts, "at_once": at_once, "seconds": seconds}
        self.process.write(json.dumps(request).encode() + b"\n")
        (line,) = self.process.lines(time.perf_counter() + patience)
        return json.loads(line)
