"""Who carries word from one community into another, with their audience and tone: over a range of time, in a cascade."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from math import isnan
from typing import Any, NamedTuple

from streams.cascades.bridges import Bridge, bridges, communities, reposted
from streams.cascades.tree import Tree
from streams.read.queries import Reader

PAIRS = 300_000
"""Reposts that communities are found in; of more, the newest."""

# Both views of who counts differ by nothing but the relation that is read.
_PAIRS = """
SELECT pairs.1, pairs.2 FROM (SELECT groupArray((who, whom)) AS pairs FROM
(
    SELECT s.user_id AS who, if(s.parent_id = s.root_id, r.author_id, p.user_id) AS whom
    FROM
    (
        SELECT root_id, parent_id, user_id, shared FROM {relation}
        WHERE shared >= {{since:DateTime64(3, 'UTC')}} AND shared < {{until:DateTime64(3, 'UTC')}} AND {about}
        ORDER BY shared DESC LIMIT {{most:UInt64}}
    ) AS s
    LEFT ANY JOIN
    (
        SELECT root_id, share_id, user_id FROM {relation}
        WHERE root_id IN
        (
            SELECT root_id FROM {relation}
            WHERE shared >= {{since:DateTime64(3, 'UTC')}} AND shared < {{until:DateTime64(3, 'UTC')}} AND {about}
        )
    ) AS p ON p.root_id = s.root_id AND p.share_id = s.parent_id
    LEFT ANY JOIN (SELECT root_id, author_id FROM cascade_standing FINAL) AS r ON r.root_id = s.root_id
)
WHERE whom != '')
"""

_ABOUT = """
({brand:String} = '' OR root_id IN
(
    SELECT root_id FROM mentions
    WHERE brand = {brand:String} AND at >= subtractDays({since:DateTime64(3, 'UTC')}, 30) AND at < {until:DateTime64(3, 'UTC')}
))
"""

# Who wrote a root and shared nothing is known by the root alone.
_PEOPLE = """
SELECT user_id, max(followers), avgOrNullIf(score, sentiment != '') FROM
(
    SELECT user_id, author_followers AS followers, score, sentiment FROM shares_latest
    WHERE shared >= {since:DateTime64(3, 'UTC')} AND shared < {until:DateTime64(3, 'UTC')}
        AND user_id IN {users:Array(String)}
    UNION ALL
    SELECT author_id, author_followers, 0, '' FROM cascade_standing FINAL WHERE author_id IN {users:Array(String)}
)
GROUP BY user_id
"""

_LABELS = """
SELECT author_id, toString(label) FROM accounts_latest
WHERE author_id IN {users:Array(String)} AND ({platform:String} = '' OR platform = {platform:String})
"""


class Link(NamedTuple):
    """A user between communities.

    Attributes:
        user: user id.
        across: reposts that link the user to other communities than their own.
        communities: how many communities the user's reposts reach, their own included.
        participation: 0 if all reposts are in one community, towards 1 the more evenly they spread.
        followers: audience, 0 if unknown.
        tone: mean leaning of what the user wrote with shares, None without words.
        label: 水军 label, `none` without one.
    """

    user: str
    across: int
    communities: int
    participation: float
    followers: int
    tone: float | None
    label: str


async def between(
    reader: Reader,
    since: datetime,
    until: datetime,
    *,
    brand: str = "",
    organic: bool = False,
    top: int = 20,
) -> list[Link]:
    """Users who link communities, by who reposted whom in a range of time. Raises like `Reader.run`.

    Args:
        reader: the store.
        since: begin of the range.
        until: its end, not included.
        brand: only cascades whose root or shares mention it, "" for all.
        organic: leave out light and heavy 水军.
        top: how many.
    """
    query = _PAIRS.format(relation="shares_organic" if organic else "shares_latest", about=_ABOUT)
    asked: dict[str, Any] = {"since": since, "until": until, "brand": brand, "most": PAIRS}
    who, whom = (await reader.ask(query, asked)).rows[0]
    found = _found(zip(who, whom, strict=True), top)
    asked = {"since": since, "until": until, "users": [bridge.user for bridge in found]}
    people = {user: (followers, tone) for user, followers, tone in (await reader.ask(_PEOPLE, asked)).rows}
    return await _links(reader, "", found, people)


async def within(
    reader: Reader, platform: str, author: str, followers: int, tree: Tree, *, top: int = 10
) -> list[Link]:
    """Users who link communities of one cascade, by who reposted whom in it. Raises like `Reader.run`.

    Args:
        reader: the store.
        platform: the cascade's.
        author: user id of the root's author, "" if unknown.
        followers: of the root's author.
        tree: the cascade.
        top: how many.
    """
    shares = tree.shares
    users, parent = [author, *shares.user], tree.layout.parent.tolist()
    pairs = ((users[node], users[parent[node]]) for node in range(1, len(users)))
    found = _found(((who, whom) for who, whom in pairs if whom), top)
    wanted = {bridge.user for bridge in found}
    audience = defaultdict[str, int](int, {author: followers})
    said: defaultdict[str, list[float]] = defaultdict(list)
    for user, many, score in zip(shares.user, shares.followers, shares.score, strict=True):
        if user in wanted:
            audience[user] = max(audience[user], many)
            if not isnan(score):
                said[user].append(score)
    people = {
        user: (many, sum(said[user]) / len(said[user]) if said[user] else None)
        for user, many in audience.items()
    }
    return await _links(reader, platform, found, people)


def _found(pairs: Iterable[tuple[str, str]], top: int) -> list[Bridge]:
    reposts = reposted(pairs)
    return bridges(reposts, communities(reposts), top=top)


async def _links(
    reader: Reader, platform: str, found: list[Bridge], people: dict[str, tuple[int, float | None]]
) -> list[Link]:
    asked = {"users": [bridge.user for bridge in found], "platform": platform}
    labels = dict((await reader.ask(_LABELS, asked)).rows) if found else {}
    return [
        Link(*bridge, *people.get(bridge.user, (0, None)), labels.get(bridge.user, "none"))
        for bridge in found
    ]
