"""The owner of the topic `alerts`: applies what comes, logs what it changes, acks, and lets people know.

Strictly in this order, so that nothing is said that is not in the log and nothing is acked that is not. State is
whatever the log says: at each assignment it is read back, and records up to the last applied offset are skipped.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, Protocol, cast

from faust.types import EventT

from streams.agents.alertlog import AlertLog
from streams.agents.batch import Failure, Part
from streams.agents.composing import Saying
from streams.agents.docket import Docket, decoded
from streams.agents.lease import Lease
from streams.agents.sending import Sender
from streams.agents.transport import Fetch
from streams.alerts.case import Limits
from streams.alerts.model import Alert, Entry, Policy
from streams.clock import Clock
from streams.errors import BadRecord
from streams.telemetry.notifier import NotifierEvents
from streams.topics.registry import ALERTS

SETTLE = 5.0
"""Seconds that what was taken in gets to be logged and sent before the partition leaves."""

UNSENT_SINCE = 86_400.0
"""Seconds after which a notice that was never sent is not taken up any more."""

AWAY = 60.0
"""Seconds without the log after which people are told: until it is back, no alert reaches them."""

COUNT_EVERY = 1.0
"""Seconds between two counts of the open alerts."""

HANDED_EVERY = 0.25
"""Seconds in which hand-overs are gathered: they are figures and may wait, records may not."""

RECORDS_AT_ONCE = 200
"""Records applied before the event loop gets its turn."""

TOGETHER = 4
"""Fetches that wait at most."""

_LONGEST_WAIT = 5.0


class Deps(Protocol):
    """What it asks of the world outside."""

    clock: Clock
    events: NotifierEvents
    alert_log: AlertLog
    lease: Lease
    sender: Sender

    def generation(self) -> int:
        """The consumer group generation that this process is in."""
        ...

    async def bury(self, topic: str, epoch: int, failures: Sequence[Failure]) -> None:
        """Send dead letters and wait until Kafka has them all."""
        ...

    def watch(self, task: "asyncio.Task[Any]") -> None:
        """End the process when the task fails."""
        ...


class Alerting:
    """The way of the topic `alerts` from fetches to the log.

    Args:
        epoch: ordinal of the topic's incarnation, for dead letters.
        policy: how patient alerts are.
        limits: how patient cases are.
        deps: the world outside.
    """

    def __init__(self, epoch: int, policy: Policy, limits: Limits, deps: Deps) -> None:
        self.topic = ALERTS.name
        self._epoch = epoch
        self._policy = policy
        self._limits = limits
        self._deps = deps
        self._events: asyncio.Queue[EventT[Any]] = asyncio.Queue(TOGETHER)
        self._wake = asyncio.Event()
        self._hurry = False
        self._handed: dict[str, float] = {}
        self._idle = asyncio.Event()
        self._idle.set()
        self._void: int | None = None
        self._counted = float("-inf")
        self._owner: asyncio.Task[None] | None = None

    async def put(self, event: EventT[Any]) -> None:
        """Take in a fetch; holds the caller while others wait."""
        if self._is_stale(event.message.generation_id):
            return
        await self._events.put(event)
        self._idle.clear()
        self._hurry = True
        self._wake.set()

    def open(self) -> None:
        """This process is the owner now: it goes on where its predecessor stopped."""
        self._deps.lease.begin()
        self._void = None
        if self._owner is None:
            self._owner = asyncio.create_task(self._own())
            self._deps.watch(self._owner)

    def owns(self) -> bool:
        """Whether this process is the owner."""
        return self._owner is not None

    async def settle(self, limit: float = SETTLE) -> None:
        """Bring to an end what was taken in; what cannot be in time is left to the next owner."""
        if self._owner is None:
            return
        clock = self._deps.clock
        end = clock.monotonic() + limit
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(limit):
                await self._idle.wait()
        self._void = self._deps.generation()
        owner, self._owner = self._owner, None
        owner.cancel()
        await asyncio.wait((owner,))
        await self._deps.sender.drain(max(0.0, end - clock.monotonic()))
        while not self._events.empty():
            self._events.get_nowait()
        self._idle.set()

    def handing(self, alert_ids: Iterable[str], at: float) -> None:
        """Messages about these alerts are given to a channel at this moment, Unix seconds."""
        for alert_id in alert_ids:
            self._handed.setdefault(alert_id, at)
        self._wake.set()

    def _is_stale(self, generation: int | None) -> bool:
        return generation in (self._void, None) or generation != self._deps.generation()

    async def _own(self) -> None:
        docket = await self._recover()
        while True:
            parts = await self._next(docket)
            await self._turn(docket, parts)
            if self._events.empty():
                self._idle.set()

    async def _recover(self) -> Docket:
        deps, began = self._deps, self._deps.clock.monotonic()
        docket = Docket(self._policy, self._limits, await deps.alert_log.load())
        found = await deps.alert_log.unsent(deps.clock.now() - UNSENT_SINCE)
        known = [
            (Saying(notice, alert, docket.case(notice.case_id)), states)
            for notice, states in found
            if (alert := docket.alert(notice.alert_id)) is not None
        ]
        taken, repeated = deps.sender.take_up(known, self._policy.page_within)
        deps.events.recovered(
            offset=docket.applied,
            alerts=docket.open_alerts,
            cases=docket.open_cases,
            unsent=taken,
            repeated=repeated,
            seconds=deps.clock.monotonic() - began,
        )
        return docket

    async def _next(self, docket: Docket) -> list[EventT[Any]]:
        """The fetches that wait, as soon as there is one, or nothing when something else is due."""
        clock = self._deps.clock
        while not self._hurry:
            due = docket.due()
            wait = None if due is None else max(0.01, due - clock.now())
            if self._handed:
                wait = min(wait or HANDED_EVERY, HANDED_EVERY)
            self._wake.clear()
            try:
                async with asyncio.timeout(wait):  # wait_for may swallow a cancellation
                    await self._wake.wait()
            except TimeoutError:
                break
        self._hurry = False
        events = []
        while not self._events.empty():
            events.append(self._events.get_nowait())
        return [event for event in events if not self._is_stale(event.message.generation_id)]

    async def _turn(self, docket: Docket, events: Sequence[EventT[Any]]) -> None:
        """Apply, log, ack, and send what is to be said."""
        deps = self._deps
        entries: list[Entry] = []
        failures: list[Failure] = []
        records = 0
        for event in events:
            records += await self._apply(docket, event, entries, failures)
        now = deps.clock.now()
        handed, self._handed = self._handed, {}
        for alert_id, at in handed.items():
            alert = docket.alert(alert_id)
            if alert is not None and alert.latency_ms is None and alert.appended:
                latency = max(0.0, at - alert.appended)
                deps.events.handed(latency)
                entries += docket.handed(alert_id, round(latency * 1000), now)
        if (due := docket.due()) is not None and due <= now:
            entries += docket.tick(now)
        if failures:
            await self._bury(failures)
        if entries:
            logged: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            deps.sender.send(self._sayings(docket, entries), logged)
            try:
                await self._log(entries, docket.applied if records else None)
            except BaseException:
                logged.cancel()  # whoever waits for it must not do so for ever
                raise
            logged.set_result(None)
        for event in events:
            event.ack()
        deps.events.applied(records, _fired(entries))
        if (clock := deps.clock.monotonic()) - self._counted > COUNT_EVERY:
            self._counted = clock
            deps.events.standing(docket.open_alerts)

    async def _log(self, entries: Sequence[Entry], offset: int | None) -> None:
        """Append; when that takes long, people are told that alerts wait."""
        warning = asyncio.get_running_loop().call_later(AWAY, self._deps.sender.warn, len(entries))
        try:
            await self._deps.alert_log.append(entries, offset)
        finally:
            warning.cancel()

    async def _apply(
        self, docket: Docket, event: EventT[Any], entries: list[Entry], failures: list[Failure]
    ) -> int:
        """Apply the records of a fetch that were not applied before; returns how many."""
        fetch = cast(Fetch, event.message.value)
        part = Part(event, fetch)
        applied = 0
        for index, offset in enumerate(fetch.offsets):
            if offset <= docket.applied:
                continue
            docket.applied = offset
            applied += 1
            try:
                record = decoded(fetch.values[index])
            except BadRecord as error:
                failures.append(part.failure(index, "decode", error.reason, error.detail))
                continue
            try:
                entries += docket.apply(record, self._deps.clock.now())
            except Exception as error:  # one record, however strange, must not stop all others
                self._deps.events.apply_failed(offset, error)
                failures.append(part.failure(index, "apply", "refused", repr(error)))
            if applied % RECORDS_AT_ONCE == 0:
                await asyncio.sleep(0)
        return applied

    def _sayings(self, docket: Docket, entries: Sequence[Entry]) -> list[Saying]:
        """The notices, each with its alert as it stands after all of them."""
        found: list[Saying] = []
        for entry in entries:
            for notice in entry.notices:
                alert = docket.alert(notice.alert_id)
                if alert is None and isinstance(entry.snapshot, Alert):
                    alert = entry.snapshot
                if alert is not None:
                    found.append(Saying(notice, alert, docket.case(notice.case_id)))
        return found

    async def _bury(self, failures: Sequence[Failure]) -> None:
        await _until_sent(lambda: self._deps.bury(self.topic, self._epoch, failures), self._deps.events)
        self._deps.events.dead_letters([(one.stage, one.reason, one.detail) for one in failures])


async def _until_sent(send: Callable[[], Awaitable[None]], events: NotifierEvents) -> None:
    wait = 0.2
    while True:
        try:
            await send()
            return
        except Exception as error:  # Kafka out of reach: wait for it
            events.broker_unavailable(error, wait)
            await asyncio.sleep(wait)
            wait = min(wait * 2, _LONGEST_WAIT)


def _fired(entries: Sequence[Entry]) -> list[str]:
    return [
        entry.snapshot.severity
        for entry in entries
        if entry.subject == "alert" and entry.snapshot.last.kind == "fired"
    ]
