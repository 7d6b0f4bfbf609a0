"""Who has the turn, and when it passes on. Pure: at every instant exactly one person has it."""

from datetime import date, time, timedelta
from typing import Literal, NamedTuple

from msgspec import Struct

from streams.alerts.calendar import Calendar
from streams.alerts.local import DAY, date_at, days_from, instant

HORIZON = 62 * 86_400.0
"""Seconds ahead that a hand-over is looked for."""


class StandIn(NamedTuple):
    """Somebody who takes over for a while: begin and end in Unix seconds, the end not included."""

    person: str
    begin: float
    end: float


class Rota(Struct, frozen=True, kw_only=True):
    """People who take turns.

    Attributes:
        people: in the order of their turns; one at least.
        every: how long a turn is. With `workday` it passes on at each working morning only: who has it before
            rest days keeps it through them.
        handover: when it passes on, by the clock on the wall.
        start: first day of the first one's turn; what was before follows from it as well.
        zone: whose clock.
        stand_ins: of two at the same time the later one counts.
    """

    people: tuple[str, ...]
    every: Literal["day", "week", "workday"] = "week"
    handover: time = time(9)
    start: date = date(2024, 1, 1)
    zone: str = "Asia/Shanghai"
    stand_ins: tuple[StandIn, ...] = ()


class Shift(NamedTuple):
    """A stretch in which one person has the turn.

    Attributes:
        person: who.
        begin, end: Unix seconds; the end is not included.
        note: what it rests on that is not certain; "" for nothing.
    """

    person: str
    begin: float
    end: float
    note: str = ""


def on_call(rota: Rota, calendar: Calendar, now: float) -> str:
    """Who has the turn."""
    for one in reversed(rota.stand_ins):
        if one.begin <= now < one.end:
            return one.person
    return rota.people[_turn(rota, calendar, _duty_day(rota, now)) % len(rota.people)]


def shifts(rota: Rota, calendar: Calendar, since: float, until: float) -> list[Shift]:
    """Who has the turn from `since` to `until`, without a gap; neighbours are different people."""
    cuts = {since, until}
    for day in days_from(_duty_day(rota, since)):
        if (passes := instant(rota.zone, day, rota.handover)) >= until:
            break
        cuts.add(passes)
    cuts.update(edge for one in rota.stand_ins for edge in (one.begin, one.end))
    found: list[Shift] = []
    inside = sorted(cut for cut in cuts if since <= cut <= until)
    for begin, end in zip(inside, inside[1:], strict=False):
        person = on_call(rota, calendar, begin)
        note = calendar.note(_duty_day(rota, begin)) if rota.every == "workday" else ""
        if found and found[-1].person == person:
            found[-1] = found[-1]._replace(end=end, note=found[-1].note or note)
        else:
            found.append(Shift(person, begin, end, note))
    return found


def next_handover(rota: Rota, calendar: Calendar, now: float) -> Shift | None:
    """The shift of whoever comes after the one who has the turn; None when nobody does within `HORIZON`."""
    ahead = shifts(rota, calendar, now, now + HORIZON)
    return ahead[1] if len(ahead) > 1 else None


def _duty_day(rota: Rota, now: float) -> date:
    """The day whose hand-over was the last one."""
    today = date_at(rota.zone, now)
    return today if instant(rota.zone, today, rota.handover) <= now else today - DAY


def _turn(rota: Rota, calendar: Calendar, day: date) -> int:
    """Number of the turn that holds after the hand-over of that day; 0 is the first one's first."""
    passed = (day - rota.start).days
    if rota.every == "day":
        return passed
    if rota.every == "week":
        return passed // 7
    later = range(1, passed + 1) if passed > 0 else range(passed + 1, 1)
    worked = sum(calendar.works(rota.start + timedelta(days=one)) for one in later)
    return worked if passed > 0 else -worked
