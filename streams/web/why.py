"""Why there is an alert, for the page: read once in a while for all who look at it."""

import asyncio
from collections import OrderedDict

from streams.alerts.explanation import Explanation
from streams.alerts.model import Alert
from streams.clock import Clock
from streams.errors import KoubeiError
from streams.read.explain import explain
from streams.store.client import Connection

LIMIT = 2.0
"""Seconds that an explanation may take; what is late by then is left out."""

FRESH = 30.0
"""Seconds for which one is shown again."""

KEPT = 200
"""Explanations that are kept."""


class Why:
    """Explanations by alert.

    Args:
        url: clickhouse:// address of the account that reads.
        clock: the time.
    """

    def __init__(self, url: str, clock: Clock) -> None:
        self._url = url
        self._clock = clock
        self._found: OrderedDict[str, tuple[float, Explanation]] = OrderedDict()

    async def of(self, alert: Alert) -> Explanation:
        """What explains an alert, as far as it can be had in time; raises nothing."""
        at, found = self._found.get(alert.alert_id, (0.0, Explanation()))
        now = self._clock.now()
        if now - at > FRESH:
            found = await asyncio.to_thread(self._explain, alert, now)
            self._found[alert.alert_id] = now, found
            self._found.move_to_end(alert.alert_id)
            if len(self._found) > KEPT:
                self._found.popitem(last=False)
        return found

    def _explain(self, alert: Alert, now: float) -> Explanation:
        connection = Connection(self._url, timeout=LIMIT)
        try:
            return explain(connection, alert, limit=LIMIT, now=now, clock=self._clock)
        except KoubeiError:
            return Explanation(late=("all",))
        finally:
            connection.close()
