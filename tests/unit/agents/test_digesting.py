"""The digest goes by itself: once to each channel, by the owner alone, and not to who has it in the ledger."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import pytest
from prometheus_client import CollectorRegistry

from streams.agents import digesting
from streams.agents.digesting import Digesting
from streams.agents.dispatch import Dispatch
from streams.alerts.calendar import Calendar
from streams.clock import Clock, ManualClock
from streams.errors import StoreUnavailable
from streams.read.tuning import Digest
from streams.telemetry.notifier import NotifierEvents

HOUR, DAY = 3600.0, 86_400.0
DUE = 1_795_395_420.0
"""Monday, 2026-11-23 08:57 in Shanghai."""

KEY = "digest-2026-W47"


class Line(NamedTuple):
    """Of the ledger."""

    key: str
    channel: str
    state: str


class World:
    """Deps, ledger, alerts and sender of the digest, in memory."""

    def __init__(self) -> None:
        self.manual = ManualClock(DUE - HOUR)
        self.clock: Clock = self.manual
        self.events = NotifierEvents(CollectorRegistry())
        self.owner = True
        self.term = 1
        self.away = False
        self.started = True
        self.taken_meanwhile = False
        self.asked: list[tuple[float, float]] = []
        self.ledger: list[Line] = []
        self.passed: list[Dispatch] = []

    def owns(self) -> bool:
        return self.owner

    def generation(self) -> int:
        return self.term

    def pass_on(self, dispatches: Sequence[Dispatch]) -> None:
        self.passed += dispatches

    def told(self) -> list[tuple[str, bool]]:
        """Channel, and whether it carries the mark, of what was sent since the last time."""
        passed, self.passed = self.passed, []
        assert {(one.message.key, one.reason) for one in passed} <= {(KEY, "digest")}
        return [(*one.chain, one.message.repeated) for one in passed]  # type: ignore[misc]

    def successor(self) -> Digesting:
        return Digesting(
            "clickhouse://nowhere/",
            ["a", "b"],
            calendar=Calendar(),
            base="https://k.example",
            timezone="Asia/Shanghai",
            sender=self,
            deps=self,
        )


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    made = World()

    async def deliveries(_: Any, alert_id: str) -> list[Line]:
        if made.away:
            raise StoreUnavailable("away")
        assert alert_id == KEY
        return made.ledger

    async def digest(_: Any, since: float, until: float) -> Digest:
        made.asked.append((since, until))
        made.owner = not made.taken_meanwhile
        return Digest([], None)

    async def started(_: Any, at: float) -> bool:
        return made.started

    for name, fake in (("deliveries", deliveries), ("digest", digest), ("started", started)):
        monkeypatch.setattr(digesting, name, fake)
    return made


async def test_on_monday_at_08_57_and_only_once(world: World) -> None:
    one = world.successor()
    await one.look()
    assert world.told() == []
    world.manual.advance(HOUR)
    await one.look()
    assert world.told() == [("a", False), ("b", False)]
    monday = DUE - 8 * HOUR - 57 * 60
    assert world.asked == [(monday - 7 * DAY, monday)]
    for _ in range(3):
        world.manual.advance(HOUR)
        await one.look()
    assert world.told() == []


async def test_a_successor_sends_only_what_the_ledger_does_not_know_as_done(world: World) -> None:
    world.manual.advance(2 * HOUR)
    world.ledger = [
        Line(KEY, "a", "claimed"),
        Line(KEY, "b", "sent"),
        Line("of a message that it was merged into", "a", "sent"),
    ]
    await world.successor().look()
    assert world.told() == [("a", True)]
    world.ledger = [Line(KEY, "a", "failed"), Line(KEY, "b", "merged")]
    await world.successor().look()
    assert world.told() == [("a", False)]
    world.ledger = [Line(KEY, "a", "refused"), Line(KEY, "b", "sent")]
    await world.successor().look()
    assert world.told() == []


async def test_whoever_becomes_the_owner_anew_asks_the_ledger_again(world: World) -> None:
    world.manual.advance(2 * HOUR)
    one = world.successor()
    await one.look()
    assert len(world.told()) == 2
    world.term = 2
    world.ledger = [Line(KEY, "a", "sent")]  # b's was dropped with the ownership
    await one.look()
    assert world.told() == [("b", False)]


@pytest.mark.parametrize("why", ["not the owner", "not any more", "too late", "too young"])
async def test_nothing_is_sent(world: World, why: str) -> None:
    world.manual.advance(2 * HOUR if why != "too late" else HOUR + DAY)
    world.owner = why != "not the owner"
    world.taken_meanwhile = why == "not any more"
    world.started = why != "too young"
    await world.successor().look()
    assert world.told() == []


async def test_what_could_not_be_read_is_tried_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.manual.advance(2 * HOUR)
    world.away = True
    failures: list[str] = []
    monkeypatch.setattr(world.events, "digest_failed", failures.append)

    class Enough(Exception):
        pass

    async def sleep(_: float) -> None:
        if not world.away:
            raise Enough
        world.away = False

    monkeypatch.setattr("streams.agents.digesting.asyncio.sleep", sleep)
    with pytest.raises(Enough):
        await world.successor().run()
    assert failures == ["away"]
    assert len(world.told()) == 2
