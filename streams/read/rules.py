"""Rules as people look at them: those in use, what they have hit lately, and every version of one."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

import msgspec

from streams.read.queries import Reader
from streams.rules.rule import Rule


class Version(NamedTuple):
    """One version of a rule.

    Attributes:
        name: the rule.
        version: counts from 1.
        rule: as it was written; None where it was taken out of use, or cannot be read.
        fault: why it cannot be read.
        removed: whether this version takes it out of use.
        actor: who wrote it.
        via: by which way.
        note: why.
        at: when.
    """

    name: str
    version: int
    rule: Rule | None
    fault: str
    removed: bool
    actor: str
    via: str
    note: str
    at: datetime


_NEWEST = """
SELECT name, version, definition, removed, actor, via, note, at FROM rules
ORDER BY name, version DESC, at LIMIT 1 BY name
"""
_VERSIONS = """
SELECT name, version, definition, removed, actor, via, note, at FROM rules WHERE name = {name:String}
ORDER BY version DESC, at LIMIT 1 BY version
"""
# Rows that have landed twice are the same to `uniq`: FINAL over a week would cost many times as much.
_HITS = """
SELECT rule, uniq(platform, id)
FROM
(
    SELECT arrayJoin(hits.rule) AS rule, platform, post_id AS id FROM posts
    WHERE published >= now() - toIntervalDay({days:UInt16}) AND notEmpty(hits.rule)
    UNION ALL
    SELECT arrayJoin(hits.rule) AS rule, platform, share_id AS id FROM shares
    WHERE shared >= now() - toIntervalDay({days:UInt16}) AND notEmpty(hits.rule)
)
GROUP BY rule
"""


async def newest(reader: Reader) -> dict[str, Version]:
    """The newest version of every rule, by name; also of those that are out of use. Raises like `Reader.run`."""
    found = (_version(row) for row in (await reader.ask(_NEWEST)).rows)
    return {one.name: one for one in found}


async def versions(reader: Reader, name: str) -> list[Version]:
    """Every version of one rule, newest first. Raises like `Reader.run`."""
    return [_version(row) for row in (await reader.ask(_VERSIONS, {"name": name})).rows]


async def hits(reader: Reader, days: int) -> Mapping[str, int]:
    """How many posts and shares of the last days each rule hit, about; rules without are left out.

    Raises like `Reader.run`.
    """
    return dict((await reader.ask(_HITS, {"days": days})).rows)


def _version(row: tuple[str, int, str, bool, str, str, str, datetime]) -> Version:
    name, version, definition, removed, actor, via, note, at = row
    rule, fault = None, ""
    if not removed:
        try:
            rule = msgspec.json.decode(definition, type=Rule)
        except msgspec.DecodeError as error:
            fault = str(error)
    return Version(name, version, rule, fault, removed, actor, via, note, at)
