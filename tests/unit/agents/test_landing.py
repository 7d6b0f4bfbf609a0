"""The landing against a world that fails in every way it may: nothing lost, nothing doubled, acks in order."""

import asyncio
from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any, ClassVar, cast

import msgspec
import pytest
from faust.types import TP
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

from streams.agents.batch import Batch, Failure, Part, Place
from streams.agents.landing import Landing
from streams.agents.lanes import Bad, Computed, LaneState, Record, Work
from streams.agents.lease import Lease
from streams.agents.transport import Fetch
from streams.agents.tripwire import TripWire
from streams.clock import SYSTEM, Clock
from streams.errors import StoreRefused, StoreUnavailable, Tripped
from streams.rules.rule import Rule
from streams.store import hits
from streams.store.rows import Columns, Source
from streams.store.tables import POSTS
from streams.telemetry.events import WorkerEvents
from streams.topics.alert import Verdict

POISON, REFUSED, HIT = b"poison", b"refused", b"hit"
RULE = Rule(name="起火", query="起火")


class Store:
    """Rows by place; faults are taken from a script, one a call."""

    def __init__(self, faults: Sequence[str] = ()) -> None:
        self.rows: list[tuple[int, int]] = []
        self.hits: set[tuple[int, int]] = set()
        self.faults = list(faults)
        self.tokens: set[str] = set()

    def insert(self, table: str, columns: Columns, settings: Any) -> None:
        fault = self.faults.pop(0) if self.faults else ""
        if fault == "away":
            raise StoreUnavailable("away")
        if fault == "schema":
            raise StoreRefused(60, "no such table yet")
        if REFUSED in columns["value"]:
            raise StoreRefused(469, "CHECK")
        places = list(zip(columns["src_partition"], columns["src_offset"], strict=True))
        # As the engine does: the same token again is taken for the same block.
        if settings["insert_deduplication_token"] not in self.tokens:
            self.tokens.add(settings["insert_deduplication_token"])
            self.rows += places
            self.hits |= {place for place, rules in zip(places, columns["hits.rule"], strict=True) if rules}
        if fault == "lost reply":
            raise StoreUnavailable("reply lost")


class Job:
    table = "posts"

    def rows(self, values: Sequence[bytes | None], source: Source) -> tuple[Columns, list[Bad]]:
        bad = [Bad(index, "invalid", "poison") for index, value in enumerate(values) if value == POISON]
        skip = {record.at for record in bad}
        kept = [index for index in range(len(values)) if index not in skip]
        columns: Columns = {
            "value": [values[index] for index in kept],
            "src_partition": [source.partitions[index] for index in kept],
            "src_offset": [source.offsets[index] for index in kept],
            "published": [source.appended[index] for index in kept],
            "appended_at": [source.appended[index] for index in kept],
            "platform": ["微博"] * len(kept),
            "post_id": [str(source.offsets[index]) for index in kept],
            "hits.rule": [[RULE.name] if values[index] == HIT else [] for index in kept],
            "hits.version": [[1] if values[index] == HIT else [] for index in kept],
        }
        return columns, bad


class Judge:
    """One that never changes."""

    outdated: ClassVar[dict[str, str]] = {}
    clock: Clock = SYSTEM

    def renew(self) -> None:
        pass

    def rule(self, name: str, version: int) -> Rule | None:
        return RULE if (name, version) == (RULE.name, 1) else None


class State(LaneState):
    """A lane's inside whose rows are in memory."""

    def stored_verdicts(
        self, topic: str, epoch: int, landed: Mapping[int, Sequence[int]], since: int
    ) -> list[Record]:
        store = cast(Store, self.connection)
        places = [(partition, offset) for partition, offsets in landed.items() for offset in offsets]
        columns: Columns = {
            "src_partition": [partition for partition, _ in places],
            "src_offset": [offset for _, offset in places],
            "published": [since] * len(places),
            "appended_at": [since] * len(places),
            "platform": ["微博"] * len(places),
            "post_id": [str(offset) for _, offset in places],
            "hits.rule": [[RULE.name] if place in store.hits else [] for place in places],
            "hits.version": [[1] if place in store.hits else [] for place in places],
        }
        return self._told(topic, epoch, hits.of_columns(columns, POSTS, frozenset()))


class InlineLane:
    def __init__(self, store: Store) -> None:
        jobs: Any = {"posts": Job()}
        connection: Any = store
        self.state = State(jobs, cast(Any, Judge()), connection)

    async def call(self, method: str, *args: Any) -> Any:
        await asyncio.sleep(0)
        return getattr(self.state, method)(*args)


class World:
    """Deps of a landing, all in memory."""

    def __init__(self, store: Store, few: int = 100, deaf: int = 0) -> None:
        self.store = store
        self.deaf = deaf
        self.told: list[tuple[int, int]] = []
        self.few = few
        self.lanes: Any = [InlineLane(store), InlineLane(store)]
        self.clock: Clock = SYSTEM
        self.events = WorkerEvents(CollectorRegistry())
        self.lease = Lease(1e9, SYSTEM, self.events, lambda stall: None)
        self.current = 1
        self.letters: list[Failure] = []

    def generation(self) -> int:
        return self.current

    async def landed_from(self, at: Place, since: int) -> tuple[int, set[int] | None]:
        found = {o for p, o in self.store.rows if p == at.partition and o >= at.offset}
        return max(found, default=-1), (found if len(found) < self.few else None)

    async def landed(self, at: Place, last: int, since: int) -> set[int]:
        return {o for p, o in self.store.rows if p == at.partition and at.offset <= o <= last}

    async def bury(self, topic: str, epoch: int, failures: Sequence[Failure]) -> None:
        self.letters += failures

    async def tell(self, verdicts: Sequence[Record]) -> None:
        self.deaf -= 1
        if self.deaf >= 0:
            raise ConnectionError("Kafka is away")
        for key, value in verdicts:
            verdict = msgspec.json.decode(value, type=Verdict)
            assert key.decode() == verdict.dedup_key == "起火||"
            self.told += [(verdict.partition, offset) for offset in verdict.offsets]

    def note(self, topic: str, epoch: int, batch: Batch, bad: int) -> None:
        return

    def end(self, code: int, message: str) -> None:
        raise AssertionError(message)


class Event:
    def __init__(self, partition: int, first: int, values: list[bytes], acked: list[tuple[int, int]]) -> None:
        offsets = list(range(first, first + len(values)))
        fetch = Fetch([None] * len(values), list(values), offsets, [1_700_000_000_000] * len(values))
        self.message = SimpleNamespace(
            partition=partition, tp=TP("posts", partition), offset=offsets[-1], value=fetch, generation_id=1
        )
        self._acked = acked

    def ack(self) -> None:
        self._acked.append((self.message.partition, self.message.offset))


def landing(world: World, **more: Any) -> Landing:
    options = {"wire": TripWire(1.0, 10_000), "linger": 0.0, "batch_rows": 7, **more}
    return Landing("posts", 1, world, **options)


async def play(world: World, events: Sequence[Event], *, until: float = 10.0, **more: Any) -> None:
    """Run a landing over events until everything settled, or until it dies."""
    one = landing(world, **more)
    one.open()
    loops = [asyncio.ensure_future(loop) for loop in one.loops()]
    try:
        feed = asyncio.ensure_future(_feed(one, events))
        done, _ = await asyncio.wait([feed, *loops], timeout=until, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
        settled = asyncio.ensure_future(one.settle(until))
        done, _ = await asyncio.wait([settled, *loops], timeout=until, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in loops:
            task.cancel()
        await asyncio.gather(*loops, return_exceptions=True)


async def _feed(one: Landing, events: Sequence[Event]) -> None:
    for event in events:
        await one.put(event)  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    real = asyncio.sleep
    monkeypatch.setattr("streams.agents.landing.asyncio.sleep", lambda seconds: real(0))


async def test_rows_land_and_are_acked_in_order() -> None:
    world, acked = World(Store()), list[tuple[int, int]]()
    await play(
        world, [Event(0, 0, [b"a"] * 5, acked), Event(1, 0, [b"b"] * 9, acked), Event(0, 5, [b"c"], acked)]
    )
    assert sorted(world.store.rows) == [(0, o) for o in range(6)] + [(1, o) for o in range(9)]
    assert acked == [(0, 4), (1, 8), (0, 5)]


async def test_poison_and_refused_records_become_dead_letters_and_the_rest_lands() -> None:
    world, acked = World(Store()), list[tuple[int, int]]()
    values = [b"a", POISON, b"b", REFUSED, b"c", REFUSED, b"d", POISON]
    await play(world, [Event(0, 10, values, acked)])
    assert sorted(o for _, o in world.store.rows) == [10, 12, 14, 16]
    assert sorted((f.offset, f.stage, f.value) for f in world.letters) == [
        (11, "decode", POISON),
        (13, "insert", REFUSED),
        (15, "insert", REFUSED),
        (17, "decode", POISON),
    ]
    assert acked == [(0, 17)]


async def test_what_rules_matched_is_told_before_the_ack_and_what_was_refused_is_not() -> None:
    world, acked = World(Store(), deaf=3), list[tuple[int, int]]()
    seen: list[int] = []
    event = Event(0, 10, [b"a", HIT, REFUSED, HIT], acked)
    event.ack = lambda: seen.append(len(world.told))  # type: ignore[method-assign]
    await play(world, [event])
    assert world.told == [(0, 11), (0, 13)]
    assert seen == [2]


@pytest.mark.parametrize("few", [0, 100])
async def test_what_a_predecessor_landed_is_told_again_from_its_rows(few: int) -> None:
    store = Store()
    store.rows = [(0, 1), (0, 2), (0, 6)]
    store.hits = {(0, 2), (0, 6)}
    world, acked = World(store, few), list[tuple[int, int]]()
    await play(world, [Event(0, 0, [b"a"] * 4, acked), Event(0, 4, [HIT] * 4, acked)])
    assert sorted(world.told) == [(0, o) for o in (2, 4, 5, 6, 7)]


@pytest.mark.parametrize("few", [0, 100])
async def test_what_a_predecessor_landed_is_skipped_but_acked(few: int) -> None:
    store = Store()
    store.rows = [(0, 1), (0, 2), (0, 6)]
    world, acked = World(store), list[tuple[int, int]]()
    await play(
        world, [Event(0, 0, [b"a"] * 4, acked), Event(0, 4, [b"a"] * 4, acked), Event(0, 8, [b"a"], acked)]
    )
    assert sorted(store.rows) == [(0, o) for o in range(9)]
    assert acked == [(0, 3), (0, 7), (0, 8)]


async def test_too_many_bad_records_stop_the_worker_before_anything_is_acked_or_buried() -> None:
    world, acked = World(Store()), list[tuple[int, int]]()
    with pytest.raises(Tripped, match="koubei worker resume"):
        await play(world, [Event(0, 0, [POISON] * 100, acked)], wire=TripWire(0.05, 100), batch_rows=1000)
    assert not acked
    assert not world.letters


async def test_partitions_that_left_are_neither_written_nor_acked() -> None:
    world, acked = World(Store(["away"] * 1_000_000)), list[tuple[int, int]]()
    one = landing(world)
    one.open()
    loops = [asyncio.ensure_future(loop) for loop in one.loops()]
    await one.put(Event(0, 0, [b"a"] * 3, acked))  # type: ignore[arg-type]
    await one.settle(0.05)
    for _ in range(10):  # the insert that was under way when the limit was reached ends by itself
        await asyncio.sleep(0)
    world.store.faults.clear()
    await asyncio.wait_for(one._idle.wait(), 5)
    assert not world.store.rows
    assert not acked
    world.current = 2
    one.open()
    again = Event(0, 0, [b"a"] * 3, acked)
    again.message.generation_id = 2
    await one.put(again)  # type: ignore[arg-type]
    await one.settle(5)
    assert sorted(world.store.rows) == [(0, 0), (0, 1), (0, 2)]
    assert acked == [(0, 2)]
    for task in loops:
        task.cancel()
    await asyncio.gather(*loops, return_exceptions=True)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 2), st.lists(st.sampled_from([b"a", HIT, POISON, REFUSED]), min_size=1, max_size=9)
        ),
        max_size=12,
    ),
    st.lists(st.sampled_from(["", "away", "schema", "lost reply"]), max_size=12),
    st.integers(1, 20),
    st.integers(0, 12),
    st.integers(0, 6),
)
def test_any_faults_any_cut_and_a_crash_give_each_record_once(
    fetches: list[tuple[int, list[bytes]]], faults: list[str], batch_rows: int, crash_after: int, few: int
) -> None:
    """A first worker dies after some inserts (its acks are lost); a second one starts from the beginning."""
    store = Store(faults)
    sent: dict[tuple[int, int], bytes] = {}

    def events(acked: list[tuple[int, int]]) -> list[Event]:
        heads: dict[int, int] = {}
        made = []
        for partition, values in fetches:
            first = heads.get(partition, 0)
            heads[partition] = first + len(values)
            made.append(Event(partition, first, values, acked))
            sent.update({(partition, first + index): value for index, value in enumerate(values)})
        return made

    first_acks: list[tuple[int, int]] = []
    asyncio.run(play(World(store), events(first_acks)[:crash_after], batch_rows=batch_rows))
    world, acked = World(store, few), list[tuple[int, int]]()
    made = events(acked)
    asyncio.run(play(world, made, batch_rows=batch_rows + 1))

    good = sorted(place for place, value in sent.items() if value in (b"a", HIT))
    assert sorted(store.rows) == good
    assert sorted({(f.tp.partition, f.offset) for f in world.letters}) == sorted(set(sent) - set(good))
    assert acked == [(event.message.partition, event.message.offset) for event in made]
    assert sorted(world.told) == sorted(place for place, value in sent.items() if value == HIT)


def batch_of(*fetches: tuple[int, int, list[bytes]]) -> Batch:
    """A batch of (partition, first offset, values), outside of any lane."""
    nothing: Any = None
    events: list[Any] = [Event(partition, first, values, []) for partition, first, values in fetches]
    return Batch(1, [Part(event, event.message.value) for event in events], nothing, nothing)


def test_work_of_a_batch_keeps_partitions_and_offsets_side_by_side() -> None:
    batch = batch_of((0, 5, [b"a", b"b"]), (2, 0, [b"c"]))
    work: Work = batch.work("posts", 3)
    assert work.partitions == [(0, 2), (2, 1)]
    assert list(work.offsets) == [5, 6, 0]
    assert work.values == [b"a", b"b", b"c"]
    assert batch.locate(2)[1] == 0
    assert batch.find(0, 6)[1] == 1


async def test_computed_counts_rows_and_bad() -> None:
    lane = InlineLane(Store())
    work = batch_of((0, 0, [b"a", POISON])).work("posts", 1)
    computed: Computed = await lane.call("compute", ("posts", 1), work)
    assert (computed.rows, [bad.at for bad in computed.bad]) == (1, [1])


async def test_a_topic_made_anew_never_repeats_an_insert_token() -> None:
    store = Store()
    lane = InlineLane(store)
    for number, epoch in ((1, 1), (2, 2)):
        await lane.call("compute", ("posts", number), batch_of((0, 0, [b"a"])).work("posts", epoch))
        await lane.call("insert", ("posts", number), 0, 1)
    assert len(store.tokens) == 2
