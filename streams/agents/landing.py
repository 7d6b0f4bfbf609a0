"""Exactly once by effect: batch, analyse, insert, confirm, then ack, strictly in order (docs/adr/0002).

A record is acked only when its row, or its dead letter, is confirmed. At each assignment the landing asks
ClickHouse which of the first offsets a predecessor already landed and skips those. What ClickHouse cannot
take now is sent again with the same bytes and token for as long as it takes; what it will never take is
found by bisection and becomes a dead letter.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from functools import partial
from typing import Any, Protocol

from faust.types import TP, EventT

from streams.agents.batch import Batch, Failure, Part, Place
from streams.agents.lanes import Bad, Lane, Record
from streams.agents.lease import Lease
from streams.agents.transport import Fetch
from streams.agents.tripwire import TripWire
from streams.clock import Clock
from streams.errors import StoreRefused, StoreUnavailable, Tripped
from streams.language import t
from streams.store.client import DATA_FAULTS
from streams.telemetry.events import WorkerEvents

SETTLE = 5.0
"""Seconds that batches in flight get to land before their partitions leave."""

_LONGEST_WAIT = 5.0


class Stale(Exception):  # noqa: N818 - a signal, not a fault
    """The batch belongs to partitions that this worker no longer owns."""


class Deps(Protocol):
    """What a landing asks of the world outside."""

    lanes: Sequence[Lane]
    lease: Lease
    clock: Clock
    events: WorkerEvents

    def generation(self) -> int:
        """The consumer group generation that this worker is in."""
        ...

    async def landed_from(self, at: Place, since: int) -> tuple[int, set[int] | None]:
        """Highest landed offset at or after a place (-1 for none), and all of them unless they are many."""
        ...

    async def landed(self, at: Place, last: int, since: int) -> set[int]:
        """Landed offsets of a partition from a place up to `last`."""
        ...

    async def bury(self, topic: str, epoch: int, failures: Sequence[Failure]) -> None:
        """Send dead letters and wait until Kafka has them all."""
        ...

    async def tell(self, verdicts: Sequence[Record]) -> None:
        """Send records to the topic `alerts` and wait until Kafka has them all."""
        ...

    def note(self, topic: str, epoch: int, batch: Batch, bad: int) -> None:
        """Remember a landed batch for the landings ledger."""
        ...

    def end(self, code: int, message: str) -> None:
        """End the process now."""
        ...


class Landing:
    """The way of one topic from fetches to rows.

    Args:
        topic: bare topic name.
        epoch: ordinal of the topic's incarnation.
        deps: the world outside.
        wire: what stops the worker when too much is bad.
        linger: seconds between two batches of a busy stream; a lone record goes at once.
        batch_rows: rows after which a batch is cut.
    """

    def __init__(
        self, topic: str, epoch: int, deps: Deps, *, wire: TripWire, linger: float, batch_rows: int
    ) -> None:
        self.topic = topic
        self.epoch = epoch
        self._deps = deps
        self._wire = wire
        self._linger = linger
        self._batch_rows = batch_rows
        self._pending: deque[Part] = deque()
        self._rows = 0
        self._numbers = 0
        self._open_batches = 0
        self._void: int | None = None
        self._horizons: dict[TP, tuple[int | None, int, set[int] | None]] = {}
        self._queue: asyncio.Queue[Batch] = asyncio.Queue()
        # A batch goes to a lane that is free: were its analysis queued there before the insert of an earlier
        # batch, that insert, and all behind it, would wait. The free lanes also bound what is under way.
        self._free: asyncio.Queue[Lane] = asyncio.Queue()
        for lane in deps.lanes:
            self._free.put_nowait(lane)
        self._arrived = asyncio.Event()
        self._hurry = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._idle = asyncio.Event()
        self._idle.set()

    def loops(self) -> list[Coroutine[Any, Any, None]]:
        """The two loops: one cuts batches and has them analysed, one inserts, in order, one at a time."""
        return [self._cut_for_ever(), self._land_for_ever()]

    async def put(self, event: EventT[Any]) -> None:
        """Take in a fetch; holds the caller while more than two batches wait."""
        message = event.message
        if self._is_stale(message.generation_id):
            return
        try:
            part = await self._without_landed(event)
        except Stale:
            return
        while not self._room.is_set():
            await self._room.wait()
        if self._is_stale(message.generation_id):
            return
        self._pending.append(part)
        self._rows += len(part.fetch.offsets)
        self._idle.clear()
        self._arrived.set()
        if self._rows >= self._batch_rows:
            self._hurry.set()
        if self._rows >= 2 * self._batch_rows:
            self._room.clear()

    def open(self) -> None:
        """New partitions: what was read back before is void."""
        self._deps.lease.begin()
        self._void = None
        self._horizons.clear()

    async def settle(self, limit: float = SETTLE) -> None:
        """Wait until all that was taken in has landed, `limit` seconds at most; the rest is void."""
        self._hurry.set()
        try:
            await asyncio.wait_for(self._idle.wait(), limit)
        except TimeoutError:
            self._deps.events.gave_up(self.topic, self._open_batches)
        self._void = self._deps.generation()

    def _is_stale(self, generation: int | None) -> bool:
        return generation in (self._void, None) or generation != self._deps.generation()

    async def _without_landed(self, event: EventT[Any]) -> Part:
        """The fetch without what a predecessor landed: first one look at how far it came, then by fetch."""
        message: Any = event.message
        fetch: Fetch = message.value
        at = Place(self.topic, self.epoch, message.partition, fetch.offsets[0])
        since = min(fetch.stamps)
        known = self._horizons.get(message.tp)
        if known is None or known[0] != message.generation_id:
            known = (
                message.generation_id,
                *await self._ask(message, lambda: self._deps.landed_from(at, since)),
            )
            self._horizons[message.tp] = known
        _, horizon, few = known
        if at.offset > horizon:
            self._horizons[message.tp] = (message.generation_id, horizon, None)
            return Part(event, fetch)
        if few is not None:
            landed = few.intersection(fetch.offsets)
        else:
            landed = await self._ask(message, lambda: self._deps.landed(at, fetch.offsets[-1], since))
        if not landed:
            return Part(event, fetch)
        self._deps.events.skipped(self.topic, len(landed))
        return Part(event, fetch.without(landed), tuple(sorted(landed)), since)

    async def _ask(self, message: Any, look_up: Callable[[], Awaitable[Any]]) -> Any:
        wait = 0.2
        while True:
            if self._is_stale(message.generation_id):
                raise Stale
            try:
                return await look_up()
            except (StoreUnavailable, StoreRefused) as error:
                self._deps.events.store_unavailable(error, wait)
                await asyncio.sleep(wait)
                wait = min(wait * 2, _LONGEST_WAIT)

    async def _cut_for_ever(self) -> None:
        last_cut = float("-inf")
        while True:
            await self._arrived.wait()
            pause = last_cut + self._linger - self._deps.clock.monotonic()
            if pause > 0 and self._rows < self._batch_rows:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._hurry.wait(), pause)
            batch = self._cut(await self._free.get())
            last_cut = self._deps.clock.monotonic()
            await self._queue.put(batch)

    def _cut(self, lane: Lane) -> Batch:
        """Whole fetches until the batch is full: its acks are exact then."""
        parts: list[Part] = []
        rows = 0
        while self._pending and rows < self._batch_rows:
            part = self._pending.popleft()
            if parts and part.event.message.generation_id != parts[0].event.message.generation_id:
                self._pending.appendleft(part)
                break
            parts.append(part)
            rows += len(part.fetch.offsets)
        self._rows -= rows
        if not self._pending:
            self._arrived.clear()
        if self._rows < self._batch_rows:
            self._hurry.clear()
        self._room.set()
        self._numbers += 1
        self._open_batches += 1
        number = self._numbers
        batch = Batch(number, parts, lane, None)  # type: ignore[arg-type]  # filled in by the next line
        name = (self.topic, number)
        batch.computed = asyncio.ensure_future(lane.call("compute", name, batch.work(self.topic, self.epoch)))
        return batch

    async def _land_for_ever(self) -> None:
        while True:
            batch = await self._queue.get()
            try:
                await self._land(batch)
                for part in batch.parts:
                    part.event.ack()
            except Stale:
                self._deps.events.gave_up(self.topic, 1)
            finally:
                await batch.lane.call("drop", (self.topic, batch.number))
                self._free.put_nowait(batch.lane)
                self._open_batches -= 1
                if not self._open_batches and not self._pending:
                    self._idle.set()

    async def _land(self, batch: Batch) -> None:
        computed = await batch.computed
        self._deps.events.outdated(computed.outdated)
        total = computed.rows + len(computed.bad)
        if self._wire.trips(total, [bad.at for bad in computed.bad]):
            raise Tripped(_tripped(self.topic, computed.bad))
        if computed.bad:
            await self._bury(batch, [self._failure(batch, bad) for bad in computed.bad])
        seconds, refused = await self._insert(batch, computed.rows)
        await self._tell(batch, computed.hits, refused)
        clock = self._deps.clock
        if computed.rows:
            self._deps.events.landed(
                self.topic,
                computed.rows - len(refused),
                since_append=max(0.0, clock.now() - batch.oldest() / 1000),
                since_event=max(0.0, clock.now() - computed.oldest / 1000),
                compute=computed.seconds,
                insert=seconds,
            )
            self._deps.note(self.topic, self.epoch, batch, len(computed.bad) + len(refused))

    async def _insert(self, batch: Batch, rows: int) -> tuple[float, frozenset[tuple[int, int]]]:
        """Insert all rows; what ClickHouse will never take is narrowed down to single records, and these named."""
        seconds = 0.0
        refused = set()
        spans = [(0, rows)] if rows else []
        while spans:
            low, high = spans.pop()
            outcome = await self._insert_for_ever(batch, low, high)
            if isinstance(outcome, float):
                seconds += outcome
            elif high - low > 1:
                middle = (low + high) // 2
                spans += [(middle, high), (low, middle)]
            else:
                partition, offset = await batch.lane.call("place", (self.topic, batch.number), low)
                refused.add((partition, offset))
                part, index = batch.find(partition, offset)
                failure = part.failure(index, "insert", "refused", str(outcome))
                await self._bury(batch, [failure])
        return seconds, frozenset(refused)

    async def _tell(self, batch: Batch, hits: int, refused: frozenset[tuple[int, int]]) -> None:
        """Say what rules matched, before the ack: of what landed now, and again of what a predecessor landed.

        It may have been killed before it could say so; whoever counts knows the offsets.
        """
        lane = batch.lane
        if landed := batch.landed():
            again = partial(lane.call, "stored_verdicts", self.topic, self.epoch, landed, batch.since())
            await self._produce(batch, await self._ask(batch.parts[0].event.message, again))
        if hits:
            await self._produce(batch, await lane.call("verdicts", (self.topic, batch.number), refused))

    async def _produce(self, batch: Batch, verdicts: Sequence[Record]) -> None:
        wait = 0.2
        while verdicts:
            if self._is_stale(batch.generation):
                raise Stale
            self._deps.lease.check()
            try:
                await self._deps.tell(verdicts)
                return
            except Exception as error:  # Kafka out of reach: wait for it
                self._deps.events.broker_unavailable(error, wait)
                await asyncio.sleep(wait)
                wait = min(wait * 2, _LONGEST_WAIT)

    async def _insert_for_ever(self, batch: Batch, low: int, high: int) -> float | StoreRefused:
        """One span, the same bytes and token each time, until ClickHouse has it or will never take it."""
        wait = 0.2
        while True:
            if self._is_stale(batch.generation):
                raise Stale
            self._deps.lease.check()
            try:
                return float(await batch.lane.call("insert", (self.topic, batch.number), low, high))
            except (StoreUnavailable, StoreRefused) as error:
                if isinstance(error, StoreRefused) and error.code in DATA_FAULTS:
                    return error
                self._deps.events.store_unavailable(error, wait)
            await asyncio.sleep(wait)
            wait = min(wait * 2, _LONGEST_WAIT)

    def _failure(self, batch: Batch, bad: Bad) -> Failure:
        part, index = batch.locate(bad.at)
        return part.failure(index, "decode", bad.reason, bad.detail)

    async def _bury(self, batch: Batch, failures: Sequence[Failure]) -> None:
        wait = 0.2
        while True:
            if self._is_stale(batch.generation):
                raise Stale
            try:
                await self._deps.bury(self.topic, self.epoch, failures)
                break
            except Exception as error:  # a dead-letter topic out of reach is Kafka out of reach: wait for it
                self._deps.events.broker_unavailable(error, wait)
                await asyncio.sleep(wait)
                wait = min(wait * 2, _LONGEST_WAIT)
        given_up = [(failure.stage, failure.reason, failure.detail) for failure in failures]
        self._deps.events.dead_letters(self.topic, given_up)


def _tripped(topic: str, bad: Sequence[Bad]) -> str:
    example = f"{bad[-1].reason}: {bad[-1].detail}" if bad else "-"
    return t(
        f"主题 {topic} 里坏记录太多，工作进程已停下，一条也没有丢。最近一条：{example}。"
        "先改好数据来源；要照样放行（坏记录进死信），运行 koubei worker resume",
        f"Too many bad records in topic {topic}: the worker has stopped and nothing is lost. Latest: {example}. "
        "Mend the source first; to let them pass into the dead letters, run koubei worker resume",
    )
