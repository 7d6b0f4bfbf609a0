"""Times and figures as the pages around alerts write them."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from streams.web.paper import exact, figure, moment_of

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 22, 2, 2, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("moment", "written"),
    [
        (NOW, "10:02"),
        (datetime(2026, 11, 21, 16, 0, tzinfo=UTC), "00:00"),
        (datetime(2026, 11, 21, 15, 59, tzinfo=UTC), "11-21 23:59"),
        (datetime(2025, 12, 31, 15, 59, tzinfo=UTC), "2025-12-31 23:59"),
        (datetime(1970, 1, 1, tzinfo=UTC), ""),
        (0.0, ""),
        (None, ""),
    ],
)
def test_a_moment_is_as_short_as_it_is_clear(moment: float | datetime | None, written: str) -> None:
    assert moment_of(moment, NOW, ZONE) == written


def test_programs_get_the_offset() -> None:
    assert exact(NOW) == "2026-11-22T02:02:00.000+00:00"
    assert exact(0.0) == ""


@pytest.mark.parametrize(
    ("value", "zh", "en"),
    [
        (52.0, "52", "52"),
        (123_456.0, "12.3万", "123,456"),
        (61.54, "61.5", "61.5"),
        (-0.25, "-0.25", "-0.25"),
    ],
)
def test_a_figure_has_what_matters_of_its_fraction(value: float, zh: str, en: str) -> None:
    assert (figure(value, "zh"), figure(value, "en")) == (zh, en)
