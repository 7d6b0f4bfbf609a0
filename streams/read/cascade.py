"""One cascade as people look at it: how it stands, its levels, who spread it, what it brought, its tree."""

import asyncio
from math import isnan, nan
from typing import Any, NamedTuple

import numpy as np

from streams.cascades.export import Node, nodes
from streams.cascades.layout import sizes
from streams.cascades.shape import TIES, Drift, drift
from streams.cascades.shares import Shares
from streams.cascades.spreaders import Growing, growing
from streams.cascades.tree import Tree, build
from streams.read.queries import Reader

FOREMOST = 300
"""Key spreaders whose shares are read of a cascade that is too large to be read whole."""


class Detail(NamedTuple):
    """What the tables know of a cascade.

    Attributes:
        fields: its row of `cascades`.
        text: the root's text, "" while its post has not come.
        levels: its rows of `cascade_levels`, the deepest left out where there are too many.
        drift: how the tone of the words changes from level to level.
        spreaders: key spreaders with their audience, tone and 水军 label, the foremost first.
        attribution: its rows of `cascade_attribution`, the largest first.
        fans: new followers by the way they are tied to it.
    """

    fields: dict[str, Any]
    text: str
    levels: list[dict[str, Any]]
    drift: Drift
    spreaders: list[dict[str, Any]]
    attribution: list[dict[str, Any]]
    fans: dict[str, int]


class Edges(NamedTuple):
    """The shares of a cascade; `whole` unless it was too large and only its key spreaders' were read."""

    shares: Shares
    whole: bool


class Picture(NamedTuple):
    """The part of a tree that can be drawn.

    Attributes:
        nodes: parents before children; `parent` counts within these nodes.
        tones: leaning of what was written with each node, None without words.
        hidden: how many nodes are left out.
    """

    nodes: list[Node]
    tones: list[float | None]
    hidden: int


_ROW = "SELECT * FROM cascades WHERE root_id = {root:String}"

_TEXT = """
SELECT text FROM posts_latest
WHERE post_id = {root:String} AND platform = {platform:String}
    AND (toStartOfHour(published) = toStartOfHour({published:DateTime64(3, 'UTC')}))
LIMIT 1
"""

_LEVELS = """
SELECT level, nodes, portion, ratio, reach, strong, weak, scored, tone, first_at, seconds
FROM cascade_levels WHERE root_id = {root:String}
ORDER BY level LIMIT {most:UInt32}
"""

_SPREADERS = """
SELECT k.user_id AS user_id, k.direct AS direct, k.subtree AS subtree,
    greatest(said.followers, root.author_followers) AS followers,
    said.tone AS tone, if(label.label = '', 'none', label.label) AS label
FROM
(
    SELECT platform, user_id, direct, subtree FROM spreaders WHERE root_id = {root:String}
    ORDER BY subtree DESC, direct DESC, user_id LIMIT {most:UInt32}
) AS k
LEFT ANY JOIN
(
    SELECT user_id, max(author_followers) AS followers, avgOrNullIf(score, sentiment != '') AS tone
    FROM shares_latest WHERE root_id = {root:String} GROUP BY user_id
) AS said ON said.user_id = k.user_id
LEFT ANY JOIN
(
    SELECT author_id, author_followers FROM cascade_standing FINAL
    WHERE root_id = {root:String} AND author_id != ''
) AS root ON root.author_id = k.user_id
LEFT ANY JOIN accounts_latest AS label ON label.platform = k.platform AND label.author_id = k.user_id
ORDER BY subtree DESC, direct DESC, user_id
"""

_ATTRIBUTION = """
SELECT campaign, channel, paid, landing, shares, sharers, reach, targets, first_share, last_share
FROM cascade_attribution WHERE root_id = {root:String}
ORDER BY shares DESC, campaign, channel, paid, landing LIMIT {most:UInt32}
"""

_FANS = (
    "SELECT way, uniqExact(user_id) FROM cascade_fans WHERE root_id = {root:String} GROUP BY way ORDER BY way"
)

# One row of arrays: a reader's limit counts rows, and columns are what a tree is made of. They are gathered as tuples
# and then taken apart: several groupArray of one query differ in order where a column is stored as sparse.
_EDGES = """
SELECT edges.1, edges.2, edges.3, edges.4, edges.5, edges.6, edges.7, edges.8 FROM
(
SELECT groupArray((
    share_id, parent_id, user_id, toUnixTimestamp64Milli(shared),
    bitShiftLeft(toUInt64(src_epoch), 40) + src_offset, author_followers,
    toString(tie), if(sentiment = '', nan, score)
)) AS edges
FROM
(
    SELECT * FROM shares_latest
    WHERE root_id = {root:String} AND
    (
        {whole:Bool} OR user_id IN
        (
            SELECT user_id FROM spreaders WHERE root_id = {root:String}
            ORDER BY subtree DESC, direct DESC, user_id LIMIT {foremost:UInt32}
        )
    )
    LIMIT {most:UInt64}
)
)
"""

_LISTED = """
SELECT c.root_id AS root_id, c.platform AS platform, c.author_id AS author_id, c.size AS size, c.depth AS depth,
    c.max_breadth AS max_breadth, c.virality AS virality, c.shares AS shares, c.speed AS speed,
    c.acceleration AS acceleration, c.reach AS reach, c.last_share AS last_share, c.live AS live,
    p.text AS text
FROM
(
    SELECT * FROM cascades
    WHERE NOT {live:Bool} OR live
    ORDER BY if({live:Bool}, toUnixTimestamp64Milli(last_share), size) DESC, root_id LIMIT {most:UInt32}
) AS c
LEFT ANY JOIN
(
    SELECT platform, post_id, text FROM posts_latest
    WHERE (toStartOfHour(published), platform, post_id) IN
    (
        SELECT toStartOfHour(published), platform, root_id FROM cascades
        WHERE NOT {live:Bool} OR live
        ORDER BY if({live:Bool}, toUnixTimestamp64Milli(last_share), size) DESC, root_id LIMIT {most:UInt32}
    )
) AS p ON p.platform = c.platform AND p.post_id = c.root_id
ORDER BY if({live:Bool}, toUnixTimestamp64Milli(last_share), size) DESC, root_id
"""


async def detail(reader: Reader, root: str, *, most: int = 200) -> Detail | None:
    """What the tables know of a cascade, None if they do not know it. Raises like `Reader.run`.

    Args:
        reader: the store.
        root: root_id.
        most: how many levels, spreaders and attributions.
    """
    rows = (await reader.ask(_ROW, {"root": root})).dicts()
    if not rows:
        return None
    fields = rows[0]
    asked = {"root": root, "most": most}
    post = {"root": root, "platform": fields["platform"], "published": fields["published"]}
    text, levels, spreaders, attribution, fans = await asyncio.gather(
        reader.ask(_TEXT, post),
        reader.ask(_LEVELS, asked),
        reader.ask(_SPREADERS, asked),
        reader.ask(_ATTRIBUTION, asked),
        reader.ask(_FANS, {"root": root}),
    )
    told = levels.dicts()
    scored = np.array([level["scored"] for level in told], np.int64)
    score = np.array([level["scored"] * (level["tone"] or 0.0) for level in told], np.float64)
    return Detail(
        fields,
        text.rows[0][0] if text.rows else "",
        told,
        drift(scored, score),
        spreaders.dicts(),
        attribution.dicts(),
        dict(fans.rows),
    )


async def edges(reader: Reader, root: str, *, shares: int, most: int) -> Edges:
    """The shares of a cascade. Raises like `Reader.run`.

    Args:
        reader: the store.
        root: root_id.
        shares: how many it has.
        most: how many to read at most; of more, those of its key spreaders.
    """
    whole = shares <= most
    asked = {"root": root, "whole": whole, "foremost": FOREMOST, "most": most}
    share, parent, user, shared, order, followers, tie, score = (await reader.ask(_EDGES, asked)).rows[0]
    ties = [TIES.index(name) if name in TIES else 0 for name in tie]
    return Edges(
        Shares(
            [root] * len(share), share, parent, user, shared, order, followers, ties,
            [nan if lean is None else lean for lean in score],
        ),
        whole,
    )  # fmt: skip


def tree(root: str, found: Edges) -> Tree:
    """The tree of the shares that were read."""
    return build(root, found.shares)


def picture(grown: Tree, most: int) -> Picture:
    """The largest subtrees of a tree: a node is never drawn without its parent.

    Args:
        grown: the tree.
        most: nodes to draw.
    """
    every = nodes(grown)
    # Parents come before children and have larger subtrees, so the first so many are connected.
    chosen = np.sort(np.argsort(-sizes(grown.layout), kind="stable")[:most]).tolist()
    place = {number: at for at, number in enumerate(chosen)}
    drawn = [every[number]._replace(parent=place.get(every[number].parent, -1)) for number in chosen]
    said = [nan, *grown.shares.score]
    tones = [None if isnan(said[number]) else said[number] for number in chosen]
    return Picture(drawn, tones, len(every) - len(drawn))


def still_growing(grown: Tree, *, within: int = 3_600_000, top: int = 10) -> list[Growing]:
    """Where a cascade still grows: shares with the most recent ones below, as of its last share.

    Args:
        grown: the tree.
        within: what counts as recent, milliseconds before the last share.
        top: how many.
    """
    last = max(grown.shares.shared, default=0)
    return growing(grown, last - within, top=top)


async def listed(reader: Reader, *, live: bool, most: int = 50) -> list[dict[str, Any]]:
    """Cascades with the text of their root. Raises like `Reader.run`.

    Args:
        reader: the store.
        live: only those that are shared now, the latest first; otherwise all, the largest first.
        most: how many.
    """
    return (await reader.ask(_LISTED, {"live": live, "most": most})).dicts()
