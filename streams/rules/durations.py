"""Spans of time as rule files write them: `90s`, `10m`, `24h`, `7d`.

The settings read the same texts (`streams.config.durations`); this room is pure and cannot ask them.
"""

import re

_UNITS = {"d": 86_400, "h": 3600, "m": 60, "s": 1}
_SPAN = re.compile(r"(\d{1,9}(?:\.\d{1,6})?) ?([smhdw])")


def seconds(text: str) -> float | None:
    """Seconds of a span; None if it is none."""
    found = _SPAN.fullmatch(text.strip())
    return float(found[1]) * (_UNITS | {"w": 604_800})[found[2]] if found else None


def span(seconds: float) -> str:
    """The same as text, in the largest unit that leaves no rest."""
    unit = next((unit for unit, size in _UNITS.items() if seconds and seconds % size == 0), "s")
    return f"{seconds / _UNITS[unit]:g}{unit}"
