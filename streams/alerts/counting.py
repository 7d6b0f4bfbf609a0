"""What a verdict adds to an alert: exact counts through replays, severity, and what the newest one says."""

from bisect import bisect_right
from collections.abc import Mapping
from typing import Any, NamedTuple

from msgspec.structs import replace

from streams.alerts.model import Alert
from streams.alerts.question import matched
from streams.alerts.seen import NOTHING, Known, merged
from streams.alerts.shelf import rank
from streams.severity import SEVERITIES, Severity
from streams.topics.alert import KEY, Ref, Verdict

WITHIN = 10
"""Minutes over which matches are counted that raise the severity."""
REFS = 20
"""Posts kept to be shown."""
_ANY_WINDOW = "window"


class Fresh(NamedTuple):
    """What a verdict adds.

    Attributes:
        new: matches that were not counted before.
        seen, known: what is counted with them.
    """

    new: int
    seen: dict[str, int]
    known: Known


def fresh(verdict: Verdict, seen: Mapping[str, int], known: Known) -> Fresh:
    """What of a verdict is new.

    Records are told by their offsets, however they are cut into verdicts, and by their keys, however often they were
    collected. A window without records counts once.
    """
    if verdict.offsets:
        source = f"{verdict.topic}:{verdict.epoch}:{verdict.partition}"
        counted = bisect_right(verdict.offsets, seen.get(source, NOTHING))
        new, newest = len(verdict.offsets) - counted, verdict.offsets[-1]
    else:
        source, newest = _ANY_WINDOW, round(verdict.window_end * 1000)
        counted, new = 0, int(newest > seen.get(source, NOTHING))
    if new and verdict.keys:
        unknown = known.without(verdict.keys[counted * KEY :])
        new, known = len(unknown), known.plus(unknown)
    return Fresh(new, merged(seen, {source: newest}) if new else dict(seen), known)


def minutes(recent: Mapping[int, int], verdict: Verdict, matches: int) -> dict[int, int]:
    """Matches a minute over the last ten, by Kafka's time: a backlog does not look like a rush."""
    minute = int((verdict.appended or verdict.at) // 60)
    counted = {**recent, minute: recent.get(minute, 0) + matches}
    oldest = max(counted) - WITHIN
    return {one: count for one, count in sorted(counted.items()) if one > oldest}


def severity(verdict: Verdict, recent: Mapping[int, int], so_far: Severity = "blue") -> Severity:
    """The worst of what it was, what the verdict says, and what so many matches bring."""
    matches = sum(recent.values())
    reached = [level for level, least in verdict.levels.items() if matches >= least]
    return SEVERITIES[max(map(rank, (so_far, verdict.severity, *reached)))]


def grown(alert: Alert, verdict: Verdict, fresh: Fresh) -> Alert:
    """The alert with one more verdict in it; its severity stays, for a rise is an event of its own."""
    newest = verdict.at >= alert.last_fired
    said = verdict if newest else alert
    return replace(
        alert,
        rule_version=max(alert.rule_version, verdict.version),
        team=verdict.team if newest else alert.team,
        last_fired=max(alert.last_fired, verdict.at),
        count=alert.count + fresh.new,
        seen=fresh.seen,
        known=fresh.known,
        recent=minutes(alert.recent, verdict, fresh.new),
        **(_records(alert, verdict, fresh.new) if verdict.offsets else _window(said)),
    )


def _records(alert: Alert, verdict: Verdict, new: int) -> dict[str, Any]:
    """All of the alert's posts together, and the query that counts them."""
    start = min(alert.window_start, verdict.window_start)
    stop = max(alert.window_end, verdict.window_end)
    return {
        "window_start": start,
        "window_end": stop,
        "value": float(alert.count + new),
        "sql": matched(alert.rule, alert.entity, start, stop),
        "refs": _merged(alert.refs, verdict.refs),
    }


def _window(said: Verdict | Alert) -> dict[str, Any]:
    """What the newest window says."""
    return {
        "window_start": said.window_start,
        "window_end": said.window_end,
        "value": said.value,
        "expected": said.expected,
        "sql": said.sql,
        "refs": said.refs,
    }


def _merged(old: tuple[Ref, ...], new: tuple[Ref, ...]) -> tuple[Ref, ...]:
    """The newest first; the first ones of the alert stay at the end, for they say what it began with."""
    known = {(ref.kind, ref.platform, ref.id) for ref in old}
    added = tuple(ref for ref in new if (ref.kind, ref.platform, ref.id) not in known)
    merged = added + old
    return merged if len(merged) <= REFS else merged[: REFS - 3] + merged[-3:]
