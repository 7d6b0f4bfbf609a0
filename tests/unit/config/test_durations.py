from datetime import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.config.durations import hours, seconds, span


@pytest.mark.parametrize(
    ("written", "meant"),
    [("90s", 90), ("10m", 600), ("24h", 86_400), ("7d", 604_800), ("2w", 1_209_600), ("1.5h", 5400), ("45", 45),
     (" 5 m ", 300), (30, 30), (0.5, 0.5), (0, 0)],
)  # fmt: skip
def test_a_span_is_a_text_or_seconds(written: object, meant: float) -> None:
    assert seconds(written) == meant


@pytest.mark.parametrize(
    "written", ["", "5 mins", "-1m", "1h30m", -1, float("nan"), float("inf"), True, None, "٣m"]
)
def test_anything_else_is_none(written: object) -> None:
    with pytest.raises(ValueError, match="90s"):
        seconds(written)


@given(st.integers(0, 10**8))
def test_what_is_shown_is_read_back(whole: int) -> None:
    assert seconds(span(whole)) == whole


@pytest.mark.parametrize("shown", ["0s", "90s", "15m", "4h", "7d"])
def test_the_largest_unit_without_a_rest_is_shown(shown: str) -> None:
    assert span(seconds(shown)) == shown


def test_hours_are_two_times_of_the_day() -> None:
    assert hours("22:00-08:00") == (time(22), time(8))
    assert hours("18:30 - 24:00") == (time(18, 30), time(0))
    assert hours("") is None


@pytest.mark.parametrize("written", ["22-8", "22:00", "25:00-08:00", "08:00-08:00", "00:00-24:00", "night"])
def test_hours_are_nothing_else(written: str) -> None:
    with pytest.raises(ValueError, match="22:00-08:00"):
        hours(written)
