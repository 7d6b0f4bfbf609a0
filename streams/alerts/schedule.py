"""What is due at 08:57 on working days, and when that is next. Cron cannot say 每个工作日."""

from datetime import date, time
from typing import Literal, get_args

from msgspec import Struct

from streams.alerts.calendar import Calendar
from streams.alerts.local import DAY, date_at, days_from, instant

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
Days = Literal["daily", "workday", "restday", "weekend", "weekly", "monthly"] | Weekday
_WEEK: tuple[str, ...] = get_args(Weekday)


class Schedule(Struct, frozen=True):
    """When something is due.

    Attributes:
        days: on which days; `weekend` is Saturday and Sunday whether worked or not, `weekly` the first day of the
            week that is worked (Monday where none is), `monthly` the first of the month.
        at: by the clock on the wall.
    """

    days: Days
    at: time


def falls(days: Days, day: date, calendar: Calendar) -> bool:
    """Whether that day is one of these."""
    weekday = day.weekday()
    return days in (
        "daily",
        "workday" if calendar.works(day) else "restday",
        _WEEK[weekday],
        "weekend" if weekday >= 5 else "",
        "weekly" if day == _first_worked(day, calendar) else "",
        "monthly" if day.day == 1 else "",
    )


def next_fire(schedule: Schedule, calendar: Calendar, zone: str, now: float) -> float:
    """When it is due next, later than `now`; Unix seconds.

    Whoever remembers the last time that it was due, and asks from there, misses none in a restart.
    """
    return next(
        due
        for day in days_from(date_at(zone, now))
        if falls(schedule.days, day, calendar) and (due := instant(zone, day, schedule.at)) > now
    )


def _first_worked(day: date, calendar: Calendar) -> date:
    """Of the week that the day is in."""
    monday = day - DAY * day.weekday()
    return next(filter(calendar.works, (monday + DAY * passed for passed in range(7))), monday)
