"""What the landing reads from ClickHouse, and the ledger it keeps there: one connection in one thread."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

from streams.agents.batch import Batch, Place
from streams.agents.lanes import TOLERANCE_MS
from streams.errors import KoubeiError
from streams.store.client import Connection
from streams.store.tables import BY_TOPIC

R = TypeVar("R")

FEW = 20_000
"""Landed offsets of a partition that are kept in memory; a replay from far back asks fetch by fetch."""

FLUSH_EVERY = 5.0
"""Seconds between two writes of the landings ledger."""

_WHERE = (
    "src_epoch = {epoch:UInt32} AND src_partition = {partition:UInt16} AND src_offset >= {offset:UInt64} "
    "AND landed_at >= fromUnixTimestamp64Milli({since:Int64})"
)

_LEDGER = (
    "worker",
    "topic",
    "epoch",
    "partition",
    "first_offset",
    "last_offset",
    "n_records",
    "n_bad",
    "oldest_append",
)


def _insert_lines(connection: Connection, columns: dict[str, list[Any]]) -> None:
    connection.insert("landings", columns)


class ReadBack:
    """Answers which offsets have landed, bounded by time so that the look-up does not grow with the table.

    Args:
        url: the writing account.
        worker: name of this worker in the ledger.
    """

    def __init__(self, url: str, worker: str) -> None:
        self._url = url
        self._worker = worker
        self._connection: Connection | None = None
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="readback")
        self._ledger: list[tuple[Any, ...]] = []

    async def landed_from(self, at: Place, since: int) -> tuple[int, set[int] | None]:
        """Highest landed offset at or after `at` (-1 for none), and all of them unless they are many.

        After a kill they are few, what landed since the last commit; one look at each partition then replaces
        one at each fetch. Raises as `Connection.query`.
        """
        rows = await self._query(
            f"SELECT max(src_offset), count(), groupUniqArray({FEW})(src_offset) "  # noqa: S608
            f"FROM {BY_TOPIC[at.topic].name} WHERE {_WHERE}",
            at,
            since,
        )
        highest, n, offsets = rows[0]
        return (int(highest) if n else -1), (set(offsets) if n < FEW else None)

    async def landed(self, at: Place, last: int, since: int) -> set[int]:
        """Landed offsets from `at` to `last`: a set, because one insert may have landed in part."""
        rows = await self._query(
            f"SELECT src_offset FROM {BY_TOPIC[at.topic].name} WHERE {_WHERE} AND src_offset <= {{last:UInt64}}",  # noqa: S608
            at,
            since,
            last=last,
        )
        return {int(row[0]) for row in rows}

    def note(self, topic: str, epoch: int, batch: Batch, bad: int) -> None:
        """Remember a landed batch; written with the next flush. Advice, never the truth about what landed."""
        for part in batch.parts:
            offsets = part.fetch.offsets
            if offsets:
                line = (topic, epoch, part.event.message.partition, offsets[0], offsets[-1], len(offsets))
                self._ledger.append((self._worker, *line, bad, min(part.fetch.stamps)))
                bad = 0

    async def flush_for_ever(self) -> None:
        """Write the ledger every few seconds; while ClickHouse is away its lines are dropped."""
        while True:
            await asyncio.sleep(FLUSH_EVERY)
            lines, self._ledger = self._ledger, []
            if lines:
                columns = dict(zip(_LEDGER, map(list, zip(*lines, strict=True)), strict=True))
                try:
                    await self.run(partial(_insert_lines, columns=columns))
                except KoubeiError:
                    continue

    async def _query(self, sql: str, at: Place, since: int, **more: int) -> list[tuple[Any, ...]]:
        params = {
            "epoch": at.epoch,
            "partition": at.partition,
            "offset": at.offset,
            "since": since - TOLERANCE_MS,
            **more,
        }
        return await self.run(lambda connection: connection.query(sql, params).rows)

    async def run(self, call: Callable[[Connection], R]) -> R:
        """Run `call` on the connection, in its thread."""

        def work() -> R:
            if self._connection is None:
                self._connection = Connection(self._url)
            return call(self._connection)

        return await asyncio.get_running_loop().run_in_executor(self._executor, work)
