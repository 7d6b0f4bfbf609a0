"""When messages wait for the morning, or for the next working day. Red never waits."""

from datetime import time

from msgspec import Struct

from streams.alerts.calendar import Calendar
from streams.alerts.local import DAY, Hours, date_at, end_of, instant
from streams.severity import SEVERITIES


class Quiet(Struct, frozen=True, kw_only=True):
    """When it is quiet.

    Attributes:
        zone: whose clock.
        hours: stretch of every day that is quiet; None for none.
        rest_days: whether days off are quiet from midnight to midnight.
        highest: the worst severity that waits.
    """

    zone: str
    hours: Hours | None = None
    rest_days: bool = False
    highest: str = "orange"

    def until(self, calendar: Calendar, severity: str, now: float) -> float:
        """When a message of that severity may go, Unix seconds; `now` itself when it need not wait."""
        if severity == "red" or SEVERITIES.index(severity) > SEVERITIES.index(self.highest):
            return now
        at = now
        while (end := self._end(calendar, at)) is not None:
            at = end
        return at

    def _end(self, calendar: Calendar, at: float) -> float | None:
        if self.hours and (end := end_of(self.zone, self.hours, at)) is not None:
            return end
        day = date_at(self.zone, at)
        if self.rest_days and not calendar.works(day):
            midnight = instant(self.zone, day + DAY, time())
            return midnight if midnight > at else None
        return None
