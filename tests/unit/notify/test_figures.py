"""Figures as people read them."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams import language
from streams.notify.figures import clock, lasting, number, percent, points

TEN = 1_795_312_920.0
SHANGHAI = "Asia/Shanghai"


@pytest.fixture(autouse=True)
def chinese() -> Iterator[None]:
    language.use("zh")
    yield
    language.use("zh")


@pytest.mark.parametrize(
    ("value", "zh", "en"),
    [
        (0, "0", "0"), (0.1, "0.1", "0.1"), (2.5, "2.5", "2.5"), (52, "52", "52"), (99.96, "100", "100"),
        (1_204.4, "1,204", "1,204"), (9_999, "9,999", "9,999"), (9_999.6, "1.0万", "10,000"),
        (12_000, "1.2万", "12,000"), (99_994_999, "9999.5万", "99,994,999"), (99_996_000, "1.0亿", "99,996,000"),
        (340_000_000, "3.4亿", "340,000,000"), (-12_000, "−1.2万", "−12,000"),
    ],
)  # fmt: skip
def test_numbers(value: float, zh: str, en: str) -> None:
    assert number(value) == zh
    language.use("en")
    assert number(value) == en


@given(st.floats(0, 1e12))
def test_no_number_is_ten_thousand_of_a_unit(value: float) -> None:
    assert "10000.0万" not in number(value)


@pytest.mark.parametrize(
    ("seconds", "zh", "en"),
    [
        (0, "1 秒", "1 second"), (59.6, "1 分钟", "1 minute"), (90, "1 分钟 30 秒", "1 minute 30 seconds"),
        (600.001, "10 分钟", "10 minutes"), (3_600, "1 小时", "1 hour"), (4_320, "1 小时 12 分钟", "1 hour 12 minutes"),
        (15_150, "4 小时 12 分钟", "4 hours 12 minutes"), (604_800, "7 天", "7 days"),
        (90_000, "1 天 1 小时", "1 day 1 hour"), (86_460, "1 天", "1 day"),
    ],
)  # fmt: skip
def test_lengths_of_time(seconds: float, zh: str, en: str) -> None:
    assert lasting(seconds) == zh
    language.use("en")
    assert lasting(seconds) == en


def test_moments_shares_and_signs() -> None:
    assert clock(TEN, SHANGHAI) == "10:02"
    assert clock(TEN, SHANGHAI, TEN + 3_600) == "10:02"
    assert clock(TEN, SHANGHAI, TEN + 86_400) == "11月22日 10:02"
    assert (percent(62.34), points(-31.2), points(4.0)) == ("62.3%", "−31.2", "+4.0")
    language.use("en")
    assert clock(TEN, SHANGHAI, TEN + 86_400) == "2026-11-22 10:02"
