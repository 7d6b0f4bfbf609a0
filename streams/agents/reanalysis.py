"""Judging stored posts and shares anew with the lexicons and rules of today.

What is left to do follows from the rows themselves (their judge is older), so a run that was ended at any
point is gone on with by the next. A row judged anew differs from the one before only in its verdicts: it
keeps its place in Kafka, and its higher judge makes it replace the other.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import Any, NamedTuple

from streams.agents.judge import Judge
from streams.store import rows
from streams.store.client import Connection
from streams.store.rows import Columns, Source

PAGE = 10_000
"""Rows judged and written at a time."""


class Kind(NamedTuple):
    """One table that is judged.

    Attributes:
        table: its name.
        time: its column of event time.
        key: its sort key, by which pages follow one another: expression and type of each part.
        columns: what a record is made of.
        columns_of: records in the form of `columns` → columns of the table.
    """

    table: str
    time: str
    key: tuple[tuple[str, str], ...]
    columns: tuple[str, ...]
    columns_of: Callable[[Judge, Sequence[dict[str, Any]], Source], Columns]


class Left(NamedTuple):
    """How many rows of each table are judged by an older judge."""

    posts: int
    shares: int


def _posts(judge: Judge, found: Sequence[dict[str, Any]], source: Source) -> Columns:
    posts = [rows.post_of(row) for row in found]
    return rows.post_columns(posts, judge.posts(posts), source)


def _shares(judge: Judge, found: Sequence[dict[str, Any]], source: Source) -> Columns:
    shares = [rows.share_of(row) for row in found]
    return rows.share_columns(shares, judge.shares(shares), source)


KINDS = (
    Kind(
        "posts",
        "published",
        (("toStartOfHour(published)", "DateTime"), ("platform", "String"), ("post_id", "String")),
        rows.POST_RECORD,
        _posts,
    ),
    Kind("shares", "shared", (("root_id", "String"), ("share_id", "String")), rows.SHARE_RECORD, _shares),
)


def left(connection: Connection, judge: Judge, since: float, until: float) -> Left:
    """How many rows there are to judge anew: those of an older judge.

    Args:
        connection: an account that reads.
        judge: the judge of today.
        since: event time from which on, Unix seconds.
        until: event time up to which.
    """
    counts = [
        connection.query(
            f"SELECT count() FROM {kind.table} FINAL WHERE {_wanted(kind)}",  # noqa: S608
            _bounds(judge, since, until),
        ).rows[0][0]
        for kind in KINDS
    ]
    return Left(*map(int, counts))


def reanalyse(connection: Connection, judge: Judge, since: float, until: float) -> Iterator[int]:
    """Judge anew; yields after each page how many rows it held. Arguments as `left`.

    Raises:
        StoreUnavailable, StoreRefused: as `Connection`; what is done stays done.
    """
    for kind in KINDS:
        key = ", ".join(expression for expression, _ in kind.key)
        beyond = ", ".join(f"{{after{number}:{type_}}}" for number, (_, type_) in enumerate(kind.key))
        params = _bounds(judge, since, until)
        where = _wanted(kind)
        while True:
            page = connection.query(
                f"SELECT {', '.join(kind.columns)}, {key} FROM {kind.table} FINAL "  # noqa: S608
                f"WHERE {where} ORDER BY {key} LIMIT {PAGE}",
                params,
            )
            if not page.rows:
                break
            names = [column.name for column in page.columns[: len(kind.columns)]]
            found = [dict(zip(names, row, strict=False)) for row in page.rows]
            _write(connection, kind, judge, found)
            yield len(found)
            last = page.rows[-1][len(kind.columns) :]
            params |= {f"after{number}": value for number, value in enumerate(last)}
            where = f"{_wanted(kind)} AND ({key}) > ({beyond})"


def _write(connection: Connection, kind: Kind, judge: Judge, found: list[dict[str, Any]]) -> None:
    found.sort(key=lambda row: int(row["src_epoch"]))
    for epoch, group in groupby(found, key=lambda row: int(row["src_epoch"])):
        records = list(group)
        source = Source(
            epoch,
            [row["src_partition"] for row in records],
            [row["src_offset"] for row in records],
            [rows.milliseconds(row["appended_at"]) for row in records],
        )
        connection.insert(kind.table, kind.columns_of(judge, records, source))


def _wanted(kind: Kind) -> str:
    return (
        f"judge < {{judge:UInt32}} AND {kind.time} >= fromUnixTimestamp64Milli({{since:Int64}}) "
        f"AND {kind.time} < fromUnixTimestamp64Milli({{until:Int64}})"
    )


def _bounds(judge: Judge, since: float, until: float) -> dict[str, Any]:
    return {"judge": judge.number, "since": int(since * 1000), "until": int(until * 1000)}
