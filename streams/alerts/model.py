"""What an alert is, and what a step of the state machine gives back."""

import hashlib
from collections.abc import Callable
from datetime import timedelta, timezone, tzinfo
from typing import Any, Literal, NamedTuple, TypeAlias

from msgspec import Struct

from streams.alerts.seen import Known
from streams.severity import Severity
from streams.topics.alert import Kind, Ref, dedup_key

__all__ = [
    "MACHINE",
    "Alert",
    "Entry",
    "Event",
    "Notice",
    "Policy",
    "Rejection",
    "Silence",
    "State",
    "Step",
    "dedup_key",
    "verdict_id",
]

State = Literal["pending", "firing", "acknowledged", "resolved", "silenced"]
Reason = Literal["firing", "repeat", "escalated", "acknowledged", "resolved", "breached"]
MACHINE = "koubei"
"""The actor of what nobody did."""


def verdict_id(rule: str, version: int, entity: str, window: str) -> str:
    """The id of a verdict: the same rule on the same window gives the same one."""
    named = "\0".join((rule, str(version), entity, window))
    return hashlib.sha256(named.encode()).hexdigest()[:20]


class Event(Struct, frozen=True, kw_only=True):
    """One thing that happened to an alert, a silence or a case.

    Attributes:
        kind: pending, fired, raised, repeated, escalated, acknowledged, unacknowledged, lapsed, assigned, noted,
            silenced, unsilenced, inhibited, uninhibited, resolved, reopened, false_alarm, handed, summed, stored,
            case_opened, rejected, counted (only the numbers changed); of a silence silenced, unsilenced, expired.
        at: when, Unix seconds.
        actor: who; "koubei" for the machine.
        via: by which way; "" for the machine.
        source: from where.
        detail: in words a person reads, or the reason of a rejection.
        command: id of the act that caused it.
    """

    kind: str
    at: float
    actor: str = MACHINE
    via: str = ""
    source: str = ""
    detail: str = ""
    command: str = ""


class Alert(Struct, frozen=True, kw_only=True):
    """One alert as it stands: all that a successor needs to go on.

    Attributes:
        alert_id: id of the verdict that opened it.
        dedup_key: what its verdicts have in common.
        rule, rule_version, kind, brand, entity, team: as in the verdict; the version is that of the newest one.
        severity: the worst so far.
        state: where it is in its life.
        stored: whether it is about the past and is never sent.
        appended: Kafka time of the record that opened it; 0 where there is none.
        first_fired, last_fired: Unix seconds; of the first and newest verdict.
        count: matching records (`post`), or verdicts that held (others).
        window_start, window_end: of the posts it is about.
        value, expected, sql: of the newest verdict; for `post` the count, and how many the rule matched in the window.
        refs: posts to show, the most telling first.
        seen: `topic:epoch:partition` → highest offset counted of the key, over all its alerts; what comes again
            at or below is not counted. `window` → newest window counted, in milliseconds, where no records are.
        known: records counted of the key, over all its alerts: one that comes again at another offset is not counted.
        recent: minute → matches in it, of the last ten minutes.
        latency_ms: from Kafka to the first hand-over; None before.
        owner, acknowledged_at: who has claimed it and when; "" and 0 while nobody has.
        pending_since: when it began to hold; 0 once it has fired.
        level: how far it is escalated, from 0.
        due: what → when, Unix seconds: hold (fires), held (quiet hours end), growth, repeat, escalate, case (the claim
            lapses), resolve.
        notices: how many notices it has caused.
        notified_at: when the last notice was caused; 0 before.
        notified_count: `count` at that time.
        notified_severity: `severity` at that time.
        late: when it came too late to be sent, until it is summed up; 0 otherwise.
        waits: before when it is not summed up, for it is quiet until then, unless another late one comes; 0 otherwise.
        resolved_at: Unix seconds; 0 while it is open. Of a stored one, when it last grew.
        resolved_by: who, or `koubei` when it ended by itself; "" while it is open.
        rests_until: a person resolved what still holds: until it stops, gets worse or this time it stays resolved.
        false_alarm: whether a person said so.
        flaps: when it came back soon after it was resolved.
        silence: id of the silence that covers it; "" for none.
        inhibited_by: id of the worse alert that hides it; "" for none.
        case_id: the case opened for it; "" for none.
        incarnation: how many alerts of the key came before.
        acts: ids of the newest acts on it.
        seq: number of its newest event.
        revision: grows with every change, also where `seq` stays.
        last: its newest event.
    """

    alert_id: str
    dedup_key: str
    rule: str
    rule_version: int
    kind: Kind = "post"
    brand: str = ""
    entity: str = ""
    team: str = ""
    severity: Severity = "blue"
    state: State = "firing"
    stored: bool = False
    appended: float = 0.0
    first_fired: float
    last_fired: float
    count: int = 0
    window_start: float
    window_end: float
    value: float = 0.0
    expected: float | None = None
    sql: str = ""
    refs: tuple[Ref, ...] = ()
    seen: dict[str, int] = {}
    known: Known = Known()
    recent: dict[int, int] = {}
    latency_ms: int | None = None
    owner: str = ""
    acknowledged_at: float = 0.0
    pending_since: float = 0.0
    level: int = 0
    due: dict[str, float] = {}
    notices: int = 0
    notified_at: float = 0.0
    notified_count: int = 0
    notified_severity: Severity | Literal[""] = ""
    late: float = 0.0
    waits: float = 0.0
    resolved_at: float = 0.0
    resolved_by: str = ""
    rests_until: float = 0.0
    false_alarm: bool = False
    flaps: tuple[float, ...] = ()
    silence: str = ""
    inhibited_by: str = ""
    case_id: str = ""
    incarnation: int = 0
    acts: tuple[str, ...] = ()
    seq: int = 0
    revision: int = 0
    last: Event


class Silence(Struct, frozen=True, kw_only=True):
    """Alerts that are not to be sent for a while. Red ones are, unless it names red.

    Attributes:
        silence_id: the id of the command that made it.
        alert_id, rule, brand: what it covers; "" for any. One of them at least is given.
        severity: the highest one covered; "" for orange.
        since, until: Unix seconds.
        actor: who made it.
        comment: why.
        ended_at: when it was ended or ran out; 0 while it holds.
        seq, revision, last: as of an alert.
    """

    silence_id: str
    alert_id: str = ""
    rule: str = ""
    brand: str = ""
    severity: Severity | Literal[""] = ""
    since: float
    until: float
    actor: str
    comment: str = ""
    ended_at: float = 0.0
    seq: int = 0
    revision: int = 0
    last: Event


class Notice(Struct, frozen=True, kw_only=True):
    """Something to be said to people. What it says is read from the alert when it is sent.

    Attributes:
        key: the same for two attempts at the same notice, different for all else; the idempotency key.
        alert_id: about which alert; of a case, the alert it was opened for.
        reason: why it is said now.
        at: when it was caused, Unix seconds.
        level: escalation level to be addressed.
        note: what else to say, such as that a silence has run out.
        case_id: the case it is about; "" for none.
    """

    key: str
    alert_id: str
    reason: Reason
    at: float
    level: int = 0
    note: str = ""
    case_id: str = ""


class Rejection(Struct, frozen=True, kw_only=True):
    """An act that was refused and belongs to nothing known; why is in `last.detail`. Nobody loads it again.

    Attributes:
        alert_id, rule, brand, severity: as in the command.
        state: always closed.
        owner: always empty.
        opened_at: when it was refused, Unix seconds.
        seq, revision, last: as of an alert.
    """

    alert_id: str = ""
    rule: str = ""
    brand: str = ""
    severity: Severity | Literal[""] = ""
    state: Literal["closed"] = "closed"
    owner: str = ""
    opened_at: float
    seq: int = 1
    revision: int = 1
    last: Event


class Entry(NamedTuple):
    """One row of the log: an event, what it left behind, and what is to be said.

    Attributes:
        subject: alert, silence or case; rejected for an act that belongs to none, with the id of the command.
        id: of the subject.
        snapshot: the subject afterwards; its `seq`, `revision` and `last` name the row.
        notices: to be sent because of it.
    """

    subject: Literal["alert", "silence", "case", "rejected"]
    id: str
    snapshot: Any
    notices: tuple[Notice, ...] = ()


Step: TypeAlias = list[Entry]
"""What one record or one moment changed, in order; several rows of one subject have rising `seq` or `revision`.

A row is never replaced, but for one of kind `counted`: it follows the newest event and is replaced by the next such.
"""


def _never_quiet(severity: str, now: float) -> float:
    return now


class Policy(NamedTuple):
    """How patient alerts are; seconds throughout.

    Attributes:
        group_interval: least time between a message and the next one about what has grown.
        repeat: time between two reminders until somebody has claimed it.
        acknowledge_within: unclaimed for so long, the next level is told.
        acknowledged_for: claimed for so long without a case, it fires again.
        resolve_after: a `post` alert without a new match for so long is resolved.
        page_within: records that lay in Kafka for longer are stored and summed up, not sent one by one.
        flap_window: coming back within this time of being resolved is a flap.
        flaps: so many flaps within an hour, and it says so and is held open longer.
        flap_hold: how much longer.
        levels: highest escalation level.
        quiet: (severity, now) → until when its notices are held; never later than `now` for red.
        patience: alert → seconds until the level above its own is told, None where there is none above; by default
            `acknowledge_within`, up to `levels`.
        remembered: a resolved alert is forgotten after so long; longer than Kafka keeps verdicts.
        zone: for times of day in texts, and for the days of stored alerts.
    """

    group_interval: float = 300.0
    repeat: float = 14_400.0
    acknowledge_within: float = 900.0
    acknowledged_for: float = 3_600.0
    resolve_after: float = 3_600.0
    page_within: float = 900.0
    flap_window: float = 600.0
    flaps: int = 3
    flap_hold: float = 1_800.0
    levels: int = 3
    quiet: Callable[[str, float], float] = _never_quiet
    patience: Callable[[Alert], float | None] | None = None
    remembered: float = 8 * 86_400.0
    zone: tzinfo = timezone(timedelta(hours=8), "Asia/Shanghai")
