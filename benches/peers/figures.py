"""The scenarios of the documents on earlier systems, on real sshd: what a server that takes `scout`'s calls makes of them.

The rows have the numbers of `cargo bench --bench fleet`, which does the same with simulated hosts.
"""

import time

from peers import COMMAND, LARGE, READ
from rounds import PATIENCE

#: Hosts by their numbers: one that is met first, those that nobody has met before, 10 and 100 of them.
ONE, TEN, HUNDRED = 1, range(2, 12), range(12, 112)
TIMES = 100


def measure(peer, world, folder, log):
    """All rows of one fresh process: seconds, operations a second where the name ends in `/s`, or what went wrong."""
    subject = peer.start(world, folder, log)
    figures = {"PB-42: start to `initialize`": subject.ready}
    try:
        for name, ask in scenarios(Caller(subject, world)):
            try:
                figures[name] = ask()
            except WrongAnswer as error:
                figures[name] = str(error)
    finally:
        subject.process.end()
    return figures


def is_wrong(line):
    return any(sign in line for sign in (b'"isError":true', b'"error":{', b'"text":"Error'))


def scenarios(caller):
    one, four = caller.read(ONE), [caller.read(ONE), caller.list(ONE), caller.command(ONE), caller.read(ONE)]
    ten, hundred = (list(map(caller.read, hosts)) for hosts in (TEN, HUNDRED))
    yield "PB-1, PB-15: cold host, read", lambda: caller.all([one])
    yield "PB-4: 10 cold hosts, read", lambda: caller.all(ten)
    yield "PB-5: 100 cold hosts, read", lambda: caller.all(hundred)
    yield "PB-9, PB-16: warm read, one after the other", lambda: caller.middle([one])
    yield "PB-9: list", lambda: caller.middle([caller.list(ONE)])
    yield "PB-9: command", lambda: caller.middle([caller.command(ONE)])
    yield "PB-10: 1 MB", lambda: caller.middle([caller.large(ONE)], 10)
    yield "PB-11: 4 operations at once, /s", lambda: caller.rate(four, 10)
    yield "PB-17: 50 reads at once of one host, /s", lambda: caller.rate([one] * 50, 10)
    yield "PB-18: 10 warm hosts at once, /s", lambda: caller.rate(ten, 10)
    yield "PB-18: 100 warm hosts at once, /s", lambda: caller.rate(hundred, 5)
    yield "PB-19: 5 different requests at once, /s", lambda: caller.rate([*four, caller.hosts()], 10)
    yield "PB-20, PB-26: host list, asked again", lambda: caller.middle([caller.hosts()], 10)
    yield "PB-25: 1,000 reads at once of one host", lambda: caller.all([one] * 1000)


class WrongAnswer(Exception):
    """An operation failed."""


class Caller:
    """Asks for several things at once, and waits for all of them."""

    def __init__(self, subject, world):
        self.subject, self.world = subject, world

    def read(self, host):
        return self.call(READ, host, self.world.small)

    def command(self, host):
        return self.call(COMMAND, host, self.world.small)

    def large(self, host):
        return self.call(LARGE, host, self.world.large)

    def list(self, host):
        return "scout", {"target": f"{self.world.hosts[host]['name']}:{self.world.home}"}

    def hosts(self):
        return "scout", {"target": "hosts"}

    def call(self, what, host, path):
        return self.subject.calls[what](self.world.hosts[host], path)

    def all(self, calls):
        """Seconds until all of them are answered."""
        messages, waited, wrong = [], set(), None
        for call in calls:
            head, tail = self.subject.request(*call)
            waited.add(self.subject.next_id)
            messages.append(b"%b%d%b" % (head, self.subject.next_id, tail))
            self.subject.next_id += 1
        begun = time.perf_counter()
        self.subject.process.write(b"".join(messages))
        while waited:
            for number, line in self.subject.answer(begun + PATIENCE).items():
                waited.discard(number)
                wrong = wrong or is_wrong(line) and line[:300].decode(errors="replace")
        if wrong:
            raise WrongAnswer(wrong)
        return time.perf_counter() - begun

    def middle(self, calls, times=TIMES):
        return sorted(self.all(calls) for _ in range(times))[times // 2]

    def rate(self, calls, times=TIMES):
        return len(calls) / self.middle(calls, times)
