"""Rows that come into sight after later ones of their Kafka partition.

An insert that touches several partitions of a table makes them visible one after the other, and one that was cut
off is made up for later. Offsets alone would pass such rows over. All rows of an insert bear the same `landed_at`,
so the inserts of the last minute are counted again, and those that have grown are read again.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from streams.derived.arrivals import KEY, UNTIL, Mark, place_key
from streams.store.client import Connection
from streams.store.tables import Table

KEPT = 60
"""Seconds after which an insert is not looked at again."""

PAGE = 20_000
"""Rows that are read at once."""

INSERT = (KEY, "toUnixTimestamp64Milli(landed_at)")
"""What tells the insert that a row came with."""

_SEEN = f"landed_at >= now64(3) - toIntervalSecond({{kept:UInt32}}) AND {UNTIL}"
_INSERT = f"{INSERT[0]} AS place, {INSERT[1]} AS at"


class Late:
    """What of a table came late. For those who may be told of a row twice.

    Args:
        table: where the rows land.
        columns: what is read of each.
    """

    def __init__(self, table: Table, columns: Sequence[str]) -> None:
        self._table = table.name
        self._columns = ", ".join(columns)
        self._seen = Counter[tuple[int, int]]()

    def saw(self, inserts: Iterable[tuple[int, int]]) -> None:
        """Rows were taken; of each, `INSERT`."""
        self._seen.update(inserts)

    def take(self, connection: Connection, marks: Iterable[Mark]) -> Iterator[list[tuple[Any, ...]]]:
        """All rows up to the watermarks of inserts that have more rows than were seen, in pages.

        Raises as `Connection.query`.
        """
        marks = list(marks)
        asked: dict[str, Any] = {
            "kept": KEPT,
            "ends": list(map(place_key, marks)),
            "lasts": [mark.offset for mark in marks],
        }
        counted = {
            (place, at): count
            for place, at, count in connection.query(
                f"SELECT {_INSERT}, count() FROM {self._table} WHERE {_SEEN} GROUP BY place, at",  # noqa: S608
                asked,
            ).rows
        }
        grown = [insert for insert, count in counted.items() if count > self._seen[insert]]
        self._seen = Counter({insert: max(count, self._seen[insert]) for insert, count in counted.items()})
        for inserts in _groups(grown, counted):
            places, times = map(list, zip(*inserts, strict=True))
            yield connection.query(
                f"SELECT {self._columns} FROM (SELECT *, {_INSERT} FROM {self._table} WHERE {_SEEN}) "  # noqa: S608
                "WHERE (place, at) IN (SELECT arrayJoin(arrayZip({places:Array(UInt64)}, {times:Array(Int64)})))",
                {**asked, "places": places, "times": times},
            ).rows


def _groups(
    inserts: Iterable[tuple[int, int]], count: Mapping[tuple[int, int], int]
) -> Iterator[list[tuple[int, int]]]:
    """Inserts in groups of no more than `PAGE` rows, unless one has more."""
    group: list[tuple[int, int]] = []
    rows = 0
    for insert in inserts:
        if group and rows + count[insert] > PAGE:
            yield group
            group, rows = [], 0
        group.append(insert)
        rows += count[insert]
    if group:
        yield group
