"""The fence: a process that stood still too long must not write, for its partitions may be another's."""

import asyncio
from collections.abc import Callable
from typing import Protocol

from streams.clock import Clock

BEAT = 0.05
"""Seconds between two beats of the event loop."""

FENCE = 0.6
"""Share of the session timeout that the event loop may stand still."""

EXIT_FENCED = 70


_NEVER = float("inf")


class Stalls(Protocol):
    """Where the longest stall is told."""

    def stalled(self, longest: float) -> None:
        """Longest stall of the event loop, seconds."""
        ...


class Lease:
    """Beats in the event loop; a beat that comes too late ends the process before any write.

    Args:
        limit: longest stall in seconds, below the broker's session timeout.
        clock: must count the time a machine sleeps.
        events: where the longest stall is shown.
        lost: ends the process; called with the length of the stall.
    """

    def __init__(self, limit: float, clock: Clock, events: Stalls, lost: Callable[[float], None]) -> None:
        self._limit = limit
        self._clock = clock
        self._events = events
        self._lost = lost
        self._beat = _NEVER  # before anything is owned there is nothing to be late for

    def begin(self) -> None:
        """Something is owned from now on, though the first beat may be still to come."""
        if self._beat == _NEVER:
            self._beat = self._clock.monotonic()

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
