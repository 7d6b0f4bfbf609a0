"""Alerts, silences and cases as they stand, behind one door: what a record or a moment changes in all of them."""

from collections.abc import Iterable
from typing import TypeVar

import msgspec

from streams.alerts.book import Book
from streams.alerts.case import Case, Limits
from streams.alerts.cases import Cases
from streams.alerts.model import Alert, Policy, Silence, Step
from streams.errors import BadRecord
from streams.store.alerts import Loaded
from streams.topics import codec
from streams.topics.alert import AlertRecord, Verdict
from streams.topics.registry import ALERTS

S = TypeVar("S", bound=msgspec.Struct)

LATEST = 10_000_000_000.0
"""Unix seconds that the log can hold (DateTime64 ends in 2299)."""

_record = codec.decoder(ALERTS.struct)


class Docket:
    """What the owner of the topic `alerts` knows.

    Args:
        policy: how patient alerts are.
        limits: how patient cases are.
        loaded: what a predecessor left.

    Attributes:
        applied: highest offset applied; -1 for none.

    Raises:
        msgspec.DecodeError: a snapshot that is none; this program cannot go on from there.
    """

    def __init__(self, policy: Policy, limits: Limits, loaded: Loaded) -> None:
        found = loaded.snapshots
        self._book = Book(policy, _restored(Alert, found["alert"]), _restored(Silence, found["silence"]))
        self._cases = Cases(limits, _restored(Case, found["case"]))
        self.applied = loaded.offset

    @property
    def open_alerts(self) -> int:
        """How many alerts are not resolved."""
        return sum(alert.state != "resolved" for alert in self._book.alerts.values())

    @property
    def open_cases(self) -> int:
        """How many cases are not closed."""
        return sum(case.state != "closed" for case in self._cases.cases.values())

    def alert(self, alert_id: str) -> Alert | None:
        """The alert of that id."""
        return self._book.by_id(alert_id)

    def case(self, case_id: str) -> Case | None:
        """The case of that id."""
        return self._cases.cases.get(case_id)

    def apply(self, record: AlertRecord, now: float) -> Step:
        """What a record changes."""
        if isinstance(record, Verdict):
            return self._followed(self._book.verdict(record, now), now)
        if not record.action.startswith("case_"):
            return self._followed(self._book.command(record, now), now)
        return self._kept(self._cases.command(record, self.alert(record.alert_id), now), now)

    def handed(self, alert_id: str, latency_ms: int, now: float) -> Step:
        """What the first hand-over of an alert changes."""
        return self._book.handed(alert_id, latency_ms, now)

    def tick(self, now: float) -> Step:
        """What is due by time."""
        return self._followed(self._book.tick(now), now) + self._kept(self._cases.tick(now), now)

    def due(self) -> float | None:
        """When `tick` has something next, Unix seconds."""
        return min((at for at in (self._book.due(), self._cases.due()) if at is not None), default=None)

    def _followed(self, step: Step, now: float) -> Step:
        """Cases follow their alerts."""
        newest = {entry.id: entry.snapshot for entry in step if entry.subject == "alert"}
        changed = [entry for alert in newest.values() for entry in self._cases.alert_changed(alert, now)]
        return step + self._kept(changed, now)

    def _kept(self, step: Step, now: float) -> Step:
        """Alerts know the case that looks after them."""
        more: Step = []
        for entry in step:
            if entry.subject == "case" and entry.snapshot.state != "closed":
                more += self._book.case_opened(entry.snapshot.alert_id, entry.id, now)
        return step + more


def _restored(struct: type[S], snapshots: Iterable[bytes]) -> list[S]:
    decode = msgspec.json.Decoder(struct).decode
    return [decode(snapshot) for snapshot in snapshots]


def decoded(value: bytes | None) -> AlertRecord:
    """What a record of the topic says.

    Raises:
        BadRecord: nothing that could be applied and logged.
    """
    record: AlertRecord = codec.decode(_record, value)
    times = (
        (record.at, record.window_start, record.window_end) if isinstance(record, Verdict) else (record.at,)
    )
    if not all(0 <= at < LATEST for at in times):
        raise BadRecord("invalid", f"times {times}: needed are Unix seconds")
    return record
