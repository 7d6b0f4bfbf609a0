"""Small jobs on the tables that one elected worker does now and then."""

from streams.store.client import Connection
from streams.store.tables import INTERACTIONS, POSTS

LOOK_BACK = 300
"""Seconds of landings that each round looks at: several rounds long, so that one missed round is no loss."""

_TIMED = tuple((table.name, table.ident, table.time) for table in (POSTS, INTERACTIONS))
"""Tables whose event time is part of the sort key."""


def merge_conflicts(connection: Connection) -> int:
    """Keep one row of an id that came with two event times; returns how many rows went.

    The event time is part of the sort key (an id-only key made time queries 35 times slower), so the same id
    with another hour does not replace its older row by itself. The highest version stays.
    """
    removed = 0
    for table, ident, time in _TIMED:
        stale = connection.query(
            f"""
            SELECT platform, {ident}, toStartOfHour({time}) AS hour
            FROM {table}
            WHERE (platform, {ident}) IN
                (SELECT platform, {ident} FROM {table} WHERE landed_at >= now() - {{seconds:UInt32}})
            GROUP BY platform, {ident}, hour
            QUALIFY max(version) < max(max(version)) OVER (PARTITION BY platform, {ident})
            LIMIT 10000
            """,  # noqa: S608 - names come from declared tables
            {"seconds": LOOK_BACK},
        ).rows
        for platform, key, hour in stale:
            connection.execute(
                f"DELETE FROM {table} WHERE platform = {{platform:String}} AND {ident} = {{key:String}} "  # noqa: S608
                f"AND toStartOfHour({time}) = toDateTime({{hour:UInt32}}, 'UTC')",
                {"platform": platform, "key": key, "hour": int(hour.timestamp())},
            )
        removed += len(stale)
    return removed
