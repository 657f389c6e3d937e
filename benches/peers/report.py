"""The tables: medians of the rounds, in Markdown."""

import statistics

from peers import BROADCAST, COMMAND, LARGE, READ
from rounds import AT_ONCE, COLD

NONE = "–"


def medians(rounds):
    """Of the same figures of several rounds; of counts and errors the sum."""
    names = {name for figures in rounds for name in figures}
    return {name: median([figures[name] for figures in rounds if name in figures]) for name in sorted(names)}


def median(values):
    if isinstance(values[0], dict):
        errors = {}
        for value in values:
            for text, count in value["errors"].items():
                errors[text] = errors.get(text, 0) + count
        names = {name for value in values for name in value} - {"errors", "count"}
        middle = {name: statistics.median([value[name] for value in values if name in value]) for name in sorted(names)}
        return middle | {"count": sum(value.get("count", 0) for value in values), "errors": errors}
    known = [value for value in values if isinstance(value, (int, float))]
    return statistics.median(known) if known else values[-1]


def tables(world, peers, figures):
    """All of one world; `figures` by the name of the peer."""
    load = "rate; p50, p99 in ms; CPU of the client each"
    yield f"## {world.title}\n"
    for what, title in (COMMAND, "a small command"), (READ, "a read of 1,400 bytes over SFTP"):
        rows = [
            [*names(peer), *(load_cell(figures[peer.name].get(f"{what} {at_once}")) for at_once in AT_ONCE)]
            for peer in peers
            if what in peer.whats
        ]
        heads = [f"warm, one host: {title}", "version", *(f"{at_once} at once: {load}" for at_once in AT_ONCE)]
        yield from table(heads, rows)
    rows = [
        [
            *names(peer),
            *(time_cell(figures[peer.name].get(f"cold {count}")) for count in COLD),
            cpu_cell(figures[peer.name].get("cold 100")),
            time_cell(figures[peer.name].get("warm 100")),
            time_cell(figures[peer.name].get(BROADCAST)),
            number(figures[peer.name].get("connection"), 1024, " KiB"),
        ]
        for peer in peers
    ]
    cold = [f"{count} cold" for count in COLD]
    warm = ["CPU each of 100 cold", "100 warm", "100 warm, one call", "memory a connection"]
    yield from table(["many hosts, a command of each", "version", *cold, *warm], rows)
    rows = [
        [
            *names(peer),
            milliseconds(figures[peer.name].get("ready")),
            milliseconds(figures[peer.name].get("first")),
            number(figures[peer.name].get("resident"), 1 << 20, " MiB"),
            number(figures[peer.name].get("resident 100"), 1 << 20, " MiB"),
            large_cell(figures[peer.name].get(LARGE)),
        ]
        for peer in peers
    ]
    start = ["start to `initialize`", "start to first answer of a host", "resident then", "resident after all"]
    yield from table(["one process", "version", *start, "read of 1 MB; CPU"], rows)
    for peer in peers:
        yield from failures(peer, figures[peer.name])


def names(peer):
    return f"{peer.name} ({peer.kind})", peer.version


def table(heads, rows):
    if rows:
        yield "| " + " | ".join(heads) + " |"
        yield "|" + "---|" * len(heads)
        yield from ("| " + " | ".join(row) + " |" for row in rows)
        yield ""


def failures(peer, figures):
    """What went wrong."""
    if "failed" in figures:
        yield f"* {peer.name}: {figures['failed']}"
    for row, figure in figures.items():
        if isinstance(figure, dict):
            for text, count in list(figure["errors"].items())[:3]:
                yield f"* {peer.name}, {row}: {count} failed: `{' '.join(text.split())[:300]}`"


def load_cell(figure):
    if not figure or "rate" not in figure:
        return lost(figure)
    times = f"{1e3 * figure['p50']:.3g}, {1e3 * figure['p99']:.3g}"
    return f"{figure['rate']:,.0f}/s; {times}; {1e6 * figure['cpu']:,.0f} µs{failed(figure)}"


def time_cell(figure):
    return f"{milliseconds(figure['seconds'])}{failed(figure)}" if figure and "rate" in figure else lost(figure)


def cpu_cell(figure):
    return f"{1e3 * figure['cpu']:.2g} ms" if figure and "cpu" in figure else NONE


def large_cell(figure):
    if not figure or "rate" not in figure:
        return lost(figure)
    return f"{milliseconds(figure['p50'])}; {1e3 * figure['cpu']:.2g} ms{failed(figure)}"


def lost(figure):
    return "failed" if figure else NONE


def failed(figure):
    count = sum(figure["errors"].values())
    return f" (**{count / (count + figure['count']):.0%} failed**)" if count else ""


def milliseconds(seconds):
    if seconds is None:
        return NONE
    return f"{1e3 * seconds:,.0f} ms" if seconds >= 0.01 else f"{1e3 * seconds:.2g} ms"


def number(value, unit, name):
    return NONE if value is None else f"{value / unit:,.0f}{name}"
