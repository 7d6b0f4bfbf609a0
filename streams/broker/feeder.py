"""The way into Kafka for everybody who feeds: quick, in order by key, and never faster than is safe.

A real Kafka keeps what it acknowledged, so there librdkafka's queue is all the back-pressure needed. The
embedded one keeps 5 MB a partition and then drops the oldest without a word. There the feeder holds what
was appended but not yet committed by the landing workers below 3.5 MB a partition, counting other feeders'
records as well: the offset that comes back with each of its own tells how far a partition has grown.
"""

import threading
from collections import Counter, deque
from collections.abc import Callable
from types import TracebackType
from typing import Self

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition

from streams.broker.address import Broker
from streams.broker.epoch import is_embedded
from streams.broker.lag import committed_offsets, offset_reader
from streams.clock import SYSTEM, Clock
from streams.errors import BadRecord, BrokerUnavailable
from streams.language import t
from streams.topics.registry import Topic

LIMIT = 3_500_000
"""Bytes appended but not committed at which a partition of the embedded Kafka takes no more; it holds 5 MB."""

RESUME = 0.7
"""Part of LIMIT down to which a held feeder waits."""

IN_FLIGHT = 512 * 1024
"""Bytes sent but not acknowledged on the embedded Kafka: they may all go to the fullest partition."""

STEP = 128 * 1024
"""Bytes between two looks at deliveries and room."""

OVERHEAD = 40
"""Bytes that a record takes beside its value (key, offsets, timestamp)."""

TICK = 0.02
"""Seconds between two looks while waiting."""


class Partition:
    """What one partition holds that is not committed, by the bytes and offsets of our own deliveries."""

    __slots__ = ("_bytes", "_count", "_marked", "_marks", "backlog", "committed", "end")

    def __init__(self) -> None:
        self.end = 0
        self.committed = 0
        self.backlog = 0.0
        self._marked = 0
        self._count = 0
        self._bytes = 0
        self._marks: deque[tuple[int, float]] = deque()

    def delivered(self, offset: int, size: int) -> None:
        """One of our records got this offset."""
        self.end = offset + 1
        self._count += 1
        self._bytes += size

    def mark(self) -> None:
        """Close the run of records since the last mark; others' records in it count like ours."""
        if self._count:
            size = self._bytes / self._count * (self.end - self._marked)
            self._marks.append((self.end, size))
            self.backlog += size
            self._marked, self._count, self._bytes = self.end, 0, 0

    def commit(self, offset: int) -> None:
        """The workers have committed up to this offset: whole runs below it are room again."""
        self.committed = offset
        self._marked = max(self._marked, offset)
        while self._marks and self._marks[0][0] <= offset:
            self.backlog -= self._marks.popleft()[1]


class Feeder:
    """Sends records to Kafka. Safe to share between threads; use it as a context manager.

    Args:
        broker: which Kafka.
        group: consumer group of the landing workers, whose commits make room and mean "landed".
        idle_limit: seconds without any progress (delivery or commit) after which waiting is given up.
        keep_runs: remember the exact offsets of what was sent (`runs`), for accounts of a bounded input.
        clock: for the limits.

    Attributes:
        sent: records handed over, by bare topic name.
        runs: (bare topic, partition) → ranges of own offsets, when kept.

    Raises:
        BrokerUnavailable: Kafka does not answer.
    """

    def __init__(
        self,
        broker: Broker,
        group: str,
        *,
        idle_limit: float = 90.0,
        keep_runs: bool = False,
        clock: Clock = SYSTEM,
    ) -> None:
        self.sent: Counter[str] = Counter()
        self.runs: dict[tuple[str, int], list[range]] = {}
        self._broker = broker
        self._group = group
        self._idle_limit = idle_limit
        self._keep_runs = keep_runs
        self._clock = clock
        self._lock = threading.RLock()
        self._embedded = is_embedded(broker)
        self._producer = Producer(
            broker.conf(
                acks="all",
                enable_idempotence=True,
                compression_type="lz4",
                linger_ms=5,
                delivery_timeout_ms=int(max(idle_limit, 30.0) * 1000),
                queue_buffering_max_kbytes=65_536,
                # The Java client's choice, so that a key has one partition whoever sends it.
                partitioner="murmur2_random",
            )
        )
        self._reader: Consumer = offset_reader(broker, group)
        self._wire: dict[str, str] = {}
        # Compacted topics keep the newest of each key: nobody's commits make room in them.
        self._landing: set[str] = set()
        self._partitions: dict[tuple[str, int], Partition] = {}
        self._unseen = 0
        self._flying = 0
        self._failure: KafkaError | None = None

    def send(self, topic: Topic, key: bytes, value: bytes) -> None:
        """Hand one record over; blocks while Kafka has no room for it.

        Raises:
            BrokerUnavailable: an earlier record was refused, or nothing moved for `idle_limit` seconds.
            BadRecord: the record is larger than Kafka takes (1 MB).
        """
        with self._lock:
            wire = self._wire.get(topic.name) or self._enter(topic)
            try:
                self._producer.produce(wire, value, key, on_delivery=self._delivered)
            except BufferError:
                self._wait_for_queue(wire, key, value)
            except KafkaException as error:
                self._refused(error, value)
            self.sent[topic.name] += 1
            size = len(value) + OVERHEAD
            self._flying += size
            self._unseen += size
            if self._unseen >= STEP:
                self._look()

    def flush(self, timeout: float = 30.0) -> None:
        """Wait until Kafka has acknowledged everything sent.

        Raises:
            BrokerUnavailable: it has not within `timeout` seconds, or it refused a record.
        """
        left = self._producer.flush(timeout)
        self._raise_failure()
        if left:
            raise self._broker.unreachable(
                t(f"{left} 条在 {timeout:g} 秒内未被确认", f"{left} records unconfirmed after {timeout:g} s")
            )

    def wait_committed(self, timeout: float, progress: Callable[[int], None] | None = None) -> None:
        """Wait until the landing workers have committed everything sent.

        Args:
            timeout: seconds to wait at most.
            progress: called several times a second with the number of records still ahead.

        Raises:
            BrokerUnavailable: not within `timeout`, or commits stood still for `idle_limit` seconds.
        """
        start = self._clock.monotonic()
        self.flush(timeout)
        moved, best = self._clock.monotonic(), -1
        while left := self.lag():
            now = self._clock.monotonic()
            done = sum(partition.committed for partition in self._partitions.values())
            if done != best:
                moved, best = now, done
            if now - moved > self._idle_limit or now - start > timeout:
                raise self._stalled(now - moved, left)
            if progress:
                progress(left)
            self._producer.poll(TICK)
        if progress:
            progress(0)

    def lag(self) -> int:
        """Records not yet committed, up to the last one of ours that Kafka acknowledged.

        Raises:
            BrokerUnavailable: Kafka does not answer.
        """
        with self._lock:
            self._producer.poll(0)
            self._raise_failure()
            self._refresh()
            return sum(max(0, place.end - place.committed) for place in self._partitions.values())

    def close(self) -> None:
        """Send what is queued and let go of Kafka.

        Raises:
            BrokerUnavailable: Kafka did not take everything.
        """
        try:
            self.flush(self._idle_limit)
        finally:
            self._reader.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.close()
            return
        # The error on its way is what a person must see; what was sent before it still goes out.
        if not isinstance(error, BrokerUnavailable):
            self._producer.flush(2)
        self._producer.purge()
        self._reader.close()

    def _enter(self, topic: Topic) -> str:
        wire = self._broker.topic(topic.name)
        self._wire[topic.name] = wire
        if topic.retention is not None:
            self._landing.add(wire)
        return wire

    def _delivered(self, error: KafkaError | None, message: Message) -> None:
        self._flying -= (size := len(message) + OVERHEAD)
        if error is not None:
            self._failure = self._failure or error
            return
        topic, number, offset = message.topic(), message.partition(), message.offset()
        assert topic is not None
        assert number is not None
        assert offset is not None
        partition = self._partitions.get((topic, number))
        if partition is None:
            if topic not in self._landing:
                return
            partition = self._partitions[topic, number] = Partition()
        partition.delivered(offset, size)
        if self._keep_runs:
            self._note((topic, number), offset)

    def _note(self, place: tuple[str, int], offset: int) -> None:
        runs = self.runs.setdefault((self._broker.bare(place[0]), place[1]), [])
        if runs and runs[-1].stop == offset:
            runs[-1] = range(runs[-1].start, offset + 1)
        else:
            runs.append(range(offset, offset + 1))

    def _look(self) -> None:
        self._unseen = 0
        self._producer.poll(0)
        self._raise_failure()
        if not self._embedded:
            return
        if self._flying > IN_FLIGHT:
            self._wait(lambda: self._flying <= IN_FLIGHT // 2, lambda: -self._flying)
        self._mark()
        if self._fullest() > LIMIT:
            self._refresh()
            if self._fullest() > LIMIT:
                self._wait(self._has_room, lambda: sum(p.committed for p in self._partitions.values()))

    def _has_room(self) -> bool:
        self._mark()
        self._refresh()
        return self._fullest() <= LIMIT * RESUME

    def _mark(self) -> None:
        for partition in self._partitions.values():
            partition.mark()

    def _fullest(self) -> float:
        return max((partition.backlog for partition in self._partitions.values()), default=0.0)

    def _refresh(self) -> None:
        if not self._partitions:
            return
        asked = [TopicPartition(*place) for place in self._partitions]
        try:
            committed = committed_offsets(self._reader, asked, self._idle_limit)
        except KafkaException as error:
            raise self._broker.unreachable(error.args[0].str()) from error
        for place, offset in committed.items():
            self._partitions[place].commit(offset or 0)

    def _wait(self, enough: Callable[[], bool], progress: Callable[[], int]) -> None:
        """Serve deliveries until `enough`, or until `progress` has stood still for too long."""
        moved, best = self._clock.monotonic(), progress()
        while not enough():
            self._producer.poll(TICK)
            self._raise_failure()
            now, value = self._clock.monotonic(), progress()
            if value != best:
                moved, best = now, value
            elif now - moved > self._idle_limit:
                raise self._stalled(now - moved, self.lag())

    def _wait_for_queue(self, wire: str, key: bytes, value: bytes) -> None:
        moved = self._clock.monotonic()
        while True:
            served = self._producer.poll(TICK)
            self._raise_failure()
            try:
                self._producer.produce(wire, value, key, on_delivery=self._delivered)
            except BufferError:
                now = self._clock.monotonic()
                moved = now if served else moved
                if now - moved > self._idle_limit:
                    raise self._broker.unreachable(
                        t(f"{now - moved:.0f} 秒没有确认", f"no answer for {now - moved:.0f} s")
                    ) from None
            else:
                return

    def _refused(self, error: KafkaException, value: bytes) -> None:
        if error.args[0].code() == KafkaError.MSG_SIZE_TOO_LARGE:
            raise BadRecord(
                "too_big",
                t(
                    f"记录有 {len(value):,} 字节，超过 Kafka 的上限（约 100 万字节）",
                    f"the record has {len(value):,} bytes, more than Kafka takes (about 1,000,000)",
                ),
            ) from error
        raise self._broker.unreachable(error.args[0].str()) from error

    def _raise_failure(self) -> None:
        if self._failure is not None:
            raise self._broker.unreachable(self._failure.str())

    def _stalled(self, seconds: float, left: int) -> BrokerUnavailable:
        return BrokerUnavailable(
            t(
                f"入库停了 {seconds:.0f} 秒，还有 {left:,} 条未入库（消费组 {self._group}）：工作进程可能没有运行。"
                "看 koubei status，再启动 koubei worker",
                f"Landing stood still for {seconds:.0f} s with {left:,} records to go (group {self._group}): "
                "no worker may be running. See koubei status, then start koubei worker",
            )
        )
