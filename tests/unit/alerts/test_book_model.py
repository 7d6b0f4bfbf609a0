"""Any order of events, restarts included: nothing is lost, nothing is counted or said twice."""

from datetime import datetime
from typing import Any

import hypothesis.strategies as st
from hypothesis import given, settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from streams.alerts.model import MACHINE, Alert, Policy, dedup_key
from streams.severity import SEVERITIES
from streams.topics.alert import record_key
from tests.unit.alerts.desk import START, Desk

HOUR = 3600.0
KEYS = [
    ("起火", "星曜", ""),
    ("起火", "云帆", ""),
    ("断连", "星曜", ""),
    ("断连", "星曜", "r1"),
    ("退款", "星曜", ""),
]
WINDOWS = [("负面占比", "星曜", ""), ("声量", "云帆", "")]
ACTIONS = ["acknowledge", "unacknowledge", "assign", "note", "resolve", "false_alarm"]
SPANS = st.sampled_from([0.0, 1.0, 20.0, 45.0, 200.0, 301.0, 900.0, 1800.0, HOUR, 4 * HOUR, 30 * HOUR])


def quiet(severity: str, now: float) -> float:
    """From 2 to 5 in UTC, but for red."""
    hour = now % 86_400 / HOUR
    return now if severity == "red" or not 2 <= hour < 5 else now - now % 86_400 + 5 * HOUR


POLICY = Policy(quiet=quiet)


class Alerts(RuleBasedStateMachine):
    """Two notifiers that read the same records: one is killed again and again, the other one never."""

    @initialize()
    def begin(self) -> None:
        self.killed, self.steady = Desk(POLICY), Desk(POLICY)
        self.records: list[list[dict[str, Any]]] = [[], []]
        self.read = [0, 0]
        self.judged_at: list[list[float]] = [[], []]
        self.delivered: dict[str, set[str]] = {}
        self.written = 0
        self.acts = 0
        self.told = 0

    def both(self, what: str, *args: Any, **more: Any) -> None:
        for desk in (self.killed, self.steady):
            getattr(desk, what)(*args, **more)

    @rule(
        partition=st.integers(0, 1),
        keys=st.lists(st.integers(0, len(KEYS) - 1), min_size=1, max_size=12),
        severity=st.sampled_from(SEVERITIES),
        lag=st.sampled_from([0.1, 0.1, 0.1, 2 * HOUR]),
        age=st.sampled_from([5.0, 5.0, 5.0, 48 * HOUR]),
        judged=st.booleans(),
    )
    def posts_come_in(
        self, partition: int, keys: list[int], severity: str, lag: float, age: float, judged: bool
    ) -> None:
        now = self.killed.now
        for one in keys:
            self.written += 1
            record = {"severity": severity, "appended": now - lag, "published": now - age}
            self.records[partition].append({"key": KEYS[one], "id": f"p{self.written}", **record})
        if judged:
            self.judge(partition, len(keys))

    @rule(partition=st.integers(0, 1), size=st.integers(1, 20))
    def they_are_judged(self, partition: int, size: int) -> None:
        self.judge(partition, size)

    def judge(self, partition: int, size: int) -> None:
        begin = self.read[partition]
        batch = list(enumerate(self.records[partition]))[begin : begin + size]
        self.read[partition] = begin + len(batch)
        self.judged_at[partition] += [self.killed.now] * len(batch)
        for key in dict.fromkeys(record["key"] for _, record in batch):
            some = [(offset, record) for offset, record in batch if record["key"] == key]
            self.delivered.setdefault(dedup_key(*key), set()).update(record["id"] for _, record in some)
            self.both(
                "say",
                rule=key[0], brand=key[1], entity=key[2], partition=partition,
                offsets=tuple(offset for offset, _ in some),
                keys=b"".join(record_key("post", "微博", record["id"]) for _, record in some),
                severity=max((record["severity"] for _, record in some), key=SEVERITIES.index),
                appended=min(record["appended"] for _, record in some),
                window_start=min(record["published"] for _, record in some),
                window_end=max(record["published"] for _, record in some),
                levels={"orange": 30},
            )  # fmt: skip

    @rule(partition=st.integers(0, 1), back=st.integers(1, 12))
    def posts_are_collected_again(self, partition: int, back: int) -> None:
        """With another number of likes, at another offset, while their alerts are remembered."""
        now = self.killed.now
        done = zip(self.records[partition], self.judged_at[partition], strict=False)
        lately = [record for record, at in done if at >= now - 7 * 24 * HOUR]
        self.records[partition] += [record | {"appended": now - 0.1} for record in lately[-back:]]
        self.judge(partition, len(self.records[partition]))

    @rule(partition=st.integers(0, 1), back=st.integers(1, 30))
    def the_worker_is_killed(self, partition: int, back: int) -> None:
        """It reads again what it had read, and cuts it differently."""
        oldest = self.killed.now - 7 * 24 * HOUR  # Kafka keeps no more
        again = self.judged_at[partition][-back:]
        self.read[partition] -= sum(at >= oldest for at in again)
        self.judged_at[partition] = self.judged_at[partition][: self.read[partition]]

    @rule(
        key=st.sampled_from(WINDOWS),
        holds=st.booleans(),
        hold=st.sampled_from([0.0, 0.0, 60.0]),
        severity=st.sampled_from(SEVERITIES),
    )
    def a_window_is_judged(self, key: tuple[str, str, str], holds: bool, hold: float, severity: str) -> None:
        given = {"rule": key[0], "brand": key[1], "entity": key[2], "hold": hold, "severity": severity}
        self.both("window", holds, **given)

    @rule(
        data=st.data(),
        action=st.sampled_from(ACTIONS),
        actor=st.sampled_from(["张三", "李四"]),
        again=st.booleans(),
    )
    def somebody_acts(self, data: st.DataObject, action: str, actor: str, again: bool) -> None:
        known = sorted(alert.alert_id for alert in self.steady.book.alerts.values())
        one = data.draw(st.sampled_from([*known, "nothing"]))
        self.acts += 1
        for _ in range(1 + (again and one != "nothing")):
            self.both("act", action, actor=actor, alert_id=one, owner="王五", id=f"a{self.acts}")

    @rule(
        data=st.data(),
        by=st.sampled_from(["alert_id", "rule", "brand"]),
        severity=st.sampled_from(["", "blue", "red"]),
        span=st.sampled_from([60.0, HOUR, 31 * 24 * HOUR]),
    )
    def somebody_silences(self, data: st.DataObject, by: str, severity: str, span: float) -> None:
        values = {
            "alert_id": sorted(alert.alert_id for alert in self.steady.book.alerts.values()) or ["nothing"],
            "rule": ["起火", "负面占比"],
            "brand": ["星曜"],
        }
        value = data.draw(st.sampled_from(values[by]))
        self.acts += 1
        self.both(
            "act",
            "silence",
            id=f"s{self.acts}",
            until=self.killed.now + span,
            severity=severity,
            **{by: value},
        )

    @precondition(lambda self: self.steady.book.silences)
    @rule(data=st.data())
    def somebody_ends_a_silence(self, data: st.DataObject) -> None:
        one = data.draw(st.sampled_from(sorted(self.steady.book.silences)))
        self.acts += 1
        self.both("act", "unsilence", id=f"u{self.acts}", silence_id=one)

    @precondition(lambda self: self.steady.book.alerts)
    @rule(data=st.data())
    def a_case_is_opened(self, data: st.DataObject) -> None:
        one = data.draw(st.sampled_from(sorted(alert.alert_id for alert in self.steady.book.alerts.values())))
        for desk in (self.killed, self.steady):
            desk.keep(desk.book.case_opened(one, "k1", desk.now))

    @rule(span=SPANS)
    def time_passes(self, span: float) -> None:
        self.both("later", span)

    @rule(span=SPANS)
    def everything_stands_still(self, span: float) -> None:
        self.both("jump", span)

    @rule()
    def the_notifier_is_killed(self) -> None:
        self.killed.restart()

    @invariant()
    def a_kill_changes_nothing(self) -> None:
        assert self.killed.notices == self.steady.notices
        assert self.killed.rows == self.steady.rows
        assert self.killed.book.alerts == self.steady.book.alerts
        if not any(alert.late for alert in self.steady.book.alerts.values()):
            assert self.killed.book.due() == self.steady.book.due()

    @invariant()
    def counts_are_exact(self) -> None:
        counts: dict[str, int] = {}
        for (subject, _), entry in self.steady.rows.items():
            if subject == "alert" and entry.snapshot.kind == "post":
                one = entry.snapshot
                key = dedup_key(one.rule, one.brand, one.entity)
                counts[key] = counts.get(key, 0) + one.count
        assert counts == {key: len(posts) for key, posts in self.delivered.items()}

    @invariant()
    def nobody_is_told_what_he_must_not_be_told(self) -> None:
        new = self.steady.notices[self.told :]
        self.told = len(self.steady.notices)
        entries = {notice.key: entry for entry in self.steady.log.values() for notice in entry.notices}
        for notice in new:
            alert: Alert = entries[notice.key].snapshot
            assert not alert.stored
            assert not alert.silence
            assert alert.state != "pending"
            assert quiet(alert.severity, notice.at) <= notice.at or notice.reason == "resolved"
            if alert.state != "resolved":
                assert not alert.inhibited_by
            if notice.reason in ("acknowledged", "resolved"):
                assert alert.notices > 1

    @invariant()
    def nothing_is_lost(self) -> None:
        """Whatever is open has somebody who looks after it, or a moment at which it speaks next."""
        summed = {
            one for (_, one, _), entry in self.steady.log.items() if entry.snapshot.last.kind == "summed"
        }
        alerts = self.steady.book.alerts.values()
        assert self.killed.book.open == sum(alert.state != "resolved" for alert in alerts)
        for alert in alerts:
            waits = set(alert.due)
            if alert.state == "pending":
                assert "hold" in waits
            if alert.kind == "post" and alert.state not in ("pending", "resolved"):
                assert "resolve" in waits
            if alert.state == "firing" and not alert.inhibited_by and not alert.late:
                assert "held" in waits or "repeat" in waits
                assert alert.notices or "held" in waits or alert.alert_id in summed
            if alert.state == "acknowledged":
                assert alert.owner
                assert alert.case_id or "case" in waits
            if alert.state == "silenced":
                silence = self.steady.book.silences[alert.silence]
                assert not silence.ended_at
                assert silence.until >= self.steady.now
            if alert.state in ("firing", "acknowledged"):
                for silence in self.steady.book.silences.values():
                    meant = silence.alert_id in ("", alert.alert_id) and silence.rule in ("", alert.rule)
                    worst = SEVERITIES.index(silence.severity or "orange")
                    if meant and silence.brand in ("", alert.brand) and not silence.ended_at:
                        assert SEVERITIES.index(alert.severity) > worst
            if alert.inhibited_by:
                red = self.steady.book.by_id(alert.inhibited_by)
                assert red is not None
                assert (red.severity, red.brand, red.entity) == ("red", alert.brand, alert.entity)
                assert red.state in ("firing", "acknowledged")
            if alert.state == "resolved":
                assert alert.resolved_by or alert.resolved_by == MACHINE
                assert not waits - {"held"}


def test_any_order_of_events() -> None:
    run_state_machine_as_test(
        Alerts, settings=settings(max_examples=250, stateful_step_count=60, deadline=None)
    )


@settings(max_examples=100, deadline=None)
@given(cuts=st.lists(st.integers(1, 9), min_size=1, max_size=11), gap=st.floats(0, 300 / 11))
def test_repeats_within_the_group_interval_are_one_notice(cuts: list[int], gap: float) -> None:
    desk = Desk()
    for cut in cuts:
        desk.posts(cut)
        desk.later(gap)
    assert desk.said() == ["firing"]
    assert desk.alert().count == sum(cuts)


CLAIM = 5
Script = list[tuple[str, tuple[Any, ...], dict[str, Any]]]


def storm() -> Script:
    """An hour with a bit of everything."""
    at = START
    return [
        ("say", (), {"offsets": (1, 2), "severity": "yellow"}),
        ("say", (), {"offsets": (3,), "rule": "红", "severity": "red"}),
        ("later", (400.0,), {}),
        ("say", (), {"offsets": (4,), "rule": "晚", "appended": at - HOUR}),
        ("say", (), {"offsets": (5,), "rule": "晚二", "appended": at - HOUR, "brand": "云帆"}),
        ("act", ("acknowledge",), {"id": "a1"}),
        ("later", (40.0,), {}),
        ("act", ("silence",), {"rule": "断连", "until": at + 1500, "id": "s1"}),
        ("say", (), {"offsets": (6,), "rule": "断连", "brand": "云帆"}),
        ("window", (True,), {"rule": "声量", "brand": "云帆", "hold": 60.0}),
        ("later", (500.0,), {}),
        ("say", (), {"offsets": tuple(range(7, 300)), "brand": "云帆", "levels": {"orange": 200}}),
        ("window", (False,), {"rule": "声量", "brand": "云帆"}),
        ("later", (300.0,), {}),
        ("window", (True,), {"rule": "声量", "brand": "云帆"}),
        ("say", (), {"offsets": (300,), "window_end": at - 50 * HOUR}),
        ("later", (2 * HOUR,), {}),
        ("later", (6 * HOUR,), {}),
    ]


def play(script: Script, kills: set[int]) -> Desk:
    desk = Desk(POLICY)
    for step, (what, args, more) in enumerate(script):
        if step in kills:
            desk.restart()
        red = {"alert_id": desk.alert("红|星曜|").alert_id} if what == "act" and step == CLAIM else {}
        getattr(desk, what)(*args, **more, **red)
    return desk


def test_a_kill_at_any_point_gives_the_same_notices() -> None:
    script = storm()
    steady = play(script, set())
    assert len(steady.notices) > 12
    assert {notice.reason for notice in steady.notices} >= {
        "firing",
        "repeat",
        "escalated",
        "acknowledged",
        "resolved",
    }
    for kills in [*({one} for one in range(len(script))), set(range(len(script)))]:
        desk = play(script, kills)
        assert desk.notices == steady.notices
        assert desk.log == steady.log


def test_days_are_those_of_the_zone() -> None:
    assert datetime.fromtimestamp(START, POLICY.zone).strftime("%F %H:%M") == "2027-01-15 16:00"
