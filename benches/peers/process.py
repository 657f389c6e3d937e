"""Processes that are measured: started with pipes, watched from outside with their descendants, ended for good."""

import contextlib
import glob
import os
import select
import signal
import subprocess
import time
from pathlib import Path

TICK = 1 / os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


class PeerFailed(Exception):
    """It ended, said something else, or nothing in time."""


def stat(pid):
    """The fields of /proc/PID/stat behind the name, so that [1] is the parent; None when it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None


def descendants(root):
    """A process and all that it has started, as far as they were not orphaned."""
    children = {}
    for entry in os.scandir("/proc"):
        if entry.name.isdigit() and (fields := stat(entry.name)):
            children.setdefault(int(fields[1]), []).append(int(entry.name))
    found = [root]
    for pid in found:
        found.extend(children.get(pid, ()))
    return found


def processor_time(pid):
    """Seconds of a process, and of its children that have ended.

    The scheduler's account is in nanoseconds, and of threads that live; the other has all, in ticks of 10 ms.
    """
    if not (fields := stat(pid)):
        return 0
    own, children = (TICK * (int(fields[at]) + int(fields[at + 1])) for at in (11, 13))
    alive = 0
    for schedstat in glob.glob(f"/proc/{pid}/task/*/schedstat"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            alive += int(Path(schedstat).read_text().split()[0]) / 1e9
    return max(own, alive) + children


def identities(root):
    """A process and its descendants as pairs of number and start: numbers are given again."""
    return [(pid, fields[19]) for pid in descendants(root) if (fields := stat(pid))]


def kill(family):
    for pid, start in family:
        with contextlib.suppress(ProcessLookupError):
            if (fields := stat(pid)) and fields[19] == start:
                os.kill(pid, signal.SIGKILL)


class Process:
    """A child whose stdin and stdout are pipes of lines."""

    def __init__(self, command, env, folder, log):
        self.begun = time.perf_counter()
        with open(log, "ab") as stderr:
            self.child = subprocess.Popen(
                command, env=env, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr, bufsize=0
            )
        self.pid = self.child.pid
        self.rest = b""
        self.poll = select.poll()
        self.poll.register(self.child.stdout, select.POLLIN)

    def write(self, data):
        try:
            while data:
                data = data[self.child.stdin.write(data) :]
        except BrokenPipeError:
            raise PeerFailed("ended") from None

    def lines(self, deadline):
        """The whole lines that have come by now, at least one."""
        pieces = [self.rest]
        while True:
            left = deadline - time.perf_counter()
            if left <= 0 or not self.poll.poll(1e3 * left):
                raise PeerFailed("no answer in time")
            piece = os.read(self.child.stdout.fileno(), 1 << 20)
            if not piece:
                raise PeerFailed("ended")
            pieces.append(piece)
            if b"\n" in piece:
                *lines, self.rest = b"".join(pieces).split(b"\n")
                return lines

    def cpu(self):
        """Seconds of processor time of it and its descendants, those included that have ended."""
        return sum(processor_time(pid) for pid in descendants(self.pid))

    def resident(self):
        """Bytes in memory, as `ps` shows them."""
        return PAGE * sum(int(fields[21]) for pid in descendants(self.pid) if (fields := stat(pid)))

    def share(self):
        """Bytes in memory, where what several processes share is divided among them."""
        total = 0
        for pid in descendants(self.pid):
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                    if line.startswith("Pss:"):
                        total += 1024 * int(line.split()[1])
        return total

    def end(self):
        """Closes its stdin, and kills what has not ended by itself soon."""
        family = identities(self.pid)
        with contextlib.suppress(BrokenPipeError):
            self.child.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.child.wait(1)
        kill(family)
        self.child.wait()
        self.child.stdout.close()
