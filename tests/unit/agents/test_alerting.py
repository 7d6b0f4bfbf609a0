"""The owner of the alerts against a log that fails and a process that dies: in order, once, and nothing unlogged."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Iterator, Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from faust.types import TP
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

from streams.agents import alerting
from streams.agents.alerting import Alerting
from streams.agents.alertlog import newest
from streams.agents.batch import Failure
from streams.agents.composing import Saying
from streams.agents.docket import Docket
from streams.agents.lease import Lease
from streams.agents.transport import Fetch
from streams.alerts.case import Limits
from streams.alerts.model import Alert, Entry, Event, Notice, Policy
from streams.clock import ManualClock
from streams.store.alerts import Loaded
from streams.telemetry.notifier import NotifierEvents
from streams.topics import codec
from streams.topics.alert import Command, Verdict


class Log:
    """The log of alerts in memory; `closed` while the store is away."""

    def __init__(self) -> None:
        self.rows: list[Entry] = []
        self.offset = -1
        self.open = asyncio.Event()
        self.open.set()

    async def load(self) -> Loaded:
        found: dict[str, dict[str, bytes]] = {"alert": {}, "silence": {}, "case": {}}
        for entry in self.rows:
            if entry.subject in found:  # nobody loads a refusal again
                found[entry.subject][entry.id] = codec.encode(entry.snapshot)
        return Loaded({subject: list(some.values()) for subject, some in found.items()}, self.offset)

    async def unsent(self, since: float) -> list[tuple[Notice, dict[str, str]]]:
        return [(notice, {}) for entry in self.rows for notice in entry.notices]

    async def append(self, entries: Sequence[Entry], offset: int | None) -> None:
        await self.open.wait()
        self.rows += newest(entries)
        self.offset = max(self.offset, -1 if offset is None else offset)


class Sender:
    """Remembers what was to be sent, from the moment that it is logged."""

    def __init__(self) -> None:
        self.said: list[Saying] = []
        self.taken_up: list[Saying] = []
        self.warned = 0

    def send(self, sayings: Sequence[Saying], logged: "asyncio.Future[None]") -> None:
        def done(future: "asyncio.Future[None]") -> None:
            if not future.cancelled():
                self.said += sayings

        logged.add_done_callback(done)

    def take_up(self, unsent: Sequence[tuple[Saying, dict[str, str]]], page_within: float) -> tuple[int, int]:
        self.taken_up += [saying for saying, _ in unsent]
        return len(unsent), 0

    def warn(self, waiting: int) -> None:
        self.warned += waiting

    async def drain(self, limit: float) -> None:
        await asyncio.sleep(0)


class World:
    """Deps of the owner, in memory."""

    def __init__(self, log: Log | None = None) -> None:
        self.clock: Any = ManualClock()
        self.events = NotifierEvents(CollectorRegistry())
        self.alert_log: Any = log or Log()
        self.lease: Any = Lease(1e9, self.clock, self.events, lambda stall: None)
        self.sender: Any = Sender()
        self.current = 1
        self.letters: list[Failure] = []
        self.tasks: list[asyncio.Task[Any]] = []

    def generation(self) -> int:
        return self.current

    async def bury(self, topic: str, epoch: int, failures: Sequence[Failure]) -> None:
        self.letters += failures

    def watch(self, task: "asyncio.Task[Any]") -> None:
        self.tasks.append(task)

    def owner(self) -> Alerting:
        return Alerting(1, Policy(), Limits(), self)


class Arrival:
    """One fetch, as Faust hands it over."""

    def __init__(self, first: int, values: Sequence[bytes], acked: list[int], generation: int = 1) -> None:
        offsets = list(range(first, first + len(values)))
        fetch = Fetch([None] * len(values), list(values), offsets, [1_700_000_000_000] * len(values))
        self.message = SimpleNamespace(
            tp=TP("alerts", 0), value=fetch, offset=offsets[-1], generation_id=generation
        )
        self._acked = acked

    def ack(self) -> None:
        self._acked.append(self.message.offset)


_numbers: Iterator[int] = itertools.count()


def verdict(rule: str = "r", offset: int | None = None, at: float = 1_700_000_000.0) -> bytes:
    number = next(_numbers) if offset is None else offset
    return codec.encode(
        Verdict(
            id=f"{rule}-{number}",
            rule=rule,
            version=1,
            at=at,
            appended=at - 0.2,
            window_start=at,
            window_end=at,
            topic="posts",
            epoch=1,
            offsets=(number,),
        )
    )


async def until(check: Callable[[], object | Awaitable[object]]) -> None:
    for _ in range(400):
        if check():
            return
        await asyncio.sleep(0.005)
    raise AssertionError("not in time")


async def put(one: Alerting, *arrivals: Arrival) -> None:
    for arrival in arrivals:
        await one.put(arrival)  # type: ignore[arg-type]


async def test_logged_then_acked_then_said() -> None:
    world, acked = World(), list[int]()
    one = world.owner()
    one.open()
    world.alert_log.open.clear()
    await put(one, Arrival(0, [verdict("a"), verdict("b"), verdict("a")], acked))
    await asyncio.sleep(0.05)
    assert not acked
    assert not world.sender.said
    world.alert_log.open.set()
    await until(lambda: acked == [2])
    assert [saying.alert.rule for saying in world.sender.said] == ["a", "b"]
    assert world.alert_log.offset == 2
    await one.settle()


async def test_what_is_applied_already_is_skipped_and_acked() -> None:
    world, acked = World(), list[int]()
    values = [verdict("a", 1), verdict("b", 2), verdict("c", 3)]
    one = world.owner()
    one.open()
    await put(one, Arrival(0, values[:2], acked))
    await until(lambda: acked)
    await one.settle()
    after = World(world.alert_log)
    one = after.owner()
    one.open()
    await put(one, Arrival(0, values, acked))
    await until(lambda: acked == [1, 2])
    assert [saying.alert.rule for saying in after.sender.taken_up] == ["a", "b"]
    assert [saying.alert.rule for saying in after.sender.said] == ["c"]
    await one.settle()


async def test_what_cannot_be_read_or_applied_becomes_a_dead_letter_and_stops_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world, acked = World(), list[int]()
    one = world.owner()
    one.open()
    apply = Docket.apply

    def faulty(docket: Any, record: Any, now: float) -> Any:
        if getattr(record, "rule", "") == "faulty":
            raise ZeroDivisionError("a bug")
        return apply(docket, record, now)

    monkeypatch.setattr(Docket, "apply", faulty)
    await put(
        one, Arrival(0, [b"{", verdict("faulty"), b"", verdict("late", at=1e300), verdict("good")], acked)
    )
    await until(lambda: acked)
    assert [(letter.offset, letter.stage, letter.reason) for letter in world.letters] == [
        (0, "decode", "not_json"),
        (1, "apply", "refused"),
        (2, "decode", "empty"),
        (3, "decode", "invalid"),
    ]
    assert [saying.alert.rule for saying in world.sender.said] == ["good"]
    await one.settle()


async def test_fetches_of_an_ownership_that_is_over_are_left_to_the_next_owner() -> None:
    world, acked = World(), list[int]()
    one = world.owner()
    one.open()
    world.alert_log.open.clear()
    await put(one, Arrival(0, [verdict()], acked))
    await one.settle(0.05)
    assert not one.owns()
    await put(one, Arrival(1, [verdict()], acked))
    world.alert_log.open.set()
    await asyncio.sleep(0.05)
    assert not acked
    assert not world.alert_log.rows
    assert not world.sender.said
    world.current = 2
    one.open()
    await put(one, Arrival(0, [verdict()], acked, generation=1), Arrival(0, [verdict()], acked, generation=2))
    await until(lambda: acked == [0])
    await one.settle()


async def test_the_first_hand_over_gives_the_latency_and_time_what_is_due() -> None:
    world, acked = World(), list[int]()
    one = world.owner()
    one.open()
    await put(one, Arrival(0, [verdict("a")], acked))
    await until(lambda: acked)
    alert_id = world.sender.said[0].alert.alert_id
    one.handing([alert_id], 1_700_000_000.05)
    one.handing([alert_id], 1_700_000_009.0)
    await until(lambda: any(entry.snapshot.latency_ms for entry in world.alert_log.rows))
    assert {entry.snapshot.latency_ms for entry in world.alert_log.rows} == {None, 250}
    world.clock.advance(Policy().repeat)
    one.handing([], 0.0)  # wakes it: the clock of this test does not
    await until(lambda: len(world.sender.said) > 1)
    await one.settle()


async def test_people_hear_of_a_log_that_is_away_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alerting, "AWAY", 0.05)
    world, acked = World(), list[int]()
    one = world.owner()
    one.open()
    world.alert_log.open.clear()
    await put(one, Arrival(0, [verdict()], acked))
    await until(lambda: world.sender.warned)
    world.alert_log.open.set()
    await until(lambda: acked)
    await one.settle()


ACKNOWLEDGE = Command(
    id="act", action="acknowledge", alert_id="a-0", actor="张三", via="cli", at=1_700_000_000.0
)


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_killed_anywhere_the_log_says_the_same_and_no_notice_is_missing(data: st.DataObject) -> None:
    """Owners die after some appends, their acks lost; the last one sees all records again from a committed offset."""
    offsets = data.draw(st.lists(st.integers(0, 9), min_size=1, max_size=12))
    values = [verdict(data.draw(st.sampled_from("ab")), offset) for offset in offsets] + [
        codec.encode(ACKNOWLEDGE)
    ]

    async def live(log: Log, stop: int) -> set[str]:
        """One owner, which gets so many records; it dies soon after unless these are all."""
        world, acked = World(log), list[int]()
        one = world.owner()
        one.open()
        await put(one, *(Arrival(at, [values[at]], acked) for at in range(min(stop, 3))))
        if stop > 3:
            await put(one, Arrival(3, values[3:stop], acked))
        if stop == len(values):
            await until(lambda: len(values) - 1 in acked)
        for _ in range(stop % 5):
            await asyncio.sleep(0)
        said = {saying.notice.key for saying in (*world.sender.taken_up, *world.sender.said)}
        await one.settle(0.0)
        await asyncio.gather(*world.tasks, return_exceptions=True)
        return said

    async def play(kills: Sequence[int]) -> tuple[dict[str, tuple[int, str]], set[str]]:
        log = Log()
        said: set[str] = set()
        for stop in (*kills, len(values)):
            said |= await live(log, stop)
        alerts = {
            entry.snapshot.dedup_key: (entry.snapshot.count, entry.snapshot.state)
            for entry in log.rows
            if entry.subject == "alert"
        }
        logged = {notice.key for entry in log.rows for notice in entry.notices}
        assert logged <= said
        return alerts, logged

    kills = data.draw(st.lists(st.integers(0, len(values)), max_size=3))
    assert asyncio.run(play(kills)) == asyncio.run(play(()))


def entry(seq: int, revision: int, *keys: str, one: str = "a") -> Entry:
    snapshot = Alert(
        alert_id=one, dedup_key=one, rule="r", rule_version=1, first_fired=0, last_fired=0, window_start=0,
        window_end=0, seq=seq, revision=revision, last=Event(kind="x", at=0.0),
    )  # fmt: skip
    notices = tuple(Notice(key=key, alert_id=one, reason="firing", at=0.0) for key in keys)
    return Entry("alert", one, snapshot, notices)


def test_a_block_has_each_row_once_with_all_its_notices() -> None:
    rows = newest([entry(1, 1, "x"), entry(1, 2), entry(1, 1, one="b"), entry(2, 3, "y"), entry(2, 4, "z")])
    assert [
        (row.id, row.snapshot.seq, row.snapshot.revision, [notice.key for notice in row.notices])
        for row in rows
    ] == [("a", 1, 2, ["x"]), ("b", 1, 1, []), ("a", 2, 4, ["y", "z"])]
