"""Texts of posts are hostile: linked and embedded without ever becoming markup."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.web.pages import _embedded, gap, web_address, written

SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "//evil.example",
        "",
        "ftp://a/b",
        "http://",
        "http://[",
        " http:/x",
    ],
)
def test_only_web_addresses_are_followed(url: str) -> None:
    assert web_address(url) == ""


def test_web_addresses_are_followed() -> None:
    assert web_address("https://weibo.com/1") == "https://weibo.com/1"


@given(st.text())
def test_embedded_json_cannot_end_its_element(text: str) -> None:
    assert not set("<>&") & set(_embedded({"x": text + "</script><!--"}))


def test_times_are_written_as_people_do() -> None:
    moment = datetime(2026, 11, 21, 16, 2, 3, 45_000, tzinfo=UTC)
    assert written(moment, SHANGHAI, "zh") == "2026年11月22日 周日 00:02:03.045"
    assert written(moment, SHANGHAI, "en") == "2026-11-22 00:02:03.045"
    assert written(datetime(1970, 1, 1, tzinfo=UTC), SHANGHAI, "zh") == ""


def test_gaps_are_in_the_fitting_unit() -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    assert gap(start, start.replace(second=1, microsecond=500_000)) == "1.500 秒"
    assert gap(start, start.replace(minute=5)) == "5 分钟"
    assert gap(start, start.replace(hour=9)) == "9 小时"
    assert gap(start, start.replace(day=6)) == "5 天"
