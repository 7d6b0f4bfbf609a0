"""What has landed since a derived table was last brought up to date.

Rows of a partition land in the order of their offsets, so one offset for each partition, the watermark, says
which are counted. The frontier bounds the search: all that landed before it is counted. The parts of one insert
may come into sight one after the other, and behind the watermark then: who counts must look for those (`late`).
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from streams.store.client import Connection
from streams.store.tables import Table

WINDOW = 4_000
"""Offsets of one partition that a step takes at most."""

SLACK = 60
"""Seconds that ClickHouse's clock may jump back without a row being missed."""

FRONTIER_EVERY = 30
"""Seconds between two notes of the frontier while nothing lands."""

_FRONTIER = 0
"""Stands for the epoch of the row that holds the frontier: real epochs count from 1."""

KEY = "toUInt64(src_epoch) * 65536 + src_partition"
"""Epoch and partition in one number, as `place_key` computes it."""

_NEW = (
    f"toInt64(src_offset) > transform({KEY}, {{keys:Array(UInt64)}}, {{offsets:Array(Int64)}}, toInt64(-1)) "
    "AND landed_at >= {frontier:DateTime64(3)}"
)
UNTIL = (
    f"toInt64(src_offset) <= transform({KEY}, {{ends:Array(UInt64)}}, {{lasts:Array(Int64)}}, toInt64(-1))"
)
"""Up to the offset named for each partition: `ends` holds keys of places, `lasts` an offset for each."""


class Mark(NamedTuple):
    """Watermark of one partition: the last offset counted."""

    epoch: int
    partition: int
    offset: int


def place_key(mark: Mark) -> int:
    """Epoch and partition in one number, as the queries here compute it."""
    return mark.epoch << 16 | mark.partition


class Taken(NamedTuple):
    """The rows of one step.

    Attributes:
        rows: the asked columns, in the order of arrival in Kafka.
        marks: the watermarks that move once they are counted.
        all: every watermark once they are counted.
        frontier: Unix milliseconds before which everything is counted then; None leaves it where it is.
        more: whether others wait.
    """

    rows: list[tuple[Any, ...]]
    marks: list[Mark]
    all: list[Mark]
    frontier: int | None
    more: bool


class Arrivals:
    """Newly landed rows of one table, for one derived table.

    Args:
        derived: name of the derived table.
        table: where the rows land.
        columns: what is read of each, columns or expressions.
    """

    def __init__(self, derived: str, table: Table, columns: Sequence[str]) -> None:
        self._derived = derived
        self._topic = table.topic
        self._table = table.name
        self._columns = ", ".join(columns)
        self._held: list[Mark] = []

    def take(self, connection: Connection) -> Taken:
        """Up to `WINDOW` rows of each partition that are not counted yet. Raises as `Connection.query`."""
        noted, frontier, now = self._noted(connection)
        marks = _latest(noted, self._held)
        params: dict[str, Any] = {
            "keys": list(map(place_key, marks)),
            "offsets": [mark.offset for mark in marks],
            "frontier": frontier / 1000,
        }
        heads = connection.query(
            "SELECT src_epoch, src_partition, min(src_offset), max(src_offset), "  # noqa: S608 - constants of ours
            f"toUnixTimestamp64Milli(min(landed_at)) FROM {self._table} "
            f"WHERE {_NEW} GROUP BY src_epoch, src_partition",
            params,
        ).rows
        after = [Mark(epoch, part, min(low + WINDOW - 1, high)) for epoch, part, low, high, _ in heads]
        rows: list[tuple[Any, ...]] = []
        if heads:
            params["ends"] = list(map(place_key, after))
            params["lasts"] = [mark.offset for mark in after]
            # Between the frontier and the first new row lies much that is counted, and would be read in vain.
            params["frontier"] = min(landed for *_, landed in heads) / 1000
            rows = connection.query(
                f"SELECT {self._columns} FROM {self._table} WHERE {_NEW} "  # noqa: S608
                f"AND {UNTIL} "
                "ORDER BY appended_at, src_epoch, src_partition, src_offset, version DESC "
                "LIMIT 1 BY src_epoch, src_partition, src_offset",
                params,
            ).rows
        complete = all(mark.offset == head[3] for mark, head in zip(after, heads, strict=True))
        reached = now - SLACK * 1000
        moved = complete and (after or reached - frontier > FRONTIER_EVERY * 1000)
        moving = _latest(self._held, after)
        return Taken(rows, moving, _latest(marks, after), reached if moved else None, not complete)

    def hold(self, taken: Taken) -> None:
        """Go on behind the rows of a step, but do not call them counted yet: a new instance takes them again."""
        self._held = taken.marks

    def counted(self, connection: Connection, taken: Taken) -> None:
        """Remember that the rows of a step, and of those held before, are counted. Raises as `Connection.insert`."""
        marks = list(taken.marks)
        landed = [0] * len(marks)
        if taken.frontier is not None:
            marks.append(Mark(_FRONTIER, 0, 0))
            landed.append(taken.frontier)
        if not marks:
            return
        connection.insert(
            "watermarks",
            {
                "derived": [self._derived] * len(marks),
                "topic": [self._topic] * len(marks),
                "epoch": [mark.epoch for mark in marks],
                "partition": [mark.partition for mark in marks],
                "offset": [mark.offset for mark in marks],
                "landed_at": landed,
            },
        )
        self._held = []

    def marks(self, connection: Connection) -> list[Mark]:
        """The watermarks: what is counted so far. Raises as `Connection.query`."""
        return self._noted(connection)[0]

    def _noted(self, connection: Connection) -> tuple[list[Mark], int, int]:
        """Watermarks, frontier and what ClickHouse's clock says, the latter two in Unix milliseconds."""
        ((found, now),) = connection.query(
            "SELECT groupArray((epoch, partition, offset, toUnixTimestamp64Milli(landed_at))), "
            "toUnixTimestamp64Milli(now64(3)) FROM watermarks FINAL "
            "WHERE derived = {derived:String} AND topic = {topic:String}",
            {"derived": self._derived, "topic": self._topic},
        ).rows
        marks = [Mark(epoch, part, offset) for epoch, part, offset, _ in found if epoch != _FRONTIER]
        return marks, max((landed for epoch, *_, landed in found if epoch == _FRONTIER), default=0), now


def behind(
    connection: Connection, derived: str, table: Table, seconds: int, until: Sequence[Mark] | None = None
) -> int:
    """How many offsets of what landed in the last `seconds` are not counted in a derived table yet.

    Args:
        connection: the store.
        derived: name of the derived table.
        table: where the rows land.
        seconds: how far back to look.
        until: the last offset of each partition that is asked for; all of every partition without it.
    """
    asked: dict[str, Any] = {"seconds": seconds}
    wanted = ""
    if until is not None:
        asked |= {"ends": list(map(place_key, until)), "lasts": [mark.offset for mark in until]}
        wanted = f"AND {UNTIL} "
    landed = connection.query(
        f"SELECT src_epoch, src_partition, max(src_offset) FROM {table.name} "  # noqa: S608
        f"WHERE landed_at >= now64(3) - toIntervalSecond({{seconds:UInt32}}) {wanted}"
        "GROUP BY src_epoch, src_partition",
        asked,
    ).rows
    marks = connection.query(
        "SELECT epoch, partition, offset FROM watermarks FINAL "
        "WHERE derived = {derived:String} AND topic = {topic:String}",
        {"derived": derived, "topic": table.topic},
    ).rows
    counted = {(epoch, partition): offset for epoch, partition, offset in marks}
    return sum(max(0, high - counted.get((epoch, part), -1)) for epoch, part, high in landed)


def _latest(noted: Sequence[Mark], moved: Sequence[Mark]) -> list[Mark]:
    """Watermarks of all partitions, once some have moved."""
    return list({(mark.epoch, mark.partition): mark for mark in (*noted, *moved)}.values())
