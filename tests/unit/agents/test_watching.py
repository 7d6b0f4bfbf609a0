"""The watch over windows: only by the owner, from what the log says, and found again when it could not be told."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import pytest
from prometheus_client import CollectorRegistry

from streams.agents import watching
from streams.agents.watching import Watching
from streams.clock import SYSTEM, Clock
from streams.errors import StoreUnavailable
from streams.rules.rule import Rule
from streams.store.rules import Stored
from streams.telemetry.notifier import NotifierEvents
from streams.topics import codec
from streams.topics.alert import Verdict
from streams.topics.registry import ALERTS

RULE = Rule(name="投诉激增", brand="星曜", kind="window", above=20.0)


class Watcher:
    """Says one thing at its first look, then nothing."""

    made: ClassVar[list["Watcher"]] = []
    fault: ClassVar[list[Exception]] = []

    def __init__(self, connection: Any) -> None:
        self.faults: dict[str, str] = {}
        self.seen: list[list[str]] = []
        self.made.append(self)

    def look(self, rules: Sequence[tuple[Rule, int]], now: float) -> list[Verdict]:
        self.seen.append([f"{rule.name} {version}" for rule, version in rules])
        if self.fault:
            raise self.fault.pop()
        if len(self.seen) > 1:
            return []
        return [
            Verdict(
                id="1", rule=RULE.name, version=1, kind="window", at=now, window_start=now, window_end=now
            )
        ]


class World:
    """Deps, store and topic of the watch, in memory."""

    clock: Clock = SYSTEM

    def __init__(self) -> None:
        self.events = NotifierEvents(CollectorRegistry())
        self.owner = True
        self.away = False
        self.sent: list[tuple[bytes, bytes]] = []

    def owns(self) -> bool:
        return self.owner

    async def run(self, call: Callable[[Any], Any]) -> Any:
        return call(None)

    async def send(self, *, key: bytes, value: bytes, force: bool) -> Any:
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if self.away:
            done.set_exception(OSError("no broker"))
        else:
            self.sent.append((key, value))
            done.set_result(None)
        return done


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    Watcher.made, Watcher.fault = [], []
    monkeypatch.setattr(watching, "Watcher", Watcher)
    monkeypatch.setattr(watching, "EVERY", 0.01)
    monkeypatch.setattr(watching, "AGAIN", 0.01)
    stored = {
        "投诉激增": Stored(3, RULE, False, "张三"),
        "停用": Stored(1, RULE, True, "张三"),
        "坏": Stored(1, None, False, "张三", "unreadable"),
    }
    monkeypatch.setattr("streams.store.rules.fingerprint", lambda connection: 1)
    monkeypatch.setattr("streams.store.rules.newest", lambda connection: stored)
    return World()


async def watch(world: World, until: Callable[[], object]) -> None:
    store: Any = world
    task = asyncio.create_task(Watching(store, world, world).run())
    for _ in range(300):
        if until() or task.done():
            break
        await asyncio.sleep(0.005)
    assert not task.done()
    assert until()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_what_rules_in_use_say_goes_to_the_topic_once(world: World) -> None:
    await watch(world, lambda: Watcher.made and len(Watcher.made[0].seen) > 3)
    ((key, value),) = world.sent
    verdict = codec.decode(codec.decoder(ALERTS.struct), value)
    assert isinstance(verdict, Verdict)
    assert key == verdict.dedup_key.encode()
    assert Watcher.made[0].seen[0] == ["投诉激增 3"]
    assert len(Watcher.made) == 1


async def test_what_could_not_be_told_is_found_again_by_one_that_does_not_know_of_it(world: World) -> None:
    world.away = True
    await watch(world, lambda: len(Watcher.made) > 2)
    assert not world.sent
    world.away = False
    await watch(world, lambda: world.sent)


@pytest.mark.parametrize("fault", [StoreUnavailable("away"), ZeroDivisionError("a bug")])
async def test_a_fault_does_not_end_the_watch(world: World, fault: Exception) -> None:
    Watcher.fault.append(fault)
    await watch(world, lambda: world.sent)
    assert len(Watcher.made) == 2


async def test_only_the_owner_watches_and_a_new_one_begins_anew(world: World) -> None:
    world.owner = False
    store: Any = world
    task = asyncio.create_task(Watching(store, world, world).run())
    await asyncio.sleep(0.05)
    assert not Watcher.made
    for turn in (1, 2):
        world.owner = True
        await asyncio.sleep(0.05)
        assert len(Watcher.made) == turn
        world.owner = False
        await asyncio.sleep(0.05)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert len(world.sent) == 2
