"""What came of cases, and which rules are noisy: worked values and laws."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.alerts.outcomes import Outcome, Said, half_life, said
from streams.alerts.tuning import Seen, Suggestion, percentile, suggest, tuning

DAY = 86_400.0


@pytest.mark.parametrize(
    ("hours", "seconds"),
    [
        ([0, 40, 20, 10], 3600),
        ([40, 30, 20], 7200),
        ([40, 30, 10], 5400),
        ([10, 0], 1800),
        ([40, 40, 0], 1800),
        ([100, 80, 64, 51, 41], 3600 * (3 + (51 - 50) / 10)),
        ([0, 40, 39, 30, 21], None),
        ([9, 0, 0], None),
        ([], None),
    ],
)
def test_the_half_life_of_a_storm(hours: list[int], seconds: float | None) -> None:
    assert half_life(hours) == (None if seconds is None else pytest.approx(seconds))


@given(st.floats(1.0, 24.0))
def test_the_half_life_of_an_exponential_fall_is_its_own(true: float) -> None:
    hours = [round(1e6 * 2 ** (-hour / true)) for hour in range(60)]
    found = half_life(hours)
    assert found is not None
    assert found / 3600 == pytest.approx(true, rel=0.06)


@given(st.lists(st.integers(0, 1000), max_size=60), st.integers(1, 9))
def test_the_half_life_does_not_depend_on_what_came_before_or_on_how_many_there_are(
    hours: list[int], times: int
) -> None:
    peak = max(hours, default=0)
    found = half_life(hours)
    assert half_life([0, peak // 2, *hours]) == found
    if peak >= 10:
        assert half_life([hour * times for hour in hours]) == pytest.approx(found)


def test_few_posts_have_no_mean() -> None:
    assert said(4, -4.0, 4) == Said(4, None, None)
    assert said(5, -1.0, 2) == Said(5, -0.2, 0.4)
    assert Outcome(3, 2, said(5, -1.0, 2), said(5, 2.0, 0), None).change == pytest.approx(0.6)
    assert Outcome(3, 2, said(5, -1.0, 2), said(4, 2.0, 0), None).change is None


def seen(size: float, **fields: Any) -> Seen:
    known: dict[str, Any] = {
        "kind": "window", "highest": size, "lowest": size, "matches": 1, "notices": 2, "claim_seconds": None,
        "ended_by_people": False, "false_alarm": False, "acted": False, "wasted": False, "resolved": True,
    }  # fmt: skip
    return Seen(**known | fields)


def useless(size: float, **fields: Any) -> Seen:
    return seen(size, wasted=True, **fields)


def useful(size: float, **fields: Any) -> Seen:
    return seen(size, acted=True, claim_seconds=60.0, ended_by_people=True, **fields)


def test_how_a_rule_did() -> None:
    some = [
        *(useless(number, claim_seconds=None) for number in range(4)),
        useless(9, false_alarm=True, ended_by_people=True, claim_seconds=300.0),
        useful(20),
    ]
    found = tuning("断连", some, 2 * DAY)
    assert (found.alerts, found.notices, found.claimed) == (6, 12, 2 / 6)
    assert (found.false_alarms, found.claim_seconds) == (0.5, 180.0)
    assert (found.by_itself, found.wasted, found.noise, found.noisy) == (4 / 6, 5 / 6, 5.0, True)


def test_a_rule_is_noisy_only_with_enough_alerts() -> None:
    assert not tuning("少", [useless(1)] * 4, DAY).noisy
    quiet = tuning("好", [useless(1)] * 2 + [useful(2)] * 3, DAY)
    assert (quiet.noisy, quiet.suggestion) == (False, Suggestion(""))


@pytest.mark.parametrize(
    ("some", "falls", "told"),
    [
        ([useless(n) for n in range(1, 11)] + [useful(50)], False, Suggestion("threshold", "above", 9.0, 8)),
        ([useless(n) for n in range(1, 11)] + [useful(7)], False, Suggestion("threshold", "above", 7.0, 6)),
        ([useless(-n) for n in range(1, 11)] + [useful(-7)], True, Suggestion("threshold", "below", -7.0, 6)),
        ([useless(n, kind="spike") for n in range(1, 11)], False, Suggestion("threshold", "minimum", 9.0, 8)),
        ([useless(5), useless(6), useful(1)], False, Suggestion("hold", "hold")),
        ([useless(5, false_alarm=True), useless(6), useful(1)], False, Suggestion("exclude", "query")),
        ([useless(1, kind="post")] * 3, False, Suggestion("store", "alert", 0.0, 3)),
        ([useless(1, kind="post"), useful(1, kind="post")], False, Suggestion("exclude", "query")),
        ([useless(1, kind="absence")] * 3, False, Suggestion("hold", "hold")),
    ],
)
def test_what_is_suggested(some: list[Seen], falls: bool, told: Suggestion) -> None:
    assert suggest(some, falls=falls) == told


@given(st.lists(st.integers(0, 100), min_size=1), st.lists(st.integers(0, 100)), st.booleans())
def test_no_suggested_threshold_loses_what_a_person_acted_on(
    wasted: list[int], acted: list[int], falls: bool
) -> None:
    some = [useless(size) for size in wasted] + [useful(size) for size in acted]
    told = suggest(some, falls=falls)
    if told.advice == "threshold":
        assert told.value is not None
        fires = [size <= told.value if falls else size >= told.value for size in wasted + acted]
        assert all(fires[len(wasted) :])
        assert fires[: len(wasted)].count(False) == told.suppressed >= len(wasted) / 2


def test_the_percentile_is_one_of_the_values() -> None:
    assert percentile([3, 1, 2], 0.9) == 3
    assert percentile(list(range(1, 11)), 0.9) == 9
    assert percentile([7], 0.0) == 7
