"""Times and figures as the pages around alerts write them."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from litestar.testing import RequestFactory

from streams.clock import ManualClock
from streams.config import Settings
from streams.read.alerts import Case
from streams.read.rules import Version
from streams.rules.rule import Rule
from streams.web.paper import Paper, exact, figure, moment_of
from streams.web.words import PROGRESS

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


def shown(template: str, lang: str, **values: Any) -> str:
    paper = Paper(Settings(), ManualClock(NOW))
    request = RequestFactory().get("/", query_params={"lang": lang})
    return paper.show(template, request, **values).content


def ruled(name: str, **fields: Any) -> Version:
    made = datetime.fromtimestamp(NOW, UTC)
    return Version(name, 1, Rule(name=name, brand="星曜", **fields), "", False, "李敏", "cli", "", made)


@pytest.mark.parametrize(
    ("lang", "unknown", "found"), [("zh", "命中数未知", "命中 7"), ("en", "hits unknown", "7 hits")]
)
def test_rules_are_listed_even_when_nobody_knows_their_hits(lang: str, unknown: str, found: str) -> None:
    rules = [ruled("断连", query="断连"), ruled("沉默", kind="silent")]
    known = shown("rules.html", lang, rules=rules, hits={"断连": 7}, tuned={}, days=7, judged=30)
    assert known.count(found) == 1
    assert "命中 0" not in known
    assert "0 hits" not in known
    assert (
        shown("rules.html", lang, rules=rules, hits=None, tuned=None, days=7, judged=30).count(unknown) == 1
    )


def test_a_case_says_its_brand_once() -> None:
    at = datetime.fromtimestamp(NOW, UTC)
    case = Case(
        "c1", "a1", "星曜售后投诉", "星曜", "yellow", "found", "李敏", at, at, at, None, None, None, "", at
    )
    assert "<strong>星曜 · 售后投诉</strong>" in shown(
        "cases.html", "zh", cases=[case], state="", filtered=False, progress=PROGRESS
    )
