"""Some posts and shares in the words of their authors, with what was understood of them."""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from streams.alerts.model import Alert
from streams.read.corrections import Correction
from streams.read.post import Hit, Mention
from streams.read.queries import Reader

SHOWN = 5
"""Posts that are shown of an alert."""

_HOUR = 3_600_000
_LAST = 4_102_444_800_000  # 2100: no post is written later


class Quote(NamedTuple):
    """A post or share.

    Attributes:
        kind: post or share.
        platform, id, at, text, author_id, followers, sentiment: of it.
        url: where it was published; "" if unknown, and for shares.
        root_id: the post that was shared; of a post, itself.
        reposts: how often it was shared by the platform's own count.
        mentions: the brands in it, corrections applied.
        hits: the rules that it meets.
    """

    kind: str
    platform: str
    id: str
    at: datetime
    text: str
    author_id: str
    followers: int
    sentiment: str
    url: str
    root_id: str
    reposts: int
    mentions: list[Mention]
    hits: list[Hit]


_NESTED = """
    mentions.brand, mentions.sentiment, mentions.score, mentions.confidence, mentions.start, mentions.stop,
    mentions.evidence_start, mentions.evidence_stop,
    hits.rule, hits.version, hits.start, hits.stop, hits.variant
"""
_POSTS = f"""
SELECT 'post', platform, post_id, published, text, author_id, author_followers, sentiment, url, post_id, reposts,
{_NESTED}
FROM posts_latest
WHERE post_id IN {{ids:Array(String)}} AND platform IN {{platforms:Array(String)}}
    AND published >= fromUnixTimestamp64Milli({{start:Int64}})
    AND published <= fromUnixTimestamp64Milli({{stop:Int64}})
ORDER BY published DESC, edited DESC LIMIT 1 BY platform, post_id
"""  # noqa: S608 - our own words
_SHARES = f"""
SELECT 'share', platform, share_id, shared, text, user_id, author_followers, sentiment, '', root_id, 0,
{_NESTED}
FROM shares_latest
WHERE share_id IN {{ids:Array(String)}} AND platform IN {{platforms:Array(String)}}
    AND shared >= fromUnixTimestamp64Milli({{start:Int64}}) AND shared <= fromUnixTimestamp64Milli({{stop:Int64}})
LIMIT 1 BY platform, share_id
"""  # noqa: S608
_HITS = """
SELECT DISTINCT kind, platform, id, toUnixTimestamp64Milli(at) AS moment FROM hits
WHERE rule = {rule:String} AND at >= fromUnixTimestamp64Milli({start:Int64})
    AND at <= fromUnixTimestamp64Milli({stop:Int64})
ORDER BY moment DESC LIMIT {most:UInt32}
"""
_NAMED = """
SELECT kind, platform, id, toUnixTimestamp64Milli(at) AS moment FROM mentions
WHERE brand = {brand:String} AND text != '' AND at >= fromUnixTimestamp64Milli({start:Int64})
    AND at <= fromUnixTimestamp64Milli({stop:Int64})
ORDER BY sentiment = 'neg' DESC, reposts + comments + likes DESC, author_followers DESC, moment DESC
LIMIT {most:UInt32}
"""
_CORRECTED = """
SELECT kind, platform, id, at, brand, sentiment, judged, actor, via, note FROM corrections
WHERE id IN {ids:Array(String)}
ORDER BY at DESC LIMIT 1 BY kind, platform, id, brand
"""

Place = tuple[str, str, str, int]
"""Kind, platform, id, and Unix milliseconds; 0 where the time is unknown."""


async def of_alert(reader: Reader, alert: Alert, *, most: int = SHOWN) -> list[Quote]:
    """The posts that an alert is about, the most telling first.

    Those that it names; else those of its window that the rule hit; else, where it is not about single posts, those
    that name its brand, negative ones first. What is no longer stored is left out. Raises like `Reader.run`.
    """
    places: list[Place] = [
        (ref.kind, ref.platform, ref.id, round(ref.at * 1000)) for ref in alert.refs[:most]
    ]
    window = {"start": round(alert.window_start * 1000), "stop": round(alert.window_end * 1000), "most": most}
    if not places and alert.window_end > alert.window_start:
        places = (await reader.ask(_HITS, {"rule": alert.rule, **window})).rows
        if not places and alert.brand and alert.kind != "post":
            places = (await reader.ask(_NAMED, {"brand": alert.brand, **window})).rows
    return await quotes(reader, places)


async def quotes(reader: Reader, places: Sequence[Place]) -> list[Quote]:
    """Those that are stored, in the order of the places. Raises like `Reader.run`."""
    if not places:
        return []
    by_kind = [(sql, [one for one in places if one[0] == kind]) for kind, sql in _SQL.items()]
    answers = await asyncio.gather(
        reader.ask(_CORRECTED, {"ids": [ident for _, _, ident, _ in places]}),
        *(reader.ask(sql, _where(some)) for sql, some in by_kind if some),
    )
    standing: dict[tuple[str, ...], dict[str, Correction]] = {}
    for kind, platform, ident, *parts in answers[0].rows:
        correction = Correction(*parts)
        if correction.sentiment:
            standing.setdefault((kind, platform, ident), {})[correction.brand] = correction
    found: dict[tuple[str, ...], Quote] = {}
    for row in (row for answer in answers[1:] for row in answer.rows):
        key = tuple(row[:3])
        found[key] = _quote(row, standing.get(key, {}))
    keys = dict.fromkeys((kind, platform, ident) for kind, platform, ident, _ in places)
    return [found[key] for key in keys if key in found]


_SQL = {"post": _POSTS, "share": _SHARES}
_SCALARS = len(Quote._fields) - 2


def _where(places: Sequence[Place]) -> dict[str, Any]:
    times = [at for *_, at in places]
    known = all(times)
    return {
        "ids": [ident for _, _, ident, _ in places],
        "platforms": [platform for _, platform, _, _ in places],
        "start": min(times) - _HOUR if known else 0,
        "stop": max(times) + _HOUR if known else _LAST,
    }


def _quote(row: Sequence[Any], corrected: dict[str, Correction]) -> Quote:
    mentions = [Mention(*parts) for parts in _rows(row[_SCALARS : _SCALARS + 8])]
    return Quote._make(
        [
            *row[:_SCALARS],
            [mention._replace(correction=corrected.get(mention.brand)) for mention in mentions],
            [Hit(*parts) for parts in _rows(row[_SCALARS + 8 :])],
        ]
    )


def _rows(columns: Iterable[Sequence[Any]]) -> Iterable[tuple[Any, ...]]:
    return zip(*columns, strict=True)
