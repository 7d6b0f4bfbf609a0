"""Which days are worked: weekends, holidays and 调休, from one TOML file a year.

The State Council arranges the holidays of a year in the November before. Until its notice is in a file, a day of that
year is `unknown`, except for the holidays that the law itself names; whoever must decide takes the days of the week
and says so.
"""

from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

from streams.alerts.local import DAY
from streams.errors import BadConfig
from streams.language import t

Answer = Literal["work", "rest", "unknown"]


class Holiday(Struct, frozen=True, forbid_unknown_fields=True):
    """Days off in a row, both ends included."""

    name: str
    first: date
    last: date

    def days(self) -> list[date]:
        """All of them."""
        return [self.first + DAY * passed for passed in range((self.last - self.first).days + 1)]


class Year(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One file.

    Attributes:
        year: which year it is about; a few of the days may lie in the one before or after.
        source: the notice that it is taken from.
        url: where that can be read.
        arranged: whether the notice is out. If not, `rest` has only the days that the law names.
        rest: holidays, weekends among them or not.
        work: weekend days that are worked.
    """

    year: int
    source: str
    url: str = ""
    arranged: bool = True
    rest: tuple[Holiday, ...] = ()
    work: tuple[date, ...] = ()


class Calendar(Struct, frozen=True):
    """What is known of all years.

    Attributes:
        arranged: years whose arrangement is known.
        rest: days off that are more than a weekend → name of the holiday.
        work: weekend days that are worked.
    """

    arranged: frozenset[int] = frozenset()
    rest: dict[date, str] = {}
    work: frozenset[date] = frozenset()

    def answer(self, day: date) -> Answer:
        """Whether people work on that day, as far as it is known."""
        if day in self.work:
            return "work"
        if day in self.rest:
            return "rest"
        if day.year not in self.arranged:
            return "unknown"
        return "rest" if _weekend(day) else "work"

    def works(self, day: date) -> bool:
        """Whether people work on that day; where it is unknown, Monday to Friday."""
        answer = self.answer(day)
        return not _weekend(day) if answer == "unknown" else answer == "work"

    def name(self, day: date) -> str:
        """What is special about the day; "" for nothing."""
        if day in self.work:
            return t("调休上班", "worked for 调休")
        return self.rest.get(day, "")

    def note(self, day: date) -> str:
        """What to say where a decision rests on that day; "" where it is known."""
        if self.answer(day) != "unknown":
            return ""
        return t(
            f"{day.year} 年调休安排尚未发布，按周一至周五推算",
            f"The holidays of {day.year} are not arranged yet: taken as Monday to Friday",
        )


def of(years: Iterable[Year]) -> Calendar:
    """A calendar of these; of two about the same year the later one counts."""
    chosen = list({year.year: year for year in years}.values())
    return Calendar(
        frozenset(year.year for year in chosen if year.arranged),
        {day: holiday.name for year in chosen for holiday in year.rest for day in holiday.days()},
        frozenset(day for year in chosen for day in year.work),
    )


def read(file: Path) -> Year:
    """One file.

    Raises:
        BadConfig: it cannot be read, or contradicts itself; the message names the file.
    """
    try:
        year = msgspec.toml.decode(file.read_bytes(), type=Year)
    except (OSError, ValueError) as error:
        raise BadConfig(t(f"{file} 读不懂：{error}", f"{file} cannot be read: {error}")) from error
    off = {day for holiday in year.rest for day in holiday.days()}
    for holiday in year.rest:
        if (
            not holiday.days()
            or abs(holiday.first.year - year.year) > 1
            or abs(holiday.last.year - year.year) > 1
        ):
            raise BadConfig(
                t(
                    f"{file}：{holiday.name} 的日期 {holiday.first} 到 {holiday.last} 不对",
                    f"{file}: {holiday.name} from {holiday.first} to {holiday.last} cannot be",
                )
            )
    for day in sorted(off.intersection(year.work)):
        raise BadConfig(t(f"{file}：{day} 既放假又上班", f"{file}: {day} is both off and worked"))
    return year


def load(*folders: Path) -> Calendar:
    """The files `calendar/*.toml` of the folders; a year in a later folder replaces that of an earlier one.

    Raises:
        BadConfig: see `read`.
    """
    return of(read(file) for folder in folders for file in sorted(folder.glob("calendar/*.toml")))


def _weekend(day: date) -> bool:
    return day.weekday() >= 5
