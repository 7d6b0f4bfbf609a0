"""koubei oncall: who is on call now, who comes next, and the note for whoever takes over."""

import difflib
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from itertools import groupby
from typing import Annotated, NamedTuple
from zoneinfo import ZoneInfo

from cyclopts import Parameter

from streams.alerts.calendar import Calendar
from streams.alerts.local import DAY, date_at
from streams.alerts.rota import HORIZON, Shift, next_handover, shifts
from streams.alerts.rota import on_call as turn_of
from streams.cli.common import ClickHouse, Data, Json, group, settings, show_json
from streams.cli.handover import alert_lines, case_lines, clock, day_of, still_open
from streams.cli.tables import plain
from streams.cli.times import moment
from streams.config import CONFIG_FILE, Settings
from streams.errors import BadConfig
from streams.language import t
from streams.notify.oncall import OnCall, on_call

app = group("oncall", "值班：现在是谁、接下来是谁、交班", "On call: who is, who comes next, handing over")

_EXAMPLE = """\
[people.zhangsan]
name = "张三"
mobile = "13800000000"

[people.lisi]
name = "李四"

[rotas.pr]
people = ["zhangsan", "lisi"]
every = "week"
handover = "09:00"

[teams.pr]
levels = [{ rota = "pr", after = "15m" }, { people = ["lisi"] }]

[[routes]]
team = "pr"
"""

At = Annotated[
    str | None, Parameter(name="--at", help=t("那时，如 2026-10-01 08:00", "At that time, 2026-10-01 08:00"))
]
Rota = Annotated[str | None, Parameter(name="--rota", help=t("只看这张值班表", "Only this rota"))]


class Duty(NamedTuple):
    """One level of a team, or a rota that no team uses.

    Attributes:
        team: its name; "" for none.
        level: from 1; 0 for none.
        rota: its name; "" for none.
        people: who is notified by name now.
        until: when the turn passes on, Unix seconds; None when it does not.
        following: who comes then; "" for nobody.
        after: seconds until the next level is told.
        note: what is not certain.
    """

    team: str
    level: int
    rota: str
    people: tuple[str, ...]
    until: float | None
    following: str
    after: float | None
    note: str


@app.command(help=t("现在谁值班", "Who is on call now"))
def now(*, at: At = None, json: Json = False) -> None:
    """Print each team's levels."""
    loaded = settings()
    told = _told(loaded)
    when = _when(at)
    found = list(duties(told, when))
    zone = ZoneInfo(loaded.timezone)
    if json:
        show_json([one._asdict() | {"until": _iso(one.until, zone)} for one in found])
        return
    titles = (
        t("团队", "team"),
        t("级", "level"),
        t("值班", "on call"),
        t("值班表", "rota"),
        t("到", "until"),
        t("下一位", "next"),
        t("多久后升级", "next level after"),
    )
    rows = [
        (
            one.team or "-",
            str(one.level or "-"),
            t("、", ", ").join(one.people) or "-",
            one.rota or "-",
            "-" if one.until is None else clock(one.until, zone),
            one.following or "-",
            "-" if one.after is None else t(f"{one.after / 60:g} 分钟", f"{one.after / 60:g} min"),
        )
        for one in found
    ]
    _table(titles, rows)
    _notes(one.note for one in found)


@app.command(name="next", help=t("接下来的交班", "The next hand-overs"))
def following(
    *,
    days: Annotated[int, Parameter(help=t("几天之内", "Within so many days"))] = 14,
    rota: Rota = None,
    at: At = None,
    json: Json = False,
) -> None:
    """Print the hand-overs, and which days are off or worked for 调休."""
    loaded = settings()
    told = _told(loaded)
    when = _when(at)
    if not 1 <= days <= 400:
        raise BadConfig(t(f"--days {days}：要在 1 到 400 之间", f"--days {days}: write 1 to 400"))
    zone = ZoneInfo(loaded.timezone)
    until = when + days * 86_400
    coming = sorted(
        ((name, one) for name, found in _shifts(told, rota, when, until) for one in found[1:]),
        key=lambda pair: (pair[1].begin, pair[0]),
    )
    first, last = date_at(loaded.timezone, when), date_at(loaded.timezone, until)
    span = [first + DAY * passed for passed in range((last - first).days + 1)]
    known = told.plan.calendar
    special = list(_special(known, span))
    if json:
        show_json(
            {
                "handovers": [
                    {
                        "rota": name,
                        "at": _iso(one.begin, zone),
                        "person": _name(told, one.person),
                        "note": one.note,
                    }
                    for name, one in coming
                ],
                "days": [{"first": first, "last": last, "name": name} for first, last, name in special],
            }
        )
        return
    titles = (t("交班", "hand-over"), t("值班表", "rota"), t("接班", "takes over"), t("日子", "day"))
    rows = [
        (
            clock(one.begin, zone),
            name,
            _name(told, one.person),
            known.name(date_at(loaded.timezone, one.begin)),
        )
        for name, one in coming
    ]
    _table(titles, rows)
    for first, last, name in special:
        print(f"{_span(first, last)}  {name}")
    _notes(known.note(day) for day in span)


@app.command(help=t("交班单：未了的告警和处置单", "The note for who takes over: open alerts and cases"))
def handover(
    *, rota: Rota = None, json: Json = False, data: Data = None, clickhouse: ClickHouse = None
) -> None:
    """Print a note to be pasted into the group."""
    loaded = settings(data, clickhouse=clickhouse)
    told = _told(loaded)
    when = time.time()
    zone = ZoneInfo(loaded.timezone)
    turns = [(name, found[0], found[1:2]) for name, found in _shifts(told, rota, when, when + HORIZON)]
    open_alerts, open_cases = still_open(loaded)
    if json:
        show_json(
            {
                "at": _iso(when, zone),
                "rotas": [
                    {
                        "rota": name,
                        "person": _name(told, one.person),
                        "next": [
                            {"person": _name(told, other.person), "at": _iso(other.begin, zone)}
                            for other in after
                        ],
                    }
                    for name, one, after in turns
                ],
                "alerts": plain(open_alerts, zone),
                "cases": plain(open_cases, zone),
            }
        )
        return
    print(t(f"交班单 {clock(when, zone)}", f"Hand-over note, {clock(when, zone)}"))
    for name, one, after in turns:
        person = _name(told, one.person)
        for other in after:
            person = f"{person} → {_name(told, other.person)} {clock(other.begin, zone)}"
        print(f"{name}  {person}")
    print()
    for line in (*alert_lines(open_alerts, zone), "", *case_lines(open_cases, zone)):
        print(line)
    _notes(one.note for _, one, _ in turns)


def duties(told: OnCall, when: float) -> Iterator[Duty]:
    """Each level of each team at that time, then the rotas that no team uses."""
    used = set()
    for team, levels in told.plan.teams.items():
        for number, one in enumerate(levels, 1):
            used.add(one.rota)
            last = number == len(levels)
            yield _duty(told, when, one.rota, one.people)._replace(
                team=team, level=number, after=None if last else one.after
            )
    for name in told.plan.rotas:
        if name not in used:
            yield _duty(told, when, name, ())


def _duty(told: OnCall, when: float, rota: str, people: tuple[str, ...]) -> Duty:
    known = told.plan.rotas.get(rota)
    if known is None:
        names = tuple(_name(told, person) for person in people)
        return Duty("", 0, "", names, None, "", None, "")
    turn = turn_of(known, told.plan.calendar, when)
    names = tuple(_name(told, person) for person in dict.fromkeys((turn, *people)))
    after = next_handover(known, told.plan.calendar, when)
    following = _name(told, after.person) if after else ""
    return Duty(
        "", 0, rota, names, after.begin if after else None, following, None, after.note if after else ""
    )


def _told(loaded: Settings) -> OnCall:
    if not loaded.rotas and not loaded.teams:
        raise BadConfig(
            t(
                f"还没有值班表：写进 {CONFIG_FILE}，再试 koubei oncall now。例：\n\n{_EXAMPLE}",
                f"There is no rota yet: put one into {CONFIG_FILE}, then koubei oncall now. Example:\n\n{_EXAMPLE}",
            )
        )
    return on_call(loaded)


def _shifts(told: OnCall, rota: str | None, since: float, until: float) -> Iterator[tuple[str, list[Shift]]]:
    """The rotas that were asked for, each with its turns.

    Raises:
        BadConfig: there is no such rota.
    """
    if rota is not None and rota not in told.plan.rotas:
        near = difflib.get_close_matches(rota, told.plan.rotas, n=1)
        names = t("、", ", ").join(near or told.plan.rotas)
        raise BadConfig(
            t(f"没有值班表 {rota}，是不是想写 {names}？", f"There is no rota {rota}; did you mean {names}?")
        )
    for name, known in told.plan.rotas.items():
        if rota in (None, name):
            yield name, shifts(known, told.plan.calendar, since, until)


def _special(known: Calendar, days: list[date]) -> Iterator[tuple[date, date, str]]:
    """Days off and days worked for 调休, neighbours of one name as one stretch."""
    for name, stretch in groupby(days, known.name):
        if name:
            found = list(stretch)
            yield found[0], found[-1], name


def _notes(found: Iterator[str]) -> None:
    """What is not certain, once each."""
    for note in dict.fromkeys(found):
        if note:
            print(f"！ {note}")


def _when(at: str | None) -> float:
    return time.time() if at is None else moment("--at", at, time.time())


def _name(told: OnCall, person: str) -> str:
    return told.people[person].name


def _iso(at: float | None, zone: ZoneInfo) -> str | None:
    return None if at is None else datetime.fromtimestamp(round(at), zone).isoformat()


def _span(first: date, last: date) -> str:
    return day_of(first) if first == last else f"{day_of(first)} – {day_of(last)}"


def _table(titles: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
    from streams.cli.tables import Rows, write
    from streams.store.client import Column

    write(Rows([Column(title, "String") for title in titles], iter(rows)), "table", "UTC", sys.stdout)
