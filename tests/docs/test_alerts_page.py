"""docs/alerts.md names the timers as they are."""

import re
from pathlib import Path

import pytest

from streams import config
from streams.alerts.model import Policy
from streams.alerts.shelf import BACKLOG_OVER
from streams.alerts.verdicts import GROWN, GROWN_LEAST

PAGE = (Path(__file__).parents[2] / "docs" / "alerts.md").read_text("utf-8")
UNITS = {"s": 1.0, "min": 60.0, "h": 3600.0, "days": 86_400.0}
TIMERS = {
    timer: (float(number) * UNITS[unit], setting)
    for timer, number, unit, setting in re.findall(
        r"^\| ([^|]+) \| (\d+) (\w+) \| (?:`(\w+)`)?[^|]*\|", PAGE, re.M
    )
}


def test_every_timer_has_its_default() -> None:
    policy = Policy()
    assert {timer: seconds for timer, (seconds, _) in TIMERS.items()} == {
        "growth waits": policy.group_interval,
        "reminder": policy.repeat,
        "next level": policy.acknowledge_within,
        "claim lapses": policy.acknowledged_for,
        "rule on posts is over": policy.resolve_after,
        "too late to be sent": policy.page_within,
        "backlog is over": BACKLOG_OVER,
        "comes back": policy.flap_window,
        "flapping is held open": policy.flap_hold,
        "resolved by a person, yet goes on": policy.repeat,
        "forgotten": policy.remembered,
    }


def test_settings_have_the_same_defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    given = config.load().alerts
    for seconds, setting in TIMERS.values():
        if setting:
            assert getattr(given, setting) == seconds


def test_growth_is_as_it_says() -> None:
    assert (GROWN, GROWN_LEAST) == (10, 100)
    assert "ten times as many as were last told, and at least 100" in PAGE
