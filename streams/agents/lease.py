"""The fence: a process that stood still too long must not write, for its partitions may be another's."""

import asyncio
from collections.abc import Callable

from streams.clock import Clock
from streams.telemetry.events import WorkerEvents

BEAT = 0.05
"""Seconds between two beats of the event loop."""


class Lease:
    """Beats in the event loop; a beat that comes too late ends the process before any write.

    Args:
        limit: longest stall in seconds, below the broker's session timeout.
        clock: must count the time a machine sleeps.
        events: where the longest stall is shown.
        lost: ends the process; called with the length of the stall.
    """

    def __init__(
        self, limit: float, clock: Clock, events: WorkerEvents, lost: Callable[[float], None]
    ) -> None:
        self._limit = limit
        self._clock = clock
        self._events = events
        self._lost = lost
        self._beat = clock.monotonic()

    def check(self) -> float:
        """Seconds since the last beat; ends the process when they are too many."""
        stall = self._clock.monotonic() - self._beat
        if stall > self._limit:
            self._lost(stall)
        return stall

    async def run(self) -> None:
        """Beat for ever."""
        longest, shown = 0.0, self._clock.monotonic()
        self._beat = shown
        while True:
            await asyncio.sleep(BEAT)
            longest = max(longest, self.check() - BEAT)
            self._beat = self._clock.monotonic()
            self._events.stalled(longest)
            if self._beat - shown > 60:
                longest, shown = 0.0, self._beat
