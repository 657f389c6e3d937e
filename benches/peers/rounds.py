"""What is done with a peer in one round, and what is noted of it."""

import statistics
import time
from dataclasses import dataclass

from peers import BROADCAST, COMMAND, LARGE, READ
from process import PeerFailed
from worlds import HOSTS, MANY

#: Hosts by their numbers: the one that is asked over and over, and those that nobody has met before.
ONE, COLD = [0], {1: [1], 10: list(range(2, 12)), MANY: list(range(12, HOSTS))}
AT_ONCE = (1, 10, 100)
#: How long a peer may be silent, in seconds.
PATIENCE = 30
#: A connection is idle after so many seconds.
REST_SECONDS = 2.5
WARM_TIMES = 3


@dataclass(frozen=True)
class Plan:
    rounds: int
    #: How long each load lasts.
    seconds: float


def measure(peer, world, plan, folder, log):
    """All figures of one round, in a fresh process: seconds, bytes, operations a second, by the name of the row."""
    figures = {}
    subject = None
    try:
        subject = peer.start(world, folder, log)
        figures["ready"] = subject.ready
        once = subject.ask(COMMAND, ONE, 1, 0, PATIENCE)
        figures["first"] = time.perf_counter() - subject.process.begun
        note_errors(figures, "first", once)
        figures["resident"] = subject.process.resident()
        # First what it costs to know many: in a process that has worked, they would live in what it had before.
        many_hosts(figures, subject, peer)
        one_host(figures, subject, peer, world, plan)
        figures["resident 100"] = subject.process.resident()
    except (PeerFailed, FileNotFoundError) as error:
        figures["failed"] = str(error)
    finally:
        if subject:
            subject.process.end()
    return figures


def many_hosts(figures, subject, peer):
    before = subject.process.share()
    for count, hosts in COLD.items():
        figures[f"cold {count}"] = loaded(subject, COMMAND, hosts, count, 0)
    time.sleep(REST_SECONDS)
    figures["connection"] = (subject.process.share() - before) / sum(COLD)
    figures[f"warm {MANY}"] = middle(loaded(subject, COMMAND, COLD[MANY], MANY, 0) for _ in range(WARM_TIMES))
    if BROADCAST in peer.whats:
        figures[BROADCAST] = middle(loaded(subject, BROADCAST, COLD[MANY], 1, 0) for _ in range(WARM_TIMES))


def middle(figures):
    return sorted(figures, key=lambda figure: figure["seconds"])[WARM_TIMES // 2]


def one_host(figures, subject, peer, world, plan):
    for what in COMMAND, READ:
        for at_once in AT_ONCE:
            if what in peer.whats and at_once <= peer.at_once:
                # The first one opens what the others use.
                subject.ask(what, ONE, 1, 0, PATIENCE)
                figures[f"{what} {at_once}"] = loaded(subject, what, ONE, at_once, plan.seconds)
    if LARGE in peer.whats:
        figures[LARGE] = loaded(subject, LARGE, ONE, 1, plan.seconds)


def loaded(subject, what, hosts, at_once, seconds):
    cpu = subject.process.cpu()
    own = time.process_time()
    outcome = subject.ask(what, hosts, at_once, seconds, PATIENCE)
    own = time.process_time() - own
    cpu = subject.process.cpu() - cpu
    taken = outcome["taken"]
    if not taken:
        return {"errors": outcome["errors"], "seconds": outcome["seconds"]}
    count = len(taken) + sum(outcome["errors"].values())
    return {
        "seconds": outcome["seconds"],
        "count": len(taken),
        "rate": len(taken) / outcome["seconds"],
        "p50": statistics.median(taken),
        "p99": sorted(taken)[-1 - len(taken) // 100],
        "cpu": cpu / count,
        # What it cost this process, where it is the client.
        "own": own / count,
        "errors": outcome["errors"],
    }


def note_errors(figures, row, outcome):
    if outcome["errors"]:
        raise PeerFailed(f"{row}: {next(iter(outcome['errors']))}")
