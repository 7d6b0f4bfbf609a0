"""The only place that reads the time; everything else is handed a Clock or a `now`."""

import time
from typing import Protocol

_BOOT: int | None = getattr(time, "CLOCK_BOOTTIME", None)


class Clock(Protocol):
    """Seconds since 1970 (`now`) and seconds that never go back (`monotonic`)."""

    def now(self) -> float:
        """Wall time, Unix seconds."""
        ...

    def monotonic(self) -> float:
        """Seconds from an arbitrary start; differences only."""
        ...


class SystemClock:
    """The clock of the machine."""

    def now(self) -> float:
        """Wall time, Unix seconds."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds from an arbitrary start; differences only. Counts the time a machine sleeps, too."""
        return time.clock_gettime(_BOOT) if _BOOT is not None else time.monotonic()


class ManualClock:
    """A clock for tests: it moves only when told."""

    def __init__(self, now: float = 1_700_000_000.0) -> None:
        self._now = now

    def now(self) -> float:
        """Wall time, Unix seconds."""
        return self._now

    def monotonic(self) -> float:
        """The same seconds: this clock never goes back."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Move forward."""
        self._now += seconds


SYSTEM = SystemClock()
