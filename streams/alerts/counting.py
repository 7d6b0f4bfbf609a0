"""What a verdict adds to an alert: exact counts through replays, severity, and what the newest one says."""

from bisect import bisect_right
from collections.abc import Mapping

from msgspec.structs import replace

from streams.alerts.model import SEVERITIES, Alert
from streams.alerts.seen import NOTHING, merged
from streams.alerts.shelf import rank
from streams.topics.alert import Ref, Severity, Verdict

WITHIN = 10
"""Minutes over which matches are counted that raise the severity."""
REFS = 20
"""Posts kept to be shown."""
_WINDOW = "window"


def fresh(verdict: Verdict, seen: Mapping[str, int]) -> tuple[int, dict[str, int]]:
    """How many matches of a verdict are new, and what is seen with them.

    Records are told by their offsets, however they are cut into verdicts. A window without records counts once.
    """
    if verdict.offsets:
        source = f"{verdict.topic}:{verdict.epoch}:{verdict.partition}"
        new = len(verdict.offsets) - bisect_right(verdict.offsets, seen.get(source, NOTHING))
        newest = verdict.offsets[-1]
    else:
        source, newest = _WINDOW, round(verdict.window_end * 1000)
        new = int(newest > seen.get(source, NOTHING))
    return new, merged(seen, {source: newest}) if new else dict(seen)


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


def grown(alert: Alert, verdict: Verdict, new: int, seen: dict[str, int]) -> Alert:
    """The alert with one more verdict in it; its severity stays, for a rise is an event of its own."""
    newest = verdict.at >= alert.last_fired
    said = verdict if newest else alert
    return replace(
        alert,
        rule_version=max(alert.rule_version, verdict.version),
        team=verdict.team if newest else alert.team,
        last_fired=max(alert.last_fired, verdict.at),
        count=alert.count + new,
        window_start=min(alert.window_start, verdict.window_start) if verdict.offsets else said.window_start,
        window_end=max(alert.window_end, verdict.window_end) if verdict.offsets else said.window_end,
        value=said.value,
        expected=said.expected,
        sql=said.sql,
        refs=_merged(alert.refs, verdict.refs) if verdict.offsets else said.refs,
        seen=seen,
        recent=minutes(alert.recent, verdict, new),
    )


def _merged(old: tuple[Ref, ...], new: tuple[Ref, ...]) -> tuple[Ref, ...]:
    """The newest first; the first ones of the alert stay at the end, for they say what it began with."""
    known = {(ref.kind, ref.platform, ref.id) for ref in old}
    added = tuple(ref for ref in new if (ref.kind, ref.platform, ref.id) not in known)
    merged = added + old
    return merged if len(merged) <= REFS else merged[: REFS - 3] + merged[-3:]
