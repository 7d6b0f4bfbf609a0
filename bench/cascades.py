"""Cascades: shares a second beside networkx recomputing per batch, what a share costs as they grow, how far
their tables are behind.
"""

import random
import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import islice
from math import nan

import networkx as nx

from bench import cascade_lag
from bench.material import Material
from bench.report import Figure, Section, ratio, ratios, spread
from bench.watching import percentile
from streams.cascades.forest import Forest
from streams.cascades.shares import Shares

RATE = 5000
"""Shares a second of the load that has to be carried; a batch here is one second of it."""
DEPTH = 10_000
LIVE = 100_000
LATE = 0.36
"""Part of the shares that come before what they share, as among real ones."""

Row = tuple[str, str, str, str, int, int, int, int, float]


def run(material: Material, *, scale: float, rounds: int) -> Section:
    """The three loads in memory, whose cascades have shapes of their own, then one on the full stack."""
    small, large = int(60_000 * scale), int(1_000_000 * scale)
    beside: dict[str, list[float]] = {"koubei": [], "networkx": []}
    fifths: list[list[float]] = [[] for _ in range(5)]
    many, size, live = [], 0.0, 0.0
    for number in range(rounds):
        rows = list(islice(shuffled(_forest(random.Random(number), 20), number), small))
        answers = []
        for name, contender in (("koubei", _ours), ("networkx", _networkx)):
            seconds, answer = contender(rows)
            beside[name].append(small / seconds)
            answers.append(answer)
        assert answers[0] == answers[1], "the two count differently"
        costs, size = _grown(shuffled(islice(_deep(random.Random(number)), large), number), large)
        for fifth, cost in zip(fifths, costs, strict=True):
            fifth.append(cost)
        rows_of_many = islice(_forest(random.Random(number), int(LIVE * scale)), 2 * large)
        costs, live = _grown(rows_of_many, 2 * large)
        many.append(costs[-1])
        print(f"cascades {number + 1}/{rounds}: {ratio(*beside.values()):,.0f} ×", file=sys.stderr)
    lag = cascade_lag.measure(material, rate=RATE, roots=int(LIVE * scale), scale=scale)
    load = [cost * RATE / 1e4 for cost in many]
    flat = [last / second for second, last in zip(fifths[1], fifths[4], strict=True)]
    return Section(
        "cascades",
        "Cascades: growing trees",
        f"{small:,} shares of 20 cascades in batches of 500, {LATE:.0%} of them before what they share, through "
        "our forest and through networkx, which adds the edges and computes the touched cascades again (size, "
        "levels, virality in O(n), spreaders); both must say the same. Then one cascade grown to "
        f"{large:,} shares and depth {DEPTH:,}, and {int(LIVE * scale):,} cascades live at once, a batch a "
        f"second at {RATE:,} shares/s, every shape measured as in a worker. CPU of one thread, {rounds} rounds. Last, "
        "on embedded Kafka, one worker and embedded ClickHouse, shares of very different cascades at that rate, a "
        f"third of them with words; the rows of {cascade_lag.WATCHED} cascades are looked at every "
        f"{cascade_lag.EVERY} s. *Behind*: from a share's landing to the first look whose row counts it.",
        ("what", "found"),
        [
            ("20 cascades, koubei, shares/s", spread(beside["koubei"])),
            ("20 cascades, networkx, shares/s", spread(beside["networkx"])),
            *(
                (
                    f"one cascade, {large * at // 5:,} to {large * (at + 1) // 5:,} shares, CPU µs a share",
                    spread(fifth, ".1f"),
                )
                for at, fifth in enumerate(fifths)
            ),
            ("one cascade, bytes a node", f"{size:.0f}"),
            (
                f"{int(LIVE * scale):,} cascades of {2 * large // int(LIVE * scale)} shares, CPU µs a share",
                spread(many, ".1f"),
            ),
            (f"{int(LIVE * scale):,} cascades, bytes a node", f"{live:.0f}"),
            ("full stack: shares/s, cascades that had any", f"{lag.rate:,.0f}, {lag.cascades:,}"),
            ("full stack: Kafka to row, s (p50, p95, max)", cascade_lag.line(lag.landed)),
            *(
                (f"full stack: {table} behind, s (p50, p95, max)", cascade_lag.line(behind))
                for table, behind in lag.counted.items()
            ),
        ],
        [
            Figure(
                "cascades, against networkx per batch",
                ratios(beside["koubei"], beside["networkx"]),
                "> 1 ×",
                ratio(beside["koubei"], beside["networkx"]) > 1,
            ),
            Figure(
                f"one core for {int(LIVE * scale):,} live cascades at {RATE:,} shares/s",
                spread(load, ".0f") + " %",
                "≤ 50 %",
                max(load) <= 50,
            ),
            Figure(
                f"shapes behind at {RATE:,} shares/s on the full stack, p95",
                f"{percentile(lag.counted['shapes'], 0.95):.1f} s",
                "≤ 2 s",
                percentile(lag.counted["shapes"], 0.95) <= 2,
            ),
            Figure(
                f"cost of a share at {large:,} against {large * 2 // 5:,}",
                spread(flat, ".1f") + " ×",
                "≤ 3 ×",
                sorted(flat)[len(flat) // 2] <= 3,
            ),
        ],
    )


def _deep(chance: random.Random) -> Iterator[Row]:
    """One cascade: a line of DEPTH shares, everything after it below any earlier share."""
    for at in range(sys.maxsize):
        parent = "root" if not at else f"s{at - 1 if at < DEPTH else chance.randrange(at):015d}"
        yield ("root", f"s{at:015d}", parent, f"{chance.getrandbits(48):012x}", at, at, 3, 1, nan)


def _forest(chance: random.Random, roots: int) -> Iterator[Row]:
    """Many cascades, each about as deep and as wide as real ones."""
    counts = [0] * roots
    for at in range(sys.maxsize):
        root = chance.randrange(roots)
        name, count = f"r{root:08d}", counts[root]
        counts[root] += 1
        parent = f"{name}x{chance.randrange(count)}" if count and chance.random() < 0.4 else name
        yield (name, f"{name}x{count}", parent, f"{chance.getrandbits(48):012x}", at, at, 3, 1, nan)


def shuffled(rows: Iterable[Row], seed: int) -> Iterator[Row]:
    """The same rows, some of them later."""
    chance, held = random.Random(seed), list[Row]()
    for row in rows:
        if chance.random() < LATE:
            held.append(row)
        else:
            yield row
        if len(held) > 2000:
            yield held.pop(chance.randrange(len(held)))
    yield from held


def _batches(rows: Iterable[Row], size: int) -> Iterator[list[Row]]:
    rows = iter(rows)
    while batch := list(islice(rows, size)):
        yield batch


def _grown(rows: Iterable[Row], total: int) -> tuple[list[float], float]:
    """CPU µs a share in each fifth of the load, and bytes a node at its end."""
    forest, costs, done = Forest(), [0.0] * 5, 0
    for second, batch in enumerate(_batches(rows, RATE)):
        shares = Shares(*map(list, zip(*batch, strict=True)))
        began = time.thread_time()
        forest.absorb(shares, float(second))
        forest.changed()
        forest.measure(float(second))
        costs[done * 5 // total] += time.thread_time() - began
        done += len(batch)
    return [cost / total * 5e6 for cost in costs], forest.nbytes / forest.nodes


Answer = dict[str, tuple[int, int, list[int], float, dict[str, tuple[int, int]]]]


def _ours(rows: list[Row]) -> tuple[float, Answer]:
    forest, answer, seconds = Forest(), Answer(), 0.0
    widths: dict[str, list[int]] = {}
    for batch in _batches(rows, 500):
        began = time.thread_time()
        forest.absorb(Shares(*map(list, zip(*batch, strict=True))), 0.0)
        standing, found = forest.changed(), forest.measure(0.0, limit=len(rows), every=True)
        seconds += time.thread_time() - began
        cuts, nodes = standing.levels.cuts.tolist(), standing.levels.nodes.tolist()
        widths.update((root, nodes[cuts[at] : cuts[at + 1]]) for at, root in enumerate(standing.root))
        for at, root in enumerate(found.root):
            cut = slice(*found.cuts[at : at + 2].tolist())
            counts = zip(found.direct[cut].tolist(), found.subtree[cut].tolist(), strict=True)
            users = dict(zip(found.user[cut], counts, strict=True))
            level = widths[root]
            answer[root] = (int(found.size[at]), len(level) - 1, level, float(found.virality[at]), users)
    return seconds, answer


def _networkx(rows: list[Row]) -> tuple[float, Answer]:
    began = time.thread_time()
    graphs: defaultdict[str, nx.DiGraph] = defaultdict(nx.DiGraph)
    users: dict[str, str] = {}
    answer = Answer()
    for batch in _batches(rows, 500):
        for root, share, parent, user, *_ in batch:
            graphs[root].add_edge(parent, share)
            users[share] = user
        for root in {row[0] for row in batch}:
            answer[root] = _recomputed(graphs[root], root, users)
    return time.thread_time() - began, answer


def _recomputed(
    graph: nx.DiGraph, root: str, users: dict[str, str]
) -> tuple[int, int, list[int], float, dict[str, tuple[int, int]]]:
    graph.add_node(root)
    size: dict[str, int] = {}
    crossings = 0
    order = list(nx.dfs_postorder_nodes(graph, root))
    found: dict[str, tuple[int, int]] = {}
    for node in order:
        size[node] = 1 + sum(size[child] for child in graph.successors(node))
        crossings += size[node] * (len(order) - size[node])
        if node != root and size[node] > 1:
            # Here every share is somebody else's, so that there is nothing to unite.
            found[users[node]] = (graph.out_degree(node), size[node] - 1)
    level = nx.single_source_shortest_path_length(graph, root)
    widths = [0] * (max(level.values()) + 1)
    for distance in level.values():
        widths[distance] += 1
    n = len(order)
    return n, len(widths) - 1, widths, 2 * crossings / (n * (n - 1)) if n > 1 else nan, found
