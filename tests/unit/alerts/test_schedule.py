from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.alerts.calendar import load
from streams.alerts.local import date_at, end_of, instant
from streams.alerts.quiet import Quiet
from streams.alerts.schedule import Days, Schedule, falls, next_fire
from streams.config import shipped

KNOWN = load(shipped("lexicons"))
SHANGHAI = "Asia/Shanghai"
ZONES = st.sampled_from([SHANGHAI, "UTC", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"])
MOMENTS = st.floats(1.6e9, 1.9e9)
HOURS = st.tuples(st.times(), st.times()).filter(lambda pair: pair[0] != pair[1])
DAYS: tuple[Days, ...] = ("daily", "workday", "restday", "weekend", "weekly", "monthly", "thursday")


def at(text: str, zone: str = SHANGHAI) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()


def shown(now: float, zone: str = SHANGHAI) -> str:
    return f"{datetime.fromtimestamp(now, ZoneInfo(zone)):%Y-%m-%d %H:%M}"


@pytest.mark.parametrize(
    ("days", "now", "due"),
    [
        ("workday", "2026-09-18 08:56", "2026-09-18 08:57"),
        ("workday", "2026-09-18 08:57", "2026-09-20 08:57"),  # a Sunday, worked for 国庆节
        ("workday", "2026-09-30 09:00", "2026-10-08 08:57"),
        ("workday", "2026-10-09 09:00", "2026-10-10 08:57"),
        ("restday", "2026-09-18 09:00", "2026-09-19 08:57"),
        ("restday", "2026-09-19 09:00", "2026-09-25 08:57"),
        ("weekend", "2026-09-19 09:00", "2026-09-20 08:57"),
        ("weekly", "2026-09-19 09:00", "2026-09-21 08:57"),
        ("weekly", "2026-09-30 09:00", "2026-10-08 08:57"),
        ("weekly", "2026-02-10 09:00", "2026-02-16 08:57"),  # nobody works in the week of 春节
        ("weekly", "2026-02-16 09:00", "2026-02-24 08:57"),
        ("thursday", "2026-09-19 09:00", "2026-09-24 08:57"),
        ("monthly", "2026-09-19 09:00", "2026-10-01 08:57"),
        ("daily", "2026-09-19 09:00", "2026-09-20 08:57"),
    ],
)
def test_what_is_due_at_08_57(days: Days, now: str, due: str) -> None:
    assert shown(next_fire(Schedule(days, time(8, 57)), KNOWN, SHANGHAI, at(now))) == due


@given(st.sampled_from(DAYS), st.times(), ZONES, MOMENTS)
def test_it_is_due_later_on_a_day_that_fits_and_never_in_between(
    days: Days, when: time, zone: str, now: float
) -> None:
    schedule = Schedule(days, when)
    due = next_fire(schedule, KNOWN, zone, now)
    assert due > now
    assert falls(days, date_at(zone, due), KNOWN)
    middle = (now + due) / 2
    assert next_fire(schedule, KNOWN, zone, middle) == due or middle == due


def test_a_clock_that_changes_makes_a_day_of_23_hours() -> None:
    zone, schedule = "America/New_York", Schedule("daily", time(9))
    first = next_fire(schedule, KNOWN, zone, at("2026-03-07 08:00", zone))
    second = next_fire(schedule, KNOWN, zone, first)
    assert (shown(second, zone), second - first) == ("2026-03-08 09:00", 23 * 3600)


@given(HOURS, ZONES, MOMENTS)
def test_a_stretch_ends_later_and_at_its_time(hours: tuple[time, time], zone: str, now: float) -> None:
    until = end_of(zone, hours, now)
    if until is not None:
        assert until > now
        assert until in (
            instant(zone, date_at(zone, now) + timedelta(days=ahead), hours[1]) for ahead in (0, 1)
        )


@given(st.times(), st.times(), st.dates(date(2024, 1, 1), date(2027, 12, 31)), st.times())
def test_without_changes_of_the_clock_hours_are_what_the_clock_shows(
    begin: time, end: time, day: date, now: time
) -> None:
    inside = begin <= now < end if begin < end else (now >= begin or now < end)
    moment = datetime.combine(day, now, UTC).timestamp()
    # A float of seconds is no finer than a microsecond or so.
    apart = min(
        abs((datetime.combine(day, edge) - datetime.combine(day, now)).total_seconds())
        for edge in (begin, end)
    )
    if begin != end and apart > 1e-3:
        assert (end_of("UTC", (begin, end), moment) is not None) == inside


NIGHTS = Quiet(zone=SHANGHAI, hours=(time(22), time(8)))
RESTS = Quiet(zone=SHANGHAI, hours=(time(22), time(8)), rest_days=True, highest="yellow")


@pytest.mark.parametrize(
    ("quiet", "severity", "now", "until"),
    [
        (NIGHTS, "orange", "2026-11-20 23:00", "2026-11-21 08:00"),
        (NIGHTS, "orange", "2026-11-20 03:00", "2026-11-20 08:00"),
        (NIGHTS, "orange", "2026-11-20 08:00", "2026-11-20 08:00"),
        (NIGHTS, "red", "2026-11-20 23:00", "2026-11-20 23:00"),
        (RESTS, "orange", "2026-11-20 23:00", "2026-11-20 23:00"),
        (RESTS, "yellow", "2026-11-20 23:00", "2026-11-23 08:00"),  # Friday night to Monday morning
        (RESTS, "blue", "2026-09-19 12:00", "2026-09-20 08:00"),  # Sunday is worked
        (RESTS, "blue", "2026-09-30 22:00", "2026-10-08 08:00"),
        (RESTS, "red", "2026-10-01 03:00", "2026-10-01 03:00"),
        (Quiet(zone=SHANGHAI), "blue", "2026-10-01 03:00", "2026-10-01 03:00"),
    ],
)
def test_what_waits_and_until_when(quiet: Quiet, severity: str, now: str, until: str) -> None:
    assert shown(quiet.until(KNOWN, severity, at(now))) == until


@given(HOURS, ZONES, MOMENTS, st.booleans(), st.sampled_from(["blue", "yellow", "orange", "red"]))
def test_what_has_waited_waits_no_more_and_red_never(
    hours: tuple[time, time], zone: str, now: float, rest: bool, severity: str
) -> None:
    quiet = Quiet(zone=zone, hours=hours, rest_days=rest)
    until = quiet.until(KNOWN, severity, now)
    assert until >= now
    assert quiet.until(KNOWN, severity, until) == until
    assert severity != "red" or until == now
