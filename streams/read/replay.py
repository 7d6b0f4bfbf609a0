"""When rules over windows would have held in the stored past: every step of it by one query, or by the same fold."""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from streams.alerts import gone, spike
from streams.alerts.hourly import HOUR, usual_hours
from streams.alerts.question import ENTITIES, literal, literals, moment, subject
from streams.alerts.windows import measure_of
from streams.measures.base import Row
from streams.read.matching import Matched
from streams.rules.rule import Rule
from streams.store.client import Connection

BEFORE = (spike.WEEK * spike.WEEKS + 1) * HOUR
"""Seconds before the begin that a spike is compared with."""

_SPIKE_STEP = 300.0
_SILENCES = 200

_width = lru_cache(maxsize=100_000)(spike.width)


class Alarm(NamedTuple):
    """A stretch of time in which a rule would have alerted.

    Attributes:
        rule: its name.
        entity: what the alert is about besides.
        first: since when it held, Unix seconds.
        last: until when.
        value: the most extreme that was measured.
        expected: what was usual then; None where nothing is.
    """

    rule: str
    entity: str
    first: float
    last: float
    value: float
    expected: float | None = None


class _Step(NamedTuple):
    entity: str
    at: float
    value: float
    expected: float | None = None


def step_of(rule: Rule) -> float:
    """Seconds between two moments that are looked at."""
    return _SPIKE_STEP if rule.kind == "spike" else min(max(rule.window / 10, 60.0), 3600.0)


def replay(
    connection: Connection,
    rule: Rule,
    span: tuple[float, float],
    quiet: float,
    matched: Sequence[Matched] = (),
) -> list[Alarm]:
    """What a rule would have alerted about, in order of time.

    Args:
        connection: an account that reads.
        rule: of any kind but `post`.
        span: from when on and up to when, Unix seconds.
        quiet: seconds without it holding after which it counts as another alert.
        matched: the posts that its query matches, where it has one, from `BEFORE` the begin on for a spike.

    Raises:
        StoreUnavailable, StoreRefused: as `Connection`.
    """
    asked = _Past(connection, rule, *span)
    if rule.kind == "window":
        steps = asked.folded(matched) if rule.query else asked.measured()
    elif rule.kind == "spike":
        steps = asked.spiking(matched)
    elif rule.kind == "cascade" and rule.measure == "growth":
        steps = asked.growing(matched)
    else:
        others = {"cascade": asked.reaching, "absence": asked.missing, "silent": asked.silent}
        return sorted(others[rule.kind](matched), key=lambda alarm: (alarm.first, alarm.entity))
    return _alarms(rule, steps, step_of(rule), quiet)


def _alarms(rule: Rule, steps: Iterable[_Step], step: float, quiet: float) -> list[Alarm]:
    """Gather moments at which it held: those that lie apart by less than `quiet` are one alert."""
    runs: defaultdict[str, list[list[_Step]]] = defaultdict(list)
    for one in sorted(steps, key=lambda step: step.at):
        known = runs[one.entity]
        if known and one.at - known[-1][-1].at < max(quiet, 1.5 * step):
            known[-1].append(one)
        else:
            known.append([one])
    worst = min if rule.below is not None and rule.above is None else max
    found = [
        Alarm(rule.name, entity, run[0].at, run[-1].at, top.value, top.expected)
        for entity, known in runs.items()
        for run in known
        if run[-1].at - run[0].at >= rule.hold
        for top in [worst(run, key=lambda step: step.value)]
    ]
    return sorted(found, key=lambda alarm: (alarm.first, alarm.entity))


class _Past:
    """One rule over one stretch of the past."""

    def __init__(self, connection: Connection, rule: Rule, begin: float, end: float) -> None:
        self._connection = connection
        self._rule = rule
        self._begin, self._end = begin, end
        self._step = step_of(rule)
        self._steps = max(0, int((end - begin) // self._step)) + 1

    def measured(self) -> Iterator[_Step]:
        """Mentions of the brand: each counts at all steps whose window holds it."""
        rule, found = self._rule, subject(self._rule)
        value = measure_of(rule).expression(moment(self._end), "")
        where = found.where([rule.brand], self._between("at"))
        rows = self._rows(
            f"SELECT k, {ENTITIES[rule.per]} AS entity, {value} AS value\n"  # noqa: S608
            f"FROM (SELECT *, {self._held_by('at')} AS k FROM {found.relation} WHERE {where})\n"
            f"GROUP BY k, entity{_beyond(rule) if rule.per else ''}"
        )
        yield from self._holding({(k, entity): value for k, entity, value in rows if entity or not rule.per})

    def folded(self, matched: Sequence[Matched]) -> Iterator[_Step]:
        """Posts that the query matches: the same by the fold of the measure."""
        rule, measure = self._rule, measure_of(self._rule)
        groups: defaultdict[str, list[Row]] = defaultdict(list)
        for row in self._rows_of(matched):
            entity = {"platform": row.platform, "author": row.author_id, "root": row.id}.get(rule.per, "")
            if entity or not rule.per:
                groups[entity].append(row)
        values: dict[tuple[int, str], float | None] = {}
        for entity, rows in groups.items():
            at = [row.at.timestamp() for row in rows]
            for k in range(self._steps):
                stop = self._begin + k * self._step
                low, high = np.searchsorted(at, [stop - rule.window, stop])
                if low < high:
                    values[k, entity] = measure.of(rows[low:high], rows[high - 1].at)
        yield from self._holding(values)

    def spiking(self, matched: Sequence[Matched]) -> Iterator[_Step]:
        """Counts of five minutes, added up to hours that slide."""
        rule = self._rule
        origin = self._begin - BEFORE
        size = int(BEFORE // self._step) + self._steps
        counts, wholes = self._counts(matched, origin, size)
        first = self._rows("SELECT toUnixTimestamp64Milli(min(published)) / 1000 FROM posts")[0][0]
        for entity, series in counts.items():
            whole = wholes.get(entity, wholes.get("", np.zeros(size + 1)))
            for k in range(self._steps):
                now = self._begin + k * self._step
                stop = size - self._steps + k
                hours = usual_hours(first, now)
                current = _hour(series, stop, 0)
                if not hours or current < rule.minimum:
                    continue
                usual = sum(_hour(series, stop, hour) for hour in hours)
                expected = usual / len(hours)
                if (current - expected) / _width(expected) < 1:
                    continue
                all_now, all_usual = _hour(whole, stop, 0), sum(_hour(whole, stop, hour) for hour in hours)
                if (
                    rule.sentiment == "neg"
                    and all_now
                    and all_usual
                    and current / all_now <= usual / all_usual
                ):
                    continue
                yield _Step(entity, now, current, expected)

    def growing(self, matched: Sequence[Matched]) -> Iterator[_Step]:
        """Shares of each cascade: each counts at all steps whose window holds it."""
        rule = self._rule
        platform = f" AND platform = {literal(rule.platform)}" if rule.platform else ""
        rows = self._rows(
            "SELECT k, root_id, count() AS value\n"  # noqa: S608
            f"FROM (SELECT root_id, {self._held_by('shared')} AS k FROM shares_latest "
            f"WHERE {self._between('shared')}{platform}{self._of_roots()})\n"
            f"GROUP BY k, root_id HAVING value >= {rule.above}"
        )
        roots = {match.post.post_id for match in matched}
        for k, root, value in rows:
            if not rule.query or root in roots:
                yield _Step(root, self._begin + k * self._step, float(value))

    def reaching(self, matched: Sequence[Matched]) -> Iterator[Alarm]:
        """Cascades, from when they reached the generation until they were no longer shared."""
        rule = self._rule
        assert rule.above is not None
        level = math.ceil(rule.above)
        platform = f" AND platform = {literal(rule.platform)}" if rule.platform else ""
        rows = self._rows(
            "SELECT root_id, depth, toUnixTimestamp64Milli(levels.first[{level:UInt32} + 1]) / 1000 AS began,\n"  # noqa: S608
            "    toUnixTimestamp64Milli(last_share) / 1000 FROM cascade_standing FINAL\n"
            "WHERE depth >= {level:UInt32} AND began >= {begin:Float64} AND began < {end:Float64}"
            f"{platform}{self._of_roots()}",
            {"level": level, "begin": self._begin, "end": self._end},
        )
        roots = {match.post.post_id for match in matched}
        for root, depth, began, last in rows:
            if not rule.query or root in roots:
                yield Alarm(rule.name, root, began, min(last + rule.window, self._end), float(depth))

    def missing(self, _: Sequence[Matched]) -> Iterator[Alarm]:
        """Gaps between arrivals, the longest ones, judged at their ends as the watcher does."""
        rule = self._rule
        platform = f" AND platform = {literal(rule.platform)}" if rule.platform else ""
        during = self._between("appended_at") + platform
        silences = self._rows(
            "SELECT platform, since / 1000, until / 1000 FROM\n(\n"  # noqa: S608
            "    SELECT platform, toUnixTimestamp64Milli(at) AS until,\n"
            "        toUnixTimestamp64Milli(lagInFrame(at, 1, at) OVER (PARTITION BY platform ORDER BY at\n"
            "            ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)) AS since\n"
            f"    FROM (SELECT platform, appended_at AS at FROM posts WHERE {during} UNION ALL\n"
            f"          SELECT platform, {moment(self._end)} AS at FROM posts WHERE {during} GROUP BY platform)\n)\n"
            f"WHERE until - since >= {rule.window * 1000} ORDER BY until - since DESC LIMIT {_SILENCES}"
        )
        for name, since, until in silences:
            judged = gone.gaps(
                self._rows(gone.arrivals(rule.window, until - 0.001)), rule.window, until - 0.001
            )
            for gap in judged:
                if gap.absent and gap.platform == name and until - since - rule.window >= rule.hold:
                    yield Alarm(rule.name, name, since + rule.window, until, 0.0, round(gap.usual, 1))

    def silent(self, _: Sequence[Matched]) -> Iterator[Alarm]:
        """Gaps between what the brand's own accounts said."""
        rule = self._rule
        own = gone.own(literals([rule.brand]), rule.platform, self._begin - gone.REMEMBERED, self._end)
        entity = "toString(platform)" if rule.per else "''"
        said: defaultdict[str, list[float]] = defaultdict(list)
        for name, at in self._rows(
            f"SELECT {entity}, toUnixTimestamp64Milli(at) / 1000 AS said FROM ({own}) ORDER BY said"  # noqa: S608
        ):
            said[name].append(at)
        for name, times in said.items():
            for last, following in zip(times, [*times[1:], self._end], strict=True):
                first = max(last + rule.window, self._begin)
                if following - first >= max(rule.hold, 0.001):
                    yield Alarm(rule.name, name, first, following, (following - last) / gone.DAY)

    def _holding(self, values: Mapping[tuple[int, str], float | None]) -> Iterator[_Step]:
        """The steps beyond the bounds; where nothing was said, a rule that is about no entities measured nothing."""
        rule, none = self._rule, None if measure_of(self._rule).least else 0.0
        every = values if rule.per else {(k, ""): values.get((k, ""), none) for k in range(self._steps)}
        for (k, entity), value in every.items():
            if value is not None and rule.holds(value):
                yield _Step(entity, self._begin + k * self._step, float(value))

    def _between(self, column: str) -> str:
        return f"{column} >= {moment(self._begin - self._rule.window)} AND {column} < {moment(self._end)}"

    def _held_by(self, column: str) -> str:
        """The numbers of the steps whose windows hold a row, one row each."""
        origin = f"toUnixTimestamp64Milli({moment(self._begin - self._rule.window)})"
        window, step = round(self._rule.window * 1000), round(self._step * 1000)
        past = f"(toUnixTimestamp64Milli({column}) - {origin})"
        first = f"if({past} < {window}, 0, intDiv({past} - {window}, {step}) + 1)"
        last = f"least(intDiv({past}, {step}), {self._steps - 1})"
        return f"arrayJoin(range(toUInt32({first}), toUInt32({last} + 1)))"

    def _of_roots(self) -> str:
        """The condition that a cascade began with a post about the brand."""
        rule = self._rule
        if rule.query or not rule.brand:
            return ""
        found = subject(rule)
        where = found.where([rule.brand], "kind = 'post'")
        return f" AND root_id IN (SELECT id FROM {found.relation} WHERE {where})"  # noqa: S608

    def _counts(
        self, matched: Sequence[Matched], origin: float, size: int
    ) -> tuple[dict[str, "np.ndarray[Any, Any]"], dict[str, "np.ndarray[Any, Any]"]]:
        """Sums of the counts up to each bucket, of what is asked for and of all tones; by entity."""
        rule = self._rule
        found = subject(rule, any_tone=True)
        bucket = f"intDiv(toUnixTimestamp64Milli(at) - {round(origin * 1000)}, {round(self._step * 1000)})"
        during = f"at >= {moment(origin)} AND at < {moment(self._end)}"
        entity = ENTITIES[rule.per]
        counts: defaultdict[str, np.ndarray[Any, Any]] = defaultdict(lambda: np.zeros(size + 1))
        wholes: defaultdict[str, np.ndarray[Any, Any]] = defaultdict(lambda: np.zeros(size + 1))
        if rule.query:
            for row in self._rows_of(matched):
                k = int((row.at.timestamp() - origin) // self._step)
                if 0 <= k < size:
                    counts[row.platform if rule.per else ""][k + 1] += 1
            source = "(SELECT published AS at, '' AS brand FROM posts_latest)"
            where = f"{during} AND brand = {literal(rule.brand)}"
            if rule.brand:
                source = "mentions"
            rows = self._rows(f"SELECT '', {bucket} AS k, 0, count() FROM {source} WHERE {where} GROUP BY k")  # noqa: S608
        else:
            asked = f"sentiment = {literal(rule.sentiment)}" if rule.sentiment else "true"
            where = found.where([rule.brand], during)
            rows = self._rows(
                f"SELECT {entity} AS entity, {bucket} AS k, countIf({asked}), count() "  # noqa: S608
                f"FROM {found.relation} WHERE {where} GROUP BY entity, k"
            )
        for name, k, count, whole in rows:
            if 0 <= k < size:
                wholes[name][k + 1] += whole
                if not rule.query:
                    counts[name][k + 1] += count
        return (
            {name: np.cumsum(series) for name, series in counts.items()},
            {name: np.cumsum(series) for name, series in wholes.items()},
        )

    def _rows_of(self, matched: Sequence[Matched]) -> list[Row]:
        """The matches as measures read them, oldest first."""
        rule = self._rule
        flagged: set[tuple[Any, ...]] = set()
        if rule.organic:
            flagged = set(
                self._rows(
                    "SELECT platform, author_id FROM flagged_accounts FINAL WHERE label IN ('light', 'heavy')"
                )
            )
        rows = [
            Row(
                kind="post",
                platform=post.platform,
                id=post.post_id,
                at=datetime.fromtimestamp(post.published, UTC),
                author_id=post.author.id if post.author else "",
                author_followers=post.author.followers if post.author else 0,
                brand=rule.brand,
                sentiment=match.tones.get(rule.brand, match.sentiment),
                score=0.0,
                likes=0,
                comments=0,
                reposts=0,
                intent="",
            )
            for match in matched
            for post in [match.post]
            if rule.platform in ("", post.platform)
        ]
        return sorted((row for row in rows if row.author not in flagged), key=lambda row: row.at)

    def _rows(self, sql: str, params: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
        return self._connection.query(sql, params).rows


def _beyond(rule: Rule) -> str:
    bounds = [
        f"value {sign} {limit}"
        for sign, limit in ((">=", rule.above), ("<=", rule.below))
        if limit is not None
    ]
    return f" HAVING {' OR '.join(bounds)}"


def _hour(series: "np.ndarray[Any, Any]", stop: int, back: int) -> float:
    """The sum of the hour that ended so many hours before bucket `stop`."""
    per = int(HOUR // _SPIKE_STEP)
    end = stop - back * per
    return float(series[end] - series[end - per]) if end >= per else 0.0
