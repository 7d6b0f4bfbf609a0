"""Which posts are copies of which: every post is counted once, in the order of arrival."""

from typing import Any

from streams.derived.arrivals import KEY, SLACK, Arrivals, Mark, place_key
from streams.derived.base import Step
from streams.store.client import Connection
from streams.store.tables import POSTS, Table
from streams.text.duplicates import Groups
from streams.text.normalise import normalise

CAPACITY = 200_000
"""Leaders that are kept: a copy of a post that was followed by more originals than this founds a new group."""

_PAGE = 20_000

_READ = (
    "platform",
    "post_id",
    "text",
    "published",
    "author_id",
    "src_epoch",
    "src_partition",
    "src_offset",
    "appended_at",
)

Id = tuple[str, str]


class Duplicates:
    """Fills `duplicates`.

    Leaders are restored from the table up to the watermark and no further, so that a step cut off by a crash
    comes to the same groups when it is repeated.
    """

    name = "duplicates"
    tables: tuple[Table, ...] = (POSTS,)
    every = 1.0

    def __init__(self) -> None:
        self._arrivals = Arrivals(self.name, POSTS, _READ)
        self._groups: Groups[Id] | None = None

    def step(self, connection: Connection) -> Step:
        """Group what has landed."""
        if self._groups is None:
            self._groups = _restored(connection, self._arrivals.marks(connection))
        taken = self._arrivals.take(connection)
        try:
            self._group(connection, taken.rows)
            self._arrivals.counted(connection, taken)
            if not taken.more:
                self._group(connection, _overlooked(connection, taken.all))
        except BaseException:
            self._groups = None
            raise
        return Step(len(taken.rows), taken.more)

    def _group(self, connection: Connection, rows: list[tuple[Any, ...]]) -> None:
        if not rows or self._groups is None:
            return
        platforms, idents, texts, published, authors, epochs, parts, offsets, appended = map(
            list, zip(*rows, strict=True)
        )
        places = self._groups.assign(list(zip(platforms, idents, strict=True)), normalise(texts))
        connection.insert(
            "duplicates",
            {
                "platform": platforms,
                "id": idents,
                "published": published,
                "author_id": authors,
                "leader_platform": [place.group[0] for place in places],
                "leader_id": [place.group[1] for place in places],
                "likeness": [place.likeness for place in places],
                "src_epoch": epochs,
                "src_partition": parts,
                "src_offset": offsets,
                "appended_at": appended,
            },
        )


def _overlooked(connection: Connection, marks: list[Mark]) -> list[tuple[Any, ...]]:
    """Posts behind the watermark that came into sight after it had passed.

    An insert that touches several years makes them visible one after the other, and one that a crash of
    ClickHouse cut off is made up for later.
    """
    return connection.query(
        f"""
        SELECT {", ".join(_READ)} FROM posts
        WHERE landed_at >= now64(3) - toIntervalSecond({{seconds:UInt32}})
            AND toInt64(src_offset) <= transform({KEY}, {{keys:Array(UInt64)}}, {{offsets:Array(Int64)}}, toInt64(-1))
            AND (platform, post_id) NOT IN
                (SELECT platform, id FROM duplicates WHERE counted_at >= now64(3) - toIntervalSecond({{seconds:UInt32}}))
        ORDER BY appended_at, src_epoch, src_partition, src_offset, version DESC
        LIMIT 1 BY platform, post_id
        """,  # noqa: S608 - constants of ours
        {
            "seconds": SLACK,
            "keys": [place_key(mark) for mark in marks],
            "offsets": [mark.offset for mark in marks],
        },
    ).rows


def _restored(connection: Connection, marks: list[Mark]) -> Groups[Id]:
    groups: Groups[Id] = Groups(CAPACITY)
    params = {
        "capacity": CAPACITY,
        "keys": [place_key(mark) for mark in marks],
        "offsets": [mark.offset for mark in marks],
    }
    _, rows = connection.stream(
        """
        WITH leaders AS
        (
            SELECT platform, id AS post_id, published, appended_at, src_epoch, src_partition, src_offset
            FROM duplicates_latest
            WHERE leader_platform = platform AND leader_id = id
                AND toInt64(src_offset) <= transform(
                    toUInt64(src_epoch) * 65536 + src_partition, {keys:Array(UInt64)}, {offsets:Array(Int64)}, toInt64(-1))
            ORDER BY appended_at DESC, src_epoch DESC, src_partition DESC, src_offset DESC
            LIMIT {capacity:UInt64}
        )
        SELECT platform, post_id, said.text
        FROM leaders
        INNER JOIN
        (
            SELECT platform, post_id, text FROM posts FINAL
            WHERE (toStartOfHour(published), platform, post_id) IN
                (SELECT toStartOfHour(published), platform, post_id FROM leaders)
        ) AS said USING (platform, post_id)
        ORDER BY leaders.appended_at, leaders.src_epoch, leaders.src_partition, leaders.src_offset
        """,
        params,
    )
    page: list[tuple[str, str, str]] = []
    for row in rows:
        page.append(row)
        if len(page) == _PAGE:
            _restore(groups, page)
            page = []
    _restore(groups, page)
    return groups


def _restore(groups: Groups[Id], page: list[tuple[str, str, str]]) -> None:
    if page:
        groups.restore(
            [(platform, ident) for platform, ident, _ in page], normalise([text for *_, text in page])
        )
