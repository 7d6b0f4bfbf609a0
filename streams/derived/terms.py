"""Which words the posts of each window hold: whole closed windows, counted anew when posts have landed late."""

from streams.derived.base import Step
from streams.store.client import Connection
from streams.store.tables import Table
from streams.text.words import DUE_SQL, GRACE, PUBLISH_SQL, REBUILD_SQL, SPANS, SWEEP_SQL, runs

SLACK = 30
"""Seconds of silence in a window before it is counted."""

LOOK_BACK = 3 * 3600
"""Seconds of landings that a step looks at, once everything older is counted: a window closes within the hour."""

MOST = 4
"""Runs that one step counts: others want their turn too."""

_SWEEP_EVERY = 2_000
"""Steps between two sweeps of counts that newer ones have replaced."""


class Terms:
    """Fills `term_counts` and `term_windows`."""

    name = "term_counts"
    tables: tuple[Table, ...] = ()
    every = 30.0

    def __init__(self) -> None:
        self._steps = 0

    def step(self, connection: Connection) -> Step:
        """Count the closed windows in which posts have landed since they were counted."""
        now = int(connection.query("SELECT toUnixTimestamp64Milli(now64(3))").rows[0][0])
        since = 0.0 if self._steps == 0 else now / 1000 - LOOK_BACK
        due = connection.query(
            DUE_SQL, {"spans": list(SPANS), "since": since, "grace": GRACE, "slack": SLACK}
        ).rows
        todo = runs(due)
        for run in todo[:MOST]:
            params = {"span": run.span, "from": run.start, "to": run.stop, "version": run.version}
            connection.execute(REBUILD_SQL, params)
            connection.execute(PUBLISH_SQL, params)
        more = len(todo) > MOST
        if not more:
            self._steps += 1
            if self._steps % _SWEEP_EVERY == 1:
                connection.execute(SWEEP_SQL, {"before": now - 3_600_000})
        return Step(0, more)
