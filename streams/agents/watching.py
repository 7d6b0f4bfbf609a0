"""The watch over windows: rules that ask ClickHouse, every second, and what they say sent to the topic `alerts`."""

import asyncio
from collections.abc import Sequence
from typing import Any, Protocol

from streams.agents.storing import StoreThread
from streams.alerts.question import Versioned
from streams.clock import Clock
from streams.errors import KoubeiError
from streams.read.watch import Watcher
from streams.store import rules
from streams.store.client import Connection
from streams.telemetry.notifier import NotifierEvents
from streams.topics import codec
from streams.topics.alert import Verdict
from streams.topics.registry import ALERTS

EVERY = 1.0
"""Seconds between two looks."""

SHARE = 3.0
"""A look that costs much is made less often: it rests for so many times as long as it took."""

AGAIN = 5.0
"""Seconds of rest after a look that went wrong."""

CONFIRMED_WITHIN = 30.0
"""Seconds for Kafka to confirm."""


class Deps(Protocol):
    """What it asks of the world outside."""

    clock: Clock
    events: NotifierEvents

    def owns(self) -> bool:
        """Whether this process is the owner of the alerts: one at a time watches."""
        ...


class Watching:
    """Looks for as long as this process is the owner; a new owner begins with what the log says is open.

    Args:
        store: an account that reads.
        topic: the topic `alerts`, as the app knows it.
        deps: the world outside.
    """

    def __init__(self, store: StoreThread, topic: Any, deps: Deps) -> None:
        self._store = store
        self._topic = topic
        self._deps = deps
        self._watcher: Watcher | None = None
        self._fingerprint: int | None = None
        self._rules: list[Versioned] = []

    async def run(self) -> None:
        """Look for ever."""
        deps = self._deps
        while True:
            if not deps.owns():
                self._watcher = None
                await asyncio.sleep(EVERY)
                continue
            began = deps.clock.monotonic()
            try:
                verdicts = await self._store.run(self._look)
                await self._tell(verdicts)
            except Exception as error:  # a fault here must not stop the alerts that posts cause
                deps.events.watch_failed(str(error) if isinstance(error, KoubeiError) else repr(error))
                # What was found and not told is found again by one that does not know of it.
                self._watcher = None
                await asyncio.sleep(AGAIN)
                continue
            deps.events.watched(len(verdicts), self._watcher.faults if self._watcher else {})
            taken = deps.clock.monotonic() - began
            await asyncio.sleep(max(EVERY - taken, SHARE * taken))

    def _look(self, connection: Connection) -> list[Verdict]:
        if self._watcher is None:
            self._watcher, self._fingerprint = Watcher(connection), None
        fingerprint = rules.fingerprint(connection)
        if fingerprint != self._fingerprint:
            newest = rules.newest(connection).values()
            self._rules = [(one.rule, one.version) for one in newest if one.rule and not one.removed]
            self._fingerprint = fingerprint
        return self._watcher.look(self._rules, self._deps.clock.now())

    async def _tell(self, verdicts: Sequence[Verdict]) -> None:
        if not verdicts or not self._deps.owns():
            return
        sent = [
            await self._topic.send(key=ALERTS.key(verdict), value=codec.encode(verdict), force=True)
            for verdict in verdicts
        ]
        async with asyncio.timeout(CONFIRMED_WITHIN):
            await asyncio.gather(*sent)
