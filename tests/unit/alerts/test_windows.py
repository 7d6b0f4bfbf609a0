"""What rules over windows ask the store, and what they make of its answers."""

import math
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.alerts.gone import CHANCE, DAY, gaps
from streams.alerts.hourly import HOUR, Hourly, usual_hours
from streams.alerts.question import Answer, literal, moment
from streams.alerts.windows import Sliding, plan
from streams.rules.rule import Rule

NOW = 1_795_000_000.0


def window(name: str, **given: Any) -> Rule:
    return Rule(name=name, kind="window", brand=given.pop("brand", "星曜"), **{"above": 5.0, **given})


def test_rules_that_can_share_a_query_do() -> None:
    rules = [window(f"b{n}", above=float(n)) for n in range(30)]
    rules += [
        window(f"m{n}", measure=measure) for n, measure in enumerate(("count", "nsr", "reach", "authors"))
    ]
    rules += [window(f"q{n}", query="x") for n in range(30)]
    rules += [
        window("long", window=3600.0),
        window("one", per="author"),
        window("two", per="author", above=6.0),
    ]
    questions = plan([(rule, 1) for rule in rules], NOW, {})
    assert sorted(len(question.rules) for question in questions) == [1, 1, 1, 30, 34]
    assert {rule.name for question in questions for rule, _ in question.rules} == {
        rule.name for rule in rules
    }


def test_what_is_about_single_posts_or_out_of_use_is_not_asked() -> None:
    rules = [Rule(name="p", query="x"), window("off", enabled=False), window("quiet", alert=False)]
    assert plan([(rule, 1) for rule in rules], NOW, {}) == []


def test_no_rows_are_nothing_and_too_few_are_no_answer() -> None:
    rules = [window("none", below=0.0, above=None), window("ratio", measure="nsr", below=50.0, above=None)]
    [question] = plan([(rule, 7) for rule in rules], NOW, {})
    none, ratio = question.answers([])
    assert (none.value, none.holds) == (0.0, True)
    assert (ratio.value, ratio.holds) == (None, False)
    assert ratio.verdict().value == 0.0


def test_the_minimum_of_a_rule_is_the_least_sample() -> None:
    [question] = plan([(window("r", measure="negative_share", minimum=77), 1)], NOW, {})
    assert ">= 77, " in question.sql
    assert ">= 30" not in question.sql


def test_verdicts_of_one_moment_are_one_and_of_two_are_two() -> None:
    [question] = plan([(window("r"), 2)], NOW, {})
    [later] = plan([(window("r"), 2)], NOW + 1, {})
    row = ("星曜", "", 9, 1, 0.0, 9)
    [first], [again], [third] = question.answers([row]), question.answers([row]), later.answers([row])
    assert first.verdict() == again.verdict()
    assert first.verdict().id != third.verdict().id
    assert first.verdict().id != first._replace(holds=False).verdict().id
    assert first.verdict().dedup_key == "r|星曜|"


HOSTILE = "'; DROP TABLE posts; -- \\' {x:String} \n%s"


@given(st.text() | st.just(HOSTILE))
def test_a_literal_ends_where_it_should(value: str) -> None:
    written = literal(value)
    assert re.fullmatch(r"'(?:[^'\\]|\\.)*'", written, re.DOTALL)
    assert re.sub(r"\\(.)", r"\1", written[1:-1], flags=re.DOTALL) == value


def test_names_are_quoted_everywhere() -> None:
    rules = [
        Rule(
            name=HOSTILE,
            query="x",
            brand=HOSTILE,
            platform=HOSTILE,
            above=1.0,
            measure=measure,
            kind="window",
            per=per,
        )
        for measure in ("count", "nsr")
        for per in ("", "platform")
    ]
    rules += [
        Rule(
            name=HOSTILE,
            brand=HOSTILE,
            platform=HOSTILE,
            sentiment="neg",
            kind=kind,
            measure="growth",
            above=1.0,
        )
        for kind in ("spike", "cascade", "silent", "absence")
    ]
    for rule in rules:
        [question] = plan([(rule, 1)], NOW, {("brand", HOSTILE): 0.0})
        for sql in (question.sql, *(answer.sql for answer in question.answers([]))):
            bare = re.sub(r"'(?:[^'\\]|\\.)*'", "", sql, flags=re.DOTALL)
            assert "DROP" not in bare
            assert "'" not in bare


def test_times_are_utc_to_the_millisecond() -> None:
    assert moment(1_795_000_000.1234) == "toDateTime64('2026-11-18 11:06:40.123', 3, 'UTC')"


@pytest.mark.parametrize(
    ("known", "hours"),
    [
        (None, 0),
        (0.5, 0),
        (1.5, 0),
        (2, 1),
        (13, 12),
        (672.9, 12),
        (673, 4),
        (9999, 4),
    ],
)
def test_four_weeks_of_hours_are_needed_for_the_same_hour_of_the_week(
    known: float | None, hours: int
) -> None:
    found = usual_hours(None if known is None else NOW - known * HOUR, NOW)
    assert len(found) == hours
    assert found in ((168, 336, 504, 672), tuple(range(1, hours + 1)))


def test_a_spike_without_a_past_does_not_fire() -> None:
    [question] = plan([(Rule(name="s", kind="spike", brand="星曜"), 1)], NOW, {})
    assert isinstance(question, Hourly)
    [answer] = question.answers([("星曜", "", 10_000, 0, 10_000, 0, 5, NOW)])
    assert (answer.value, answer.expected, answer.holds) == (10_000, None, False)


def test_spikes_of_blame_need_a_rising_share() -> None:
    rule = Rule(name="s", kind="spike", brand="星曜", sentiment="neg")
    [question] = plan([(rule, 1)], NOW, {("brand", "星曜"): NOW - 99 * HOUR})

    def fires(*counts: int) -> bool:
        [answer] = question.answers([("星曜", "", *counts, 5, NOW)])
        return answer.holds

    assert not fires(50, 12, 100, 24)
    assert fires(51, 12, 100, 24)
    assert not fires(49, 12, 100, 24)
    assert fires(50, 0, 100, 0)
    assert not fires(19, 0, 19, 0)


def days(count: int, each: float) -> tuple[Any, ...]:
    """A platform that was there for so many days, silent for an hour in which others had `each` posts."""
    return ("微博", NOW - HOUR, NOW - HOUR - count * DAY, 5_000, 999, round(each * count), 5 * count)


def test_a_silence_is_no_chance_below_one_per_cent() -> None:
    least = -math.log(CHANCE)
    for count in (1, 3, 7):
        [few], [many] = gaps([days(count, least * 0.9)], 600, NOW), gaps([days(count, least * 1.1)], 600, NOW)
        assert (few.absent, many.absent) == (False, True)
        assert many.usual == pytest.approx(least * 1.1, abs=0.5)
        assert many.since == NOW - HOUR
    assert not gaps([days(7, 100)], HOUR + 1, NOW)[0].absent, "the window must have passed, too"


def test_a_file_that_was_fed_once_is_not_missed() -> None:
    silence, now = 1200.0, NOW

    def absent(span: float, posts: int, busy: int) -> bool:
        return gaps([("微博", now - silence, now - silence - span, posts, busy, 0, 0)], 600, now)[0].absent

    assert absent(3600, 1000, 6)
    assert not absent(60, 100_000, 1)
    assert not absent(3600, 100_000, 2)
    assert not absent(3600, 12, 6)
    assert not absent(0, 1, 1)


def test_days_that_delivered_at_once_are_no_usual_ones() -> None:
    platform = ("知乎", NOW - HOUR, NOW - HOUR - 6 * DAY, 900, 9, 600)
    assert not gaps([(*platform, 14)], 600, NOW)[0].absent, "less than half of six times five parts"
    assert gaps([(*platform, 15)], 600, NOW)[0].absent


def test_an_answer_tells_its_worst() -> None:
    rule = window("r", severity="yellow", by_reach={"red": 1000}, by_count={"orange": 10})
    question = Sliding([(rule, 1)], NOW)
    found: list[Answer] = []
    for matched, followers, value in ((9, 999, 9), (10, 0, 10), (10, 1000, 10), (100, 10_000, 4)):
        found += question.answers([("星曜", "", matched, followers, 0.0, value)])
    assert [answer.severity for answer in found] == ["yellow", "orange", "red", "yellow"]
