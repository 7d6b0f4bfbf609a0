"""A notifier of its own for each test: topic, database, channels and receivers; two servers for all of them."""

import asyncio
import itertools
import os
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from confluent_kafka import Producer

from streams.store.client import Connection
from streams.store.migrate import migrate
from streams.topics import codec
from streams.topics.alert import Command, Verdict
from tests import servers
from tests.receivers import Receiver, listening

TOPICS = {"alerts": 1, "dead-letters": 1}


class Place(NamedTuple):
    """The servers that all tests share.

    Attributes:
        bootstrap: of Kafka.
        clickhouse: the server.
        prefixes: of topics that nobody has used yet; the database has the same name.
        root: folder for logs.
    """

    bootstrap: str
    clickhouse: servers.ClickHouse
    prefixes: Iterator[str]
    root: Path


@contextmanager
def place(root: Path, tests: int) -> Iterator[Place]:
    """An embedded Kafka with topics for so many tests, and an embedded ClickHouse."""
    prefixes = [f"t{number}" for number in range(tests)]
    topics = [
        word
        for prefix in prefixes
        for name, partitions in TOPICS.items()
        for word in ("--topic", f"{prefix}.{name}:{partitions}")
    ]
    with servers.clickhouse(root / "clickhouse") as store:
        kafka = servers.Process(
            "streams.embedded.kafka",
            "--port",
            "0",
            *topics,
            "--parent",
            str(os.getpid()),
            log=root / "kafka.log",
        )
        try:
            yield Place(str(kafka.wait_ready()["bootstrap"]), store, iter(prefixes), root)
        finally:
            kafka.end()


class Stand:
    """One test's topic, database and notifiers."""

    def __init__(self, place: Place, receivers: dict[str, Receiver]) -> None:
        self.place = place
        self.receivers = receivers
        self.name = next(place.prefixes)
        self.url = f"{place.clickhouse.url.rpartition('/')[0]}/{self.name}"
        self._producer = Producer({"bootstrap.servers": place.bootstrap, "linger.ms": 0, "log_level": 0})
        self._numbers = itertools.count(1)
        self.started: list[servers.Process] = []

    async def notifier(self, **env: str) -> servers.Process:
        """A notifier that is ready."""
        channels: dict[str, str] = {}
        for name, receiver in self.receivers.items():
            channels |= {
                f"KOUBEI_CHANNELS__{name}__KIND": "webhook",
                f"KOUBEI_CHANNELS__{name}__URL": receiver.url(),
                f"KOUBEI_CHANNELS__{name}__ALLOW_PRIVATE": "true",
            }
        process = servers.Process(
            "streams",
            "notifier",
            log=self.log,
            env={
                "KOUBEI_KAFKA__BOOTSTRAP": self.place.bootstrap,
                "KOUBEI_KAFKA__TOPIC_PREFIX": f"{self.name}.",
                "KOUBEI_KAFKA__GROUP": self.name,
                "KOUBEI_STORE__URL": self.url,
                **{name.upper(): value for name, value in channels.items()},
                **env,
            },
        )
        self.started.append(process)
        await asyncio.to_thread(process.wait_ready)
        return process

    @property
    def log(self) -> Path:
        return self.place.root / f"{self.name}.log"

    def produce(self, *values: Verdict | Command | bytes) -> None:
        """Send records to the topic, in order."""
        for value in values:
            key = b"x" if isinstance(value, bytes) else value.dedup_key.encode()
            raw = value if isinstance(value, bytes) else codec.encode(value)
            self._producer.produce(f"{self.name}.alerts", raw, key)
        assert self._producer.flush(10) == 0

    def verdict(self, rule: str = "断连投诉", **changes: Any) -> Verdict:
        """A rule's word on one more post."""
        number, now = next(self._numbers), time.time()
        told: dict[str, Any] = {
            "id": f"{self.name}-{number}",
            "rule": rule,
            "version": 1,
            "brand": "星曜",
            "severity": "orange",
            "at": now,
            "appended": now,
            "window_start": now,
            "window_end": now,
            "value": 1.0,
            "topic": "posts",
            "epoch": 1,
            "offsets": (number,),
        }
        return Verdict(**{**told, **changes})

    def command(self, action: Any, alert_id: str, **more: Any) -> Command:
        """What 张三 does at a terminal."""
        now = time.time()
        return Command(
            id=f"{self.name}-act-{next(self._numbers)}",
            action=action,
            alert_id=alert_id,
            actor="张三",
            via="cli",
            at=now,
            **more,
        )

    async def rows(self, sql: str, **params: Any) -> list[tuple[Any, ...]]:
        def ask() -> list[tuple[Any, ...]]:
            connection = Connection(self.url)
            try:
                return connection.query(sql, params).rows
            finally:
                connection.close()

        return await asyncio.to_thread(ask)

    async def states(self) -> dict[tuple[str, str], str]:
        """The ledger: key and channel → state."""
        found = await self.rows("SELECT key, channel, state FROM notifications_latest")
        return {(key, channel): state for key, channel, state in found}


@asynccontextmanager
async def stand(place: Place, *names: str) -> AsyncIterator[Stand]:
    """A stand with a receiver for each channel; its notifiers are ended."""
    receivers = {name: Receiver() for name in names}
    async with _all_listening(list(receivers.values())):
        one = Stand(place, receivers)
        await asyncio.to_thread(migrate, one.url)
        try:
            yield one
        finally:
            for process in one.started:
                if process.running():
                    process.kill()


@asynccontextmanager
async def _all_listening(receivers: list[Receiver]) -> AsyncIterator[None]:
    if not receivers:
        yield
        return
    async with listening(receivers[0]), _all_listening(receivers[1:]):
        yield


async def until(what: str, check: Callable[[], Any], limit: float = 20.0) -> Any:
    """Ask until the answer is true."""
    deadline = time.monotonic() + limit
    while time.monotonic() < deadline:
        answer = check()
        if asyncio.iscoroutine(answer):
            answer = await answer
        if answer:
            return answer
        await asyncio.sleep(0.05)
    raise AssertionError(f"not within {limit} s: {what}")
