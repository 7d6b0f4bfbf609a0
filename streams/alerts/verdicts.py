"""What a rule's word makes of alerts: opened, counted, raised, brought back, over."""

from datetime import datetime

from msgspec.structs import replace

from streams.alerts import counting
from streams.alerts.counting import Fresh
from streams.alerts.model import MACHINE, Alert, verdict_id
from streams.alerts.shelf import covers, is_open, rank
from streams.alerts.turn import Turn, level_name
from streams.language import t
from streams.topics.alert import Verdict

GROWN = 10
"""An open alert speaks again when its count is so many times what it said last …"""
GROWN_LEAST = 100
"""… and at least this: fifty posts of one event are one card."""


def take(turn: Turn, verdict: Verdict) -> None:
    """Let a verdict change what it changes: nothing when all of it was counted before."""
    fresh = counting.fresh(verdict, *turn.shelf.counted(verdict.dedup_key))
    alert = turn.shelf.alerts.get(verdict.dedup_key)
    if not verdict.holds:
        _ended(turn, verdict)
    elif not fresh.new and (verdict.offsets or _stale(turn, verdict)):
        return
    elif verdict.kind == "post" and verdict.window_end < verdict.at - verdict.max_age:
        _store(turn, verdict, fresh)
    elif alert is not None and is_open(alert):
        _grow(turn, alert, verdict, fresh)
    else:
        _begin(turn, alert, verdict, fresh)


def _late(turn: Turn, verdict: Verdict) -> bool:
    began = verdict.appended if verdict.kind == "post" and verdict.appended else verdict.at
    return turn.now - began > turn.policy.page_within


def _stale(turn: Turn, verdict: Verdict) -> bool:
    alert = turn.shelf.alerts.get(verdict.dedup_key)
    return alert is not None and verdict.at <= max(alert.last_fired, alert.resolved_at)


def _opened(turn: Turn, verdict: Verdict, key: str, alert_id: str) -> Alert:
    before = turn.shelf.alerts.get(key)
    return Alert(
        alert_id=alert_id,
        dedup_key=key,
        rule=verdict.rule,
        rule_version=verdict.version,
        kind=verdict.kind,
        brand=verdict.brand,
        entity=verdict.entity,
        team=verdict.team,
        severity=verdict.severity,
        appended=verdict.appended,
        first_fired=verdict.at,
        last_fired=verdict.at,
        window_start=verdict.window_start,
        window_end=verdict.window_end,
        incarnation=0 if before is None else before.incarnation + 1,
        last=turn.event("opened"),
    )


def _store(turn: Turn, verdict: Verdict, fresh: Fresh) -> None:
    """What is history: counted by the day, over from the start, never sent."""
    day = datetime.fromtimestamp(verdict.window_end, turn.policy.zone).date().isoformat()
    key = f"{verdict.dedup_key}|{day}"
    alert = turn.shelf.alerts.get(key)
    over = {"resolved_at": turn.now, "state": "resolved"}
    if alert is not None:
        alert = counting.grown(alert, verdict, fresh)
        turn.amend(alert, severity=counting.severity(verdict, {}, alert.severity), **over)
        return
    one = verdict_id(verdict.rule, verdict.version, verdict.entity, f"{day}/{verdict.id}")
    alert = counting.grown(_opened(turn, verdict, key, one), verdict, fresh)
    turn.write(alert, turn.event("stored"), stored=True, resolved_by=MACHINE, **over)


def _begin(turn: Turn, before: Alert | None, verdict: Verdict, fresh: Fresh) -> None:
    """A key that is unknown or resolved."""
    now = turn.now
    if before is not None and now < before.rests_until and rank(verdict.severity) <= rank(before.severity):
        turn.amend(counting.grown(before, verdict, fresh))
        return
    back = before is not None and before.resolved_by == MACHINE
    if before is not None and back and now - before.resolved_at <= turn.policy.flap_window:
        _reopen(turn, before, verdict, fresh)
        return
    one = verdict.id
    if turn.shelf.by_id(one) is not None:
        times = 1 if before is None else before.incarnation + 1
        one = verdict_id(verdict.rule, verdict.version, verdict.dedup_key, f"{one}/{times}")
    alert = counting.grown(_opened(turn, verdict, verdict.dedup_key, one), verdict, fresh)
    alert = replace(alert, severity=counting.severity(verdict, alert.recent))
    _start(turn, alert, verdict, "fired")


def _reopen(turn: Turn, before: Alert, verdict: Verdict, fresh: Fresh) -> None:
    alert = counting.grown(before, verdict, fresh)
    alert = replace(
        alert,
        severity=counting.severity(verdict, alert.recent, alert.severity),
        resolved_at=0.0,
        resolved_by="",
        due={},
    )
    if before.pending_since:
        _start(turn, alert, verdict, "fired")
        return
    flaps = tuple(at for at in before.flaps if at > turn.now - 3600.0)
    _start(turn, replace(alert, flaps=(*flaps, turn.now)), verdict, "reopened")


def _start(turn: Turn, alert: Alert, verdict: Verdict, kind: str) -> None:
    if verdict.hold > 0:
        due = {"hold": turn.now + verdict.hold}
        turn.write(alert, turn.event("pending"), state="pending", pending_since=turn.now, due=due)
        return
    detail = ""
    if turn.flaps(alert):
        times = len(alert.flaps)
        detail = t(f"抖动：一小时内第 {times} 次反复", f"flapping: came back {times} times within an hour")
    turn.fire(alert, turn.event(kind, detail), late=_late(turn, verdict))


def _grow(turn: Turn, alert: Alert, verdict: Verdict, fresh: Fresh) -> None:
    """A key that is open: counted, and only spoken of when it has become worse or very much more."""
    before = alert
    alert = counting.grown(alert, verdict, fresh)
    worst = counting.severity(verdict, alert.recent, alert.severity)
    if alert.state == "pending":
        alert = replace(alert, severity=worst)
        if alert.due["hold"] <= turn.now:
            turn.fire(alert, turn.event("fired"), late=_late(turn, verdict))
        else:
            turn.amend(alert)
        return
    due = {name: at for name, at in alert.due.items() if name != "resolve"}
    alert = replace(alert, due=due | turn.resolving(alert))
    if worst != before.severity:
        _raise(turn, replace(alert, severity=worst), before, late=_late(turn, verdict))
    elif _untold(alert) and not _late(turn, verdict):
        turn.tell(alert, turn.event("fired"), turn.reason(alert))
    else:
        _follow(turn, alert)


def _raise(turn: Turn, alert: Alert, before: Alert, *, late: bool) -> None:
    was, is_now = level_name(before.severity), level_name(alert.severity)
    note = t(f"由{was}升为{is_now}", f"raised from {was} to {is_now}")
    event = turn.event("raised", note)
    silence = turn.shelf.silences.get(alert.silence)
    if silence is not None and covers(silence, alert):
        turn.write(alert, event)
        return
    if silence is not None:
        if other := turn.shelf.covering(alert):
            turn.cover(turn.write(alert, event), other)
            return
        until = turn.clock(silence.until)
        note += t(
            f"，{silence.actor} 静默至 {until} 不再适用",
            f"; the silence by {silence.actor} until {until} is broken",
        )
        alert = turn.bare(alert)
        event = turn.event("raised", note)
    if late:
        turn.write(alert, event, late=alert.late or turn.now, waits=0.0)
    else:
        turn.tell(alert, event, turn.reason(alert), note)


def _untold(alert: Alert) -> bool:
    quiet = alert.silence or alert.inhibited_by or "held" in alert.due
    return not alert.notices and alert.state == "firing" and not quiet


def _follow(turn: Turn, alert: Alert) -> None:
    """Counted; and when it is ten times what was said, said again."""
    open_to_say = alert.notices and not alert.silence and not alert.inhibited_by
    if alert.kind != "post" or not open_to_say or not _much_more(alert) or "held" in alert.due:
        turn.amend(alert)
        return
    at = alert.notified_at + turn.policy.group_interval
    if at > turn.now:
        turn.amend(alert, due=alert.due | {"growth": at})
    else:
        tell_growth(turn, alert)


def tell_growth(turn: Turn, alert: Alert) -> None:
    """Say how much an alert has grown since it was last spoken of."""
    note = t(
        f"已增至 {alert.count} 条（上次通知时 {alert.notified_count} 条）",
        f"grown to {alert.count} (from {alert.notified_count} when last told)",
    )
    turn.tell(alert, turn.event("repeated", note), "repeat", note)


def _ended(turn: Turn, verdict: Verdict) -> None:
    """What held no longer does."""
    alert = turn.shelf.alerts.get(verdict.dedup_key)
    if alert is None or verdict.at < alert.last_fired:
        return
    if not is_open(alert):
        if alert.rests_until:
            turn.amend(alert, rests_until=0.0)
    elif turn.flaps(alert) and alert.state != "pending":
        if "resolve" not in alert.due:
            turn.amend(alert, due=alert.due | {"resolve": turn.now + turn.policy.flap_hold})
    else:
        turn.resolve(alert, turn.event("resolved"), late=_late(turn, verdict))


def _much_more(alert: Alert) -> bool:
    return alert.count >= max(GROWN_LEAST, GROWN * alert.notified_count)
