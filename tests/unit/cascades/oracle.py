"""What a cascade is, computed the slow and plain way: networkx, sets and fractions."""

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from itertools import combinations
from math import nan
from typing import Any, NamedTuple

import networkx as nx

from streams.cascades.forest import Forest
from streams.cascades.shares import Shares


class Row(NamedTuple):
    root: str
    share: str
    parent: str
    user: str = "u"
    shared: int = 1_700_000_000_000
    order: int = 0
    followers: int = 0
    tie: int = 0
    score: float = nan


def columns(rows: Sequence[Row]) -> Shares:
    return Shares(*map(list, zip(*rows, strict=True))) if rows else Shares(*[[]] * 9)


def edges(*pairs: tuple[str, str]) -> Shares:
    """share → parent below the root `r`, in the order they landed."""
    return columns(
        [Row("r", share, parent, user=share, order=at) for at, (share, parent) in enumerate(pairs)]
    )


def stand(rows: Sequence[Row], root: str) -> dict[str, Row]:
    """The shares of a root, each id as it landed first."""
    first: dict[str, Row] = {}
    for row in sorted(rows, key=lambda row: row.order):
        if row.root == root:
            first.setdefault(row.share, row)
    return first


def oracle(rows: Sequence[Row], root: str, author: str | None = None) -> dict[str, Any]:
    """Everything the forest tells of one root."""
    first = stand(rows, root)
    graph = nx.DiGraph()
    graph.add_node(root)
    graph.add_edges_from((row.parent, row.share) for row in first.values() if row.share != root)
    inside = {root} | nx.descendants(graph, root)
    tree = graph.subgraph(inside)
    assert nx.is_arborescence(tree)
    level: dict[str, int] = nx.single_source_shortest_path_length(tree, root)
    widths = Counter(level.values())
    by = {share: first[share].user for share in inside - {root}} | ({root: author} if author else {})
    direct: Counter[str] = Counter()
    subtree: dict[str, set[str]] = {}
    for node, user in by.items():
        direct[user] += tree.out_degree(node)
        subtree[user] = subtree.get(user, set()) | nx.descendants(tree, node)
    lengths = dict(nx.all_pairs_shortest_path_length(tree.to_undirected()))
    n = len(inside)
    total = sum(lengths[a][b] for a, b in combinations(inside, 2))
    apart = {share: why(first, share, root) for share in first if share not in inside or share == root}
    counts = Counter(apart.values())
    nodes = [first[share] for share in inside - {root}]
    levels = [[row for row in nodes if level[row.share] == at] for at in range(max(widths) + 1)]
    people: dict[str, int] = {}
    for row in nodes:
        people[row.user] = max(people.get(row.user, 0), row.followers)
    times = sorted(row.shared for row in nodes)
    return {
        "size": n,
        "depth": max(widths),
        "breadth": max(widths.values()),
        "shares": len(first),
        "first": min((row.shared for row in first.values()), default=-1),
        "last": max((row.shared for row in first.values()), default=-1),
        "nodes": [widths[at] for at in sorted(widths)],
        "reach": [sum(row.followers for row in at) for at in levels],
        "strong": [sum(row.tie == 1 for row in at) for at in levels],
        "weak": [sum(row.tie == 2 for row in at) for at in levels],
        "scored": [sum(row.score == row.score for row in at) for at in levels],
        "score": [round(sum(row.score for row in at if row.score == row.score), 3) for at in levels],
        "reached": [min((row.shared for row in at), default=-1) for at in levels],
        "virality": float(Fraction(2 * total, n * (n - 1))) if n > 1 else None,
        "half_at": times[(len(times) - 1) // 2] if times else -1,
        "audience": sum(people.values()),
        "passed_on": [
            sum(row.tie == tie and tree.out_degree(row.share) > 0 for row in nodes) for tie in range(3)
        ],
        "apart": [counts["orphan"], counts["cycle"], counts["self"]],
        "spreaders": sorted(
            ((user, direct[user], len(subtree[user])) for user in direct if direct[user]),
            key=lambda row: (-row[2], -row[1], row[0].encode()),
        ),
    }


def why(first: dict[str, Row], share: str, root: str) -> str:
    if share in (root, first[share].parent):
        return "self"
    seen = set()
    while share in first and share not in seen:
        if share == root:
            return "cycle"
        seen.add(share)
        share = first[share].parent
    return "cycle" if share in first else "orphan"


class Told:
    """What a forest has told so far, as tables keyed by root would hold it."""

    def __init__(self, forest: Forest) -> None:
        self.forest = forest
        self.of: dict[str, dict[str, Any]] = {}

    def hear(self, now: float = 0.0, *, every: bool = True) -> "Told":
        standing = self.forest.changed()
        for at, root in enumerate(standing.root):
            cut = slice(*standing.levels.cuts[at : at + 2].tolist())
            levels = standing.levels
            self.of.setdefault(root, {}).update(
                size=int(standing.size[at]),
                depth=int(standing.depth[at]),
                breadth=int(standing.breadth[at]),
                shares=int(standing.shares[at]),
                first=int(standing.first[at]),
                last=int(standing.last[at]),
                nodes=levels.nodes[cut].tolist(),
                reach=levels.reach[cut].tolist(),
                strong=levels.strong[cut].tolist(),
                weak=levels.weak[cut].tolist(),
                scored=levels.scored[cut].tolist(),
                score=levels.score[cut].round(3).tolist(),
                reached=levels.first[cut].tolist(),
            )
        shapes = self.forest.measure(now, every=every)
        for at, root in enumerate(shapes.root):
            cut = slice(*shapes.cuts[at : at + 2].tolist())
            virality = float(shapes.virality[at])
            self.of.setdefault(root, {}).update(
                virality=virality if virality == virality else None,
                half_at=int(shapes.pace.half_at[at]),
                audience=int(shapes.audience[at]),
                passed_on=shapes.passed_on[at].tolist(),
                apart=[int(column[at]) for column in (shapes.orphans, shapes.cycles, shapes.selves)],
                spreaders=list(
                    zip(
                        shapes.user[cut],
                        shapes.direct[cut].tolist(),
                        shapes.subtree[cut].tolist(),
                        strict=True,
                    )
                ),
            )
        return self
