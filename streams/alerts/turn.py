"""One turn of the state machine: what is written down, and whether something may be said with it."""

from datetime import datetime
from typing import Any

from msgspec.structs import replace

from streams.alerts.model import MACHINE, Alert, Entry, Event, Notice, Policy, Reason, Silence, Step
from streams.alerts.shelf import Shelf, is_open, rank
from streams.language import t

COUNTED = "counted"
ACTS = 8
"""Ids of acts that an alert remembers."""
LEVEL_NAMES = {
    "blue": ("蓝色（一般）", "blue"),
    "yellow": ("黄色（较大）", "yellow"),
    "orange": ("橙色（重大）", "orange"),
    "red": ("红色（特别重大）", "red"),
}


class Turn:
    """What one record or one moment does, on a shelf that it changes.

    Attributes:
        shelf: where all stands.
        policy: how patient alerts are.
        now: the time, Unix seconds.
        step: what was changed so far.
    """

    def __init__(self, shelf: Shelf, policy: Policy, now: float) -> None:
        self.shelf = shelf
        self.policy = policy
        self.now = now
        self.step: Step = []
        self._gone: list[Alert] = []

    # Writing

    def event(self, kind: str, detail: str = "") -> Event:
        """Something that nobody did."""
        return Event(kind=kind, at=self.now, detail=detail)

    def write(self, alert: Alert, event: Event, *notices: Notice, **changes: Any) -> Alert:
        """Let something happen to an alert."""
        if event.command:
            changes["acts"] = (*alert.acts[1 - ACTS :], event.command)
        alert = replace(alert, **changes, seq=alert.seq + 1, revision=alert.revision + 1, last=event)
        self._put(alert)
        self.step.append(Entry("alert", alert.alert_id, alert, notices))
        return alert

    def amend(self, alert: Alert, **changes: Any) -> Alert:
        """Change the numbers of an alert, nothing else: one row after its newest event is replaced again and again.

        The event's own row stays, for it holds the notices that the event caused.
        """
        newest = self.step[-1] if self.step else None
        if newest is not None and newest.id == alert.alert_id:
            alert = replace(alert, **changes, revision=alert.revision + 1)
            self.step[-1] = newest._replace(snapshot=alert)
            self._put(alert)
            return alert
        if alert.last.kind != COUNTED:
            return self.write(alert, self.event(COUNTED), **changes)
        alert = replace(alert, **changes, revision=alert.revision + 1, last=self.event(COUNTED))
        self._put(alert)
        self.step.append(Entry("alert", alert.alert_id, alert))
        return alert

    def write_silence(self, silence: Silence, event: Event, **changes: Any) -> Silence:
        """Let something happen to a silence."""
        silence = replace(silence, **changes, seq=silence.seq + 1, revision=silence.revision + 1, last=event)
        self.shelf.put_silence(silence)
        self.step.append(Entry("silence", silence.silence_id, silence))
        return silence

    def done(self) -> Step:
        """What was changed, once all that red alerts hid and no longer hide has come out."""
        while self._gone:
            red = self._gone.pop(0)
            for alert in self.shelf.hidden_by(red.alert_id):
                self._come_out(alert, red)
        return self.step

    def _put(self, alert: Alert) -> None:
        before = self.shelf.by_id(alert.alert_id)
        self.shelf.put(alert)
        if before is not None and self.shelf.hides(before) and not self.shelf.hides(alert):
            self._gone.append(alert)

    # Saying

    def tell(self, alert: Alert, event: Event, reason: Reason, note: str = "", **changes: Any) -> Alert:
        """Let something happen to an alert and say so, unless something stands against saying it."""
        after = replace(alert, **changes)
        if after.stored or after.silence:
            return self.write(after, event)
        if red := self.shelf.red(after):
            return self.hide(self.write(after, event), red)
        until = self.policy.quiet(after.severity, self.now)
        if until > self.now:
            return self._hold(after, event, reason, until)
        return self.notify(after, event, reason, note)

    def notify(self, alert: Alert, event: Event, reason: Reason, note: str = "") -> Alert:
        """Let something happen to an alert and say so."""
        notice = Notice(
            key=f"{alert.alert_id}:{alert.seq + 1}:{reason}",
            alert_id=alert.alert_id,
            reason=reason,
            at=self.now,
            level=alert.level,
            note=note,
            case_id=alert.case_id,
        )
        alert = replace(
            alert,
            notices=alert.notices + 1,
            notified_at=self.now,
            notified_count=alert.count,
            notified_severity=alert.severity,
            late=0.0,
            inhibited_by="",
        )
        return self.write(alert, event, notice, due=self.waiting(alert))

    def hide(self, alert: Alert, red: Alert) -> Alert:
        """Keep silent about an alert because a worse one of the same event says enough."""
        if not is_open(alert):
            return alert
        changes = {"due": self.kept(alert), "late": 0.0}
        if alert.inhibited_by == red.alert_id:
            return self.amend(alert, **changes)
        event = self.event(
            "inhibited", t(f"红色告警「{red.rule}」期间不单独通知", f"hidden by red alert {red.rule}")
        )
        return self.write(alert, event, **changes, inhibited_by=red.alert_id)

    def reason(self, alert: Alert) -> Reason:
        """Why an alert that goes on is spoken of now."""
        if not alert.notices:
            return "firing"
        return "escalated" if rank(alert.severity) > rank(alert.notified_severity) else "repeat"

    def waiting(self, alert: Alert) -> dict[str, float]:
        """What is due after a notice."""
        due = self.kept(alert)
        if alert.state == "firing":
            due["repeat"] = self.now + self.policy.repeat
            patience = self.patience(alert)
            if patience is not None:
                due["escalate"] = alert.due.get("escalate", self.now + patience)
        return due

    def kept(self, alert: Alert) -> dict[str, float]:
        """What is due whatever is said."""
        return {name: at for name, at in alert.due.items() if name in ("resolve", "case")}

    def patience(self, alert: Alert) -> float | None:
        """Seconds until the next level is told; None when there is none."""
        if self.policy.patience is not None:
            return self.policy.patience(alert)
        return self.policy.acknowledge_within if alert.level < self.policy.levels else None

    def _hold(self, alert: Alert, event: Event, reason: Reason, until: float) -> Alert:
        """Quiet hours: one notice when they end, if there is still something to say by then."""
        if reason == "acknowledged":
            return self.write(alert, event, due=self.kept(alert))
        waits = t(f"免打扰时段，{self.clock(until)} 再通知", f"quiet hours: told at {self.clock(until)}")
        event = replace(event, detail="；".join(filter(None, (event.detail, waits))))
        return self.write(alert, event, late=0.0, due=self.kept(alert) | {"held": until})

    def _come_out(self, alert: Alert, red: Alert) -> None:
        if other := self.shelf.red(alert):
            self.amend(alert, inhibited_by=other.alert_id)
            return
        event = self.event("uninhibited")
        if alert.state == "firing":
            note = t(f"红色告警「{red.rule}」不再压制本告警", f"no longer hidden by red alert {red.rule}")
            self.tell(alert, event, self.reason(alert), note, inhibited_by="")
        else:
            self.write(alert, event, inhibited_by="")

    # Steps that several causes share

    def fire(self, alert: Alert, event: Event, *, late: bool = False) -> Alert:
        """Let an alert fire for the first time or again."""
        alert = self.bare(replace(alert, pending_since=0.0, due=self.resolving(alert)))
        if silence := self.shelf.covering(alert):
            return self.cover(self.write(alert, event), silence)
        worse = rank(alert.severity) > rank(alert.notified_severity)
        if alert.notices and not worse and self.now < alert.notified_at + self.policy.repeat:
            waiting = self.waiting(alert)
            if "repeat" in waiting:
                waiting["repeat"] = alert.notified_at + self.policy.repeat
            return self.write(alert, event, due=waiting)
        if late:
            return self.write(alert, event, late=self.now, waits=0.0)
        return self.tell(alert, event, self.reason(alert))

    def resolve(
        self, alert: Alert, event: Event, note: str = "", *, late: bool = False, **changes: Any
    ) -> Alert:
        """Let an alert be over; those who were told of it are told."""
        told = alert.notices > 0 and not late and not alert.silence and not alert.inhibited_by
        by_person = event.actor != MACHINE
        changes |= {
            "state": "resolved",
            "due": {},
            "silence": "",
            "inhibited_by": "",
            "resolved_at": self.now,
            "resolved_by": event.actor,
            "rests_until": self.now + self.policy.repeat if by_person and alert.kind != "post" else 0.0,
        }
        return (
            self.tell(alert, event, "resolved", note, **changes)
            if told
            else self.write(alert, event, **changes)
        )

    def cover(self, alert: Alert, silence: Silence) -> Alert:
        """Silence an alert."""
        detail = t(
            f"{silence.actor} 静默至 {self.clock(silence.until)}",
            f"silenced by {silence.actor} until {self.clock(silence.until)}",
        )
        if silence.comment:
            detail = f"{detail}：{silence.comment}"
        due = {name: at for name, at in alert.due.items() if name == "resolve"}
        event = self.event("silenced", detail)
        return self.write(
            alert, event, state="silenced", silence=silence.silence_id, inhibited_by="", late=0.0, due=due
        )

    def uncover(self, alert: Alert, event: Event, note: str) -> Alert:
        """A silence has ended: whoever still fires says so."""
        if other := self.shelf.covering(alert):
            return self.cover(alert, other)
        alert = self.bare(alert)
        if alert.state == "acknowledged":
            return self.write(alert, event)
        return self.tell(alert, event, self.reason(alert), note)

    def bare(self, alert: Alert) -> Alert:
        """An alert that is neither pending nor silenced any more: with somebody or with nobody, as it was before."""
        if not alert.acknowledged_at:
            return replace(alert, state="firing", silence="")
        due = alert.due if alert.case_id else alert.due | {"case": self.now + self.policy.acknowledged_for}
        return replace(alert, state="acknowledged", silence="", due=due)

    def resolving(self, alert: Alert) -> dict[str, float]:
        """When an alert is over by itself: only those about posts are, the others end with their condition."""
        if alert.kind != "post":
            return {}
        longer = self.policy.flap_hold if self.flaps(alert) else 0.0
        return {"resolve": self.now + self.policy.resolve_after + longer}

    def flaps(self, alert: Alert) -> bool:
        """Whether it comes and goes so often that it is held open."""
        return sum(at > self.now - 3600.0 for at in alert.flaps) >= self.policy.flaps

    # Words

    def clock(self, at: float) -> str:
        """A time of day as people say it, with the date unless it is today."""
        when = datetime.fromtimestamp(at, self.policy.zone)
        today = datetime.fromtimestamp(self.now, self.policy.zone).date()
        return when.strftime("%H:%M" if when.date() == today else "%m-%d %H:%M")


def level_name(severity: str) -> str:
    """A severity as people say it."""
    return t(*LEVEL_NAMES[severity])
