"""What people may do with cases, from 发现 to 结案, and what the clocks and the alert do to them. Pure.

    found ─▶ listening ─▶ interacting ─▶ resolved ─▶ closed
      └──────────┴─────────────┴───────────────────────▲
    reopened ◀── a person, or the alert that fires again

A case has two clocks: until the first reply, and until it is resolved. Both start when it is opened, run in real
hours, and are shorter the worse the alert is; each tells once when it has run out.
"""

from collections.abc import Iterable, Mapping
from typing import Literal

from msgspec.structs import replace

from streams.alerts.case import ENDED, Case, CaseState, Limits, after, happened, mark, named
from streams.alerts.model import Alert, Entry, Event, Notice, Rejection, Step
from streams.language import t
from streams.severity import SEVERITIES, Severity
from streams.topics.alert import Command

__all__ = ["Case", "Cases", "Limits"]

_DAY = 86_400.0


class _Rejection(Exception):
    """Why an act cannot be."""


LEADS_TO: Mapping[str, tuple[CaseState, frozenset[CaseState]]] = {
    "case_listen": ("listening", frozenset({"found", "reopened"})),
    "case_interact": ("interacting", frozenset({"found", "listening", "interacting", "reopened"})),
    "case_resolve": ("resolved", frozenset({"listening", "interacting"})),
    "case_close": ("closed", frozenset({"found", "listening", "interacting", "resolved", "reopened"})),
    "case_reopen": ("reopened", ENDED),
}
"""Act → the state it leads to, and those it may be done in."""


class Cases:
    """All cases that are open or ended lately; deterministic, `now` in Unix seconds is an argument.

    Args:
        limits: how long people may take.
        cases: newest snapshots, in any order.

    Attributes:
        cases: by case_id.
    """

    def __init__(self, limits: Limits = Limits(), cases: Iterable[Case] = ()) -> None:  # noqa: B008 - immutable
        self._limits = limits
        self.cases: dict[str, Case] = {}
        self._newest: dict[str, str] = {}
        for case in cases:
            self._keep(case)

    def command(self, command: Command, alert: Alert | None, now: float) -> Step:
        """Apply an act of a person on a case.

        Args:
            command: a `case_` one. It counts from when the person acted, not from when it got here.
            alert: the alert that it names, for `case_open`.
            now: Unix seconds.
        """
        case = self.cases.get(command.id if command.action == "case_open" else command.case_id)
        if case is not None and command.id in case.acts:
            return []
        at = min(command.at, now)
        late: Step = []
        try:
            if command.action == "case_open":
                return self._step(self._opened(command, alert, at))
            if case is None:
                raise _Rejection(t(f"没有处置单 {command.case_id}", f"there is no case {command.case_id}"))
            at = max(at, case.last.at)
            late = self._run_out(case, at)
            return late + self._step(self._acted(self.cases[case.case_id], command, at))
        except _Rejection as error:
            return late + self._rejected(command, str(error), at)

    def alert_changed(self, alert: Alert, now: float) -> Step:
        """Follow the alert of a case: worse, over, a false alarm, or back. Only a person closes the case."""
        case = self._of(alert.dedup_key)
        if case is None:
            return []
        step = self._run_out(case, now)
        case = self.cases[case.case_id]
        if alert.false_alarm or alert.state == "resolved":
            over: Literal["false_alarm", "resolved"] = "false_alarm" if alert.false_alarm else "resolved"
            if alert.alert_id == case.alert_id and over != case.alert:
                said = (
                    t("告警被标为误报", "the alert is a false alarm")
                    if alert.false_alarm
                    else t("告警已解除", "the alert is resolved")
                )
                step += self._step(after(replace(case, alert=over), "noted", now, said))
        elif alert.state in ("firing", "acknowledged") and not alert.stored:
            if case.alert != "firing" or case.alert_id != alert.alert_id:
                step += self._fired_again(case, alert, now)
            step += self._raised(self.cases[case.case_id], alert, now)
        return step

    def tick(self, now: float) -> Step:
        """Every clock that has run out tells once."""
        running = ((min(case.due.values()), case.case_id) for case in self.cases.values() if case.due)
        ran_out = sorted(due for due in running if due[0] <= now)
        return [entry for _, case_id in ran_out for entry in self._run_out(self.cases[case_id], now)]

    def due(self) -> float | None:
        """When `tick` has something next; None for never."""
        return min((at for case in self.cases.values() for at in case.due.values()), default=None)

    def _opened(self, command: Command, alert: Alert | None, at: float) -> Case:
        if alert is None:
            raise _Rejection(t(f"没有告警 {command.alert_id}", f"there is no alert {command.alert_id}"))
        there = self._of(alert.dedup_key)
        if there is not None and there.state != "closed":
            raise _Rejection(
                t(
                    f"该告警已有处置单 {there.case_id}（{named(there.state)}）",
                    f"the alert has case {there.case_id} already ({named(there.state)})",
                )
            )
        self._forget(at)
        case = Case(
            case_id=command.id,
            alert_id=alert.alert_id,
            dedup_key=alert.dedup_key,
            rule=alert.rule,
            brand=alert.brand,
            entity=alert.entity,
            severity=alert.severity,
            owner=command.owner or command.actor,
            level=alert.level,
            opened_at=at,
            respond_by=at + self._limits.respond[alert.severity],
            resolve_by=at + self._limits.resolve[alert.severity],
            alert="false_alarm"
            if alert.false_alarm
            else "resolved"
            if alert.state == "resolved"
            else "firing",
            refs=alert.refs,
            window_start=alert.window_start,
            window_end=alert.window_end,
            last=Event(kind="opened", at=at),
        )
        return after(case, "opened", at, command.note, command)

    def _acted(self, case: Case, command: Command, at: float) -> Case:
        match command.action:
            case "case_note":
                if not command.note:
                    raise _Rejection(t("记录是空的", "the note is empty"))
                return after(case, "noted", at, command.note, command)
            case "case_assign":
                if case.state == "closed":
                    raise _Rejection(t("处置单已结案，要先重开", "the case is closed: reopen it first"))
                if not command.owner:
                    raise _Rejection(t("没有写交给谁", "nobody is named to have it"))
                said = " · ".join(filter(None, (f"→ {command.owner}", command.note)))
                return after(replace(case, owner=command.owner), "assigned", at, said, command)
            case action if action in LEADS_TO:
                return self._moved(case, command, at)
        raise _Rejection(t(f"处置单没有 {command.action} 这一步", f"a case knows no {command.action}"))

    def _moved(self, case: Case, command: Command, at: float) -> Case:
        state, allowed = LEADS_TO[command.action]
        if case.state not in allowed:
            names = t("、", ", ").join(named(one) for one in sorted(allowed))
            raise _Rejection(
                t(
                    f"处置单在“{named(case.state)}”，不能转到“{named(state)}”；可以从{names}转来",
                    f"the case is {named(case.state)} and cannot be {named(state)}; that comes after {names}",
                )
            )
        outcome = command.outcome or case.outcome
        said = " · ".join(filter(None, (command.note, command.outcome)))
        match state:
            case "interacting":
                case = replace(case, responded_at=case.responded_at or at)
            case "resolved":
                case = replace(case, resolved_at=at, outcome=outcome)
            case "closed":
                if not outcome:
                    raise _Rejection(t("结案要写明结果", "say what came of it to close the case"))
                case = replace(case, closed_at=at, outcome=outcome)
            case "reopened":
                self._check_reopening(case, at)
                case = self._again(case, case.severity, at)
        return after(replace(case, state=state), state, at, said, command)

    def _check_reopening(self, case: Case, at: float) -> None:
        if at - (case.closed_at or case.resolved_at) > self._limits.reopen_within:
            days = f"{self._limits.reopen_within / _DAY:g}"
            raise _Rejection(
                t(f"结束已超过 {days} 天，请新开一张", f"it ended more than {days} days ago: open a new one")
            )
        newest = self._of(case.dedup_key)
        if newest is not None and newest.case_id != case.case_id and newest.state != "closed":
            raise _Rejection(
                t(
                    f"同一告警已另有处置单 {newest.case_id}",
                    f"the same alert has case {newest.case_id} by now",
                )
            )

    def _again(self, case: Case, severity: Severity, at: float) -> Case:
        """Reopened: the clock until it is resolved starts anew; the other one too while nobody has replied."""
        return replace(
            case,
            state="reopened",
            severity=severity,
            respond_by=case.respond_by if case.responded_at else at + self._limits.respond[severity],
            resolve_by=at + self._limits.resolve[severity],
            resolved_at=0.0,
            closed_at=0.0,
            reopened=case.reopened + 1,
        )

    def _fired_again(self, case: Case, alert: Alert, now: float) -> Step:
        said = t("告警再次触发", "the alert fires again")
        again = replace(case, alert="firing", alert_id=alert.alert_id, level=alert.level)
        if case.state not in ENDED:
            return self._step(after(again, "noted", now, said))
        if now - (case.closed_at or case.resolved_at) > self._limits.same_event:
            return []
        severity = max(case.severity, alert.severity, key=SEVERITIES.index)
        return self._step(after(self._again(again, severity, now), "reopened", now, said))

    def _raised(self, case: Case, alert: Alert, now: float) -> Step:
        """A worse alert leaves less time: counted from now, and never more than there was."""
        worse = SEVERITIES.index(alert.severity) > SEVERITIES.index(case.severity)
        if not worse or case.state in ENDED or case.alert_id != alert.alert_id:
            return []
        raised = replace(
            case,
            severity=alert.severity,
            level=alert.level,
            respond_by=min(case.respond_by, now + self._limits.respond[alert.severity]),
            resolve_by=min(case.resolve_by, now + self._limits.resolve[alert.severity]),
        )
        return self._step(after(raised, "raised", now, f"{case.severity} → {alert.severity}"))

    def _run_out(self, case: Case, now: float) -> Step:
        step: Step = []
        for clock, by in sorted(case.due.items(), key=lambda due: due[1]):
            if by > now:
                continue
            limit = (self._limits.respond if clock == "respond" else self._limits.resolve)[case.severity]
            hours = f"{limit / 3600:g}"
            said = (
                t(f"首次回应超时（限 {hours} 小时）", f"the first reply is overdue (limit {hours} h)")
                if clock == "respond"
                else t(f"化解超时（限 {hours} 小时）", f"overdue to be resolved (limit {hours} h)")
            )
            case = after(replace(case, breached=(*case.breached, mark(clock, case))), "breached", now, said)
            notice = Notice(
                key=f"{case.case_id}:{mark(clock, case)}",
                alert_id=case.alert_id,
                reason="breached",
                at=now,
                level=case.level,
                note=said,
                case_id=case.case_id,
            )
            step += self._step(case, notice)
        return step

    def _rejected(self, command: Command, why: str, at: float) -> Step:
        case = self.cases.get(command.case_id)
        if case is None:
            refusal = Rejection(
                alert_id=command.alert_id, opened_at=at, last=happened("rejected", at, why, command)
            )
            return [Entry("rejected", command.id, refusal)]
        return self._step(after(case, "rejected", at, why, command))

    def _step(self, case: Case, *notices: Notice) -> Step:
        self._keep(case)
        return [Entry("case", case.case_id, case, notices)]

    def _keep(self, case: Case) -> None:
        self.cases[case.case_id] = case
        same = [one for one in self.cases.values() if one.dedup_key == case.dedup_key]
        newest = max(same, key=lambda one: (one.state != "closed", one.opened_at, one.case_id))
        self._newest[case.dedup_key] = newest.case_id

    def _of(self, dedup_key: str) -> Case | None:
        """The case of a recurring alert: the one that is not closed, or else the newest."""
        return self.cases.get(self._newest.get(dedup_key, ""))

    def _forget(self, now: float) -> None:
        for case in list(self.cases.values()):
            if case.state == "closed" and now - case.closed_at > self._limits.reopen_within + _DAY:
                del self.cases[case.case_id]
