from datetime import datetime, time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.alerts.calendar import load
from streams.alerts.rota import Rota
from streams.alerts.routing import Delivery, Level, Plan, Route, Subject
from streams.config import shipped

ZONE = "Asia/Shanghai"
KNOWN = load(shipped("lexicons"))


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(ZONE)).timestamp()


NOON, SATURDAY, WORKED = at("2026-11-20 12:00"), at("2026-11-21 12:00"), at("2026-10-10 12:00")
PLAN = Plan(
    zone=ZONE,
    calendar=KNOWN,
    channels=("group", "mail", "night"),
    rotas={"pr": Rota(people=("张三", "李四"), every="day")},
    teams={
        "pr": (Level(rota="pr", after=900), Level(people=("王五",), channels=("group", "mail"), after=600)),
        "legal": (Level(people=("赵六",), channels=("mail",)),),
    },
    routes=(
        Route(team="pr", brands=frozenset({"星曜"}), channels=("group",)),
        Route(team="legal", severity="red"),
        Route(rules=frozenset({"夜间"}), hours=(time(22), time(8)), channels=("night",)),
        Route(brands=frozenset({"极光"}), days="workday", channels=("group",)),
        Route(brands=frozenset({"噪声"}), silent=True),
    ),
)
TURN = ("张三", "李四")


def told(
    severity: str = "blue", when: float = NOON, level: int = 0, **known: str
) -> dict[str, tuple[str, ...]]:
    return dict(PLAN.deliveries(Subject(severity, when, **known), level, NOON))


def test_without_routes_every_alert_goes_to_every_channel() -> None:
    plan = Plan(zone=ZONE, calendar=KNOWN, channels=("a", "b"))
    assert plan.deliveries(Subject("blue", NOON), 3, NOON) == (Delivery("a"), Delivery("b"))
    assert plan.wait(Subject("blue", NOON), 0) is None


def test_a_level_calls_its_people_through_its_channels_or_those_of_the_route() -> None:
    (person,) = told(brand="星曜")["group"]
    assert person in TURN
    assert told(brand="星曜", level=1) == {"group": ("王五",), "mail": ("王五",)}
    assert told(brand="星曜", level=7) == told(brand="星曜", level=1)


def test_every_route_that_fits_counts_and_a_channel_hears_once() -> None:
    found = told("red", brand="星曜", level=1)
    assert found == {"group": ("王五",), "mail": ("王五", "赵六")}


@pytest.mark.parametrize(
    ("known", "when", "channels"),
    [
        ({"brand": "云岭"}, NOON, {"group", "mail", "night"}),  # nothing fits: everywhere
        ({"brand": "极光"}, NOON, {"group"}),
        ({"brand": "极光"}, SATURDAY, {"group", "mail", "night"}),
        ({"brand": "极光"}, WORKED, {"group"}),  # a Saturday worked for 调休
        ({"rule": "夜间"}, at("2026-11-20 23:00"), {"night"}),
        ({"rule": "夜间"}, at("2026-11-21 07:59"), {"night"}),
        ({"rule": "夜间"}, NOON, {"group", "mail", "night"}),
        ({"brand": "噪声"}, NOON, set()),
        ({"brand": "星曜", "team": "legal"}, NOON, {"mail"}),  # the rule's own team, not the brand's
        ({"brand": "星曜", "team": "nobody"}, NOON, {"group", "mail", "night"}),
    ],
)
def test_where_an_alert_goes(known: dict[str, str], when: float, channels: set[str]) -> None:
    found = PLAN.deliveries(Subject("blue", when, **known), 0, NOON)
    assert {one.channel for one in found} == channels


def test_a_route_without_a_team_calls_the_team_of_the_rule() -> None:
    plan = Plan(
        zone=ZONE, calendar=KNOWN, channels=("a",), teams=PLAN.teams, routes=(Route(channels=("a",)),)
    )
    assert plan.deliveries(Subject("blue", NOON, team="pr"), 1, NOON) == (
        Delivery("group", ("王五",)),
        Delivery("mail", ("王五",)),
    )


def test_an_alert_stays_with_its_team_while_turns_pass_on() -> None:
    subject = Subject("blue", NOON, brand="极光")
    assert PLAN.deliveries(subject, 0, SATURDAY) == (Delivery("group"),)
    subject = Subject("blue", NOON, brand="星曜")
    people = {PLAN.deliveries(subject, 0, NOON + passed * 86_400)[0].people for passed in range(2)}
    assert people == {("张三",), ("李四",)}


def test_patience_is_that_of_the_teams() -> None:
    assert [PLAN.wait(Subject("red", NOON, brand="星曜"), level) for level in (0, 1, 2)] == [900, None, None]
    # A team of one level has nobody above: the other one's patience counts.
    assert PLAN.wait(Subject("red", NOON), 0) is None
    assert PLAN.wait(Subject("blue", NOON, brand="极光"), 0) is None


@given(
    st.sampled_from(["blue", "yellow", "orange", "red"]),
    st.floats(1.75e9, 1.85e9),
    st.sampled_from(["", "星曜", "极光", "云岭"]),
    st.sampled_from(["", "夜间"]),
    st.sampled_from(["", "pr", "legal", "nobody"]),
    st.integers(0, 3),
)
def test_no_alert_is_lost_by_a_gap_and_its_end_reaches_all_who_heard(
    severity: str, when: float, brand: str, rule: str, team: str, level: int
) -> None:
    subject = Subject(severity, when, brand, rule, team)
    found = PLAN.deliveries(subject, level, when)
    assert found
    assert {one.channel for one in found} <= set(PLAN.reached(subject, level, when)) <= set(PLAN.channels)
    assert len({one.channel for one in found}) == len(found)
