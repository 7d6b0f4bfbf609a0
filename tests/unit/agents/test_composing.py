"""Reasons for an alert: in the time there is, and a message in any case."""

import time
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from streams.agents import composing
from streams.agents.composing import Composer, Pages, Saying
from streams.alerts.explanation import Explanation
from streams.alerts.model import Alert, Event, Notice
from streams.clock import ManualClock
from streams.telemetry.notifier import NotifierEvents

NOW = 1_700_000_000.0
ALERT = Alert(
    alert_id="a", dedup_key="r|b|", rule="r", rule_version=1, brand="b", severity="red", first_fired=NOW,
    last_fired=NOW, window_start=NOW, window_end=NOW, appended=NOW, last=Event(kind="fired", at=NOW),
)  # fmt: skip


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The limits that reasons were given; they take 20 ms."""
    limits: list[float] = []

    def explain(connection: Any, alert: Alert, *, limit: float, **_: Any) -> Explanation:
        limits.append(limit)
        time.sleep(0.02)
        if alert.rule == "faulty":
            raise ZeroDivisionError("a bug")
        return Explanation(start=NOW)

    monkeypatch.setattr(composing, "explain", explain)
    return limits


def composer(late: float = 0.0) -> Composer:
    pages = Pages("https://k.example", b"", "Asia/Shanghai")
    events = NotifierEvents(CollectorRegistry())
    return Composer("clickhouse://127.0.0.1:1/", pages, ManualClock(NOW + late), events)


def slow_after(known: Explanation) -> Any:
    def explain(*_: Any, so_far: Any, **__: Any) -> Explanation:
        so_far(known)
        time.sleep(0.02)
        return Explanation(start=NOW)

    return explain


@pytest.mark.parametrize(("late", "limit"), [(0.0, 0.12), (0.1, 0.1), (0.3, 0.05), (9.0, 0.05)])
async def test_reasons_for_a_post_get_what_is_left_of_a_fifth_of_a_second(
    asked: list[float], late: float, limit: float
) -> None:
    assert await composer(late).explained(ALERT) == Explanation(start=NOW)
    assert asked == [pytest.approx(limit, abs=1e-4)]


async def test_reasons_that_come_too_late_or_fail_are_left_out_and_those_before_are_not(
    asked: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    one = composer()
    monkeypatch.setattr(composing, "MOST", 0.0)
    monkeypatch.setattr(composing, "LEAST", 0.0)
    monkeypatch.setattr(composing, "GRACE", 0.001)
    assert await one.explained(ALERT) is None
    faulty = Alert(
        **{name: getattr(ALERT, name) for name in ALERT.__struct_fields__}
        | {"rule": "faulty", "kind": "spike"}
    )
    assert await one.explained(faulty) is None
    assert asked[-1] == composing.LIMIT
    known = Explanation(start=NOW, late=("terms",))
    monkeypatch.setattr(composing, "explain", slow_after(known))
    assert await one.explained(ALERT) == known
    message = one.message(Saying(Notice(key="k", alert_id="a", reason="firing", at=NOW), ALERT))
    assert (message.alert_id, message.severity) == ("a", "red")
    assert [link.url for link in message.links][0] == "https://k.example/alerts/a"
