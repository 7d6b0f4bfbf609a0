"""The process that keeps the derived tables current, beside the elected worker and below its priority."""

import os
import time
from typing import NamedTuple

from streams import derived
from streams.derived.base import Derived
from streams.errors import KoubeiError
from streams.store.client import Connection

NICENESS = 10
"""Landing goes first: derived tables may lag, and say by how much."""

LONGEST = 1.0
"""Seconds after which a call returns, so that its parent can change its mind between two."""

_AGAIN = 5.0
"""Seconds before a step that went wrong is tried again."""

_REST = 15.0
"""Seconds of rest at most: a step is also long when the store was away, and that is over then."""


class Progress(NamedTuple):
    """What one call did.

    Attributes:
        counted: derived table → newly landed rows counted.
        failed: derived table → what went wrong.
        wait: seconds until something is due again.
    """

    counted: dict[str, int]
    failed: dict[str, str]
    wait: float


class DeriverState:
    """The inside of the process."""

    def __init__(self, url: str) -> None:
        self._connection = Connection(url)
        self._tables: list[Derived] = [make() for make in derived.ALL]
        self._due = [0.0] * len(self._tables)

    def step(self) -> Progress:
        """Bring up to date what is due, for about a second."""
        counted: dict[str, int] = {}
        failed: dict[str, str] = {}
        end = time.monotonic() + LONGEST
        for number in sorted(range(len(self._tables)), key=self._due.__getitem__):
            table, now = self._tables[number], time.monotonic()
            if self._due[number] > now or now > end:
                continue
            try:
                step = table.step(self._connection)
            except Exception as error:  # one table's fault must not keep the others from going on
                failed[table.name] = str(error) if isinstance(error, KoubeiError) else repr(error)
                self._tables[number] = derived.ALL[number]()
                self._due[number] = time.monotonic() + _AGAIN
                continue
            taken = time.monotonic() - now
            if step.rows:
                counted[table.name] = step.rows
            # A look that costs much is made less often, where it may: nine tenths of the time are left to others.
            rest = max(table.every, min(9 * taken, _REST, step.within))
            self._due[number] = time.monotonic() if step.more else now + taken + rest
        return Progress(counted, failed, max(0.0, min(self._due) - time.monotonic()))

    def close(self) -> None:
        """Hang up."""
        self._connection.close()


class DeriverRecipe(NamedTuple):
    """All that the process needs to build itself.

    Attributes:
        url: the writing account of ClickHouse.
    """

    url: str

    def build(self) -> DeriverState:
        """The state, built in its process."""
        os.nice(NICENESS)
        return DeriverState(self.url)
