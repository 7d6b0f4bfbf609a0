"""Cascades that reach a generation or grow fast; what an alert is about is the post that one began with."""

from collections.abc import Hashable, Iterable, Sequence
from typing import Any

from streams.alerts.question import Answer, Question, Versioned, literal, moment, seconds, subject
from streams.rules.rule import Rule

LARGEST = 100
"""Cascades of one rule at a time, those beyond the bound by most first."""


class Spreading(Question):
    """One rule about cascades: of posts that its query hit, of those that name its brand, or of any.

    `generation` is the deepest level of a cascade that was shared within the window; `growth` the number of its
    shares within the window.
    """

    def __init__(self, rules: Sequence[Versioned], now: float) -> None:
        super().__init__(rules, now)
        self._rule = self.rules[0][0]
        self._start = now - self._rule.window

    @staticmethod
    def shared(rule: Rule) -> Hashable:
        """What rules must have in common to be answered by one query: each has its own."""
        return rule.name

    @property
    def sql(self) -> str:
        """Root, value, matches, followers, newest Kafka time."""
        rule = self._rule
        bound = f"value >= {rule.above}"
        candidates = self._candidates("", f"HAVING {bound}")
        roots = self._roots("SELECT entity FROM candidates")
        where = f"\nWHERE entity IN ({roots})" if roots else ""
        return (
            f"WITH candidates AS\n(\n{candidates}\n)\n"  # noqa: S608
            f"SELECT entity, value, matched, followers, appended FROM candidates{where}\n"
            f"ORDER BY value DESC, entity LIMIT {LARGEST}"
        )

    def answers(self, rows: Iterable[Sequence[Any]]) -> list[Answer]:
        """One answer for each cascade at or beyond the bound."""
        return [self._answer(rule, version, row) for rule, version in self.rules for row in rows]

    def posts(self, answers: Sequence[Answer]) -> str:
        """The posts that the cascades began with, where they have arrived."""
        roots = ", ".join(literal(answer.entity) for answer in answers)
        return (
            f"SELECT {literal(self._rule.name)}, root_id, 'post', platform, root_id, {seconds('published')}, 0, 0\n"  # noqa: S608
            f"FROM cascade_standing FINAL WHERE root_id IN ({roots}) AND published > 0"
        )

    def _candidates(self, one: str, having: str) -> str:
        conditions = [f"root_id = {literal(one)}"] if one else []
        if self._rule.platform:
            conditions.append(f"platform = {literal(self._rule.platform)}")
        if self._rule.measure == "generation":
            conditions.append(f"last_share >= {moment(self._start)} AND last_share < {moment(self.now)}")
            if having:
                conditions.append(having.removeprefix("HAVING "))
            return (
                "SELECT root_id AS entity, depth AS value, shares AS matched, author_followers AS followers, 0. AS appended\n"  # noqa: S608
                f"FROM cascade_standing FINAL\nWHERE {' AND '.join(conditions)}"
            )
        conditions.append(f"shared >= {moment(self._start)} AND shared < {moment(self.now)}")
        return (
            "SELECT root_id AS entity, count() AS value, value AS matched, max(author_followers) AS followers,\n"  # noqa: S608
            f"    {seconds('max(appended_at)')} AS appended\n"
            f"FROM shares_latest\nWHERE {' AND '.join(conditions)}\nGROUP BY entity\n{having}"
        )

    def _roots(self, candidates: str) -> str:
        """Which of the candidates the rule is about; "" for all."""
        if not (self._rule.query or self._rule.brand):
            return ""
        found = subject(self._rule)
        conditions = found.where([found.name(self._rule)], "kind = 'post'", f"id IN ({candidates})")
        return f"SELECT id FROM {found.relation} WHERE {conditions}"  # noqa: S608

    def _answer(self, rule: Rule, version: int, row: Sequence[Any]) -> Answer:
        entity, value, matched, followers, appended = row
        return Answer(
            rule=rule,
            version=version,
            entity=entity,
            value=float(value),
            holds=True,
            severity=rule.raised(followers=followers, count=matched),
            start=self._start,
            stop=self.now,
            sql=f"SELECT value\nFROM\n(\n{self._candidates(entity, '')}\n)",  # noqa: S608
            appended=appended,
        )
