"""Records that rules matched → verdicts: as a rule one for each rule, entity and partition of a batch. Pure."""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from streams.alerts.model import verdict_id
from streams.rules.rule import Rule
from streams.severity import SEVERITIES
from streams.topics.alert import Ref, Verdict, record_key

REFS = 3
"""Posts that a verdict names: those of the authors with most followers."""

LARGEST = 20_000
"""Offsets of one verdict: with more it would not fit a Kafka message."""

_DAY = 86_400
_EAST = 8 * 3600


class Match(NamedTuple):
    """A landed record that rules matched.

    Attributes:
        kind: post or share.
        platform: where it was written.
        id: its id there.
        root: the post that its thread or cascade began with.
        author: who wrote it.
        followers: how many read the author.
        at: when it was written, Unix milliseconds.
        appended: its Kafka timestamp, Unix milliseconds.
        partition: where it lies in Kafka.
        offset: its offset there.
        rules: names of the rules.
        versions: their versions.
        starts: first character of what each matched.
        stops: behind the last.
    """

    kind: str
    platform: str
    id: str
    root: str
    author: str
    followers: int
    at: int
    appended: int
    partition: int
    offset: int
    rules: Sequence[str]
    versions: Sequence[int]
    starts: Sequence[int]
    stops: Sequence[int]


class _Group(NamedTuple):
    """Matches, one after the other, that one verdict speaks of: each with the index of the rule in it."""

    rule: Rule
    version: int
    entity: str
    day: int
    found: list[tuple[Match, int]]


def verdicts(
    matches: Iterable[Match],
    rule_of: Callable[[str, int], Rule | None],
    *,
    topic: str,
    epoch: int,
    now: float,
) -> list[Verdict]:
    """What the rules about single posts say of these records, in order of their offsets.

    How a batch is cut changes how many verdicts there are, never which offsets they name: who counts these is
    exact. Records too old to be sent have verdicts of their own, one for each day (UTC+8).

    Args:
        matches: in the order of their offsets within a partition.
        rule_of: name and version → the rule; None where it is unknown.
        topic: bare name of the topic that they came from.
        epoch: ordinal of its incarnation.
        now: Unix seconds.
    """
    groups: list[_Group] = []
    newest: dict[tuple[str, str, int], _Group] = {}
    rules: dict[tuple[str, int], Rule | None] = {}
    for match in matches:
        for index, named in enumerate(zip(match.rules, match.versions, strict=True)):
            if named not in rules:
                rules[named] = rule_of(*named)
            rule = rules[named]
            if rule is None or rule.kind != "post" or not rule.alert:
                continue
            old = match.appended - match.at > rule.max_age * 1000
            day = (match.at // 1000 + _EAST) // _DAY if old else 0
            name, version = named
            about = (name, _entity(rule.per, match), match.partition)
            group = newest.get(about)
            # Offsets of one alert rise from verdict to verdict: whoever counts remembers the highest alone.
            if group is None or (group.version, group.day) != (version, day):
                group = newest[about] = _Group(rule, version, about[1], day, [])
                groups.append(group)
            group.found.append((match, index))
    made = []
    for rule, version, entity, _, found in groups:
        for start in range(0, len(found), LARGEST):
            part = found[start : start + LARGEST]
            first = part[0][0]
            window = f"{topic}:{epoch}:{first.partition}:{first.offset}"
            made.append(
                Verdict(
                    id=verdict_id(rule.name, version, entity, window),
                    rule=rule.name,
                    version=version,
                    brand=rule.brand,
                    entity=entity,
                    team=rule.team,
                    severity=max(
                        (rule.raised(followers=match.followers) for match, _ in part), key=SEVERITIES.index
                    ),
                    at=now,
                    max_age=rule.max_age,
                    appended=first.appended / 1000,
                    window_start=min(match.at for match, _ in part) / 1000,
                    window_end=max(match.at for match, _ in part) / 1000,
                    value=float(len(part)),
                    topic=topic,
                    epoch=epoch,
                    partition=first.partition,
                    offsets=tuple(match.offset for match, _ in part),
                    keys=b"".join(record_key(match.kind, match.platform, match.id) for match, _ in part),
                    levels=rule.by_count,
                    refs=tuple(_ref(*one) for one in sorted(part, key=lambda one: -one[0].followers)[:REFS]),
                )
            )
    return made


def _entity(per: str, match: Match) -> str:
    if per == "root":
        return match.root
    if per == "author":
        return match.author
    return match.platform if per == "platform" else ""


def _ref(match: Match, index: int) -> Ref:
    return Ref(
        kind="share" if match.kind == "share" else "post",
        platform=match.platform,
        id=match.id,
        at=match.at / 1000,
        start=match.starts[index],
        stop=match.stops[index],
    )
