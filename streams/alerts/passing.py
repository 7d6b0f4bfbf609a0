"""What time makes of alerts: they fire, are repeated, escalated and summed up, and end."""

from streams.alerts.acts import end_silence
from streams.alerts.model import Alert, Silence
from streams.alerts.shelf import is_open, rank
from streams.alerts.turn import Turn
from streams.alerts.verdicts import tell_growth
from streams.language import t

_ORDER = ("case", "hold", "resolve", "held", "escalate", "growth", "repeat", "forget")
"""Of what is due at once, what comes first: what ends or tells more makes the others needless."""


def run(turn: Turn) -> None:
    """Do everything that is due."""
    while (due := turn.shelf.next()) is not None and due[0] <= turn.now:
        _, subject, one = due
        if subject == "backlog":
            _sum_up(turn)
        elif subject == "silence":
            _end_silence(turn, turn.shelf.silences[one])
        else:
            alert = turn.shelf.by_id(one)
            assert alert is not None
            _pass(turn, alert)
        turn.done()


def _pass(turn: Turn, alert: Alert) -> None:
    """One thing that is due by time; another one that is due at the same time has its own turn."""
    due = min((name for name, at in alert.due.items() if at <= turn.now), key=_ORDER.index, default="forget")
    if due == "forget":
        turn.shelf.forget(alert)
    elif due == "hold":
        turn.fire(alert, turn.event("fired"))
    elif due == "resolve":
        _resolve_by_time(turn, alert)
    elif due == "case":
        _lapse(turn, alert)
    elif _may_speak(turn, alert, due):
        _speak(turn, alert, due)


def _resolve_by_time(turn: Turn, alert: Alert) -> None:
    if "held" in alert.due:
        at = max(alert.due["held"], turn.now) + turn.policy.resolve_after
        turn.amend(alert, due=alert.due | {"resolve": at})
        return
    turn.resolve(alert, turn.event("resolved", t("不再有新的命中", "nothing new matched")))


def _lapse(turn: Turn, alert: Alert) -> None:
    minutes = round(turn.policy.acknowledged_for / 60)
    note = t(
        f"{alert.owner} 认领 {minutes} 分钟后仍未建立处置单",
        f"claimed by {alert.owner} {minutes} minutes ago, and no case was opened",
    )
    due = {name: at for name, at in alert.due.items() if name == "resolve"}
    turn.tell(
        alert,
        turn.event("lapsed", note),
        "repeat",
        note,
        state="firing",
        owner="",
        acknowledged_at=0.0,
        due=due,
    )


def _may_speak(turn: Turn, alert: Alert, due: str) -> bool:
    """Whether a timer may cause a notice now; if not, it waits for what stands against it."""
    if is_open(alert) and (red := turn.shelf.red(alert)):
        turn.hide(alert, red)
        return False
    until = turn.policy.quiet(alert.severity, turn.now)
    if until > turn.now:
        turn.amend(alert, due=alert.due | {due: until})
        return False
    return True


def _speak(turn: Turn, alert: Alert, due: str) -> None:
    if due == "growth":
        tell_growth(turn, alert)
    elif due == "escalate":
        level = alert.level + 1
        note = t(f"无人认领，通知第 {level + 1} 级", f"unclaimed: telling level {level + 1}")
        rest = {name: at for name, at in alert.due.items() if name != "escalate"}
        turn.tell(alert, turn.event("escalated", note), "escalated", note, level=level, due=rest)
    elif due == "held" and not is_open(alert):
        turn.notify(alert, turn.event("repeated"), "resolved")
    elif due == "held":
        note = t("免打扰时段内触发，现补发", "held back during quiet hours")
        turn.tell(alert, turn.event("repeated", note), turn.reason(alert), note)
    else:
        note = t("仍无人认领", "still unclaimed")
        turn.tell(alert, turn.event("repeated", note), "repeat", note)


def _sum_up(turn: Turn) -> None:
    """The backlog is over: one notice for all that came too late to be sent."""
    hidden, shown = [], []
    for alert in turn.shelf.late():
        red = turn.shelf.red(alert) if is_open(alert) else None
        if red is None:
            shown.append(alert)
        else:
            hidden.append((alert, red))
    worst = max(
        shown, key=lambda one: (is_open(one), rank(one.severity), one.count, one.alert_id), default=None
    )
    until = turn.policy.quiet(worst.severity, turn.now) if worst is not None else turn.now
    if until > turn.now:
        for alert in turn.shelf.late():
            if alert.waits != until:
                turn.amend(alert, waits=until)
        return
    for alert, red in hidden:
        turn.hide(alert, red)
    if worst is None:
        return
    others = len(shown) - 1
    note = (
        t(
            f"恢复：积压期间另有 {others} 条告警未逐条发送",
            f"caught up: {others} more alerts were not sent one by one",
        )
        if others
        else t("恢复：积压期间触发，未及时发送", "caught up: fired while records were piled up")
    )
    turn.notify(worst, turn.event("summed", note), "firing", note)
    for alert in shown:
        if alert is not worst:
            detail = t(f"并入告警 {worst.alert_id} 的通知", f"told with alert {worst.alert_id}")
            due = dict(alert.due)
            if alert.state == "firing":
                due["repeat"] = turn.now + turn.policy.repeat
            turn.write(alert, turn.event("summed", detail), late=0.0, due=due)


def _end_silence(turn: Turn, silence: Silence) -> None:
    if silence.ended_at:
        turn.shelf.forget_silence(silence.silence_id)
        return
    end_silence(turn, silence, turn.event("expired"))
