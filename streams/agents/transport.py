"""Faust on whole fetches: one message a partition and fetch, its value the list of records.

Stock Faust hands records to agents one by one and spends more on that than most agents spend on their
work. Here a message carries everything one fetch brought for one partition; its offset is the last
record's, so acking it commits the whole. See docs/adr/0001.
"""

import asyncio
from abc import ABC, abstractmethod
from collections import Counter, defaultdict, deque
from collections.abc import AsyncIterator, Awaitable, Mapping
from typing import Any, NamedTuple, cast

import aiokafka
import faust
from aiokafka.errors import GroupAuthorizationFailedError, KafkaError, TopicAuthorizationFailedError
from faust.app import App as FaustApp
from faust.tables import TableManager
from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread
from faust.transport.drivers.aiokafka import Consumer as StockConsumer
from faust.transport.drivers.aiokafka import Transport as StockTransport
from faust.types import TP, ConsumerMessage
from faust.types.transports import TransportT

FETCH_WAIT_MS = 100
"""A partition with data must not wait for its idle siblings' long poll (Faust's 1.5 s is fixed)."""

EMBEDDED_FETCH_WAIT_MS = 25
"""The embedded broker answers a fetch that found nothing only after the wait, even if a record comes."""

FETCH_TIMEOUT = 0.2
"""Seconds that a fetch without records takes; a rebalance waits for the one under way."""

REJOIN_WAIT = 0.1
"""Seconds between two attempts to join the group."""

LEADER_WAIT = 0.3
"""Seconds that the group's leader lets the others go first on the embedded broker."""


class Fetch(NamedTuple):
    """What one fetch brought for one partition; the lists run side by side.

    Attributes:
        keys: keys of the records, None where there is none.
        values: their bytes, None for tombstones.
        offsets: their offsets, ascending.
        stamps: their Kafka timestamps, Unix milliseconds.
    """

    keys: list[bytes | None]
    values: list[bytes | None]
    offsets: list[int]
    stamps: list[int]

    def without(self, landed: set[int]) -> "Fetch":
        """Only the records whose offsets are not in `landed`."""
        keep = [index for index, offset in enumerate(self.offsets) if offset not in landed]
        return Fetch(
            [self.keys[index] for index in keep],
            [self.values[index] for index in keep],
            [self.offsets[index] for index in keep],
            [self.stamps[index] for index in keep],
        )


class ConsumerThread(AIOKafkaConsumerThread):
    """The consumer's own thread and loop, with the fetch wait of our choice."""

    def _create_worker_consumer(self, transport: StockTransport) -> aiokafka.AIOKafkaConsumer:
        consumer = super()._create_worker_consumer(transport)
        wait = EMBEDDED_FETCH_WAIT_MS if cast("App", self.app).embedded else FETCH_WAIT_MS
        consumer._fetch_max_wait_ms = wait  # noqa: SLF001 - no setting leads there
        return consumer

    async def on_start(self) -> None:
        """Start the consumer, and take its errors ourselves: stock Faust never asks for them and hangs."""
        await super().on_start()
        assert self._consumer is not None
        coordinator = self._consumer._coordinator  # noqa: SLF001 - aiokafka offers no hook
        app = cast("App", self.app)

        def rejoin(error: KafkaError) -> Awaitable[None]:
            if isinstance(error, GroupAuthorizationFailedError | TopicAuthorizationFailedError):
                app.broken(error)
            # A group in motion (the embedded broker refuses a late SyncGroup, for one): join it once more.
            coordinator.request_rejoin()
            return asyncio.sleep(REJOIN_WAIT)

        def ended(task: "asyncio.Task[None]") -> None:
            if not task.cancelled() and (error := task.exception()) is not None:
                app.broken(error)

        assign = coordinator._perform_assignment  # noqa: SLF001

        async def assign_later(answer: Any) -> Any:
            # The embedded broker refuses the SyncGroup of a member that comes behind the leader's.
            if app.embedded and len(answer.members) > 1:
                await asyncio.sleep(LEADER_WAIT)
            return await assign(answer)

        coordinator._perform_assignment = assign_later  # noqa: SLF001
        coordinator._push_error_to_user = rejoin  # noqa: SLF001
        coordinator._coordination_task.add_done_callback(ended)  # noqa: SLF001


class Consumer(StockConsumer):
    """Yields whole fetches, commits in order, lets batches in flight land before partitions leave."""

    app: "App"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Last offsets of the fetches handed out, oldest first: only their acked prefix may be committed.
        self._handed: defaultdict[TP, deque[int]] = defaultdict(deque)
        self._landed: dict[TP, int] = {}
        self._not_fetching = asyncio.Event()
        self._not_fetching.set()

    def _new_consumer_thread(self) -> ConsumerThread:
        return ConsumerThread(self, loop=self.loop, beacon=self.beacon)

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[TP, ConsumerMessage]]:
        """One message for each partition that the next fetch brings.

        The generation is read after the fetch has returned, because a fetch may wait through a whole
        rebalance, and checked again before each yield, because a yield may.
        """
        if not self.flow_active:
            await self.wait(self.can_resume_flow)  # type: ignore[arg-type]  # mode's own Event
        active = self._get_active_partitions()
        if not active:
            await self.sleep(0.05)
            return
        self._not_fetching.clear()
        try:
            records = await self._getmany(active_partitions=active, timeout=min(timeout, FETCH_TIMEOUT))
        finally:
            self._not_fetching.set()
        generation = self.app.consumer_generation_id
        if not records or self.should_stop:
            return
        # What came while partitions were on their way is dropped; the seek that follows waits for this.
        for tp, batch in records.items():
            if not self.flow_active or self.app.consumer_generation_id != generation:
                return
            self._handed[tp].append(batch[-1].offset)
            yield tp, self._message(tp, batch, generation)

    def _message(self, tp: TP, batch: list[Any], generation: int) -> ConsumerMessage:
        last = batch[-1]
        fetch = Fetch(
            [record.key for record in batch],
            [record.value for record in batch],
            [record.offset for record in batch],
            [record.timestamp for record in batch],
        )
        return ConsumerMessage(
            last.topic,
            last.partition,
            last.offset,
            last.timestamp / 1000.0,
            last.timestamp_type,
            None,
            None,
            cast(Any, fetch),
            None,
            0,
            0,
            tp,
            generation_id=generation,
        )

    def _new_offset(self, tp: TP) -> int | None:
        """Offset to commit: behind the acked prefix of what was handed out, None when nothing is."""
        handed, acked = self._handed[tp], self._acked_index[tp]
        while handed and handed[0] in acked:
            self._landed[tp] = handed.popleft()
            acked.discard(self._landed[tp])
        self._acked[tp].clear()
        landed = self._landed.get(tp)
        return None if landed is None else landed + 1

    async def _commit_offsets(self, offsets: Mapping[TP, int], start_new_transaction: bool = True) -> bool:
        """Commit; what failed is tried again at the next interval (stock Faust forgets it)."""
        assigned = self.assignment()
        mine = {tp: offset for tp, offset in offsets.items() if tp in assigned}
        if not mine or not await self._commit(mine):
            return False
        self._committed_offset.update(mine)
        return True

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        """Gaps are normal here: a message's offset is its last record's."""

    def on_buffer_full(self, tp: TP) -> None:
        """A full queue holds the fetch loop itself: pausing the partition would cost up to a second."""

    def lag(self) -> Counter[str]:
        """Records of the assigned partitions behind the last acked one, by topic, as of the last fetch."""
        lag: Counter[str] = Counter()
        for tp in self.assignment():
            end, done = self.highwater(tp), self._committed_offset[tp] or 0
            lag[tp.topic] += max(0, (end or 0) - done)
        return lag

    def _forget(self) -> None:
        self._handed.clear()
        self._landed.clear()

    async def perform_seek(self) -> None:
        """Back to the committed offsets: everything handed out before is void.

        A fetch may still be under way from before. It must end first: what it drains after the seek would be
        dropped (the flow is not resumed yet) and never be read again.
        """
        await self._not_fetching.wait()
        self._forget()
        await super().perform_seek()

    async def seek_to_committed(self) -> Mapping[TP, int]:
        """Seek to what is committed, and to the beginning where nothing is: stock Faust leaves those be."""
        committed = await super().seek_to_committed()
        fresh = [tp for tp, offset in committed.items() if not offset or offset < 0]
        if fresh:
            await self._thread.seek_to_beginning(*fresh)
        return committed

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Let what is in flight land and commit it, so that the next owner starts exactly behind us."""
        self.stop_flow()
        await self.app.settle()
        await self.commit()
        self._forget()
        await super().on_partitions_revoked(revoked)

    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        """Tell the landings before the first fetch comes."""
        self._forget()
        self.app.open(len(assigned))
        await super().on_partitions_assigned(assigned, generation_id)


class NoTables(TableManager):
    """Faust waits a second at start for tables to register; there are none."""

    async def on_start(self) -> None:
        """Start what assigns partitions."""
        await self._update_channels()
        await self.recovery.start()


class Worker(faust.Worker):
    """Faust's worker without its spinner and without the second that it sleeps on its way out."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.spinner = None

    async def _sentinel_task(self) -> None:
        await asyncio.sleep(0)


class Transport(StockTransport):
    """Faust's Kafka transport with our consumer."""

    Consumer = Consumer


class App(FaustApp, ABC):
    """A Faust app whose agents receive whole fetches."""

    embedded: bool
    """Whether the broker is the embedded one."""

    @abstractmethod
    async def settle(self) -> None:
        """Wait, within a limit, until what was handed out has landed."""

    @abstractmethod
    def broken(self, error: BaseException) -> None:
        """The connection to the group is beyond repair: the process must end. Called from any thread."""

    @abstractmethod
    def open(self, partitions: int) -> None:
        """Partitions were assigned; the first fetch has not come yet."""

    def _create_directories(self) -> None:
        """No tables, no state on disk: Faust would leave a folder in whatever directory it starts in."""

    def _new_transport(self) -> TransportT:
        return Transport(self.conf.broker_consumer, self)

    async def _stop_consumer(self) -> None:
        """On the way out, too, what is in flight lands and is committed first."""
        if self._consumer is not None:
            self._consumer.stop_flow()
            await self.settle()
        await super()._stop_consumer()
