"""Rules over windows, watched: what begins to hold, what still does, and what no longer does."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any, NamedTuple

from msgspec.structs import replace

from streams.alerts import gone, hourly
from streams.alerts.model import dedup_key, verdict_id
from streams.alerts.question import Answer, Question, Versioned
from streams.alerts.windows import plan
from streams.errors import StoreRefused, StoreUnavailable
from streams.language import t
from streams.rules.rule import Rule
from streams.store.client import Connection
from streams.topics.alert import Ref, Verdict

REPEATED = 30.0
"""Seconds after which a rule that still holds says so again."""

BLIND = 60.0
"""Seconds that a busy platform delivers nothing after which nothing is concluded from how little there is."""

_PART = 300
"""A window is looked at so many times while it passes …"""

_LONGEST = 10.0
"""… but every so many seconds at least."""

_RECALLED = 60.0
_BEGINS_FOR = 600.0

_OPEN = """
SELECT rule, rule_version, brand, entity, severity, JSONExtractString(snapshot, 'kind') AS kind,
    toUnixTimestamp64Milli(window_start) / 1000 AS start
FROM (SELECT * FROM alert_log WHERE subject = 'alert' ORDER BY id, seq DESC, revision DESC LIMIT 1 BY id)
WHERE state != 'resolved' AND kind NOT IN ('', 'post')
"""


class _Held(NamedTuple):
    """What was said last of something that holds; `told` is when, 0 for what another watcher said."""

    verdict: Verdict
    told: float


class Watcher:
    """Asks the store about rules and remembers what held. Not for sharing between threads.

    A successor finds what its predecessor left open in `alert_log`; so does whoever lost a verdict on its way
    there.

    Args:
        connection: an account that reads; how long a query may take is up to it.

    Attributes:
        faults: rule → why it could not be asked about at the last look; the other rules are not held up.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.faults: dict[str, str] = {}
        self._held: dict[str, _Held] = {}
        self._looked: dict[tuple[str, int], float] = {}
        self._begins: dict[tuple[str, str], float] = {}
        self._begun = self._recalled = -1e18

    def look(self, rules: Sequence[Versioned], now: float) -> list[Verdict]:
        """What is to be said now: at once where something begins, gets worse or ends, every 30 s while it holds.

        Windows are looked at every 300th part of their length, every 10 s at least.

        Args:
            rules: all rules in use; of others that held the end is told.
            now: Unix seconds.

        Raises:
            StoreUnavailable: ClickHouse does not answer; nothing is forgotten, look again.
        """
        if not 0 <= now - self._recalled < _RECALLED:
            self._recall()
            self._recalled = now
        due = [one for one in rules if self._is_due(*one, now)]
        in_use = {rule.name for rule, _ in rules if rule.kind != "post" and rule.enabled and rule.alert}
        self.faults = {name: why for name, why in self.faults.items() if name in in_use} | {
            rule.name: t("缺少 measure 或上下限", "lacks a measure or a bound")
            for rule, _ in due
            if not rule.measurable
        }
        patience = _LONGEST if self._unknown(due) else _BEGINS_FOR
        if not 0 <= now - self._begun < patience:
            self._find_begins(rules, now)
            self._begun = now
        said = self._orphans(in_use, now)
        for question in plan(due, now, self._begins):
            names = [rule.name for rule, _ in question.rules]
            try:
                said += self._ask(question)
            except StoreRefused as error:
                self.faults |= dict.fromkeys(names, str(error))
            except StoreUnavailable:
                if said:
                    return said  # what is noted as told must be told; the rest is due again
                raise
            else:
                for name in names:
                    self.faults.pop(name, None)
            self._looked |= {(rule.name, version): now for rule, version in question.rules}
        return said

    def _is_due(self, rule: Rule, version: int, now: float) -> bool:
        every = min(rule.window / _PART, _LONGEST)
        return not 0 <= now - self._looked.get((rule.name, version), -1e18) < every - 0.5

    def _ask(self, question: Question) -> list[Verdict]:
        now = question.now
        answers = question.answers(self._rows(question.sql))
        keys = {_key(answer): answer for answer in answers if answer.holds}
        ended = [
            key for key, held in self._held.items() if key not in keys and _is_of(held.verdict, question)
        ]
        quiet = {
            key: answer for key, answer in keys.items() if key not in self._held and _is_of_silence(answer)
        }
        if quiet or ended:
            absent = self._absent(now)
            for key, answer in quiet.items():
                if _sees_none(answer.rule, answer.entity, absent):
                    del keys[key]
            known = {rule.name: rule for rule, _ in question.rules}
            ended = [key for key in ended if not self._end_is_hidden(key, known, absent)]
        telling = {key: answer for key, answer in keys.items() if self._is_news(key, answer, now)}
        posts = self._posts(question, list(telling.values()))
        said = []
        for key, answer in telling.items():
            verdict = answer.verdict(posts.get((question.name(answer.rule), answer.entity), ()))
            self._held[key] = _Held(verdict, now)
            said.append(verdict)
        below = {_key(answer): answer for answer in answers if not answer.holds}
        return [*said, *(self._end(key, now, below.get(key)) for key in ended)]

    def _is_news(self, key: str, answer: Answer, now: float) -> bool:
        held = self._held.get(key)
        return (
            held is None
            or not 0 <= now - held.told < REPEATED - 0.5
            or held.verdict.severity != answer.severity
        )

    def _end(self, key: str, now: float, answer: Answer | None) -> Verdict:
        before = self._held.pop(key).verdict
        if answer is not None:
            return replace(answer.verdict(), refs=before.refs)
        window = f"{before.window_start:.3f}-{now:.3f} ended"
        return replace(
            before,
            id=verdict_id(before.rule, before.version, before.entity, window),
            holds=False,
            at=now,
            window_end=now,
            value=0.0,
        )

    def _orphans(self, names: Collection[str], now: float) -> list[Verdict]:
        """The ends of what rules said that are no longer there."""
        gone_ = [key for key, held in self._held.items() if held.verdict.rule not in names]
        return [self._end(key, now, None) for key in gone_]

    def _end_is_hidden(self, key: str, rules: dict[str, Rule], absent: Collection[str]) -> bool:
        """Whether too little is known to say that it has ended."""
        before = self._held[key].verdict
        rule = rules[before.rule]
        return rule.kind in ("window", "spike", "cascade") and _sees_none(rule, before.entity, absent)

    def _absent(self, now: float) -> set[str]:
        """Platforms from which nothing comes."""
        return {
            gap.platform for gap in gone.gaps(self._rows(gone.arrivals(BLIND, now)), BLIND, now) if gap.absent
        }

    def _posts(self, question: Question, answers: Sequence[Answer]) -> dict[tuple[str, str], list[Ref]]:
        sql = question.posts(answers) if answers else ""
        found: dict[tuple[str, str], list[Ref]] = {}
        for name, entity, kind, platform, id_, at, start, stop in self._rows(sql) if sql else ():
            ref = Ref(kind=kind, platform=platform, id=id_, at=at, start=start, stop=stop)
            found.setdefault((name, entity), []).append(ref)
        return found

    def _recall(self) -> None:
        for rule, version, brand, entity, severity, kind, start in self._rows(_OPEN):
            key = dedup_key(rule, brand, entity)
            if key not in self._held:
                verdict = Verdict(
                    id=verdict_id(rule, version, entity, ""),
                    rule=rule,
                    version=version,
                    kind=kind,
                    brand=brand,
                    entity=entity,
                    severity=severity,
                    at=start,
                    window_start=start,
                    window_end=start,
                )
                self._held[key] = _Held(verdict, 0.0)

    def _unknown(self, due: Iterable[Versioned]) -> bool:
        return any(rule.kind == "spike" and hourly.begin_of(rule) not in self._begins for rule, _ in due)

    def _find_begins(self, rules: Iterable[Versioned], now: float) -> None:
        """Since when there are hits or mentions, where that is not long enough ago to be settled."""
        spikes = [
            rule
            for rule, _ in rules
            if rule.kind == "spike" and not hourly.is_settled(self._begins.get(hourly.begin_of(rule)), now)
        ]
        for key, sql in hourly.begins(spikes).items():
            self._begins |= {(key, name): at for name, at in self._rows(sql)}

    def _rows(self, sql: str) -> list[tuple[Any, ...]]:
        return self._connection.query(sql).rows


def _key(answer: Answer) -> str:
    return dedup_key(answer.rule.name, answer.rule.brand, answer.entity)


def _is_of(verdict: Verdict, question: Question) -> bool:
    return any(rule.name == verdict.rule for rule, _ in question.rules)


def _is_of_silence(answer: Answer) -> bool:
    """Whether it holds because there is little: no reason where little is known."""
    rule, value = answer.rule, answer.value
    few = rule.below is not None and value is not None and value <= rule.below
    return rule.kind == "silent" or (rule.kind == "window" and few)


def _sees_none(rule: Rule, entity: str, absent: Collection[str]) -> bool:
    """Whether a platform that the rule counts delivers nothing."""
    platform = rule.platform or (entity if rule.per == "platform" else "")
    return platform in absent if platform else bool(absent)
