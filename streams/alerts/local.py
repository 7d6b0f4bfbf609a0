"""The clock on the wall: dates and times of the day in a time zone, as Unix seconds and back.

What happens every day at 09:00 is told by dates, not by adding 86,400 seconds: where clocks change, a day has 23
hours or 25. A time that a clock skips is taken as the same time by the old clock; of a time that it shows twice,
the first one counts.
"""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import TypeAlias
from zoneinfo import ZoneInfo

Hours: TypeAlias = tuple[time, time]
"""Begin and end of a stretch of every day; with an end that is not later it goes past midnight."""

DAY = timedelta(days=1)


def date_at(zone: str, now: float) -> date:
    """The date that a calendar on the wall shows."""
    return datetime.fromtimestamp(now, ZoneInfo(zone)).date()


def instant(zone: str, day: date, at: time) -> float:
    """When the clock on the wall shows that time on that day, Unix seconds."""
    return datetime.combine(day, at, ZoneInfo(zone)).timestamp()


def days_from(day: date) -> Iterator[date]:
    """That day and those after it, without end."""
    while True:
        yield day
        day += DAY


def end_of(zone: str, hours: Hours, now: float) -> float | None:
    """When the stretch that `now` is in ends; None when it is in none."""
    begin, end = hours
    today = date_at(zone, now)
    for day in (today - DAY, today):
        until = instant(zone, day if begin < end else day + DAY, end)
        if instant(zone, day, begin) <= now < until:
            return until
    return None
