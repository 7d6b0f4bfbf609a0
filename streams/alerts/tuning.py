"""Which rules wake people for nothing, and what would have kept them quiet. Pure."""

from collections.abc import Sequence
from math import ceil
from statistics import median
from typing import Literal, NamedTuple

from streams.topics.alert import Kind

FEWEST = 5
"""Alerts of a rule below which nothing is said about it."""

NOISY = 0.5
"""Share of wasted alerts from which on a rule is noisy."""

_DAY = 86_400.0

Advice = Literal["", "threshold", "hold", "exclude", "store"]


class Seen(NamedTuple):
    """What came of one alert; a row of the view `alert_tuning`.

    Attributes:
        kind: of its rule.
        highest, lowest: of the values it was measured at.
        matches: matching records; for rules about single posts.
        notices: how many were sent because of it.
        claim_seconds: from the first firing until somebody claimed it; None if nobody did.
        ended_by_people: whether a person resolved it or said that it is a false alarm.
        false_alarm: whether a person said so.
        acted: whether a person did something about it, and it was no false alarm.
        wasted: a false alarm, or over by itself without anybody having done anything.
        resolved: whether it is over.
    """

    kind: Kind
    highest: float
    lowest: float
    matches: int
    notices: int
    claim_seconds: float | None
    ended_by_people: bool
    false_alarm: bool
    acted: bool
    wasted: bool
    resolved: bool


class Suggestion(NamedTuple):
    """A change to a rule, and what it would have done to the alerts that were looked at.

    Attributes:
        advice: `threshold` to be moved; `hold` for longer; `exclude` words by the query; `store` without telling
            anybody; "" for nothing.
        setting: the key of the rule file.
        value: for it.
        suppressed: wasted alerts that there would not have been.
        lost: alerts that a person acted on and that there would not have been either: 0 by construction.
    """

    advice: Advice
    setting: str = ""
    value: float | None = None
    suppressed: int = 0
    lost: int = 0


class Tuning(NamedTuple):
    """How a rule did.

    Attributes:
        rule: its name.
        alerts: how many.
        notices: sent because of them.
        claimed: share that somebody claimed.
        false_alarms: share of false alarms among those that people ended; None if they ended none.
        claim_seconds: median from firing to claim; None without any.
        by_itself: share that was over by itself and that nobody had claimed.
        wasted: share that was wasted.
        noise: wasted notices a day: those sent because of wasted alerts, divided by the days.
        noisy: at least half were wasted, out of five or more.
        suggestion: what to change.
    """

    rule: str
    alerts: int
    notices: int
    claimed: float
    false_alarms: float | None
    claim_seconds: float | None
    by_itself: float
    wasted: float
    noise: float
    noisy: bool
    suggestion: Suggestion


def tuning(rule: str, seen: Sequence[Seen], seconds: float, *, falls: bool = False) -> Tuning:
    """How a rule did in a window.

    Args:
        rule: its name.
        seen: its alerts; one at least.
        seconds: length of the window.
        falls: whether it speaks when a value falls below a bound.
    """
    claims = [one.claim_seconds for one in seen if one.claim_seconds is not None]
    by_people = [one.false_alarm for one in seen if one.ended_by_people]
    alone = [one for one in seen if one.resolved and not one.ended_by_people and one.claim_seconds is None]
    wasted = [one for one in seen if one.wasted]
    share = len(wasted) / len(seen)
    noisy = len(seen) >= FEWEST and share >= NOISY
    return Tuning(
        rule,
        len(seen),
        sum(one.notices for one in seen),
        len(claims) / len(seen),
        sum(by_people) / len(by_people) if by_people else None,
        median(claims) if claims else None,
        len(alone) / len(seen),
        share,
        sum(one.notices for one in wasted) / (seconds / _DAY),
        noisy,
        suggest(seen, falls=falls) if noisy else Suggestion(""),
    )


def suggest(seen: Sequence[Seen], *, falls: bool = False) -> Suggestion:
    """What would have spared the most without losing what a person acted on.

    The bound moves to the 90th percentile of the wasted alerts' sizes, but never past the smallest one that a
    person acted on. Where that spares less than half of them, size does not tell the useless from the useful:
    false alarms then ask for other words, alerts that end by themselves for a longer `hold`, and a rule that
    nobody ever acted on for being stored only.

    Args:
        seen: alerts of one rule, some of them wasted.
        falls: whether it speaks when a value falls below a bound.
    """
    kind = seen[0].kind
    wasted = [one for one in seen if one.wasted]
    acted = [one for one in seen if one.acted]
    setting = _setting(kind, falls=falls)
    if setting:
        bound = percentile([_size(one, falls=falls) for one in wasted], 0.9)
        if acted:
            bound = min(bound, *(_size(one, falls=falls) for one in acted))
        spared = sum(_size(one, falls=falls) < bound for one in wasted)
        if spared * 2 >= len(wasted):
            return Suggestion("threshold", setting, -bound if falls else bound, spared)
    false = sum(one.false_alarm for one in wasted)
    if false * 2 >= len(wasted):
        return Suggestion("exclude", "query")
    if kind == "post" and not acted:
        return Suggestion("store", "alert", 0.0, len(wasted))
    return Suggestion("exclude", "query") if kind == "post" else Suggestion("hold", "hold")


def percentile(values: Sequence[float], part: float) -> float:
    """The smallest of the values that at least this part of them does not exceed (nearest rank)."""
    return sorted(values)[max(0, ceil(part * len(values)) - 1)]


def _setting(kind: Kind, *, falls: bool) -> str:
    if kind in ("window", "cascade"):
        return "below" if falls else "above"
    return "minimum" if kind == "spike" else ""


def _size(one: Seen, *, falls: bool) -> float:
    """How far an alert went: larger is worse."""
    return -one.lowest if falls else one.highest
