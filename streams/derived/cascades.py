"""How each cascade stands, and its shape: two rows a root, kept current as shares land.

Only edges count. What is kept in memory is read back from `shares` whenever it is missing, the whole
cascade at once, so that neither a crash nor the cut of the batches nor the order of arrival can be seen in
the rows: they follow from the set of shares that have landed.
"""

import time
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from math import inf
from typing import Any

from streams.cascades.forest import Forest
from streams.derived.arrivals import Arrivals, Mark, Taken
from streams.derived.base import Step
from streams.derived.cascade_rows import SHARE, Root, shape_rows, shares, standing_rows
from streams.derived.late import INSERT, KEPT, Late
from streams.store.client import Connection
from streams.store.tables import POSTS, SHARES, Table

NODES = 2_000_000
"""Nodes kept in memory between two steps, about 120 bytes each: the cascades longest untouched go first."""

LOADED = 1_000_000
"""Earlier shares that are read back before what follows from them is written; one cascade may have more."""

NAMED = 10_000
"""Ids that one look-up names."""

PAGE = 20_000
"""Rows that are turned into columns at once."""

SPREADERS = 1000
"""Key spreaders of a cascade that are named, by subtree and by direct reposts."""

LAG = 2.0
"""Seconds by which shapes may be behind while shares wait to be counted."""

SETTLED = 10.0
"""Seconds of a backlog after which every shape is measured, and the watermark moves."""

BUSY = 500
"""Shares in one step after which the next one follows at once: as many have landed meanwhile."""

_KNOWN = (
    "SELECT root_id, platform, origin, author_id, author_followers, toUnixTimestamp64Milli(published), version, shares "
    "FROM cascade_standing FINAL WHERE root_id IN {ids:Array(String)}"
)
_UNMEASURED = (
    "SELECT s.root_id FROM (SELECT root_id, counted_at FROM cascade_standing FINAL) AS s "
    "LEFT ANY JOIN (SELECT root_id, counted_at FROM cascade_shapes FINAL) AS m ON s.root_id = m.root_id "
    "WHERE s.counted_at > m.counted_at"
)
_EDGES = (
    f"SELECT {', '.join(SHARE)} FROM shares FINAL WHERE root_id IN {{ids:Array(String)}} "  # noqa: S608 - ours
    "SETTINGS do_not_merge_across_partitions_select_final = 1"
)
_POSTS = (
    "SELECT platform, post_id, author_id, author_followers, toUnixTimestamp64Milli(published) FROM posts "
    "WHERE post_id IN {ids:Array(String)} ORDER BY version DESC LIMIT 1 BY platform, post_id"
)


class Cascades:
    """Fills `cascade_standing` and `cascade_shapes`.

    Standing is written with every step, shapes once nothing waits; in a backlog the shapes that have changed
    most follow every `LAG` seconds, and all of them every `SETTLED`. The watermark passes what both tables tell:
    whoever waits for it need not care what else is landing. Cascades whose shape is older than their standing are
    measured by the next instance.
    """

    name = "cascades"
    tables: tuple[Table, ...] = (SHARES, POSTS)
    every = 1.0

    def __init__(self) -> None:
        self._shares, self._posts = _arrivals()
        self._forest: Forest | None = None
        self._late_shares, self._late_posts = _nothing_seen()
        self._caught_up = -inf
        self._roots: dict[str, Root] = {}
        self._measured = self._settled = -inf

    @property
    def held(self) -> int:
        """Cascades in memory."""
        return len(self._roots)

    def step(self, connection: Connection) -> Step:
        """Count what has landed."""
        try:
            if self._forest is None:
                self._forest, self._roots = Forest(), {}
                self._shares, self._posts = _arrivals()
                self._late_shares, self._late_posts = _nothing_seen()
                self._recall(connection, self._forest, _unmeasured(connection))
            taken, more = self._count(connection, self._forest)
        except BaseException:
            # What the forest believes to be told may not have been written.
            self._forest = None
            raise
        flowing = len(taken.rows)
        return Step(flowing, more or flowing >= BUSY, self.every if flowing else inf)

    def _count(self, connection: Connection, forest: Forest) -> tuple[Taken, bool]:
        taken = self._shares.take(connection)
        self._absorb(connection, forest, taken.rows)
        self._late_shares.saw(row[-2:] for row in taken.rows)
        if taken.more:
            if time.monotonic() - self._caught_up >= KEPT / 3:
                self._catch_up(connection, forest, taken.all, self._posts.marks(connection))
            settle = time.monotonic() - self._settled >= SETTLED
            self._tell(connection, forest, every=settle)
            if settle:
                self._shares.counted(connection, taken)
                self._settled = time.monotonic()
            else:
                self._shares.hold(taken)
            self._forget(forest)
            return taken, True
        posts = self._posts.take(connection)
        self._learn(connection, forest, [row[0] for row in posts.rows])
        self._late_posts.saw(row[-2:] for row in posts.rows)
        self._tell(connection, forest, every=True)
        while self._catch_up(connection, forest, taken.all, posts.all):
            self._tell(connection, forest, every=True)
        self._shares.counted(connection, taken)
        self._posts.counted(connection, posts)
        self._forget(forest)
        return taken, posts.more

    def _catch_up(
        self, connection: Connection, forest: Forest, shares: Sequence[Mark], posts: Sequence[Mark]
    ) -> bool:
        """Count what came into sight late, up to these watermarks; returns whether anything did."""
        self._caught_up = time.monotonic()
        late = False
        for page in self._late_shares.take(connection, shares):
            self._absorb(connection, forest, page)
            late = True
        for page in self._late_posts.take(connection, posts):
            self._learn(connection, forest, [row[0] for row in page])
            late = True
        return late

    def _absorb(self, connection: Connection, forest: Forest, rows: Sequence[tuple[Any, ...]]) -> None:
        """Count newly landed shares; those of cascades that are read back come with them."""
        missing = forest.missing(row[0] for row in rows)
        known = dict(_known(connection, missing))
        fresh = [root for root in missing if root not in known]
        self._enter(forest, [row for row in rows if row[0] not in known] if known else rows)
        self._name(connection, forest, fresh)
        self._read_back(connection, forest, known)

    def _learn(self, connection: Connection, forest: Forest, posts: Sequence[str]) -> None:
        """Count newly landed posts: they may come after their shares."""
        self._recall(connection, forest, posts)
        self._name(connection, forest, [post for post in posts if post in forest])

    def _recall(self, connection: Connection, forest: Forest, roots: Iterable[str]) -> None:
        """Hold those of the roots that have a cascade."""
        self._read_back(connection, forest, dict(_known(connection, forest.missing(roots))))

    def _read_back(self, connection: Connection, forest: Forest, known: dict[str, tuple[Root, int]]) -> None:
        """Hold cascades that were counted before, as many at a time as memory allows."""
        for number, group in enumerate(_groups(known)):
            if number:
                self._tell(connection, forest, every=True)
                self._forget(forest)
            self._roots.update((root, known[root][0]) for root in group)
            for page in _pages(connection.stream(_EDGES, {"ids": group})[1]):
                self._enter(forest, page)
            forest.author(*_authors((root, known[root][0]) for root in group if root in forest))

    def _enter(self, forest: Forest, rows: Sequence[tuple[Any, ...]]) -> None:
        if not rows:
            return
        columns = shares(rows)
        for root, order, row in zip(columns.root, columns.order, rows, strict=True):
            held = self._roots.get(root)
            if held is None:
                platform, origin = row[len(SHARE) - 2 : len(SHARE)]
                held = self._roots[root] = Root(platform, origin)
            held.version = max(held.version, order)
        forest.absorb(columns, time.monotonic())

    def _name(self, connection: Connection, forest: Forest, ids: Sequence[str]) -> None:
        """Tell cascades that are held who wrote their roots, as far as that is known."""
        for some in _parts(ids):
            told: dict[str, Root] = {}
            for platform, ident, author, followers, published in connection.query(_POSTS, {"ids": some}).rows:
                root = self._roots[ident]
                if root.platform == platform and author:
                    root.author, root.followers, root.published = author, followers, published
                    told[ident] = root
            forest.author(*_authors(told.items()))

    def _tell(self, connection: Connection, forest: Forest, *, every: bool) -> None:
        """Write what has changed, and measure what is due."""
        standing = forest.changed()
        if standing.root:
            connection.insert("cascade_standing", standing_rows(standing, self._roots))
        if every or time.monotonic() - self._measured >= LAG:
            shapes = forest.measure(time.monotonic(), limit=SPREADERS, every=every)
            if shapes.root:
                connection.insert("cascade_shapes", shape_rows(shapes, self._roots))
            self._measured = time.monotonic()

    def _forget(self, forest: Forest) -> None:
        if forest.evict(NODES):
            self._roots = {root: held for root, held in self._roots.items() if root in forest}


def _unmeasured(connection: Connection) -> list[str]:
    """Cascades whose shape a crash has left behind their standing."""
    return [root for (root,) in connection.query(_UNMEASURED).rows]


def _known(connection: Connection, roots: Sequence[str]) -> Iterator[tuple[str, tuple[Root, int]]]:
    """Those of the roots that were counted before: (root_id, (what is known, how many shares))."""
    for some in _parts(roots):
        for root, platform, origin, author, followers, published, version, count in connection.query(
            _KNOWN, {"ids": some}
        ).rows:
            held = Root(platform, origin, author, followers, published, version)
            yield root, (held, count)


def _authors(roots: Iterable[tuple[str, Root]]) -> tuple[list[str], list[str], list[int]]:
    """Roots, their authors and how many follow these, of roots whose author is known."""
    known = [(ident, root.author, root.followers) for ident, root in roots if root.author]
    return [row[0] for row in known], [row[1] for row in known], [row[2] for row in known]


def _arrivals() -> tuple[Arrivals, Arrivals]:
    columns = (*SHARE, *INSERT)
    return Arrivals(Cascades.name, SHARES, columns), Arrivals(Cascades.name, POSTS, ("post_id", *INSERT))


def _nothing_seen() -> tuple[Late, Late]:
    return Late(SHARES, SHARE), Late(POSTS, ("post_id",))


def _pages(rows: Iterator[tuple[Any, ...]]) -> Iterator[list[tuple[Any, ...]]]:
    while page := list(islice(rows, PAGE)):
        yield page


def _parts(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(ids), NAMED):
        yield ids[start : start + NAMED]


def _groups(known: dict[str, tuple[Root, int]]) -> Iterator[list[str]]:
    """Roots in groups of no more than `NAMED` roots and `LOADED` shares, unless one root has more."""
    group: list[str] = []
    total = 0
    for root, (_, count) in known.items():
        if group and (total + count > LOADED or len(group) == NAMED):
            yield group
            group, total = [], 0
        group.append(root)
        total += count
    if group:
        yield group
