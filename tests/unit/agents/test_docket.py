"""Alerts and cases behind one door: each knows of the other, and a successor goes on from the snapshots."""

from typing import Any

import msgspec

from streams.agents.docket import Docket
from streams.alerts.case import Limits
from streams.alerts.model import Policy, Step
from streams.store.alerts import Loaded
from streams.topics.alert import Command, Verdict

NOW = 1_700_000_000.0


def docket(*steps: Step) -> Docket:
    """One that goes on from the newest snapshots of these steps."""
    found: dict[str, dict[str, bytes]] = {"alert": {}, "silence": {}, "case": {}, "rejected": {}}
    for step in steps:
        for entry in step:
            found[entry.subject][entry.id] = msgspec.json.encode(entry.snapshot)
    return Docket(Policy(), Limits(), Loaded({name: list(some.values()) for name, some in found.items()}, 7))


def verdict(number: int = 1, at: float = NOW) -> Verdict:
    return Verdict(
        id=f"v{number}", rule="r", version=1, brand="b", at=at, appended=at, window_start=at, window_end=at,
        topic="posts", epoch=1, offsets=(number,),
    )  # fmt: skip


def act(action: Any, number: int, **more: Any) -> Command:
    return Command(id=f"act-{number}", action=action, actor="张三", via="cli", at=NOW + number, **more)


def test_an_alert_knows_its_case_and_the_case_its_alert() -> None:
    one = docket()
    fired = one.apply(verdict(), NOW)
    opened = one.apply(act("case_open", 1, alert_id="v1"), NOW + 1)
    assert [entry.subject for entry in opened] == ["case", "alert"]
    alert, case = one.alert("v1"), one.case("act-1")
    assert alert is not None
    assert case is not None
    assert (alert.case_id, case.alert_id) == ("act-1", "v1")
    assert (one.open_alerts, one.open_cases) == (1, 1)

    resolved = one.apply(act("resolve", 2, alert_id="v1"), NOW + 2)
    assert {entry.subject for entry in resolved} == {"alert", "case"}
    assert one.case("act-1").alert == "resolved"  # type: ignore[union-attr]
    assert (one.open_alerts, one.open_cases) == (0, 1)

    after = docket(fired, opened, resolved)
    assert after.applied == 7
    assert after.alert("v1") == one.alert("v1")
    assert after.case("act-1") == one.case("act-1")
    assert after.due() == one.due()


def test_time_that_runs_out_is_told_whoever_it_runs_out_for() -> None:
    one = docket()
    one.apply(verdict(), NOW)
    one.apply(act("case_open", 1, alert_id="v1"), NOW + 1)
    reasons = set()
    for _ in range(50):
        due = one.due()
        assert due is not None
        if due > NOW + 3 * 86_400:
            break
        reasons |= {notice.reason for entry in one.tick(due) for notice in entry.notices}
    assert {"escalated", "breached", "resolved"} <= reasons


def test_the_first_hand_over_is_kept() -> None:
    one = docket()
    one.apply(verdict(), NOW)
    (entry,) = one.handed("v1", 180, NOW + 0.2)
    assert entry.snapshot.latency_ms == 180
    assert one.handed("v1", 900, NOW + 1) == []
    assert one.handed("unknown", 1, NOW) == []
