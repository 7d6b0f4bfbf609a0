"""The monitor goes on whatever the store and the broker do."""

import asyncio
import threading
from datetime import UTC, datetime
from typing import Any

import pytest

from streams.clock import ManualClock
from streams.errors import BrokerUnavailable, StoreUnavailable
from streams.store.client import Column, Result
from streams.web import status
from streams.web.status import Monitor
from tests.unit.web.doubles import FakeReader


def fresh(sql: str) -> Result:
    if "quantiles" in sql:
        return Result([Column("q", "Array(Float64)"), Column("n", "UInt64")], [([120.0, 300.0], 600)])
    if "reloads" in sql:
        tried = datetime(2026, 11, 22, tzinfo=UTC)
        return Result([], [("lexicons", "100001", "words.tsv 第 3 行", ["host-1"], tried)])
    if "FROM alerts" in sql:
        return Result([], [(9, 2, 1, "red", datetime(2026, 11, 22, tzinfo=UTC))])
    return Result([], [])


def monitor(
    reader: FakeReader, lag: status.Lag, clock: ManualClock | None = None
) -> tuple[Monitor, list[dict[str, Any]]]:
    said: list[dict[str, Any]] = []
    return Monitor(reader, lag, said.append, clock or ManualClock()), said


async def test_delay_lag_and_reloads_that_failed() -> None:
    watching, said = monitor(FakeReader(fresh), lambda: 41)
    await watching.look()
    outdated = {
        "what": "lexicons",
        "version": "100001",
        "error": "words.tsv 第 3 行",
        "workers": ["host-1"],
        "since": 1_795_305_600_000,
    }
    assert said == [
        {
            "p50": 0.12,
            "p95": 0.3,
            "per_second": 10.0,
            "silences": [],
            "outdated": [outdated],
            "alerts": {"open": 2, "unclaimed": 1, "worst": "red"},
            "lag": 41,
        }
    ]


async def test_silences_are_looked_for_now_and_then() -> None:
    reader, clock = FakeReader(fresh), ManualClock()
    watching, _ = monitor(reader, lambda: 0, clock)
    for _ in range(5):
        await watching.look()
    assert sum("DISTINCT" in sql for sql in reader.asked) == 1
    clock.advance(status.SILENCES_EVERY)
    await watching.look()
    assert sum("DISTINCT" in sql for sql in reader.asked) == 2


async def test_what_is_wrong_is_said() -> None:
    def away(_: str) -> Result:
        raise StoreUnavailable("连不上 ClickHouse")

    def gone() -> int:
        raise BrokerUnavailable("连不上 Kafka")

    watching, said = monitor(FakeReader(away), gone)
    await watching.look()
    assert said == [{"store": "连不上 ClickHouse", "broker": "连不上 Kafka", "lag": None}]


async def test_a_silent_broker_is_asked_once_and_holds_nothing_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(status, "PATIENCE", 0.05)
    asked, release = [], threading.Event()

    def silent() -> int:
        asked.append(1)
        release.wait(10)
        return 7

    watching, _ = monitor(FakeReader(fresh), silent)
    assert await watching.lag() is None
    assert await watching.lag() is None
    assert len(asked) == 1
    release.set()
    async with asyncio.timeout(5):
        while await watching.lag() != 7:
            pass
