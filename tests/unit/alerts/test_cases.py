"""Cases: legal paths only, clocks exact, a restart changes nothing."""

from typing import Any

import msgspec
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from msgspec.structs import replace

from streams.alerts.case import ENDED, WITHIN, Case, Limits
from streams.alerts.cases import Cases
from streams.alerts.model import Alert, Event, Step
from streams.severity import SEVERITIES
from streams.topics.alert import Command, Ref

HOUR = 3600.0
START = 1_700_000_000.0


def alert(number: int = 1, **fields: Any) -> Alert:
    known: dict[str, Any] = {
        "alert_id": f"alert-{number}",
        "dedup_key": "断连|星曜|",
        "rule": "断连",
        "rule_version": 1,
        "brand": "星曜",
        "severity": "orange",
        "first_fired": START,
        "last_fired": START,
        "window_start": START - 60,
        "window_end": START,
        "refs": (Ref(platform="微博", id="p1", at=START),),
        "last": Event(kind="fired", at=START),
    }
    return Alert(**known | fields)


def act(action: str, at: float, case_id: str = "c1", **fields: Any) -> Command:
    known: dict[str, Any] = {"id": f"{action}-{at}", "actor": "李敏", "via": "cli", "source": "pc"}
    about = {"alert_id": "alert-1"} if action == "open" else {"case_id": case_id}
    return Command(action=f"case_{action}", at=at, **known | about | fields)  # type: ignore[arg-type]


def opened(**fields: Any) -> Cases:
    cases = Cases()
    (entry,) = cases.command(act("open", START, id="c1"), alert(**fields), START)
    assert (entry.subject, entry.id, entry.snapshot.last.kind) == ("case", "c1", "opened")
    return cases


def open_for(cases: Cases, alert_id: str) -> list[Case]:
    return [case for case in cases.cases.values() if case.alert_id == alert_id and case.state != "closed"]


def kinds(step: Step) -> list[str]:
    return [entry.snapshot.last.kind for entry in step]


def test_a_case_opens_with_the_clocks_of_its_level() -> None:
    for severity, hours in zip(SEVERITIES, (48, 24, 4, 1), strict=True):
        case = opened(severity=severity).cases["c1"]
        assert (case.respond_by, case.resolve_by) == (START + hours * HOUR,) * 2
        assert (case.state, case.owner, case.rule, case.brand) == ("found", "李敏", "断连", "星曜")
    assert case.refs == alert().refs


def test_the_loop_from_found_to_closed() -> None:
    cases = opened()
    for minutes, action, state in (
        (10, "listen", "listening"),
        (20, "interact", "interacting"),
        (30, "interact", "interacting"),
        (40, "resolve", "resolved"),
        (50, "close", "closed"),
    ):
        at = START + minutes * 60
        (entry,) = cases.command(act(action, at, outcome="已退款" if action == "resolve" else ""), None, at)
        assert (entry.snapshot.state, entry.snapshot.last.actor) == (state, "李敏")
        assert entry.snapshot.last.command == f"{action}-{at}"
    case = cases.cases["c1"]
    assert (case.responded_at, case.resolved_at, case.closed_at) == (START + 1200, START + 2400, START + 3000)
    assert (case.outcome, case.seq, case.revision) == ("已退款", 6, 6)
    assert cases.due() is None
    assert open_for(cases, "alert-1") == []


@pytest.mark.parametrize(
    ("path", "action"),
    [
        ([], "resolve"),
        ([], "reopen"),
        (["listen"], "listen"),
        (["interact"], "listen"),
        (["listen", "resolve"], "interact"),
        (["interact", "resolve"], "resolve"),
        (["close"], "close"),
        (["close"], "assign"),
        (["close"], "interact"),
    ],
)
def test_what_a_state_does_not_allow_is_refused_with_the_reason(path: list[str], action: str) -> None:
    cases = opened()
    for number, step in enumerate(path):
        cases.command(act(step, START + number + 1, outcome="已处理"), None, START + number + 1)
    before = cases.cases["c1"]
    (entry,) = cases.command(act(action, START + 60, owner="王强"), None, START + 60)
    assert entry.snapshot.last.kind == "rejected"
    assert entry.snapshot.last.detail
    assert replace(entry.snapshot, last=before.last, acts=(), seq=0, revision=0) == replace(
        before, acts=(), seq=0, revision=0
    )


@pytest.mark.parametrize(
    ("action", "said"), [("note", "空"), ("assign", "谁"), ("close", "结果")], ids=["note", "assign", "close"]
)
def test_acts_without_their_words_are_refused(action: str, said: str) -> None:
    (entry,) = opened().command(act(action, START + 1), None, START + 1)
    assert entry.snapshot.last.kind == "rejected"
    assert said in entry.snapshot.last.detail


def test_what_is_unknown_is_refused_without_a_case() -> None:
    cases = opened()
    for command, about in (
        (act("note", START, "c9", note="?"), "c9"),
        (act("open", START, alert_id="alert-9"), "alert-9"),
    ):
        (entry,) = cases.command(command, None, START)
        assert (entry.subject, entry.id) == ("rejected", command.id)
        assert about in entry.snapshot.last.detail
    assert list(cases.cases) == ["c1"]


def test_one_case_at_a_time_for_what_is_the_same() -> None:
    cases = opened()
    (entry,) = cases.command(act("open", START + 1, alert_id="alert-2"), alert(2), START + 1)
    assert entry.snapshot.last.kind == "rejected"
    assert "c1" in entry.snapshot.last.detail
    cases.command(act("close", START + 2, outcome="误会"), None, START + 2)
    (entry,) = cases.command(act("open", START + 3, id="c2", alert_id="alert-2"), alert(2), START + 3)
    assert entry.id == "c2"
    (entry,) = cases.command(act("reopen", START + 4), None, START + 4)
    assert entry.snapshot.last.kind == "rejected"
    assert "c2" in entry.snapshot.last.detail


def test_the_same_act_twice_is_one() -> None:
    cases = opened()
    assert cases.command(act("open", START, id="c1"), alert(), START + 9) == []
    note = act("note", START + 5, note="已联系")
    assert kinds(cases.command(note, None, START + 5)) == ["noted"]
    assert cases.command(note, None, START + 6) == []


def test_each_clock_tells_once_exactly_when_it_runs_out() -> None:
    cases = opened(severity="red", level=2)
    assert cases.due() == START + HOUR
    assert cases.tick(START + HOUR - 0.001) == []
    step = cases.tick(START + HOUR)
    assert kinds(step) == ["breached", "breached"]
    told = [notice for entry in step for notice in entry.notices]
    assert [notice.key for notice in told] == ["c1:respond:0", "c1:resolve:0"]
    for notice in told:
        assert (notice.reason, notice.level, notice.case_id, notice.alert_id) == (
            "breached",
            2,
            "c1",
            "alert-1",
        )
    assert cases.tick(START + 99 * HOUR) == []
    assert cases.due() is None


def test_a_reply_stops_the_first_clock_only() -> None:
    cases = Cases(Limits(respond={**WITHIN, "red": 600.0}))
    cases.command(act("open", START, id="c1"), alert(severity="red"), START)
    assert cases.due() == START + 600
    cases.command(act("interact", START + 300), None, START + 300)
    assert cases.due() == START + HOUR
    assert [entry.notices[0].key for entry in cases.tick(START + HOUR)] == ["c1:resolve:0"]


def test_an_act_counts_from_when_the_person_acted_not_from_when_it_got_here() -> None:
    """The notifier was away for two hours: who replied in time is not blamed, who replied late is."""
    cases = opened(severity="red")
    assert kinds(cases.command(act("interact", START + 1800), None, START + 2 * HOUR)) == ["interacting"]
    assert cases.cases["c1"].responded_at == START + 1800
    assert [entry.notices[0].key for entry in cases.tick(START + 2 * HOUR)] == ["c1:resolve:0"]

    late = opened(severity="red")
    assert kinds(late.command(act("interact", START + 1.5 * HOUR), None, START + 2 * HOUR)) == [
        "breached", "breached", "interacting",
    ]  # fmt: skip
    wrong = opened()
    wrong.command(act("note", START + 9 * HOUR, note="钟快了"), None, START + 60)
    assert wrong.cases["c1"].last.at == START + 60


def test_a_worse_alert_leaves_less_time_and_never_more() -> None:
    cases = opened(severity="blue")
    (entry,) = cases.alert_changed(alert(severity="red"), START + 5 * HOUR)
    assert (entry.snapshot.last.kind, entry.snapshot.last.detail) == ("raised", "blue → red")
    assert entry.snapshot.respond_by == entry.snapshot.resolve_by == START + 6 * HOUR
    assert cases.alert_changed(alert(severity="red"), START + 5 * HOUR) == []
    near = opened(severity="blue")
    near.alert_changed(alert(severity="yellow"), START + 47 * HOUR)
    assert near.cases["c1"].respond_by == START + 48 * HOUR


def test_a_clock_that_ran_out_before_the_alert_grew_worse_had_the_old_limit() -> None:
    cases = opened(severity="orange")
    step = cases.alert_changed(alert(severity="red"), START + 4 * HOUR)
    assert kinds(step) == ["breached", "breached", "raised"]
    assert all("4" in entry.snapshot.last.detail for entry in step[:2])


def test_a_case_that_is_over_grows_no_worse() -> None:
    cases = opened(severity="blue")
    cases.command(act("close", START + 60, outcome="已解释"), None, START + 60)
    assert cases.alert_changed(alert(severity="red"), START + 120) == []


def test_an_open_case_follows_the_newest_alert_of_its_kind() -> None:
    cases = opened()
    (entry,) = cases.alert_changed(alert(2, level=1), START + 60)
    assert (entry.snapshot.last.kind, entry.snapshot.alert_id, entry.snapshot.level) == (
        "noted",
        "alert-2",
        1,
    )
    assert cases.alert_changed(alert(1, state="resolved"), START + 70) == [], (
        "of the old one nothing is heard"
    )
    assert open_for(cases, "alert-2") == [entry.snapshot]


def test_a_milder_return_keeps_the_worst_level() -> None:
    cases = opened(severity="red")
    cases.alert_changed(alert(severity="red", state="resolved"), START + 60)
    cases.command(act("close", START + 70, outcome="已解释"), None, START + 70)
    (entry,) = cases.alert_changed(alert(2, severity="blue"), START + 80)
    assert (entry.snapshot.severity, entry.snapshot.resolve_by) == ("red", START + 80 + HOUR)


def test_of_several_cases_the_one_that_is_open_is_followed() -> None:
    """A clock that is wrong lets the newer case seem the older one."""
    cases = opened()
    cases.command(act("close", START + 60, outcome="误会"), None, START + 60)
    cases.command(act("open", START - 60, id="c2"), alert(), START + 70)
    again = Cases(cases=cases.cases.values())
    for known in (cases, again):
        (entry,) = known.alert_changed(alert(state="resolved"), START + 80)
        assert entry.id == "c2"


def test_what_was_closed_long_ago_is_forgotten() -> None:
    cases = opened()
    cases.command(act("close", START + 60, outcome="误会"), None, START + 60)
    later = START + 9 * 24 * HOUR
    cases.command(act("open", later, id="c2", alert_id="alert-2"), alert(2), later)
    assert list(cases.cases) == ["c2"]


def test_the_case_stays_when_the_alert_is_over() -> None:
    cases = opened()
    over = alert(state="resolved", resolved_at=START + 60)
    (entry,) = cases.alert_changed(over, START + 60)
    assert (entry.snapshot.last.kind, entry.snapshot.state) == ("noted", "found")
    assert cases.alert_changed(over, START + 70) == []
    (entry,) = cases.alert_changed(replace(over, false_alarm=True), START + 80)
    assert (entry.snapshot.alert, entry.snapshot.state) == ("false_alarm", "found")


def test_an_alert_that_fires_again_reopens_what_was_closed() -> None:
    cases = opened()
    cases.command(act("interact", START + 60), None, START + 60)
    cases.command(act("close", START + 120, outcome="已解释"), None, START + 120)
    assert cases.alert_changed(alert(count=99), START + 130) == [], "it never stopped: closing it was meant"
    assert kinds(cases.alert_changed(alert(state="resolved"), START + 200)) == ["noted"]
    (entry,) = cases.alert_changed(alert(2, severity="red"), START + 5 * HOUR)
    case = entry.snapshot
    assert (case.last.kind, case.state, case.alert_id, case.severity) == (
        "reopened",
        "reopened",
        "alert-2",
        "red",
    )
    assert (case.responded_at, case.closed_at) == (START + 60, 0.0)
    assert (case.due, case.reopened) == ({"resolve": START + 6 * HOUR}, 1)
    assert open_for(cases, "alert-2") == [case]
    assert [one.notices[0].key for one in cases.tick(START + 6 * HOUR)] == ["c1:resolve:1"]


def test_days_later_it_is_another_event() -> None:
    cases = opened()
    cases.command(act("close", START + 60, outcome="已解释"), None, START + 60)
    cases.alert_changed(alert(state="resolved"), START + 120)
    assert cases.alert_changed(alert(2), START + 25 * HOUR) == []
    assert open_for(cases, "alert-2") == []
    assert cases.alert_changed(alert(3, stored=True), START + 200) == []


def test_a_person_reopens_within_a_week() -> None:
    cases = opened()
    cases.command(act("close", START + 60, outcome="已解释"), None, START + 60)
    at = START + 6 * 24 * HOUR
    (entry,) = cases.command(act("reopen", at), None, at)
    assert entry.snapshot.due == {"respond": at + 4 * HOUR, "resolve": at + 4 * HOUR}
    cases.command(act("close", at + 60, outcome="又解释"), None, at + 60)
    (entry,) = cases.command(act("reopen", at + 8 * 24 * HOUR), None, at + 8 * 24 * HOUR)
    assert entry.snapshot.last.kind == "rejected"


class CaseMachine(RuleBasedStateMachine):
    """Two recurring alerts, any acts in any order, restarts at any moment; what must hold is said beside it."""

    PATHS = {
        "listening": {"found", "reopened"},
        "interacting": {"found", "listening", "interacting", "reopened"},
        "resolved": {"listening", "interacting"},
        "closed": {"found", "listening", "interacting", "resolved", "reopened"},
        "reopened": {"resolved", "closed"},
    }

    def __init__(self) -> None:
        super().__init__()
        self.now = START
        self.number = 0
        self.cases = Cases()
        self.log: list[Any] = []
        self.notices: list[str] = []
        self.alerts = {key: alert(key, dedup_key=f"r{key}|星曜|", severity="blue") for key in (1, 2)}

    def land(self, step: Step) -> Step:
        """What the notifier does with a step, and what must be true of each."""
        known = {entry.id: entry.snapshot for entry in self.log if entry.subject == "case"}
        for entry in step:
            if entry.subject == "case":
                before: Case | None = known.get(entry.id)
                case: Case = entry.snapshot
                assert case.seq == case.revision == (before.seq + 1 if before else 1)
                if before is not None and before.state != case.state:
                    assert before.state in self.PATHS[case.state]
                    assert case.last.kind == case.state
                assert before is None or case.last.at >= before.last.at
                known[entry.id] = case
            self.notices += [one.key for one in entry.notices]
        self.log += step
        return step

    @rule(key=st.sampled_from((1, 2)))
    def open(self, key: int) -> None:
        self.number += 1
        known = self.alerts[key]
        free = all(
            case.state == "closed" for case in self.cases.cases.values() if case.dedup_key == known.dedup_key
        )
        command = act("open", self.now, id=f"case-{self.number}", alert_id=known.alert_id)
        (entry,) = self.land(self.cases.command(command, known, self.now))
        assert (entry.snapshot.last.kind == "opened") == free
        assert self.cases.command(command, known, self.now + 1) == [] or not free

    @precondition(lambda self: self.cases.cases)
    @rule(
        data=st.data(),
        action=st.sampled_from(("listen", "interact", "resolve", "close", "reopen", "note", "assign")),
        ago=st.floats(0, 2 * HOUR),
    )
    def act(self, data: st.DataObject, action: str, ago: float) -> None:
        self.number += 1
        ident = data.draw(st.sampled_from(sorted(self.cases.cases)))
        command = act(
            action, self.now - ago, ident, id=f"act-{self.number}", note="记", owner="王强", outcome="已处理"
        )
        step = self.land(self.cases.command(command, None, self.now))
        assert [entry.snapshot.last.command for entry in step][-1:] == [command.id]
        assert self.cases.command(command, None, self.now) == []

    @rule(key=st.sampled_from((1, 2)), severity=st.sampled_from(SEVERITIES))
    def fire(self, key: int, severity: str) -> None:
        before = self.alerts[key]
        self.number += 1
        new = before.state == "resolved"
        worse = max(before.severity, severity, key=SEVERITIES.index)
        self.alerts[key] = replace(
            before,
            alert_id=f"alert-{self.number}" if new else before.alert_id,
            severity=severity if new else worse,
            state="firing",
            false_alarm=False,
        )
        self.land(self.cases.alert_changed(self.alerts[key], self.now))

    @rule(key=st.sampled_from((1, 2)), false=st.booleans())
    def end(self, key: int, false: bool) -> None:
        self.alerts[key] = replace(self.alerts[key], state="resolved", false_alarm=false)
        states = {ident: case.state for ident, case in self.cases.cases.items()}
        self.land(self.cases.alert_changed(self.alerts[key], self.now))
        assert {ident: case.state for ident, case in self.cases.cases.items()} == states

    @rule(seconds=st.sampled_from((1.0, 600.0, HOUR, 5 * HOUR, 30 * HOUR, 9 * 24 * HOUR)))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @rule()
    def tick(self) -> None:
        self.land(self.cases.tick(self.now))
        assert self.cases.tick(self.now) == []
        due = self.cases.due()
        assert due is None or due > self.now

    @rule()
    def restart(self) -> None:
        """From the newest snapshots, through JSON, in another order."""
        newest = {entry.id: entry.snapshot for entry in self.log if entry.subject == "case"}
        kept = [newest[ident] for ident in self.cases.cases]
        read = [msgspec.json.decode(msgspec.json.encode(case), type=Case) for case in reversed(kept)]
        again = Cases(cases=read)
        assert again.cases == self.cases.cases
        assert again.due() == self.cases.due()
        later = self.now + 99 * HOUR
        assert Cases(cases=read).tick(later) == Cases(cases=self.cases.cases.values()).tick(later)
        for key in (1, 2):
            probe = replace(self.alerts[key], alert_id="probe", state="firing", false_alarm=False)
            assert Cases(cases=read).alert_changed(probe, self.now) == Cases(
                cases=self.cases.cases.values()
            ).alert_changed(probe, self.now)
        self.cases = again

    @invariant()
    def no_clock_tells_twice(self) -> None:
        assert len(set(self.notices)) == len(self.notices)

    @invariant()
    def clocks_run_exactly_while_they_may(self) -> None:
        for case in self.cases.cases.values():
            clocks = set() if case.state in ENDED else {"respond", "resolve"}
            if case.responded_at:
                clocks.discard("respond")
            clocks -= {told.split(":")[0] for told in case.breached if told.endswith(f":{case.reopened}")}
            assert set(case.due) == clocks

    @invariant()
    def one_open_case_for_an_alert(self) -> None:
        active = [case.dedup_key for case in self.cases.cases.values() if case.state not in ENDED]
        assert len(set(active)) == len(active)


TestCaseMachine = CaseMachine.TestCase
TestCaseMachine.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
