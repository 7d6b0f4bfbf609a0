from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.alerts.calendar import load
from streams.alerts.local import date_at, instant
from streams.alerts.rota import Rota, StandIn, next_handover, on_call, shifts
from streams.config import shipped

KNOWN = load(shipped("lexicons"))
SHANGHAI = "Asia/Shanghai"
DAY = 86_400.0
MOMENTS = st.floats(1.6e9, 1.9e9)
PEOPLE = ("甲", "乙", "丙")


@st.composite
def rotas(draw: st.DrawFn) -> Rota:
    starts = draw(st.lists(st.tuples(st.sampled_from(PEOPLE), MOMENTS, st.floats(60, 5 * DAY)), max_size=3))
    return Rota(
        people=tuple(draw(st.lists(st.sampled_from(PEOPLE), min_size=1, max_size=4))),
        every=draw(st.sampled_from(["day", "week", "workday"])),
        handover=draw(st.times()).replace(microsecond=0),
        start=draw(st.dates(date(2025, 6, 1), date(2026, 12, 31))),
        zone=draw(st.sampled_from([SHANGHAI, "America/New_York", "Australia/Lord_Howe", "Pacific/Apia"])),
        stand_ins=tuple(StandIn(person, begin, begin + lasts) for person, begin, lasts in starts),
    )


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(SHANGHAI)).timestamp()


@given(rotas(), MOMENTS, st.floats(0, 20 * DAY), st.floats(0, 1))
def test_every_instant_has_exactly_one_person(rota: Rota, since: float, lasts: float, share: float) -> None:
    until = since + lasts
    found = shifts(rota, KNOWN, since, until)
    edges = [since, *(one.end for one in found)]
    assert [one.begin for one in found] == edges[:-1]
    assert edges[-1] == until
    assert all(one.begin < one.end for one in found)
    assert all(one.person != after.person for one, after in zip(found, found[1:], strict=False))
    now = since + share * lasts
    assert [one.person for one in found if one.begin <= now < one.end] == [on_call(rota, KNOWN, now)] * (
        now < until
    )


@given(rotas(), MOMENTS)
def test_a_turn_passes_on_at_its_time_of_the_clock_or_when_somebody_stands_in(
    rota: Rota, since: float
) -> None:
    edges = {edge for one in rota.stand_ins for edge in (one.begin, one.end)}
    for one in shifts(rota, KNOWN, since, since + 20 * DAY)[1:]:
        day = date_at(rota.zone, one.begin)
        assert one.begin in edges or one.begin == instant(rota.zone, day, rota.handover)


@given(rotas(), MOMENTS)
def test_the_next_hand_over_is_to_somebody_else(rota: Rota, now: float) -> None:
    after = next_handover(rota, KNOWN, now)
    if after is None:
        assert len({*rota.people, *(one.person for one in rota.stand_ins)}) >= 1
        assert on_call(rota, KNOWN, now + 61 * DAY) == on_call(rota, KNOWN, now)
    else:
        assert after.begin > now
        assert after.person == on_call(rota, KNOWN, after.begin) != on_call(rota, KNOWN, now)


@given(st.dates(date(2025, 1, 1), date(2027, 12, 1)), st.integers(-40, 40))
def test_a_week_lasts_seven_days_and_the_turns_are_fair(start: date, weeks: int) -> None:
    rota = Rota(people=PEOPLE, start=start)
    begin = instant(SHANGHAI, start, time(9)) + weeks * 7 * DAY
    turns = [on_call(rota, KNOWN, begin + passed * DAY) for passed in range(21)]
    assert turns == [PEOPLE[(weeks + passed // 7) % 3] for passed in range(21)]


@pytest.mark.parametrize(
    ("now", "person"),
    [
        ("2026-09-18 09:00", "甲"),  # Friday, the first day
        ("2026-09-19 12:00", "甲"),  # Saturday: nobody takes over
        ("2026-09-20 08:59", "甲"),
        ("2026-09-20 09:00", "乙"),  # Sunday, worked for 国庆节
        ("2026-09-21 09:00", "丙"),
        ("2026-09-24 09:00", "丙"),  # Thursday, the last before 中秋节
        ("2026-09-27 23:00", "丙"),
        ("2026-09-28 09:00", "甲"),
        ("2026-09-30 09:00", "丙"),
        ("2026-10-08 08:59", "丙"),  # all through 国庆节
        ("2026-10-08 09:00", "甲"),
        ("2026-09-17 09:00", "丙"),  # before the start as well
    ],
)
def test_turns_of_working_days_know_days_worked_for_holidays(now: str, person: str) -> None:
    rota = Rota(people=PEOPLE, every="workday", start=date(2026, 9, 18))
    assert on_call(rota, KNOWN, at(now)) == person


def test_who_stands_in_has_the_turn_and_the_later_line_wins() -> None:
    first = StandIn("丁", at("2026-11-20 12:00"), at("2026-11-20 18:00"))
    second = StandIn("戊", at("2026-11-20 17:00"), at("2026-11-20 19:00"))
    rota = Rota(people=("甲",), stand_ins=(first, second))
    found = shifts(rota, KNOWN, at("2026-11-20 00:00"), at("2026-11-21 00:00"))
    assert [(one.person, one.begin) for one in found[1:]] == [
        ("丁", first.begin),
        ("戊", second.begin),
        ("甲", second.end),
    ]


def test_a_turn_in_a_year_that_is_not_arranged_says_so() -> None:
    rota = Rota(people=PEOPLE, every="workday")
    found = shifts(rota, KNOWN, at("2026-12-30 10:00"), at("2027-01-05 10:00"))
    assert found[0].note == ""
    assert found[-1].note == "2027 年调休安排尚未发布，按周一至周五推算"
    weekly = Rota(people=PEOPLE, every="week")
    assert not any(one.note for one in shifts(weekly, KNOWN, at("2026-12-31 10:00"), at("2027-02-05 10:00")))
