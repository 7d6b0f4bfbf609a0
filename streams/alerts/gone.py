"""What has gone quiet: a platform that used to deliver, and a brand that used to speak."""

import math
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from streams.alerts.question import Answer, Question, Versioned, literal, literals, moment, seconds
from streams.rules.rule import Rule

DAY = 86_400.0
DAYS = 7
"""Days that tell what a platform usually delivers."""

CHANCE = 0.01
"""A silence less likely than that is no chance."""

REMEMBERED = 90 * DAY
"""A brand that has not spoken for so long is not waited for."""

_PARTS = 5
_ENOUGH = 20
_SPAN = 3


class Gap(NamedTuple):
    """How long a platform has delivered nothing.

    Attributes:
        platform: which.
        since: Kafka time of its last post, Unix seconds.
        usual: posts that it usually delivers in such a time.
        absent: whether that is no chance.
    """

    platform: str
    since: float
    usual: float
    absent: bool


def gaps(rows: Iterable[Sequence[Any]], window: float, now: float) -> list[Gap]:
    """What the rows of `arrivals` say.

    What is usual is the mean of the same stretch of the days before, at most seven, if half of their fifths had
    posts. Before there is a day, it is the rate so far, if the platform has delivered for three windows and in
    every second one. So files that are fed now and then are not missed.

    Args:
        rows: of the query.
        window: seconds of silence that it takes at least.
        now: Unix seconds.
    """
    found = []
    for platform, last, first, posts, busy, same, parts in rows:
        silence, span = now - last, last - first
        days = min(DAYS, int(span // DAY))
        if days:
            usual, steady = same / days, 2 * parts >= _PARTS * days
        else:
            usual = posts / span * silence if span > 0 else 0.0
            steady = posts >= _ENOUGH and span >= _SPAN * window and 2 * busy * window >= span
        found.append(Gap(platform, last, usual, silence >= window and steady and math.exp(-usual) <= CHANCE))
    return found


def arrivals(window: float, now: float) -> str:
    """A query about every platform of the last days.

    Its columns: name, last and first arrival (Unix seconds), posts, windows with posts, posts in the same stretch
    of the days before, and how many fifths of these had some.

    Args:
        window: seconds.
        now: Unix seconds.
    """
    since = moment(now - (DAYS + 1) * DAY)
    # rows that are judged anew have a new landed_at, never a new appended_at; the first is only the index
    recent = f"landed_at >= {since} AND appended_at >= {since} AND appended_at <= {moment(now)}"
    at, now_at = "toUnixTimestamp64Milli(p.appended_at)", f"toUnixTimestamp64Milli({moment(now)})"
    day = int(DAY * 1000)
    inner = recent.replace("landed_at", "p.landed_at").replace("appended_at", "p.appended_at")
    same = (
        f"({now_at} - {at}) % {day} < {now_at} - d.last "
        f"AND {at} > d.last - least({DAYS}, intDiv(d.last - d.first, {day})) * {day}"
    )
    return (
        f"SELECT p.platform, any(d.last) / 1000, any(d.first) / 1000, count(),\n"  # noqa: S608
        f"    uniqExact(intDiv({at}, {int(window * 1000)})), countIf({same}),\n"
        f"    uniqExactIf((intDiv({now_at} - {at}, {day}), "
        f"intDiv({_PARTS} * (({now_at} - {at}) % {day}), greatest(1, least({now_at} - d.last, {day})))), {same})\n"
        f"FROM posts AS p INNER JOIN\n(\n"
        f"    SELECT platform, toUnixTimestamp64Milli(max(appended_at)) AS last,\n"
        f"        toUnixTimestamp64Milli(min(appended_at)) AS first\n"
        f"    FROM posts WHERE {recent} GROUP BY platform\n"
        f") AS d ON p.platform = d.platform\nWHERE {inner}\n"
        "GROUP BY p.platform"
    )


class Arrivals(Question):
    """Rules about platforms that deliver nothing; what an alert is about is the platform."""

    def __init__(self, rules: Sequence[Versioned], now: float, window: float) -> None:
        super().__init__(rules, now)
        self._wait = window

    @property
    def sql(self) -> str:
        """As `arrivals`."""
        return arrivals(self._wait, self.now)

    def answers(self, rows: Iterable[Sequence[Any]]) -> list[Answer]:
        """One answer for each platform that is absent. Its value is 0; what is usual for that time stands beside it."""
        missing = [gap for gap in gaps(rows, self._wait, self.now) if gap.absent]
        return [
            self._answer(rule, version, gap)
            for rule, version in self.rules
            for gap in missing
            if rule.platform in ("", gap.platform)
        ]

    def _answer(self, rule: Rule, version: int, gap: Gap) -> Answer:
        where = f"platform = {literal(gap.platform)} AND appended_at > {moment(gap.since)}"
        return Answer(
            rule=rule,
            version=version,
            entity=gap.platform,
            value=0.0,
            holds=True,
            severity=rule.severity,
            start=gap.since,
            stop=self.now,
            sql=f"SELECT count() AS value\nFROM posts_latest\nWHERE {where} AND appended_at <= {moment(self.now)}",  # noqa: S608
            expected=round(gap.usual, 1),
        )


class Speaking(Question):
    """Rules about brands whose own accounts have said nothing; one that never spoke is not waited for."""

    def __init__(self, rules: Sequence[Versioned], now: float) -> None:
        super().__init__(rules, now)
        self._first = self.rules[0][0]

    @property
    def sql(self) -> str:
        """Brand, platform or "", last post or share (Unix seconds)."""
        brands = {rule.brand for rule, _ in self.rules}
        entity = "toString(platform)" if self._first.per else "''"
        return (
            f"SELECT own_brand AS brand, {entity} AS entity, {seconds('max(at)')} AS last\n"  # noqa: S608
            f"FROM ({own(literals(brands), self._first.platform, self.now - REMEMBERED, self.now)})\n"
            "GROUP BY brand, entity"
        )

    def answers(self, rows: Iterable[Sequence[Any]]) -> list[Answer]:
        """One answer a brand that ever spoke. Its value is the days since the last time, which is its `start`."""
        spoken = [(brand, entity, last) for brand, entity, last in rows]
        return [
            self._answer(rule, version, entity, last)
            for rule, version in self.rules
            for brand, entity, last in spoken
            if brand == rule.brand
        ]

    def _answer(self, rule: Rule, version: int, entity: str, last: float) -> Answer:
        since = self.now - REMEMBERED
        spoken = own(literals([rule.brand]), entity or rule.platform, since, self.now)
        past = f"toUnixTimestamp64Milli({moment(self.now)}) - toUnixTimestamp64Milli(max(at))"
        return Answer(
            rule=rule,
            version=version,
            entity=entity,
            value=(self.now - last) / DAY,
            holds=self.now - last >= rule.window,
            severity=rule.severity,
            start=last,
            stop=self.now,
            sql=f"SELECT ({past}) / {DAY * 1000:.0f} AS value\nFROM\n(\n{spoken}\n)",  # noqa: S608
        )


def own(brands: str, platform: str, start: float, stop: float) -> str:
    """A query for posts and shares of the brands' own accounts: own_brand, platform, at.

    Args:
        brands: as `question.literals` gives them.
        platform: only this one; "" for all.
        start: from when on, Unix seconds.
        stop: up to when.
    """
    where = f"own_brand IN {brands}" + (f" AND platform = {literal(platform)}" if platform else "")
    between = f"{{0}} >= {moment(start)} AND {{0}} < {moment(stop)}"
    return (
        "SELECT own_brand, platform, published AS at FROM posts_latest "  # noqa: S608
        f"WHERE {where} AND {between.format('published')}\nUNION ALL\n"
        "SELECT own_brand, platform, shared AS at FROM shares_latest "
        f"WHERE {where} AND {between.format('shared')}"
    )
