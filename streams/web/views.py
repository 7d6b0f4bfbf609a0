"""What a reader looks at: dashboard, range and filters, as they stand in a URL (Grafana's own parameters)."""

import re
from collections.abc import Iterable
from typing import NamedTuple

from streams.boards.board import Board
from streams.boards.macros import ALL
from streams.boards.panels import EVER, Range
from streams.language import t
from streams.web.problems import Problem

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_LONGEST = 50 * 366 * 86_400_000


class View(NamedTuple):
    """A dashboard with a range and filters; equal views share one computation.

    Attributes:
        board: uid of the dashboard.
        start: `now-1h` or Unix milliseconds.
        stop: `now` or Unix milliseconds.
        chosen: values by variable, sorted; variables without restriction are left out.
    """

    board: str
    start: str
    stop: str
    chosen: tuple[tuple[str, tuple[str, ...]], ...]

    @property
    def live(self) -> bool:
        """Whether the range ends now."""
        return self.stop == "now"

    @property
    def values(self) -> dict[str, tuple[str, ...]]:
        """The chosen values by variable."""
        return dict(self.chosen)

    def span(self, now: float) -> Range:
        """The range in Unix milliseconds at `now` (Unix seconds)."""
        millis = int(now * 1000)
        return Range(_instant(self.start, millis), _instant(self.stop, millis))


def parse(board: Board, query: Iterable[tuple[str, str]]) -> View:
    """The view that a query string describes: from, to, and var-NAME any number of times.

    Raises:
        Problem: 400, a time that cannot be read or a range that is empty or too long.
    """
    start, stop = board.time.start, board.time.to
    chosen: dict[str, set[str]] = {}
    for name, value in query:
        if name == "from":
            start = value
        elif name == "to":
            stop = value
        elif name.startswith("var-") and value and value != ALL:
            chosen.setdefault(name[4:], set()).add(value)
    view = View(
        board.uid,
        start,
        stop,
        tuple((name, tuple(sorted(values))) for name, values in sorted(chosen.items())),
    )
    far = 2_000_000_000_000
    span = Range(_instant(start, far), _instant(stop, far))
    if span.stop <= span.start or span.stop - span.start > _LONGEST:
        raise _bad(f"from={start}&to={stop}")
    return view


def _instant(text: str, now: int) -> int:
    if text == "now":
        return now
    if match := re.fullmatch(r"now-(\d{1,4})([smhdw])", text):
        return now - int(match[1]) * _UNITS[match[2]] * 1000
    if re.fullmatch(r"\d{12,13}", text) and int(text) >= EVER:
        return int(text)
    raise _bad(text)


def _bad(text: str) -> Problem:
    return Problem(
        400,
        "bad-range",
        t("时间范围不对", "Wrong range of time"),
        t(
            f"{text} 读不懂：from 和 to 写成 now-1h、now，或 Unix 毫秒，from 在前",
            f"{text} cannot be read: from and to are now-1h, now, or Unix milliseconds, from first",
        ),
    )
