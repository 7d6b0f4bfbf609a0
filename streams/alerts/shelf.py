"""Where alerts and silences stand, and every way in which the state machine looks for them."""

from collections.abc import Hashable, Iterable, Iterator
from typing import TypeVar

from streams.alerts.model import Alert, Silence, dedup_key
from streams.alerts.seen import Known, merged
from streams.alerts.timers import Timers
from streams.severity import SEVERITIES

BACKLOG_OVER = 30.0
"""Seconds without a late alert after which a backlog is taken to be over."""

Key = TypeVar("Key", bound=Hashable)
_SUMMARY = "backlog"
_ALERT = "alert:"
_SILENCE = "silence:"


def rank(severity: str) -> int:
    """How bad: 0 for blue to 3 for red, -1 for none."""
    return SEVERITIES.index(severity) if severity else -1


def is_open(alert: Alert) -> bool:
    """Whether it goes on."""
    return alert.state != "resolved"


def covers(silence: Silence, alert: Alert) -> bool:
    """Whether a silence that holds is meant for an alert as bad as this one."""
    return (
        silence.ended_at == 0
        and silence.alert_id in ("", alert.alert_id)
        and silence.rule in ("", alert.rule)
        and silence.brand in ("", alert.brand)
        and rank(alert.severity) <= rank(silence.severity or "orange")
    )


class Shelf:
    """All alerts and silences, with their indices. Every change goes through `put` or `put_silence`.

    Attributes:
        alerts: dedup key → its newest alert.
        silences: by id, those that ended lately included.
    """

    def __init__(
        self, group_interval: float, remembered: float, alerts: Iterable[Alert], silences: Iterable[Silence]
    ) -> None:
        self.alerts: dict[str, Alert] = {}
        self.silences: dict[str, Silence] = {}
        self._group_interval = group_interval
        self._remembered = remembered
        self._by_id: dict[str, Alert] = {}
        self._seen: dict[str, dict[str, int]] = {}
        self._known: dict[str, Known] = {}
        self._members: dict[str, int] = {}
        self._reds: dict[tuple[str, str], set[str]] = {}
        self._hidden: dict[str, set[str]] = {}
        self._covered: dict[str, set[str]] = {}
        self._open: set[str] = set()
        self._late: set[str] = set()
        self._first_late, self._last_late, self._waits = Timers(), Timers(), Timers()
        self._timers = Timers()
        for alert in sorted(alerts, key=lambda one: (one.resolved_at or float("inf"), one.incarnation)):
            self.put(alert)
        for silence in silences:
            self.put_silence(silence)

    @property
    def open(self) -> int:
        """How many alerts go on."""
        return len(self._open)

    def by_id(self, alert_id: str) -> Alert | None:
        """An alert, of an older incarnation too."""
        return self._by_id.get(alert_id)

    def counted(self, base: str) -> tuple[dict[str, int], Known]:
        """What is counted of a dedup key, by all alerts of it together: offsets and records."""
        return self._seen.get(base, {}), self._known.get(base, Known())

    def put(self, alert: Alert) -> None:
        """Let an alert stand as it is now."""
        before = self._by_id.get(alert.alert_id)
        if before is not None:
            self._index(before, remove=True)
        self._by_id[alert.alert_id] = alert
        newest = self.alerts.get(alert.dedup_key)
        if newest is None or alert.incarnation >= newest.incarnation or is_open(alert):
            self.alerts[alert.dedup_key] = alert
        self._index(alert)
        base = _base(alert)
        self._seen[base] = merged(self._seen.get(base, {}), alert.seen)
        self._known[base] = max(self._known.get(base, alert.known), alert.known, key=lambda one: one.total)
        if before is None:
            self._members[base] = self._members.get(base, 0) + 1
        self._timers.set(_ALERT + alert.alert_id, self._next(alert))
        self._schedule_summary()

    def put_silence(self, silence: Silence) -> None:
        """Let a silence stand as it is now."""
        self.silences[silence.silence_id] = silence
        until = silence.ended_at + self._remembered if silence.ended_at else silence.until
        self._timers.set(_SILENCE + silence.silence_id, until)

    def next(self) -> tuple[float, str, str] | None:
        """What is due next: when, of what (`alert`, `silence`, `backlog`), and its id."""
        found = self._timers.next()
        if found is None:
            return None
        at, name = found
        subject, _, one = name.partition(":")
        return at, subject, one

    def covering(self, alert: Alert) -> Silence | None:
        """The silence that covers an alert, of several the one that lasts longest."""
        found = [silence for silence in self.silences.values() if covers(silence, alert)]
        return max(found, key=lambda one: (one.until, one.silence_id), default=None)

    def covered(self, silence: Silence) -> Iterator[Alert]:
        """The open alerts that a new silence is for and that nothing covers yet."""
        one = self._by_id.get(silence.alert_id)
        candidates = [one] if one is not None else [self._by_id[other] for other in sorted(self._open)]
        return (
            alert
            for alert in candidates
            if alert.state in ("firing", "acknowledged") and covers(silence, alert)
        )

    def silenced_by(self, silence_id: str) -> list[Alert]:
        """The alerts that a silence covers now."""
        return [self._by_id[one] for one in sorted(self._covered.get(silence_id, ()))]

    def red(self, alert: Alert) -> Alert | None:
        """The red alert of the same event that hides a blue or yellow one."""
        if not alert.brand or rank(alert.severity) > rank("yellow"):
            return None
        found = self._reds.get((alert.brand, alert.entity))
        return self._by_id[min(found)] if found else None

    def hides(self, alert: Alert) -> bool:
        """Whether an alert hides others: red, and still everybody's concern."""
        return alert.severity == "red" and bool(alert.brand) and alert.state in ("firing", "acknowledged")

    def hidden_by(self, alert_id: str) -> list[Alert]:
        """The alerts that a red one hides."""
        return [self._by_id[one] for one in sorted(self._hidden.get(alert_id, ()))]

    def late(self) -> list[Alert]:
        """The alerts that came too late to be sent and wait for being summed up."""
        return [self._by_id[one] for one in sorted(self._late)]

    def forget(self, alert: Alert) -> None:
        """Drop a resolved alert, and what was counted of its key with its last alert."""
        self._index(alert, remove=True)
        del self._by_id[alert.alert_id]
        if self.alerts.get(alert.dedup_key) is alert:
            del self.alerts[alert.dedup_key]
        base = _base(alert)
        self._members[base] -= 1
        if not self._members[base]:
            del self._members[base], self._seen[base], self._known[base]
        self._timers.set(_ALERT + alert.alert_id, None)
        self._schedule_summary()

    def forget_silence(self, silence_id: str) -> None:
        """Drop a silence that ended long ago."""
        del self.silences[silence_id]
        self._timers.set(_SILENCE + silence_id, None)

    def _next(self, alert: Alert) -> float | None:
        times = list(alert.due.values())
        if not is_open(alert):
            times.append(alert.resolved_at + self._remembered)
        return min(times, default=None)

    def _index(self, alert: Alert, *, remove: bool = False) -> None:
        one = alert.alert_id
        if is_open(alert):
            (self._open.discard if remove else self._open.add)(one)
        if self.hides(alert):
            _enter(self._reds, (alert.brand, alert.entity), one, remove)
        if alert.inhibited_by:
            _enter(self._hidden, alert.inhibited_by, one, remove)
        if alert.silence:
            _enter(self._covered, alert.silence, one, remove)
        if alert.late:
            (self._late.discard if remove else self._late.add)(one)
            self._first_late.set(one, None if remove else alert.late)
            self._last_late.set(one, None if remove else -alert.late)
            self._waits.set(one, None if remove else alert.waits)

    def _schedule_summary(self) -> None:
        first, last, waits = self._first_late.next(), self._last_late.next(), self._waits.next()
        if first is None or last is None or waits is None:
            self._timers.set(_SUMMARY, None)
            return
        over = min(first[0] + self._group_interval, BACKLOG_OVER - last[0])
        self._timers.set(_SUMMARY, max(over, waits[0]))


def _base(alert: Alert) -> str:
    return dedup_key(alert.rule, alert.brand, alert.entity)


def _enter(index: dict[Key, set[str]], key: Key, one: str, remove: bool) -> None:
    members = index.setdefault(key, set())
    if not remove:
        members.add(one)
        return
    members.discard(one)
    if not members:
        del index[key]
