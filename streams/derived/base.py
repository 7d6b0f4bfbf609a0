"""What every derived table offers to the worker that keeps it current."""

from math import inf
from typing import NamedTuple, Protocol

from streams.store.client import Connection
from streams.store.tables import Table


class Step(NamedTuple):
    """What one step did.

    Attributes:
        rows: how many newly landed rows were counted.
        more: whether others wait already.
        within: seconds after which the next step must follow at the latest, however long this one took.
    """

    rows: int
    more: bool
    within: float = inf


class Derived(Protocol):
    """A table that follows from several records. Built anew by each worker that becomes the elected one.

    What it keeps in memory is bounded and can be read back from the store.
    """

    name: str
    tables: tuple[Table, ...]
    """What it counts by watermark; none if it looks at whole windows of time."""
    every: float
    """Seconds between two steps when nothing waits."""

    def step(self, connection: Connection) -> Step:
        """Count what has landed since the last step; repeating a step changes nothing.

        Raises:
            StoreUnavailable, StoreRefused: as `Connection`; the same step follows later.
        """
        ...
