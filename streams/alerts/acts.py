"""What people do about alerts, and why some of it is refused."""

from collections import OrderedDict
from collections.abc import Callable

from msgspec.structs import replace

from streams.alerts.model import Alert, Entry, Event, Rejection, Silence
from streams.alerts.shelf import covers, is_open
from streams.alerts.turn import Turn, level_name
from streams.language import t
from streams.topics.alert import Command

LONGEST_SILENCE = 30 * 86_400.0
"""Seconds."""


class Done:
    """The ids of the acts that were done lately: one that comes twice is done once."""

    def __init__(self, most: int = 100_000) -> None:
        self._most = most
        self._ids: OrderedDict[str, None] = OrderedDict()

    def add(self, command: str) -> bool:
        """Remember an id; False when it is known."""
        if command in self._ids:
            return False
        if command:
            self._ids[command] = None
            if len(self._ids) > self._most:
                self._ids.popitem(last=False)
        return True


def act(turn: Turn, command: Command) -> None:
    """Do what a person wants, or write down why not."""
    if command.action == "silence":
        _silence(turn, command)
        return
    if command.action == "unsilence":
        _unsilence(turn, command)
        return
    alert = turn.shelf.by_id(command.alert_id)
    if alert is None:
        _reject(turn, command, _unknown(command.alert_id))
        return
    refused = _REFUSALS[command.action](turn, alert, command)
    if refused:
        turn.write(alert, _event(turn, command, "rejected", refused))
    else:
        _ACTS[command.action](turn, alert, command)


def end_silence(turn: Turn, silence: Silence, event: Event) -> None:
    """End a silence; the alerts that it covered come out of it and those that still fire say so."""
    turn.write_silence(silence, event, ended_at=turn.now)
    if event.kind == "expired":
        note = t(f"{silence.actor} 的静默已到期", f"the silence by {silence.actor} has run out")
    else:
        note = t(f"{event.actor} 解除了静默", f"{event.actor} ended the silence")
    if silence.comment:
        note += t(f"（{silence.comment}）", f" ({silence.comment})")
    for alert in turn.shelf.silenced_by(silence.silence_id):
        turn.uncover(alert, replace(event, kind="unsilenced", detail=note), note)


def _event(turn: Turn, command: Command, kind: str, detail: str | None = None) -> Event:
    return Event(
        kind=kind,
        at=turn.now,
        actor=command.actor,
        via=command.via,
        source=command.source,
        detail=command.note if detail is None else detail,
        command=command.id,
    )


def _reject(turn: Turn, command: Command, why: str) -> None:
    """Of something unknown: the refusal stands for itself, for there is nothing that it could be written to."""
    alert = turn.shelf.by_id(command.alert_id)
    if alert is not None:
        turn.write(alert, _event(turn, command, "rejected", why))
        return
    refusal = Rejection(
        alert_id=command.alert_id,
        rule=command.rule,
        brand=command.brand,
        severity=command.severity,
        opened_at=turn.now,
        last=_event(turn, command, "rejected", why),
    )
    turn.step.append(Entry("rejected", command.id, refusal))


# Silences


def _silence(turn: Turn, command: Command) -> None:
    silence = Silence(
        silence_id=command.id,
        alert_id=command.alert_id,
        rule=command.rule,
        brand=command.brand,
        severity=command.severity,
        since=turn.now,
        until=command.until,
        actor=command.actor,
        comment=command.note,
        last=_event(turn, command, "silenced"),
    )
    refused = _no_silence(turn, silence)
    if refused:
        _reject(turn, command, refused)
        return
    turn.write_silence(silence, silence.last)
    for alert in list(turn.shelf.covered(silence)):
        turn.cover(alert, silence)


def _no_silence(turn: Turn, silence: Silence) -> str:
    if not (silence.alert_id or silence.rule or silence.brand):
        return t("静默须指明告警、规则或品牌之一", "a silence needs an alert, a rule or a brand")
    if silence.until <= turn.now:
        return t("静默的结束时间已过", "the silence would end in the past")
    if silence.until > turn.now + LONGEST_SILENCE:
        return t("静默最长 30 天", "a silence lasts 30 days at most")
    return _not_silenceable(turn, silence) if silence.alert_id else ""


def _not_silenceable(turn: Turn, silence: Silence) -> str:
    alert = turn.shelf.by_id(silence.alert_id)
    if alert is None:
        return _unknown(silence.alert_id)
    if not is_open(alert):
        return _over(turn, alert)
    if not covers(silence, alert):
        return t(
            f"告警为{level_name(alert.severity)}，静默须指明 severity={alert.severity}",
            f"the alert is {alert.severity}: the silence must name severity={alert.severity}",
        )
    return ""


def _unsilence(turn: Turn, command: Command) -> None:
    alert = turn.shelf.by_id(command.alert_id)
    silence = turn.shelf.silences.get(command.silence_id or (alert.silence if alert is not None else ""))
    if silence is None:
        _reject(turn, command, t("没有这样的静默", "there is no such silence"))
    elif silence.ended_at:
        ended = turn.clock(silence.ended_at)
        turn.write_silence(
            silence,
            _event(turn, command, "rejected", t(f"静默已于 {ended} 结束", f"the silence ended at {ended}")),
        )
    else:
        end_silence(turn, silence, _event(turn, command, "unsilenced"))


# What is done to an alert


def _acknowledge(turn: Turn, alert: Alert, command: Command) -> None:
    claimed = t(
        f"{command.actor} {turn.clock(turn.now)} 已认领",
        f"claimed by {command.actor} at {turn.clock(turn.now)}",
    )
    due = {name: at for name, at in alert.due.items() if name == "resolve"}
    if alert.state == "firing" and not alert.case_id:
        due["case"] = turn.now + turn.policy.acknowledged_for
    _say(
        turn, alert, _event(turn, command, "acknowledged"), claimed, due=due, owner=command.actor,
        acknowledged_at=turn.now, state="silenced" if alert.silence else "acknowledged",
    )  # fmt: skip


def _unacknowledge(turn: Turn, alert: Alert, command: Command) -> None:
    event = _event(turn, command, "unacknowledged")
    due = {name: at for name, at in alert.due.items() if name == "resolve"}
    note = t(f"{command.actor} 放弃认领", f"{command.actor} gave it back")
    state = "silenced" if alert.silence else "firing"
    turn.tell(alert, event, turn.reason(alert), note, due=due, owner="", acknowledged_at=0.0, state=state)


def _assign(turn: Turn, alert: Alert, command: Command) -> None:
    note = t(f"{command.actor} 指派给 {command.owner}", f"{command.actor} assigned it to {command.owner}")
    event = _event(turn, command, "assigned", "：".join(filter(None, (note, command.note))))
    _say(turn, alert, event, note, owner=command.owner)


def _note(turn: Turn, alert: Alert, command: Command) -> None:
    turn.write(alert, _event(turn, command, "noted"))


def _resolve(turn: Turn, alert: Alert, command: Command) -> None:
    turn.resolve(alert, _event(turn, command, "resolved"), _with(command, t("已解除", "resolved it")))


def _false_alarm(turn: Turn, alert: Alert, command: Command) -> None:
    event = _event(turn, command, "false_alarm")
    if is_open(alert):
        turn.resolve(alert, event, _with(command, t("标为误报", "called it a false alarm")), false_alarm=True)
    else:
        turn.write(alert, event, false_alarm=True)


def _say(turn: Turn, alert: Alert, event: Event, note: str, **changes: object) -> None:
    """Tell those who were told of the alert who has it now; others first hear of the alert itself."""
    state = changes.get("state", alert.state)
    if not alert.notices or state not in ("acknowledged", "firing"):
        turn.write(alert, event, **changes)
    else:
        turn.tell(alert, event, "acknowledged" if state == "acknowledged" else "repeat", note, **changes)


def _with(command: Command, done: str) -> str:
    return "：".join(filter(None, (f"{command.actor} {done}", command.note)))


# Why not


def _unknown(alert_id: str) -> str:
    return t(f"没有告警 {alert_id}", f"there is no alert {alert_id}")


def _over(turn: Turn, alert: Alert) -> str:
    at = turn.clock(alert.resolved_at)
    return t(f"告警已于 {at} 解除", f"the alert was resolved at {at}")


def _not_open(turn: Turn, alert: Alert, _: Command) -> str:
    return "" if is_open(alert) else _over(turn, alert)


def _not_claimable(turn: Turn, alert: Alert, command: Command) -> str:
    if alert.acknowledged_at and is_open(alert):
        at = turn.clock(alert.acknowledged_at)
        return t(f"{alert.owner} {at} 已认领", f"claimed by {alert.owner} at {at}")
    if alert.state == "pending":
        return t("告警尚未触发", "the alert has not fired yet")
    return _not_open(turn, alert, command)


def _not_claimed(turn: Turn, alert: Alert, command: Command) -> str:
    if is_open(alert) and not alert.acknowledged_at:
        return t("告警无人认领", "nobody has claimed the alert")
    return _not_open(turn, alert, command)


def _not_assignable(turn: Turn, alert: Alert, command: Command) -> str:
    if not command.owner:
        return t("没有说明指派给谁", "it does not say whom to assign it to")
    return _not_open(turn, alert, command)


def _known_false(turn: Turn, alert: Alert, _: Command) -> str:
    return t("已标为误报", "it is known to be a false alarm") if alert.false_alarm else ""


def _never(turn: Turn, alert: Alert, _: Command) -> str:
    return ""


_ACTS: dict[str, Callable[[Turn, Alert, Command], None]] = {
    "acknowledge": _acknowledge,
    "unacknowledge": _unacknowledge,
    "assign": _assign,
    "note": _note,
    "resolve": _resolve,
    "false_alarm": _false_alarm,
}
_REFUSALS: dict[str, Callable[[Turn, Alert, Command], str]] = {
    "acknowledge": _not_claimable,
    "unacknowledge": _not_claimed,
    "assign": _not_assignable,
    "note": _never,
    "resolve": _not_open,
    "false_alarm": _known_false,
}
