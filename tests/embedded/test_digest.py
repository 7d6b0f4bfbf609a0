"""The week's digest against a real store, ledger and receiver; its clock alone is set to the Monday that comes."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from streams import config
from streams.agents import channels
from streams.agents.composing import Composer, Pages
from streams.agents.digesting import Digesting
from streams.agents.ledger import Ledger
from streams.agents.sending import Sender
from streams.agents.storing import StoreThread
from streams.alerts.calendar import Calendar
from streams.alerts.local import date_at, instant
from streams.cli import run
from streams.clock import Clock, ManualClock
from streams.notify import oncall, weekly
from streams.store import alerts
from streams.store.alerts import Attempt
from streams.store.client import Connection
from streams.telemetry.notifier import NotifierEvents
from tests import servers
from tests.alerting import until
from tests.alertowner import Owner
from tests.receivers import Receiver, listening

pytestmark = pytest.mark.embedded

ZONE = "Asia/Shanghai"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.ClickHouse]:
    pytest.importorskip("chdb", reason='pip install "koubei[embedded]"')
    with servers.clickhouse(tmp_path_factory.mktemp("digest")) as running:
        yield running


class Process:
    """What a notifier has of the digest; always the owner."""

    def __init__(self, url: str, hook: Receiver, now: float) -> None:
        told = {"kind": "webhook", "url": hook.url(), "allow_private": True}
        settings = config.load(**{"channels": {"hook": told}})
        self.clock: Clock = ManualClock(now)
        self.events = NotifierEvents(CollectorRegistry())
        self.tasks: list[asyncio.Task[Any]] = []
        self.store = StoreThread(url, self.events, self.fence, name="ledger")
        self.sender = Sender(
            channels.made(settings, self.clock, self.events),
            oncall.on_call(settings, Calendar()),
            Composer(url, Pages.of(settings), self.clock, self.events),
            Ledger(self.store),
            self,
        )
        self.digesting = Digesting(
            url,
            ["hook"],
            calendar=Calendar(),
            base="https://k.example",
            timezone=ZONE,
            sender=self.sender,
            deps=self,
        )

    def owns(self) -> bool:
        return True

    def generation(self) -> int:
        return 1

    def fence(self) -> None:
        return

    def handing(self, alert_ids: Iterable[str], at: float) -> None:
        return

    def watch(self, task: "asyncio.Task[Any]") -> None:
        self.tasks.append(task)


@asynccontextmanager
async def running(url: str, hook: Receiver, now: float) -> AsyncIterator[Process]:
    one = Process(url, hook, now)
    tasks = [asyncio.create_task(loop) for loop in one.sender.loops()]
    try:
        await one.digesting.look()
        yield one
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, *one.tasks, return_exceptions=True)
        await one.store.run(Connection.close)


async def test_what_this_week_brought_is_told_once_on_monday(
    store: servers.ClickHouse,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    now = time.time()
    today = date_at(ZONE, now)
    monday = instant(ZONE, today + timedelta(days=7 - today.weekday()), weekly.SCHEDULE.at) + 60
    key = weekly.last(ZONE, monday).key
    with closing(Owner(store.url)) as owner:
        for number in range(9):
            about = {"kind": "window", "entity": str(number), "value": float(20 + number)}
            owner.verdict("吵", at=now, **about)
            owner.verdict("吵", at=now + 60, holds=False, **about)
        owner.act("acknowledge", "李敏", owner.verdict("静", at=now))

    def states() -> list[tuple[Any, ...]]:
        with closing(Connection(store.url)) as connection:
            return connection.query("SELECT key, channel, reason, state FROM notifications_latest").rows

    hook = Receiver()
    async with listening(hook):
        async with running(store.url, hook, monday):
            await until("the ledger", lambda: states() == [(key, "hook", "digest", "sent")])
        (request,) = hook.requests
        said = request.json
        assert (said["key"], said["state"], said["severity"]) == (key, "digest", "blue")
        assert "：10 条告警，10% 有人认领" in said["summary"]
        assert "吵：100% 的告警没人需要。改为 above = 28：会少 8 条无用的告警" in said["text"]
        assert "https://k.example/rules" in said["text"]
        assert said["possibly_repeated"] is False

        async with running(store.url, hook, monday + 3600):
            await asyncio.sleep(0.3)
        assert len(hook.requests) == 1, "the ledger knows that it was sent"

        with closing(Connection(store.url)) as connection:  # as a kill before the answer leaves it
            alerts.note(connection, [Attempt(key, "hook", key, "digest", "claimed")])
        async with running(store.url, hook, monday + 7200):
            await until("once more", lambda: len(hook.requests) == 2)
            await until("the ledger", lambda: states()[0][-1] == "sent")
        assert hook.requests[1].json["possibly_repeated"] is True
        assert hook.requests[1].headers["idempotency-key"] == key

        monkeypatch.setenv("KOUBEI_STORE__URL", store.url)
        Path("koubei.toml").write_text(
            f'[channels.hook]\nkind = "webhook"\nurl = "{hook.url()}"\nallow_private = true\n', "utf-8"
        )
        assert await asyncio.to_thread(run, ["notify", "test", "hook", "--digest"]) == 0
        assert "已送达" in capsys.readouterr().out
        assert (hook.requests[2].json["state"], hook.requests[2].json["title"]) == ("digest", "告警周报")
        assert hook.requests[2].json["key"] != key
        assert len(states()) == 1
