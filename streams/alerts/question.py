"""How rules are put to the store: a query that one or many rules share, and what its rows say of each.

Queries carry their values as literals, so that the one in an alert can be pasted and gives the number again.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple, TypeAlias

from streams.alerts.model import verdict_id
from streams.rules.rule import Rule
from streams.severity import Severity
from streams.topics.alert import Ref, Verdict

Versioned: TypeAlias = tuple[Rule, int]
"""A rule and which version of it."""

REFS = 3
"""Posts that a verdict names."""


class Answer(NamedTuple):
    """What a rule measured of one thing that its alerts are about.

    Attributes:
        rule: the rule.
        version: which version of it.
        entity: the thing; "" where the alert is about rule and brand alone.
        value: what was measured; None when too little was there to tell.
        holds: whether it is what the rule waits for.
        severity: how bad it is.
        start: begin of the window, Unix seconds.
        stop: its end.
        sql: gives `value` as its first column.
        expected: what is usual; None where nothing is.
        appended: Kafka time of the newest record in it, Unix seconds; 0 where there is none.
    """

    rule: Rule
    version: int
    entity: str
    value: float | None
    holds: bool
    severity: Severity
    start: float
    stop: float
    sql: str
    expected: float | None = None
    appended: float = 0.0

    def verdict(self, refs: Sequence[Ref] = ()) -> Verdict:
        """What goes to the topic `alerts`.

        Args:
            refs: posts to show, the most telling first.
        """
        window = f"{self.start:.3f}-{self.stop:.3f}{'' if self.holds else ' ended'}"
        return Verdict(
            id=verdict_id(self.rule.name, self.version, self.entity, window),
            rule=self.rule.name,
            version=self.version,
            kind=self.rule.kind,
            brand=self.rule.brand,
            entity=self.entity,
            severity=self.severity,
            at=self.stop,
            holds=self.holds,
            hold=self.rule.hold,
            max_age=self.rule.max_age,
            appended=self.appended,
            window_start=self.start,
            window_end=self.stop,
            value=self.value or 0.0,
            expected=self.expected,
            sql=self.sql,
            team=self.rule.team,
            refs=tuple(refs),
        )


class Question(ABC):
    """A query, and the rules that it answers.

    Attributes:
        rules: the rules, all of one kind and alike in what the query fixes.
        now: end of every window, Unix seconds; what is dated later is not counted.
    """

    def __init__(self, rules: Sequence[Versioned], now: float) -> None:
        self.rules = tuple(rules)
        self.now = now

    @property
    @abstractmethod
    def sql(self) -> str:
        """The query."""

    @abstractmethod
    def answers(self, rows: Iterable[Sequence[Any]]) -> list[Answer]:
        """What its rows say.

        A rule about rule and brand alone always has an answer; one about entities has answers for those that it
        holds for, and what is missing does not hold.

        Args:
            rows: all rows of the query.
        """

    def name(self, rule: Rule) -> str:
        """What the rows of `posts` call a rule."""
        return rule.name

    def posts(self, answers: Sequence[Answer]) -> str:
        """A query for posts to show: name, entity, kind, platform, id, Unix seconds, start, stop; "" for none.

        Args:
            answers: those that posts are wanted for.
        """
        return ""


class Subject(NamedTuple):
    """Which rows of the store a rule is about.

    Attributes:
        relation: a view with one row a hit or a mention.
        key: its column that tells hits of rules, or mentions of brands, from one another.
        conditions: what else the rows must be.
    """

    relation: str
    key: str
    conditions: tuple[str, ...]

    def name(self, rule: Rule) -> str:
        """What the rule has in the key column."""
        return rule.name if self.key == "rule" else rule.brand

    def where(self, names: Iterable[str], *more: str) -> str:
        """The conditions of a query about the rows of these rules or brands."""
        return " AND ".join((f"{self.key} IN {literals(names)}", *self.conditions, *more))


def subject(rule: Rule, *, toward: str = "", any_tone: bool = False) -> Subject:
    """The rows that a rule counts: what its query hit, or every mention of its brand.

    Args:
        rule: the rule.
        toward: brand whose tone is meant by `sentiment`, where hits of a query are counted.
        any_tone: leave tones alone that the rule does not ask for in a query.
    """
    conditions = [f"platform = {literal(rule.platform)}"] if rule.platform else []
    view = "_organic" if rule.organic else ""
    if rule.query:
        relation = f"hits{view}"
        if toward:
            tone = (
                f"if(has(brands, {literal(toward)}), tones[indexOf(brands, {literal(toward)})], "
                f"{relation}.sentiment)"
            )
            relation = f"(SELECT * EXCEPT sentiment, {tone} AS sentiment FROM {relation})"  # noqa: S608
        return Subject(relation, "rule", tuple(conditions))
    if rule.sentiment and not any_tone:
        conditions.append(f"sentiment = {literal(rule.sentiment)}")
    if rule.reach:
        conditions.append(f"author_followers >= {rule.reach}")
    return Subject(f"mentions{view}", "brand", tuple(conditions))


ENTITIES = {"": "''", "platform": "toString(platform)", "author": "author_id", "root": "root_id"}
"""What a rule's alerts are about → the expression of it."""


def about(per: str, entity: str) -> tuple[str, ...]:
    """The condition that rows are about one entity."""
    return (f"{ENTITIES[per]} = {literal(entity)}",) if per else ()


def matched(rule: str, entity: str, start: float, stop: float) -> str:
    """The query for how many posts and shares a rule matched of one entity, whatever kind of thing that is.

    Args:
        rule: its name.
        entity: a root, an author or a platform; "" for all.
        start: time of the first one, Unix seconds.
        stop: of the last one.
    """
    first, last = moment(start), moment(stop)
    conditions = [f"rule = {literal(rule)}", f"at >= {first} AND at <= {last}"]
    if entity:
        conditions.append(f"{literal(entity)} IN (root_id, author_id, toString(platform))")
    return "SELECT count() AS value\nFROM hits\nWHERE " + " AND ".join(conditions)  # noqa: S608


def literal(value: str) -> str:
    """A string as ClickHouse reads it."""
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def literals(values: Iterable[str]) -> str:
    """Strings as a list of ClickHouse."""
    return f"({', '.join(literal(value) for value in sorted(set(values)))})"


def moment(at: float) -> str:
    """A time as ClickHouse reads it, to the millisecond."""
    written = datetime.fromtimestamp(max(at, 0.0), UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
    return f"toDateTime64('{written}', 3, 'UTC')"


def seconds(expression: str) -> str:
    """A time of the store as Unix seconds."""
    return f"toUnixTimestamp64Milli({expression}) / 1000"


def shown(subject: Subject, per: str, answers: Sequence[Answer], window: str, *, blame: bool) -> str:
    """The query for posts of windows: those whose authors most people read, never the brand's own.

    Args:
        subject: the rows.
        per: what the rules are about.
        answers: those that posts are wanted for.
        window: the condition on `at`.
        blame: negative ones first.
    """
    names = {subject.name(answer.rule) for answer in answers}
    more = [window, "own_brand = ''"]
    if per:
        more.append(f"{ENTITIES[per]} IN {literals(answer.entity for answer in answers)}")
    order = "sentiment = 'neg' DESC, " if blame else ""
    return (
        f"SELECT {subject.key} AS about, {ENTITIES[per]} AS entity, kind, platform, id, {seconds('at')}, start, stop\n"  # noqa: S608
        f"FROM {subject.relation}\nWHERE {subject.where(names, *more)}\n"
        f"ORDER BY {order}author_followers DESC, at DESC, id LIMIT {REFS} BY about, entity"
    )
