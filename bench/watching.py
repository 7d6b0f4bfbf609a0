"""Looking at the store while it is fed: how many rows a SELECT sees, and when."""

import threading
import time
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from bench.servers import wait_for
from streams.cli.bench import Stack
from streams.store.client import Connection


class Seen(NamedTuple):
    """So many rows at a time (Unix seconds)."""

    at: float
    rows: int


class Watch:
    """Counts the posts again and again in a thread of its own.

    Args:
        running: where.
        every: seconds between two looks, the resolution of what follows from them.
    """

    def __init__(self, running: Stack, every: float) -> None:
        self.seen: list[Seen] = []
        self._url = running.url
        self._every = every
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> "Watch":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(30)

    @property
    def rows(self) -> int:
        """Rows at the last look."""
        return self.seen[-1].rows if self.seen else 0

    def wait_for(self, rows: int) -> None:
        """Wait until a look has seen so many rows.

        Raises:
            Failed: none has within a minute.
        """
        wait_for(f"{rows:,} visible rows", lambda: self.rows >= rows)

    def _look(self) -> None:
        connection = Connection(self._url)
        while not self._stop.wait(self._every):
            rows = int(connection.query("SELECT count() FROM posts").rows[0][0])
            self.seen.append(Seen(time.time(), rows))
        connection.close()


def when(seen: Sequence[Seen], rows: int) -> float:
    """The time of the first look that saw so many rows."""
    return seen[bisect_left(seen, rows, key=lambda look: look.rows)].at


def waits(seen: Sequence[Seen], before: int, rows: Sequence[tuple[float, float]]) -> list[float]:
    """Seconds from each row's arrival in Kafka to the first look that counts it, sorted.

    Inserts follow one another and each is visible whole, so the rows of one insert are all there with the
    first look that counts them and everything before them.

    Args:
        seen: the looks.
        before: rows that were there before the first of `rows`.
        rows: (appended, landed) of each row in Unix seconds, ordered by landed.
    """
    found: list[float] = []
    for _, insert in groupby(rows, key=itemgetter(1)):
        appended = [row[0] for row in insert]
        visible = when(seen, before + len(found) + len(appended))
        found += [visible - at for at in appended]
    return sorted(found)


def caught_up(sent: Sequence[Seen], seen: Sequence[Seen], allowed: float) -> float:
    """The time of the first look from which on at most `allowed` of what was sent was not visible yet."""
    last = seen[0].at
    behind = False
    for look in seen:
        index = bisect_right(sent, look.at, key=lambda count: count.at) - 1
        was, behind = behind, index >= 0 and sent[index].rows - look.rows > allowed
        if behind or was:
            last = look.at
    return last


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` of the sorted values lie."""
    return values[min(len(values) - 1, int(len(values) * share))]
