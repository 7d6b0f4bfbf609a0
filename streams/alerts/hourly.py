"""Spikes: the last sixty minutes against the same minutes of the week, or against the twelve hours before."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any

from streams.alerts.question import (
    ENTITIES,
    Answer,
    Question,
    Subject,
    Versioned,
    about,
    literal,
    moment,
    seconds,
    shown,
    subject,
)
from streams.alerts.spike import RECENT, WEEK, WEEKS, against
from streams.rules.rule import Rule

HOUR = 3600.0

_WEEKLY = tuple(WEEK * week for week in range(1, WEEKS + 1))


def usual_hours(begin: float | None, now: float) -> tuple[int, ...]:
    """How many hours back the hours lie that tell what is usual, by `spike.usual`.

    Args:
        begin: Unix seconds since when anything is known; None for never.
        now: Unix seconds.
    """
    return _WEEKLY if is_settled(begin, now) else tuple(range(1, min(_known(begin, now), RECENT) + 1))


def is_settled(begin: float | None, now: float) -> bool:
    """Whether there are four weeks of hours: an earlier begin would change nothing."""
    return _known(begin, now) >= WEEK * WEEKS


def _known(begin: float | None, now: float) -> int:
    """Whole hours before the last one."""
    return 0 if begin is None else int((now - begin) // HOUR) - 1


def begin_of(rule: Rule) -> tuple[str, str]:
    """Which begin matters to a rule: of the hits of it, or of the mentions of its brand."""
    found = subject(rule)
    return found.key, found.name(rule)


def begins(rules: Iterable[Rule]) -> dict[str, str]:
    """What tells since when there are hits or mentions: `rule` or `brand` → a query for name and Unix seconds."""
    names: dict[tuple[str, str], set[str]] = {}
    for rule in rules:
        if rule.kind == "spike":
            found = subject(rule)
            names.setdefault((found.key, found.relation.removesuffix("_organic")), set()).add(
                found.name(rule)
            )
    return {
        key: f"SELECT {key}, {seconds('min(at)')} FROM {relation} "  # noqa: S608
        f"WHERE {Subject(relation, key, ()).where(named)} GROUP BY {key}"
        for (key, relation), named in names.items()
    }


class Hourly(Question):
    """Rules about spikes with the same usual hours.

    Where the tone asked for is negative, the negative share must have risen, too: more blame among more talk is
    no spike of blame. What the share is taken of are all mentions of the brand, or all posts where there is none.
    """

    def __init__(
        self, rules: Sequence[Versioned], now: float, begins: Mapping[tuple[str, str], float]
    ) -> None:
        super().__init__(rules, now)
        first = self.rules[0][0]
        self._first = first
        self._subject = _subject(first)
        self._negative = first.sentiment == "neg"
        self._hours = _hours(first, now, begins)
        spans = " OR ".join(
            f"(at >= {moment(now - (last + 1) * HOUR)} AND at < {moment(now - first_ * HOUR)})"
            for first_, last in _runs((0, *self._hours))
        )
        self._window = f"({spans})"
        hour = f"intDiv(toUnixTimestamp64Milli({moment(now)}) - toUnixTimestamp64Milli(at) - 1, 3600000)"
        tone = " AND sentiment = 'neg'" if self._negative and not first.query else ""
        self._now_all = f"{hour} = 0"
        self._usual_all = f"{hour} IN ({', '.join(map(str, self._hours))})" if self._hours else "false"
        self._now_in = self._now_all + tone
        self._usual_in = self._usual_all + tone

    @staticmethod
    def shared(rule: Rule, now: float, begins: Mapping[tuple[str, str], float]) -> Hashable:
        """What rules must have in common to be answered by one query."""
        alone = (rule.name, rule.brand) if rule.query and rule.sentiment == "neg" else ""
        return _subject(rule), rule.per, rule.sentiment == "neg", _hours(rule, now, begins), alone

    @property
    def sql(self) -> str:
        """Rule or brand, entity, count now and in the usual hours, of how many, most followers, newest Kafka time."""
        names = {self._subject.name(rule) for rule, _ in self.rules}
        return (
            f"SELECT {self._subject.key} AS about, {ENTITIES[self._first.per]} AS entity,\n"  # noqa: S608
            f"    countIf({self._now_in}) AS value, countIf({self._usual_in}) AS usual,\n"
            f"    {self._whole(self._now_all)} AS whole, {self._whole(self._usual_all)} AS whole_usual,\n"
            f"    maxIf(author_followers, own_brand = '' AND {self._now_in}) AS followers,\n"
            f"    {seconds(f'maxIf(appended_at, {self._now_in})')} AS appended\n"
            f"FROM {self._subject.relation}\nWHERE {self._subject.where(names, self._window)}\n"
            "GROUP BY about, entity"
        )

    def answers(self, rows: Iterable[Sequence[Any]]) -> list[Answer]:
        """One answer a rule, or one a platform."""
        found: dict[str, list[Sequence[Any]]] = {}
        for row in rows:
            found.setdefault(row[0], []).append(row)
        nothing = ("", "", 0, 0, 0, 0, 0, 0.0)
        return [
            self._answer(rule, version, row)
            for rule, version in self.rules
            for row in found.get(self._subject.name(rule)) or ([] if rule.per else [nothing])
        ]

    def name(self, rule: Rule) -> str:
        """The rule, or its brand."""
        return self._subject.name(rule)

    def posts(self, answers: Sequence[Answer]) -> str:
        """Those of the last hour."""
        window = f"at >= {moment(self.now - HOUR)} AND at < {moment(self.now)}"
        return shown(self._subject, self._first.per, answers, window, blame=self._negative)

    def _answer(self, rule: Rule, version: int, row: Sequence[Any]) -> Answer:
        _, entity, current, usual, whole, whole_usual, followers, appended = row
        expected = usual / len(self._hours) if self._hours else None
        spike = against(expected, current, rule.minimum)
        fires = spike.fires and not (
            self._negative and whole and whole_usual and current / whole <= usual / whole_usual
        )
        where = self._subject.where([self._subject.name(rule)], *about(rule.per, entity), self._window)
        mean = f",\n    countIf({self._usual_in}) / {len(self._hours)} AS expected" if self._hours else ""
        return Answer(
            rule=rule,
            version=version,
            entity=entity,
            value=float(current),
            holds=fires,
            severity=rule.raised(followers=followers, count=current) if fires else rule.severity,
            start=self.now - HOUR,
            stop=self.now,
            sql=f"SELECT countIf({self._now_in}) AS value{mean}\nFROM {self._subject.relation}\nWHERE {where}",  # noqa: S608
            expected=expected,
            appended=appended,
        )

    def _whole(self, condition: str) -> str:
        """How many there are of any tone."""
        if not (self._negative and self._first.query):
            return f"countIf({condition})"
        conditions = [self._window, *self._subject.conditions]
        relation = "(SELECT platform, published AS at FROM posts_latest)"
        if self._first.brand:
            relation = "mentions"
            conditions.append(f"brand = {literal(self._first.brand)}")
        return f"(SELECT countIf({condition}) FROM {relation} WHERE {' AND '.join(conditions)})"  # noqa: S608


def _subject(rule: Rule) -> Subject:
    return subject(rule, any_tone=rule.sentiment == "neg")


def _hours(rule: Rule, now: float, begins: Mapping[tuple[str, str], float]) -> tuple[int, ...]:
    return usual_hours(begins.get(begin_of(rule)), now)


def _runs(hours: Sequence[int]) -> list[tuple[int, int]]:
    """Numbers in order as runs of neighbours: first and last of each."""
    runs: list[tuple[int, int]] = []
    for hour in hours:
        if runs and runs[-1][1] == hour - 1:
            runs[-1] = runs[-1][0], hour
        else:
            runs.append((hour, hour))
    return runs
