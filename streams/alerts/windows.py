"""Rules over a sliding window: how much, how bad, how many people, how many readers."""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from streams.alerts.gone import Arrivals, Speaking
from streams.alerts.hourly import Hourly
from streams.alerts.question import (
    ENTITIES,
    Answer,
    Question,
    Subject,
    Versioned,
    about,
    moment,
    seconds,
    shown,
    subject,
)
from streams.alerts.spreading import Spreading
from streams.measures import authors, negative_share, nsr, reach, volume
from streams.measures.base import Measure
from streams.rules.rule import Rule

_MEASURES: Mapping[str, Measure] = {
    "count": volume.MEASURE,
    "authors": authors.MEASURE,
    "reach": reach.MEASURE,
    "negative_share": negative_share.MEASURE,
    "nsr": nsr.MEASURE,
}


def measure_of(rule: Rule) -> Measure:
    """What a rule over a window measures, with the rule's own minimum where the measure has one."""
    measure = _MEASURES[rule.measure]
    return replace(measure, least=rule.minimum) if measure.least else measure


def plan(rules: Iterable[Versioned], now: float, begins: Mapping[tuple[str, str], float]) -> list[Question]:
    """The fewest queries that answer all rules.

    Rules about single posts, out of use, or without a number and a bound have none.

    Args:
        rules: the rules.
        now: Unix seconds.
        begins: (rule or brand, its name) → first hit or mention ever, Unix seconds; for spikes.
    """
    groups: defaultdict[tuple[Hashable, ...], list[Versioned]] = defaultdict(list)
    for rule, version in rules:
        if rule.kind == "post" or not (rule.enabled and rule.alert and rule.measurable):
            continue
        groups[rule.kind, _shared(rule, now, begins)].append((rule, version))
    questions: list[Question] = []
    for (kind, _), members in groups.items():
        if kind == "window":
            questions.append(Sliding(members, now))
        elif kind == "spike":
            questions.append(Hourly(members, now, begins))
        elif kind == "cascade":
            questions.append(Spreading(members, now))
        elif kind == "absence":
            questions.append(Arrivals(members, now, members[0][0].window))
        else:
            questions.append(Speaking(members, now))
    return questions


def _shared(rule: Rule, now: float, begins: Mapping[tuple[str, str], float]) -> Hashable:
    """What rules must have in common to be answered by one query."""
    if rule.kind == "window":
        filtered = (rule.per, _measured(rule), rule.above, rule.below) if rule.per else ()
        return _subject(rule), rule.window, filtered
    if rule.kind == "spike":
        return Hourly.shared(rule, now, begins)
    if rule.kind == "cascade":
        return Spreading.shared(rule)
    return rule.window if rule.kind == "absence" else (rule.window, rule.platform, rule.per)


def _subject(rule: Rule) -> Subject:
    return subject(rule, toward=rule.brand if measure_of(rule).least else "")


def _measured(rule: Rule) -> tuple[str, int]:
    """What tells the expressions of rules apart."""
    return rule.measure, measure_of(rule).least


class Sliding(Question):
    """Rules over the same window; those about entities also have measure and bounds in common."""

    def __init__(self, rules: Sequence[Versioned], now: float) -> None:
        super().__init__(rules, now)
        first = self.rules[0][0]
        self._first = first
        self._subject = _subject(first)
        self._start = now - first.window
        self._window = f"at >= {moment(self._start)} AND at < {moment(now)}"
        self._values = {
            _measured(rule): measure_of(rule).expression(moment(now), "") for rule, _ in self.rules
        }

    @property
    def sql(self) -> str:
        """Rule or brand, entity, matches, most followers, newest Kafka time, and each measure."""
        names = {self._subject.name(rule) for rule, _ in self.rules}
        having = ""
        if self._first.per:
            bounds = [f"value0 >= {self._first.above}"] if self._first.above is not None else []
            bounds += [f"value0 <= {self._first.below}"] if self._first.below is not None else []
            having = f"\nHAVING entity != '' AND ({' OR '.join(bounds)})"
        values = ",\n".join(f"    {value} AS value{n}" for n, value in enumerate(self._values.values()))
        return (
            f"SELECT {self._subject.key} AS about, {ENTITIES[self._first.per]} AS entity,\n"  # noqa: S608
            "    count() AS matched, maxIf(author_followers, own_brand = '') AS followers, "
            f"{seconds('max(appended_at)')} AS appended,\n{values}\n"
            f"FROM {self._subject.relation}\nWHERE {self._subject.where(names, self._window)}\n"
            f"GROUP BY about, entity{having}"
        )

    def answers(self, rows: Iterable[Sequence[Any]]) -> list[Answer]:
        """One answer a rule, or one for each entity that is beyond the bounds."""
        found: defaultdict[str, list[Sequence[Any]]] = defaultdict(list)
        for row in rows:
            found[row[0]].append(row)
        nothing = ("", "", 0, 0, 0.0, *(None if least else 0 for _, least in self._values))
        return [
            self._answer(rule, version, row)
            for rule, version in self.rules
            for row in found[self._subject.name(rule)] or ([] if rule.per else [nothing])
        ]

    def name(self, rule: Rule) -> str:
        """The rule, or its brand."""
        return self._subject.name(rule)

    def posts(self, answers: Sequence[Answer]) -> str:
        """Those of the window."""
        blame = any(answer.rule.measure in ("negative_share", "nsr") for answer in answers)
        return shown(self._subject, self._first.per, answers, self._window, blame=blame)

    def _answer(self, rule: Rule, version: int, row: Sequence[Any]) -> Answer:
        _, entity, matched, followers, appended, *values = row
        value = values[list(self._values).index(_measured(rule))]
        holds = rule.holds(value)
        name = self._subject.name(rule)
        where = self._subject.where([name], *about(rule.per, entity), self._window)
        return Answer(
            rule=rule,
            version=version,
            entity=entity,
            value=None if value is None else float(value),
            holds=holds,
            severity=rule.raised(followers=followers, count=matched) if holds else rule.severity,
            start=self._start,
            stop=self.now,
            sql=f"SELECT {self._values[_measured(rule)]} AS value\nFROM {self._subject.relation}\nWHERE {where}",  # noqa: S608
            appended=appended,
        )
