"""Views are computed once for all who look, only changes are sent, and slow readers do not grow."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from streams.boards.board import load_all
from streams.boards.panels import Runner
from streams.clock import SystemClock
from streams.config import shipped
from streams.errors import StoreUnavailable
from streams.store.client import Column, Result
from streams.web import live
from streams.web.live import Hub, Subscriber
from streams.web.views import View
from tests.unit.web.doubles import FakeReader

BOARDS = {board.uid: board for _, board in load_all(shipped("dashboards"))}
PIPELINE = View("koubei-pipeline", "now-1h", "now", ())


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "TICK", 0.05)
    monkeypatch.setattr(live, "REST", 0.0)


def hub(reader: FakeReader) -> Hub:
    return Hub(BOARDS, Runner(reader, keep=0.02), reader, SystemClock())


async def events(stream: AsyncIterator[bytes], n: int, limit: float = 5.0) -> list[tuple[str, Any]]:
    """The next `n` events with their data."""
    found: list[tuple[str, Any]] = []
    async with asyncio.timeout(limit):
        while len(found) < n:
            chunk = (await anext(stream)).decode()
            lines = dict(line.split(": ", 1) for line in chunk.strip().split("\n") if ": " in line)
            if "event" in lines:
                found.append((lines["event"], json.loads(lines["data"])))
    return found


def constant(sql: str) -> Result:
    if "SELECT count() FROM posts)" in sql:
        return Result(
            [Column(name, "UInt64") for name in ("total", "latest", "within", "demo")], [(0, None, 0, 0)]
        )
    return Result([Column("n", "UInt64")], [(7,)])


async def test_every_panel_comes_once_while_nothing_changes() -> None:
    reader = FakeReader(constant)
    open_hub = hub(reader)
    stream = open_hub.stream(PIPELINE)
    count = len(BOARDS["koubei-pipeline"].panels)
    first = await events(stream, count + 1)
    assert {data["panel"] for event, data in first if event == "panel"} == {
        panel.id for panel in BOARDS["koubei-pipeline"].panels
    }
    with pytest.raises(TimeoutError):
        await events(stream, 1, limit=0.4)
    assert len(reader.asked) > 2 * count  # it went on looking
    open_hub.close()


async def test_only_the_changed_panel_is_sent() -> None:
    number = [1]

    def answer(sql: str) -> Result:
        if "待处理死信" in sql:
            return Result([Column("待处理死信", "UInt64")], [(number[0],)])
        return constant(sql)

    open_hub = hub(FakeReader(answer))
    stream = open_hub.stream(PIPELINE)
    await events(stream, len(BOARDS["koubei-pipeline"].panels) + 1)
    number[0] = 2
    ((event, data),) = await events(stream, 1)
    assert (event, data["panel"], data["frames"][0]["rows"]) == ("panel", 6, [[2]])
    open_hub.close()


async def test_two_readers_cost_one() -> None:
    reader = FakeReader(constant)
    open_hub = Hub(BOARDS, Runner(reader, keep=60), reader, SystemClock())
    one, two = open_hub.stream(PIPELINE), open_hub.stream(PIPELINE)
    await events(one, 5)
    await events(two, 5)
    assert open_hub.readers == 2
    assert reader.asked
    assert len(reader.asked) == len(set(reader.asked))
    await one.aclose()  # type: ignore[attr-defined]
    await two.aclose()  # type: ignore[attr-defined]
    assert open_hub.readers == 0


async def test_a_store_that_is_away_is_said_per_panel() -> None:
    def away(_: str) -> Result:
        raise StoreUnavailable("连不上 ClickHouse")

    open_hub = hub(FakeReader(away))
    found = await events(open_hub.stream(PIPELINE), 5)
    assert all(data["error"]["status"] == 503 for event, data in found)
    open_hub.close()


async def test_a_fault_of_ours_does_not_end_the_view() -> None:
    broken = [True]

    def answer(sql: str) -> Result:
        if broken[0]:
            raise RuntimeError("a bug")
        return constant(sql)

    open_hub = hub(FakeReader(answer))
    stream = open_hub.stream(PIPELINE)
    waiting = asyncio.ensure_future(events(stream, 3))
    await asyncio.sleep(0.2)
    broken[0] = False
    assert len(await waiting) >= 3
    open_hub.close()


async def test_closing_ends_the_streams() -> None:
    open_hub = hub(FakeReader(constant))
    stream = open_hub.stream(PIPELINE)
    await events(stream, 1)

    async def drain() -> None:
        async for _ in stream:
            pass

    draining = asyncio.ensure_future(drain())
    await asyncio.sleep(0.05)
    open_hub.close()
    await asyncio.wait_for(draining, 2)


def test_a_slow_reader_keeps_one_state_a_part() -> None:
    subscriber = Subscriber()
    for number in range(1000):
        subscriber.put(str(number % 3), b"%d" % number)
    assert list(subscriber.pending.values()) == [b"997", b"998", b"999"]


async def test_a_quiet_stream_has_a_heartbeat(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "HEARTBEAT", 0.1)
    open_hub = hub(FakeReader(constant))
    stream = open_hub.stream(PIPELINE)
    async with asyncio.timeout(5):
        while await anext(stream) != b": \n\n":
            pass
    open_hub.close()
