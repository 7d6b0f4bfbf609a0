"""Landed records that rules matched: from the columns that landed, or from the rows of a predecessor."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from streams.alerts.matches import Match
from streams.store.client import Connection
from streams.store.tables import POSTS, Table

_SAME = ("platform", "author_followers", "appended_at", "src_partition", "src_offset")
_HITS = ("hits.rule", "hits.version", "hits.start", "hits.stop")


def of_columns(
    columns: Mapping[str, Sequence[Any]], table: Table, refused: frozenset[tuple[int, int]]
) -> Iterator[Match]:
    """The matches among the columns of a batch, in its order.

    Args:
        columns: of one batch; a column that is missing holds the table's default.
        table: posts or shares.
        refused: partition and offset of rows that did not land.
    """
    rules = columns.get("hits.rule", ())
    for row, names in enumerate(rules):
        if not names:
            continue
        match = _match(table, {name: columns[name][row] for name in _wanted(table) if name in columns})
        if (match.partition, match.offset) not in refused:
            yield match


def stored(
    connection: Connection, table: Table, epoch: int, landed: Mapping[int, Sequence[int]], since: int
) -> list[Match]:
    """The matches among landed rows, by partition and offset. Raises as `Connection.query`.

    Args:
        connection: to the store.
        table: posts or shares.
        epoch: ordinal of the topic's incarnation.
        landed: partition → offsets of the rows, ascending, one at least.
        since: Unix milliseconds before which none of them landed: bounds the search.
    """
    times = {table.time, "appended_at"}
    columns = ", ".join(
        f"toUnixTimestamp64Milli(`{name}`)" if name in times else f"`{name}`" for name in _wanted(table)
    )
    edge = "transform(src_partition, {{partitions:Array(UInt16)}}, {{{0}:Array(UInt64)}}, toUInt64({1}))"
    found = connection.query(
        f"SELECT {columns} FROM {table.name} "  # noqa: S608 - names come from declared tables
        "WHERE src_epoch = {epoch:UInt32} AND landed_at >= fromUnixTimestamp64Milli({since:Int64}) "
        f"AND src_offset >= {edge.format('lows', '18446744073709551615')} "
        f"AND src_offset <= {edge.format('highs', '0')} AND notEmpty(`hits.rule`) "
        "ORDER BY src_partition, src_offset, version DESC LIMIT 1 BY src_partition, src_offset",
        {
            "epoch": epoch,
            "since": since,
            "partitions": list(landed),
            "lows": [offsets[0] for offsets in landed.values()],
            "highs": [offsets[-1] for offsets in landed.values()],
        },
    )
    wanted = {partition: set(offsets) for partition, offsets in landed.items()}
    matches = (_match(table, dict(zip(_wanted(table), row, strict=True))) for row in found.rows)
    return [match for match in matches if match.offset in wanted[match.partition]]


def _wanted(table: Table) -> tuple[str, ...]:
    author = "author_id" if table is POSTS else "user_id"
    root = "reply_to" if table is POSTS else "root_id"
    return (*_SAME, table.ident, table.time, author, root, *_HITS)


def _match(table: Table, row: Mapping[str, Any]) -> Match:
    post = table is POSTS
    return Match(
        "post" if post else "share",
        row["platform"],
        row[table.ident],
        row.get("reply_to") or row[table.ident] if post else row["root_id"],
        row.get("author_id" if post else "user_id", ""),
        row.get("author_followers", 0),
        row[table.time],
        row["appended_at"],
        row.get("src_partition", 0),
        row.get("src_offset", 0),
        row["hits.rule"],
        row["hits.version"],
        row.get("hits.start") or [0] * len(row["hits.rule"]),
        row.get("hits.stop") or [0] * len(row["hits.rule"]),
    )
