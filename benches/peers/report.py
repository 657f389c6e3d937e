"""The tables: medians of the rounds, in Markdown."""

import statistics

from peers import BROADCAST, COMMAND, LARGE, READ
from rounds import AT_ONCE, COLD, MANY

NONE = "–"


def medians(rounds):
    """Of the same figures of several rounds; of counts and errors the sum."""
    names = dict.fromkeys(name for figures in rounds for name in figures)
    return {name: median([figures[name] for figures in rounds if name in figures]) for name in names}


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
    every = [(peer, figures[peer.name]) for peer in peers]
    yield f"## {world.title}\n"
    yield from one_host(every, COMMAND, "a small command")
    yield from one_host(every, READ, "a read of 1,400 bytes over SFTP")
    yield from many_hosts(every)
    yield from one_process(every)
    for peer, own in every:
        yield from failures(peer, own)


def one_host(every, what, title):
    load = "rate; p50, p99 in ms; CPU of the client each"
    heads = [f"warm, one host: {title}", "version", *(f"{at_once} at once: {load}" for at_once in AT_ONCE)]
    cells = lambda own: (load_cell(own.get(f"{what} {at_once}")) for at_once in AT_ONCE)
    return table(heads, [[*names(peer), *cells(own)] for peer, own in every if what in peer.whats])


def many_hosts(every):
    cold = [f"{count} cold" for count in COLD]
    warm = ["CPU each of 100 cold", "100 warm", "100 warm, one call", "memory a connection"]
    rows = [
        [
            *names(peer),
            *(time_cell(own.get(f"cold {count}")) for count in COLD),
            cpu_cell(own.get(f"cold {MANY}")),
            time_cell(own.get(f"warm {MANY}")),
            time_cell(own.get(BROADCAST)),
            number(own.get("connection"), 1024, " KiB"),
        ]
        for peer, own in every
    ]
    return table(["many hosts, a command of each", "version", *cold, *warm], rows)


def one_process(every):
    heads = ["start to `initialize`", "start to first answer of a host", "resident then", "resident after all"]
    rows = [
        [
            *names(peer),
            milliseconds(own.get("ready")),
            milliseconds(own.get("first")),
            number(own.get("resident"), 1 << 20, " MiB"),
            number(own.get("resident 100"), 1 << 20, " MiB"),
            large_cell(own.get(LARGE)),
        ]
        for peer, own in every
    ]
    return table(["one process", "version", *heads, "read of 1 MB; CPU"], rows)


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
        yield f"* {peer.name}: {shown(figures['failed'])}"
    for row, figure in figures.items():
        if isinstance(figure, dict):
            for text, count in list(figure["errors"].items())[:3]:
                yield f"* {peer.name}, {row}: {count} failed: {shown(text)}"


def shown(text):
    return f"`{' '.join(text.split())[:300]}`"


def load_cell(figure):
    if not figure or "rate" not in figure:
        return lost(figure)
    times = f"{digits(1e3 * figure['p50'])}, {digits(1e3 * figure['p99'])}"
    return f"{figure['rate']:,.0f}/s; {times}; {1e6 * figure['cpu']:,.0f} µs{failed(figure)}"


def digits(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


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


def figures(columns):
    """The scenarios of the documents; `columns` has the rows by the name of the peer."""
    rows = [row for row in dict.fromkeys(row for column in columns.values() for row in column) if row != "load"]
    return table(["sshd", *columns], [[row, *(figure(row, own.get(row)) for own in columns.values())] for row in rows])


def figure(row, value):
    if not isinstance(value, (int, float)):
        return "failed" if value else NONE
    return f"{value:,.0f}" if row.endswith("/s") else milliseconds(value)
