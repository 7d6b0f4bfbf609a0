"""What the page must know beside its panels: is there data, where, is it fresh, has a source gone quiet."""

from datetime import datetime
from typing import NamedTuple

from streams.read.queries import Reader

QUIET_AFTER = 600
"""Seconds without a post after which a source that used to speak counts as interrupted."""

REGULAR_MINUTES = 20
"""Minutes with posts, of the sixty before the last one, that make a source a regular one."""


class Extent(NamedTuple):
    """What there is in all and within a range.

    Attributes:
        total: rows of posts ever stored.
        latest: when the newest post was published; None without posts.
        within: posts in the range.
        demo: demo posts in the range.
    """

    total: int
    latest: datetime | None
    within: int
    demo: int


class Freshness(NamedTuple):
    """Seconds from Kafka to a readable row, over the posts of the last minute; None without any."""

    p50: float | None
    p95: float | None
    per_second: float


class Silence(NamedTuple):
    """A regular source that has gone quiet."""

    platform: str
    since: datetime


class Outdated(NamedTuple):
    """Something that workers could not load anew.

    Attributes:
        what: lexicons or rules.
        version: what they go on with; "" where that was not said.
        error: why, with the file or the rule.
        workers: which workers.
        since: when it was last tried.
    """

    what: str
    version: str
    error: str
    workers: list[str]
    since: datetime


# The newest hour comes from the primary index, so that the newest post costs one hour's rows, not the table's.
_EXTENT = """
SELECT
    (SELECT count() FROM posts) AS total,
    (SELECT max(published) FROM posts
     WHERE toStartOfHour(published) = (SELECT max(toStartOfHour(published)) FROM posts)) AS latest,
    count() AS within,
    countIf(origin = 'demo') AS demo
FROM posts_latest
WHERE published >= fromUnixTimestamp64Milli({start:Int64}) AND published <= fromUnixTimestamp64Milli({stop:Int64})
"""

_FRESHNESS = """
SELECT
    quantiles(0.5, 0.95)(dateDiff('millisecond', appended_at, landed_at)) AS q,
    count() AS n
FROM posts
WHERE landed_at >= now64(3) - INTERVAL 1 MINUTE AND appended_at > toDateTime64(0, 3)
"""

_SILENCES = """
SELECT platform, last
FROM
(
    SELECT platform, max(minute) AS last, arrayCount(m -> m > last - 3600, groupArray(minute)) AS busy
    FROM
    (
        SELECT DISTINCT platform, toStartOfMinute(landed_at) AS minute
        FROM posts
        WHERE landed_at >= now() - INTERVAL 1 DAY
    )
    GROUP BY platform
)
WHERE busy >= {regular:UInt32} AND last < now() - toIntervalSecond({quiet:UInt32})
ORDER BY last, platform
"""

# A worker that is gone cannot take its failure back: one that began to load later speaks for it.
OUTDATED = """
SELECT what, version, error, groupArray(worker) AS workers, max(last) AS since
FROM
(
    SELECT
        what, worker, argMax(version, at) AS version, argMax(error, at) AS error,
        max(at) AS last, max(min(at)) OVER (PARTITION BY what) AS newest_start
    FROM reloads
    GROUP BY what, worker
    ORDER BY worker
)
WHERE error != '' AND last >= newest_start
GROUP BY what, version, error
ORDER BY what, since DESC, error
"""


async def extent(reader: Reader, start: int, stop: int) -> Extent:
    """What there is, in all and between two times in Unix milliseconds. Raises like `Reader.run`."""
    total, latest, within, demo = (await reader.ask(_EXTENT, {"start": start, "stop": stop})).rows[0]
    return Extent(total, latest if total else None, within, demo)


async def freshness(reader: Reader) -> Freshness:
    """How long the posts of the last minute took. Raises like `Reader.run`."""
    (p50, p95), n = (await reader.ask(_FRESHNESS)).rows[0]
    return Freshness(p50 / 1000, p95 / 1000, n / 60) if n else Freshness(None, None, 0.0)


async def silences(reader: Reader) -> list[Silence]:
    """Regular sources without a post for ten minutes, within the last day. Raises like `Reader.run`."""
    rows = (await reader.ask(_SILENCES, {"regular": REGULAR_MINUTES, "quiet": QUIET_AFTER})).rows
    return [Silence(*row) for row in rows]


async def outdated(reader: Reader) -> list[Outdated]:
    """What workers could not load anew and go on without. Raises like `Reader.run`."""
    return [Outdated(*row) for row in (await reader.ask(OUTDATED)).rows]


async def reachable(reader: Reader) -> None:
    """Return if ClickHouse answers and has koubei's tables. Raises like `Reader.run`."""
    await reader.ask("SELECT max(number) FROM migrations")
