"""Spans and times as people write them: `90s`, `10m`, `24h`, `7d` or seconds; `09:00`; `22:00-08:00`."""

import math
import re
from datetime import time
from typing import Annotated, Any

from pydantic import BeforeValidator

from streams.language import t

_UNITS = {"d": 86_400, "h": 3600, "m": 60, "s": 1}
_SPAN = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,6})?)\s*([smhdw]?)")
_HOURS = re.compile(r"([0-9]{1,2}:[0-9]{2})\s*[-–—~～]\s*([0-9]{1,2}:[0-9]{2})")  # as people type it


def seconds(value: Any) -> float:
    """Seconds of a span: a number, or a number with s, m, h, d or w.

    Raises:
        ValueError: it is none, or below zero.
    """
    found = _SPAN.fullmatch(value.strip()) if isinstance(value, str) else None
    if found:
        return float(found[1]) * (_UNITS | {"w": 604_800, "": 1})[found[2]]
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if number and math.isfinite(value) and value >= 0:
        return float(value)
    raise ValueError(
        t("时长要写成 90s、10m、24h、7d 或秒数", "a span is written 90s, 10m, 24h, 7d or in seconds")
    )


def span(seconds: float) -> str:
    """The same as text, in the largest unit that leaves no rest."""
    unit = next((unit for unit, size in _UNITS.items() if seconds and seconds % size == 0), "s")
    return f"{seconds / _UNITS[unit]:.12g}{unit}"


def clock(value: Any) -> time:
    """A time of the day. A number is none: 9 might be meant as hours, and would be read as seconds.

    Raises:
        ValueError: it is not written like 09:00.
    """
    if isinstance(value, time):
        return value
    try:
        return time.fromisoformat(value.strip().rjust(5, "0"))
    except (AttributeError, ValueError):
        raise ValueError(t("时间要写成 09:00", "a time of the day is written 09:00")) from None


def hours(value: Any) -> Any:
    """Begin and end of a stretch of every day; None for "", which is no stretch.

    The end may be earlier than the begin: the stretch then goes past midnight, which may be written as 24:00.

    Raises:
        ValueError: it is not two times of the day, or lasts a whole day.
    """
    if not isinstance(value, str):
        return value
    if not value.strip():
        return None
    found = _HOURS.fullmatch(value.strip())
    try:
        begin, end = (_time(found[1]), _time(found[2])) if found else (time(), time())
    except ValueError:
        begin = end = time()
    if begin == end:
        raise ValueError(
            t(
                "时段要写成 22:00-08:00，不能是全天",
                "hours are written 22:00-08:00, and are not the whole day",
            )
        )
    return begin, end


def _time(text: str) -> time:
    hour, minute = (int(part) for part in text.split(":"))
    return time(0 if (hour, minute) == (24, 0) else hour, minute)


Duration = Annotated[float, BeforeValidator(seconds)]
"""A setting in seconds that may be written as text."""

Clock = Annotated[time, BeforeValidator(clock)]
"""A time of the day."""

Hours = Annotated[tuple[time, time] | None, BeforeValidator(hours)]
"""A stretch of every day, or none."""
