"""The log of alerts, silences and cases, and the ledger of what was sent: written by the notifier alone."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from streams.alerts.model import Alert, Entry, Notice, Silence
from streams.store.client import Connection

REMEMBERED = 8 * 86_400.0
"""Seconds that a resolved alert is still loaded: Kafka keeps verdicts for seven days, and they may come again."""

_OPEN_STATES = ("pending", "firing", "acknowledged", "silenced")

_encode = msgspec.json.Encoder().encode
_notices = msgspec.json.Decoder(tuple[Notice, ...])


class Loaded(NamedTuple):
    """What a successor starts from.

    Attributes:
        snapshots: subject → the newest snapshots (JSON) of those that are open or changed lately.
        offset: highest offset of the topic's incarnation that is applied; -1 for none.
    """

    snapshots: dict[str, list[bytes]]
    offset: int


class Attempt(NamedTuple):
    """A line of the ledger.

    Attributes:
        key: of the notice.
        channel: name of the channel.
        alert_id: the alert.
        reason: why it is sent.
        state: claimed, sent, refused, failed, unknown or merged.
        attempts: how many.
        repeated: whether it may have been delivered before.
        code, answer: of the platform.
        merged_into: key of the message that stands for it; "" for none.
    """

    key: str
    channel: str
    alert_id: str
    reason: str
    state: str
    attempts: int = 0
    repeated: bool = False
    code: str = ""
    answer: str = ""
    merged_into: str = ""


def append(connection: Connection, entries: Sequence[Entry], *, epoch: int = 0, offset: int = 0) -> None:
    """Write entries as one block: all of them or none.

    Args:
        connection: an account that writes.
        entries: in order.
        epoch: ordinal of the incarnation of the topic `alerts`; 0 when no record caused them.
        offset: the last record applied before this block. Raises as `Connection.insert`.
    """
    if not entries:
        return
    rows = [_row(entry) for entry in entries]
    columns: dict[str, list[Any]] = {name: [row[name] for row in rows] for name in rows[0]}
    columns["src_epoch"] = [epoch] * len(rows)
    columns["src_offset"] = [offset] * len(rows)
    connection.insert("alert_log", columns)


def load(connection: Connection, epoch: int) -> Loaded:
    """Everything that is open or was changed within `REMEMBERED`. Raises as `Connection.query`."""
    found = connection.query(
        "SELECT subject, snapshot FROM alert_log WHERE subject IN ('alert', 'silence', 'case') "
        "AND (subject, id) IN (SELECT subject, id FROM alert_log GROUP BY subject, id "
        "HAVING (argMax(state, (seq, revision)) AS newest) NOT IN ('ended', 'closed') "
        "AND NOT (subject = 'alert' AND newest = 'resolved') "
        "OR max(landed_at) >= now64(3) - toIntervalSecond({remembered:UInt32})) "
        "ORDER BY subject, id, seq DESC, revision DESC LIMIT 1 BY subject, id",
        {"remembered": int(REMEMBERED)},
    )
    snapshots: dict[str, list[bytes]] = {"alert": [], "silence": [], "case": []}
    for subject, snapshot in found.rows:
        snapshots[subject].append(snapshot.encode())
    applied = connection.query(
        "SELECT if(count() = 0, -1, toInt64(max(src_offset))) FROM alert_log WHERE src_epoch = {epoch:UInt32}",
        {"epoch": epoch},
    )
    return Loaded(snapshots, int(applied.rows[0][0]))


def unsent(connection: Connection, since: float) -> list[tuple[Notice, dict[str, str]]]:
    """Notices caused since then, each with the state of every channel in the ledger, oldest first.

    The caller knows which channels each was meant for; one that has no line there was never tried.
    """
    rows = connection.query(
        "SELECT notices FROM alert_log FINAL WHERE notices != '' AND at >= fromUnixTimestamp64Milli({since:Int64}) "
        "ORDER BY at, id, seq",
        {"since": int(since * 1000)},
    ).rows
    found = {notice.key: notice for (text,) in rows for notice in _notices.decode(text)}
    states: dict[str, dict[str, str]] = {key: {} for key in found}
    if found:
        for key, channel, state in connection.query(
            "SELECT key, channel, state FROM notifications_latest WHERE key IN {keys:Array(String)}",
            {"keys": list(found)},
        ).rows:
            states[key][channel] = state
    return [(notice, states[key]) for key, notice in found.items()]


def note(connection: Connection, attempts: Sequence[Attempt]) -> None:
    """Write lines of the ledger; of the same key and channel the last one counts. Raises as `Connection.insert`."""
    if not attempts:
        return
    columns: dict[str, list[Any]] = {
        name: [getattr(one, name) for one in attempts] for name in Attempt._fields
    }
    connection.insert("notifications", columns)


def outcome_of(connection: Connection, command: str) -> Mapping[str, Any] | None:
    """What became of an act: the event that it caused, or None while there is none yet."""
    found = connection.query(
        "SELECT subject, id, kind, at, actor, detail, state, owner FROM alert_log WHERE command = {command:String} "
        "ORDER BY landed_at LIMIT 1",
        {"command": command},
    ).dicts()
    return found[0] if found else None


def _row(entry: Entry) -> dict[str, Any]:
    one = entry.snapshot
    last = one.last
    row: dict[str, Any] = {
        "subject": entry.subject,
        "id": entry.id,
        "seq": one.seq,
        "revision": one.revision,
        "at": _milliseconds(last.at),
        "kind": last.kind,
        "actor": last.actor,
        "via": last.via,
        "source": last.source,
        "detail": last.detail,
        "command": last.command,
        **dict.fromkeys(
            ("alert_id", "rule", "rule_kind", "brand", "entity", "severity", "state", "owner", "sql"), ""
        ),
        **dict.fromkeys(
            ("rule_version", "count", "first_fired", "last_fired", "window_start", "window_end"), 0
        ),
        "value": 0.0,
        "expected": None,
        "latency_ms": None,
        "false_alarm": False,
        "stored": False,
        "snapshot": _encode(one).decode(),
        "notices": _encode(entry.notices).decode() if entry.notices else "",
    }
    if isinstance(one, Alert):
        row |= {
            name: getattr(one, name)
            for name in ("alert_id", "rule", "rule_version", "brand", "entity", "severity", "state", "owner",
                         "count", "value", "expected", "latency_ms", "sql", "false_alarm", "stored")
        } | {"rule_kind": one.kind}  # fmt: skip
        row |= {
            name: _milliseconds(getattr(one, name))
            for name in ("first_fired", "last_fired", "window_start", "window_end")
        }
    elif isinstance(one, Silence):
        row |= {"alert_id": one.alert_id, "rule": one.rule, "brand": one.brand, "severity": one.severity}
        row |= {"state": "ended" if one.ended_at else "active", "owner": one.actor}
        row |= {"first_fired": _milliseconds(one.since), "window_end": _milliseconds(one.until)}
    else:
        row |= {
            name: getattr(one, name) for name in ("alert_id", "rule", "brand", "severity", "state", "owner")
        }
        row |= {"first_fired": _milliseconds(one.opened_at)}
    return row


def _milliseconds(at: float) -> int:
    return round(at * 1000)
