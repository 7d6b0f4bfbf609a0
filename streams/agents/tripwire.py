"""Stops a worker that finds almost nothing it can land: the fault is then not in the records. Pure."""

from collections import deque
from collections.abc import Sequence

WINDOW = 10_000
"""Records over which the share of bad ones is taken."""

REARM = 100
"""Good records in a row after which a resumed worker's wire is armed again."""


class TripWire:
    """Counts bad records; tells when there are too many.

    Args:
        ratio: share of bad records among the last 10,000 that trips.
        in_a_row: bad records in a row that trip.
        armed: a worker that a person resumed starts unarmed, so that it gets past what tripped it.
    """

    def __init__(self, ratio: float, in_a_row: int, *, armed: bool = True) -> None:
        self._most = ratio * WINDOW
        self._in_a_row = in_a_row
        self._armed = armed
        self._recent: deque[tuple[int, int]] = deque()
        self._total = self._bad = self._run_bad = self._run_good = 0

    def trips(self, n: int, bad: Sequence[int]) -> bool:
        """Take in a batch of `n` records of which those at the ascending indexes `bad` are bad."""
        longest = self._count_runs(n, bad)
        self._recent.append((n, len(bad)))
        self._total += n
        self._bad += len(bad)
        while self._total - self._recent[0][0] >= WINDOW:
            old, old_bad = self._recent.popleft()
            self._total -= old
            self._bad -= old_bad
        if not self._armed:
            if self._run_good >= REARM:
                self._armed = True
                self._recent.clear()
                self._total = self._bad = 0
            return False
        # A batch larger than the window counts by its share, not by its size.
        allowed = self._most * max(1.0, self._total / WINDOW)
        return longest >= self._in_a_row or self._bad > allowed

    def _count_runs(self, n: int, bad: Sequence[int]) -> int:
        """Longest run of bad records that this batch ends or holds; keeps both runs going."""
        longest, previous = 0, -1
        for index in bad:
            good = index - previous - 1
            self._run_bad = 1 if good else self._run_bad + 1
            self._run_good = 0
            longest = max(longest, self._run_bad)
            previous = index
        good = n - previous - 1
        if good:
            self._run_bad = 0
            self._run_good += good
        return longest
