"""What became of records that were fed: looked up in the store by the offsets Kafka gave them."""

import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

from streams.broker.address import Broker
from streams.broker.epoch import epoch_ids
from streams.broker.feeder import Feeder
from streams.clock import SYSTEM, Clock
from streams.derived import ALL
from streams.derived.arrivals import Mark, behind
from streams.store.client import Connection
from streams.topics.registry import EVENTS

RUNS = 200
"""Ranges of offsets that one query names; more are joined to one a partition."""

TICK = 0.02
"""Seconds between two looks."""

DERIVED_TICK = 0.2
"""Seconds between two looks at the watermarks of derived tables."""

MARGIN = 600
"""Seconds by which rows may be older than this process thinks: one clock writes, another asks."""

_RANGES = (
    "arrayExists((part, first, last) -> {partition} = part AND {offset} BETWEEN first AND last, "
    "{{parts:Array(UInt16)}}, {{firsts:Array(UInt64)}}, {{lasts:Array(UInt64)}})"
)
_MINE = "WHERE {topic} = {{topic:String}} AND {epoch} = {{epoch:UInt32}} AND "
ROWS = {
    topic.name: " ".join(
        (
            "SELECT count() FROM",
            topic.name,
            _MINE.format(topic="src_topic", epoch="src_epoch"),
            "landed_at >= now64(3) - toIntervalSecond({window:UInt32}) AND",
            _RANGES.format(partition="src_partition", offset="src_offset"),
        )
    )
    for topic in EVENTS
}
DEAD = " ".join(
    (
        "SELECT uniqExact(partition, offset) FROM dead_letters",
        _MINE.format(topic="topic", epoch="epoch"),
        _RANGES.format(partition="partition", offset="offset"),
    )
)


class Landed(NamedTuple):
    """Rows and dead letters that hold the offsets of what was fed."""

    rows: int
    dead: int


class Ledger:
    """Counts rows and dead letters of what a feeder sent.

    Args:
        store: clickhouse:// URL of an account that reads.
        broker: where the feeder sends.
        feeder: one that keeps its runs.
        clock: for the limits.
    """

    def __init__(self, store: str, broker: Broker, feeder: Feeder, *, clock: Clock = SYSTEM) -> None:
        self._connection = Connection(store)
        self._broker = broker
        self._feeder = feeder
        self._clock = clock
        self._begun = clock.monotonic()
        self._epochs: dict[str, int] = {}

    def count(self) -> Landed:
        """What is in the store now.

        Raises:
            StoreUnavailable: ClickHouse does not answer.
        """
        rows = dead = 0
        for topic in {name for name, _ in self._feeder.runs}:
            epoch = self._epoch(topic)
            if epoch is None:
                continue
            ranges = list(self._ranges(topic))
            asked = {
                "topic": topic,
                "epoch": epoch,
                "window": int(self._clock.monotonic() - self._begun) + MARGIN,
                "parts": [number for number, _ in ranges],
                "firsts": [run.start for _, run in ranges],
                "lasts": [run.stop - 1 for _, run in ranges],
            }
            rows += int(self._connection.query(ROWS[topic], asked).rows[0][0])
            dead += int(self._connection.query(DEAD, asked).rows[0][0])
        return Landed(rows, dead)

    def wait(self, wanted: int, limit: float) -> Landed:
        """Count until rows and dead letters together reach `wanted`, at most `limit` seconds.

        Rows with one key may have been merged into one, so fewer is no error.

        Raises:
            StoreUnavailable: ClickHouse does not answer.
        """
        end = self._clock.monotonic() + limit
        while True:
            now = self.count()
            if now.rows + now.dead >= wanted or self._clock.monotonic() >= end:
                return now
            self._feeder.lag()  # serves deliveries, which is where offsets come from
            time.sleep(TICK)

    def wait_derived(self, idle: float, progress: Callable[[int], None] | None = None) -> int:
        """Wait until the derived tables count what was fed; returns how many records they lack.

        Args:
            idle: seconds without any progress after which it gives up.
            progress: called with how many records they lack.

        Raises:
            StoreUnavailable: ClickHouse does not answer.
        """
        fed = {name: self._lasts(name) for name in {name for name, _ in self._feeder.runs}}
        least, moved = None, self._clock.monotonic()
        while True:
            window = int(self._clock.monotonic() - self._begun) + MARGIN
            left = sum(
                behind(self._connection, derived.name, table, window, fed[table.topic])
                for derived in (make() for make in ALL)
                for table in derived.tables
                if table.topic in fed
            )
            if least is None or left < least:
                least, moved = left, self._clock.monotonic()
            if not left or self._clock.monotonic() - moved >= idle:
                return left
            if progress:
                progress(left)
            time.sleep(DERIVED_TICK)

    def close(self) -> None:
        """Let go of ClickHouse."""
        self._connection.close()

    def _epoch(self, topic: str) -> int | None:
        if topic not in self._epochs:
            incarnation = epoch_ids(self._broker, [topic]).get(topic, "")
            found = self._connection.query(
                "SELECT min(epoch) FROM epochs WHERE topic = {topic:String} AND id = {id:String}",
                {"topic": topic, "id": incarnation},
            ).rows[0][0]
            if not found:
                return None
            self._epochs[topic] = int(found)
        return self._epochs[topic]

    def _lasts(self, topic: str) -> list[Mark]:
        """The last offsets that were fed: what others feed meanwhile is not waited for."""
        epoch = self._epoch(topic)
        fed = [
            (number, runs[-1].stop - 1) for (name, number), runs in self._feeder.runs.items() if name == topic
        ]
        return [] if epoch is None else [Mark(epoch, number, last) for number, last in fed]

    def _ranges(self, topic: str) -> Iterator[tuple[int, range]]:
        mine = {number: runs for (name, number), runs in self._feeder.runs.items() if name == topic}
        if sum(map(len, mine.values())) > RUNS:
            mine = {number: [range(runs[0].start, runs[-1].stop)] for number, runs in mine.items()}
        for number, runs in mine.items():
            for run in runs:
                yield number, run
