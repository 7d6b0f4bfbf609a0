"""The week's digest of noisy rules, sent by itself on the first working morning of the week."""

import asyncio
from collections.abc import Sequence
from contextlib import closing
from typing import Protocol

from streams.agents.dispatch import Dispatch, pending
from streams.alerts.calendar import Calendar
from streams.clock import Clock
from streams.errors import KoubeiError
from streams.notify import weekly
from streams.notify.weekly import Week
from streams.read.alerts import deliveries
from streams.read.queries import Reader
from streams.read.tuning import digest, started
from streams.telemetry.notifier import NotifierEvents

EVERY = 10.0
"""Seconds between two looks at the clock."""

REASON = "digest"
"""Why it is sent, for the ledger."""


class Sender(Protocol):
    """What brings messages to their channels."""

    def pass_on(self, dispatches: Sequence[Dispatch]) -> None:
        """Give each to its channel."""
        ...


class Deps(Protocol):
    """What it asks of the world outside."""

    clock: Clock
    events: NotifierEvents

    def owns(self) -> bool:
        """Whether this process is the owner of the alerts: one at a time sends."""
        ...

    def generation(self) -> int:
        """The consumer group generation that this process is in."""
        ...


class Digesting:
    """Sends each week's digest once to every channel; what was sent is known from the ledger alone.

    Args:
        url: the account of ClickHouse that reads.
        channels: their names. Each is told by itself: where one fails, no other takes over.
        calendar: which days are worked.
        base: address of the page.
        timezone: of the readers.
        sender: brings it to the channels.
        deps: the world outside.
    """

    def __init__(
        self,
        url: str,
        channels: Sequence[str],
        *,
        calendar: Calendar,
        base: str,
        timezone: str,
        sender: Sender,
        deps: Deps,
    ) -> None:
        self._url = url
        self._channels = channels
        self._calendar = calendar
        self._base = base
        self._timezone = timezone
        self._sender = sender
        self._deps = deps
        self._done: tuple[str, int] | None = None

    async def run(self) -> None:
        """Look for ever."""
        while True:
            try:
                await self.look()
            except Exception as error:  # a fault here must not stop the alerts
                self._deps.events.digest_failed(str(error) if isinstance(error, KoubeiError) else repr(error))
            await asyncio.sleep(EVERY)

    async def look(self) -> None:
        """Send the digest that is due, if this process is the owner and has not dealt with it.

        Whoever becomes the owner anew asks the ledger: what waited for a channel is dropped with the ownership.

        Raises:
            StoreUnavailable, StoreRefused: the ledger or the alerts cannot be read.
        """
        deps = self._deps
        week = weekly.due(self._calendar, self._timezone, deps.clock.now())
        if week is None or not deps.owns() or self._done == (week.key, deps.generation()):
            return
        generation = deps.generation()
        dispatches = await self._dispatches(week)
        if not deps.owns() or deps.generation() != generation:
            return
        self._done = (week.key, generation)
        self._sender.pass_on(dispatches)
        deps.events.digested(week.key, [one.chain[0] for one in dispatches])

    async def _dispatches(self, week: Week) -> list[Dispatch]:
        """The digest for each channel that the ledger does not know to have it."""
        with closing(Reader(self._url, connections=1)) as reader:
            states = {
                one.channel: one.state for one in await deliveries(reader, week.key) if one.key == week.key
            }
            wanting = {name: pending(states, (name,)) for name in self._channels}
            if not any(missing for missing, _ in wanting.values()) or not await started(reader, week.until):
                return []
            found = await digest(reader, week.since, week.until)
        return [
            Dispatch(
                weekly.message(
                    week,
                    found.rules,
                    found.whole,
                    base=self._base,
                    timezone=self._timezone,
                    repeated=doubtful,
                ),
                REASON,
                (name,),
            )
            for name, (missing, doubtful) in wanting.items()
            if missing
        ]
