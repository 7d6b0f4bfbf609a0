"""Shares as rows become columns of a forest, and what a forest tells becomes rows."""

from collections.abc import Mapping, Sequence
from itertools import islice, pairwise
from math import isnan
from typing import Any

from msgspec import Struct

from streams.cascades.shape import TIES
from streams.cascades.shares import Shares
from streams.cascades.told import Shapes, Standing

SHARE = (
    "root_id",
    "share_id",
    "parent_id",
    "user_id",
    "toUnixTimestamp64Milli(shared)",
    "bitShiftLeft(toUInt64(src_epoch), 40) + src_offset",
    "author_followers",
    f"indexOf({list(TIES[1:])}, toString(tie))",
    "if(sentiment = '', nan, score)",
    "platform",
    "origin",
)
"""What is read of each share: the columns of `Shares`, then platform and origin."""


class Root(Struct, gc=False):
    """What is known of a cascade's root beyond the tree.

    Attributes:
        platform: of its shares.
        origin: how its shares came in.
        author: id of its author, "" while its post has not come.
        followers: of the author.
        published: Unix milliseconds, 0 while its post has not come.
        version: order of the newest share counted.
    """

    platform: str
    origin: str
    author: str = ""
    followers: int = 0
    published: int = 0
    version: int = 0


def shares(rows: Sequence[tuple[Any, ...]]) -> Shares:
    """Rows that begin with `SHARE` as columns."""
    return Shares._make(islice(zip(*rows, strict=True), len(Shares._fields)))


def standing_rows(told: Standing, roots: Mapping[str, Root]) -> dict[str, Sequence[Any]]:
    """Columns of `cascade_standing`."""
    known = [roots[root] for root in told.root]
    levels = told.levels
    cuts = levels.cuts.tolist()

    def cut(column: Any) -> list[list[Any]]:
        values = column.tolist()
        return [values[start:stop] for start, stop in pairwise(cuts)]

    return {
        **_common(told.root, known),
        "author_id": [root.author for root in known],
        "author_followers": [root.followers for root in known],
        "published": [root.published for root in known],
        "size": told.size.tolist(),
        "depth": told.depth.tolist(),
        "max_breadth": told.breadth.tolist(),
        "shares": told.shares.tolist(),
        "first_share": told.first.tolist(),
        "last_share": told.last.tolist(),
        "levels.nodes": cut(levels.nodes),
        "levels.reach": cut(levels.reach),
        "levels.strong": cut(levels.strong),
        "levels.weak": cut(levels.weak),
        "levels.scored": cut(levels.scored),
        "levels.score": cut(levels.score),
        "levels.first": cut(levels.first.clip(0)),
    }


def shape_rows(told: Shapes, roots: Mapping[str, Root]) -> dict[str, Sequence[Any]]:
    """Columns of `cascade_shapes`."""
    cuts = told.cuts.tolist()
    direct, subtree = told.direct.tolist(), told.subtree.tolist()
    unknown, strong, weak = told.passed_on.T.tolist()
    return {
        **_common(told.root, [roots[root] for root in told.root]),
        "size": told.size.tolist(),
        "virality": [None if isnan(mean) else mean for mean in told.virality.tolist()],
        "half_at": told.pace.half_at.clip(0).tolist(),
        "speed": told.pace.speed.tolist(),
        "acceleration": told.pace.acceleration.tolist(),
        "audience": told.audience.tolist(),
        "passed_unknown": unknown,
        "passed_strong": strong,
        "passed_weak": weak,
        "orphans": told.orphans.tolist(),
        "cycles": told.cycles.tolist(),
        "selves": told.selves.tolist(),
        "n_spreaders": told.spreaders.tolist(),
        "spreaders.user": [told.user[start:stop] for start, stop in pairwise(cuts)],
        "spreaders.direct": [direct[start:stop] for start, stop in pairwise(cuts)],
        "spreaders.subtree": [subtree[start:stop] for start, stop in pairwise(cuts)],
    }


def _common(ids: list[str], known: list[Root]) -> dict[str, Sequence[Any]]:
    return {
        "root_id": ids,
        "platform": [root.platform for root in known],
        "origin": [root.origin for root in known],
        "version": [root.version for root in known],
    }
